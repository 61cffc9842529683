// A baseline: the findings that a project has already and lives with for now, in a file beside its
// code, so that only new ones count.
//
// A finding is known by its id, which no line number takes part in, so the file holds while code
// moves. Calls alike in one Go function have ids of their own, counted in the order of the source:
// of three where the baseline has two, the last is new. An entry covers its finding only up to the
// severity it had: one that became worse is new.
#pragma once

#include <string>
#include <vector>

#include "clang_plugin/report/report.h"
#include "findings/finding.h"
#include "findings/result.h"

namespace cgoscope {

// What of a finding matters here, and what helps a person who reads the file or its history.
struct BaselineEntry {
  std::string id;
  std::string rule;
  Severity severity = Severity::kWarning;
  std::string package;        // import path
  std::string function;       // Go's
  std::string call;           // "C.slow"
  std::string blocking_call;  // "read"; "" where the rule has none
};

// The entries of `findings`, sorted by package, function and id: the same findings give the same
// bytes.
std::vector<BaselineEntry> baseline_of(const std::vector<Finding>& findings);

// One object of schema cgoscope/baseline/1 (docs/formats/baseline.schema.json), an entry a line,
// ending in a newline.
std::string render_baseline(const std::vector<BaselineEntry>& baseline);

// Fails when the file cannot be read, is larger than 64 MiB, or is no baseline; the error says
// which, and where.
Result<std::vector<BaselineEntry>> read_baseline(const std::string& path);

// Moves the findings that the baseline has to `report.suppressed`, and notes how many they are and
// how many of the baseline's are gone. Entries of packages that this run did not look at are not
// gone. `path` names the baseline in the notes.
void apply_baseline(const std::vector<BaselineEntry>& baseline, const std::string& path,
                    LintReport& report);

}  // namespace cgoscope
