#!/usr/bin/env python3
"""Holds cgoscope-lint's SARIF against OASIS's schema of version 2.1.0, judged by python3-jsonschema.

The golden reports, and what the binary says of the example with and without a baseline. The schema comes from Microsoft's
npm package jest-sarif, is fetched once, and kept in CACHE_FOLDER. Exits with 77 (a skip) when it cannot be had.
Usage: sarif_schema_test.py CACHE_FOLDER GOLDEN_FOLDER CGOSCOPE_LINT PROJECT
"""
import glob
import hashlib
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tarfile
import tempfile

import jsonschema

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from broken_record import DELETE, broken, change  # noqa: E402

cache, golden, lint, project = sys.argv[1:]
PACKAGE, MEMBER = "@microsoft/jest-sarif@1.0.0-beta.0", "package/lib/schemas/sarif-2.1.0-rtm.5.json"
SHA256 = "2d99159ae54a3eea97f81781cff48780548657c35949f4b7f25e99a2ba4de4f8"


def skip(why):
    print(f"skipped: the schema of SARIF is not here ({why}); it is in npm's {PACKAGE}")
    sys.exit(77)


def schema_text():
    path = os.path.join(cache, "sarif-2.1.0-rtm.5.json")
    if not os.path.exists(path):
        npm = shutil.which("npm")
        if not npm:
            skip("no npm in PATH")
        with tempfile.TemporaryDirectory(prefix="cgoscope-") as folder:
            try:
                run = subprocess.run([npm, "pack", "--silent", "--ignore-scripts", PACKAGE], cwd=folder, stdin=subprocess.DEVNULL,
                                     capture_output=True, text=True, timeout=120, check=False)
            except subprocess.TimeoutExpired:
                skip("npm pack gave no answer within 2 minutes")
            archives = glob.glob(os.path.join(folder, "*.tgz"))
            if run.returncode or not archives:
                skip("npm pack failed: " + " ".join(run.stderr.split())[:300])
            with tarfile.open(archives[0]) as archive:
                content = archive.extractfile(MEMBER).read()
        os.makedirs(cache, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=cache, delete=False) as file:
            file.write(content)
        os.replace(file.name, path)
    with open(path, "rb") as file:
        content = file.read()
    if hashlib.sha256(content).hexdigest() != SHA256:
        sys.exit(f"{path} is not the schema of {PACKAGE}: remove it and try again")
    return content


validator = jsonschema.Draft4Validator(json.loads(schema_text()), format_checker=jsonschema.FormatChecker())
failures = []


def check(name, log):
    for error in validator.iter_errors(log):
        failures.append(f"{name}: {'/'.join(map(str, error.absolute_path))}: {error.message}")
    # What a schema cannot say: indexes point at what they name, and suppressions are there for all results or for none.
    run = log["runs"][0]
    rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    for result in run["results"]:
        if rules[result["ruleIndex"]] != result["ruleId"]:
            failures.append(f"{name}: {result['ruleId']} is not rule {result['ruleIndex']}")
        if "suppressions" not in result:
            failures.append(f"{name}: a result without suppressions")
    kinds = [note["id"] for note in run["tool"]["driver"]["notifications"]]
    for note in run["invocations"][0]["toolExecutionNotifications"]:
        if kinds[note["descriptor"]["index"]] != note["descriptor"]["id"]:
            failures.append(f"{name}: {note['descriptor']} points elsewhere")
    return run


def lint_sarif(*arguments):
    run = subprocess.run([lint, "--format", "sarif", *arguments], cwd=project, stdout=subprocess.PIPE, check=False)
    return json.loads(run.stdout)


reports = sorted(glob.glob(os.path.join(golden, "*.sarif")))
if len(reports) < 5:
    failures.append(f"{golden} holds {len(reports)} reports, which is too few to be right")
for path in reports:
    with open(path, encoding="utf-8") as file:
        check(path, json.load(file))

log = lint_sarif("examples/blocking_cgo/bug")
real = check("the example's report", log)
if len(real["results"]) < 3 or not any("codeFlows" in result for result in real["results"]):
    failures.append("the example's report has too few results, or none with a code flow")
with tempfile.TemporaryDirectory(prefix="cgoscope-") as folder:
    known = check("the example's report with a baseline", lint_sarif("--write-baseline", folder + "/known.json", "examples/blocking_cgo/bug"))
states = [suppression["kind"] for result in known["results"] for suppression in result["suppressions"]]
if states != ["external"] * len(real["results"]):
    failures.append(f"with a baseline of all findings, the suppressions are {states}")

# Where, and what is put there: the validator has to see it.
at = ["runs", 0, "results", 0]
wrong = [
    (["version"], "2.0.0"), (["runs"], DELETE), (["runs", 0, "tool"], DELETE), (["runs", 0, "columnKind"], "bytes"), (at + ["level"], "fatal"),
    (at + ["message"], DELETE), (at + ["ruleIndex"], -2), (at + ["suppressions"], [{"status": "accepted"}]), (at + ["extra"], 1),
    (at + ["locations", 0, "physicalLocation", "region", "startLine"], 0), (at + ["partialFingerprints"], {"id": 1}),
    (["runs", 0, "invocations", 0, "executionSuccessful"], DELETE),
]
for where, value in wrong:
    if validator.is_valid(broken(log, where, value)):
        failures.append(f"the schema accepts a report with {change(where, value)}")

print("\n".join(failures) or f"{len(reports)} golden reports and the example's are valid SARIF; {len(wrong)} wrong ones are refused")
sys.exit(1 if failures else 0)
