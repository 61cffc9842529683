"""Which folders of a tree of sources hold Go packages that use cgo."""

import os
import pathlib
import re

IMPORT_C = re.compile(rb'^import\s*\(?[^)]*"C"', re.MULTILINE)


def cgo_folders(tree):
    """The folders below `tree` with a .go file that imports "C" and is no test. Links are not followed."""
    folders = set()
    for place, _, names in os.walk(tree):
        for name in names:
            path = pathlib.Path(place, name)
            if name.endswith(".go") and not name.endswith("_test.go") and not path.is_symlink() and path.is_file():
                if IMPORT_C.search(path.read_bytes()):
                    folders.add(path.parent)
    return sorted(folders)
