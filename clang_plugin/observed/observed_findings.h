// The lint's findings in the light of runs: what was seen to block comes first.
#pragma once

#include <string>

#include "clang_plugin/observed/observed_runs.h"
#include "clang_plugin/report/report.h"

namespace cgoscope {

// Says of each finding what the runs saw of it, and sorts the findings: those seen to block first,
// of these the one with the longest call first; the others stay in their order, for not to have
// been seen says nothing against a finding. Where the probe named findings by id, these count, as
// long as there are such; else function and Go line. Notes say how many were seen, and which long
// calls no finding predicts. `path` names the runs in the notes.
void apply_observed(const ObservedRuns& runs, const std::string& path, LintReport& report);

}  // namespace cgoscope
