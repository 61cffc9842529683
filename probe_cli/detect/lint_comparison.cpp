#include "probe_cli/detect/lint_comparison.h"

#include <set>

namespace cgoscope {
namespace {

std::vector<std::string> ids_of(const Match& match, const PredictedFindings& predicted) {
  std::vector<std::string> ids;
  for (const size_t i : match.findings) ids.push_back(predicted.findings[i].id);
  return ids;
}

}  // namespace

size_t LintComparison::confirmed_count() const {
  std::set<std::string> ids;
  for (const ConfirmedFindings& row : confirmed) ids.insert(row.ids.begin(), row.ids.end());
  return ids.size();
}

LintComparison compare(const PredictedFindings& predicted, const std::vector<LongCall>& calls,
                       int64_t long_ns) {
  LintComparison comparison;
  comparison.file = predicted.file;
  comparison.findings = predicted.findings.size();
  comparison.problems = predicted.problems;
  comparison.long_ns = long_ns;
  for (const LongCall& seen : calls) {
    const Match match = match_findings(predicted.findings, seen.call);
    if (match.by != MatchedBy::kNothing) {
      comparison.confirmed.push_back({match.by, ids_of(match, predicted), seen});
      continue;
    }
    ObservedCall anywhere = seen.call;
    anywhere.where = {};
    comparison.unpredicted.push_back(
        {seen, ids_of(match_findings(predicted.findings, anywhere), predicted)});
  }
  return comparison;
}

void name_prediction(LiveFinding& finding, const PredictedFindings& predicted) {
  const auto* evidence = std::get_if<StuckMEvidence>(&finding.evidence);
  if (evidence == nullptr || finding.subsystem != "cgo") return;
  ObservedCall call;
  call.c_function = finding.c_function;
  call.where = finding.where;
  call.stack = finding.stack;
  call.syscall = evidence->syscall;
  std::vector<std::string> ids = ids_of(match_findings(predicted.findings, call), predicted);
  if (ids.empty()) return;
  finding.lint = ids.front();
  finding.lint_alike.assign(ids.begin() + 1, ids.end());
}

}  // namespace cgoscope
