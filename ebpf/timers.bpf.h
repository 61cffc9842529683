// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Timers of package time, by the line that creates them, and what becomes of them.
//
// A timer is known again by the data word of its argument: the channel of a time.Timer or Ticker,
// which no other has, or the function value of an AfterFunc, which several may share. An abandoned
// timer is collected unseen since Go 1.23, and its channel's address used again.
#pragma once

#include "ebpf/counting.bpf.h"

struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, CG_TIMER_PLACES);
  __uint(map_flags, BPF_F_NO_PREALLOC);
  __type(key, struct cg_place);
  __type(value, __u32);  // index into timer_counts
} timer_places SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, CG_TIMER_PLACES);
  __type(key, __u32);
  __type(value, struct cg_count);
} timer_counts SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, CG_TIMERS);
  __uint(map_flags, BPF_F_NO_PREALLOC);
  __type(key, __u64);  // data word of the timer's argument
  __type(value, struct cg_timers_alike);
} timers SEC(".maps");

__u32 next_timer_place;

struct timer_seen {
  __u64 function;  // a function value
  __u64 argument;  // data word
};

static __always_inline struct timer_seen read_timer(__u64 timer) {
  struct timer_seen seen = {
      .function = read_word(timer, config.layout.timer_f),
      .argument = read_word(timer, config.layout.timer_arg + sizeof(__u64)),
  };
  return seen;
}

static __always_inline int runs(__u64 function_value, __u64 base, __u64 linked) {
  return linked != 0 && read_word(function_value, 0) == base + linked;
}

// Whether a timer waits to fire. Go ≤1.22 has a status (timerWaiting 1, timerModifying 6,
// timerModifiedEarlier 7, -Later 8, timerMoving 9), Go ≥1.23 clears `when`.
static __always_inline int is_pending(__u64 timer) {
  if (config.layout.timer_status != CG_NO_OFFSET) {
    __u32 status = read_half_word(timer, config.layout.timer_status);
    return status == 1 || (status >= 6 && status <= 9);
  }
  return read_word(timer, config.layout.timer_when) != 0;
}

static __always_inline struct cg_count* timer_count(__u32 place) {
  return bpf_map_lookup_elem(&timer_counts, &place);
}

static __always_inline void lose_from_view(__u32 place, __u64 timers_count) {
  struct cg_count* count = timer_count(place);
  if (count) __sync_fetch_and_add(&count->unfollowed, timers_count);
}

static __always_inline void follow(__u64 key, __u32 place, int has_channel) {
  struct cg_timers_alike* known = bpf_map_lookup_elem(&timers, &key);
  if (!known) {
    struct cg_timers_alike first = {.place = place, .waiting = 1};
    if (bpf_map_update_elem(&timers, &key, &first, BPF_NOEXIST) != 0) lose_from_view(place, 1);
  } else if (has_channel) {  // the other was abandoned
    known->place = place;
    known->waiting = 1;
  } else if (known->place == place) {
    __sync_fetch_and_add(&known->waiting, 1);
  } else {
    lose_from_view(known->place, known->waiting);
    known->place = place;
    known->waiting = 1;
  }
}

static __always_inline enum outcome start_timer(cg_registers* r, enum cg_signal signal,
                                                struct timer_seen seen) {
  struct cg_place place = {.signal = signal};
  __u32* known;
  __u32 id;
  struct cg_count* count;
  read_stack(r, signal, place.pcs, CG_STACK_DEPTH);
  known = bpf_map_lookup_elem(&timer_places, &place);
  if (!known) {
    // Two CPUs may both get a number for it; the second one's is then never used.
    id = __sync_fetch_and_add(&next_timer_place, 1);
    if (id >= CG_TIMER_PLACES) return MAP_FULL;
    bpf_map_update_elem(&timer_places, &place, &id, BPF_NOEXIST);
    known = bpf_map_lookup_elem(&timer_places, &place);
    if (!known) return MAP_FULL;
  }
  id = *known;
  count = timer_count(id);
  if (!count) return MAP_FULL;
  __sync_fetch_and_add(&count->count, 1);
  follow(seen.argument, id, runs(seen.function, load_base(r), config.send_time));
  return AGGREGATED;
}

enum timer_end { TIMER_STOPPED, TIMER_FIRED };

static __always_inline void end_timer(__u64 key, enum timer_end end) {
  struct cg_timers_alike* known = bpf_map_lookup_elem(&timers, &key);
  struct cg_count* count;
  if (!known) return;  // created before the attach, or lost from view
  count = timer_count(known->place);
  if (count) __sync_fetch_and_add(end == TIMER_FIRED ? &count->fired : &count->stopped, 1);
  if (__sync_fetch_and_sub(&known->waiting, 1) <= 1) bpf_map_delete_elem(&timers, &key);
}

static __always_inline enum outcome create_timer(cg_registers* r) {
  struct timer_seen seen;
  if (config.timer_is_created_by_words) {
    seen.function = GO_ARGUMENT_2(r);
    seen.argument = GO_ARGUMENT_4(r);
  } else {
    seen = read_timer(GO_ARGUMENT_0(r));
  }
  return start_timer(r, CG_TIMER_CREATE, seen);
}

static __always_inline enum outcome stop_timer(cg_registers* r) {
  __u64 timer = GO_ARGUMENT_0(r) + config.timer_in_time_timer;
  if (!is_pending(timer)) return FILTERED;
  end_timer(read_timer(timer).argument, TIMER_STOPPED);
  return AGGREGATED;
}

// Setting a timer that waits anew changes nothing; one that does not is started again, here.
static __always_inline enum outcome reset_timer(cg_registers* r) {
  __u64 timer = GO_ARGUMENT_0(r) + config.timer_in_time_timer;
  if (is_pending(timer)) return FILTERED;
  return start_timer(r, CG_TIMER_RESET, read_timer(timer));
}

// The runtime fires timers of its own too (sleeping goroutines, network deadlines), and a ticker
// goes on.
static __always_inline enum outcome fire_timer(cg_registers* r) {
  __u64 timer = GO_ARGUMENT_0(r);
  struct timer_seen seen;
  __u64 base = load_base(r);
  barrier_var(timer);  // the verifier wants registers read at fixed offsets, not at a chosen one
  if (config.fired_timer_argument == 1) timer = GO_ARGUMENT_1(r);
  seen = read_timer(timer);
  if (read_word(timer, config.layout.timer_period) != 0) return FILTERED;
  if (!runs(seen.function, base, config.send_time) && !runs(seen.function, base, config.go_func))
    return FILTERED;
  end_timer(seen.argument, TIMER_FIRED);
  return AGGREGATED;
}
