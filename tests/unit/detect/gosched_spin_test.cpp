#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "tests/unit/detect/made_run.h"

namespace cgoscope {
namespace {

using testing::SizeIs;

class GoschedSpinTest : public testing::Test {
 protected:
  GoschedSpinTest() : detector_(make_gosched_spin(go_server(), {})) {
    spin_ = stacks_.add({{"runtime.Gosched", "/go/src/runtime/proc.go", 330, 0},
                         {"main.write", "/src/w.go", 17, 0}});
    collect_ = stacks_.add({{"runtime.Gosched", "/go/src/runtime/proc.go", 330, 0},
                            {"runtime.GC", "/go/src/runtime/mgc.go", 456, 0},
                            {"main.answer", "/src/a.go", 17, 0}});
    sweep_ = stacks_.add({{"runtime.goschedIfBusy", "/go/src/runtime/proc.go", 380, 0},
                          {"runtime.bgsweep", "/go/src/runtime/mgcsweep.go", 300, 0}});
  }

  using Fill = std::function<void(Sample&, double second)>;
  // Looks 0 to `seconds`; the last findings, and in `first_` the second of the first ones.
  std::vector<LiveFinding> run(int seconds, const Fill& fill) {
    first_ = -1;
    std::vector<LiveFinding> findings;
    for (int second = 0; second <= seconds; ++second) {
      Sample sample = look_at(second);
      sample.schedules = 0;
      fill(sample, second);
      findings = detector_->judge(sample, stacks_);
      if (first_ < 0 && !findings.empty()) first_ = second;
    }
    return findings;
  }
  void yields(Sample& sample, StackId stack, double count) const {
    sample.places.push_back({CG_YIELD, 0, stack, static_cast<uint64_t>(count)});
  }

  Stacks stacks_;
  StackId spin_ = kNoStack, collect_ = kNoStack, sweep_ = kNoStack;
  std::unique_ptr<Detector> detector_;
  int first_ = -1;
};

TEST_F(GoschedSpinTest, NamesTheLoop) {
  const auto findings =
      run(5, [&](Sample& sample, double second) { yields(sample, spin_, second * 300'000); });
  ASSERT_THAT(findings, SizeIs(1));
  EXPECT_EQ(first_, 5);
  EXPECT_EQ(findings[0].where.function, "main.write");
  EXPECT_EQ(findings[0].severity, Severity::kWarning);
  EXPECT_EQ(findings[0].message,
            "a loop of runtime.Gosched goes round 300 000 times a second and does not end: at "
            "w.go:17 in main.write");
  EXPECT_NEAR(std::get<GoschedSpinEvidence>(findings[0].evidence).yields_per_s, 300'000, 1);
}

TEST_F(GoschedSpinTest, TheRuntimesOwnYieldsAreNobodysLoop) {
  EXPECT_THAT(run(20,
                  [&](Sample& sample, double second) {
                    yields(sample, collect_, second * 300'000);
                    yields(sample, sweep_, second * 300'000);
                  }),
              SizeIs(0));
  EXPECT_EQ(first_, -1);
}

TEST_F(GoschedSpinTest, HealthyRuns) {
  const struct {
    const char* name;
    std::function<double(double)> total;
  } rows[] = {
      {"polite work", [](double second) { return second * 9'000; }},
      {"a wait of three seconds", [](double second) { return std::min(second, 3.0) * 500'000; }},
      {"waits with pauses", [](double second) { return static_cast<int>(second / 2) * 500'000.0; }},
  };
  for (const auto& row : rows) {
    detector_ = make_gosched_spin(go_server(), {});
    run(30, [&](Sample& sample, double second) { yields(sample, spin_, row.total(second)); });
    EXPECT_EQ(first_, -1) << row.name;
  }
}

// The budget lets the signal go after the first interval.
TEST_F(GoschedSpinTest, TheSchedulersCountersTellThatItLasts) {
  const auto found = [&](double scheduled_per_s) {
    detector_ = make_gosched_spin(go_server(), {});
    run(5, [&](Sample& sample, double second) {
      sample.signals[CG_YIELD].attached_ns = static_cast<int64_t>(std::min(second, 1.0) * 1e9);
      sample.schedules = static_cast<int64_t>(second * scheduled_per_s);
      yields(sample, spin_, std::min(second, 1.0) * 400'000);
    });
    return first_;
  };
  EXPECT_EQ(found(2'000'000), 5);
  EXPECT_EQ(found(5'000), -1);  // it has ended
}

TEST_F(GoschedSpinTest, BusySchedulingAloneIsNothing) {
  run(30, [&](Sample& sample, double second) {
    sample.schedules = static_cast<int64_t>(second * 2'000'000);
    yields(sample, spin_, second * 10);
  });
  EXPECT_EQ(first_, -1);
}

TEST_F(GoschedSpinTest, WithoutMemoryAndWithoutTheSignalNothingIsKnown) {
  run(30, [&](Sample& sample, double second) {
    sample.memory_read = false;
    sample.signals[CG_YIELD].attached_ns = static_cast<int64_t>(std::min(second, 1.0) * 1e9);
    yields(sample, spin_, std::min(second, 1.0) * 400'000);
  });
  EXPECT_EQ(first_, -1);
}

}  // namespace
}  // namespace cgoscope
