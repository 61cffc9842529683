// Goroutines that this test makes up in its own memory.
#include "probe_cli/process/goroutines.h"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cstddef>
#include <numeric>

namespace cgoscope {
namespace {

struct MadeG {
  uint64_t stack_lo = 0, stack_hi = 0, m = 0, sp = 0, pc = 0, bp = 0, go_pc = 0, start_pc = 0;
  int64_t goid = 0;
  uint32_t status = 1;  // runnable
  uint32_t wait_reason = 0;
};

struct MadeSlice {
  uint64_t pointer = 0, length = 0, capacity = 0;
};

Layout made_layout() {
  Layout layout;
  GLayout& g = layout.g;
  g.stack_lo = offsetof(MadeG, stack_lo);
  g.stack_hi = offsetof(MadeG, stack_hi);
  g.m = offsetof(MadeG, m);
  g.sched_sp = offsetof(MadeG, sp);
  g.sched_pc = offsetof(MadeG, pc);
  g.sched_bp = offsetof(MadeG, bp);
  g.gopc = offsetof(MadeG, go_pc);
  g.startpc = offsetof(MadeG, start_pc);
  g.goid = offsetof(MadeG, goid);
  g.atomicstatus = offsetof(MadeG, status);
  g.waitreason = offsetof(MadeG, wait_reason);
  return layout;
}

Goroutines read(const std::vector<MadeG>& gs) {
  std::vector<uint64_t> addresses;
  for (const MadeG& g : gs) addresses.push_back(reinterpret_cast<uint64_t>(&g));
  const MadeSlice allgs{reinterpret_cast<uint64_t>(addresses.data()), addresses.size(),
                        addresses.size()};
  Globals globals;
  globals.allgs = reinterpret_cast<uint64_t>(&allgs);
  return GoroutineReader(TargetMemory(getpid()), made_layout(), globals, 0).read({});
}

// What is kept of goroutines does not grow with what somebody writes into them.
TEST(Goroutines, EachOfAnotherStatement) {
  std::vector<MadeG> gs(100'000);
  for (size_t i = 0; i < gs.size(); ++i) {
    gs[i].goid = static_cast<int64_t>(i + 1);
    gs[i].go_pc = 0x400000 + 16 * i;
  }
  const Goroutines goroutines = read(gs);
  EXPECT_TRUE(goroutines.problems.empty()) << goroutines.problems[0];
  EXPECT_EQ(goroutines.live_count, gs.size());
  EXPECT_LT(goroutines.groups.size(), 20'000u);
  EXPECT_EQ(
      std::accumulate(goroutines.groups.begin(), goroutines.groups.end(), uint64_t{0},
                      [](uint64_t sum, const GoroutineGroup& group) { return sum + group.count; }),
      gs.size());
}

TEST(Goroutines, ByStatement) {
  std::vector<MadeG> gs(1000);
  for (size_t i = 0; i < gs.size(); ++i) {
    gs[i].goid = static_cast<int64_t>(i + 1);
    gs[i].go_pc = 0x400000 + 16 * (i % 4);
  }
  const Goroutines goroutines = read(gs);
  ASSERT_EQ(goroutines.groups.size(), 4u);
  for (const GoroutineGroup& group : goroutines.groups) EXPECT_EQ(group.count, 250u);
}

// Most resident memory that this process has had, in kB.
long peak_kb() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_maxrss;
}

TEST(Goroutines, WhatAListClaimsCostsNoMemory) {
  // As much of it as two pieces are there, and no more.
  constexpr size_t kThere = size_t{1} << 20;
  void* list =
      mmap(nullptr, 2 * kThere, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  ASSERT_NE(list, MAP_FAILED);
  ASSERT_EQ(mprotect(static_cast<std::byte*>(list) + kThere, kThere, PROT_NONE), 0);
  const MadeSlice allgs{reinterpret_cast<uint64_t>(list), 50'000'000, 50'000'000};
  Globals globals;
  globals.allgs = reinterpret_cast<uint64_t>(&allgs);
  const long before_kb = peak_kb();
  const Goroutines goroutines =
      GoroutineReader(TargetMemory(getpid()), made_layout(), globals, 0).read({});
  EXPECT_LT(peak_kb() - before_kb, 50'000);
  EXPECT_EQ(goroutines.live_count, 0u);
  ASSERT_EQ(goroutines.problems.size(), 1u);
  EXPECT_EQ(goroutines.problems[0], "goroutines: runtime.allgs cannot be read");
  munmap(list, 2 * kThere);
}

TEST(Goroutines, OfAListInSeveralPieces) {
  std::vector<MadeG> gs(3);
  for (size_t i = 0; i < gs.size(); ++i) gs[i].goid = static_cast<int64_t>(i + 1);
  std::vector<uint64_t> addresses(200'000, 0);  // what is no pointer is left out
  addresses.front() = reinterpret_cast<uint64_t>(&gs[0]);
  addresses[65'536] = reinterpret_cast<uint64_t>(&gs[1]);
  addresses.back() = reinterpret_cast<uint64_t>(&gs[2]);
  const MadeSlice allgs{reinterpret_cast<uint64_t>(addresses.data()), addresses.size(),
                        addresses.size()};
  Globals globals;
  globals.allgs = reinterpret_cast<uint64_t>(&allgs);
  const Goroutines goroutines =
      GoroutineReader(TargetMemory(getpid()), made_layout(), globals, 0).read({});
  EXPECT_EQ(goroutines.live_count, 3u);
  EXPECT_TRUE(goroutines.problems.empty());
}

}  // namespace
}  // namespace cgoscope
