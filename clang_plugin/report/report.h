// What a run of the lint has to say, as a value; and the two ways to say it. Sinks only format.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "findings/finding.h"

namespace cgoscope {

struct LintStats {
  int packages = 0;           // that use cgo and were analysed
  int translation_units = 0;  // preambles and C and C++ files that were parsed
  int c_functions = 0;        // whose bodies were looked at
  int go_call_sites = 0;      // C.f(...) in Go
  int64_t elapsed_ms = 0;
};

struct LintReport {
  std::string tool_version;       // "0.1.0"
  std::vector<Finding> findings;  // sorted by Go file, line, column, then C place
  std::vector<Problem> errors;    // what could not be analysed, and why
  std::vector<std::string>
      notes;  // for a person: "CGO_ENABLED=0 is set; analysed as with CGO_ENABLED=1"
  LintStats stats;
};

struct TextStyle {
  bool colour = false;
};

// Clang's style: place, severity, message and rule; the source line with a caret; the chain from
// the Go call to the blocking call as notes; the advice. Then the errors, and one line of totals.
// Source lines are read from the files; one that cannot be read is left out.
std::string render_text(const LintReport& report, const TextStyle& style);

// One object of schema cgoscope/lint/1 (docs/formats/lint.schema.json), two-space indentation,
// ending in a newline.
std::string render_json(const LintReport& report);

}  // namespace cgoscope
