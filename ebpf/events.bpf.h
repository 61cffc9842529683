// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// What is rare and worth telling one by one: the last words of a process.
#pragma once

#include "ebpf/counting.bpf.h"

struct {
  __uint(type, BPF_MAP_TYPE_RINGBUF);
  __uint(max_entries, 256 * 1024);
} events SEC(".maps");

// The goroutine that a thread runs. The scheduler's own stack (g0) has goid 0; then it is the one
// that the thread ran before.
static __always_inline __u64 current_goid(cg_registers* r) {
  __u64 g = GO_G(r);
  __u64 goid = read_word(g, config.layout.g_goid);
  if (goid != 0) return goid;
  return read_word(read_word(read_word(g, config.layout.g_m), config.layout.m_curg),
                   config.layout.g_goid);
}

static __always_inline enum outcome deliver(cg_registers* r, enum cg_signal signal, __u64 text,
                                            __u64 text_bytes) {
  struct cg_event* event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);
  if (!event) return RING_FULL;
  __builtin_memset(event, 0, sizeof(*event));
  event->signal = signal;
  event->tid = visible_tid();
  event->time_ns = bpf_ktime_get_ns();
  event->goid = current_goid(r);
  read_stack(r, signal, event->pcs, CG_STACK_DEPTH);
  if (text_bytes > CG_TEXT_BYTES) text_bytes = CG_TEXT_BYTES;
  if (text_bytes > 0 && bpf_probe_read_user(event->text, (__u32)text_bytes, (const void*)text) == 0)
    event->text_bytes = (__u32)text_bytes;
  bpf_ringbuf_submit(event, 0);
  return DELIVERED;
}
