#include "findings/live_finding.h"

#include <algorithm>

namespace cgoscope {

bool any_at_least(const std::vector<LiveFinding>& findings, Severity severity) {
  return std::any_of(findings.begin(), findings.end(),
                     [&](const LiveFinding& finding) { return finding.severity >= severity; });
}

std::string live_finding_id(const LiveFinding& finding) {
  const std::string line = std::to_string(finding.where.line);
  std::string_view file = finding.where.file;
  file = file.substr(file.rfind('/') + 1);  // npos + 1 is 0
  return stable_id({finding.rule, finding.where.function, file, line, finding.c_function});
}

}  // namespace cgoscope
