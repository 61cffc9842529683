#include "findings/live_finding.h"

namespace cgoscope {

std::string live_finding_id(const LiveFinding& finding) {
  const std::string line = std::to_string(finding.where.line);
  std::string_view file = finding.where.file;
  file = file.substr(file.rfind('/') + 1);  // npos + 1 is 0
  return stable_id({finding.rule, finding.where.function, file, line, finding.c_function});
}

}  // namespace cgoscope
