#!/usr/bin/env python3
"""Whether the documents tell the truth: links, commands with their output, options, rules.

Usage: docs_test.py PROJECT CGOSCOPE_LINT [CGOSCOPE]

A code block in a document that is shown as a session ("$ command", then what it prints) is run if the command is
cgoscope-lint: in README.md and docs/ from the project's root, in an example's README from its folder. A line with nothing
but "…" stands for any lines; elapsed times may differ. "$ echo $?" shows the status of the command before it, and "$bin" is
a temporary folder.
"""
import json
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import sys
import tempfile

project = pathlib.Path(sys.argv[1]).resolve()
lint = pathlib.Path(sys.argv[2]).resolve()
probe = pathlib.Path(sys.argv[3]).resolve() if len(sys.argv) > 3 else None
failures = []

LINK = re.compile(r"(?<!\!)\[[^\]]*\]\(([^)\s]+)\)")
OPTION = re.compile(r"--[a-z][a-z-]*|(?<![\w-])-[a-z](?![\w-])")
ANY = "…"


def documents():
    """The project's .md files; not those of the build folder or of tests' fixtures."""
    for place, folders, names in os.walk(project):
        here = pathlib.Path(place)
        folders[:] = sorted(name for name in folders
                            if name not in (".git", "fixtures") and here / name != project / "build")
        yield from (here / name for name in sorted(names) if name.endswith(".md"))


def code_blocks(text):
    """Indented and fenced blocks of code, without their indentation, as lists of lines."""
    block, fenced = [], False
    for line in text.split("\n") + ["end"]:
        if line.startswith("```"):
            fenced = not fenced
            if not fenced:
                yield block
            block = []
        elif fenced:
            block.append(line)
        elif line.startswith("    "):
            block.append(line[4:])
        elif not line.strip() and block:
            block.append("")
        elif block:
            yield block
            block = []


def prose(text):
    """The text without code, in which brackets are no links."""
    text = re.sub(r"(?ms)^```.*?^```$", "", text)
    text = "\n".join(line for line in text.split("\n") if not line.startswith("    "))
    return re.sub(r"`[^`\n]*`", "", text)


def anchors(path):
    headings = re.findall(r"(?m)^#+ (.*)$", path.read_text())
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


def check_links(path):
    for target in LINK.findall(prose(path.read_text())):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, anchor = target.partition("#")
        there = (path.parent / name).resolve() if name else path
        if not there.exists():
            failures.append(f"{path.relative_to(project)}: the link {target} leads nowhere")
        elif anchor and anchor not in anchors(there):
            failures.append(f"{path.relative_to(project)}: no heading for the link {target}")


def check_reached():
    """Each page and each example can be found: some other document links to it."""
    linked = set()
    for path in documents():
        targets = (target.partition("#")[0] for target in LINK.findall(prose(path.read_text())))
        linked |= {(path.parent / name).resolve() for name in targets if name} - {path}
    for path in [*project.glob("docs/**/*.md"), *project.glob("examples/*/README.md")]:
        if path not in linked:
            failures.append(f"{path.relative_to(project)}: no other document links to it")


def normalised(lines):
    """Lines as they are compared: without elapsed times, and without the note of a machine that has no Go."""
    kept = []
    for line in lines:
        if line.startswith("cgoscope-lint: directories are read without the go command: "):
            continue
        line = re.sub(r"; \d+\.\d{3} s$", "; TIME s", line)
        kept.append(re.sub(r'"elapsed_ms": \d+', '"elapsed_ms": TIME', line).rstrip())
    while kept and not kept[-1]:
        kept.pop()
    return kept


def fits(shown, printed):
    """Whether `printed` is `shown`, in which "…" is any lines."""
    pieces = [[]]
    for line in shown:
        if line.strip() == ANY:
            pieces.append([])
        else:
            pieces[-1].append(line)
    if len(pieces) == 1:
        return shown == printed
    first, last = pieces[0], pieces[-1]
    if printed[:len(first)] != first or len(printed) < len(first) + len(last):
        return False
    middle = printed[len(first):len(printed) - len(last)]
    if printed[len(printed) - len(last):] != last:
        return False
    for piece in pieces[1:-1]:
        at = next((i for i in range(len(middle) - len(piece) + 1) if middle[i:i + len(piece)] == piece), None)
        if at is None:
            return False
        middle = middle[at + len(piece):]
    return True


def sessions(block):
    """(command, lines shown) for each "$ " line of a block."""
    steps = []
    for line in block:
        if line.startswith("$ "):
            steps.append((line[2:], []))
        elif steps:
            steps[-1][1].append(line)
    return steps


def environment():
    """This machine's, without what decides for the user how Go and C are read; with a Go toolchain if one is at hand."""
    env = {name: value for name, value in os.environ.items()
           if not name.startswith("CGO_") and name not in ("GOFLAGS", "GOOS", "GOARCH", "GO111MODULE", "GOWORK", "CPATH", "C_INCLUDE_PATH")}
    root = os.environ.get("CGOSCOPE_GO_ROOTS", "").split(":")[0]
    if root and not shutil.which("go"):
        env["PATH"] = env.get("PATH", "") + f":{root}/bin"
    env["LC_ALL"] = "C.UTF-8"
    return env


def check_sessions(path, folder, temporary):
    """Runs the commands of cgoscope-lint that the document shows."""
    status = None
    for block in code_blocks(path.read_text()):
        for command, shown in sessions(block):
            where = f"{path.relative_to(project)}: $ {command}"
            if command == "echo $?" and status is not None:
                if [line for line in shown if line] != [str(status)]:
                    failures.append(f"{where}: shown {shown}, but the status is {status}")
                continue
            status = None
            words = shlex.split(command.replace("$bin", temporary), comments=True) if command.startswith("cgoscope-lint") else []
            if not words or words[0] != "cgoscope-lint":
                continue
            run = subprocess.run([lint, *words[1:]], cwd=folder, env=environment(), stdin=subprocess.DEVNULL,
                                 stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=120, check=False)
            status = run.returncode
            printed = normalised(run.stdout.decode().split("\n"))
            if not fits(normalised(shown), printed):
                failures.append(f"{where}\n  prints otherwise than the document shows:\n" + "\n".join("    " + line for line in printed))


def options_of(command):
    text = subprocess.run(command + ["--help"], capture_output=True, text=True, timeout=60, check=True).stdout
    return set(OPTION.findall(" ".join(re.findall(r"(?m)^  (-\S+)", text)).replace(",", " ")))


def check_options(command, manual, heading, man_page):
    of_tool = options_of(command)
    section = (project / manual).read_text().split(f"\n## {heading}\n")[1].split("\n## ")[0]
    cells = " ".join(re.findall(r"(?m)^\| (`-[^|]*) \|", section)) + " ".join(re.findall(r"\(`(--[^)]*)\)", section))
    man = (project / man_page).read_text().split(".SH OPTIONS\n")[1].split(".SH ")[0]
    tags = " ".join(re.findall(r"(?m)^\.TP\n(.*)$", man)).replace("\\-", "-")
    for name, options in ((manual, set(OPTION.findall(cells))), (man_page, set(OPTION.findall(tags)))):
        for option in sorted(of_tool - options):
            failures.append(f"{name}: {option} of --help is missing")
        for option in sorted(options - of_tool):
            failures.append(f"{name}: {option} is not in --help")
    if len(of_tool) < 8:
        failures.append(f"--help has only {sorted(of_tool)}: is it read wrongly?")


def check_rules():
    lint_schema = json.loads((project / "docs/formats/lint.schema.json").read_text())
    live_schema = json.loads((project / "docs/formats/finding.schema.json").read_text())
    rules = set(lint_schema["$defs"]["finding"]["properties"]["rule"]["enum"] + live_schema["properties"]["rule"]["enum"])
    pages = {path.stem for path in (project / "docs/rules").glob("*.md")}
    for rule in sorted(rules - pages):
        failures.append(f"the rule {rule} has no page docs/rules/{rule}.md")
    for page in sorted(pages - rules):
        failures.append(f"docs/rules/{page}.md is about no rule of the schemas in docs/formats")
    for rule in sorted(rules & pages):
        if not (project / f"docs/rules/{rule}.md").read_text().startswith(f"# {rule}\n"):
            failures.append(f"docs/rules/{rule}.md does not begin with its rule's name")


def check_man_page(page):
    if not shutil.which("groff"):
        print("the man pages are not looked at: there is no groff")
        return
    run = subprocess.run(["groff", "-man", "-ww", "-Tutf8", "-z", project / page], capture_output=True, text=True, timeout=60, check=False)
    if run.returncode or run.stderr:
        failures.append(f"{page}: {run.stderr}")


for document in documents():
    check_links(document)
check_reached()
shown_in = [(project / name, project) for name in ("README.md", "docs/cgoscope-lint.md", "docs/catalogue.md", "docs/getting-started.md")]
shown_in += [(readme, readme.parent) for readme in sorted(project.glob("examples/*/README.md"))]
for document, folder in shown_in:
    with tempfile.TemporaryDirectory(prefix="cgoscope-") as temporary:
        check_sessions(document, folder, temporary)
check_options([lint], "docs/cgoscope-lint.md", "Options", "docs/cgoscope-lint.1")
if probe:
    check_options([probe, "watch"], "docs/cgoscope.md", "watch", "docs/cgoscope.1")
check_rules()
check_man_page("docs/cgoscope-lint.1")
check_man_page("docs/cgoscope.1")

for failure in failures:
    print(failure)
sys.exit(1 if failures else 0)
