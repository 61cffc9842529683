// Long calls in C, and how they compare with the lint's findings, as JSON: the end record's
// summary.long_c_calls and lint (docs/formats/watch.schema.json).
#pragma once

#include <optional>
#include <vector>

#include "probe_cli/detect/lint_comparison.h"
#include "probe_cli/report/live_json.h"

namespace cgoscope {

// The `most` longest.
OrderedJson long_calls_json(const std::vector<LongCall>& calls, size_t most);
// null without a comparison. Of the calls that were not predicted, the `most` longest.
OrderedJson lint_json(const std::optional<LintComparison>& lint, size_t most);

}  // namespace cgoscope
