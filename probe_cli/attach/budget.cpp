#include "probe_cli/attach/budget.h"

#include <algorithm>
#include <utility>

namespace cgoscope {

namespace {

// Cut last: they are rare, and what they show is not shown again.
bool cut_last(SignalGroup group) {
  return group == SignalGroup::kThreads || group == SignalGroup::kDeaths;
}

}  // namespace

Budget::Budget(std::optional<double> share_of_cpus, double cpus)
    : limit_(share_of_cpus), cpus_(cpus) {}

std::vector<GroupShare> Budget::plan(const std::vector<GroupLoad>& loads) {
  struct Wanted {
    GroupShare* share;
    double cost_per_ns;  // while attached
  };
  std::vector<GroupShare> shares;
  shares.reserve(loads.size());
  std::vector<Wanted> by_cost;
  double total = 0;
  for (const GroupLoad& load : loads) {
    Known& known = known_[static_cast<size_t>(load.group)];
    if (load.attached_ns > 0) {
      known.cost_per_ns = std::max(load.cost_ns, 0.0) / static_cast<double>(load.attached_ns);
      known.detached_intervals = 0;
    }
    shares.push_back({load.group, 1});
    by_cost.push_back({&shares.back(), known.cost_per_ns});
    total += known.cost_per_ns;
  }
  if (!limit_) return shares;

  std::sort(by_cost.begin(), by_cost.end(), [](const Wanted& a, const Wanted& b) {
    const bool a_last = cut_last(a.share->group);
    const bool b_last = cut_last(b.share->group);
    return std::make_pair(a_last, -a.cost_per_ns) < std::make_pair(b_last, -b.cost_per_ns);
  });
  const double allowed = std::max(*limit_, 0.0) * cpus_;
  for (const Wanted& wanted : by_cost) {
    if (total <= allowed) break;
    if (wanted.cost_per_ns <= kNegligibleShare * allowed) continue;
    const double others = total - wanted.cost_per_ns;
    double share = std::clamp((allowed - others) / wanted.cost_per_ns, 0.0, 1.0);
    if (share < kLeastShare) {
      Known& known = known_[static_cast<size_t>(wanted.share->group)];
      share = 0;
      if (++known.detached_intervals > kRetryIntervals) {
        share = kLeastShare;
        known.detached_intervals = 0;
      }
    }
    wanted.share->share = share;
    total = others + share * wanted.cost_per_ns;
  }
  return shares;
}

}  // namespace cgoscope
