#include "clang_plugin/report/chain.h"

namespace cgoscope {

ReportPlace place_of(const Finding& finding) {
  const GoPlace& go = finding.go;
  if (!go.file.empty() || !finding.c)
    return {go.file, go.line, go.column, go.call, go.function, ""};
  const CPlace& c = *finding.c;
  return {c.file, c.line, c.column, c.call, c.function, ""};
}

std::vector<ReportPlace> chain_of(const Finding& finding) {
  std::vector<ReportPlace> chain;
  const CPlace c = finding.c.value_or(CPlace{});
  for (size_t i = 0; i < finding.path.size(); ++i) {
    const PathStep& step = finding.path[i];
    const bool last = i + 1 == finding.path.size();
    const std::string called = last ? c.call : finding.path[i + 1].function;
    const std::string what =
        last && finding.rule == "busy-wait" ? " spins here" : " calls " + called + " here";
    chain.push_back(
        {step.file, step.line, last ? c.column : 0, called, step.function, step.function + what});
  }
  return chain;
}

}  // namespace cgoscope
