// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Who destroys threads: a goroutine that exits while it is locked to its thread takes the thread
// along. The thread ends in runtime.mexit, on its own stack, when the goroutine is already gone; so
// who it was is noted by thread, when it locks and again when it exits.
//
// UnlockOSThread is always inlined and cannot be seen. A note may thus be of a goroutine that has
// unlocked since; but whoever exits locked to the thread has locked later, or before the attach.
#pragma once

#include "ebpf/counting.bpf.h"

struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, 16384);
  __uint(map_flags, BPF_F_NO_PREALLOC);
  __type(key, __u32);  // tid
  __type(value, struct cg_locked_goroutine);
} thread_locker SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, CG_PLACES);
  __uint(map_flags, BPF_F_NO_PREALLOC);
  __type(key, struct cg_churn_place);
  __type(value, __u64);
} churn_places SEC(".maps");

static __always_inline void describe_goroutine(__u64 g, struct cg_locked_goroutine* who) {
  who->goid = read_word(g, config.layout.g_goid);
  who->place.start_pc = read_word(g, config.layout.g_startpc);
  who->place.go_pc = read_word(g, config.layout.g_gopc);
}

static __always_inline enum outcome note_locker(cg_registers* r) {
  struct cg_locked_goroutine who = {};
  __u32 tid = (__u32)bpf_get_current_pid_tgid();
  describe_goroutine(GO_G(r), &who);
  read_stack(r, CG_LOCK_THREAD, who.place.lock_pcs, CG_LOCK_DEPTH);
  return bpf_map_update_elem(&thread_locker, &tid, &who, BPF_ANY) == 0 ? AGGREGATED : MAP_FULL;
}

static __always_inline enum outcome note_exit_of_locked(__u64 g) {
  struct cg_locked_goroutine who = {};
  __u32 tid = (__u32)bpf_get_current_pid_tgid();
  const struct cg_locked_goroutine* known;
  if (read_word(g, config.layout.g_lockedm) == 0) return FILTERED;
  describe_goroutine(g, &who);
  known = bpf_map_lookup_elem(&thread_locker, &tid);
  if (known && known->goid == who.goid) return AGGREGATED;  // knows more: where it locked
  return bpf_map_update_elem(&thread_locker, &tid, &who, BPF_ANY) == 0 ? AGGREGATED : MAP_FULL;
}

static __always_inline enum outcome count_thread_exit(void) {
  struct cg_churn_place place = {};  // all 0: it locked before the attach
  __u32 tid = (__u32)bpf_get_current_pid_tgid();
  const struct cg_locked_goroutine* who = bpf_map_lookup_elem(&thread_locker, &tid);
  if (who) {
    place = who->place;
    bpf_map_delete_elem(&thread_locker, &tid);
  }
  return count_in(&churn_places, &place);
}
