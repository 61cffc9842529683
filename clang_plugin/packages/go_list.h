// Packages as the go command sees them: `go list`, `go env` and pkg-config.
#pragma once

#include <string>
#include <vector>

#include "clang_plugin/packages/package.h"
#include "findings/result.h"

namespace cgoscope {

struct PackageQuery {
  std::vector<std::string> patterns;  // packages, directories, files, as on the command line
  std::vector<std::string> tags;      // --tags
  int go_timeout_s =
      600;  // for one answer of go list: a large module with a cold cache takes minutes
  // Who calls whom is wanted too: fills GoFile::calls, PackageList::without_cgo and ::dependencies.
  bool across_packages = false;
};

// What answering a query gave: packages that use cgo, and what could not be read. `notes` are for a
// person ("CGO_ENABLED=0 is set; analysing as with CGO_ENABLED=1"). `packages_seen` counts those
// without cgo too.
struct PackageList {
  std::vector<Package> packages;
  std::vector<Package> without_cgo;  // the other packages that were named
  // What these import, at any remove, and no pattern names: without Go's own library, and only what
  // the go command lists.
  std::vector<Package> dependencies;
  std::vector<Problem> problems;
  std::vector<std::string> notes;
  int packages_seen = 0;
};

// Asks `go list` for patterns, and reads directories itself (directory.h) where there is no go
// command or it fails for one: no module, a GOPATH tree, testdata. Fails only when nothing could be
// looked at at all: no pattern names anything.
Result<PackageList> list_packages(const PackageQuery& query);

}  // namespace cgoscope
