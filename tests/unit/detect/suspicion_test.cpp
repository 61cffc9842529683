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

}  // namespace
}  // namespace cgoscope
