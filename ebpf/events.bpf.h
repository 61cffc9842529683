// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// What is rare and worth telling one by one: the last words of a process.
#pragma once

#include "ebpf/counting.bpf.h"

struct {
  __uint(type, BPF_MAP_TYPE_RINGBUF);
  __uint(max_entries, 256 * 1024);
} events SEC(".maps");

// The goroutine that a thread runs: its g. The scheduler's own (g0) has goid 0; then it is the one
// that the thread ran before.
static __always_inline __u64 current_goroutine(cg_registers* r) {
  __u64 g = GO_G(r);
  if (read_word(g, config.layout.g_goid) != 0) return g;
  return read_word(read_word(g, config.layout.g_m), config.layout.m_curg);
}

// What an interface holds, by the address of its two words.
struct held_value {
  __u32 kind;  // enum cg_kind, or another one of Go's
  __u64 data;  // where the value lies
};

static __always_inline enum outcome deliver(cg_registers* r, enum cg_signal signal, __u64 text,
                                            __u64 text_bytes, const struct held_value* value) {
  struct cg_event* event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);
  __u64 g;
  if (!event) return RING_FULL;
  __builtin_memset(event, 0, sizeof(*event));
  event->signal = signal;
  event->tid = visible_tid();
  event->time_ns = bpf_ktime_get_ns();
  g = current_goroutine(r);
  event->goid = read_word(g, config.layout.g_goid);
  event->start_pc = read_word(g, config.layout.g_startpc);
  event->go_pc = read_word(g, config.layout.g_gopc);
  if (value) {
    event->value_kind = value->kind;
    event->value = read_word(value->data, 0);
  }
  read_stack(r, signal, event->pcs, CG_EVENT_STACK_DEPTH);
  event->text_address = text;
  event->text_length = text_bytes;
  if (text_bytes > CG_TEXT_BYTES) text_bytes = CG_TEXT_BYTES;
  if (text_bytes > 0 && bpf_probe_read_user(event->text, (__u32)text_bytes, (const void*)text) == 0)
    event->text_bytes = (__u32)text_bytes;
  bpf_ringbuf_submit(event, 0);
  return DELIVERED;
}

static __always_inline enum outcome deliver_text(cg_registers* r, enum cg_signal signal) {
  return deliver(r, signal, GO_ARGUMENT_0(r), GO_ARGUMENT_1(r), 0);
}

// Where the kind of a type lies in its description (internal/abi.Type.Kind_; the high bits are
// flags).
#define GO_TYPE_KIND 23
#define GO_KIND_MASK 31

// What was panicked with. The runtime makes a string of errors and of what has a String method
// before it gives up (preprintpanics in src/runtime/panic.go); of values that are neither text nor
// a number only the stack is told.
static __always_inline enum outcome deliver_panic(cg_registers* r) {
  struct held_value value = {};
  __u64 panic = GO_ARGUMENT_0(r);
  __u64 type;
  if (config.layout.panic_arg == CG_NO_OFFSET) return deliver(r, CG_PANIC, 0, 0, 0);
  type = read_word(panic, config.layout.panic_arg);
  value.data = read_word(panic, config.layout.panic_arg + sizeof(__u64));
  value.kind = type ? read_half_word(type, GO_TYPE_KIND) & GO_KIND_MASK : CG_KIND_NIL;
  if (value.kind != CG_KIND_STRING) return deliver(r, CG_PANIC, 0, 0, &value);
  return deliver(r, CG_PANIC, read_word(value.data, 0), read_word(value.data, sizeof(__u64)),
                 &value);
}
