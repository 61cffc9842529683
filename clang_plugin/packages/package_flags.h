// The flags cgo would give the C compiler for a package.
#pragma once

#include <string>
#include <vector>

#include "clang_plugin/packages/build_constraint.h"
#include "clang_plugin/packages/cgo_flags.h"
#include "clang_plugin/packages/package.h"

namespace cgoscope {

// The user's CGO_CFLAGS, CGO_CPPFLAGS and CGO_CXXFLAGS, split and filtered, the program to ask, and
// the flags for another machine (clang_target.h), if it is one.
struct CgoEnvironment {
  std::vector<std::string> cflags, cppflags, cxxflags;
  std::string pkg_config = "pkg-config";
  std::vector<std::string> target;
};

// Names what it refuses in `problems`. An empty `pkg_config` means the default.
CgoEnvironment cgo_environment(const std::string& cflags, const std::string& cppflags,
                               const std::string& cxxflags, const std::string& pkg_config,
                               std::vector<Problem>& problems);

// The #cgo lines of the package's files that hold in `context`, in order. Malformed ones go to
// package.problems.
std::vector<CgoLine> cgo_lines_in_effect(Package& package, const BuildContext& context);

// Fills package.c_flags and cxx_flags in cmd/go's order: the target, the package's directory, the
// environment, `lines` and pkg-config. Runs pkg-config when a line asks for it; a missing
// pkg-config, a package it does not know, or a refused flag is a problem of the package, and the
// rest is filled.
void resolve_flags(Package& package, const std::vector<CgoLine>& lines,
                   const CgoEnvironment& environment);

}  // namespace cgoscope
