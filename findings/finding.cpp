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

std::string finding_id(const Finding& finding, int occurrence) {
  uint64_t hash = 0xcbf29ce484222325;  // FNV-1a, 64 bits: the id must be the same on every machine
                                       // and in every version
  const auto add = [&](std::string_view text) {
    for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
    hash *= 0x100000001b3;  // a zero byte, so that "ab", "c" and "a", "bc" differ
  };
  for (const std::string& part :
       {finding.rule, finding.go.package, finding.go.function, finding.go.call})
    add(part);
  if (finding.c) {
    add(finding.c->function);
    add(finding.c->call);
  }
  for (const PathStep& step : finding.path) add(step.function);
  add(std::to_string(occurrence));
  char text[17];
  std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(hash));
  return text;
}

}  // namespace cgoscope
