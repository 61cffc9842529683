// The catalogue's own files, compiled in so that the tool is one file.
#pragma once

#include <span>
#include <string_view>

namespace cgoscope {

struct BuiltInRows {
  std::string_view file;  // "libc-io.yaml"
  std::string_view text;
};

// In the order of CMakeLists.txt: constants come before the files that use them.
std::span<const BuiltInRows> built_in_rows();

}  // namespace cgoscope
