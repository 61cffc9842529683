// All goroutines of the target, grouped by what they have in common, read while it runs.
//
// runtime.allgs lists every g that ever was: a g lives on as a dead one when its goroutine has
// ended, and is used again. A goroutine that does not run has its registers saved in g.sched, so
// that its stack can be followed by frame pointers (src/runtime/asm_amd64.s, mcall).
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "probe_cli/go/globals.h"
#include "probe_cli/go/layout.h"
#include "probe_cli/process/census.h"
#include "probe_cli/process/memory.h"

namespace cgoscope {

struct GoroutineGroup {
  GStatus status = GStatus::kOther;
  uint8_t wait_reason = 0;  // the code; 0 unless waiting
  bool locked = false;      // each to its thread
  uint64_t start_pc = 0;    // entry of their function
  uint64_t go_pc = 0;       // their `go` statement (a return address); 0 for the first one
  // Innermost first; the first is where it goes on, the others return addresses. Empty while they
  // run, and of those that went on while they were read. In a system call or in C, as of the M.
  std::vector<uint64_t> stack;
  uint64_t count = 0;
  bool estimated = false;  // how many of those with this start, reason and so on have this stack
  // How long one of them has waited at least: since this time (CLOCK_MONOTONIC), which the garbage
  // collector notes when it comes by. 0 when it has not come by since any of them parked.
  int64_t waits_since_ns = 0;
  std::vector<int64_t> goids;  // the lowest, ascending; at most kGoidsPerGroup
};

inline constexpr size_t kGoidsPerGroup = 16;

struct Goroutines {
  uint64_t listed_count = 0;  // in allgs, dead ones too
  uint64_t live_count = 0;
  uint64_t walked_count = 0;  // whose stacks were followed; fewer than live: stacks are a sample
  std::vector<GoroutineGroup> groups;  // each different from the others; in no order
  std::vector<std::string> problems;   // what could not be read, and why
};

class GoroutineReader {
 public:
  GoroutineReader(TargetMemory memory, const Layout& layout, const Globals& globals,
                  uint64_t load_base)
      : memory_(memory), layout_(layout), globals_(globals), load_base_(load_base) {}

  // `ms` as read just before: of goroutines in calls they have the stacks. Counts are exact within
  // what changes during the read; of more than `most_stacks` goroutines the stacks of about that
  // many are followed, evenly chosen, and of each group at least a few.
  Goroutines read(const std::vector<MRecord>& ms, uint64_t most_stacks = 20'000) const;

 private:
  TargetMemory memory_;
  Layout layout_;
  Globals globals_;
  uint64_t load_base_;
};

}  // namespace cgoscope
