#!/usr/bin/env python3
"""cgoscope-lint catalogue as a user sees it: what list, explain and check print, and their exit statuses.

Usage: catalogue_command_test.py CATALOGUE_SCHEMA CGOSCOPE_LINT
"""
import collections
import json
import os
import subprocess
import sys
import tempfile

schema_path, lint = (os.path.abspath(argument) for argument in sys.argv[1:3])

FILES = {
    "acme.h": "int acme_receive(void *handle, void *to, int size, int milliseconds);\nint acme_ready(void *handle);\n"
              "#define ACME_FOREVER (-1)\n#define ACME_NOWAIT 0x10\n",
    "good.yaml": "library: acme\nconstants: {acme.h: {ACME_FOREVER: -1}}\nblocking:\n"
                 "  - {name: acme_receive, header: acme.h, timeout: 3, unit: ms, infinite: ACME_FOREVER, source: acme's manual,\n"
                 "     instead: pass a timeout}\n",
    "fsync.yaml": "library: ours\nblocking: [{name: fsync, severity: off, source: our storage}]\n",
    "wrong.yaml": "library: acme\nblok: []\nblocking:\n  - {nam: f}\n  - {name: g, severity: hihg}\n  - {name: h, timeout: 1}\n",
    "broken.yaml": "blocking: [{name: f}\nx: 1\n",
    "doubtful.yaml": "library: acme\nconstants: {acme.h: {ACME_NOWAIT: 0x20}}\nblocking:\n"
                     "  - {name: acme_recieve, header: acme.h}\n"
                     "  - {name: acme_receive, header: acme.h, timeout: 4, unit: ms}\n"
                     "  - {name: acme_ready, header: acme.h, handle: 1}\n"
                     "  - {name: 'acne_*', header: acme.h}\n"
                     "  - {name: 'acme_w*', severity: low}\n"
                     "  - {name: 'acme_*', severity: low}\n"
                     "  - {name: 'syscall:futx'}\n"
                     "  - {name: elsewhere, header: no_such_header_of_acme.h}\n",
    "type.yaml": "blocking: [{name: acme_receive, header: acme.h, timeout: 1, unit: ms}]\n",
    "nothing.yaml": "library: acme\n",
    "empty.yaml": "",
    "later.yaml": "blocking: [{name: acme_other, timeout: 0, unit: ms, infinite: ACME_FOREVER}]\n",
    "tree/.git/HEAD": "", "tree/.cgoscope.yaml": "catalogue: sub/own.yaml\nseverities: {sleep: note, 'pau*': off}\n",
    "tree/sub/own.yaml": "library: own\nblocking: [{name: own_wait, severity: high, instead: do not, source: own}]\n",
    "malformed/.git/HEAD": "", "malformed/.cgoscope.yaml": "catalogue: own.yaml\n", "malformed/own.yaml": "blok: []\n",
}

# The folder, arguments, exit status, and texts that standard output and standard error have to hold, in this order.
Row = collections.namedtuple("Row", "folder arguments status output errors")
ROWS = [
    Row(".", ["list", "waitpid"], 0, ["FUNCTION  LIBRARY  SEVERITY     WAITS\n",
                                      "waitpid   libc     by-argument  without limit; not if argument 2 has a bit of WNOHANG\n"], []),
    Row(".", ["list", "poll", "--library", "libc"], 0, ["at most argument 2 (ms), without limit if it is negative\n"], []),
    Row(".", ["list", "--library", "zmq"], 0, ["zmq_recv "], []),
    Row(".", ["list", "std::mutex::*"], 0, ["std::mutex::lock"], []),
    Row(".", ["list"], 0, ["accept ", "zmq_recv "], []),
    Row(".", ["list", "--catalogue", "good.yaml", "acme_*"], 0, ["acme_receive  acme"], []),
    Row(".", ["list", "waitpidd"], 3, [], ["waitpidd: no row's name fits this (did you mean waitpid?)"]),
    Row(".", ["list", "--library", "libcc"], 3, [], ["--library libcc: no row is of such a library (there are ", "libc, "]),
    Row(".", ["list", "--library", "zmq", "poll"], 3, [], ["poll: no row of the library zmq fits this"]),
    Row(".", ["list", "--format", "xml"], 2, [], ["xml"]),
    Row(".", ["list", "--catalogue", "wrong.yaml"], 2, [], ["wrong.yaml:2: unknown key 'blok'", "3 more errors"]),
    Row(".", ["list", "--catalogue", "missing.yaml"], 2, [], ["missing.yaml"]),
    Row("tree", ["list", "own_wait"], 0, ["own_wait  own      high      without limit"], []),
    Row("tree/sub", ["list", "sleep"], 0, ["sleep     libc     note      for argument 0 (s)"], []),
    Row("tree", ["list", "pause"], 0, ["pause     libc     off"], []),
    Row("malformed", ["list"], 2, [], ["own.yaml:1", "it is named in "]),

    Row(".", ["explain", "poll"], 0, ["poll: int poll(struct pollfd *__fds, nfds_t __nfds, int __timeout)  <poll.h>\n",
                                      "  Waits at most for the time in argument 2 (timeout), in milliseconds; without limit if that is negative.\n",
                                      "  After it, the next read or write of argument 0 (fds) does not wait.\n",
                                      "  Reported as an error where nothing limits the wait, else as a warning (severity by-argument).\n",
                                      "  Advice: pass a timeout", "  From libc-poll.yaml:", "; library libc; source: poll(2).\n"], []),
    Row(".", ["explain", "C.recv"], 0, ["recv: ", "Does not wait if argument 3 (flags) has a bit of MSG_DONTWAIT.",
                                        "Does not wait where argument 0 (fd) was made non-blocking or just polled, and no longer than a timeout that was set on it for reading; a handle"], []),
    Row(".", ["explain", "clock_nanosleep"], 0, ["Sleeps for the time in argument 2 (req), a pointer to struct timespec.",
                                                 "That time is a point in time, not a length, if argument 1 (flags) has a bit of TIMER_ABSTIME."], []),
    Row(".", ["explain", "pipe2", "setsockopt", "qsort"], 0,
        ["pipe2\n  Makes a handle, argument 0: one that calls wait for", "non-blocking if argument 1 has a bit of O_NONBLOCK.",
         "\n\nsetsockopt\n", "If argument 1 is SOL_SOCKET and argument 2 is SO_RCVTIMEO, SO_RCVTIMEO_NEW: sets a timeout of argument 0 for reading",
         "\n\nqsort\n", "Runs the function in argument 3 itself."], []),
    Row(".", ["explain", "--catalogue", "fsync.yaml", "fsync"], 0,
        ["Not reported (severity off).", "From fsync.yaml:2; library ours; source: our storage.",
         "Replaces the row of libc-io.yaml:", ": Waits without a limit that the caller sets."], []),
    Row(".", ["explain", "--catalogue", "good.yaml", "-I", ".", "acme_receive"], 0,
        ["acme_receive: int acme_receive(void *handle, void *to, int size, int milliseconds)  <acme.h>",
         "argument 3 (milliseconds), in milliseconds; without limit if that is ACME_FOREVER."], []),
    Row(".", ["explain", "--catalogue", "good.yaml", "acme_receive"], 0, ["acme_receive\n", "argument 3, in milliseconds"], []),
    Row(".", ["explain", "gpgme_op_something"], 0, ["by the glob gpgme_op_*"], []),
    Row(".", ["explain", "std::future::wait_for"], 0, ["of std::chrono"], []),
    Row(".", ["explain", "getpid"], 3, [], ["getpid: no row is about it, so it counts as a function that does not block"]),
    Row(".", ["explain", "mutex_lock"], 3, [], ["names near it: ", "pthread_mutex_lock"]),
    Row(".", ["explain", "sleep", "slep"], 4, ["Sleeps for the time in argument 0"], ["slep: no row", "names near it: sleep"]),
    Row(".", ["explain"], 2, [], ["FUNCTION"]),
    Row("tree", ["explain", "sleep", "own_wait"], 0, [".cgoscope.yaml sets its severity to note.", "sub/own.yaml:2"], []),

    Row(".", ["check", "-I", ".", "good.yaml"], 0, ["0 errors, 0 warnings, 0 notes in 1 file: 1 row, 1 compared with a header\n"], []),
    Row(".", ["check", "wrong.yaml"], 1,
        ["wrong.yaml:2:1: error: unknown key 'blok' in a catalogue\n  advice: the keys here are library, ",
         "wrong.yaml:4:6: error: unknown key 'nam' in a row of 'blocking'\n  advice: did you mean 'name'?\n",
         "wrong.yaml:5:25: error: 'severity': 'hihg' is none of off, low, medium, high, by-argument\n  advice: did you mean 'high'?\n",
         "wrong.yaml:6:6: error: 'blocking': a duration, timeout or deadline needs a 'unit'\n", "4 errors, 0 warnings, 0 notes in 1 file"], []),
    Row(".", ["check", "broken.yaml"], 1, ["broken.yaml:2:", "1 error, "], []),
    Row(".", ["check", "-I", ".", "doubtful.yaml"], 1,
        ["doubtful.yaml: warning: ACME_NOWAIT is 16 in <acme.h>, and 32 here\n",
         "doubtful.yaml:4:6: warning: acme_recieve of <acme.h>: is not declared\n  advice: did you mean acme_receive?\n",
         "doubtful.yaml:5:6: warning: acme_receive of <acme.h>: there is no argument 4 in int acme_receive(",
         "doubtful.yaml:6:6: warning: acme_ready of <acme.h>: there is no argument 1 in int acme_ready(void *handle)\n",
         "doubtful.yaml:7:6: warning: acne_* fits no function of <acme.h>\n",
         "doubtful.yaml:8:6: warning: acme_w* is never used: the later row acme_* (doubtful.yaml:9) fits all that it fits\n",
         "doubtful.yaml:9:6: note: rows of whole names win over acme_*: acme_recieve, acme_receive, acme_ready\n",
         "doubtful.yaml:10:6: warning: syscall:futx is never used: no number is listed for it\n  advice: did you mean syscall:futex?\n",
         "doubtful.yaml:11:6: note: <no_such_header_of_acme.h> was not found or cannot be read, so nothing was compared with it\n  advice: name its folder with -I\n",
         "0 errors, 7 warnings, 2 notes in 1 file: 8 rows, 4 compared with a header\n"], []),
    Row(".", ["check", "-I", ".", "type.yaml"], 1, ["acme_receive of <acme.h>: argument 1 is a void *"], []),
    Row(".", ["check", "fsync.yaml"], 0, ["fsync.yaml:2:13: note: fsync replaces the row of libc-io.yaml:", "1 note in 1 file: 1 row"], []),
    Row(".", ["check", "--fail-on", "note", "fsync.yaml"], 1, ["replaces the row"], []),
    Row(".", ["check", "--fail-on", "error", "nothing.yaml"], 0, ["nothing.yaml: warning: it adds no row\n"], []),
    Row(".", ["check", "nothing.yaml"], 1, ["it adds no row"], []),
    Row(".", ["check", "later.yaml"], 1, ["later.yaml:1:63: error: 'infinite': 'ACME_FOREVER' is neither"], []),
    Row(".", ["check", "good.yaml", "later.yaml"], 0, ["0 errors, 0 warnings, 1 note in 2 files: 2 rows, 0 compared"], []),
    Row(".", ["check", "--catalogue", "good.yaml", "later.yaml"], 0, ["0 errors"], []),
    Row(".", ["check", "missing.yaml"], 3, [], ["missing.yaml"]),
    Row(".", ["check", "empty.yaml"], 3, [], ["empty.yaml"]),
    Row(".", ["check", "missing.yaml", "good.yaml"], 4, ["0 errors"], ["missing.yaml"]),
    Row(".", ["check"], 2, [], ["no file to check"]),
    Row("tree", ["check"], 0, ["in 1 file: 1 row"], []),
    Row("malformed", ["check"], 1, ["own.yaml:1:1: error: unknown key 'blok'"], []),

    Row(".", [], 2, [], ["no command is named (`cgoscope-lint catalogue --help`"]),
    Row(".", ["nope"], 2, [], []),
    Row(".", ["--help"], 0, ["list", "explain", "check", "Exit status: "], []),
    Row(".", ["check", "--help"], 0, ["--fail-on SEVERITY", "--catalogue FILE", "-I FOLDER"], []),
]

failures = []


def run(folder, arguments):
    return subprocess.run([lint, "catalogue", *arguments], cwd=os.path.join(root, folder), stdin=subprocess.DEVNULL, capture_output=True,
                          env={"PATH": "", "HOME": root, "LC_ALL": "C.UTF-8"}, timeout=120, check=False)


def holds(text, pieces):
    at = 0
    for piece in pieces:
        found = text.find(piece, at)
        if found < 0:
            return f"{piece!r} is missing in {text!r}"
        at = found + len(piece)
    return ""


with tempfile.TemporaryDirectory(prefix="cgoscope-") as root:
    for name, text in FILES.items():
        path = os.path.join(root, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
    for row in ROWS:
        done = run(row.folder, row.arguments)
        output, errors = done.stdout.decode(), done.stderr.decode()
        where = f"{row.folder}: catalogue {' '.join(row.arguments)}: "
        if done.returncode != row.status:
            failures.append(f"{where}status {done.returncode} in place of {row.status}; {output!r} {errors!r}")
        for wrong in (holds(output, row.output), holds(errors, row.errors)):
            if wrong:
                failures.append(where + wrong)
        if "\x1b" in output + errors:
            failures.append(where + "colour without a terminal")
        if row.status in (2, 3) and output:
            failures.append(where + f"output in spite of status {row.status}: {output!r}")

    # JSON has the same rows as the table, in its order, and fits its schema.
    table = run(".", ["list"]).stdout.decode().splitlines()[1:]
    listed = json.loads(run(".", ["list", "--format", "json"]).stdout)
    if [line.split()[0] for line in table] != [row["function"].split()[0] for row in listed["functions"]]:
        failures.append("the table and JSON list other functions")
    try:
        import jsonschema
        with open(schema_path, encoding="utf-8") as file:
            schema = json.load(file)
        jsonschema.Draft202012Validator.check_schema(schema)
        for error in jsonschema.Draft202012Validator(schema).iter_errors(listed):
            failures.append(f"JSON against its schema: {error.message[:200]} at {list(error.path)}")
        if jsonschema.Draft202012Validator(schema).is_valid({**listed, "functions": [{"function": "f"}]}):
            failures.append("the schema takes a row without its keys")
    except ImportError:
        failures.append("python3-jsonschema is not installed")

print("\n".join(failures) or f"{len(ROWS)} command lines went as expected")
sys.exit(1 if failures else 0)
