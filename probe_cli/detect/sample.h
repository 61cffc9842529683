// One look at the target, as a value: what detectors judge, recordings hold and replays give back.
// Everything in it is resolved to names and lines, so that a sample means the same without the
// process and its binary. Counters are totals since the probe was attached.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ebpf/probe.h"
#include "findings/frame.h"

namespace cgoscope {

using StackId = uint32_t;               // index into Stacks
inline constexpr StackId kNoStack = 0;  // an empty stack

// Each different stack once. Innermost frame first, inlined calls as frames of their own.
class Stacks {
 public:
  Stacks() : stacks_(1) {}
  StackId add(std::vector<Frame> frames);                  // kNoStack for an empty one
  const std::vector<Frame>& operator[](StackId id) const;  // empty when there is no such id
  size_t size() const { return stacks_.size(); }

 private:
  std::deque<std::vector<Frame>> stacks_;  // a deque: references stay good
  std::map<std::string, StackId> ids_;
};

// What is watched; does not change during a run.
struct Subject {
  int64_t pid = 0;
  std::string exe;
  std::string go_version;  // "go1.22.12"
  bool cgo = false;
  bool keeps_abandoned_timers = false;
  bool started_by_us = false;             // watched from its first instruction
  std::vector<std::string> wait_reasons;  // in the runtime's words, by code; empty: not found
};

// As reports, recordings and --signals call it: "thread-exit"; "" for what is no signal.
std::string_view signal_name(cg_signal signal);
std::optional<cg_signal> parse_signal(std::string_view name);

inline constexpr std::string_view kUnreadSyscall = "?";

struct MSample {
  int64_t id = 0;
  int64_t tid = 0;   // in our /proc
  int64_t goid = 0;  // 0 when it runs no goroutine
  bool in_cgo = false;
  bool locked = false;     // its goroutine is locked to it
  std::string c_function;  // as after "C."; "" when not in a C call or not known
  // That its thread waits in; "" while it runs; kUnreadSyscall when it waits, and the kernel does
  // not let us see in what.
  std::string syscall;
  bool runtime_wait = false;  // the runtime's own wait that looks like a system call: signal_recv
                              // and other notetsleepg
  StackId go_stack = kNoStack;
  StackId c_stack = kNoStack;
  // The same value in two samples, with the same id and goid: the same call (m.ncgocall for C; how
  // often the thread has waited, for a system call).
  uint64_t call_number = 0;
  int64_t began_ns = 0;        // CLOCK_MONOTONIC, when the begin was seen; 0 when not
  bool terminal_read = false;  // read of a terminal
};

// Goroutines that have all this in common.
struct GoroutineSample {
  std::string state;        // "waiting", "runnable", "running", "syscall"
  std::string wait_reason;  // in the runtime's words; "" unless waiting
  bool locked = false;      // each to its thread
  bool system = false;      // the runtime's own, which runtime.NumGoroutine leaves out
  uint64_t count = 0;
  bool estimated = false;      // from a sample of stacks
  int64_t waits_since_ns = 0;  // one of them at least since then (CLOCK_MONOTONIC); 0: not known
  StackId stack = kNoStack;    // kNoStack while they run, or went on while they were read
  StackId started = kNoStack;  // first frame: their function
  StackId go = kNoStack;       // first frame: their `go` statement; kNoStack of the first one
  std::vector<int64_t> goids;  // a few, the lowest
};

// Who knows a lock that others wait for, and does not wait for it.
struct LockUserSample {
  int64_t goid = 0;
  std::string state, wait_reason;  // as of GoroutineSample
  uint64_t waits_for = 0;          // the semaphore of another lock; 0: for none
  StackId known_in = kNoStack;     // first frame: the line in the function that knows it
};

// A mutex, read-write mutex or wait group that goroutines wait for (process/lock_waits.h).
struct LockSample {
  uint64_t semaphore = 0;  // its address, which says which one it is
  uint64_t waiters_count = 0;
  std::vector<int64_t> waiters;  // goids, a few, the lowest
  std::string knowledge;         // of the users: "value", "address", "unlocks" (lock_waits.h)
  uint64_t users_count = 0;
  std::vector<LockUserSample> users;  // a few
};

struct PlaceSample {
  cg_signal signal = CG_PARK;
  uint32_t detail = 0;  // park: the wait reason's code
  StackId stack = kNoStack;
  uint64_t count = 0;
};

struct TimerSample {
  StackId stack = kNoStack;
  uint64_t created = 0, stopped = 0, fired = 0;  // of the timers that were created here
  uint64_t unfollowed = 0;  // what became of so many is not known: the kernel side had no room
};

struct ChurnSample {
  StackId started = kNoStack;  // first frame: the goroutine's function
  StackId go = kNoStack;       // first frame: its `go` statement
  StackId lock = kNoStack;     // where it called LockOSThread; kNoStack: before the attach
  uint64_t exits = 0;
};

// One `go` statement: goroutines that it started, and of those that it has started, here or before
// the attach, that ended; both while the signals were attached.
struct GoStatementSample {
  StackId go = kNoStack;       // first frame: the statement
  StackId started = kNoStack;  // first frame: the goroutines' function; kNoStack when none was seen
  uint64_t starts = 0, exits = 0;
};

// A goroutine that was interrupted by a signal, because it did not give way, here; since the sample
// before.
struct PreemptionSample {
  int64_t goid = 0;
  StackId stack = kNoStack;  // runtime.asyncPreempt, then what it was at
  uint64_t count = 0;
};

// Objects whose finalizer's closure captures them, or what has their address in its first word,
// such as a variable.
struct CaptureSample {
  StackId stack = kNoStack;      // runtime.SetFinalizer's caller, and so on
  StackId finalizer = kNoStack;  // first frame: the closure
  bool through = false;          // the latter
  uint64_t count = 0;
};

struct CgoFunctionSample {
  std::string c_function;
  StackId stack = kNoStack;  // the Go wrapper and its caller, as far as known
  uint64_t calls = 0, in_flight = 0;
  uint64_t p50_ns = 0, p99_ns = 0, max_ns = 0, total_ns = 0;
};

struct SignalSample {
  cg_signal signal = CG_PARK;
  std::string state;   // "attached", "part-time", "detached", "standby", "absent", "refused"
  std::string reason;  // why it is not simply attached
  cg_books books{};
  uint64_t missed = 0;
  int64_t attached_ns = 0;  // of run_ns
};

struct EventSample {
  cg_signal signal = CG_FATAL;
  int64_t time_ns = 0;  // CLOCK_MONOTONIC
  int64_t tid = 0, goid = 0;
  std::string text;        // fatal, throw: the runtime's words; panic: the value
  std::string value_kind;  // panic: "string", "number", "nil", "other"; "" when not known
  StackId stack = kNoStack;
  StackId started = kNoStack;  // first frame: the goroutine's function
  StackId go = kNoStack;       // first frame: its `go` statement
};

struct Sample {
  int64_t at_ns = 0;         // CLOCK_MONOTONIC
  int64_t wall_ns = 0;       // CLOCK_REALTIME
  int64_t run_ns = 0;        // since the attach
  bool last = false;         // the target is gone, or the run ends
  int64_t threads = 0;       // of the process, as the kernel counts; 0 when it is gone
  bool memory_read = false;  // what follows from the runtime's memory is there
  int64_t threads_limit = 0;
  int64_t threads_created = 0;  // sched.mnext: in the target's whole life
  int64_t threads_freed = 0;    // sched.nmfreed
  int64_t threads_of_ms = 0;    // Ms that have a thread
  std::optional<int64_t> live_timers;
  // The most goroutines that have ever been there at once, the runtime's own included: the length
  // of runtime.allgs, which uses the slots of those that ended again, and never shrinks.
  std::optional<int64_t> goroutines_peak;
  // How often all Ps together have begun to run a goroutine (p.schedtick, which wraps at 32 bits).
  std::optional<int64_t> schedules;
  std::vector<MSample> ms;  // those in a C call or a system call
  bool goroutines_read = false;
  uint64_t goroutines_walked = 0;  // of so many the stacks were followed
  std::vector<GoroutineSample> goroutines;
  bool locks_read = false;          // those that a rule asked for
  uint64_t locks_unseen_count = 0;  // goroutines that ran, so that what they know was not seen
  std::vector<LockSample> locks;
  std::vector<PlaceSample> places;
  std::vector<TimerSample> timers;
  std::vector<ChurnSample> churn;
  std::vector<GoStatementSample> go_statements;
  std::vector<PreemptionSample> preemptions;  // since the sample before
  std::vector<CaptureSample> captures;
  // First frame: the finalizer that runs now, and since when (CLOCK_MONOTONIC, 0: none does).
  StackId finalizer = kNoStack;
  int64_t finalizer_began_ns = 0;
  std::vector<CgoFunctionSample> cgo;
  std::vector<SignalSample> signals;  // one for each cg_signal, in order
  std::vector<EventSample> events;    // since the sample before
  double overhead_share = 0;  // estimated, of the CPUs that the target may use, in this interval
};

// nullptr when the sample does not have it.
const SignalSample* find_signal(const Sample& sample, cg_signal signal);

}  // namespace cgoscope
