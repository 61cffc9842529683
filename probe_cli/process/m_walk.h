// The Ms of a runtime: from runtime.allm from link to link, as schedtrace does
// (src/runtime/proc.go, schedtrace).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "probe_cli/go/layout.h"
#include "probe_cli/process/census.h"
#include "probe_cli/process/memory.h"
#include "probe_cli/process/runtime_record.h"

namespace cgoscope {

inline constexpr size_t kMostMs = 100'000;

// One link of the list: the M, and what it points to.
struct LinkedM {
  MRecord record;
  uint64_t g0 = 0;
  uint64_t curg = 0;
  bool outside_go = false;  // m.incgo
};

struct LinkedMs {
  std::vector<LinkedM> ms;
  std::string problem;  // why the list ended before its end; "" when it did not
};

// `first` is the value of runtime.allm.
LinkedMs follow_ms(const TargetMemory& memory, const MLayout& layout, uint64_t first);

// The status without its _Gscan bit.
GStatus status_of(uint32_t atomicstatus);
// How much of a g to copy for read_g, and for the bounds of its stack.
size_t g_extent(const GLayout& layout);
GRecord read_g(const RuntimeRecord& g, const GLayout& layout, uint64_t address);

// Where the Go stacks of goroutines in system calls lead, all at once: the target is asked as often
// as the deepest of them has frames, not as all together have.
struct GoStackBegin {
  uint64_t pc = 0;             // g.syscallpc
  uint64_t frame_pointer = 0;  // of the frame that the pc is in; 0 when not known
  uint64_t stack_hi = 0;       // the end of the stack
};
std::vector<std::vector<uint64_t>> follow_frame_pointers(const TargetMemory& memory,
                                                         const std::vector<GoStackBegin>& begins);

}  // namespace cgoscope
