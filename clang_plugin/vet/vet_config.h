// What go vet tells of the package that it hands to a vet tool: a file vet.cfg in JSON (cmd/go,
// work/exec.go, vetConfig; fields have been added from release to release, and none of those that
// are read here has changed from Go 1.19 to 1.27).
//
// Of a package that uses cgo it names what cgo made, not the sources: _cgo_gotypes.go and, for each
// a.go that imports "C", a.cgo1.go in the folder that vet.cfg lies in. It names no C files and no
// flags. So a.go is looked for in the package's folder, and the C files are those there that Go
// does not list as left out (IgnoredFiles).
#pragma once

#include <map>
#include <string>
#include <vector>

#include "clang_plugin/packages/package.h"
#include "findings/result.h"

namespace cgoscope {

struct VetConfig {
  std::string folder;                      // the one that vet.cfg lies in, with what cgo made
  std::string id;                          // "example.org/p [example.org/p.test]"
  std::string directory;                   // absolute
  std::string import_path;                 // "command-line-arguments" for `go vet a.go`
  std::vector<std::string> go_files;       // absolute
  std::vector<std::string> ignored_files;  // absolute: left out by build constraints
  bool only_facts = false;  // a dependency of what is vetted: facts are wanted, no findings
  std::string facts_file;   // where to write facts; "" when Go wants none
  std::map<std::string, std::string> import_map;  // from paths as written to import paths
  // The files of facts of the packages that it imports, by import path, without those of Go's own
  // library.
  std::map<std::string, std::string> imported_facts;
  std::string output_file;  // where to write instead of standard output; "" before Go 1.26
};

// Fails when `text` is no JSON object or lacks what no Go leaves out. `path` is that of the file.
Result<VetConfig> parse_vet_config(const std::string& text, const std::string& path);

// Whether one of the package's files imports "C" in the build that Go makes.
bool uses_cgo(const VetConfig& config);

// Whether the package is of Go's own library.
bool is_standard(const VetConfig& config);

// Whether a package that it imports has facts to hand on, or a file of them that cannot be read.
bool has_imported_facts(const VetConfig& config);

// The package, as the command line reads it: its tests, which cannot use cgo, are left out. Flags
// are not filled in.
Package vetted_package(const VetConfig& config);

}  // namespace cgoscope
