#!/usr/bin/env python3
"""What the probe costs the process that it watches, measured in one run on the machine at hand. Nothing is asserted.

Usage: probe_bench.py CGOSCOPE PROGRAMS WORK [part...]      as root

PROGRAMS is tests/bench/programs, WORK a folder for what is built. Go toolchains are those of CGOSCOPE_GO_ROOTS (else `go`);
servers those of CGOSCOPE_SERVERS. Parts: hit, attach, memory, server, delay, census; all without any. Runs with and without the probe alternate,
so that both see the same machine; each figure is a median.
"""
import json
import math
import os
import pathlib
import re
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import threading
import time

cgoscope, programs, work = (pathlib.Path(argument).resolve() for argument in sys.argv[1:4])
parts = sys.argv[4:] or ["hit", "attach", "memory", "server", "delay", "census"]
work.mkdir(parents=True, exist_ok=True)
roots = [pathlib.Path(root) for root in os.environ.get("CGOSCOPE_GO_ROOTS", "").split(":") if root]
servers = pathlib.Path(os.environ["CGOSCOPE_SERVERS"]) if "CGOSCOPE_SERVERS" in os.environ else None


def say(text=""):
    print(text, flush=True)


def go_programs(folder, package):
    """(release, executable) for the oldest and the newest toolchain."""
    chosen = [roots[0], roots[-1]] if len(roots) > 1 else roots or [None]
    for root in chosen:
        go = root / "bin/go" if root else "go"
        name = root.name if root else "go"
        out = work / f"{name}-{folder.name}-{package}"
        env = dict(os.environ, GOTOOLCHAIN="local", GOFLAGS="-mod=mod", CGO_ENABLED="1", GOCACHE=str(work / "gocache"))
        subprocess.run([go, "build", "-o", out, f"./{package}"], cwd=folder, env=env, check=True)
        yield name, out


class Lines(threading.Thread):
    """A child's lines, as they come."""

    def __init__(self, stream):
        super().__init__(daemon=True)
        self.stream, self.lines = stream, []
        self.start()

    def run(self):
        for line in self.stream:
            self.lines.append(line)

    def wait_for(self, count, seconds=60):
        end = time.time() + seconds
        while len(self.lines) < count and time.time() < end:
            time.sleep(0.01)
        return self.lines[:count] if len(self.lines) >= count else None


class Watching:
    """A tool that watches, from when it is ready until the block ends."""

    def __init__(self, command, ready):
        self.child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.out = Lines(self.child.stdout)
        self.ready = ready

    def __enter__(self):
        end = time.time() + 30
        while not any(self.ready in line for line in self.out.lines):
            if time.time() > end or self.child.poll() is not None:
                raise RuntimeError(f"{self.child.args[0]} did not become ready: {self.out.lines}")
            time.sleep(0.01)
        time.sleep(0.3)
        return self

    def __exit__(self, *_):
        self.child.send_signal(signal.SIGINT)
        self.child.wait(60)
        self.out.join(5)


def watch(pid, *options):
    return Watching([cgoscope, "watch", "-p", str(pid), "--format", "json", *options], '"start"')


def bpftrace(path, pid, program):
    return Watching(["bpftrace", "-p", str(pid), "-e", f"uprobe:{path}:runtime.gopark {{ {program} }}"], "Attaching")


def hit_cost():
    say("Cost of one hit at runtime.gopark, target's CPU time, ns (two goroutines hand a token to and fro)")
    have_bpftrace = shutil.which("bpftrace")
    if not have_bpftrace:
        say("  bpftrace is not installed: its rows are left out")
    for release, program in go_programs(programs, "pingpong"):
        target = subprocess.Popen([program, "400"], stdout=subprocess.PIPE, text=True)
        windows = Lines(target.stdout)

        def ns_per_round(count=4):
            at = len(windows.lines) + 1  # the window under way saw the change
            lines = windows.wait_for(at + count)[at:]
            return statistics.median(cpu / rounds for rounds, cpu in (map(int, line.split()) for line in lines))

        tools = {"cgoscope, reason and place": lambda: watch(target.pid, "--signals", "park", "--max-overhead", "none")}
        if have_bpftrace:
            tools["bpftrace, count"] = lambda: bpftrace(program, target.pid, "@ = count();")
            tools["bpftrace, 8-frame stack"] = lambda: bpftrace(program, target.pid, "@[ustack(8)] = count();")
        costs = {name: [] for name in tools}
        for _ in range(5):
            for name, tool in tools.items():
                without = ns_per_round()
                with tool():
                    costs[name].append((ns_per_round() - without) / 2)
        target.kill()
        target.wait()
        for name, values in costs.items():
            say(f"  {release}  {name:28} {statistics.median(values):7.0f}   ({min(values):.0f} to {max(values):.0f})")
        if have_bpftrace:
            ours, theirs = (statistics.median(costs[name]) for name in ("cgoscope, reason and place", "bpftrace, 8-frame stack"))
            say(f"  {release}  ratio {theirs / ours:.1f} (goal: at least 5)")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def server(name, arguments, suite="bookworm"):
    """A server of Debian's, answering; None when it could not be had."""
    binary = servers / suite / "usr/bin" / name if servers else None
    if not binary or not binary.exists():
        say(f"  {name} of {suite} is not there: run .ci/fetch-servers and set CGOSCOPE_SERVERS")
        return None, 0
    folder = work / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    (folder / "config").write_text("global:\n  scrape_interval: 5s\n")
    port = free_port()
    command = [binary] + [argument.replace("PORT", str(port)).replace("DIR", str(folder)) for argument in arguments]
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=dict(os.environ, HOME=str(folder)))
    for _ in range(100):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return child, port
        time.sleep(0.1)
    raise RuntimeError(f"{name} does not answer")


PROMETHEUS = ["--config.file=DIR/config", "--storage.tsdb.path=DIR/data", "--web.listen-address=127.0.0.1:PORT"]
CADDY = ["file-server", "--listen", "127.0.0.1:PORT", "--root", "DIR"]


def attach_times():
    say("Attaching and detaching all signals, and the start of a run, on a stripped server of 50 MB, ms")
    target, _ = server("prometheus", PROMETHEUS)
    if not target:
        return
    attach, detach, start = [], [], []
    for _ in range(7):
        begun = time.time()
        run = subprocess.Popen([cgoscope, "watch", "-p", str(target.pid), "--format", "json", "--signals", "all", "--duration", "200ms"],
                               stdout=subprocess.PIPE, text=True)
        run.stdout.readline()
        start.append((time.time() - begun) * 1000)
        overhead = json.loads(run.stdout.read().splitlines()[-1])["overhead"]
        run.wait()
        attach.append(overhead["attach_ms"])
        detach.append(overhead["detach_ms"])
    target.terminate()
    target.wait()
    for name, values in (("attach", attach), ("detach", detach), ("from the command to the first record", start)):
        say(f"  {name:40} {statistics.median(values):6.0f}   ({min(values):.0f} to {max(values):.0f})")


def memory():
    say("The probe's memory on the same server, MiB")
    target, _ = server("prometheus", PROMETHEUS)
    if not target:
        return
    with watch(target.pid) as probe:
        time.sleep(5)
        status = pathlib.Path(f"/proc/{probe.child.pid}/status").read_text()
    target.terminate()
    target.wait()
    for field, name in (("VmHWM", "peak"), ("VmRSS", "after 5 s"), ("RssAnon", "of that its own"), ("RssFile", "of that mapped files")):
        kib = int(re.search(rf"{field}:\s+(\d+)", status)[1])
        say(f"  {name:40} {kib / 1024:6.1f}")


def spread(ratios):
    """Their geometric mean, with the 95% interval of it (a normal's: there are 20 and more)."""
    logs = [math.log(ratio) for ratio in ratios]
    mean, error = statistics.mean(logs), 1.96 * statistics.stdev(logs) / math.sqrt(len(logs))
    return f"{math.exp(mean):.3f} ({math.exp(mean - error):.3f} to {math.exp(mean + error):.3f})"


def throughput():
    say("A server under load on the same CPUs, with the probe at its defaults against without: mean of ratios, and its 95% interval")
    wrk = servers / "bookworm/usr/bin/wrk" if servers else None
    for suite in ("bookworm", "sid"):
        target, port = server("caddy", CADDY, suite)
        if not target:
            continue
        env = dict(os.environ, LD_LIBRARY_PATH=str(servers / "bookworm/usr/lib/x86_64-linux-gnu"))

        def cpu_s():
            fields = pathlib.Path(f"/proc/{target.pid}/stat").read_text().rsplit(")", 1)[1].split()
            return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

        def load():
            """Requests a second, and the server's CPU time a request in microseconds."""
            before = cpu_s()
            out = subprocess.run([wrk, "-t1", "-c16", "-d5s", f"http://127.0.0.1:{port}/config"], env=env, capture_output=True, text=True, check=True).stdout
            return float(re.search(r"Requests/sec:\s+([\d.]+)", out)[1]), (cpu_s() - before) * 1e6 / int(re.search(r"(\d+) requests in", out)[1])

        def watched():
            nonlocal share
            with watch(target.pid) as probe:
                measured = load()
            share = max(share, json.loads(probe.out.lines[-1])["overhead"]["share_of_budget_cpus"])
            return measured

        load()
        share, pairs = 0, []
        for round_ in range(24):  # which comes first alternates: a machine that grows slower favours neither
            pairs.append((load(), watched()) if round_ % 2 == 0 else tuple(reversed((watched(), load()))))
        target.terminate()
        target.wait()
        for name, index in (("requests a second", 0), ("CPU time a request", 1)):
            say(f"  caddy of {suite:9} {name:20} {statistics.median(pair[0][index] for pair in pairs):8.1f} without, "
                f"{statistics.median(pair[1][index] for pair in pairs):8.1f} with; ratio {spread([with_[index] / without[index] for without, with_ in pairs])}")
        say(f"  caddy of {suite:9} the probe's own estimate at most {share * 100:.2f}%")


def delay():
    say("From the onset to the finding, s: three runs, at the defaults (a look every second)")
    examples = programs.parents[2] / "examples"
    for example, package, rule in (
            ("stuck_m", "bug", "stuck-m"), ("thread_churn", "bug", "thread-churn"), ("timer_flood", "bug", "timer-flood"),
            ("goroutine_flood", "bug", "goroutine-flood"), ("gosched_spin", "bug", "gosched-spin"), ("cpu_hog", "bug", "cpu-hog"),
            ("forced_gc", "bug", "forced-gc"), ("finalizer_stall", "bug", "finalizer-stall"), ("finalizer_stall", "held", "finalizer-stall"),
            ("goroutine_leak", "bug", "goroutine-leak"), ("lock_held", "bug", "lock-held"), ("deadlock", "bug", "deadlock"),
            ("deadlock", "pure", "deadlock"), ("panic", "bug", "panic")):
        for release, program in go_programs(examples / example, package):
            delays = [seconds for seconds in (to_finding(program, rule) for _ in range(3)) if seconds is not None]
            found = f"{statistics.median(delays):5.1f}   ({min(delays):.1f} to {max(delays):.1f})" if delays else "not found"
            say(f"  {rule + ' (' + package + ')':24} {release:8} {found}" + (f", {len(delays)} of 3 times" if 0 < len(delays) < 3 else ""))


def to_finding(program, rule):
    """Most programs have the bug from their start on. Of a panic and of the runtime's own words, which end the program, the onset is when
    it prints them; a finalizer that does not end is said to run since when."""
    onset = time.time()
    run = subprocess.Popen([cgoscope, "watch", "--format", "json", "--duration", "40s", "--", program],
                           stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    found = None
    for line in run.stderr:
        if line.startswith(("panic: ", "fatal error: ")):
            onset = time.time()
        record = json.loads(line) if line.startswith('{"type"') else {}
        if record.get("type") == "finding" and record["rule"] == rule:
            found = time.time()
            if record["evidence"].get("kind") == "holds-the-finalizer-goroutine":
                onset = found - record["evidence"]["longest_ms"] / 1000
            if rule not in ("panic", "deadlock"):
                break
            run.send_signal(signal.SIGINT)  # one that ends by itself may have its last words to say
    run.send_signal(signal.SIGINT)
    run.communicate(timeout=60)
    return None if found is None else max(found - onset, 0)


def census():
    say("A census: ms to read, MiB at its peak, and by how much a sleep of 1 ms in the target is late at worst in a second, ms")
    for count in (10_000, 1_000_000):
        for release, program in go_programs(programs, "goroutines"):
            target = subprocess.Popen([program, str(count)], stdout=subprocess.PIPE, text=True)
            windows = Lines(target.stdout)
            windows.wait_for(3)
            before = len(windows.lines)
            windows.wait_for(before + 8)
            quiet = [int(line) / 1000 for line in windows.lines[before:]]
            before, read, peak = len(windows.lines), [], []
            end = time.time() + 8
            while time.time() < end:
                child = subprocess.Popen([cgoscope, "census", "--format", "json", "-p", str(target.pid)], stdout=subprocess.PIPE, text=True)
                read.append(json.load(child.stdout)["read_ms"])
                peak.append(os.wait4(child.pid, 0)[2].ru_maxrss / 1024)
            late = [int(line) / 1000 for line in windows.lines[before + 1:]]
            target.kill()
            target.wait()
            say(f"  {release:8} {count:8} goroutines: read {statistics.median(read):7.1f} ({min(read):.1f} to {max(read):.1f}), peak {max(peak):5.1f}; "
                f"late {statistics.median(late):.1f} (at most {max(late):.1f}), without a census {statistics.median(quiet):.1f} (at most {max(quiet):.1f})")


for part, measure in (("hit", hit_cost), ("attach", attach_times), ("memory", memory), ("server", throughput), ("delay", delay), ("census", census)):
    if part in parts:
        measure()
        say()
