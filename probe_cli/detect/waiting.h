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

// Of the program's own goroutines, not the runtime's.
std::map<WaitPlace, Waiting> waiting_places(const Sample& sample, const Stacks& stacks);

// How often goroutines parked for this reason at this line so far, whoever started them.
uint64_t parks_at(const WaitPlace& place, const Subject& subject, const Sample& sample,
                  const Stacks& stacks);

// How many of the goroutines at a place are woken, from looks at it.
class WakeBalance {
 public:
  // `waiting` of all `go` statements, as `parks` is; attached_ns: of the signal park, so far.
  void look(int64_t at_ns, uint64_t waiting, uint64_t parks, int64_t attached_ns);
  // nullopt until the signal was attached for two seconds.
  std::optional<double> woken_per_s() const;

 private:
  struct Look {
    int64_t at_ns = 0, attached_ns = 0;
    double waiting = 0, parks = 0;
  };
  std::optional<Look> first_;
  Look last_;
};

}  // namespace cgoscope
