#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "tests/unit/detect/made_run.h"

namespace cgoscope {
namespace {

using testing::HasSubstr;
using testing::SizeIs;

class GoroutineFloodTest : public testing::Test {
 protected:
  GoroutineFloodTest() : detector_(make_goroutine_flood(go_server(), {})) {
    serve_ = stacks_.add({{"main.serve", "/src/w.go", 11, 0}, {"main.main", "/src/w.go", 30, 0}});
    worker_ = stacks_.add({{"main.worker", "/src/w.go", 20, 0}});
    tick_ = stacks_.add({{"main.tick", "/src/t.go", 5, 0}});
  }

  // Looks 0 to `seconds`, a second apart. What was found as of the last, and when first.
  std::vector<LiveFinding> run(int seconds, const std::function<void(Sample&, double)>& fill) {
    first_ = -1;
    std::vector<LiveFinding> findings;
    for (int second = 0; second <= seconds; ++second) {
      Sample sample = look_at(second);
      fill(sample, second);
      findings = detector_->judge(sample, stacks_);
      if (first_ < 0 && !findings.empty()) first_ = second;
    }
    return findings;
  }

  // Goroutines of main.serve, and short ones of main.tick, which end as they begin.
  void statements(Sample& sample, double starts, double exits) const {
    sample.go_statements = {
        {serve_, worker_, static_cast<uint64_t>(starts), static_cast<uint64_t>(exits)},
        {tick_, worker_, static_cast<uint64_t>(9 * starts), static_cast<uint64_t>(9 * starts)}};
  }

  Stacks stacks_;
  StackId serve_ = kNoStack, worker_ = kNoStack, tick_ = kNoStack;
  std::unique_ptr<Detector> detector_;
  int first_ = -1;
};

TEST_F(GoroutineFloodTest, NamesTheStatementThatStartsMoreThanEnd) {
  const auto findings = run(10, [&](Sample& sample, double second) {
    sample.goroutines_peak = 100 + static_cast<int64_t>(second * 2'000);
    statements(sample, second * 2'500, second * 500);
  });
  ASSERT_THAT(findings, SizeIs(1));
  EXPECT_EQ(first_, 10);  // when the window is full
  EXPECT_EQ(findings[0].severity, Severity::kError);
  EXPECT_EQ(findings[0].where.function, "main.serve");
  EXPECT_EQ(findings[0].stack, stacks_[serve_]);
  EXPECT_EQ(findings[0].message,
            "goroutines become more by 2 000 a second, 20 100 by now: started at w.go:11 in "
            "main.serve faster than they end");
  const auto& evidence = std::get<GoroutineFloodEvidence>(findings[0].evidence);
  EXPECT_EQ(evidence.goroutines_count, 20'100);
  EXPECT_NEAR(evidence.growth_per_s, 2'000, 1);
  EXPECT_NEAR(evidence.started_per_s, 2'500, 1);
  EXPECT_NEAR(evidence.ended_per_s, 500, 1);
  EXPECT_EQ(evidence.entry.function, "main.worker");
}

TEST_F(GoroutineFloodTest, HealthyRuns) {
  const struct {
    const char* name;
    std::function<int64_t(double)> peak;
  } rows[] = {
      {"a million started and ended a second", [](double) { return 120; }},
      {"a slow leak", [](double second) { return static_cast<int64_t>(second * 400); }},
      {"a burst of 50 000", [](double second) { return second < 5 ? 100 : 50'000; }},
      {"bursts, with pauses",
       [](double second) { return static_cast<int64_t>(second / 3) * 30'000; }},
      {"a load that rises for eight seconds",
       [](double second) { return static_cast<int64_t>(std::min(second, 8.0) * 1'500); }},
  };
  for (const auto& row : rows) {
    detector_ = make_goroutine_flood(go_server(), {});
    const auto findings = run(40, [&](Sample& sample, double second) {
      sample.goroutines_peak = row.peak(second);
      statements(sample, second * 1e6, second * 1e6);
    });
    EXPECT_THAT(findings, SizeIs(0)) << row.name;
    EXPECT_EQ(first_, -1) << row.name;
  }
}

// The budget lets the signals go; who it was stays known.
TEST_F(GoroutineFloodTest, ANameOutlastsTheSignals) {
  const auto findings = run(40, [&](Sample& sample, double second) {
    sample.goroutines_peak = static_cast<int64_t>(second * 100'000);
    const double attached = std::min(second, 3.0) * 0.05;
    sample.signals[CG_GOROUTINE_START].state = second > 3 ? "detached" : "part-time";
    sample.signals[CG_GOROUTINE_START].attached_ns = static_cast<int64_t>(attached * 1e9);
    statements(sample, attached * 100'000, 0);
  });
  ASSERT_THAT(findings, SizeIs(1));
  EXPECT_EQ(findings[0].where.function, "main.serve");
  EXPECT_NEAR(std::get<GoroutineFloodEvidence>(findings[0].evidence).started_per_s, 100'000, 1);
}

TEST_F(GoroutineFloodTest, WaitsForTheSignalsAndThenSaysItWithout) {
  const auto fill = [&](Sample& sample, double second) {
    sample.goroutines_peak = static_cast<int64_t>(second * 2'000);
    sample.signals[CG_GOROUTINE_START].state = "standby";
    sample.signals[CG_GOROUTINE_START].reason = "attached when it is needed";
    sample.signals[CG_GOROUTINE_START].attached_ns = 0;
  };
  EXPECT_THAT(run(19, fill), SizeIs(0));
  detector_ = make_goroutine_flood(go_server(), {});
  const auto findings = run(20, fill);
  ASSERT_THAT(findings, SizeIs(1));
  EXPECT_EQ(findings[0].where, Frame{});
  EXPECT_THAT(findings[0].message, HasSubstr("who starts them is not known: the signal "
                                             "goroutine-start is standby"));
}

TEST_F(GoroutineFloodTest, AProgramWithoutTheFunctionIsNotWaitedFor) {
  const auto findings = run(10, [&](Sample& sample, double second) {
    sample.goroutines_peak = static_cast<int64_t>(second * 2'000);
    sample.signals[CG_GOROUTINE_START].state = "refused";
    sample.signals[CG_GOROUTINE_START].attached_ns = 0;
  });
  EXPECT_THAT(findings, SizeIs(1));
}

TEST_F(GoroutineFloodTest, WithoutMemoryTheBalanceTells) {
  const auto found = [&](double exits_per_s) {
    detector_ = make_goroutine_flood(go_server(), {});
    return run(10, [&](Sample& sample, double second) {
      sample.memory_read = false;
      statements(sample, second * 5'000, second * exits_per_s);
    });
  };
  ASSERT_THAT(found(3'000), SizeIs(1));
  EXPECT_EQ(std::get<GoroutineFloodEvidence>(found(3'000)[0].evidence).goroutines_count, 0);
  EXPECT_NEAR(std::get<GoroutineFloodEvidence>(found(3'000)[0].evidence).growth_per_s, 2'000, 1);
  EXPECT_THAT(found(4'500), SizeIs(0));
  EXPECT_THAT(found(5'000), SizeIs(0));
}

TEST_F(GoroutineFloodTest, ARunThatEndsEarly) {
  const auto found = [&](double per_s) {
    detector_ = make_goroutine_flood(go_server(), {});
    for (const double second : {0.0, 1.0, 2.0}) {
      Sample sample = look_at(second);
      sample.goroutines_peak = static_cast<int64_t>(second * per_s);
      EXPECT_THAT(detector_->judge(sample, stacks_), SizeIs(0));
    }
    return detector_->judge(last_look_at(2.5), stacks_);
  };
  EXPECT_THAT(found(80'000), SizeIs(1));
  EXPECT_THAT(found(40'000), SizeIs(0));
}

TEST_F(GoroutineFloodTest, TheRuntimesOwnStatementsAreNotNamed) {
  const StackId own = stacks_.add({{"runtime.gcenable", "/go/src/runtime/mgc.go", 199, 0}});
  const auto findings = run(10, [&](Sample& sample, double second) {
    sample.goroutines_peak = static_cast<int64_t>(second * 2'000);
    statements(sample, second * 100, 0);
    sample.go_statements.push_back({own, worker_, static_cast<uint64_t>(second * 5'000), 0});
  });
  ASSERT_THAT(findings, SizeIs(1));
  EXPECT_EQ(findings[0].where.function, "main.serve");
}

}  // namespace
}  // namespace cgoscope
