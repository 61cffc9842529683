// What the kernel side and the user side of the probe share: the signals, the books kept over each,
// and the keys and values of the maps. Plain C, of fixed sizes, because both sides compile it.
//
// A signal is something that a Go program's runtime does and that one instruction of it shows.
// Frequent signals are counted in the kernel, by place; only the rare ones are sent one by one.
#pragma once

#include <linux/types.h>

// In the order of kSignals in probe_cli/go/signals.cpp, which says what each one is.
enum cg_signal {
  CG_PARK,            // a goroutine parks
  CG_THREAD_REQUEST,  // runtime.newm: somebody wants another thread; the stack is the cause
  CG_THREAD_START,    // runtime.newm1: it is made
  CG_THREAD_EXIT,     // runtime.mexit: a goroutine exited while locked to its thread
  CG_LOCK_THREAD,     // runtime.LockOSThread
  CG_GOROUTINE_EXIT,  // a goroutine ends; only those locked to a thread are kept
  CG_CGO_CALL,        // Go enters C
  CG_CGO_RETURN,      // C has returned
  CG_TIMER_CREATE,
  CG_TIMER_STOP,
  CG_TIMER_RESET,
  CG_TIMER_FIRE,
  CG_HANDOFF,  // sysmon takes the P of a thread that stays in a call
  CG_FATAL,    // runtime.fatal, with its text
  CG_THROW,    // runtime.throw, with its text
  CG_PANIC,    // runtime.fatalpanic: nothing recovered it
  CG_SIGNALS
};

// hits = filtered + aggregated + delivered + ring_full + map_full, signal by signal.
struct cg_books {
  __u64 hits;        // the program ran
  __u64 filtered;    // seen, and of no interest
  __u64 aggregated;  // counted in a map
  __u64 delivered;   // sent through the ring buffer
  __u64 ring_full;   // lost: no room in the ring buffer
  __u64 map_full;    // lost: no room in a map
};

#define CG_STACK_DEPTH 10

// A place: where a signal was seen. pcs[0] is the return address of the probed function; unused
// slots are 0. Addresses are the target's, with the load base.
struct cg_place {
  __u32 signal;  // enum cg_signal
  __u32 detail;  // park: the wait reason's code; else 0
  __u64 pcs[CG_STACK_DEPTH];
};

// What is counted at one place, since the signal was attached first.
struct cg_count {
  __u64 count;
  __u64 last_ns;  // CLOCK_MONOTONIC
  // Timer places only: what became of timers that were created here.
  __u64 stopped;
  __u64 fired;
};

// Of a goroutine that exited while locked to its thread: who it was.
struct cg_churn_place {
  __u64 start_pc;  // entry of the goroutine's function
  __u64 go_pc;     // its `go` statement
  __u64
      lock_pcs[4];  // callers of LockOSThread, innermost first; 0s when it locked before the attach
};

#define CG_LATENCY_BUCKETS 40

// One C function as Go calls it. The key is the C stub's address in the target.
struct cg_cgo_function {
  __u64 calls;  // that returned
  __u64 total_ns;
  __u64 max_ns;
  __u64 caller_pc;                    // one return address into the Go wrapper, `pkg._Cfunc_NAME`
  __u64 buckets[CG_LATENCY_BUCKETS];  // bucket i: [2^i, 2^(i+1)) ns
};

// A call into C that has not returned. The key is the g's address.
struct cg_cgo_in_flight {
  __u64 stub;
  __u64 began_ns;  // CLOCK_MONOTONIC
  __u32 tid;       // in the initial pid namespace
  __u32 pad;
};

#define CG_TEXT_BYTES 256

// Rare signals, one by one, through the ring buffer.
struct cg_event {
  __u32 signal;
  __u32 tid;         // in the target's own pid namespace as the probe sees it
  __u64 time_ns;     // CLOCK_MONOTONIC
  __u64 goid;        // 0 when not known
  __u32 text_bytes;  // of `text`; longer texts are cut
  __u32 pad;
  __u64 pcs[CG_STACK_DEPTH];
  char text[CG_TEXT_BYTES];
};

// Offsets in the target's runtime structures that the programs need, in bytes; set before the load.
// Those of a field that this Go version does not have are CG_NO_OFFSET.
#define CG_NO_OFFSET 0xffffffffu
struct cg_layout {
  __u32 g_m, g_goid, g_gopc, g_startpc, g_lockedm;
  __u32 m_curg;
  __u32 timer_when, timer_period, timer_f, timer_arg;
  __u32 timer_status;  // Go ≤1.22
};
