// Names of functions that have none: init functions and closures of package-level variables count
// through the whole package.
#pragma once

#include <string_view>
#include <vector>

#include "clang_plugin/packages/go_file.h"

namespace cgoscope {

inline constexpr std::string_view kInitFunction = "init.";        // init.0, init.1, …
inline constexpr std::string_view kPackageClosure = "init.func";  // init.func1, …

// Continues these numbers, which parse_go_file starts anew in each file, through the files of a
// package in the order in which the compiler gets them: go_files, then cgo_files, each sorted by
// name. Once, when the package is complete.
void number_across_files(const std::vector<GoFile*>& files);

}  // namespace cgoscope
