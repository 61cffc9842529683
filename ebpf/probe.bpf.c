// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// The programs, one a signal: on_<what happened>. Each hit ends in one of the outcomes of the
// books.
//
// All are written for a uprobe.multi link; for perf links the user side changes their
// expected_attach_type before the load. None checks which process it runs in: both kinds of link
// let through only the process that they were made for, and find_link_kind() has checked that.
#include "ebpf/cgo.bpf.h"
#include "ebpf/counting.bpf.h"
#include "ebpf/events.bpf.h"
#include "ebpf/finalizers.bpf.h"
#include "ebpf/goroutines.bpf.h"
#include "ebpf/scheduling.bpf.h"
#include "ebpf/threads.bpf.h"
#include "ebpf/timers.bpf.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

#define PROGRAM(name, signal, expression)                                \
  SEC("uprobe.multi") int name(cg_registers* r) {                        \
    struct cg_books* book = count_hit(signal);                           \
    int is_call = !(config.branch_site[signal] && stack_check_fails(r)); \
    count_outcome(book, is_call ? (expression) : FILTERED);              \
    return 0;                                                            \
  }

// The wait reason is one byte.
PROGRAM(on_park, CG_PARK, count_at_place(r, CG_PARK, GO_ARGUMENT_2(r) & 0xff))
PROGRAM(on_thread_request, CG_THREAD_REQUEST, count_at_place(r, CG_THREAD_REQUEST, 0))
PROGRAM(on_thread_start, CG_THREAD_START, count_at_place(r, CG_THREAD_START, 0))
PROGRAM(on_thread_exit, CG_THREAD_EXIT, count_thread_exit())
PROGRAM(on_lock_thread, CG_LOCK_THREAD, note_locker(r))
PROGRAM(on_goroutine_exit, CG_GOROUTINE_EXIT, count_goroutine_end(r))
PROGRAM(on_cgo_call, CG_CGO_CALL, begin_cgo_call(r))
PROGRAM(on_cgo_return, CG_CGO_RETURN, end_cgo_call(r))
PROGRAM(on_timer_create, CG_TIMER_CREATE, create_timer(r))
PROGRAM(on_timer_stop, CG_TIMER_STOP, stop_timer(r))
PROGRAM(on_timer_reset, CG_TIMER_RESET, reset_timer(r))
PROGRAM(on_timer_fire, CG_TIMER_FIRE, fire_timer(r))
PROGRAM(on_handoff, CG_HANDOFF, count_at_place(r, CG_HANDOFF, 0))
PROGRAM(on_fatal, CG_FATAL, deliver_text(r, CG_FATAL))
PROGRAM(on_throw, CG_THROW, deliver_text(r, CG_THROW))
PROGRAM(on_panic, CG_PANIC, deliver_panic(r))
PROGRAM(on_goroutine_start, CG_GOROUTINE_START, count_goroutine_start(r))
PROGRAM(on_forced_gc, CG_FORCED_GC, count_at_place(r, CG_FORCED_GC, 0))
PROGRAM(on_pool_clear, CG_POOL_CLEAR, AGGREGATED)  // the books are all that is asked
PROGRAM(on_yield, CG_YIELD, count_yield(r))
PROGRAM(on_preempt, CG_PREEMPT, count_preemption(r))
PROGRAM(on_set_finalizer, CG_SET_FINALIZER, note_captured_object(r))
PROGRAM(on_finalizer_run, CG_FINALIZER_RUN, begin_finalizer(r))
PROGRAM(on_finalizer_idle, CG_FINALIZER_IDLE, end_finalizers())

// For a function of the probe's own: what a hit costs, and which link works. Does what on_park
// does.
PROGRAM(on_own_function, CG_PARK, count_at_place(r, CG_PARK, 0))
