// The kernel's clocks, in nanoseconds. CLOCK_MONOTONIC is that of bpf_ktime_get_ns and of the Go
// runtime's nanotime.
#pragma once

#include <cstdint>
#include <ctime>

namespace cgoscope {

inline int64_t in_ns(const timespec& time) {
  return int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

inline int64_t clock_ns(clockid_t clock) {
  timespec now{};
  clock_gettime(clock, &now);
  return in_ns(now);
}

inline int64_t monotonic_ns() { return clock_ns(CLOCK_MONOTONIC); }

}  // namespace cgoscope
