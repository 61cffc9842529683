#!/usr/bin/env python3
"""--baseline, --write-baseline and --changed-since, on packages and git repositories that the test writes.

Usage: known_findings_test.py BASELINE_SCHEMA CGOSCOPE_LINT
The packages are read as folders: PATH holds git alone, so nothing here depends on the machine's Go.
"""
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

import jsonschema

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from broken_record import DELETE, broken, change  # noqa: E402

with open(sys.argv[1], encoding="utf-8") as schema_file:
    schema = json.load(schema_file)
lint = os.path.abspath(sys.argv[2])
git = shutil.which("git")
if not git:
    sys.exit("there is no git in PATH, which this test needs: .ci/install-packages test installs it")

jsonschema.Draft202012Validator.check_schema(schema)
validator = jsonschema.Draft202012Validator(schema)
failures = []

GO = "package {package}\n\n// #include <unistd.h>\n// #include \"slow.h\"\nimport \"C\"\n\n"
PAUSE = "func {name}() {{\n{calls}}}\n"


def go(*functions, package="p"):
    """A Go file; a function is its name and how often it calls C.pause."""
    return GO.format(package=package) + "\n".join(
        PAUSE.format(name=name, calls="\tC.pause()\n" * count) for name, count in functions)


def expect(what, condition, got=""):
    if not condition:
        failures.append(f"{what}, but got: {got}")


class Tree:
    """A folder with a module in it, and a git repository around it if that is asked for."""

    def __init__(self, folder, files=None, repository=True):
        self.folder = folder
        os.makedirs(folder)
        self.write({"go.mod": "module example.org/m\n", "p/slow.h": "", **(files or {})})
        if repository:
            self.git("init", "-q", ".")
            self.commit()

    def write(self, files):
        for name, text in files.items():
            path = os.path.join(self.folder, name)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)

    def git(self, *arguments):
        subprocess.run([git, "-c", "user.name=t", "-c", "user.email=t@example.org", *arguments], cwd=self.folder, check=True,
                       env={**os.environ, "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_SYSTEM": "/dev/null"})

    def commit(self):
        self.git("add", "-A")
        self.git("commit", "-q", "-m", "m")

    def lint(self, *arguments, folder="", environment=None):
        done = subprocess.run(
            [lint, *arguments], cwd=os.path.join(self.folder, folder), stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120,
            check=False, env={"PATH": programs, "HOME": root, "LC_ALL": "C.UTF-8", "TMPDIR": temporary, **(environment or {})})
        expect(f"{arguments}: no temporary files are left", not os.listdir(temporary), os.listdir(temporary))
        return done

    def found(self, *arguments, **how):
        """(function, line) of each finding, and the notes."""
        done = self.lint("--format", "json", *arguments, **how)
        if done.returncode not in (0, 1, 4):
            return done.stderr, []
        report = json.loads(done.stdout)
        expect(f"{arguments}: the status is that of the findings left", done.returncode == (1 if report["findings"] else 0), done)
        return [(one["go"]["function"].rsplit(".", 1)[-1], one["go"]["line"]) for one in report["findings"]], report["notes"]


def test_baseline(tree):
    tree.write({"p/a.go": go(("F", 2), ("G", 1))})
    done = tree.lint("--write-baseline", "known.json", "./p")
    expect("--write-baseline: what was written is known", done.returncode == 0 and "no findings in" in done.stdout, done)
    with open(os.path.join(tree.folder, "known.json"), encoding="utf-8") as file:
        text = file.read()
    baseline = json.loads(text)
    for error in validator.iter_errors(baseline):
        failures.append(f"the baseline is not as its schema says: {error.message}")
    expect("a baseline has three entries, a line each", len(baseline["findings"]) == 3 and len(text.splitlines()) == 8, text)

    found, notes = tree.found("--baseline", "known.json", "./p")
    expect("the same code has nothing new", found == [], found)
    expect("the note counts", "3 findings are in the baseline known.json and not shown" in notes, notes)
    tree.write({"p/a.go": "// moved\n\n\n" + go(("G", 1), ("F", 2))})
    expect("code that moved is not new", tree.found("--baseline", "known.json", "./p")[0] == [])
    tree.write({"p/a.go": go(("F", 3), ("G", 1))})
    found, _ = tree.found("--baseline", "known.json", "./p")
    expect("a third call alike is new", found == [("F", 10)], found)
    done = tree.lint("--baseline", "known.json", "./p")
    expect("text: the new one and the note", done.returncode == 1 and "1 error, 0 warnings" in done.stdout
           and "cgoscope-lint: 3 findings are in the baseline known.json and not shown\n" in done.stdout, done)
    tree.write({"p/a.go": go(("F", 1)), "q/a.go": go(package="q"), "q/slow.h": ""})
    found, notes = tree.found("--baseline", "known.json", "./p")
    expect("what is gone is counted", found == [] and any("; 2 of the baseline are gone" in note for note in notes), notes)
    _, notes = tree.found("--baseline", "known.json", "./q")
    expect("what was not looked at is not gone", not any("gone" in note for note in notes), notes)

    # An allowed finding keeps its number, so that taking the comment out shows that one.
    tree.write({"p/a.go": go(("F", 2)).replace("\tC.pause()\n", "\tC.pause() //cgoscope:allow blocking-call it is meant\n\n", 1)})
    tree.lint("--write-baseline", "one.json", "./p")
    tree.write({"p/a.go": go(("F", 2))})
    found, _ = tree.found("--baseline", "one.json", "./p")
    expect("a comment that is taken out shows its own finding", found == [("F", 8)], found)

    done = tree.lint("--format", "sarif", "--baseline", "known.json", "./p")
    results = json.loads(done.stdout)["runs"][0]["results"]
    expect("sarif: known findings are suppressed results", done.returncode == 0
           and [result["suppressions"][0]["kind"] for result in results] == ["external"] * 2, done)
    tree.write({"p/a.go": go(("F", 1)).replace("C.pause()", "C.pause() //cgoscope:allow blocking-call it is meant")})
    results = json.loads(tree.lint("--format", "sarif", "./p").stdout)["runs"][0]["results"]
    expect("sarif: allowed findings are suppressed results",
           [result["suppressions"] for result in results] == [[{"kind": "inSource", "status": "accepted", "justification": "it is meant"}]], results)

    tree.write({"broken.json": "{", "p/a.go": go(("F", 1))})
    tree.write({"report.json": tree.lint("--format", "json", "./p").stdout})
    for name, why in (("missing.json", "no such file"), ("broken.json", "it is not JSON"), ("report.json", "its schema is cgoscope/lint/1"),
                      ("", "no such file"), (".", "no such file")):
        done = tree.lint("--baseline", name, "./p")
        expect(f"--baseline {name}: status 2, said", done.returncode == 2 and why in done.stderr and done.stdout == "", done)
    done = tree.lint("--write-baseline", "nowhere/known.json", "./p")
    expect("--write-baseline: status 3 where it cannot be written",
           done.returncode == 3 and "cannot write the baseline to nowhere/known.json: No such" in done.stderr and done.stdout == "", done)
    for options in (["--write-baseline", ""], ["--baseline", "known.json", "--write-baseline", "x"], ["--changed-since", "HEAD", "--write-baseline", "x"]):
        done = tree.lint(*options, "./p")
        expect(f"{options}: status 2", done.returncode == 2 and done.stderr, done)
    expect("and nothing written", not os.path.exists(os.path.join(tree.folder, "x")))


def test_schema():
    right = {"schema": "cgoscope/baseline/1", "findings": [{
        "id": "0123456789abcdef", "rule": "blocking-call", "severity": "error", "package": "p", "function": "p.F", "call": "C.f", "blocking_call": "read"}]}
    expect("the right baseline is valid", validator.is_valid(right))
    one = ["findings", 0]
    for where, value in ((["schema"], "cgoscope/baseline/2"), (["findings"], DELETE), (["extra"], 1), (one + ["id"], "0123456789ABCDEF"),
                         (one + ["rule"], "stuck-m"), (one + ["severity"], "off"), (one + ["package"], DELETE), (one + ["call"], 1), (one + ["line"], 1)):
        if validator.is_valid(broken(right, where, value)):
            failures.append(f"the baseline's schema accepts {change(where, value)}")


def test_across_packages(tree):
    """A package without cgo, whose findings are at calls of the other's functions."""
    app = "package app\n\nimport \"example.org/m/p\"\n\n{allow}func Run() {{\n{calls}}}\n"
    call = "\tp.F()\n"
    tree.write({"p/a.go": go(("F", 1)), "app/app.go": app.format(allow="", calls=call)})
    tree.commit()
    found, _ = tree.found("./...")
    expect("without the option only the call of C", found == [("F", 8)], found)
    found, _ = tree.found("--across-packages", "./...")
    expect("the caller too", found == [("Run", 6), ("F", 8)], found)
    report = json.loads(tree.lint("--across-packages", "--format", "json", "./...").stdout)
    caller = report["findings"][0]
    expect("its call, place, way and words", caller["go"]["call"] == "p.F" and caller["go"]["package"] == "example.org/m/app"
           and [step["function"] for step in caller["path"]] == ["example.org/m/p.F"] and caller["c"]["call"] == "pause"
           and caller["message"].startswith("p.F, by way of C.pause in package example.org/m/p, can block without limit"), caller)
    expect("an id of its own", caller["id"] != report["findings"][1]["id"], report)

    tree.lint("--across-packages", "--write-baseline", "known.json", "./...")
    with open(os.path.join(tree.folder, "known.json"), encoding="utf-8") as file:
        baseline = json.load(file)
    for error in validator.iter_errors(baseline):
        failures.append(f"the baseline across packages is not as its schema says: {error.message}")
    found, notes = tree.found("--across-packages", "--baseline", "known.json", "./...")
    expect("they are in the baseline", found == [] and "2 findings are in the baseline known.json and not shown" in notes, (found, notes))
    tree.write({"app/app.go": "// moved\n" + app.format(allow="", calls=2 * call)})
    found, _ = tree.found("--across-packages", "--baseline", "known.json", "./...")
    expect("a second call alike is new", found == [("Run", 8)], found)
    found, _ = tree.found("--across-packages", "--changed-since", "HEAD", "./...")
    expect("and one that the change adds", len(found) == 1 and found[0][0] == "Run", found)
    found, _ = tree.found("--changed-since", "HEAD", "./...")
    expect("which is none without the option", found == [], found)
    # The change is in p, and what it adds is also in app, whose lines stay.
    tree.git("checkout", "-q", ".")
    tree.write({"p/a.go": go(("F", 1)).replace("C.pause()", "C.getpid()")})
    tree.commit()
    tree.write({"p/a.go": go(("F", 1))})
    found, _ = tree.found("--across-packages", "--changed-since", "HEAD", "./...")
    expect("a change in the other package", found == [("Run", 6), ("F", 8)], found)

    allow = "//cgoscope:allow blocking-call it is meant\n"
    tree.write({"app/app.go": app.format(allow="", calls=call.replace("\n", " " + allow))})
    found, _ = tree.found("--across-packages", "./...")
    expect("a comment at the call", found == [("F", 8)], found)
    results = json.loads(tree.lint("--across-packages", "--format", "sarif", "./...").stdout)["runs"][0]["results"]
    suppressed = [result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for result in results if result["suppressions"]]
    expect("sarif: it is a suppressed result", suppressed == ["app/app.go"], results)
    tree.write({"app/app.go": app.format(allow=allow, calls="\n" + call)})
    found, _ = tree.found("--across-packages", "./...")
    expect("one that covers nothing is reported", [line for _, line in found] == [5, 8, 8], found)
    tree.write({"app/app.go": app.format(allow="", calls=call), "p/a.go": go(("F", 1)).replace("C.pause()", "C.pause() " + allow.strip())})
    expect("a comment at the call of C takes out both", tree.found("--across-packages", "./...")[0] == [])
    lines = tree.lint("--across-packages", "--format", "github", "./app").stdout.splitlines()
    expect("github: alone, without a go command, the other is not looked at", not any("p.F" in line for line in lines), lines)
    tree.write({"p/a.go": go(("F", 1))})
    lines = tree.lint("--across-packages", "--format", "github", "./...").stdout.splitlines()
    expect("github: the caller's place", any(line.startswith("::error file=app/app.go,line=6,endLine=6,col=2,endColumn=5,") for line in lines), lines)
    text = tree.lint("--across-packages", "./...").stdout
    expect("text: the way", "app/app.go:6:2: error: p.F, by way of" in text and "p/a.go:8: note: example.org/m/p.F calls pause here" in text, text)


def test_changed_since(tree):
    tree.write({"p/a.go": go(("F", 2)), "old/a.go": go(("Old", 1), package="old"), "old/slow.h": ""})
    tree.commit()
    found, notes = tree.found("--changed-since", "HEAD")
    expect("nothing changed, nothing is added", found == [], found)
    expect("the note counts", "3 findings that the code as of HEAD has too: not shown" in notes, notes)

    tree.write({"p/a.go": go(("New", 1), ("F", 2))})
    expect("a new function's", tree.found("--changed-since", "HEAD")[0] == [("New", 8)], tree.found("--changed-since", "HEAD"))
    expect("from a folder below", tree.found("--changed-since", "HEAD", "../p", folder="old")[0] == [("New", 8)])
    expect("a file by name", tree.found("--changed-since", "HEAD", "p/a.go")[0] == [("New", 8)])
    # Of calls alike, the one that was added.
    tree.write({"p/a.go": go(("F", 2)).replace("\tC.pause()\n", "\tprintln()\n\tC.pause()\n\tprintln()\n\tC.pause()\n", 1)})
    found, _ = tree.found("--changed-since", "HEAD")
    expect("one more alike: one", len(found) == 1, found)
    tree.write({"p/a.go": go(("F", 2)).replace("\tC.pause()\n", "\tfor C.pause() == 0 {}\n\tC.pause()\n", 1)})
    expect("one more alike, in front: that one", tree.found("--changed-since", "HEAD")[0] == [("F", 8)], tree.found("--changed-since", "HEAD"))

    # What a change adds far from its lines: the call and the way to it stay, a flag goes.
    nonblocking = "#include <fcntl.h>\nstatic char slow(int fd) {\n  char c = 0;\n  fcntl(fd, F_SETFL, O_NONBLOCK);\n  read(fd, &c, 1);\n  return c;\n}\n"
    tree.write({"p/a.go": go(("F", 1)).replace("C.pause()", "C.slow(3)"), "p/slow.h": nonblocking})
    tree.commit()
    tree.write({"p/slow.h": nonblocking.replace("O_NONBLOCK", "O_APPEND")})
    expect("a flag that is taken out", tree.found("--changed-since", "HEAD")[0] == [("F", 8)], tree.found("--changed-since", "HEAD"))
    tree.write({"p/slow.h": "#include <unistd.h>\nstatic void slow(int fd) { sleep(30); }\n"})
    tree.commit()
    tree.write({"p/slow.h": "#include <unistd.h>\nstatic void slow(int fd) { for (;;) sleep(30); }\n"})
    expect("a limit that is taken out", tree.found("--changed-since", "HEAD")[0] == [("F", 8)])
    tree.write({"p/slow.h": "#include <unistd.h>\nstatic void slow(int fd) { sleep(20); }\n"})
    expect("a wait that is shorter is not added", tree.found("--changed-since", "HEAD")[0] == [])
    tree.git("checkout", "-q", ".")

    # Files: untracked, odd names, renamed, a folder and a module renamed, a new package.
    tree.write({"p/new file \"é\"\t.go": go(("Untracked", 1))})
    expect("an untracked file", tree.found("--changed-since", "HEAD")[0] == [("Untracked", 8)])
    tree.commit()
    expect("the same, committed, since then", tree.found("--changed-since", "HEAD")[0] == [])
    expect("and since before", tree.found("--changed-since", "HEAD~1")[0] == [("Untracked", 8)])
    tree.git("mv", "p/new file \"é\"\t.go", "p/renamed.go")
    expect("a file renamed", tree.found("--changed-since", "HEAD")[0] == [], tree.found("--changed-since", "HEAD"))
    tree.git("mv", "p", "moved")
    expect("a folder renamed", tree.found("--changed-since", "HEAD")[0] == [], tree.found("--changed-since", "HEAD"))
    tree.write({"moved/more.go": go(("More", 1))})
    expect("a folder renamed, with more in it", tree.found("--changed-since", "HEAD")[0] == [("More", 8)], tree.found("--changed-since", "HEAD"))
    tree.write({"go.mod": "module example.net/other/v2\n"})
    expect("a module renamed", tree.found("--changed-since", "HEAD")[0] == [("More", 8)], tree.found("--changed-since", "HEAD"))
    tree.write({"fresh/a.go": go(("Fresh", 1), package="fresh"), "fresh/slow.h": ""})
    expect("a new package", tree.found("--changed-since", "HEAD", "./fresh", "./old")[0] == [("Fresh", 8)])
    expect("nothing but a new package", tree.found("--changed-since", "HEAD", "./fresh")[0] == [("Fresh", 8)])

    # A comment that is taken out adds its finding; the baseline applies to what is left.
    allowed = go(("Allowed", 1), package="fresh").replace("C.pause()", "C.pause() //cgoscope:allow blocking-call it is meant")
    tree.write({"fresh/a.go": allowed})
    tree.commit()
    tree.write({"fresh/a.go": go(("Allowed", 1), ("Other", 1), package="fresh")})
    expect("a comment taken out", tree.found("--changed-since", "HEAD", "./fresh")[0] == [("Allowed", 8), ("Other", 12)])
    tree.write({"fresh/a.go": go(("Other", 1), package="fresh")})
    tree.lint("--write-baseline", "known.json", "./fresh")
    tree.write({"fresh/a.go": go(("Allowed", 1), ("Other", 1), package="fresh")})
    expect("with a baseline", tree.found("--changed-since", "HEAD", "--baseline", "known.json", "./fresh")[0] == [("Allowed", 8)])

    # The code as of the commit is parsed once: the next run takes what was kept of it.
    def entries():
        return sorted(name for _, _, names in os.walk(os.path.join(root, ".cache/cgoscope")) for name in names)

    tree.found("--changed-since", "HEAD", "./fresh")
    kept = entries()
    again = tree.found("--changed-since", "HEAD", "./fresh")[0]
    expect("the second run parses nothing", again == [("Allowed", 8), ("Other", 12)] and entries() == kept != [], entries())
    expect("nothing stays in the temporary folder", os.listdir(temporary) == [], os.listdir(temporary))

    # A hook's variables point elsewhere; the index and the work tree stay.
    before = subprocess.run([git, "status", "--porcelain"], cwd=tree.folder, capture_output=True, check=True).stdout
    found, _ = tree.found("--changed-since", "HEAD", "./fresh", environment={"GIT_INDEX_FILE": "/nowhere/index", "GIT_DIR": "/nowhere"})
    expect("under a hook", found == [("Allowed", 8), ("Other", 12)], found)
    after = subprocess.run([git, "status", "--porcelain"], cwd=tree.folder, capture_output=True, check=True).stdout
    expect("the work tree and the index stay", before == after, after)

    for revision, why in (("nope", "no commit 'nope': git knows no such commit"), ("", "no commit '': it is empty"), ("HEAD:p", "no commit 'HEAD:p'"),
                          ("HEAD~1..HEAD", "no commit"), ("--output=pwned", "no revision begins with '-'"), ("-p", "no revision begins with '-'")):
        done = tree.lint(*([f"--changed-since={revision}"] if revision else ["--changed-since", ""]), "./fresh")
        expect(f"--changed-since={revision}: status 2, said", done.returncode == 2 and why in done.stderr and done.stdout == "", done)
    expect("no option reaches git", not os.path.exists(os.path.join(tree.folder, "pwned")))
    done = tree.lint("--changed-since", "HEAD", "./fresh", environment={"TMPDIR": "/dev/null"})
    expect("nowhere to write: status 3, said", done.returncode == 3 and "set TMPDIR" in done.stderr, done)
    done = tree.lint("--changed-since", "HEAD", "./fresh", environment={"PATH": root})
    expect("no git: status 3, said", done.returncode == 3 and "no git program in PATH" in done.stderr, done)

    # What lies elsewhere is not of this change.
    elsewhere = os.path.join(root, "elsewhere")
    Tree(elsewhere, {"p/a.go": go(("F", 1))}, repository=False)
    found, notes = tree.found("--changed-since", "HEAD", os.path.join(elsewhere, "p"))
    expect("outside the work tree", found == [] and f"1 finding outside the work tree {tree.folder}: not shown" in notes, notes)

    # Packages in no module that share a name.
    tree.git("rm", "-q", "-f", "go.mod")
    tree.write({f"{folder}/same/{name}": text for folder in ("x", "y") for name, text in (("a.go", go(("F", 1), package="same")), ("slow.h", ""))})
    tree.commit()
    expect("two packages of one name", tree.found("--changed-since", "HEAD", "./x/same", "./y/same")[0] == [])
    tree.write({"y/same/a.go": go(("F", 2), package="same")})
    done = tree.lint("--changed-since", "HEAD", "./x/same", "./y/same")
    expect("more in one of two packages of one name", "y/same/a.go:9:2: error" in done.stdout and "1 error, 0 warnings" in done.stdout, done)


with tempfile.TemporaryDirectory(prefix="cgoscope-") as root:
    root = os.path.realpath(root)
    programs, temporary = os.path.join(root, "programs"), os.path.join(root, "tmp")
    os.makedirs(programs)
    os.makedirs(temporary)
    os.symlink(git, os.path.join(programs, "git"))
    test_schema()
    test_baseline(Tree(os.path.join(root, "baseline"), repository=False))
    test_changed_since(Tree(os.path.join(root, "changed")))
    test_across_packages(Tree(os.path.join(root, "across")))
    outside = Tree(os.path.join(root, "outside"), {"p/a.go": go(("F", 1))}, repository=False)
    refused = outside.lint("--changed-since", "HEAD", "./p")
    expect("no repository: status 3, said", refused.returncode == 3 and "not a git repository" in refused.stderr, refused)

print("\n".join(failures) or "baselines and changes are as expected")
sys.exit(1 if failures else 0)
