#!/usr/bin/env python3
"""Holds the probe's JSON Lines against docs/formats/watch.schema.json and finding.schema.json, judged by python3-jsonschema.

The golden runs, and the schemas themselves: each way to break a record that is listed below must be
refused, so that a schema which accepts everything fails.
Usage: schema_test.py SCHEMA_FOLDER GOLDEN_FOLDER
"""
import glob
import json
import os
import pathlib
import sys

import jsonschema

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2]))
from broken_record import DELETE, broken, change  # noqa: E402

schemas, golden = sys.argv[1:]


def load(name):
    with open(os.path.join(schemas, name), encoding="utf-8") as file:
        schema = json.load(file)
    jsonschema.Draft202012Validator.check_schema(schema)
    return schema


watch, finding = load("watch.schema.json"), load("finding.schema.json")
resolver = jsonschema.RefResolver("watch.schema.json", watch, store={"finding.schema.json": finding, "watch.schema.json": watch})
validator = jsonschema.Draft202012Validator(watch, resolver=resolver)
failures = []


def explain(record):
    """The errors of the branch that is meant for this type of record."""
    branch = finding if record.get("type") == "finding" else watch["$defs"].get(record.get("type"), watch)
    base = "finding.schema.json" if branch is finding else "watch.schema.json"
    local = jsonschema.RefResolver(base, finding if branch is finding else watch, store=resolver.store)
    errors = jsonschema.Draft202012Validator(branch, resolver=local).iter_errors(record)
    return "; ".join(f"{'/'.join(map(str, error.absolute_path))}: {error.message}" for error in errors)


records = {}
count = 0
for path in sorted(glob.glob(os.path.join(golden, "*.jsonl"))):
    with open(path, encoding="utf-8") as file:
        lines = [json.loads(line) for line in file]
    types = [line["type"] for line in lines]
    if types[0] != "start" or types[-1] != "end" or types.count("start") != 1 or types.count("end") != 1:
        failures.append(f"{path}: the records come as {types}")
    for number, record in enumerate(lines, 1):
        count += 1
        # What is hostile about that run is not what the schema promises: names that are no subsystem, a rate below 0.
        if "hostile" in path and record["type"] in ("finding", "end"):
            continue
        if not validator.is_valid(record):
            failures.append(f"{path}:{number}: {explain(record)}")
        if "full" in path:
            records.setdefault(record.get("rule", record["type"]), record)
if sorted(records) != ["cpu-hog", "deadlock", "end", "finalizer-stall", "forced-gc", "goroutine-flood", "goroutine-leak", "gosched-spin", "lock-held", "panic", "start", "stuck-m",
                       "thread-churn", "tick", "timer-flood"]:
    failures.append(f"the golden runs have only {sorted(records)}")

# In which record, where, and what is put there.
with open(os.path.join(golden, "census.json"), encoding="utf-8") as file:
    census = json.load(file)
census_validator = jsonschema.Draft202012Validator(load("census.schema.json"))
failures += [f"census.json: {'/'.join(map(str, error.absolute_path))}: {error.message}" for error in census_validator.iter_errors(census)]
wrong_census = [
    (["schema"], "cgoscope/census/2"), (["extra"], 1), (["process", "pid"], 0), (["goroutines", "user_count"], -1), (["goroutines", "kinds", 0, "count"], 0),
    (["goroutines", "kinds", 0, "state"], "asleep"), (["goroutines", "kinds", 0, "waits_at_least_ms"], -1), (["goroutines", "kinds", 0, "stack"], DELETE),
    (["goroutines", "kinds", 0, "where", "line"], -1), (["goroutines", "kinds", 0, "goroutines"], list(range(1, 18))),
    (["threads", "ms", 0, "doing"], "sleeping"), (["threads", "ms", 2, "syscall"], 1), (["threads", "count"], None), (["ps_count"], "4"),
    (["problems"], None), (["live_timers_count"], 1.5),
]
for where, value in wrong_census:
    if census_validator.is_valid(broken(census, where, value)):
        failures.append(f"the schema accepts a census with {change(where, value)}")
wrong = [
    ("start", ["type"], "begin"), ("start", ["type"], DELETE), ("start", ["schema"], "cgoscope/watch/2"), ("start", ["extra"], 1),
    ("start", ["time"], "2025-01-02 03:04:05"), ("start", ["time"], "2025-01-02T03:04:05Z"), ("start", ["process", "pid"], 0),
    ("start", ["process", "extra"], 1), ("start", ["interval_s"], 0), ("start", ["notes"], [""]), ("start", ["tool", "name"], "cgoscope-lint"),
    ("start", ["started_by_us"], None), ("start", ["link_kind"], DELETE),
    ("tick", ["run_ms"], -1), ("tick", ["threads", "count"], None), ("tick", ["threads", "limit"], -1), ("tick", ["threads", "extra"], 1),
    ("tick", ["ms", "in_c"], 1.5), ("tick", ["live_timers"], "1"), ("tick", ["events"], DELETE), ("tick", ["extra"], 1),
    ("tick", ["overhead_share"], -0.1), ("tick", ["type"], "finding"),
    ("stuck-m", ["id"], "0123456789ABCDEF"), ("stuck-m", ["rule"], "blocking-call"), ("stuck-m", ["rule"], "thread-churn"),
    ("stuck-m", ["severity"], "fatal"), ("stuck-m", ["subsystem"], "timers"), ("stuck-m", ["schema"], "cgoscope/finding/2"),
    ("stuck-m", ["where", "line"], -1), ("stuck-m", ["where", "package"], DELETE), ("stuck-m", ["where"], None),
    ("stuck-m", ["stack", 0, "pc"], 1), ("stuck-m", ["threads"], list(range(21))), ("stuck-m", ["goroutines", 0], "1"),
    ("stuck-m", ["evidence", "ms_count"], 0), ("stuck-m", ["evidence", "longest_ms"], 1.5), ("stuck-m", ["evidence", "syscall"], None),
    ("stuck-m", ["evidence", "extra"], 1), ("stuck-m", ["lint"], 1), ("stuck-m", ["message"], ""), ("stuck-m", ["advice"], DELETE),
    ("stuck-m", ["again"], None), ("stuck-m", ["first_seen"], DELETE), ("stuck-m", ["process"], DELETE), ("stuck-m", ["extra"], 1),
    ("thread-churn", ["evidence", "destroyed_per_s"], -1), ("thread-churn", ["evidence", "locked"], None),
    ("thread-churn", ["c_function"], "slow"), ("thread-churn", ["evidence", "created_per_s"], DELETE),
    ("timer-flood", ["evidence", "kept"], 1), ("timer-flood", ["evidence", "live_count"], 1.5), ("timer-flood", ["subsystem"], "cgo"),
    ("goroutine-leak", ["evidence", "goroutines_count"], 0), ("goroutine-leak", ["evidence", "woken_per_s"], -1), ("goroutine-leak", ["subsystem"], "timers"),
    ("goroutine-leak", ["evidence", "started"], None), ("lock-held", ["evidence", "waiters_count"], 1.5), ("lock-held", ["evidence", "longest_ms"], DELETE),
    ("deadlock", ["evidence", "waits", 0, "goroutines_count"], 0), ("deadlock", ["evidence", "waits", 0, "where"], DELETE), ("deadlock", ["evidence", "extra"], 1),
    ("panic", ["evidence", "value_kind"], "text"), ("panic", ["evidence", "value"], None), ("panic", ["evidence", "started"], None),
    ("goroutine-flood", ["evidence", "goroutines_count"], -1), ("goroutine-flood", ["evidence", "ended_per_s"], DELETE),
    ("goroutine-flood", ["subsystem"], "threads"), ("goroutine-flood", ["evidence", "entry"], None),
    ("forced-gc", ["evidence", "forced_per_s"], -1), ("forced-gc", ["evidence", "pools_emptied_per_s"], DELETE), ("forced-gc", ["subsystem"], "gc"),
    ("gosched-spin", ["evidence", "yields_per_s"], "fast"), ("gosched-spin", ["evidence", "extra"], 1), ("gosched-spin", ["subsystem"], "threads"),
    ("cpu-hog", ["evidence", "goroutines_count"], 0), ("cpu-hog", ["evidence", "longest_ms"], 1.5), ("cpu-hog", ["evidence", "preempted_per_s"], DELETE),
    ("finalizer-stall", ["evidence", "kind"], "stalls"), ("finalizer-stall", ["evidence", "finalizer"], None), ("finalizer-stall", ["subsystem"], "collector"),
    ("panic", ["subsystem"], "threads"), ("panic", ["evidence", "entry"], DELETE),
    ("end", ["findings"], -1), ("end", ["findings"], []), ("end", ["target", "exited"], None), ("end", ["target", "status"], "2"),
    ("end", ["signals", 0, "name"], "gopark"), ("end", ["signals", 0, "state"], "off"), ("end", ["signals", 0, "hits"], -1),
    ("end", ["signals", 0, "missed"], DELETE), ("end", ["overhead", "ns_per_hit"], -1), ("end", ["overhead", "extra"], 1),
    ("end", ["summary", "parks", 0, "reason"], 2), ("end", ["summary", "timers", 0, "where"], None),
    ("end", ["summary", "cgo_calls", 0, "p50_ms"], "1"), ("end", ["summary", "threads", "created"], -1), ("end", ["summary"], DELETE),
    ("end", ["why"], None), ("end", ["extra"], 1),
    ("end", ["summary", "long_c_calls"], DELETE), ("end", ["summary", "long_c_calls", 0, "calls"], 0), ("end", ["summary", "long_c_calls", 0, "stack"], DELETE),
    ("end", ["summary", "long_c_calls", 0, "function", "p50_ms"], -1), ("end", ["summary", "long_c_calls", 0, "running"], None),
    ("end", ["lint"], DELETE), ("end", ["lint"], []), ("end", ["lint", "file"], None), ("end", ["lint", "findings"], -1), ("end", ["lint", "extra"], 1),
    ("end", ["lint", "confirmed", 0, "ids"], []), ("end", ["lint", "confirmed", 0, "ids", 0], "1"), ("end", ["lint", "confirmed", 0, "by"], "guess"),
    ("end", ["lint", "confirmed", 0, "stack"], []), ("end", ["lint", "confirmed", 0, "max_ms"], -1), ("end", ["lint", "unpredicted", 0, "elsewhere"], DELETE),
    ("end", ["lint", "unpredicted", 0, "stack"], DELETE), ("end", ["lint", "unpredicted_count"], -1),
    ("stuck-m", ["lint_alike"], DELETE), ("stuck-m", ["lint_alike", 0], "1"), ("stuck-m", ["lint"], "1"),
]
for name, where, value in wrong:
    if validator.is_valid(broken(records[name], where, value)):
        failures.append(f"the schema accepts a {name} with {change(where, value)}")

print("\n".join(failures) or f"{count} golden records are valid; {len(wrong) + len(wrong_census)} wrong ones are refused")
sys.exit(1 if failures else 0)
