// What silences rest on: the functions that are reached without anything being known of them.
#pragma once

#include <string>
#include <vector>

#include "clang_plugin/analysis/program.h"
#include "findings/finding.h"

namespace cgoscope {

// Of a C.f(...) in Go: where it stands, and what it calls.
struct EntryPoint {
  GoPlace go;
  std::string name;  // as the catalogue knows it
  std::string link_name;
};

// Every branch counts as taken, and calls through pointers are not followed. Functions of the C
// library, POSIX, Linux and C++ are left out, for there the catalogue is held to be complete.
// Sorted by header and name. `display` makes an absolute path fit for a report.
std::vector<UnknownFunction> unknown_functions(Program& program,
                                               const std::vector<EntryPoint>& entries,
                                               std::string (*display)(const std::string& path));

}  // namespace cgoscope
