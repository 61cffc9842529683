// How long each M has been inside its call, from looks alone: an M is in the same call as at the
// look before when its goroutine and its number of calls have not changed.
#pragma once

#include <cstdint>
#include <map>

#include "probe_cli/detect/sample.h"

namespace cgoscope {

class CallAges {
 public:
  static constexpr int kLooksToForget = 3;  // a read of a running process can miss an M

  struct Age {
    int64_t since_ns = 0;  // CLOCK_MONOTONIC; it lasts at least since then
    bool is_new = false;   // not the call of the look before
  };

  // For each M of a look once.
  Age of(const MSample& m, const Sample& sample);
  // After the last M of a look: forgets those that were missing for longer than kLooksToForget.
  void end_look();

 private:
  struct Call {
    int64_t goid = 0;
    bool in_cgo = false;
    uint64_t number = 0;
    int64_t since_ns = 0;
    int64_t seen_look = 0;
  };

  int64_t look_ = 0;
  std::map<int64_t, Call> calls_;  // by M
};

}  // namespace cgoscope
