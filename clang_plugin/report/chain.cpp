#include "clang_plugin/report/chain.h"

#include <cmath>

#include "findings/duration.h"
#include "findings/plural.h"

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

std::string seen_text(const Finding& finding) {
  if (!finding.observed) return "";
  const ObservedBlocking& seen = *finding.observed;
  const std::string longest = format_duration_ns(std::llround(seen.max_ms) * 1'000'000);
  const std::string runs = seen.runs > 1 ? ", in " + plural(seen.runs, "run") : "";
  if (seen.by == MatchedBy::kFunction)
    return "a call of this C function by the package took " + longest + runs +
           "; from which line was not seen";
  return plural(seen.calls, "long call") + ", the longest " + longest + runs;
}

}  // namespace cgoscope
