// Which compiler flags may reach Clang.
#pragma once

#include <string>
#include <vector>

#include "findings/finding.h"

namespace cgoscope {

// Where flags stand, which decides who vouches for them.
struct FlagOrigin {
  std::string text;  // for messages: "#cgo CFLAGS", "pkg-config --cflags zlib", "CGO_CFLAGS"
  std::string
      variable;      // "CFLAGS", "CPPFLAGS" or "CXXFLAGS": whose CGO_…_ALLOW and _DISALLOW count
  std::string file;  // of the #cgo line, or the package's directory
  int line = 0;
  bool from_user = false;  // the user's own environment: cmd/go does not hold it against its list
};

// What Clang needs of `flags` to read the source as the build would. Left out silently: what only
// concerns code generation, warnings, diagnostics or linking. Refused, and each named in
// `problems`: what loads or runs code, reads further arguments from a file or writes files
// (-fplugin, -load, -Xclang, -mllvm, @file, -B, -specs, -wrapper, -o …), wherever it stands; and
// what cmd/go's allow-list does not accept, unless it stands in the user's environment or
// CGO_<variable>_ALLOW matches it.
std::vector<std::string> safe_clang_flags(const std::vector<std::string>& flags,
                                          const FlagOrigin& origin, std::vector<Problem>& problems);

}  // namespace cgoscope
