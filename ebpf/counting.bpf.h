// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// The books over each signal, and counting by place.
//
// A program may be preempted by another on the same CPU, so even what each CPU has for itself is
// added to atomically.
#pragma once

#include "ebpf/probe.h"
#include "ebpf/target.bpf.h"

// Where a hit ends; the order of the fields of cg_books that follow `hits`.
enum outcome { FILTERED, AGGREGATED, DELIVERED, RING_FULL, MAP_FULL };

struct {
  __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
  __uint(max_entries, CG_SIGNALS);
  __type(key, __u32);
  __type(value, struct cg_books);
} books SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, CG_PLACES);
  __uint(map_flags, BPF_F_NO_PREALLOC);
  __type(key, struct cg_place);
  __type(value, struct cg_count);
} places SEC(".maps");

// A hit is counted before anything else is done, its outcome after all is done, so that a program
// that forgot one would show.
static __always_inline struct cg_books* count_hit(__u32 signal) {
  struct cg_books* book = bpf_map_lookup_elem(&books, &signal);
  if (book) __sync_fetch_and_add(&book->hits, 1);
  return book;
}

static __always_inline void count_outcome(struct cg_books* book, enum outcome outcome) {
  if (!book) return;
  switch (outcome) {
    case FILTERED:
      __sync_fetch_and_add(&book->filtered, 1);
      break;
    case AGGREGATED:
      __sync_fetch_and_add(&book->aggregated, 1);
      break;
    case DELIVERED:
      __sync_fetch_and_add(&book->delivered, 1);
      break;
    case RING_FULL:
      __sync_fetch_and_add(&book->ring_full, 1);
      break;
    case MAP_FULL:
      __sync_fetch_and_add(&book->map_full, 1);
      break;
  }
}

// The value of a hash map at `key`, which begins as `none`; 0 when the map is full.
static __always_inline void* find_or_add(void* map, const void* key, const void* none) {
  void* value = bpf_map_lookup_elem(map, key);
  if (value) return value;
  bpf_map_update_elem(map, key, none, BPF_NOEXIST);
  return bpf_map_lookup_elem(map, key);
}

static const __u64 not_once;

// In a hash map whose values are how often: a __u64.
static __always_inline enum outcome count_in(void* map, const void* key) {
  __u64* count = find_or_add(map, key, &not_once);
  if (!count) return MAP_FULL;
  __sync_fetch_and_add(count, 1);
  return AGGREGATED;
}

static const struct cg_count never_reached;

static __always_inline enum outcome count_place(const struct cg_place* place) {
  struct cg_count* count = find_or_add(&places, place, &never_reached);
  if (!count) return MAP_FULL;
  __sync_fetch_and_add(&count->count, 1);
  return AGGREGATED;
}

static __always_inline enum outcome count_at_place(cg_registers* r, enum cg_signal signal,
                                                   __u32 detail) {
  struct cg_place place = {.signal = signal, .detail = detail};
  read_stack(r, signal, place.pcs, CG_STACK_DEPTH);
  return count_place(&place);
}
