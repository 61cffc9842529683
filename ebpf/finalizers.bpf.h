// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Finalizers that cannot run, and the one that runs now.
//
// A finalizer is a root: what its closure captures stays alive. So one that captures its own object
// keeps it for ever. A closure is a block of words: the code's address, then what it captures. How
// many those are is not written anywhere, and what lies behind them is another object's; which of
// the words belong to it is for the user side to tell, by the code. A variable that is assigned
// again is captured by its address: then the word points to the variable, and that to the object.
#pragma once

#include "ebpf/counting.bpf.h"

struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, 4096);
  __uint(map_flags, BPF_F_NO_PREALLOC);
  __type(key, struct cg_capture);
  __type(value, __u64);  // how often
} captures SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, struct cg_finalizer_run);
} finalizer_run SEC(".maps");

// Where a pointer type says what it points to (internal/abi.PtrType.Elem), and a type its size.
#define GO_POINTER_TYPE_ELEM 48
#define GO_TYPE_SIZE 0

// runtime.SetFinalizer(object any, finalizer any): two words each, the type and the data.
static __always_inline enum outcome note_captured_object(cg_registers* r) {
  struct cg_capture capture = {};
  const __u64 object = GO_ARGUMENT_1(r);
  const __u64 closure = GO_ARGUMENT_3(r);
  __u64 words[1 + CG_CAPTURED_WORDS] = {};
  __u64 size = read_word(read_word(GO_ARGUMENT_0(r), GO_POINTER_TYPE_ELEM), GO_TYPE_SIZE);
  __u32 bytes;
  if (object == 0 || closure == 0) return FILTERED;  // SetFinalizer(object, nil) takes it back
  if (size == 0) size = 1;
  // The page behind may never have been touched; then nothing of the closure lies there.
  bytes = CG_PAGE_BYTES - (closure & (CG_PAGE_BYTES - 1));
  if (bytes > sizeof(words)) bytes = sizeof(words);
  if (bpf_probe_read_user(words, sizeof(words), (const void*)closure) != 0 &&
      bpf_probe_read_user(words, bytes, (const void*)closure) != 0)
    return FILTERED;
#pragma clang loop unroll(full)
  for (int i = 1; i <= CG_CAPTURED_WORDS; i++) {
    if (words[i] - object < size)
      capture.words |= 1u << i;
    else if (words[i] != 0 && words[i] % sizeof(__u64) == 0 &&
             read_word(words[i], 0) - object < size)
      capture.through |= 1u << i;
  }
  if (capture.words == 0 && capture.through == 0) return FILTERED;
  capture.code_pc = words[0];
  read_stack(r, CG_SET_FINALIZER, capture.pcs, CG_STACK_DEPTH);
  return count_in(&captures, &capture);
}

// The finalizer goroutine calls reflectcall(type, closure, …), whose arguments are on the stack.
static __always_inline enum outcome begin_finalizer(cg_registers* r) {
  const __u32 first = 0;
  struct cg_finalizer_run* run = bpf_map_lookup_elem(&finalizer_run, &first);
  if (!run) return MAP_FULL;
  run->code_pc = read_word(read_word(STACK_POINTER(r), sizeof(__u64)), 0);
  run->began_ns = bpf_ktime_get_ns();
  return AGGREGATED;
}

// It has run all that there were, and parks.
static __always_inline enum outcome end_finalizers(void) {
  const __u32 first = 0;
  struct cg_finalizer_run* run = bpf_map_lookup_elem(&finalizer_run, &first);
  if (!run) return MAP_FULL;
  run->began_ns = 0;
  return AGGREGATED;
}
