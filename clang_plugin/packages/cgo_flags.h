// `#cgo` lines: conditions, quoting and ${SRCDIR} (go/build, saveCgo).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "clang_plugin/packages/build_constraint.h"
#include "clang_plugin/packages/go_file.h"
#include "findings/finding.h"

namespace cgoscope {

// One #cgo line taken apart, whether its conditions hold or not. Its arguments are as the source
// has them: nothing is filtered yet (safe_flags.h).
struct CgoLine {
  std::vector<std::string> conditions;  // any one of them has to hold; none means always
  std::string variable;                 // "CFLAGS", "CPPFLAGS", "CXXFLAGS", "LDFLAGS", "pkg-config"
  std::vector<std::string> arguments;   // ${SRCDIR} replaced, relative -I made absolute
  std::string file;
  int line = 0;
};

// The #cgo lines of a file in order. What go would refuse is named in `problems` and left out.
std::vector<CgoLine> cgo_lines(const GoFile& file, std::vector<Problem>& problems);

bool conditions_hold(const CgoLine& line, const BuildContext& context);

// Splits like the shell words cgo accepts (quotes and backslashes; go/build's splitQuoted). An
// unclosed quote closes at the end.
std::vector<std::string> split_quoted(std::string_view text);

}  // namespace cgoscope
