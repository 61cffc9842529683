// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Goroutines that keep a CPU busy: those that give way again and again (runtime.Gosched), and those
// that have to be made to (preemption by signal).
#pragma once

#include "ebpf/counting.bpf.h"

struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, CG_PLACES);
  __uint(map_flags, BPF_F_NO_PREALLOC);
  __type(key, struct cg_preempted);
  __type(value, __u64);  // how often
} preempted SEC(".maps");

// Return addresses of a goroutine that is not running, from what the scheduler saved of it. At
// runtime.gosched_m the stack is g0's already, and what Go 1.19 leaves in the frame pointer skips
// the function that gave way.
static __always_inline void read_saved_stack(cg_registers* r, __u64 g, __u64* pcs,
                                             const int depth) {
  const __u64 base = load_base(r);
  const __u64 begin = base + config.text_begin;
  const __u64 length = config.text_end - config.text_begin;
  __u64 frame = read_word(g, config.layout.g_sched_bp);
  pcs[0] = read_word(g, config.layout.g_sched_pc);
#pragma clang loop unroll(full)
  for (int i = 1; i < depth; i++) {
    __u64 saved[2];  // the caller's frame pointer, the return address into it
    if (frame == 0) break;
    if (bpf_probe_read_user(saved, sizeof(saved), (const void*)frame) != 0) break;
    if (saved[1] - begin >= length || saved[0] == frame) break;
    pcs[i] = saved[1];
    frame = saved[0];
  }
}

// runtime.gosched_m(gp).
static __always_inline enum outcome count_yield(cg_registers* r) {
  struct cg_place place = {.signal = CG_YIELD};
  read_saved_stack(r, GO_ARGUMENT_0(r), place.pcs, CG_STACK_DEPTH);
  return count_place(&place);
}

// runtime.asyncPreempt2, on the goroutine's own stack.
static __always_inline enum outcome count_preemption(cg_registers* r) {
  struct cg_preempted who = {.goid = read_word(GO_G(r), config.layout.g_goid)};
  read_stack(r, CG_PREEMPT, who.pcs, CG_STACK_DEPTH);
  return count_in(&preempted, &who);
}
