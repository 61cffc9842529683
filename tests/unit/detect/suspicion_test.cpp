#include "probe_cli/detect/suspicion.h"

#include <gtest/gtest.h>

#include "tests/unit/detect/made_run.h"

namespace cgoscope {
namespace {

Sample with_goroutines(double second, std::optional<int64_t> peak) {
  Sample sample = look_at(second);
  sample.goroutines_peak = peak;
  return sample;
}

TEST(FloodSuspicion, AsksFromTheSecondGrowingIntervalOn) {
  FloodSuspicion suspicion(500);
  EXPECT_FALSE(suspicion.judge(with_goroutines(1, 10)));
  EXPECT_FALSE(suspicion.judge(with_goroutines(2, 5'000)));  // a start
  EXPECT_FALSE(suspicion.judge(with_goroutines(3, 5'400)));
  EXPECT_FALSE(suspicion.judge(with_goroutines(4, 5'900)));
  EXPECT_TRUE(suspicion.judge(with_goroutines(5, 6'400)));
}

TEST(FloodSuspicion, MeasuresASecondWhateverTheInterval) {
  FloodSuspicion suspicion(500);
  for (const double second : {1.0, 1.5, 2.0, 2.5})
    EXPECT_EQ(suspicion.judge(with_goroutines(second, static_cast<int64_t>(second * 600))),
              second >= 2)
        << second;
}

TEST(FloodSuspicion, EndsAfterQuietIntervals) {
  FloodSuspicion suspicion(500);
  for (int second = 1; second <= 3; ++second)
    suspicion.judge(with_goroutines(second, second * 1'000));
  for (int quiet = 1; quiet < FloodSuspicion::kQuietIntervals; ++quiet)
    EXPECT_TRUE(suspicion.judge(with_goroutines(3 + quiet, 3'000))) << quiet;
  EXPECT_FALSE(suspicion.judge(with_goroutines(30, 3'000)));
}

TEST(FloodSuspicion, KnowsNothingWithoutMemory) {
  FloodSuspicion suspicion(500);
  for (int second = 1; second < 9; ++second)
    EXPECT_FALSE(suspicion.judge(with_goroutines(second, std::nullopt)));
  Sample unread = with_goroutines(9, 1'000'000);
  unread.memory_read = false;
  EXPECT_FALSE(suspicion.judge(unread));
}

class SpinSuspicionTest : public testing::Test {
 protected:
  SpinSuspicionTest() {
    spin_ = stacks_.add({{"runtime.Gosched", "", 0, 0}, {"main.write", "/src/w.go", 17, 0}});
    sweep_ = stacks_.add({{"runtime.goschedIfBusy", "", 0, 0}, {"runtime.bgsweep", "", 0, 0}});
  }

  // A second later: so many more goroutines scheduled, and so many more yields while attached.
  bool next(int64_t scheduled, uint64_t yields, double attached_s, bool by_the_sweeper = false) {
    schedules_ += scheduled;
    (by_the_sweeper ? swept_ : spun_) += yields;
    attached_s_ += attached_s;
    Sample sample = look_at(++second_);
    sample.schedules = schedules_;
    sample.places = {{CG_YIELD, 0, spin_, spun_}, {CG_YIELD, 0, sweep_, swept_}};
    sample.signals[CG_YIELD].attached_ns = static_cast<int64_t>(attached_s_ * 1e9);
    return suspicion_.judge(sample, stacks_);
  }

  SpinSuspicion suspicion_{20'000};
  Stacks stacks_;
  StackId spin_ = kNoStack, sweep_ = kNoStack;
  int second_ = 0;
  int64_t schedules_ = 0;
  uint64_t spun_ = 0, swept_ = 0;
  double attached_s_ = 0;
};

TEST_F(SpinSuspicionTest, AsksInTheSecondBusyIntervalAndStaysWhileItSpins) {
  EXPECT_FALSE(next(0, 0, 0));
  EXPECT_FALSE(next(500'000, 0, 0));
  EXPECT_TRUE(next(500'000, 0, 0));
  EXPECT_TRUE(next(500'000, 400'000, 1));
  for (int i = 0; i < 20; ++i) EXPECT_TRUE(next(500'000, 0, 0)) << i;  // let go by the budget
  EXPECT_TRUE(next(0, 0, 0));
  EXPECT_FALSE(next(0, 0, 0));  // it has ended
}

TEST_F(SpinSuspicionTest, ABusyServerIsTriedOnceInAWhile) {
  next(0, 0, 0);
  int tried = 0;
  for (int i = 0; i < 70; ++i) tried += next(90'000, 9'000, tried > 0 ? 1 : 0, true) ? 1 : 0;
  EXPECT_EQ(tried, 6);  // two intervals of 32 or so
}

TEST_F(SpinSuspicionTest, AQuietProgramNever) {
  for (int i = 0; i < 50; ++i) EXPECT_FALSE(next(9'000, 0, 0));
}

TEST_F(SpinSuspicionTest, WithoutMemoryTheSignalIsAllThereIs) {
  Sample sample = look_at(1);
  sample.memory_read = false;
  EXPECT_FALSE(suspicion_.judge(sample, stacks_));
  EXPECT_FALSE(suspicion_.judge(sample, stacks_));
  EXPECT_TRUE(suspicion_.judge(sample, stacks_));
}

}  // namespace
}  // namespace cgoscope
