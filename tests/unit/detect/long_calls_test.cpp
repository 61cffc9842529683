#include "probe_cli/detect/long_calls.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/detect/made_run.h"

namespace cgoscope {
namespace {

using testing::IsEmpty;
using testing::SizeIs;

struct Looks {
  Stacks stacks;
  LongCalls calls{kSecond};

  MSample in_c(int64_t id, int line = 31, uint64_t number = 7) {
    MSample m;
    m.id = id;
    m.goid = 10 + id;
    m.in_cgo = true;
    m.c_function = "slow";
    m.syscall = "poll";
    m.call_number = number;
    m.go_stack = stacks.add(c_call_stack("slow", "serve", line));
    m.c_stack = stacks.add({{"poll", "", 0, 0}, {"slow", "/src/slow.c", 3, 0}});
    return m;
  }

  CgoFunctionSample counted(const std::string& name, int64_t max_ns, uint64_t in_flight = 0) {
    CgoFunctionSample function;
    function.c_function = name;
    function.stack = stacks.add({{"main._Cfunc_" + name, "_cgo_gotypes.go", 52, 0}});
    function.calls = 40;
    function.in_flight = in_flight;
    function.p99_ns = static_cast<uint64_t>(max_ns) / 2;
    function.max_ns = static_cast<uint64_t>(max_ns);
    return function;
  }

  void look(double second, std::vector<MSample> ms, std::vector<CgoFunctionSample> cgo = {}) {
    Sample sample = look_at(second);
    sample.ms = std::move(ms);
    sample.cgo = std::move(cgo);
    calls.look(sample, stacks);
  }
};

TEST(LongCalls, AreCountedByLine) {
  Looks run;
  run.look(0, {run.in_c(1), run.in_c(2), run.in_c(3, 50)});
  run.look(1, {run.in_c(1), run.in_c(2), run.in_c(3, 50)});
  run.look(2, {run.in_c(1), run.in_c(3, 50, 8)});  // 2 has returned; 3 is in another call
  run.look(3.5, {run.in_c(1), run.in_c(2, 31, 9), run.in_c(3, 50, 8)});
  run.look(4.5, {run.in_c(1), run.in_c(2, 31, 9)});
  const std::vector<LongCall> rows = run.calls.rows();
  ASSERT_THAT(rows, SizeIs(2));
  EXPECT_EQ(rows[0].call.c_function, "slow");
  EXPECT_EQ(rows[0].call.package, "main");
  EXPECT_EQ(rows[0].call.where, (Frame{"main.serve", "/src/main.go", 31, 0}));
  EXPECT_EQ(rows[0].call.syscall, "poll");
  EXPECT_EQ(rows[0].call.stack.size(), 6u);
  EXPECT_EQ(rows[0].call.stack[0].function, "poll");
  EXPECT_EQ(rows[0].calls, 3u);
  EXPECT_EQ(rows[0].longest_ns, 4'500'000'000);
  EXPECT_EQ(rows[0].in_flight, 2u);
  EXPECT_FALSE(rows[0].was_running);
  EXPECT_EQ(rows[1].call.where.line, 50);
  EXPECT_EQ(rows[1].calls, 2u);
  EXPECT_EQ(rows[1].longest_ns, 1'500'000'000);
  EXPECT_EQ(rows[1].in_flight, 0u);
}

TEST(LongCalls, WhatIsNoneStaysOut) {
  Looks run;
  MSample other = run.in_c(1);
  const auto looks = [&](const MSample& m) {
    Looks fresh;
    for (const double second : {0.0, 1.0, 2.0}) fresh.look(second, {m});
    return fresh.calls.rows();
  };
  EXPECT_THAT(looks(other), SizeIs(1));
  other.in_cgo = false;  // a system call of Go
  EXPECT_THAT(looks(other), IsEmpty());
  other = run.in_c(1);
  other.goid = 0;  // a thread of C's own
  EXPECT_THAT(looks(other), IsEmpty());
  other = run.in_c(1);
  other.runtime_wait = true;
  EXPECT_THAT(looks(other), IsEmpty());
  other = run.in_c(1);
  other.c_function = "";
  other.go_stack = kNoStack;  // nothing to name
  EXPECT_THAT(looks(other), IsEmpty());
  // Another call at each look.
  for (uint64_t number = 0; number < 5; ++number)
    run.look(static_cast<double>(number), {run.in_c(1, 31, number)});
  EXPECT_THAT(run.calls.rows(), IsEmpty());
}

TEST(LongCalls, TheBeginOfACallCountsWhenItWasSeen) {
  Looks run;
  MSample m = run.in_c(1);
  m.began_ns = kAttachedAt + kSecond;
  run.look(4, {m});
  ASSERT_THAT(run.calls.rows(), SizeIs(1));
  EXPECT_EQ(run.calls.rows()[0].longest_ns, 3 * kSecond);
}

TEST(LongCalls, WorkOnACpuIsToldFromAWait) {
  Looks run;
  MSample m = run.in_c(1);
  m.syscall = "";
  run.look(0, {m});
  run.look(2, {m});
  EXPECT_TRUE(run.calls.rows()[0].was_running);
  m.syscall = kUnreadSyscall;
  run.look(3, {m});
  EXPECT_FALSE(run.calls.rows()[0].was_running);
  EXPECT_EQ(run.calls.rows()[0].call.syscall, "");
}

TEST(LongCalls, CountersTellWhatNoLookMet) {
  Looks run;
  run.look(0, {run.in_c(1)});
  run.look(3, {run.in_c(1)},
           {run.counted("slow", 2 * kSecond, 1), run.counted("store", kSecond + 5),
            run.counted("quick", kSecond - 1)});
  Sample last = last_look_at(4);
  run.calls.look(last, run.stacks);  // the target is gone: what was counted stays
  const std::vector<LongCall> rows = run.calls.rows();
  ASSERT_THAT(rows, SizeIs(2));
  EXPECT_EQ(rows[0].call.c_function, "slow");
  ASSERT_TRUE(rows[0].function);
  EXPECT_EQ(rows[0].function->max_ns, 2'000'000'000u);
  EXPECT_EQ(rows[0].longest_ns, 3 * kSecond);  // not the function's: other lines call it too
  EXPECT_EQ(rows[1].call.c_function, "store");
  EXPECT_EQ(rows[1].call.package, "main");
  EXPECT_EQ(rows[1].call.where, Frame{});
  EXPECT_EQ(rows[1].longest_ns, kSecond + 5);
  EXPECT_EQ(rows[1].calls, 1u);
}

TEST(LongCalls, WhatHasReturnedSinceTheLookIsNotInFlight) {
  for (const bool attached : {true, false}) {
    Looks run;
    run.look(0, {run.in_c(1)});
    run.look(3, {run.in_c(1)}, {run.counted("slow", kSecond, 1)});
    EXPECT_EQ(run.calls.rows()[0].in_flight, 1u);
    Sample last = last_look_at(4);
    last.cgo = {run.counted("slow", 4 * kSecond, 0)};
    if (!attached) last.signals[CG_CGO_CALL].state = "part-time";
    run.calls.look(last, run.stacks);
    EXPECT_EQ(run.calls.rows()[0].in_flight, attached ? 0u : 1u);
  }
}

TEST(LongCalls, LinesAreCapped) {
  Looks run;
  for (const double second : {0.0, 1.0}) {
    std::vector<MSample> ms;
    for (int line = 1; line <= 1100; ++line) ms.push_back(run.in_c(line, line));
    run.look(second, std::move(ms));
  }
  EXPECT_THAT(run.calls.rows(), SizeIs(1000));
}

}  // namespace
}  // namespace cgoscope
