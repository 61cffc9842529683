#!/usr/bin/env python3
"""Holds cgoscope-lint's JSON against docs/formats/lint.schema.json, judged by python3-jsonschema.

The golden reports, what the binary says of the example, and the schema itself: each way to break a
report that is listed below must be refused, so that a schema which accepts everything fails.
Usage: lint_schema_test.py SCHEMA GOLDEN_FOLDER CGOSCOPE_LINT EXAMPLE_FOLDER
"""
import copy
import glob
import json
import os
import pathlib
import subprocess
import sys

import jsonschema

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from broken_record import DELETE, broken, change  # noqa: E402

schema_path, golden, lint, example = sys.argv[1:]
with open(schema_path, encoding="utf-8") as file:
    schema = json.load(file)
jsonschema.Draft202012Validator.check_schema(schema)
validator = jsonschema.Draft202012Validator(schema)
failures = []


def check(name, report):
    for error in validator.iter_errors(report):
        failures.append(f"{name}: {'/'.join(map(str, error.absolute_path))}: {error.message}")
    ids = [finding["id"] for finding in report["findings"]]
    return ids


reports = sorted(glob.glob(os.path.join(golden, "*.json")))
if len(reports) < 5:
    failures.append(f"{golden} holds {len(reports)} reports, which is too few to be right")
for path in reports:
    with open(path, encoding="utf-8") as file:
        check(path, json.load(file))

run = subprocess.run([lint, "--format", "json", "--unknown", example], stdout=subprocess.PIPE, check=False)
if run.returncode != 1:
    failures.append(f"{lint} exited with {run.returncode} on {example}, where 1 was expected")
real = json.loads(run.stdout)
ids = check("the example's report", real)
if len(ids) < 3 or len(set(ids)) != len(ids):
    failures.append(f"the example's report has the ids {ids}: too few, or one twice")

# SARIF describes the rules that JSON names.
run = subprocess.run([lint, "--format", "sarif", example], stdout=subprocess.PIPE, check=False)
described = [rule["id"] for rule in json.loads(run.stdout)["runs"][0]["tool"]["driver"]["rules"]]
named = schema["$defs"]["finding"]["properties"]["rule"]["enum"]
if sorted(described) != sorted(named):
    failures.append(f"SARIF has the rules {described}, the schema {named}")

# A report with one finding of each kind, which is right.
finding = {
    "id": "0123456789abcdef", "rule": "blocking-call", "severity": "error", "bound": "unbounded", "bound_ms": None,
    "go": {"package": "p", "file": "a.go", "line": 1, "column": 1, "function": "p.F", "call": "C.f"},
    "c": {"file": "", "line": 0, "column": 0, "function": "", "call": "f"},
    "path": [{"function": "f", "file": "a.c", "line": 1}], "message": "m", "advice": "a",
}
finding["observed"] = {"max_ms": 7100.5, "p99_ms": None, "calls": 12, "runs": 2, "by": "stack"}
unused = dict(copy.deepcopy(finding), rule="unused-suppression", severity="note", bound=None, c=None, path=[], observed=None)
spin = copy.deepcopy(finding)
spin.update(rule="busy-wait", c={"file": "a.c", "line": 1, "column": 1, "function": "f", "call": ""})
across = copy.deepcopy(finding)
across["go"]["call"] = "slow.Query"
dotted = copy.deepcopy(finding)
dotted["go"]["call"] = "Query"
right = {
    "schema": "cgoscope/lint/1", "tool": {"name": "cgoscope-lint", "version": "1"}, "findings": [finding, unused, spin, across, dotted],
    "errors": [{"file": "", "line": 0, "message": "m"}], "notes": ["n"],
    "unknown_functions": [{"name": "f", "header": "", "library_has_rows": False, "go": dict(finding["go"])}],
    "stats": {"packages": 0, "translation_units": 0, "c_functions": 0, "go_call_sites": 0, "elapsed_ms": 0},
}
check("the right report", right)

# Where, and what is put there.
wrong = [
    (["schema"], "cgoscope/lint/2"), (["notes"], DELETE), (["extra"], 1), (["tool", "extra"], 1), (["tool", "version"], ""),
    (["stats", "packages"], -1), (["stats", "packages"], 1.5), (["stats", "elapsed_ms"], DELETE), (["stats", "extra"], 1),
    (["unknown_functions", 0, "name"], ""), (["unknown_functions", 0, "go"], DELETE), (["unknown_functions", 0, "calls"], 1),
    (["errors", 0, "line"], None), (["errors", 0, "message"], ""), (["errors", 0, "extra"], 1), (["notes", 0], None),
    (["findings", 0, "id"], "0123456789ABCDEF"), (["findings", 0, "id"], "0123456789abcdef0"), (["findings", 0, "rule"], "stuck-m"),
    (["findings", 0, "severity"], "off"), (["findings", 0, "bound"], "endless"), (["findings", 0, "bound"], None),
    (["findings", 0, "bound"], "bounded"), (["findings", 0, "bound_ms"], 5), (["findings", 0, "c"], None),
    (["findings", 0, "c", "call"], ""), (["findings", 0, "c", "extra"], 1), (["findings", 0, "c", "line"], DELETE),
    (["findings", 0, "go", "line"], 0), (["findings", 0, "go", "column"], 0), (["findings", 0, "go", "file"], ""),
    (["findings", 0, "go", "call"], "f"), (["findings", 0, "go", "extra"], 1), (["findings", 0, "go"], None),
    (["findings", 0, "path"], None), (["findings", 0, "path", 0, "line"], DELETE), (["findings", 0, "path", 0, "column"], 1),
    (["findings", 0, "message"], ""), (["findings", 0, "advice"], DELETE), (["findings", 0, "extra"], 1),
    (["findings", 0, "observed", "calls"], 0), (["findings", 0, "observed", "by"], "guess"), (["findings", 0, "observed", "max_ms"], -1),
    (["findings", 0, "observed", "p99_ms"], DELETE), (["findings", 0, "observed", "runs"], 0), (["findings", 0, "observed", "extra"], 1),
    (["findings", 1, "severity"], "error"), (["findings", 1, "bound"], "unbounded"),
    (["findings", 1, "path"], [{"function": "f", "file": "a.c", "line": 1}]),
    (["findings", 3, "go", "call"], "slow.query"), (["findings", 4, "go", "call"], "query"), (["findings", 4, "go", "call"], ""),
    (["findings", 2, "bound"], "variable"), (["findings", 2, "c", "file"], ""), (["findings", 2, "c", "call"], "read"),
]
for where, value in wrong:
    if validator.is_valid(broken(right, where, value)):
        failures.append(f"the schema accepts a report with {change(where, value)}")

print("\n".join(failures) or f"{len(reports)} golden reports and the example's are valid; {len(wrong)} wrong ones are refused")
sys.exit(1 if failures else 0)
