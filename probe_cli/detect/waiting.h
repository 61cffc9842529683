// Goroutines that wait, by place; and whether anybody wakes them.
//
// That a goroutine is seen waiting at the same line again and again says nothing: a worker comes
// back to it after each job. But each time it does, it parks, and the signal `park` counts that. So
// of goroutines at one place, those that park while it is watched, less those by which their number
// grows, have been woken before.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "probe_cli/detect/sample.h"

namespace cgoscope {

struct WaitPlace {
  std::string reason;  // the runtime's words
  Frame where;         // parking_frame
  Frame go;            // the `go` statement; empty of the first goroutine
  bool operator<(const WaitPlace& other) const;
  bool operator==(const WaitPlace& other) const = default;
};

struct Waiting {
  uint64_t count = 0;
  int64_t waits_since_ns = 0;  // as GoroutineSample has it
  StackId stack = kNoStack;    // of the most numerous
  uint64_t stack_count = 0;
  std::vector<int64_t> goids;  // a few, the lowest, ascending
};

// Of the program's own goroutines, not the runtime's. Without `by_go`, WaitPlace::go is left empty:
// whoever started them.
std::map<WaitPlace, Waiting> waiting_places(const Sample& sample, const Stacks& stacks,
                                            bool by_go = true);

// What a dear look at a place has settled (its goroutines are woken, its lock is in no knot) is
// asked again after so long.
inline constexpr int64_t kAskAgainAfterNs = 60'000'000'000;

// Whether it is the reason of those that wait for a mutex, a read-write mutex or a wait group.
bool is_lock(const std::string& reason);

// How many of the goroutines at a line are woken, from looks at it.
class WakeBalance {
 public:
  static constexpr int64_t kLeastAttachedNs = 2'000'000'000;

  // `waiting`: how many wait there, whoever started them.
  void look(const WaitPlace& place, uint64_t waiting, const Subject& subject, const Sample& sample,
            const Stacks& stacks);
  // nullopt until the signal was attached for kLeastAttachedNs between looks.
  std::optional<double> woken_per_s() const;
  // Whether that may still come: the signal was attached since the last look, or it is too soon to
  // say that it will not be.
  bool may_come() const { return looks_ <= kPatience || comes_; }

 private:
  static constexpr int kPatience = 5;  // looks
  struct Look {
    int64_t at_ns = 0, attached_ns = 0;
    double waiting = 0, parks = 0;
  };
  std::optional<Look> first_;
  Look last_;
  int looks_ = 0;
  bool comes_ = false;
};

}  // namespace cgoscope
