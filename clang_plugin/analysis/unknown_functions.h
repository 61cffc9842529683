// What silences rest on: the functions that are reached without anything being known of them.
#pragma once

#include <map>
#include <string>
#include <string_view>
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

// How a header is included: "glib-2.0/glib/gmain.h" of "/usr/include/glib-2.0/glib/gmain.h"; ""
// when the path has no folder of headers in it.
std::string header_name(std::string_view path);
// Whether it is one of the C library, POSIX, Linux, C++ or the compiler.
bool is_standard_header(std::string_view path);

}  // namespace cgoscope
