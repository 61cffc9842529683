// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
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
  CG_GOROUTINE_EXIT,  // a goroutine ends; who it was is kept if it was locked to a thread
  CG_CGO_CALL,        // Go enters C
  CG_CGO_RETURN,      // C has returned
  CG_TIMER_CREATE,
  CG_TIMER_STOP,
  CG_TIMER_RESET,
  CG_TIMER_FIRE,
  CG_HANDOFF,          // sysmon takes the P of a thread that stays in a call
  CG_FATAL,            // runtime.fatal, with its text
  CG_THROW,            // runtime.throw, with its text
  CG_PANIC,            // runtime.fatalpanic: nothing recovered it
  CG_GOROUTINE_START,  // runtime.newproc1: a `go` statement
  CG_FORCED_GC,        // runtime.GC
  CG_POOL_CLEAR,       // sync.poolCleanup: each collection empties the pools
  CG_YIELD,            // runtime.gosched_m: a goroutine gives way
  CG_PREEMPT,          // runtime.asyncPreempt2: one is made to
  CG_SET_FINALIZER,    // runtime.SetFinalizer; only those that capture their object are kept
  CG_FINALIZER_RUN,    // the finalizer goroutine calls one
  CG_FINALIZER_IDLE,   // it has none left
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

// A place: where a signal was seen. pcs[0] is the return address of the probed function, or of the
// probed call; unused slots are 0. Addresses are the target's, with the load base.
struct cg_place {
  __u32 signal;  // enum cg_signal
  __u32 detail;  // park: the wait reason's code; else 0
  __u64 pcs[CG_STACK_DEPTH];
};

// What is counted at one place, since the signal was attached first.
struct cg_count {
  __u64 count;
  // Timer places only: what became of timers that were created here. Those that still wait, or that
  // nobody will ever wait for, are count - stopped - fired - unfollowed.
  __u64 stopped;
  __u64 fired;
  __u64 unfollowed;  // lost from view: no room, another window began, or one AfterFunc for many
};

#define CG_LOCK_DEPTH 4

// Of a goroutine that exited while locked to its thread: who it was.
struct cg_churn_place {
  __u64 start_pc;  // entry of the goroutine's function
  __u64 go_pc;     // its `go` statement
  // Callers of LockOSThread, innermost first; 0s when it locked before the attach.
  __u64 lock_pcs[CG_LOCK_DEPTH];
};

// Of a thread, by its id: who locked it last, or exited locked to it.
struct cg_locked_goroutine {
  __u64 goid;
  struct cg_churn_place place;
};

// One `go` statement, while its two signals are attached.
struct cg_go_statement {
  __u64 started;   // goroutines
  __u64 ended;     // goroutines that it has started, before or after the attach
  __u64 start_pc;  // entry of their function; 0 when none was started in view
};

// A goroutine that was preempted by a signal, and where.
struct cg_preempted {
  __u64 goid;
  __u64 pcs[CG_STACK_DEPTH];  // as in cg_place; [1] is the interrupted instruction's own address
};

#define CG_CAPTURED_WORDS 7

// A finalizer whose closure holds, or seems to hold, its own object.
struct cg_capture {
  __u64 code_pc;  // entry of the closure's code
  __u32 words;    // bit i: the i-th word behind the code's address points into the object
  __u32 through;  // bit i: it points to a word that does
  __u64 pcs[CG_STACK_DEPTH];  // callers of SetFinalizer
};

// What the finalizer goroutine does.
struct cg_finalizer_run {
  __u64 began_ns;  // of the finalizer that runs, CLOCK_MONOTONIC; 0 when none does
  __u64 code_pc;   // entry of its code
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

// A call into C that has not returned.
struct cg_cgo_in_flight {
  __u64 stub;
  __u64 began_ns;  // CLOCK_MONOTONIC
  // How far below the top of the goroutine's stack the call lies, in bytes: the same at its return,
  // also when the stack has been moved meanwhile. A call from a callback lies deeper.
  __u32 depth_bytes;
  __u32 pad;
};

#define CG_NESTED_CALLS 4

// The calls of one goroutine, outermost first. The key is the g's address.
struct cg_cgo_calls {
  __u32 count;
  __u32 pad;
  struct cg_cgo_in_flight calls[CG_NESTED_CALLS];
};

#define CG_TEXT_BYTES 256
#define CG_EVENT_STACK_DEPTH 24

// The kind of a Go value (internal/abi.Kind), as far as the programs tell one.
enum cg_kind {
  CG_KIND_UNKNOWN = 0,
  CG_KIND_BOOL = 1,
  CG_KIND_INT = 2,  // then int8 to int64
  CG_KIND_INT64 = 6,
  CG_KIND_UINT = 7,  // then uint8 to uint64, uintptr
  CG_KIND_UINTPTR = 12,
  CG_KIND_FLOAT32 = 13,
  CG_KIND_FLOAT64 = 14,
  CG_KIND_STRING = 24,
  CG_KIND_NIL = 32,  // ours: an interface that holds nothing
};

// Rare signals, one by one, through the ring buffer.
struct cg_event {
  __u32 signal;
  __u32 tid;         // in the probe's pid namespace; 0 when not known
  __u64 time_ns;     // CLOCK_MONOTONIC
  __u64 goid;        // 0 when not known
  __u64 start_pc;    // entry of the goroutine's function; 0 when not known
  __u64 go_pc;       // its `go` statement
  __u32 text_bytes;  // of `text`; longer texts are cut; 0 when its page was not there
  __u32 value_kind;  // panic: what it was called with; enum cg_kind, or another one of Go's
  __u64 value;       // its first eight bytes, when it is a bool or a number
  __u64 text_address, text_length;  // where all of it lies in the target; 0s: there is none
  __u64 pcs[CG_EVENT_STACK_DEPTH];
  char text[CG_TEXT_BYTES];
};

// Offsets in the target's runtime structures that the programs need, in bytes. Those of a field
// that this Go version does not have are CG_NO_OFFSET.
#define CG_NO_OFFSET 0xffffffffu
struct cg_layout {
  __u32 g_stack_hi, g_m, g_goid, g_gopc, g_startpc, g_lockedm, g_sched_pc, g_sched_bp;
  __u32 m_curg;
  __u32 timer_when, timer_period, timer_f, timer_arg;
  __u32 timer_status;  // Go ≤1.22
  __u32 panic_arg;
};

// What the programs are told before they are loaded, so that the verifier drops what a target does
// not need. Addresses are as linked: a program learns the load base from its own site, whose linked
// address is the cookie of its link.
struct cg_config {
  struct cg_layout layout;
  __u8 call_site[CG_SIGNALS];      // 1: the site is a call inside the function
  __u8 branch_site[CG_SIGNALS];    // 1: the site is a jbe, and no call when it is taken
  __u32 stack_adjust[CG_SIGNALS];  // from the stack pointer at the site to the return address
  __u32 timer_in_time_timer;       // where the runtime's timer lies in what time.stopTimer gets
  __u32
      timer_is_created_by_words;  // 1: time.newTimer(when, period, f, arg…); 0: startTimer(*timer)
  __u32 fired_timer_argument;     // which argument of the function that fires is the timer
  __u64 text_begin, text_end;     // Go's code: a frame outside it ends a stack
  __u64 send_time, go_func;       // time.sendTime, time.goFunc; 0 when not linked in
  // Device and inode of the probe's pid namespace; 0s when it is the initial one.
  __u64 pid_namespace_device, pid_namespace_inode;
};

// An id of a timer place: index into `timer_counts`. What `timers` says of one or, when they run
// the same function value, several timers that wait.
struct cg_timers_alike {
  __u32 place;
  __u32 waiting;
};

#define CG_PLACES 16384
#define CG_TIMER_PLACES 4096
#define CG_TIMERS 262144
#define CG_GO_STATEMENTS 8192
