// What the lint needs to know of one Go package, wherever it came from: `go list` or the reading of
// a directory.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "clang_plugin/packages/go_file.h"
#include "findings/finding.h"

namespace cgoscope {

struct Package {
  std::string import_path;        // what Go would call it; for a directory without a module, the
                                  // package's name or the folder's
  std::string name;               // the package clause
  std::string directory;          // absolute
  std::vector<GoFile> cgo_files;  // files that import "C" and are built here
  std::vector<GoFile>
      go_files;  // the others that are built (their constants count), without references
  std::vector<std::string> c_files;  // absolute paths, sorted
  std::vector<std::string> cxx_files;
  std::vector<std::string>
      c_flags;  // CPPFLAGS and CFLAGS: environment, pkg-config, #cgo lines; filtered (safe_flags.h)
  std::vector<std::string> cxx_flags;  // the same with CXXFLAGS
  std::string machine;                 // that C is read for, "aarch64"; "" for this one
  // From paths as import declarations have them to the packages' own, where vendoring makes them
  // differ.
  std::map<std::string, std::string> import_map;
  bool is_standard = false;       // of Go's own library
  std::vector<Problem> problems;  // those of its files (GoFile::problems) too
};

// What the names of the package's functions begin with as Go's linker spells them, without the dot:
// "main", "example.org/p", "gopkg.in/lxc/go-lxc%2ev2".
std::string linker_package(const Package& package);

}  // namespace cgoscope
