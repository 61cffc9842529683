// What the go command says: `go env` and `go list`, as values.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "findings/result.h"

namespace cgoscope {

// The settings that matter here. Without a go command they come from the environment alone.
struct GoSettings {
  bool has_go = false;
  std::string goos, goarch;  // "" when unknown
  int minor = 0;             // of the Go version, 0 when unknown
  std::string goflags;
  std::string go111module;
  std::string cgo_enabled;  // "0", "1" or ""
  std::string cflags, cppflags, cxxflags;
  std::string pkg_config;
};

// Fails only when there is a go command that does not answer as one.
Result<GoSettings> go_settings(const std::string& directory);

// Of the environment; "" when it is not set.
std::string variable(const char* name);

// The same as go_settings from environment variables, for when there is no (working) go command.
GoSettings settings_of_environment();

// The values of -tags in GOFLAGS.
std::vector<std::string> tags_in_goflags(const std::string& goflags);

// One package of `go list`. File names are relative to `directory`.
struct ListedPackage {
  std::string import_path;
  std::string name;
  std::string directory;  // absolute; "" when go found none
  std::vector<std::string> go_files, cgo_files, c_files, cxx_files;
  std::vector<std::string> unread_files;                            // Objective-C, Fortran, SWIG
  std::vector<std::string> cflags, cppflags, cxxflags, pkg_config;  // of its #cgo lines
  std::map<std::string, std::string> import_map;                    // Package::import_map
  bool is_standard = false;                                         // of Go's own library
  bool is_only_dependency = false;  // no pattern names it; only with ListQuery::dependencies
  std::string error;                // why go cannot load it, "" when it can
  std::string error_position;       // "file:line:column", often ""
};

struct ListQuery {
  std::string directory;  // where go runs
  std::vector<std::string> patterns;
  std::vector<std::string> tags;
  bool ignore_workspace = false;  // GOWORK=off
  int timeout_s = 600;
  bool dependencies = false;  // the packages that the named ones import too, at any remove
};

// `go list -e` as with CGO_ENABLED=1. The go command downloads nothing meanwhile (GOPROXY=off, no
// direct access either) and runs no version control. Fails when go does, as it does without a
// module; the error's `why` is go's own.
Result<std::vector<ListedPackage>> go_list(const ListQuery& query);

// Reads what `go list -json` printed: JSON objects, one behind the other.
Result<std::vector<ListedPackage>> parse_go_list(const std::string& json);

}  // namespace cgoscope
