// What of a package is handed to Clang: a unit for each preamble and for each C and C++ file.
#pragma once

#include <vector>

#include "clang_plugin/packages/package.h"
#include "clang_plugin/summary/summarize.h"

namespace cgoscope {

// The units of package.cgo_files in their order, then those of c_files and cxx_files.
std::vector<SourceUnit> source_units(const Package& package);

}  // namespace cgoscope
