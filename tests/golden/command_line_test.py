#!/usr/bin/env python3
"""cgoscope-lint as a CI script sees it: exit statuses, where the report goes, what is said of wrong options.

Usage: command_line_test.py CGOSCOPE_LINT
The packages are written into a temporary folder and read as folders: there is no go command in PATH, so nothing here
depends on the machine's Go.
"""
import collections
import json
import os
import stat
import subprocess
import sys
import tempfile

lint = os.path.abspath(sys.argv[1])

FILES = {
    "clean/a.go": "package p\n\n// static int add(int a) { return a + 1; }\nimport \"C\"\n\nfunc F() { C.add(1) }\n",
    "error/a.go": "package p\n\n// #include <unistd.h>\nimport \"C\"\n\nfunc F() { C.pause() }\n",
    "warning/a.go": "package p\n\n// #include <unistd.h>\nimport \"C\"\n\nfunc F() { C.sleep(30) }\n",
    "nap/a.go": "package p\n\n// #include <unistd.h>\nimport \"C\"\n\nfunc F() { C.usleep(500000) }\n",
    "note/a.go": "package p\n\n// #include <unistd.h>\nimport \"C\"\n\n//cgoscope:allow blocking-call it sleeps no longer\n"
                 "func F() { C.getpid() }\n",
    "broken/a.go": "package p\n\n// static int f(int a) { return a +; }\nimport \"C\"\n\nfunc F() { C.f(1) }\n",
    "broken_error/a.go": "package p\n\n// #include <unistd.h>\n// int f(int a) { return a +; }\nimport \"C\"\n\n"
                         "func F() { C.pause() }\n",
    "go_only/a.go": "package p\n\nfunc F() {}\n",
    "tagged/a.go": "package p\n\n// static int add(int a) { return a + 1; }\nimport \"C\"\n\nfunc F() { C.add(1) }\n",
    "tagged/b.go": "//go:build special\n\npackage p\n\n// #include <unistd.h>\nimport \"C\"\n\nfunc G() { C.pause() }\n",
    "settings/.git/HEAD": "", "settings/.cgoscope.yaml": "threshold: 1m\nseverities: {pause: note}\n",
    "settings/sleep/a.go": "package p\n\n// #include <unistd.h>\nimport \"C\"\n\nfunc F() { C.sleep(30); C.pause() }\n",
    "own/a.go": "package p\n\n// void own_wait(void);\nimport \"C\"\n\nfunc F() { C.own_wait() }\n",
    "own.yaml": "library: own\nblocking: [{name: own_wait, severity: high, instead: do not, source: own}]\n",
    "quiet.yaml": "library: own\nblocking: [{name: own_wait, severity: off, source: own}]\n",
    "wrong.yaml": "library: own\nblok: []\n",
    "wrong_settings/.git/HEAD": "", "wrong_settings/.cgoscope.yaml": "\ntreshold: 1m\n",
    "wrong_settings/p/a.go": "package p\n\n// static int add(int a) { return a + 1; }\nimport \"C\"\n\nfunc F() { C.add(1) }\n",
    "c_file/a.go": "package p\n\n// #include \"wait.h\"\nimport \"C\"\n\nfunc F() { C.wait_for_ever() }\n",
    "c_file/wait.h": "void wait_for_ever(void);\n",
    "c_file/wait.c": "#include \"wait.h\"\n#include <unistd.h>\nvoid wait_for_ever(void) { pause(); }\n",
    "c_alone/wait.c": "#include <unistd.h>\nvoid wait_for_ever(void) { pause(); }\n",
    "two/a.go": "package p\n\n// #include <unistd.h>\nimport \"C\"\n\nfunc F() { C.pause() }\n\nfunc G() { C.pause() }\n",
    "run.jsonl": """{"type": "start", "schema": "cgoscope/watch/1"}
{"type": "end", "summary": {"long_c_calls": [{"c_function": "pause", "where": {"package": "p", "function": "p.G", "file": "/src/a.go", "line": 8}, "calls": 3, "max_ms": 7100.0, "in_flight": 1, "syscall": "pause", "running": false, "function": null, "stack": []}]}, "lint": null}
""",
    "foreign.jsonl": """{"type": "start", "schema": "cgoscope/watch/1"}
cgoscope 0.1.0: watching pid 7
""",
    "empty.yaml": "",
    "empty/README": "",
}

# Arguments, the exit status, and what standard output (or, from status 2 on, standard error) has to hold.
Row = collections.namedtuple("Row", "arguments status text")
ROWS = [
    # 0: clean, or nothing at or above --fail-on
    Row(["clean"], 0, "no findings in 1 package with cgo"),
    Row(["clean", "go_only"], 0, "no findings in 1 package with cgo"),
    Row(["go_only"], 0, "the package looked at does not use cgo"),
    Row(["note"], 0, "[unused-suppression]"),
    Row(["nap"], 0, "no findings"),
    Row(["--help"], 0, "Exit status: 0 clean; 1 findings"),
    Row(["--help"], 0, "Usage: cgoscope-lint [OPTIONS] [PACKAGES...]"),
    Row(["--help"], 0, "  --catalogue FILE            A YAML file"),
    Row(["--help"], 0, "  --tags LIST                 Build tags with commas"),
    Row(["--help"], 0, "  -j,--jobs N                 "),
    Row(["--version"], 0, "cgoscope-lint 0."),
    # 1: findings
    Row(["error"], 1, "error: C.pause can block without limit"),
    Row(["error/a.go"], 1, "error: C.pause"),
    Row(["clean", "error", "broken"], 1, "1 error, 0 warnings"),
    Row(["broken_error"], 1, "not analysed:"),
    Row(["warning"], 1, "for 30s"),
    Row(["--", "warning"], 1, "for 30s"),
    # --fail-on
    Row(["--fail-on", "error", "warning"], 0, "warning: C.sleep"),
    Row(["--fail-on", "error", "error"], 1, "error: C.pause"),
    Row(["--fail-on=warning", "warning"], 1, "warning: C.sleep"),
    Row(["--fail-on", "note", "note"], 1, "note: //cgoscope:allow"),
    Row(["--fail-on", "fatal", "clean"], 2, "fatal"),
    Row(["--fail-on", "Error", "clean"], 2, "Error"),
    Row(["--fail-on", "", "clean"], 2, "--fail-on"),
    # --threshold
    Row(["--threshold", "500ms", "nap"], 1, "for 500ms"),
    Row(["--threshold", "501ms", "nap"], 0, "no findings"),
    Row(["--threshold", "31s", "warning"], 0, "no findings"),
    Row(["--threshold", "30s", "warning"], 1, "for 30s"),
    Row(["--threshold", "31s", "error"], 1, "without limit"),
    Row(["--threshold", "5", "clean"], 2, "--threshold: not a duration: '5': a unit is missing"),
    Row(["--threshold", "", "clean"], 2, "not a duration: ''"),
    Row(["--threshold=-1s", "clean"], 2, "it is negative"),
    Row(["--threshold", "99999999h", "clean"], 2, "292 years"),
    # --format
    Row(["--format", "text", "error"], 1, "error: C.pause"),
    Row(["--format", "json", "error"], 1, '"schema": "cgoscope/lint/1"'),
    Row(["--format", "sarif", "error"], 1, '"version": "2.1.0"'),
    Row(["--format", "sarif", "clean"], 0, '"executionSuccessful": true'),
    Row(["--format", "sarif", "broken"], 4, '"executionSuccessful": false'),
    Row(["--format", "github", "error"], 1, "::error file=error/a.go,line=6,endLine=6,col=12,endColumn=19,title=cgoscope-lint blocking-call::C.pause"),
    Row(["--format", "xml", "error"], 2, "xml"),
    # -j
    Row(["-j", "1", "clean", "error"], 1, "1 error"),
    Row(["-j8", "clean", "error"], 1, "1 error"),
    Row(["--jobs", "2", "clean"], 0, "no findings"),
    Row(["-j", "0", "clean"], 2, "0"),
    Row(["-j", "-1", "clean"], 2, "-1"),
    Row(["-j", "many", "clean"], 2, "many"),
    Row(["-j", "1000000", "clean"], 2, "1000000"),
    # --tags, --catalogue, .cgoscope.yaml
    Row(["tagged"], 0, "no findings"),
    Row(["--tags", "other,special", "tagged"], 1, "tagged/b.go:8:12: error: C.pause"),
    Row(["--tags", "other", "--tags", "special", "tagged"], 1, "in 1 package with"),
    Row(["own"], 0, "no findings"),
    Row(["--catalogue", "own.yaml", "own"], 1, "advice: do not"),
    Row(["--catalogue", "own.yaml", "--catalogue", "quiet.yaml", "own"], 0, "no findings in 1 package"),
    Row(["--catalogue", "missing.yaml", "own"], 2, "missing.yaml"),
    Row(["--catalogue", "wrong.yaml", "own"], 2, "wrong.yaml:2: unknown key 'blok'"),
    Row(["--catalogue", "empty.yaml", "own"], 2, "check the path given to --catalogue"),
    Row(["--catalogue", "empty", "own"], 2, "empty"),
    Row(["--catalogue", "wrong.yaml", "missing"], 2, "wrong.yaml:2"),
    Row(["settings/sleep"], 0, "note: C.pause"),
    Row(["--threshold", "1s", "settings/sleep"], 1, "warning: C.sleep"),
    Row(["wrong_settings/p"], 4, "unknown key 'treshold'"),
    # --observed
    Row(["--observed", "run.jsonl", "two"], 1, "  seen: 3 long calls, the longest 7.1s\n"),
    Row(["--observed", "run.jsonl", "two"], 1, "cgoscope-lint: 1 finding of 2 was seen to block in 1 run of run.jsonl\n"),
    Row(["--observed", "run.jsonl", "--format", "json", "two"], 1, '"max_ms": 7100.0'),
    Row(["--observed", "run.jsonl", "--format", "json", "two"], 1, '"observed": null'),
    Row(["--observed", "run.jsonl", "--format", "sarif", "two"], 1, '"observedMaxMs": 7100.0'),
    Row(["--observed", "run.jsonl", "--format", "github", "two"], 1, "::error file=two/a.go,line=8,"),
    Row(["--observed", "run.jsonl", "clean"], 0, "1 place with long calls of C in run.jsonl has no finding here: C.pause at a.go:8 (7.1s)"),
    Row(["--observed", "foreign.jsonl", "two"], 2, "cannot use what was observed in foreign.jsonl: line 2: it is not JSON"),
    Row(["--observed", "missing.jsonl", "two"], 2, "cannot read missing.jsonl: No such file or directory"),
    Row(["--observed", "", "two"], 2, "check the path given to --observed"),
    Row(["--observed", "own.yaml", "two"], 2, "own.yaml: line 1: it is not JSON"),
    # a C file: its folder's package
    Row(["c_file/wait.c"], 1, "wait.c is C: the Go package in its folder is analysed"),
    Row(["c_file/wait.h", "c_file/wait.c"], 1, "1 error, 0 warnings, 0 notes in 1 package"),
    Row(["c_file/wait.c", "c_file"], 1, "1 error, 0 warnings, 0 notes in 1 package"),
    Row(["c_alone/wait.c"], 3, "c_alone: no Go files that are built here"),
    Row(["c_file/nowhere.c"], 3, "c_file/nowhere.c: no such file"),
    Row(["nowhere.c"], 3, "nowhere.c: no such file"),
    Row(["empty/README"], 3, "empty/README: a file, but not of Go or C"),
    # 2: wrong usage
    Row(["--nope", "clean"], 2, "--nope"),
    Row(["--output"], 2, "--output"),
    Row(["--output", "", "clean"], 2, "--output"),
    Row(["--partial", "no", "clean"], 2, "no"),
    Row(["--cache", "", "clean"], 2, "--cache names no folder"),
    # 3: nothing could be analysed
    Row(["empty"], 3, "no Go files that are built here"),
    Row(["missing"], 3, "missing"),
    Row(["missing/..."], 3, "missing"),
    Row(["empty/README"], 3, "README"),
    Row(["broken/../empty", "missing"], 3, "no Go files that are built here"),
    # 4: done in part, nothing found
    Row(["broken"], 4, "problem left part of the code unjudged"),
    Row(["broken", "clean"], 4, "not analysed:"),
    Row(["clean", "missing"], 4, "missing"),
    Row(["--partial", "ok", "broken"], 0, "not analysed:"),
    Row(["--partial", "ok", "clean", "missing"], 0, "missing"),
    Row(["--partial", "ok", "broken_error"], 1, "error: C.pause"),
    Row(["--partial", "ok", "missing"], 3, "missing"),
    Row(["--fail-on", "error", "broken", "warning"], 4, "warning: C.sleep"),
]

failures = []


def run(arguments, more=None, **how):
    environment = {"PATH": os.path.join(root, "no_programs"), "HOME": root, "LC_ALL": "C.UTF-8", **(more or {})}
    how.setdefault("stdout", subprocess.PIPE)
    how.setdefault("cwd", root)
    return subprocess.run([lint, *arguments], env=environment, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE,
                          timeout=120, check=False, **how)


def expect(what, condition, got):
    if not condition:
        failures.append(f"{what}, but got: {got}")


def text_of(output):
    return (output or b"").decode("utf-8", "replace")


with tempfile.TemporaryDirectory(prefix="cgoscope-") as root:
    for name, text in FILES.items():
        path = os.path.join(root, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)

    for row in ROWS:
        done = run(row.arguments)
        command = " ".join(["cgoscope-lint", *(argument or "''" for argument in row.arguments)])
        shown = f"{done.returncode}, output {text_of(done.stdout)!r}, errors {text_of(done.stderr)!r}"
        expect(f"{command}: status {row.status} was expected", done.returncode == row.status, shown)
        stream = done.stderr if row.status in (2, 3) else done.stdout
        expect(f"{command}: {row.text!r} was expected", row.text in text_of(stream), shown)
        expect(f"{command}: colour without a terminal", b"\x1b" not in done.stdout + done.stderr, shown)
        if row.status in (2, 3):
            expect(f"{command}: a report in spite of status {row.status}", done.stdout == b"", shown)

    # The default is ./... of the current folder.
    done = run([], cwd=os.path.join(root, "error"))
    expect("no argument: the current folder is analysed", done.returncode == 1, text_of(done.stdout))
    expect("paths are relative to the current folder", text_of(done.stdout).startswith("a.go:6:12: error:"), text_of(done.stdout))
    done = run(["../error"], cwd=os.path.join(root, "clean"))
    expect("paths elsewhere are absolute", text_of(done.stdout).startswith(root + "/error/a.go:6:12:"), text_of(done.stdout))

    # What was seen to block comes first.
    done = run(["--observed", "run.jsonl", "two"])
    expect("--observed: the second line comes first", text_of(done.stdout).startswith("two/a.go:8:12: error:"), text_of(done.stdout))
    done = run(["two"])
    expect("without it: as in the source", text_of(done.stdout).startswith("two/a.go:6:12: error:"), text_of(done.stdout))

    # --output: the report goes there, all of it, and nowhere else.
    done = run(["--format", "json", "--output", "report.json", "error"])
    with open(os.path.join(root, "report.json"), encoding="utf-8") as file:
        report = json.load(file)
    expect("--output: status 1", done.returncode == 1, done)
    expect("--output: nothing on standard output", done.stdout == b"", done)
    expect("--output: one finding", len(report["findings"]) == 1, report)
    run(["--format", "json", "--output", "report.json", "clean"])
    with open(os.path.join(root, "report.json"), encoding="utf-8") as file:
        expect("--output: the old report is replaced", json.load(file)["findings"] == [], "")
    for path in ("missing/report.json", "clean", "/dev/full"):
        done = run(["--output", path, "error"])
        expect(f"--output {path}: status 3", done.returncode == 3, done)
        expect(f"--output {path}: the path is named", f"cannot write the report to {path}: " in text_of(done.stderr), done)
        expect(f"--output {path}: nothing on standard output", done.stdout == b"", done)

    # A standard output that takes nothing.
    with open("/dev/full", "wb") as full:
        done = run(["error"], stdout=full)
    expect(">/dev/full: status 3", done.returncode == 3, done)
    expect(">/dev/full: said", "cannot write the report" in text_of(done.stderr), done)
    done = run(["error"], stdout=None, preexec_fn=lambda: os.close(1))
    expect(">&-: status 3", done.returncode == 3, done)
    expect(">&-: said", "cannot write the report" in text_of(done.stderr), done)
    done = run(["--output", "report.txt", "error"], stdout=None, preexec_fn=lambda: os.close(1))
    expect("--output with >&-: status 1", done.returncode == 1, done)
    with open(os.path.join(root, "report.txt"), encoding="utf-8") as file:
        expect("--output with >&-: the report is whole", "1 error" in file.read(), done)
    done = run(["clean"], preexec_fn=lambda: os.close(0))
    expect("<&-: status 0", done.returncode == 0, done)

    # An unreadable package is said, and does not hide the others. Root reads everything.
    if os.geteuid() != 0:
        os.chmod(os.path.join(root, "clean/a.go"), 0)
        done = run(["clean", "warning"])
        expect("unreadable: the other package's finding", done.returncode == 1 and b"30s" in done.stdout, done)
        expect("unreadable: said", "clean/a.go" in text_of(done.stdout), done)
        os.chmod(os.path.join(root, "clean/a.go"), stat.S_IRUSR | stat.S_IWUSR)

    # A package cannot make the report show lines of files that are not its own: neither by #line nor through a link.
    with open(os.path.join(root, "secret"), "w", encoding="utf-8") as file:
        file.write("the-secret-line\n" * 9)
    os.makedirs(os.path.join(root, "thief"))
    os.symlink(os.path.join(root, "secret"), os.path.join(root, "thief/link.y"))
    secret = os.path.join(root, "secret")
    # Including it first makes it a file that the compiler has read, but still none of the package's.
    for name, before in ((secret, ""), ("../secret", ""), ("link.y", ""), (secret, f'#include "{secret}"\n;\n')):
        with open(os.path.join(root, "thief/a.go"), "w", encoding="utf-8") as file:
            file.write(f"package p\n\n/*\n#include <unistd.h>\n{before}#line 1 \"{name}\"\nstatic void f(void) {{ pause(); }}\n*/\n"
                       "import \"C\"\n\nfunc F() { C.f() }\n")
        done = run(["thief"])
        expect(f"#line {name}: the finding is there", done.returncode == 1, done)
        expect(f"#line {name}: its lines are not shown", b"the-secret-line" not in done.stdout + done.stderr, text_of(done.stdout))

    # The cache. A warm run says what the cold one did; what it said of was not parsed again, for its entries count as used.
    def entries(folder):
        return sorted(os.path.join(at, name) for at, _, names in os.walk(os.path.join(root, folder)) for name in names
                      if len(name) == 30)

    def report_of(*arguments, more=None):
        done = run(["--format", "json", *arguments], more)
        if not done.stdout:
            return done
        report = json.loads(done.stdout)
        del report["stats"]["elapsed_ms"]
        return done.returncode, report

    every = ["clean", "error", "warning", "note", "broken", "broken_error", "tagged", "c_file"]
    expect("the user's folder is used by default", entries(".cache/cgoscope") != [], os.listdir(root))
    without = report_of("--cache", "off", *every)
    cold = report_of("--cache", "kept", *every)
    expect("--cache: a cold run says what one without says", cold == without, cold)
    expect("--cache: an entry a file and one a package",
           len(entries("kept")) == cold[1]["stats"]["translation_units"] + cold[1]["stats"]["packages"], entries("kept"))
    for entry in entries("kept"):
        os.utime(entry, (1, 1))
    expect("--cache: a warm run says what a cold one said", report_of("--cache", "kept", *every) == cold, "something else")
    expect("--cache: a warm run takes what is kept", all(os.stat(entry).st_mtime > 1 for entry in entries("kept")), "nothing used")
    for damage in (lambda bytes: b"", lambda bytes: bytes[:-1], lambda bytes: b"\0" * len(bytes), lambda bytes: b"x" + bytes):
        for entry in entries("kept"):
            with open(entry, "rb") as file:
                sound = file.read()
            with open(entry, "wb") as file:
                file.write(damage(sound))
        expect("--cache: damaged entries are made again", report_of("--cache", "kept", *every) == cold, "something else")
    command = [lint, "--cache", "shared", "--format", "json", *every]
    together = [subprocess.Popen(command, cwd=root, env={"PATH": "", "HOME": root}, stdout=subprocess.PIPE) for _ in range(4)]
    for process in together:
        report = json.loads(process.communicate(timeout=120)[0])
        del report["stats"]["elapsed_ms"]
        expect("--cache: runs at the same time share it", report == cold[1], report)

    with open(os.path.join(root, "c_file/wait.h"), "w", encoding="utf-8") as file:
        file.write("#define wait_for_ever wait_a_moment\nvoid wait_a_moment(void);\n")
    expect("--cache: an edited header counts", report_of("--cache", "kept", "c_file") == report_of("--cache", "off", "c_file") != cold,
           report_of("--cache", "kept", "c_file"))

    home = {"HOME": os.path.join(root, "home")}
    run(["--cache", "off", "clean"], home)
    run(["clean"], {**home, "CGOSCOPE_CACHE": "off"})
    run(["clean"], {"HOME": ""})
    expect("--cache off: no folder", not os.path.exists(home["HOME"]), os.listdir(root))
    run(["clean"], {**home, "CGOSCOPE_CACHE": os.path.join(root, "named")})
    expect("CGOSCOPE_CACHE names the folder", len(entries("named")) == 2 and not os.path.exists(home["HOME"]), os.listdir(root))
    run(["clean"], {**home, "XDG_CACHE_HOME": os.path.join(root, "xdg")})
    expect("XDG_CACHE_HOME has the folder", len(entries("xdg/cgoscope")) == 2 and not os.path.exists(home["HOME"]), os.listdir(root))

    done = run(["--cache", "error/a.go", "error"])
    expect("an unusable cache: the report all the same", done.returncode == 1 and b"C.pause" in done.stdout, done)
    expect("an unusable cache: said once", text_of(done.stderr).count(root + "/error/a.go is not used: Not a directory") == 1, done)
    done = run(["error"], {"CGOSCOPE_CACHE": "/dev/null/cache"})
    expect("an unusable CGOSCOPE_CACHE: said", done.returncode == 1 and b"/dev/null/cache is not used" in done.stderr, done)
    done = run(["error"], {"HOME": "/dev/null"})
    expect("an unusable default: not said", done.returncode == 1 and done.stderr == b"", done)
    os.chmod(os.path.join(root, "kept"), 0o777)
    done = run(["--cache", "kept", "error"])
    expect("a cache that others may write to: said", done.returncode == 1 and b"other users may write to it" in done.stderr, done)

    # What a package says reaches a terminal as text.
    os.makedirs(os.path.join(root, "esc\x1b[31m"))
    done = run(["esc\x1b[31m"])
    expect("an escape in a name: status 3", done.returncode == 3, done)
    expect("an escape in a name: not passed on", b"\x1b" not in done.stderr and b"esc?[31m" in done.stderr, done)

print("\n".join(failures) or f"{len(ROWS)} command lines went as expected")
sys.exit(1 if failures else 0)
