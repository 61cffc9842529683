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

// Where the kind of a type lies in its description (internal/abi.Type.Kind_; the high bits are
// flags), and the kind of a string.
#define GO_TYPE_KIND 23
#define GO_KIND_MASK 31
#define GO_KIND_STRING 24

// What was panicked with, if it is a string. The runtime makes one of errors and of what has a
// String method before it gives up (preprintpanics in src/runtime/panic.go); of other values only
// the stack is told.
static __always_inline enum outcome deliver_panic(cg_registers* r) {
  __u64 panic = GO_ARGUMENT_0(r);
  if (config.layout.panic_arg == CG_NO_OFFSET) return deliver(r, CG_PANIC, 0, 0);
  __u64 type = read_word(panic, config.layout.panic_arg);
  __u64 string = read_word(panic, config.layout.panic_arg + sizeof(__u64));
  __u32 kind = read_half_word(type, GO_TYPE_KIND) & GO_KIND_MASK;
  if (kind != GO_KIND_STRING) return deliver(r, CG_PANIC, 0, 0);
  return deliver(r, CG_PANIC, read_word(string, 0), read_word(string, sizeof(__u64)));
}
