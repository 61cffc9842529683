// What a run of the lint has to say, as a value; and the ways to say it. Sinks only format.
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

// A finding that somebody has accepted. It is not counted, and only SARIF shows it.
struct SuppressedFinding {
  enum class By : uint8_t { kComment, kBaseline };
  Finding finding;
  By by = By::kComment;
  std::string reason;  // the comment's, or which baseline has it
};

struct AnalysedPackage {
  std::string import_path;
  std::string directory;  // absolute
};

struct LintReport {
  std::string tool_version;       // "0.1.0"
  std::vector<Finding> findings;  // sorted by Go file, line, column, then C place; when observed,
                                  // those seen to block come first
  std::vector<Problem> errors;    // what could not be analysed, and why
  std::vector<std::string>
      notes;  // for a person: "CGO_ENABLED=0 is set; analysed as with CGO_ENABLED=1"
  LintStats stats;
  std::vector<SuppressedFinding> suppressed;  // in the order of findings
  std::vector<AnalysedPackage> packages;      // those that use cgo
  std::vector<UnknownFunction> unknown;       // sorted by header and name, each once
  bool lists_unknown = false;                 // they are wanted one by one (--unknown)
  bool is_observed = false;                   // runs of the probe say what was seen to block
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

struct SarifStyle {
  std::string directory;  // absolute: what relative names of files in the report start from
  std::string docs_url;   // where docs/ is published, without a slash at its end; "" when it is not
};

// SARIF 2.1.0, one run, two-space indentation, ending in a newline. Columns are in UTF-16 code
// units, for which the lines are read from the files.
std::string render_sarif(const LintReport& report, const SarifStyle& style);

// GitHub's workflow commands, which make annotations of a job's log: a line a finding, a problem or
// a note, and the totals.
std::string render_github(const LintReport& report);

// The end of a report for people: "1 error, 0 warnings, 0 notes in 1 package with cgo: …", and a
// line on what is unjudged.
std::string totals(const LintReport& report);

}  // namespace cgoscope
