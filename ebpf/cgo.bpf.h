// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Calls from Go into C: runtime.cgocall(stub, frame) begins one, and its call to
// runtime.exitsyscall is reached when C has returned.
//
// C may call back into Go, which may call C again, on the same goroutine. And a panic that crosses
// C skips the return. So the calls of a goroutine are kept as a stack, ordered by where they lie on
// the goroutine's own: one that begins or returns ends all those that lie deeper.
#pragma once

#include "ebpf/counting.bpf.h"

struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, CG_PLACES);
  __uint(map_flags, BPF_F_NO_PREALLOC);
  __type(key, __u64);  // g
  __type(value, struct cg_cgo_calls);
} cgo_in_flight SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, 4096);
  __uint(map_flags, BPF_F_NO_PREALLOC);
  __type(key, __u64);  // the C stub's address
  __type(value, struct cg_cgo_function);
} cgo_functions SEC(".maps");

static const struct cg_cgo_function never_called;

static __always_inline __u32 calls_above(const struct cg_cgo_calls* known, __u32 depth_bytes) {
  __u32 count = 0;
#pragma clang loop unroll(full)
  for (__u32 i = 0; i < CG_NESTED_CALLS; i++) {
    if (i < known->count && known->calls[i].depth_bytes < depth_bytes) count = i + 1;
  }
  return count;
}

static __always_inline struct cg_cgo_function* cgo_function(__u64 stub) {
  return find_or_add(&cgo_functions, &stub, &never_called);
}

static __always_inline enum outcome begin_cgo_call(cg_registers* r) {
  const __u32 adjust = config.stack_adjust[CG_CGO_CALL];
  struct cg_cgo_in_flight call = {.stub = GO_ARGUMENT_0(r)};
  struct cg_cgo_calls first = {.count = 1};
  __u64 g = GO_G(r);
  struct cg_cgo_calls* known;
  struct cg_cgo_function* function = cgo_function(call.stub);
  __u32 above;
  if (!function) return MAP_FULL;
  if (function->caller_pc == 0) function->caller_pc = return_address(r, adjust);
  call.depth_bytes = (__u32)(read_word(g, config.layout.g_stack_hi) - (STACK_POINTER(r) + adjust));
  call.began_ns = bpf_ktime_get_ns();

  known = bpf_map_lookup_elem(&cgo_in_flight, &g);
  if (!known) {
    first.calls[0] = call;
    return bpf_map_update_elem(&cgo_in_flight, &g, &first, BPF_ANY) == 0 ? AGGREGATED : MAP_FULL;
  }
  above = calls_above(known, call.depth_bytes);
  if (above >= CG_NESTED_CALLS) return MAP_FULL;
  known->calls[above] = call;
  known->count = above + 1;
  return AGGREGATED;
}

static __always_inline __u32 latency_bucket(__u64 ns) {
  __u32 bucket = 0;
#pragma clang loop unroll(full)
  for (__u32 step = 32; step > 0; step /= 2) {
    if (ns >> step) {
      ns >>= step;
      bucket += step;
    }
  }
  return bucket < CG_LATENCY_BUCKETS ? bucket : CG_LATENCY_BUCKETS - 1;
}

static __always_inline void add_latency(struct cg_cgo_function* function, __u64 ns) {
  __u64 longest = function->max_ns;
  __sync_fetch_and_add(&function->calls, 1);
  __sync_fetch_and_add(&function->total_ns, ns);
  __sync_fetch_and_add(&function->buckets[latency_bucket(ns)], 1);
  // Another CPU may raise it at the same time; four losses in a row are not to be expected.
  for (int i = 0; i < 4; i++) {
    __u64 seen;
    if (ns <= longest) break;
    seen = __sync_val_compare_and_swap(&function->max_ns, longest, ns);
    if (seen == longest) break;
    longest = seen;
  }
}

static __always_inline enum outcome end_cgo_call(cg_registers* r) {
  __u64 g = GO_G(r);
  __u64 now = bpf_ktime_get_ns();
  // Inside cgocall its own frame is set up, with the return address above the saved frame pointer.
  __u32 depth_bytes =
      (__u32)(read_word(g, config.layout.g_stack_hi) - (FRAME_POINTER(r) + sizeof(__u64)));
  struct cg_cgo_calls* known = bpf_map_lookup_elem(&cgo_in_flight, &g);
  struct cg_cgo_in_flight call;
  struct cg_cgo_function* function;
  __u32 above;
  if (!known) return FILTERED;  // it began before the attach
  above = calls_above(known, depth_bytes);
  if (above >= CG_NESTED_CALLS || above >= known->count) return FILTERED;
  call = known->calls[above];
  if (above == 0) {
    bpf_map_delete_elem(&cgo_in_flight, &g);
  } else {
    known->count = above;
  }
  if (call.depth_bytes != depth_bytes) return FILTERED;
  function = cgo_function(call.stub);
  if (!function) return MAP_FULL;
  add_latency(function, now - call.began_ns);
  return AGGREGATED;
}
