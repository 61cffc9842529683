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

}  // namespace cgoscope
