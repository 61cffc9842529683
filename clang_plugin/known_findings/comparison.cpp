#include "clang_plugin/known_findings/comparison.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

namespace cgoscope {
namespace {

using Badness = std::pair<Severity, bool>;

Badness badness(const ComparedFinding& finding) { return {finding.severity, finding.unbounded}; }

// "(*T).M" of "example.org/p.(*T).M"; names of C stay.
std::string without_package(const std::string& function) {
  const size_t types = std::min(function.find_first_of("(["), function.size());
  const size_t slash = function.rfind('/', types);
  const size_t dot = function.find('.', slash == function.npos ? 0 : slash);
  return dot == function.npos ? function : function.substr(dot + 1);
}

}  // namespace

std::string comparison_key(const Finding& finding, const std::string& folder) {
  Finding renamed = finding;
  renamed.go.package = folder;
  renamed.go.function = without_package(finding.go.function);
  for (PathStep& step : renamed.path) step.function = without_package(step.function);
  return finding_id(renamed, 0);
}

std::vector<bool> added_findings(const std::vector<ComparedFinding>& now,
                                 const std::vector<ComparedFinding>& before,
                                 const std::function<bool(size_t)>& touched) {
  std::map<std::string, std::multiset<Badness>> known;
  for (const ComparedFinding& finding : before) known[finding.key].insert(badness(finding));
  std::map<std::string, std::vector<size_t>> groups;
  for (size_t i = 0; i < now.size(); ++i) groups[now[i].key].push_back(i);
  std::vector<bool> added(now.size(), true);
  for (auto& [key, group] : groups) {
    std::multiset<Badness>& left = known[key];
    if (!left.empty() && group.size() > left.size()) {
      std::stable_partition(group.begin(), group.end(), [&](size_t i) { return !touched(i); });
    }
    for (const size_t i : group) {
      const auto match = left.lower_bound(badness(now[i]));
      if (match == left.end()) continue;
      left.erase(match);
      added[i] = false;
    }
  }
  return added;
}

}  // namespace cgoscope
