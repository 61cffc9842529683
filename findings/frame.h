// One line of a stack, Go's or C's, as both are shown.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace cgoscope {

struct Frame {
  std::string function;  // Go: the linker's name in full, "example.org/p.(*T).M"; C: the symbol; ""
                         // when no name is known
  std::string file;      // "" when unknown
  int line = 0;          // 1-based; 0 when unknown
  uint64_t pc = 0;       // as linked (without the load base); frames that were inlined into one
                         // place share it; 0 in a frame that was read from a recording

  // The name, file and line; the pc takes no part.
  bool operator==(const Frame& other) const {
    return function == other.function && file == other.file && line == other.line;
  }
};

// The import path in a Go linker name: "example.org/p" of "example.org/p.(*T).M.func1". Dots in the
// last element are escaped by the linker ("gopkg.in/yaml%2ev3.f"), and are given back as dots. ""
// when the name has no dot, as C's have none.
std::string go_package(std::string_view function);

// Whether the function is the runtime's own: of package runtime, or below runtime/ and
// internal/runtime/.
bool is_runtime_function(std::string_view function);

}  // namespace cgoscope
