#include "probe_cli/detect/suspicion.h"

namespace cgoscope {

bool FloodSuspicion::judge(const Sample& sample) {
  if (!sample.memory_read || !sample.goroutines_peak) return suspicious_;
  const std::optional<int64_t> before = peak_;
  const double seconds = static_cast<double>(sample.at_ns - at_ns_) / 1e9;
  peak_ = sample.goroutines_peak;
  at_ns_ = sample.at_ns;
  if (!before) return suspicious_;
  if (static_cast<double>(*peak_ - *before) >= growth_per_s_ * seconds) {
    ++growing_;
    quiet_ = 0;
  } else {
    growing_ = 0;
    ++quiet_;
  }
  if (growing_ >= 2) suspicious_ = true;
  if (quiet_ >= kQuietIntervals) suspicious_ = false;
  return suspicious_;
}

}  // namespace cgoscope
