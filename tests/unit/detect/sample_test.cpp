#include "probe_cli/detect/sample.h"

#include <gtest/gtest.h>

#include <set>

#include "probe_cli/detect/named_frame.h"
#include "probe_cli/detect/wording.h"

namespace cgoscope {
namespace {

TEST(Stacks, HoldEachOnce) {
  Stacks stacks;
  EXPECT_EQ(stacks.add({}), kNoStack);
  const StackId first = stacks.add({{"a", "f.go", 1, 10}, {"b", "f.go", 2, 20}});
  EXPECT_EQ(first, 1u);
  EXPECT_EQ(stacks.add({{"a", "f.go", 1, 99}, {"b", "f.go", 2, 98}}), first);
  EXPECT_NE(stacks.add({{"a", "f.go", 1, 10}}), first);
  EXPECT_NE(stacks.add({{"af.go", "", 1, 10}, {"b", "f.go", 2, 20}}), first);
  EXPECT_EQ(stacks.size(), 4u);
  EXPECT_EQ(stacks[first][1].function, "b");
  EXPECT_TRUE(stacks[kNoStack].empty());
  EXPECT_TRUE(stacks[4].empty());
}

TEST(SignalNames, GoBothWays) {
  std::set<std::string_view> names;
  for (int i = 0; i < CG_SIGNALS; ++i) {
    const auto signal = static_cast<cg_signal>(i);
    ASSERT_FALSE(signal_name(signal).empty()) << i;
    EXPECT_TRUE(names.insert(signal_name(signal)).second);
    EXPECT_EQ(parse_signal(signal_name(signal)), signal);
  }
  EXPECT_EQ(signal_name(CG_THREAD_EXIT), "thread-exit");
  EXPECT_EQ(signal_name(CG_PANIC), "panic");
  EXPECT_EQ(signal_name(CG_SIGNALS), "");
  EXPECT_EQ(parse_signal(""), std::nullopt);
  EXPECT_EQ(parse_signal("Park"), std::nullopt);
}

std::string name_of(const Frame* frame) { return frame ? frame->function : "(none)"; }

TEST(NamedFrame, PassesOverWrappers) {
  const auto frames = [](std::vector<std::string> functions) {
    std::vector<Frame> stack;
    for (std::string& function : functions) stack.push_back({std::move(function), "f.go", 1, 0});
    return stack;
  };
  EXPECT_EQ(name_of(c_call_frame({})), "(none)");
  EXPECT_EQ(name_of(c_call_frame(frames({"runtime.cgocall"}))), "(none)");
  EXPECT_EQ(name_of(c_call_frame(frames({"runtime.cgocall", "a.org/p._Cfunc_f", "a.org/p.F"}))),
            "a.org/p.F");
  EXPECT_EQ(name_of(c_call_frame(frames({"p._C2func_f", "p.F"}))), "p.F");
  EXPECT_EQ(name_of(c_call_frame(frames({"runtime.cgocall", "p._Cfunc_f"}))), "p._Cfunc_f");
  EXPECT_EQ(name_of(system_call_frame(
                frames({"internal/runtime/syscall.Syscall6", "syscall.RawSyscall6", "syscall.read",
                        "internal/poll.(*FD).Read", "os.(*File).Read", "p.F"}))),
            "p.F");
  EXPECT_EQ(
      name_of(system_call_frame(frames({"syscall.Syscall", "golang.org/x/sys/unix.Flock", "p.F"}))),
      "p.F");
  EXPECT_EQ(
      name_of(timer_frame(frames({"runtime.newTimer", "time.NewTimer", "time.After", "p.F"}))),
      "p.F");
  EXPECT_EQ(name_of(timer_frame(frames({"time.NewTimer"}))), "time.NewTimer");
  EXPECT_EQ(name_of(timer_frame(frames({"timely.F"}))), "timely.F");
}

TEST(Wording, Numbers) {
  EXPECT_EQ(grouped(0), "0");
  EXPECT_EQ(grouped(999), "999");
  EXPECT_EQ(grouped(1000), "1 000");
  EXPECT_EQ(grouped(-1234567), "-1 234 567");
  EXPECT_EQ(grouped(-123), "-123");
  EXPECT_EQ(counted(1, "thread"), "1 thread");
  EXPECT_EQ(counted(0, "thread"), "0 threads");
  EXPECT_EQ(spoken_duration(-5), "0 \u00b5s");
  EXPECT_EQ(spoken_duration(999'999), "999 \u00b5s");
  EXPECT_EQ(spoken_duration(1'990'000), "1.9 ms");
  EXPECT_EQ(spoken_duration(10'000'000), "10 ms");
  EXPECT_EQ(spoken_duration(999'999'999), "999 ms");
  EXPECT_EQ(spoken_duration(1'000'000'000), "1.0 s");
  EXPECT_EQ(spoken_duration(12'460'000'000), "12.4 s");
  EXPECT_EQ(spoken_duration(192'500'000'000), "3m12s");
  EXPECT_EQ(spoken_number(0.52), "0.5");
  EXPECT_EQ(spoken_number(14'000.4), "14 000");
  EXPECT_EQ(spoken_number(1e300), "1 000 000 000 000 000");
  EXPECT_EQ(spoken_place({"main.f", "/a/b.go", 3, 0}), "b.go:3 in main.f");
  EXPECT_EQ(spoken_place({"main.f", "", 0, 0}), "main.f");
  EXPECT_EQ(spoken_place({}), "");
}

}  // namespace
}  // namespace cgoscope
