// Keeps what the probe costs its target within a budget.
//
// The trap is the cost, whatever the program behind it does, so the only way to spend less is to be
// attached for less of the time. This is the arithmetic of it, without clock or kernel: costs in,
// shares of the time out.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "probe_cli/go/signals.h"

namespace cgoscope {

struct GroupLoad {
  SignalGroup group = SignalGroup::kThreads;
  int64_t attached_ns = 0;  // of the interval that has just ended
  double cost_ns = 0;       // that its hits cost the target in it
};

struct GroupShare {
  SignalGroup group = SignalGroup::kThreads;
  double share = 1;  // of the next interval to be attached, 0 to 1; 0 is detached
};

class Budget {
 public:
  // `share_of_cpus` 0.01 is 1% of wall time × `cpus`; nullopt is no limit.
  Budget(std::optional<double> share_of_cpus, double cpus);

  // After each interval: loads of the groups that are wanted, each once. A group's rate while
  // attached is taken as its rate all the time. While everything fits, each gets 1. Else the
  // dearest group is cut first, to what fits; a share that would be under kLeastShare becomes 0,
  // and the group is tried again, for kLeastShare of one interval, after kRetryIntervals.
  // The groups kThreads and kDeaths are cut last.
  std::vector<GroupShare> plan(const std::vector<GroupLoad>& loads);

  static constexpr double kLeastShare = 0.05;
  // Of the budget: a group that costs no more is not cut, for nothing would be gained.
  static constexpr double kNegligibleShare = 0.01;
  static constexpr int kRetryIntervals = 30;

 private:
  std::optional<double> limit_;
  double cpus_;
  struct Known {
    double cost_per_ns = 0;  // while attached, as last measured
    int detached_intervals = 0;
  };
  std::array<Known, kSignalGroups> known_{};
};

}  // namespace cgoscope
