#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/detect/made_run.h"

namespace cgoscope {
namespace {

using testing::HasSubstr;
using testing::SizeIs;

class FinalizerStallTest : public testing::Test {
 protected:
  FinalizerStallTest() : detector_(make_finalizer_stall(go_server(), {})) {
    open_ = stacks_.add({{"main.open", "/src/i.go", 20, 0}, {"main.main", "/src/i.go", 30, 0}});
    other_ = stacks_.add({{"main.open", "/src/i.go", 20, 0}, {"main.init.0", "/src/i.go", 50, 0}});
    closure_ = stacks_.add({{"main.open.func1", "/src/i.go", 21, 0}});
  }

  Stacks stacks_;
  StackId open_ = kNoStack, other_ = kNoStack, closure_ = kNoStack;
  std::unique_ptr<Detector> detector_;
};

TEST_F(FinalizerStallTest, OneThatCapturesItsObject) {
  Sample sample = look_at(1);
  sample.captures = {
      {open_, closure_, false, 70}, {other_, closure_, false, 5}, {open_, closure_, true, 9}};
  const auto findings = detector_->judge(sample, stacks_);
  ASSERT_THAT(findings, SizeIs(1));  // by line, whoever calls it
  EXPECT_EQ(findings[0].severity, Severity::kError);
  EXPECT_EQ(findings[0].where.function, "main.open");
  EXPECT_EQ(findings[0].stack, stacks_[open_]);
  EXPECT_THAT(findings[0].message, HasSubstr("set at i.go:20 in main.open, for 75 objects so far"));
  const auto& evidence = std::get<FinalizerStallEvidence>(findings[0].evidence);
  EXPECT_EQ(evidence.kind, "captures-its-object");
  EXPECT_EQ(evidence.objects_count, 75);
  EXPECT_EQ(evidence.finalizer.function, "main.open.func1");
}

TEST_F(FinalizerStallTest, OneThatCapturesAVariableWithItsObject) {
  Sample sample = look_at(1);
  sample.captures = {{open_, closure_, true, 70}};
  const auto findings = detector_->judge(sample, stacks_);
  ASSERT_THAT(findings, SizeIs(1));
  EXPECT_EQ(findings[0].severity, Severity::kWarning);
  EXPECT_THAT(findings[0].message, HasSubstr("a variable that holds the object"));
  EXPECT_EQ(std::get<FinalizerStallEvidence>(findings[0].evidence).kind,
            "captures-what-holds-its-object");
}

TEST_F(FinalizerStallTest, OneThatHoldsUpAllOthers) {
  const auto look = [&](double second, double began) {
    Sample sample = look_at(second);
    sample.finalizer = closure_;
    sample.finalizer_began_ns = began > 0 ? kAttachedAt + static_cast<int64_t>(began * 1e9) : 0;
    return detector_->judge(sample, stacks_);
  };
  EXPECT_THAT(look(3, 2), SizeIs(0));
  EXPECT_THAT(look(11, 10), SizeIs(0));  // another one
  EXPECT_THAT(look(19, 10), SizeIs(0));
  const auto findings = look(20, 10);
  ASSERT_THAT(findings, SizeIs(1));
  EXPECT_EQ(findings[0].where.function, "main.open.func1");
  EXPECT_EQ(findings[0].message,
            "a finalizer has been running for 10.0 s, and no other one can run before it ends: "
            "i.go:21 in main.open.func1");
  EXPECT_EQ(std::get<FinalizerStallEvidence>(findings[0].evidence).longest_ms, 10'000);
  EXPECT_THAT(look(40, 0), SizeIs(0));  // none runs
}

// The budget lets the signals go while one runs: that it has ended since is not seen.
TEST_F(FinalizerStallTest, WhatMayHaveEndedUnseenHoldsUpNothing) {
  const auto look = [&](double second, const char* state, double began) {
    Sample sample = look_at(second);
    sample.signals[CG_FINALIZER_RUN].state = state;
    sample.finalizer = closure_;
    sample.finalizer_began_ns = kAttachedAt + static_cast<int64_t>(began * 1e9);
    return detector_->judge(sample, stacks_);
  };
  EXPECT_THAT(look(3, "detached", 2), SizeIs(0));
  EXPECT_THAT(look(20, "detached", 2), SizeIs(0));
  EXPECT_THAT(look(33, "part-time", 2), SizeIs(0));
  EXPECT_THAT(look(34, "attached", 2), SizeIs(0));  // attached as of this look
  EXPECT_THAT(look(50, "attached", 35), SizeIs(1));
}

TEST_F(FinalizerStallTest, AProofIsSaidOnceAWaitAgainWhenItIsTwiceAsLong) {
  Judge judge(go_server(), {}, {{"finalizer-stall"}, {}, {}});
  const auto said = [&](double second, bool held) {
    Sample sample = look_at(second);
    if (held) {
      sample.finalizer = closure_;
      sample.finalizer_began_ns = kAttachedAt;
    } else {
      sample.captures = {{open_, closure_, false, static_cast<uint64_t>(second * 100)}};
    }
    return judge.judge(sample, stacks_).size();
  };
  EXPECT_EQ(said(1, false), 1U);
  for (int second = 2; second < 10; ++second) EXPECT_EQ(said(second, false), 0U);
  EXPECT_EQ(said(11, true), 1U);
  EXPECT_EQ(said(21, true), 0U);
  EXPECT_EQ(said(22, true), 1U);
}

TEST_F(FinalizerStallTest, ThatItHasNoNameIsSaid) {
  Sample sample = look_at(30);
  sample.finalizer_began_ns = kAttachedAt + kSecond;
  const auto findings = detector_->judge(sample, stacks_);
  ASSERT_THAT(findings, SizeIs(1));
  EXPECT_THAT(findings[0].message, HasSubstr("its name is not known"));
}

TEST_F(FinalizerStallTest, NothingOfTheKind) {
  EXPECT_THAT(detector_->judge(look_at(30), stacks_), SizeIs(0));
}

}  // namespace
}  // namespace cgoscope
