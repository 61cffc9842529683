#include "probe_cli/attach/program_config.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace cgoscope {
namespace {

PlannedSignal ready(cg_signal signal, const std::string& function, SiteKind kind,
                    uint32_t stack_adjust = 0) {
  PlannedSignal planned;
  planned.signal = signal;
  planned.function = function;
  planned.sites = {
      {.address = 0x1000, .file_offset = 0x1000, .kind = kind, .stack_adjust = stack_adjust}};
  return planned;
}

TEST(ProgramConfig, SitesAreDescribedSignalBySignal) {
  PlannedSignal refused = ready(CG_THROW, "runtime.throw", SiteKind::kBranch);
  refused.state = SignalState::kRefused;
  const cg_config config =
      make_config(GoBinary{}, {ready(CG_PARK, "runtime.gopark", SiteKind::kBranch),
                               ready(CG_CGO_CALL, "runtime.cgocall", SiteKind::kStepped, 8),
                               ready(CG_HANDOFF, "runtime.retake", SiteKind::kCall), refused});
  EXPECT_EQ(config.branch_site[CG_PARK], 1);
  EXPECT_EQ(config.branch_site[CG_CGO_CALL], 0);
  EXPECT_EQ(config.branch_site[CG_THROW], 0);
  EXPECT_EQ(config.stack_adjust[CG_CGO_CALL], 8U);
  EXPECT_EQ(config.call_site[CG_HANDOFF], 1);
  EXPECT_EQ(config.call_site[CG_PARK], 0);
}

TEST(ProgramConfig, TimersOfBothGenerations) {
  GoBinary old_binary;
  old_binary.layout.timer.status = 64;
  const cg_config before =
      make_config(old_binary, {ready(CG_TIMER_CREATE, "time.startTimer", SiteKind::kPush),
                               ready(CG_TIMER_FIRE, "runtime.runOneTimer", SiteKind::kPush)});
  EXPECT_EQ(before.layout.timer_status, 64U);
  EXPECT_EQ(before.timer_in_time_timer, 0U);
  EXPECT_EQ(before.timer_is_created_by_words, 0U);
  EXPECT_EQ(before.fired_timer_argument, 1U);

  const cg_config since = make_config(
      GoBinary{}, {ready(CG_TIMER_CREATE, "time.newTimer", SiteKind::kPush),
                   ready(CG_TIMER_FIRE, "runtime.(*timer).unlockAndRun", SiteKind::kPush)});
  EXPECT_EQ(since.layout.timer_status, CG_NO_OFFSET);
  EXPECT_EQ(since.timer_in_time_timer, 16U);
  EXPECT_EQ(since.timer_is_created_by_words, 1U);
  EXPECT_EQ(since.fired_timer_argument, 0U);
}

TEST(ProgramConfig, AFieldThatIsNotKnownIsNamed) {
  GoBinary binary;
  EXPECT_EQ(missing_field(CG_CGO_CALL, make_config(binary, {})), "runtime.g.stack.hi");
  EXPECT_EQ(missing_field(CG_GOROUTINE_EXIT, make_config(binary, {})), "runtime.g.gopc");
  EXPECT_EQ(missing_field(CG_YIELD, make_config(binary, {})), "runtime.g.sched");
  EXPECT_EQ(missing_field(CG_PREEMPT, make_config(binary, {})), "runtime.g.goid");
  EXPECT_EQ(missing_field(CG_TIMER_STOP, make_config(binary, {})), "runtime.timer.arg");
  EXPECT_EQ(missing_field(CG_PARK, make_config(binary, {})), "");
  binary.layout.g.gopc = 288;
  EXPECT_EQ(missing_field(CG_GOROUTINE_EXIT, make_config(binary, {})), "runtime.g.lockedm");
  binary.layout.timer.arg = 40;
  binary.layout.timer.f = 32;
  binary.layout.timer.when = 16;
  EXPECT_EQ(missing_field(CG_TIMER_STOP, make_config(binary, {})), "");
  EXPECT_EQ(missing_field(CG_TIMER_FIRE, make_config(binary, {})), "runtime.timer.period");
}

}  // namespace
}  // namespace cgoscope
