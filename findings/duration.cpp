#include "findings/duration.h"

#include <array>
#include <cmath>
#include <limits>

namespace cgoscope {
namespace {

struct UnitName {
  std::string_view name;
  int64_t ns;
};
// Longer names first, so that "ms" is not read as "m".
constexpr std::array<UnitName, 8> kUnits{{{"ns", 1},
                                          {"us", 1000},
                                          {"\u00b5s", 1000},
                                          {"\u03bcs", 1000},
                                          {"ms", 1000000},
                                          {"s", 1000000000},
                                          {"m", 60000000000},
                                          {"h", 3600000000000}}};

constexpr long double kMaxScale = 1e18L;

Error malformed(std::string_view text, const char* why) {
  return {"not a duration: '" + std::string(text) + "'", why,
          "write it as Go does: 250ms, 1s, 1m30s"};
}

}  // namespace

Result<int64_t> parse_duration_ns(std::string_view text) {
  if (text.empty()) return malformed(text, "it is empty");
  if (text.front() == '-') return malformed(text, "it is negative");
  std::string_view rest = text.substr(text.front() == '+' ? 1 : 0);
  if (rest == "0") return int64_t{0};
  if (rest.empty()) return malformed(text, "a number is missing");
  long double total = 0;
  while (!rest.empty()) {
    long double number = 0, scale = 1;
    bool digits = false, fraction = false;
    while (!rest.empty() && ((rest[0] >= '0' && rest[0] <= '9') || (rest[0] == '.' && !fraction))) {
      if (rest[0] == '.') {
        fraction = true;
      } else {
        digits = true;
        // More digits of a fraction than these say nothing, and their power of ten would not end.
        if (!fraction || scale < kMaxScale) {
          number = number * 10 + (rest[0] - '0');
          if (fraction) scale *= 10;
        }
      }
      rest.remove_prefix(1);
    }
    if (!digits) return malformed(text, "a number is missing");
    bool known = false;
    for (const UnitName& unit : kUnits) {
      if (!rest.starts_with(unit.name)) continue;
      total += number * static_cast<long double>(unit.ns) / scale;
      rest.remove_prefix(unit.name.size());
      known = true;
      break;
    }
    if (!known) return malformed(text, "a unit is missing or unknown");
  }
  if (!(total <= static_cast<long double>(std::numeric_limits<int64_t>::max())))
    return malformed(text, "it is longer than 292 years");
  return static_cast<int64_t>(std::llroundl(total));
}

std::string format_duration_ns(int64_t duration_ns) {
  if (duration_ns <= 0) return "0s";
  const auto with_fraction = [](int64_t value, int64_t unit, const char* name) {
    std::string text = std::to_string(value / unit);
    const int64_t thousandths = value % unit * 1000 / unit;
    if (thousandths != 0) {
      std::string digits = std::to_string(1000 + thousandths).substr(1);
      while (digits.back() == '0') digits.pop_back();
      text += "." + digits;
    }
    return text + name;
  };
  if (duration_ns < 1000) return std::to_string(duration_ns) + "ns";
  if (duration_ns < 1000000) return with_fraction(duration_ns, 1000, "us");
  if (duration_ns < 1000000000) return with_fraction(duration_ns, 1000000, "ms");
  constexpr int64_t kMinute = 60000000000, kHour = 60 * kMinute;
  std::string text;
  if (duration_ns >= kHour) text += std::to_string(duration_ns / kHour) + "h";
  if (duration_ns % kHour >= kMinute) text += std::to_string(duration_ns % kHour / kMinute) + "m";
  if (const int64_t seconds_ns = duration_ns % kMinute; seconds_ns >= 1000000 || text.empty()) {
    text += with_fraction(seconds_ns, 1000000000, "s");
  }
  return text;
}

}  // namespace cgoscope
