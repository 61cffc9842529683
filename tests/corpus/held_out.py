#!/usr/bin/env python3
"""What cgoscope-lint says today of the findings and silences in held-out.tsv, which were judged by reading.

Usage: held_out.py LINT SOURCES [--show]

SOURCES has a folder PACKAGE_VERSION… for each package of held-out.tsv, as tests/corpus/fetch unpacks them; what is not
there is named and left out. A row is one finding that the lint made when the sample was drawn, or one Go call site that it
kept silent about:

  kind      finding; silence-a (a call whose C name has a word such as wait, read or sync); silence-b (any other)
  verdict   of a finding: right, wrong, arguable; of a silence: right, missed (it can block), unsure

Prints how many of each verdict are reported now. Exits with 1 when a run of the lint fails.
"""

import collections
import csv
import pathlib
import sys

from measure import run_lint

PREFIXES = ("usr/share/gocode/src", "usr/share", "")


def place_of(folder, file):
    for prefix in PREFIXES:
        if (folder / prefix / file).is_file():
            return (folder / prefix / file).resolve()
    return None


def blocking_call(finding):
    """As the column blocking_fn has it: the call, and for one that the package's own C makes, its place."""
    c = finding["c"]
    return c["call"] + (f" at {pathlib.Path(c['file']).name}:{c['line']}" if c["file"] else "")


def reported(lint, places):
    """(path, line, blocking call) of each finding in the packages of these Go files, and its bound."""
    found = {}
    for finding in run_lint(lint, sorted({path.parent for path in places}))["findings"]:
        go = finding["go"]
        if finding["c"]:
            found[str(pathlib.Path(go["file"]).resolve()), go["line"], go["call"], blocking_call(finding)] = finding["bound"]
    return found


def main():
    arguments = [a for a in sys.argv[1:] if a != "--show"]
    if len(arguments) != 2:
        sys.exit(__doc__)
    lint, sources = arguments[0], pathlib.Path(arguments[1])
    by_package = collections.defaultdict(list)
    with open(pathlib.Path(__file__).with_name("held-out.tsv"), encoding="utf-8") as file:
        for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE):
            by_package[row["package"]].append(row)
    told, judged, bounds, absent = collections.Counter(), collections.Counter(), collections.Counter(), []
    for package, rows in sorted(by_package.items()):
        folder = next(iter(sorted(sources.glob(package + "_*"))), None)
        places = [folder and place_of(folder, row["file"]) for row in rows]
        if None in places:
            absent.append(package)
            continue
        found = reported(lint, places)
        for row, path in zip(rows, places):
            key = str(path), int(row["line"]), "C." + row["c_func"]
            bound = found.get((*key, row["blocking_fn"])) if row["kind"] == "finding" else next((b for k, b in found.items() if k[:3] == key), None)
            what = row["kind"], row["verdict"]
            judged[what] += 1
            told[what] += bound is not None
            if what == ("finding", "right") and bound:
                bounds[bound == (row["bound_should_be"].strip("?") or row["bound"])] += 1
            if "--show" in sys.argv and (bound is not None) != (row["kind"] == "finding"):
                print(f"{row['kind']} {row['verdict']}, now {bound or 'silent'}: {row['file']}:{row['line']} C.{row['c_func']} {row['blocking_fn']} {row['note']}")
    for what in sorted(judged):
        print(f"{what[0]:10} judged {what[1]:9} {judged[what]:4}, reported now {told[what]:4}")
    print(f"bounds of the right findings: {bounds[True]} right, {bounds[False]} wrong")
    print(f"packages not there: {' '.join(absent) or 'none'}")


if __name__ == "__main__":
    main()
