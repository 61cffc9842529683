// Which findings a change added: those of the code as it is now that the code before had not.
//
// Findings are told apart as their ids do it, with one difference: a package counts by its folder
// in the repository, so that a module which is renamed does not make everything new.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "findings/finding.h"

namespace cgoscope {

// What makes two findings alike: the id that they would have with `folder` for an import path, and
// without counting.
std::string comparison_key(const Finding& finding, const std::string& folder);

struct ComparedFinding {
  std::string key;
  Severity severity = Severity::kWarning;
  bool unbounded = false;
};

// For each finding of `now`, whether it was added: none of `before` that is alike, and at least as
// bad, is left for it. Bad is the severity, then being without a limit. Of some alike, those for
// which `touched(index)` holds are the new ones, else the last; it is asked only where that
// matters.
std::vector<bool> added_findings(const std::vector<ComparedFinding>& now,
                                 const std::vector<ComparedFinding>& before,
                                 const std::function<bool(size_t)>& touched);

}  // namespace cgoscope
