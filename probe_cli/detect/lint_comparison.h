// What the lint predicted against what was seen: which of its findings did block, and which long
// calls in C it did not predict. The latter are work on the CPU, calls of which a comment or a
// baseline says that they are meant, or gaps in the lint's catalogue.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "findings/lint_report.h"
#include "findings/live_finding.h"
#include "findings/observed_call.h"
#include "probe_cli/detect/long_calls.h"

namespace cgoscope {

struct ConfirmedFindings {
  MatchedBy by = MatchedBy::kLine;
  std::vector<std::string> ids;  // more than one: the call may be any of them
  LongCall seen;
};

struct UnpredictedCall {
  LongCall seen;
  // Ids of findings on the same C function, called from other lines of the package: the lint knows
  // that it can block, or the source has changed since.
  std::vector<std::string> elsewhere;
};

struct LintComparison {
  std::string file;                          // of the findings
  size_t findings = 0;                       // in it
  size_t problems = 0;                       // parts of the code that the lint could not analyse
  int64_t long_ns = 0;                       // what lasts so long is long
  std::vector<ConfirmedFindings> confirmed;  // the longest call first
  std::vector<UnpredictedCall> unpredicted;  // likewise
  size_t confirmed_count() const;            // different ids in `confirmed`
};

LintComparison compare(const PredictedFindings& predicted, const std::vector<LongCall>& calls,
                       int64_t long_ns);

// Gives a finding about a C call the id of the lint's finding that predicted it; when several fit
// alike, the others' too.
void name_prediction(LiveFinding& finding, const PredictedFindings& predicted);

}  // namespace cgoscope
