#include "clang_plugin/observed/observed_findings.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "findings/duration.h"
#include "findings/plural.h"

namespace cgoscope {
namespace {

constexpr size_t kMostNamed = 5;  // of the calls that no finding predicts

// Where findings, those that count and those that do not, are looked up.
class Index {
 public:
  explicit Index(const std::vector<Finding>& findings) : findings_(findings) {
    for (size_t i = 0; i < findings.size(); ++i) by_id_.emplace(findings[i].id, i);
  }

  Match match(const SeenInC& seen) const {
    Match named{seen.by, {}};
    for (const std::string& id : seen.ids) {
      if (const auto found = by_id_.find(id); found != by_id_.end())
        named.findings.push_back(found->second);
    }
    return named.findings.empty() ? match_findings(findings_, seen.call) : named;
  }

 private:
  const std::vector<Finding>& findings_;
  std::map<std::string, size_t> by_id_;
};

void add(ObservedBlocking& observed, const SeenInC& seen, MatchedBy by) {
  observed.by = std::max(observed.by, by);
  observed.calls += seen.calls;
  observed.max_ms = std::max(observed.max_ms, seen.max_ms);
  if (seen.p99_ms) observed.p99_ms = std::max(observed.p99_ms.value_or(0), *seen.p99_ms);
}

std::string shown(const SeenInC& seen) {
  std::string text = seen.call.c_function.empty() ? "a C call" : "C." + seen.call.c_function;
  const std::string& file = seen.call.where.file;
  if (!file.empty()) {
    text += " at " + file.substr(file.rfind('/') + 1) + ":" + std::to_string(seen.call.where.line);
  } else if (!seen.call.package.empty()) {
    text += " of package " + seen.call.package;
  }
  text += " (" + format_duration_ns(std::llround(seen.max_ms) * 1'000'000);
  if (seen.was_running) text += ", work on a CPU";
  return text + ")";
}

std::string unpredicted_note(std::vector<const SeenInC*> calls, const std::string& path) {
  std::stable_sort(calls.begin(), calls.end(),
                   [](const SeenInC* a, const SeenInC* b) { return a->max_ms > b->max_ms; });
  std::set<std::string> places;
  std::string list;
  size_t named = 0;
  for (const SeenInC* call : calls) {
    const std::string text = shown(*call);
    if (!places.insert(text.substr(0, text.rfind(" ("))).second) continue;
    if (named++ < kMostNamed) list += (list.empty() ? "" : ", ") + text;
  }
  if (named > kMostNamed) list += " and " + std::to_string(named - kMostNamed) + " more";
  return plural(static_cast<int64_t>(named), "place") + " with long calls of C in " + path +
         (named == 1 ? " has" : " have") + " no finding here: " + list;
}

}  // namespace

void apply_observed(const ObservedRuns& runs, const std::string& path, LintReport& report) {
  report.is_observed = true;
  std::vector<Finding> all = std::move(report.findings);
  const size_t counting = all.size();
  for (SuppressedFinding& suppressed : report.suppressed)
    all.push_back(std::move(suppressed.finding));
  const Index index(all);
  std::map<size_t, std::pair<ObservedBlocking, std::set<int>>> observed;
  std::vector<const SeenInC*> unpredicted;
  for (const SeenInC& seen : runs.seen) {
    const Match match = index.match(seen);
    if (match.findings.empty()) unpredicted.push_back(&seen);
    for (const size_t i : match.findings) {
      auto& [blocking, in_runs] = observed[i];
      add(blocking, seen, match.by);
      in_runs.insert(seen.run);
    }
  }
  size_t seen_count = 0, perhaps = 0;
  for (auto& [i, seen] : observed) {
    seen.first.runs = static_cast<int>(seen.second.size());
    all[i].observed = seen.first;
    if (i < counting) ++(seen.first.by == MatchedBy::kFunction ? perhaps : seen_count);
  }
  for (size_t i = counting; i < all.size(); ++i)
    report.suppressed[i - counting].finding = std::move(all[i]);
  all.resize(counting);
  report.findings = std::move(all);
  std::stable_sort(report.findings.begin(), report.findings.end(),
                   [](const Finding& a, const Finding& b) {
                     const double never = -1;
                     return (a.observed ? a.observed->max_ms : never) >
                            (b.observed ? b.observed->max_ms : never);
                   });
  report.notes.push_back(plural(static_cast<int64_t>(seen_count), "finding") + " of " +
                         std::to_string(counting) + (seen_count == 1 ? " was" : " were") +
                         " seen to block in " + plural(runs.runs, "run") + " of " + path +
                         (perhaps > 0 ? "; of " + std::to_string(perhaps) +
                                            " more the C function was, from a line not seen"
                                      : ""));
  if (!unpredicted.empty()) report.notes.push_back(unpredicted_note(unpredicted, path));
}

}  // namespace cgoscope
