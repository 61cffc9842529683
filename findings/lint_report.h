// What cgoscope-lint found, read back from `--format json` (docs/formats/lint.schema.json): for the
// probe, which meets the calls in C that the lint predicted to block.
//
// The file may come from anybody: its size and nesting are capped, and a value of a wrong type is
// an error, never a guess.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "findings/finding.h"
#include "findings/result.h"

namespace cgoscope {

inline constexpr std::string_view kLintSchema = "cgoscope/lint/1";

struct PredictedFindings {
  std::string file;               // as given
  std::vector<Finding> findings;  // in the file's order; those without a call in C are left out
  size_t problems = 0;            // parts of the code that the lint could not analyse
};

// Errors: it cannot be read, is larger than 64 MiB, is no such report, is of another version, or a
// finding is malformed (which one is said).
Result<PredictedFindings> read_lint_report(const std::string& path);
// The same of the file's text; `path` names it in errors.
Result<PredictedFindings> parse_lint_report(std::string_view text, const std::string& path);

}  // namespace cgoscope
