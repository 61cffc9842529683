// A directory, or single files, read as a package without any Go toolchain: build constraints are
// read here. Flags are filled in by package_flags.h.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "clang_plugin/packages/build_constraint.h"
#include "clang_plugin/packages/package.h"
#include "findings/result.h"

namespace cgoscope {

// The package in `directory`: its .go files that `context` builds (tests excluded, as cgo is
// refused there), its C and C++ files. When the files belong to several packages, the one with the
// most files that import "C" is taken and the others are named in `problems`; packages whose files
// all say
// `//go:build ignore` (or another tag that does not hold) are not there. The import path comes from
// the go.mod above it or a GOPATH-like .../src/, else it is the package's name.
// Fails when the directory cannot be read. A directory without Go files is a package without files.
Result<Package> read_directory(const std::string& directory, const BuildContext& context);

// .go files of one directory as a package of their own, whatever their build constraints say, as
// `go build a.go b.go` takes them: without the C files beside them.
Result<Package> read_files(const std::vector<std::string>& paths);

// One source file of `package`, read and parsed into cgo_files or go_files, and its problems. False
// when it cannot be read, which is a problem too.
bool add_go_file(const std::string& path, Package& package);

// One C or C++ file of `package`. False when it cannot be read, is no regular file, or is larger
// than any source that people write, which is a problem too.
inline constexpr size_t kMaxCFileBytes = 64u << 20;
bool add_c_file(const std::string& path, bool is_cxx, Package& package);

// The C and C++ files in the package's directory, without those that `left_out` names (absolute
// paths) and those that go/build never takes ("_x.c", ".x.c"), whatever their build constraints
// say. Files in languages that the lint does not read are named in package.problems.
void add_c_files(const std::vector<std::string>& left_out, Package& package);

// Names a file of `package` in a language that the lint does not read: Objective-C, Fortran, SWIG.
void report_unread_source(const std::string& path, Package& package);

}  // namespace cgoscope
