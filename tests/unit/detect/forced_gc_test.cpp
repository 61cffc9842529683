#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/detect/made_run.h"

namespace cgoscope {
namespace {

using testing::SizeIs;

class ForcedGcTest : public testing::Test {
 protected:
  ForcedGcTest() : detector_(make_forced_gc(go_server(), {})) {
    answer_ = stacks_.add({{"main.answer", "/src/a.go", 17, 0}, {"main.main", "/src/a.go", 22, 0}});
    // debug.FreeOSMemory, called by the program.
    free_ = stacks_.add({{"runtime/debug.freeOSMemory", "/go/src/runtime/mheap.go", 1661, 0},
                         {"runtime/debug.FreeOSMemory", "/go/src/runtime/debug/garbage.go", 116, 0},
                         {"main.shrink", "/src/a.go", 40, 0}});
  }

  std::vector<LiveFinding> look(double second, double forced, double freed = 0,
                                double attached = -1) {
    Sample sample = look_at(second);
    if (attached >= 0)
      sample.signals[CG_FORCED_GC].attached_ns = static_cast<int64_t>(attached * 1e9);
    sample.signals[CG_POOL_CLEAR].books.hits = static_cast<uint64_t>(forced + 2 * second);
    sample.places = {{CG_FORCED_GC, 0, answer_, static_cast<uint64_t>(forced)},
                     {CG_FORCED_GC, 0, free_, static_cast<uint64_t>(freed)},
                     {CG_PARK, 0, answer_, static_cast<uint64_t>(1e6 * second)}};
    return detector_->judge(sample, stacks_);
  }

  Stacks stacks_;
  StackId answer_ = kNoStack, free_ = kNoStack;
  std::unique_ptr<Detector> detector_;
};

TEST_F(ForcedGcTest, NamesTheLineAndSaysHowOftenPoolsAreEmptied) {
  std::vector<LiveFinding> findings;
  for (int second = 0; second <= 10; ++second) findings = look(second, second * 5);
  ASSERT_THAT(findings, SizeIs(1));
  EXPECT_EQ(findings[0].where.function, "main.answer");
  EXPECT_EQ(findings[0].severity, Severity::kWarning);
  EXPECT_EQ(findings[0].message,
            "5 collections a second are forced by runtime.GC: called at a.go:17 in main.answer");
  EXPECT_EQ(findings[0].stack, stacks_[answer_]);
  const auto& evidence = std::get<ForcedGcEvidence>(findings[0].evidence);
  EXPECT_NEAR(evidence.forced_per_s, 5, 0.1);
  EXPECT_NEAR(evidence.pools_emptied_per_s, 7, 0.1);
}

TEST_F(ForcedGcTest, WhatMakesAFullWindowGuiltyIsEnough) {
  EXPECT_THAT(look(0, 0), SizeIs(0));
  EXPECT_THAT(look(1, 9), SizeIs(0));
  EXPECT_THAT(look(2, 10), SizeIs(1));
}

TEST_F(ForcedGcTest, NowAndThenIsHealthy) {
  for (int second = 0; second <= 60; ++second)
    EXPECT_THAT(look(second, second / 4, second / 3), SizeIs(0)) << second;
}

TEST_F(ForcedGcTest, VeryOftenIsAnError) {
  std::vector<LiveFinding> findings;
  for (int second = 0; second <= 10; ++second) findings = look(second, second * 20);
  ASSERT_THAT(findings, SizeIs(1));
  EXPECT_EQ(findings[0].severity, Severity::kError);
}

TEST_F(ForcedGcTest, WhoeverCallsFreeOSMemory) {
  std::vector<LiveFinding> findings;
  for (int second = 0; second <= 10; ++second) findings = look(second, 0, second * 2);
  ASSERT_THAT(findings, SizeIs(1));
  EXPECT_EQ(findings[0].where.function, "main.shrink");
}

TEST_F(ForcedGcTest, PartOfTheTimeIsScaled) {
  std::vector<LiveFinding> findings;
  for (int second = 0; second <= 10; ++second)
    findings = look(second, second * 0.5, 0, second * 0.25);
  ASSERT_THAT(findings, SizeIs(1));
  EXPECT_THAT(findings[0].message, testing::StartsWith("about 2 collections a second"));
}

TEST_F(ForcedGcTest, WithoutTheSignalNothingIsKnown) {
  for (int second = 0; second <= 20; ++second) EXPECT_THAT(look(second, 0, 0, 0), SizeIs(0));
}

}  // namespace
}  // namespace cgoscope
