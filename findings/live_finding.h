// What the probe reports: something that is wrong in a running Go process now.
//
// As with the lint's findings there is one envelope; what was measured is a payload that depends on
// the rule. docs/formats/finding.schema.json is the form it takes in JSON.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "findings/finding.h"
#include "findings/frame.h"

namespace cgoscope {

// stuck-m. Counts are of the moment of the report.
struct StuckMEvidence {
  int64_t ms_count = 0;    // Ms alike: same C function and Go line, or same system call and Go line
  int64_t longest_ms = 0;  // how long the oldest of them has been there, at least
  bool since_before_attach = false;  // then longest_ms counts from the attach, and more is true
  std::string syscall;               // "clock_nanosleep"; "" while the thread is on a CPU
  int64_t threads_total_count = 0;   // OS threads of the process
  int64_t threads_limit_count = 0;   // runtime's maxmcount (debug.SetMaxThreads), 10 000 by default
};

// thread-churn. Rates are over the window that made the finding.
struct ThreadChurnEvidence {
  double created_per_s = 0;    // threads that the runtime started
  double destroyed_per_s = 0;  // threads that ended because a goroutine exited locked to them
  Frame started;               // the `go` statement of those goroutines; empty when not known
  Frame locked;                // where they called runtime.LockOSThread; empty when not known
};

// timer-flood.
struct TimerFloodEvidence {
  double created_per_s = 0;
  double abandoned_per_s = 0;    // created − stopped − fired
  int64_t live_count = 0;        // in the heaps of all Ps
  double live_growth_per_s = 0;  // of live_count
  bool kept = false;  // this binary keeps an abandoned timer until it fires (Go ≤1.22, or
                      // asynctimerchan=1); else the collector frees it
};

// goroutine-leak.
struct GoroutineLeakEvidence {
  int64_t goroutines_count = 0;  // that wait there
  double growth_per_s = 0;
  std::optional<double> woken_per_s;  // of those; nullopt when it could not be seen
  std::optional<int64_t> oldest_ms;   // one has waited so long at least; nullopt when not known
  Frame started;                      // their `go` statement; empty when not known
};

// lock-held.
struct LockHeldEvidence {
  // A goroutine that knows the lock and does not wait for it.
  struct Knower {
    int64_t goroutine = 0;    // its id
    std::string state;        // "waiting", "runnable", "syscall"
    std::string wait_reason;  // the runtime's words; "" unless waiting
    Frame where;              // in the function that knows it
  };
  int64_t waiters_count = 0;
  int64_t longest_ms = 0;  // that one of them has waited, at least
  // How many have its address, or, if none has, that of the value around it; nullopt: not known.
  std::optional<int64_t> knowers_count;
  std::vector<Knower> may_hold;  // of those, at most 8
};

// deadlock.
struct DeadlockEvidence {
  struct Wait {
    std::string reason;  // the runtime's words
    Frame where;
    int64_t count = 0;
  };
  int64_t goroutines_count = 0;       // that wait; 0 when it ended before they were read
  int64_t foreign_threads_count = 0;  // threads that are not the runtime's
  std::vector<Wait> waits;            // by count, at most 10
  bool whole = true;                  // no goroutine of the program can run again
};

// panic.
struct PanicEvidence {
  std::string value;       // what panic was called with, in Go's words; at most 256 bytes
  std::string value_kind;  // "string" (also of errors and Stringers), "number" (or a bool), "nil",
                           // "other" (`value` is empty then), "" when it could not be read
  Frame entry;             // the goroutine's function; empty when not known
  Frame started;           // its `go` statement; empty when not known, and of the main goroutine
};

// goroutine-flood.
struct GoroutineFloodEvidence {
  int64_t goroutines_count = 0;  // the most that have ever been there at once; 0 when not known
  double growth_per_s = 0;       // of that, or without it of started − ended
  double started_per_s = 0;  // by the `go` statement that the finding names; 0 when none is known
  double ended_per_s = 0;    // of those that it has started
  Frame entry;               // their function; empty when not known
};

// forced-gc. Rates are over the window that made the finding.
struct ForcedGcEvidence {
  double forced_per_s = 0;         // by the line that the finding names
  double pools_emptied_per_s = 0;  // how often the collections, these and others, emptied all
                                   // sync.Pools
};

// gosched-spin.
struct GoschedSpinEvidence {
  double yields_per_s = 0;  // of all goroutines at that line
};

// cpu-hog.
struct CpuHogEvidence {
  int64_t goroutines_count = 0;  // in that loop
  double preempted_per_s = 0;    // one of them
  int64_t longest_ms = 0;        // how long the first of them has been at it, at least
};

// finalizer-stall.
struct FinalizerStallEvidence {
  std::string kind;           // "captures-its-object", "holds-the-finalizer-goroutine"
  int64_t objects_count = 0;  // the first kind: that got such a finalizer since the attach
  int64_t longest_ms = 0;     // the second kind: how long it has been running
  Frame finalizer;            // the function; empty when not known
};

using LiveEvidence =
    std::variant<StuckMEvidence, ThreadChurnEvidence, TimerFloodEvidence, GoroutineLeakEvidence,
                 LockHeldEvidence, DeadlockEvidence, PanicEvidence, GoroutineFloodEvidence,
                 ForcedGcEvidence, GoschedSpinEvidence, CpuHogEvidence, FinalizerStallEvidence>;

struct LiveFinding {
  std::string id;    // stable within a process and between runs: see live_finding_id
  std::string rule;  // "stuck-m", as in `cgoscope rules`
  Severity severity = Severity::kWarning;
  int64_t first_seen_ns = 0;  // CLOCK_REALTIME, since the epoch
  int64_t last_seen_ns = 0;
  std::string subsystem;            // "cgo", "syscall", "threads", "timers", "goroutines",
                                    // "collector", "scheduler", "finalizers"
  std::string wait_reason;          // of the goroutine, in the runtime's words; "" when running
  Frame where;                      // the innermost frame outside the runtime that the rule names
  std::string c_function;           // as written after "C."; "" when no C function is part of it
  std::vector<Frame> stack;         // innermost first; C frames, then Go frames
  std::vector<int64_t> threads;     // thread ids in the target's /proc, at most 20
  std::vector<int64_t> goroutines;  // goids, at most 20
  LiveEvidence evidence;
  std::string lint;  // id of the lint finding that predicted it; "" when none did
  std::vector<std::string> lint_alike;  // ids of others at that line that fit it as well
  std::string message;
  std::string advice;
};

// Whether one of them is of this severity or above.
bool any_at_least(const std::vector<LiveFinding>& findings, Severity severity);

// Sixteen hexadecimal digits over rule, where (function, base name of the file, line) and C
// function.
std::string live_finding_id(const LiveFinding& finding);

}  // namespace cgoscope
