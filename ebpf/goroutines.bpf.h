// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Goroutines by the `go` statement that starts them, and what becomes of them: how many it has
// started and how many of its have ended.
//
// A goroutine keeps the address of its `go` statement, so nothing is kept of each one; and two
// windows of attachment need not see the same goroutines, because only rates are made of the two
// numbers.
#pragma once

#include "ebpf/counting.bpf.h"
#include "ebpf/threads.bpf.h"

struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, CG_GO_STATEMENTS);
  __uint(map_flags, BPF_F_NO_PREALLOC);
  __type(key, __u64);  // the return address of the `go` statement's call
  __type(value, struct cg_go_statement);
} go_statements SEC(".maps");

static const struct cg_go_statement never_executed;

static __always_inline struct cg_go_statement* go_statement(__u64 go_pc) {
  return find_or_add(&go_statements, &go_pc, &never_executed);
}

// runtime.newproc1(fn, callergp, callerpc).
static __always_inline enum outcome count_goroutine_start(cg_registers* r) {
  const __u64 function_value = GO_ARGUMENT_0(r);
  struct cg_go_statement* statement = go_statement(GO_ARGUMENT_2(r));
  if (!statement) return MAP_FULL;
  __sync_fetch_and_add(&statement->started, 1);
  if (statement->start_pc == 0) statement->start_pc = read_word(function_value, 0);
  return AGGREGATED;
}

// Of a goroutine that takes its thread along, also who it is.
static __always_inline enum outcome count_goroutine_end(cg_registers* r) {
  const __u64 g = GO_ARGUMENT_0(r);
  const enum outcome noted = note_exit_of_locked(g);
  struct cg_go_statement* statement = go_statement(read_word(g, config.layout.g_gopc));
  if (!statement) return MAP_FULL;
  __sync_fetch_and_add(&statement->ended, 1);
  return noted == MAP_FULL ? MAP_FULL : AGGREGATED;
}
