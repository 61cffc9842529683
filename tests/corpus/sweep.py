#!/usr/bin/env python3
"""Runs cgoscope-lint over real cgo packages, to see that it never crashes, hangs or keeps silent on what it could not read.

Usage: sweep.py LINT TREE...

Each TREE is a folder with cgo packages somewhere below it (a Debian package that tests/corpus/fetch unpacked) or a GOROOT,
whose std, tests of cgo and test programs are taken, and whose go command answers `go list`. The lint runs once a tree, on
each folder with a file that imports "C" and that is no test. A run that crashes, prints no report or takes over TIMEOUT_S
is repeated folder by folder, to name the culprits.

gcc is the judge of silence: a preamble's or C file's header that gcc does not find, or a syntax error that gcc sees, must
be in the report's `errors`.

Prints a line for each tree: packages, translation units, C call sites, findings, errors, seconds. Exits with 1 when a run
failed or something that did not parse was not named.
"""

import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time

from cgo_folders import cgo_folders

TIMEOUT_S = 300
JUDGE_TIMEOUT_S = 20
NOTHING = {"findings": [], "errors": [], "stats": {}}
# What gcc says of a file it cannot read as C; of the rest Clang may think otherwise. The sanitizers' headers are Clang's own.
UNREADABLE = re.compile(r"^(\S+?):(\d+):\d+: (?:fatal error: (?!sanitizer/).*: No such file or directory|error: unknown type name|error: expected )",
                        re.MULTILINE)


def roots_of(tree):
    """A GOROOT of Debian's is made of links; its parts that hold cgo."""
    if not (tree / "bin/go").exists():
        return [tree]
    return [(tree / part).resolve() for part in ("misc", "src", "test") if (tree / part).is_dir()]


def environment_of(tree):
    environment = dict(os.environ, GOTOOLCHAIN="local")
    if (tree / "bin/go").exists():
        environment["PATH"] = f"{tree / 'bin'}:{environment['PATH']}"
    return environment


def run_lint(lint, folders, environment):
    """The report, or why there is none."""
    try:
        run = subprocess.run([lint, "--cache", "off", "--format", "json", *map(str, folders)], capture_output=True, timeout=TIMEOUT_S, env=environment)
    except subprocess.TimeoutExpired:
        return None, f"no end within {TIMEOUT_S} s"
    if run.returncode not in (0, 1, 3, 4):
        return None, f"exit status {run.returncode}: {run.stderr.decode(errors='replace').strip()[-300:]}"
    if run.returncode == 3:  # nothing there is built on this machine
        return NOTHING, None
    try:
        return json.loads(run.stdout), None
    except ValueError as error:
        return None, f"no JSON: {error}"


def absolute(path):
    return os.path.realpath(path)


def unreadable_by_gcc(folder, environment):
    """Places that cgo's gcc stops at in this folder's package, as {file: line}; what go cannot load is passed over."""
    fields = "CgoFiles,CFiles,CgoCFLAGS,CgoCPPFLAGS,CgoPkgConfig,Error"
    environment = dict(environment, GO111MODULE="off", GOFLAGS="", CGO_ENABLED="1")
    listed = subprocess.run(["go", "list", "-e", f"-json={fields}", "."], cwd=folder, capture_output=True, env=environment)
    package = json.loads(listed.stdout) if listed.returncode == 0 and listed.stdout else {}
    files = package.get("CgoFiles", [])
    if not files or package.get("Error"):
        return {}
    flags = [*environment.get("CGO_CFLAGS", "").split(), *package.get("CgoCPPFLAGS", []), *package.get("CgoCFLAGS", [])]
    flags = [flag for flag in flags if not flag.startswith(("-fsanitize", "-W"))]
    for name in package.get("CgoPkgConfig", []):
        asked = subprocess.run(["pkg-config", "--cflags", name], capture_output=True, text=True)
        flags += asked.stdout.split()
    with tempfile.TemporaryDirectory() as objects:
        command = ["go", "tool", "cgo", "-objdir", objects, "-importpath", "p", "--", f"-I{folder}", *flags, *files]
        try:
            cgo = subprocess.run(command, cwd=folder, capture_output=True, env=environment, timeout=JUDGE_TIMEOUT_S)
        except subprocess.TimeoutExpired:  # GTK's preambles keep cgo busy for minutes; what it cannot read it says at once
            return {}
        said = cgo.stderr.decode(errors="replace")
        if cgo.returncode == 0:
            for name in package.get("CFiles", []):
                gcc = subprocess.run(["cc", "-fsyntax-only", "-w", f"-I{folder}", f"-I{objects}", *flags, name], cwd=folder, capture_output=True)
                said += gcc.stderr.decode(errors="replace")
    return {absolute(os.path.join(folder, file)): int(line) for file, line in UNREADABLE.findall(said)}


def sweep(lint, tree):
    """One line of the table; returns what is wrong."""
    wrong = []
    folders = [folder for root in roots_of(tree) for folder in cgo_folders(root)]
    environment = environment_of(tree)
    start = time.monotonic()
    report, why = run_lint(lint, folders, environment)
    seconds = time.monotonic() - start
    if report is None:
        wrong.append(f"{tree}: {why}")
        for folder in folders:
            one, why = run_lint(lint, [folder], environment)
            if one is None:
                wrong.append(f"  {folder}: {why}")
        report = NOTHING
    stats = report["stats"]
    print(f"{tree.name[:56]:56} {stats.get('packages', 0):8} {stats.get('translation_units', 0):6} {stats.get('go_call_sites', 0):6}"
          f" {len(report['findings']):8} {len(report['errors']):6} {seconds:8.1f}", flush=True)
    named = {absolute(error["file"]) for error in report["errors"]}
    for folder in folders:
        for file, line in unreadable_by_gcc(folder, environment).items():
            if file not in named:
                wrong.append(f"{file}:{line}: does not parse, and is not in `errors`")
    return wrong


def main():
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    lint = os.path.abspath(sys.argv[1])
    print(f"{'':56} packages  units  sites findings errors  seconds")
    wrong = []
    for tree in (pathlib.Path(argument).absolute() for argument in sys.argv[2:]):
        wrong += sweep(lint, tree)
    print("\n".join(wrong) or "no crash, no hang, nothing unparsed that is not named")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
