// What the Go runtime's own structures say, read from outside while the program runs.
//
// Ms are walked from runtime.allm; each says what it does and which goroutine it runs. A call from
// Go into C shows as m.incgo with the goroutine in status _Gsyscall, and the C function's stub lies
// at g.syscallsp (src/runtime/cgocall.go); so calls that began long before the attach are found
// too.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "findings/result.h"
#include "probe_cli/go/globals.h"
#include "probe_cli/go/layout.h"
#include "probe_cli/process/memory.h"

namespace cgoscope {

enum class GStatus : uint8_t {
  kIdle,
  kRunnable,
  kRunning,
  kSyscall,
  kWaiting,
  kDead = 6,
  kCopyStack = 8,
  kPreempted = 9,
  kOther = 255
};

struct GRecord {
  uint64_t address = 0;
  int64_t goid = 0;
  GStatus status = GStatus::kOther;
  uint8_t wait_reason = 0;    // the code; valid while waiting
  bool locked = false;        // to its M
  int64_t wait_since_ns = 0;  // CLOCK_MONOTONIC; 0 when the runtime does not know
  uint64_t start_pc = 0;      // entry of its function
  uint64_t go_pc = 0;         // its `go` statement (a return address)
  uint64_t syscall_pc = 0, syscall_sp = 0, syscall_bp = 0;
};

struct MRecord {
  uint64_t address = 0;
  int64_t id = 0;
  // m.procid, in the target's own pid namespace (ThreadState::own_tid); 0 for an M without a thread
  int64_t tid = 0;
  // Its goroutine is in status _Gsyscall and the M outside of Go. A call of Go into C if syscall_pc
  // lies in runtime.cgocall; else (in runtime.goexit) a thread of C's that has called into Go
  // before and may do so again.
  bool in_cgo = false;
  bool extra = false;        // waits for a thread that C made
  bool spinning = false;     // looks for work
  uint64_t cgo_calls = 0;    // m.ncgocall: unchanged while one call lasts
  uint32_t locked_ext = 0;   // depth of LockOSThread
  std::optional<GRecord> g;  // what it runs; absent too when that changed while it was read
  // If in_cgo: the word at syscall_sp, which in a call of Go into C is the stub's address, and 0
  // when it could not be read.
  uint64_t c_stub = 0;
  // In a system call or C call: return addresses of the Go stack, innermost first, from
  // g.syscallpc on by frame pointers, at most 32. Only the first when no frame pointer is known.
  std::vector<uint64_t> go_stack;
  // The bounds of the stack that C runs on (g0), for walking it; 0 when not known.
  uint64_t g0_stack_lo = 0, g0_stack_hi = 0;
};

struct SchedRecord {
  int64_t threads_created = 0;  // sched.mnext
  int64_t threads_freed = 0;    // sched.nmfreed
  int32_t threads_limit = 0;    // sched.maxmcount
};

struct Census {
  int64_t at_ns = 0;  // CLOCK_MONOTONIC
  std::vector<MRecord> ms;
  std::optional<SchedRecord> sched;
  std::optional<int64_t> live_timers;  // in the heaps of all Ps
  int ps = 0;                          // GOMAXPROCS
  // The length of runtime.allgs: goroutines that end leave their place to others, and it never
  // shrinks, so this is the most that have ever been there at once.
  std::optional<int64_t> goroutines_peak;
  std::optional<int64_t> schedules;   // p.schedtick, of all Ps; each wraps at 32 bits
  std::vector<std::string> problems;  // what could not be read, and why
};

// How many bytes lie between the stack pointer and the return address at a pc, as linked
// (Pclntab::stack_bytes_at).
using StackBytes = std::function<std::optional<uint32_t>(uint64_t pc)>;

// Reads with what GoBinary found; every pointer is checked before it is followed, lists are cut at
// 100 000 Ms.
class CensusReader {
 public:
  // Go ≤1.22 saves no frame pointer in system calls; without `stack_bytes` their Go stacks have
  // only the first frame.
  CensusReader(TargetMemory memory, const Layout& layout, Globals globals, uint64_t load_base,
               StackBytes stack_bytes = {});

  // Whether the layout fits the live process: allm ends with the M that was first, and is as long
  // as sched says; every M's g0 has a stack that holds its saved stack pointer; Ms and what they
  // run point to one another; goroutines have ids of their own; allp's ids count up. The error says
  // what did not fit; then nothing that this reads is to be believed. A runtime that has not
  // started yet (allm is 0) is an Error whose hint is "try again".
  Result<bool> validate() const;

  Census read() const;

 private:
  uint64_t loaded(uint64_t linked) const { return linked + load_base_; }
  void read_sched(Census& census) const;
  void read_ps(Census& census) const;
  void read_goroutines_peak(Census& census) const;
  void read_schedules(Census& census, const std::vector<uint64_t>& ps) const;

  TargetMemory memory_;
  Layout layout_;
  Globals globals_;
  uint64_t load_base_;
  StackBytes stack_bytes_;
};

}  // namespace cgoscope
