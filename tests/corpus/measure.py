#!/usr/bin/env python3
"""How right cgoscope-lint is on real cgo packages, against labels made by reading.

Usage: measure.py LINT LABELS.tsv SOURCES [--show]

SOURCES has a folder for each package, named as in the labels' column `package` (Debian source-library packages, unpacked).
Each label is one Go call site: package, file, line, the C function called, and a verdict. A label whose line does not name
the C function any more is skipped and counted. Prints, for each package and in all:

  recall     share of the sites labelled as blocking that have a finding at their Go line
  precision  share of the labelled sites with a finding that are labelled as blocking
  bound      share of the blocking sites found whose bound (unbounded, bounded, variable) is the label's

once for all findings and once without notes. Exits with 1 when a run of the lint fails, hangs or is killed.
"""

import csv
import json
import pathlib
import subprocess
import sys

from cgo_folders import cgo_folders

BOUNDS = {"BLOCK_UNBOUNDED": "unbounded", "BLOCK_BOUNDED_LONG": "bounded", "BLOCK_VARIABLE": "variable", "NOT_BLOCKING": None}
GOCODE = "usr/share/gocode/src"
TIMEOUT_S = 600


def run_lint(lint, folders):
    command = [lint, "--cache", "off", "--format", "json", *map(str, folders)]
    run = subprocess.run(command, capture_output=True, timeout=TIMEOUT_S)
    if run.returncode not in (0, 1, 4):
        sys.exit(f"{command[0]} exited with {run.returncode} on {folders[0]}…: {run.stderr.decode(errors='replace')[:500]}")
    return json.loads(run.stdout)


def findings_by_place(report):
    places = {}
    for finding in report["findings"]:
        if finding["rule"] != "unused-suppression":
            places.setdefault((str(pathlib.Path(finding["go"]["file"]).resolve()), finding["go"]["line"]), []).append(finding)
    return places


class Score:
    def __init__(self):
        self.positives = self.found = self.alarms = self.right_bounds = 0

    def add(self, label, findings):
        expected = BOUNDS[label["verdict"]]
        if expected is None:
            self.alarms += bool(findings)
            return "false alarm" if findings else ""
        self.positives += 1
        if not findings:
            return "missed"
        self.found += 1
        called = label["blocking_fn"].split("(")[0]
        named = [f for f in findings if f["c"] and f["c"]["call"] == called] or findings
        right = any(f["bound"] == expected for f in named)
        self.right_bounds += right
        return "" if right else f"bound {'/'.join(sorted({f['bound'] for f in named}))}, labelled {expected}"

    def __iadd__(self, other):
        for name, value in vars(other).items():
            setattr(self, name, getattr(self, name) + value)
        return self

    def __str__(self):
        def share(part, whole):
            return f"{part / whole:5.2f}" if whole else "    -"

        return (f"{share(self.found, self.positives)} {share(self.found, self.found + self.alarms)} "
                f"{share(self.right_bounds, self.found)}  ({self.positives} blocking, {self.found} found, {self.alarms} false alarms)")


def main():
    arguments = [a for a in sys.argv[1:] if a != "--show"]
    if len(arguments) != 3:
        sys.exit(__doc__)
    lint, labels_path, sources = arguments[0], arguments[1], pathlib.Path(arguments[2])
    show = "--show" in sys.argv
    by_package = {}
    with open(labels_path, encoding="utf-8") as file:
        for label in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE):
            by_package.setdefault(label["package"], []).append(label)
    total, total_loud, stale, absent, errors = Score(), Score(), 0, [], 0
    print(f"{'':58} recall precision bound")
    for package, labels in sorted(by_package.items()):
        folder = sources / package
        folders = cgo_folders(folder) if folder.is_dir() else []
        if not folders:
            absent.append(package)
            continue
        report = run_lint(lint, folders)
        errors += len(report["errors"])
        places = findings_by_place(report)
        score, loud = Score(), Score()
        for label in labels:
            path = (folder / GOCODE / label["file"]).resolve()
            lines = path.read_text(errors="replace").split("\n") if path.is_file() else []
            line = int(label["line"])
            if line > len(lines) or "C." + label["c_func"] not in lines[line - 1]:
                stale += 1
                continue
            found = places.get((str(path), line), [])
            what = score.add(label, found)
            loud.add(label, [f for f in found if f["severity"] != "note"])
            if show and what:
                print(f"  {what}: {label['file']}:{line} C.{label['c_func']} -> {label['blocking_fn']} {label['note']}"
                      f" {[(f['c']['call'], f['severity']) for f in found]}")
        print(f"{package[:58]:58} {score}")
        total += score
        total_loud += loud
    print(f"{'all findings':58} {total}")
    print(f"{'without notes':58} {total_loud}")
    print(f"labels skipped as stale: {stale}; packages not there: {len(absent)} {' '.join(absent)}; files or parts not analysed: {errors}")


if __name__ == "__main__":
    main()
