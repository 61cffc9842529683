#!/usr/bin/env python3
"""Go's own runtime tests, with and without the probe attached: they must pass as often. Run by hand, as root.

Usage: runtime_tests.py CGOSCOPE GOROOT [ROUNDS [TESTS]]

Builds `go test -c runtime` and runs TESTS (a regular expression) in ROUNDS rounds of each kind, in turn, with every signal attached and no budget.
Tests that start further programs are watched only in the process that the probe started.
"""
import collections
import os
import pathlib
import re
import subprocess
import sys
import tempfile

cgoscope, goroot = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2]).resolve()
rounds = int(sys.argv[3]) if len(sys.argv) > 3 else 3
tests = sys.argv[4] if len(sys.argv) > 4 else (
    "TestChan|TestSelect|TestTimer|TestNetpoll|TestStack|TestRecursivePanic|TestGoexit|TestLockOSThread|TestThreadCreate|TestParallel|TestYield|TestPreempt|"
    "TestGoroutine|TestGcSys|TestGcDeep|TestGcRescan|TestFinalizer|TestSem|TestRWMutex|TestMap|TestCallers|TestTraceback|TestCgo|TestNewProc0|TestTimePprof")

work = pathlib.Path(tempfile.mkdtemp(prefix="runtime-tests-"))
binary = work / "runtime.test"
env = dict(os.environ, GOTOOLCHAIN="local", GOFLAGS="", GOROOT=str(goroot), PATH=f"{goroot}/bin:{os.environ['PATH']}")
subprocess.run([goroot / "bin/go", "test", "-c", "-o", binary, "runtime"], cwd=goroot / "src/runtime", env=env, check=True)
command = [binary, "-test.short", "-test.v", f"-test.run={tests}", "-test.timeout=600s"]
watched = [cgoscope, "watch", "--signals", "all", "--max-overhead", "none", "--format", "json", "--output", work / "watch.jsonl", "--exit-like-command", "--"]
outcomes = {"without": collections.defaultdict(collections.Counter), "with": collections.defaultdict(collections.Counter)}
for _ in range(rounds):
    for kind, prefix in (("without", []), ("with", watched)):
        run = subprocess.run(prefix + command, cwd=goroot / "src/runtime", env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace")
        for outcome, name in re.findall(r"(?m)^--- (PASS|FAIL|SKIP): (\S+)", run.stdout):
            outcomes[kind][name][outcome] += 1
        print(f"{kind:8} status {run.returncode}", dict(collections.Counter(o for o, _ in re.findall(r"(?m)^--- (PASS|FAIL|SKIP): (\S+)", run.stdout))), flush=True)
different = [name for name in sorted(set(outcomes["with"]) | set(outcomes["without"])) if outcomes["with"][name] != outcomes["without"][name]]
for name in different:
    print(f"{name}: without {dict(outcomes['without'][name])}, with {dict(outcomes['with'][name])}")
print(f"{len(outcomes['with'])} tests, {rounds} rounds of each kind, {len(different)} with other outcomes")
sys.exit(1 if different else 0)
