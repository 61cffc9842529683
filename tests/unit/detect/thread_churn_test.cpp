#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/detect/made_run.h"

namespace cgoscope {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::SizeIs;

class Churn {
 public:
  explicit Churn(const Subject& subject = go_server())
      : detector_(make_thread_churn(subject, Settings{})) {
    worker_.started = stacks_.add({{"main.worker", "/src/w.go", 20, 0}});
    worker_.go =
        stacks_.add({{"main.serve", "/src/w.go", 11, 0}, {"main.main", "/src/w.go", 5, 0}});
    worker_.lock = stacks_.add({{"main.worker", "/src/w.go", 21, 0}});
    other_.started = stacks_.add({{"main.other", "/src/o.go", 7, 0}});
  }

  // `exits`, `others`: so far, of the two places. Threads freed in the target's life: as many, and
  // 3 from before the attach.
  Sample sample(double second, double exits, double others = 0) const {
    Sample sample = look_at(second);
    fill(sample, exits, others);
    return sample;
  }

  void fill(Sample& sample, double exits, double others = 0) const {
    sample.churn = {worker_, other_};
    sample.churn[0].exits = static_cast<uint64_t>(exits);
    sample.churn[1].exits = static_cast<uint64_t>(others);
    if (sample.memory_read) {
      sample.threads_freed = 3 + static_cast<int64_t>(exits + others);
      sample.threads_created = 15 + sample.threads_freed;
    }
  }

  const std::vector<LiveFinding>& judge(const Sample& sample) {
    last_ = detector_->judge(sample, stacks_);
    return last_;
  }

  const std::vector<LiveFinding>& steady(double per_s, double others_per_s = 0, int seconds = 8) {
    for (int second = 0; second <= seconds; ++second)
      judge(sample(second, per_s * second, others_per_s * second));
    return last_;
  }

  ChurnSample worker_, other_;
  Stacks stacks_;
  std::unique_ptr<Detector> detector_;
  std::vector<LiveFinding> last_;
};

ThreadChurnEvidence evidence_of(const LiveFinding& finding) {
  return std::get<ThreadChurnEvidence>(finding.evidence);
}

TEST(ThreadChurn, TheRateDecides) {
  EXPECT_THAT(Churn().steady(0), SizeIs(0));
  EXPECT_THAT(Churn().steady(9), SizeIs(0));
  ASSERT_THAT(Churn().steady(10), SizeIs(1));
  EXPECT_EQ(Churn().steady(99)[0].severity, Severity::kWarning);
  EXPECT_EQ(Churn().steady(100)[0].severity, Severity::kError);
}

TEST(ThreadChurn, SaysWhatIsKnown) {
  Churn run;
  const auto findings = run.steady(40);
  ASSERT_THAT(findings, SizeIs(1));
  const LiveFinding& finding = findings[0];
  EXPECT_EQ(finding.rule, "thread-churn");
  EXPECT_EQ(finding.subsystem, "threads");
  EXPECT_EQ(finding.where, (Frame{"main.worker", "/src/w.go", 20, 0}));
  EXPECT_EQ(finding.id, live_finding_id(finding));
  EXPECT_DOUBLE_EQ(evidence_of(finding).destroyed_per_s, 40);
  EXPECT_DOUBLE_EQ(evidence_of(finding).created_per_s, 40);
  EXPECT_EQ(evidence_of(finding).started.line, 11);
  EXPECT_EQ(evidence_of(finding).locked.line, 21);
  EXPECT_EQ(finding.message,
            "40 threads a second are destroyed: goroutines of main.worker exit while locked to "
            "them, locked "
            "at w.go:21 in main.worker, started at w.go:11 in main.serve");
  EXPECT_THAT(finding.advice, HasSubstr("UnlockOSThread"));
}

// What a full window needs can be seen before it is full.
TEST(ThreadChurn, DoesNotWaitForTheWindow) {
  Churn run;
  run.judge(run.sample(0, 0));
  EXPECT_THAT(run.judge(run.sample(0.5, 49)), SizeIs(0));
  ASSERT_THAT(run.judge(run.sample(1, 50)), SizeIs(1));
  EXPECT_DOUBLE_EQ(evidence_of(run.last_[0]).destroyed_per_s, 50);
}

TEST(ThreadChurn, ForgetsABurst) {
  Churn run;
  run.judge(run.sample(0, 0));
  EXPECT_THAT(run.judge(run.sample(1, 1000)), SizeIs(1));
  for (int second = 2; second <= 6; ++second) run.judge(run.sample(second, 1000));
  EXPECT_THAT(run.last_, SizeIs(0));
}

// All within 50 ms, and the process is gone before the first look.
TEST(ThreadChurn, ADyingTargetIsStillTold) {
  for (const int exits : {49, 50, 1000}) {
    Subject subject = go_server();
    subject.started_by_us = true;
    Churn run(subject);
    Sample sample = last_look_at(0.05);
    run.fill(sample, exits);
    sample.signals[CG_THREAD_START].books.hits = static_cast<uint64_t>(exits) + 4;
    run.judge(sample);
    if (exits < 50) {
      EXPECT_THAT(run.last_, SizeIs(0));
      continue;
    }
    ASSERT_THAT(run.last_, SizeIs(1));
    EXPECT_NEAR(evidence_of(run.last_[0]).destroyed_per_s, exits / 0.05, 1);
    EXPECT_NEAR(evidence_of(run.last_[0]).created_per_s, (exits + 4) / 0.05, 1);
  }
}

// 50 locked exits in an hour are no churn, also when the run ends.
TEST(ThreadChurn, TheEndOfALongHealthyRunIsSilent) {
  Churn run;
  for (int second = 0; second < 3600; second += 60) run.judge(run.sample(second, second / 30));
  Sample sample = last_look_at(3600);
  run.fill(sample, 120);
  EXPECT_THAT(run.judge(sample), SizeIs(0));
}

TEST(ThreadChurn, EachPlaceThatChurnsIsAFinding) {
  Churn run;
  ASSERT_THAT(run.steady(20, 30), SizeIs(2));
  EXPECT_EQ(run.last_[0].where.function, "main.other");
  EXPECT_DOUBLE_EQ(evidence_of(run.last_[0]).destroyed_per_s, 30);
  EXPECT_DOUBLE_EQ(evidence_of(run.last_[1]).destroyed_per_s, 20);
}

TEST(ThreadChurn, ManySmallPlacesAreOneFinding) {
  Churn run;
  ASSERT_THAT(run.steady(7, 5), SizeIs(1));
  EXPECT_EQ(run.last_[0].where.function, "main.worker");
  EXPECT_DOUBLE_EQ(evidence_of(run.last_[0]).destroyed_per_s, 12);
  EXPECT_THAT(run.last_[0].message, HasSubstr("the most of 2 functions"));
}

TEST(ThreadChurn, ALockThatWasNotSeen) {
  Churn run;
  ASSERT_THAT(run.steady(0, 30), SizeIs(1));
  EXPECT_EQ(evidence_of(run.last_[0]).locked, Frame{});
  EXPECT_THAT(run.last_[0].message, HasSubstr("before the attach"));
}

// The signal was attached for a quarter of the time and saw a quarter.
TEST(ThreadChurn, PartOfTheTimeIsScaled) {
  Churn run;
  for (int second = 0; second <= 8; ++second) {
    Sample sample = run.sample(second, 10.0 * second);
    sample.memory_read = false;
    sample.signals[CG_THREAD_EXIT].state = "part-time";
    sample.signals[CG_THREAD_EXIT].attached_ns = sample.run_ns / 4;
    run.judge(sample);
  }
  ASSERT_THAT(run.last_, SizeIs(1));
  EXPECT_DOUBLE_EQ(evidence_of(run.last_[0]).destroyed_per_s, 40);
  EXPECT_THAT(run.last_[0].message, HasSubstr("about 40 threads"));
}

// The runtime counts exactly, so its number is not "about".
TEST(ThreadChurn, MemoryIsBelievedOverAnEstimate) {
  Churn run;
  for (int second = 0; second <= 8; ++second) {
    Sample sample = run.sample(second, 40.0 * second);
    sample.churn[0].exits /= 8;
    sample.signals[CG_THREAD_EXIT].attached_ns = sample.run_ns / 4;
    run.judge(sample);
  }
  ASSERT_THAT(run.last_, SizeIs(1));
  EXPECT_DOUBLE_EQ(evidence_of(run.last_[0]).destroyed_per_s, 40);
  EXPECT_THAT(run.last_[0].message, Not(HasSubstr("about")));
}

TEST(ThreadChurn, WithoutTheSignalThePlaceIsNotKnown) {
  for (const double per_s : {9, 12}) {
    Churn run;
    for (int second = 0; second <= 8; ++second) {
      Sample sample = run.sample(second, per_s * second);
      sample.churn.clear();
      sample.signals[CG_THREAD_EXIT].state = "refused";
      sample.signals[CG_THREAD_EXIT].reason = "no safe instruction";
      sample.signals[CG_THREAD_EXIT].attached_ns = 0;
      run.judge(sample);
    }
    if (per_s < 10) {
      EXPECT_THAT(run.last_, SizeIs(0));
      continue;
    }
    ASSERT_THAT(run.last_, SizeIs(1));
    EXPECT_EQ(run.last_[0].where, Frame{});
    EXPECT_THAT(run.last_[0].message, HasSubstr("refused (no safe instruction)"));
  }
}

// Threads that are made because Ms are stuck are not destroyed.
TEST(ThreadChurn, GrowthAloneIsNone) {
  Churn run;
  for (int second = 0; second <= 8; ++second) {
    Sample sample = run.sample(second, 0);
    sample.threads_created = 100 * second;
    sample.signals[CG_THREAD_START].books.hits = static_cast<uint64_t>(100 * second);
    run.judge(sample);
  }
  EXPECT_THAT(run.last_, SizeIs(0));
}

TEST(ThreadChurn, AClockThatGoesBackBeginsAnew) {
  Churn run;
  run.steady(0);
  EXPECT_THAT(run.judge(run.sample(3, 1000)), SizeIs(0));
}

}  // namespace
}  // namespace cgoscope
