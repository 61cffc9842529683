// Which groups of signals are attached now, and what that costs: between the budget, which only
// reckons, and the attachment, which only obeys.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "probe_cli/attach/attachment.h"
#include "probe_cli/attach/budget.h"
#include "probe_cli/detect/sample.h"
#include "probe_cli/go/signals.h"

namespace cgoscope {

// What the user asked of one signal.
enum class Wish : uint8_t {
  kNo,       // not among --signals
  kStandby,  // attached when something grows suspicious
  kYes,
};

// In the order of cg_signal, by what --signals lists: names of signals, "auto", "all".
std::vector<Wish> wishes_for(const std::vector<std::string>& names);

class Groups {
 public:
  // `attachment` must outlive it. Of `signals` those that are ready; `wishes` in the order of
  // cg_signal.
  Groups(Attachment& attachment, std::vector<PlannedSignal> signals, std::vector<Wish> wishes,
         Budget budget, HitCost cost);

  // Attaches what is wanted; false when a group could not be attached, of which take_news() tells.
  bool begin(int64_t now_ns);
  // Attaches the groups on standby that have a signal which somebody wants now, and lets go the
  // others, unless the user asked for them.
  void follow(const std::function<bool(cg_signal)>& wanted);
  // When the next part-time group is to be let go; nullopt when none is.
  std::optional<int64_t> next_change_ns() const;
  // Lets go what is due.
  void let_go(int64_t now_ns);
  // At the end of each interval: reckons what it cost and sets the shares of the next one.
  void interval_over(int64_t now_ns);
  int64_t interval_began_ns() const { return interval_began_ns_; }
  // Instead of the last interval_over(): detaches all, so that the books are closed, and reckons.
  void end();

  std::vector<SignalSample> signal_samples() const;
  // Over the whole run.
  double cost_ns() const { return cost_ns_; }
  double ns_per_hit() const;  // the mean of all hits so far; the calibrated one before the first
  // What changed since the last call, for people: "timers: attached part-time, …".
  std::vector<std::string> take_news();

 private:
  struct Group {
    bool wanted = false;
    double share = 1;
    bool was_part_time = false;
    std::optional<int64_t> let_go_at_ns;
    int64_t attached_before_ns = 0;  // in the intervals that are over
    std::string failed;              // why it could not be attached
  };
  void want(SignalGroup group);
  void release(SignalGroup group);
  double hit_cost_ns(cg_signal signal) const;
  void attach(SignalGroup group);
  void detach(SignalGroup group);
  // What the hits since the last time cost, by group, in ns.
  std::array<double, kSignalGroups> reckon();
  void tell(SignalGroup group, std::string_view what);

  Attachment& attachment_;
  std::vector<PlannedSignal> signals_;
  std::vector<Wish> wishes_;
  Budget budget_;
  HitCost cost_;
  std::array<Group, kSignalGroups> groups_{};
  std::array<uint64_t, CG_SIGNALS> hits_before_{};
  int64_t interval_began_ns_ = 0;
  double cost_ns_ = 0;
  uint64_t hits_ = 0;
  std::vector<std::string> news_;
};

}  // namespace cgoscope
