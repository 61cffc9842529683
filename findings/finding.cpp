#include "findings/finding.h"

#include <cstdio>

namespace cgoscope {

std::string_view severity_name(Severity severity) {
  switch (severity) {
    case Severity::kNote:
      return "note";
    case Severity::kWarning:
      return "warning";
    case Severity::kError:
      break;
  }
  return "error";
}

std::optional<Severity> parse_severity(std::string_view name) {
  for (const Severity severity : {Severity::kNote, Severity::kWarning, Severity::kError}) {
    if (name == severity_name(severity)) return severity;
  }
  return std::nullopt;
}

std::string_view bound_name(Bound bound) {
  switch (bound) {
    case Bound::kUnbounded:
      return "unbounded";
    case Bound::kBounded:
      return "bounded";
    case Bound::kVariable:
      break;
  }
  return "variable";
}

std::optional<Bound> parse_bound(std::string_view name) {
  for (const Bound bound : {Bound::kUnbounded, Bound::kBounded, Bound::kVariable}) {
    if (name == bound_name(bound)) return bound;
  }
  return std::nullopt;
}

std::string_view matched_by_name(MatchedBy by) {
  switch (by) {
    case MatchedBy::kFunction:
      return "function";
    case MatchedBy::kLine:
      return "line";
    case MatchedBy::kStack:
      return "stack";
    case MatchedBy::kNothing:
      break;
  }
  return "";
}

std::optional<MatchedBy> parse_matched_by(std::string_view name) {
  for (const MatchedBy by : {MatchedBy::kFunction, MatchedBy::kLine, MatchedBy::kStack}) {
    if (name == matched_by_name(by)) return by;
  }
  return std::nullopt;
}

std::string stable_id(const std::vector<std::string_view>& parts) {
  uint64_t hash = 0xcbf29ce484222325;  // FNV-1a, 64 bits: the id must be the same on every machine
                                       // and in every version
  for (const std::string_view part : parts) {
    for (const char c : part) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
    hash *= 0x100000001b3;  // a zero byte, so that "ab", "c" and "a", "bc" differ
  }
  char text[17];
  std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(hash));
  return text;
}

std::string finding_id(const Finding& finding, int occurrence) {
  std::vector<std::string_view> parts = {finding.rule, finding.go.package, finding.go.function,
                                         finding.go.call};
  if (finding.c) parts.insert(parts.end(), {finding.c->function, finding.c->call});
  for (const PathStep& step : finding.path) parts.emplace_back(step.function);
  const std::string number = std::to_string(occurrence);
  parts.emplace_back(number);
  return stable_id(parts);
}

}  // namespace cgoscope
