// The lint's predictions against what was seen, as the end of a report for people.
#pragma once

#include <string>
#include <vector>

#include "probe_cli/detect/lint_comparison.h"

namespace cgoscope {

// Lines without their ends, not yet made printable.
std::vector<std::string> lint_text(const LintComparison& lint);

}  // namespace cgoscope
