// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Reading the target from a program: fields of the runtime's structures, and Go's stack.
//
// A program must not sleep, so a page that is not in memory cannot be read. What was just written
// to, as everything here was, is there unless it was swapped out within that moment.
#pragma once

#include "ebpf/probe.h"
#include "ebpf/registers.bpf.h"

const volatile struct cg_config config;

// 0 when there is no such field here, or when it cannot be read.
static __always_inline __u64 read_word(__u64 base, __u32 offset) {
  __u64 word = 0;
  if (base == 0 || offset == CG_NO_OFFSET) return 0;
  bpf_probe_read_user(&word, sizeof(word), (const void*)(base + offset));
  return word;
}

static __always_inline __u32 read_half_word(__u64 base, __u32 offset) {
  __u32 word = 0;
  if (base == 0 || offset == CG_NO_OFFSET) return 0;
  bpf_probe_read_user(&word, sizeof(word), (const void*)(base + offset));
  return word;
}

// What to add to a linked address.
static __always_inline __u64 load_base(cg_registers* r) {
  return PROGRAM_COUNTER(r) - bpf_get_attach_cookie(r);
}

// A copy of the innermost part of the stack. Reading the target takes 0.1 µs, be it 16 bytes or
// 1 KiB, so the chain of frames is read at once, as far as that goes. The program may be preempted
// by one that wants the same copy: then `busy` says so, and that one reads frame by frame.
#define CG_WINDOW_WORDS 128
#define CG_PAGE_BYTES 4096  // or more
struct stack_window {
  __u64 busy;
  __u64 words[CG_WINDOW_WORDS];
};

struct {
  __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, struct stack_window);
} stack_windows SEC(".maps");

// Return addresses, innermost first; slots that are not used stay 0. At the start of a function the
// frame pointer is still the caller's, at a call inside it its own: where the next one lies. The
// chain crosses from a g0's stack to its goroutine's, so it need not ascend; it ends where a return
// address is not Go's.
static __always_inline void read_stack(cg_registers* r, enum cg_signal signal, __u64* pcs,
                                       const int depth) {
  const __u32 first = 0;
  const __u64 base = load_base(r);
  const __u64 begin = base + config.text_begin;
  const __u64 length = config.text_end - config.text_begin;
  const __u64 top = STACK_POINTER(r);
  __u64 frame = FRAME_POINTER(r);
  __u64 window_words = 0;
  struct stack_window* window = bpf_map_lookup_elem(&stack_windows, &first);
  if (!window) return;
  const int ours = __sync_val_compare_and_swap(&window->busy, 0, 1) == 0;
  // Not beyond the page: the next one may be untouched, and a fault takes longer than all else
  // here.
  __u32 window_bytes = CG_PAGE_BYTES - (top & (CG_PAGE_BYTES - 1));
  if (window_bytes > sizeof(window->words)) window_bytes = sizeof(window->words);
  if (ours && bpf_probe_read_user(window->words, window_bytes, (const void*)top) == 0)
    window_words = window_bytes / sizeof(__u64);

  if (config.call_site[signal]) {
    pcs[0] = PROGRAM_COUNTER(r) + CALL_BYTES;
  } else if (window_words == 0) {
    pcs[0] = return_address(r, config.stack_adjust[signal]);
  } else {
    pcs[0] = return_address_within(r, config.stack_adjust[signal], window->words, window_words);
  }
#pragma clang loop unroll(full)
  for (int i = 1; i < depth; i++) {
    __u64 saved[2];  // the caller's frame pointer, the return address into it
    const __u64 index = (frame - top) / sizeof(__u64);
    if (frame == 0) break;  // the outermost
    if (index + 1 < window_words && index < CG_WINDOW_WORDS - 1) {
      saved[0] = window->words[index];
      saved[1] = window->words[index + 1];
    } else if (bpf_probe_read_user(saved, sizeof(saved), (const void*)frame) != 0) {
      break;
    }
    if (saved[1] - begin >= length || saved[0] == frame) break;
    pcs[i] = saved[1];
    frame = saved[0];
  }
  barrier();  // all has been read
  if (ours) window->busy = 0;
}

// In the probe's pid namespace; 0 when the target is not in that very one and neither is the
// initial one, for then the kernel does not tell.
static __always_inline __u32 visible_tid(void) {
  struct bpf_pidns_info ids = {};
  if (config.pid_namespace_inode == 0) return (__u32)bpf_get_current_pid_tgid();
  if (bpf_get_ns_current_pid_tgid(config.pid_namespace_device, config.pid_namespace_inode, &ids,
                                  sizeof(ids)) != 0)
    return 0;
  return ids.pid;
}
