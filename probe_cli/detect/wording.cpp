#include "probe_cli/detect/wording.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "findings/duration.h"

namespace cgoscope {

std::string grouped(int64_t number) {
  std::string digits = fmt::format("{}", number);
  const size_t sign = number < 0 ? 1 : 0;
  for (size_t at = digits.size(); at > sign + 3;) digits.insert(at -= 3, 1, ' ');
  return digits;
}

std::string counted(int64_t number, std::string_view one) {
  return fmt::format("{} {}{}", grouped(number), one, number == 1 ? "" : "s");
}

std::string spoken_duration(int64_t duration_ns) {
  constexpr int64_t kUs = 1000, kMs = 1000 * kUs, kSecond = 1000 * kMs;
  const int64_t ns = std::max<int64_t>(duration_ns, 0);
  if (ns < kMs) return fmt::format("{} \u00b5s", ns / kUs);
  if (ns < 10 * kMs) return fmt::format("{:.1f} ms", static_cast<double>(ns / (kMs / 10)) / 10);
  if (ns < kSecond) return fmt::format("{} ms", ns / kMs);
  if (ns < 60 * kSecond)
    return fmt::format("{:.1f} s", static_cast<double>(ns / (kSecond / 10)) / 10);
  return format_duration_ns(ns / kSecond * kSecond);
}

std::string spoken_number(double number) {
  if (!std::isfinite(number)) return "?";
  if (std::abs(number) < 10 && number != std::round(number)) return fmt::format("{:.1f}", number);
  return grouped(static_cast<int64_t>(std::clamp(std::round(number), -1e15, 1e15)));
}

std::string spoken_place(const Frame& frame) {
  std::string text = frame.file.substr(frame.file.rfind('/') + 1);  // npos + 1 is 0
  if (!text.empty() && frame.line > 0) text += fmt::format(":{}", frame.line);
  if (!frame.function.empty()) text += (text.empty() ? "" : " in ") + frame.function;
  return text;
}

}  // namespace cgoscope
