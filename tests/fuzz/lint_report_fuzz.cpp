// The lint's JSON, which anybody can send: read, and held against a call.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "findings/lint_report.h"
#include "findings/observed_call.h"
#include "tests/fuzz/check.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace cgoscope;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const Result<PredictedFindings> report = parse_lint_report(text, "findings.json");
  if (!report) {
    CHECK(!report.error().why.empty() && !report.error().hint.empty());
    return 0;
  }
  for (const Finding& finding : report->findings) {
    CHECK(finding.id.size() == 16 && finding.go.call.starts_with("C."));
    ObservedCall call;
    call.c_function = finding.go.call.substr(2);
    call.where = {finding.go.function, finding.go.file, finding.go.line, 0};
    for (const PathStep& step : finding.path) call.stack.push_back({step.function, "", 0, 0});
    const Match match = match_findings(report->findings, call);
    for (const size_t i : match.findings) CHECK(i < report->findings.size());
  }
  return 0;
}
