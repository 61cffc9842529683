#include "probe_cli/detect/suspicion.h"

#include "probe_cli/detect/named_frame.h"

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

bool SpinSuspicion::is_busy(const Sample& sample) {
  const std::optional<int64_t> before = schedules_;
  const double seconds = static_cast<double>(sample.at_ns - at_ns_) / 1e9;
  schedules_ = sample.memory_read ? sample.schedules : std::nullopt;
  at_ns_ = sample.at_ns;
  unknown_ = schedules_ ? 0 : unknown_ + 1;
  return before && schedules_ &&
         static_cast<double>(*schedules_ - *before) >= rounds_per_s_ * seconds;
}

// In the interval that has just ended, while the signal was attached.
bool SpinSuspicion::spins(const Sample& sample, const Stacks& stacks) {
  uint64_t yields = 0;
  for (const PlaceSample& place : sample.places) {
    if (place.signal == CG_YIELD && yielding_line(stacks[place.stack])) yields += place.count;
  }
  const SignalSample* signal = find_signal(sample, CG_YIELD);
  const int64_t attached_ns = signal ? signal->attached_ns : 0;
  const auto more = static_cast<double>(yields) - static_cast<double>(yields_);
  const double seconds = static_cast<double>(attached_ns - attached_ns_) / 1e9;
  yields_ = yields;
  attached_ns_ = attached_ns;
  // The budget may have let it go; it was too dear then, and that is no sign of health.
  return seconds <= 0 || more >= rounds_per_s_ / 2 * seconds;
}

bool SpinSuspicion::judge(const Sample& sample, const Stacks& stacks) {
  busy_ = is_busy(sample) ? busy_ + 1 : 0;
  const bool spinning = spins(sample, stacks);
  if (unknown_ > 2) return true;
  if (wanted_) {
    tried_ = spinning && busy_ > 0 ? 0 : tried_ + 1;
    if (tried_ >= kTriedIntervals) {
      wanted_ = false;
      rest_ = kRestIntervals;
    }
  } else if (rest_ > 0) {
    --rest_;
  } else if (busy_ >= kBusyIntervals) {
    wanted_ = true;
    tried_ = 0;
  }
  return wanted_;
}

}  // namespace cgoscope
