// Durations as Go writes them ("1s", "250ms", "1m30s"), which is how both tools' options and
// .cgoscope.yaml take them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "findings/result.h"

namespace cgoscope {

// Parses what Go's time.ParseDuration accepts (units ns, us, µs, ms, s, m, h; a fraction is
// allowed; "0" needs no unit), except negative durations, which no option of ours takes. The result
// is in nanoseconds, at most about 292 years.
Result<int64_t> parse_duration_ns(std::string_view text);

// For people: the largest units that say it exactly to three digits, "30s", "1m30s", "250ms", "2h".
std::string format_duration_ns(int64_t duration_ns);

}  // namespace cgoscope
