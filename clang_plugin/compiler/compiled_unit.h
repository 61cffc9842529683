// What one run of a C compiler shows: one translation unit, out of the package that it belongs to.
//
// When `go build` compiles a package that uses cgo, the compiler gets one file a.cgo2.c for each
// a.go that imports "C", which holds a.go's preamble behind a line directive that names a.go, and
// the package's own C and C++ files. Each finding belongs to one of these: to the C file that its
// way leads through, else to a.cgo2.c. What leads through two C files is seen by none, so these
// findings are some of the command line's.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "clang_plugin/lint.h"

namespace cgoscope {

struct CompiledUnit {
  std::string file;  // absolute
  std::string text;  // of the file
  bool is_cxx = false;
  std::vector<std::string> flags;      // as Clang's driver takes them
  std::vector<std::string> functions;  // by name, those in C that other files can call
};

// The findings that `unit` shows. In a C file without Go files beside it that import "C", each
// function that others can call is judged as if any value were passed; what only an argument
// decides is left out, and GoPlace is empty. Fails when a catalogue of `options` is malformed.
Result<std::vector<Finding>> lint_unit(const CompiledUnit& unit, const LintOptions& options);

// Whether `text`, in C or C++, holds a function of this name with its body.
bool defines_function(std::string_view text, std::string_view name);

// The .go file that cgo made `text` of, as its line directives name it; "" when there is none.
std::string go_file_of(const std::string& text);

}  // namespace cgoscope
