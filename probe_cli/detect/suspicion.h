// When what costs nothing to read is reason enough to attach signals that cost something.
#pragma once

#include <cstdint>
#include <optional>

#include "probe_cli/detect/sample.h"

namespace cgoscope {

// Whether goroutines pile up, so that it is worth the cost to count who starts them. A server that
// has just been started, or whose load rises at once, grows for one interval; a flood goes on.
class FloodSuspicion {
 public:
  // `growth_per_s`: of goroutines, from which an interval is suspicious.
  explicit FloodSuspicion(double growth_per_s) : growth_per_s_(growth_per_s) {}

  // Whether the signals are wanted as of this sample: from the second suspicious interval in a row
  // on, until kQuietIntervals in a row were none. Samples come in order.
  bool judge(const Sample& sample);

  static constexpr int kQuietIntervals = 10;

 private:
  double growth_per_s_;
  std::optional<int64_t> peak_;
  int64_t at_ns_ = 0;
  int growing_ = 0, quiet_ = 0;  // intervals in a row
  bool suspicious_ = false;
};

// Whether a loop of runtime.Gosched may be going round. Each round begins with a goroutine being
// scheduled, which is counted in memory; but a server that is merely busy schedules as often, and
// its collector's sweeper gives way thousands of times a second. So the signal is tried, and left
// alone for a while when the program's own lines do not give way that often.
class SpinSuspicion {
 public:
  explicit SpinSuspicion(double rounds_per_s) : rounds_per_s_(rounds_per_s) {}

  // Whether the signal is wanted as of this sample. Samples come in order. Where memory does not
  // tell how often goroutines are scheduled, it is.
  bool judge(const Sample& sample, const Stacks& stacks);

  static constexpr int kBusyIntervals = 2;   // in a row, before the signal is tried
  static constexpr int kTriedIntervals = 2;  // in a row, in which the program does not spin
  static constexpr int kRestIntervals = 30;  // until it is tried again

 private:
  bool is_busy(const Sample& sample);
  bool spins(const Sample& sample, const Stacks& stacks);

  double rounds_per_s_;
  std::optional<int64_t> schedules_;
  int64_t at_ns_ = 0, attached_ns_ = 0;
  uint64_t yields_ = 0;
  int unknown_ = 0, busy_ = 0, tried_ = 0, rest_ = 0;  // intervals
  bool wanted_ = false;
};

}  // namespace cgoscope
