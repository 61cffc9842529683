#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "tests/unit/detect/made_run.h"

namespace cgoscope {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::SizeIs;

// Counts up to a moment, of all lines.
struct Totals {
  double created = 0, rearmed = 0, stopped = 0, fired = 0, live = 0;
};

class Timers {
 public:
  explicit Timers(bool keeps, bool started_by_us = false) {
    Subject subject = go_server(keeps ? "go1.22.12" : "go1.27.3");
    subject.keeps_abandoned_timers = keeps;
    subject.started_by_us = started_by_us;
    detector_ = make_timer_flood(subject, Settings{});
    loop_ = stacks_.add({{"time.NewTimer", "/go/src/time/sleep.go", 86, 0},
                         {"time.After", "/go/src/time/sleep.go", 161, 0},
                         {"main.wait", "/src/loop.go", 12, 0},
                         {"main.main", "/src/loop.go", 30, 0}});
    other_ = stacks_.add({{"time.AfterFunc", "/go/src/time/sleep.go", 180, 0},
                          {"main.other", "/src/other.go", 8, 0}});
  }

  // `part` of what is created is created, and abandoned, by main.wait.
  void fill(Sample& sample, const Totals& totals, double part = 1) const {
    const auto count = [](double value) { return static_cast<uint64_t>(value); };
    if (sample.memory_read) sample.live_timers = static_cast<int64_t>(totals.live);
    sample.signals[CG_TIMER_CREATE].books.aggregated = count(totals.created);
    sample.signals[CG_TIMER_RESET].books.aggregated = count(totals.rearmed);
    sample.signals[CG_TIMER_STOP].books.aggregated = count(totals.stopped);
    sample.signals[CG_TIMER_FIRE].books.aggregated = count(totals.fired);
    if (totals.created == 0) return;
    const auto share = [&](StackId stack, double of) {
      sample.timers.push_back({stack, count(totals.created * of), count(totals.stopped * of),
                               count(totals.fired * of), 0});
    };
    share(loop_, part);
    if (part < 1) share(other_, 1 - part);
  }

  const std::vector<LiveFinding>& judge(const Sample& sample) {
    last_ = detector_->judge(sample, stacks_);
    return last_;
  }

  // One look a second, with the totals that `at` gives.
  const std::vector<LiveFinding>& run(const std::function<Totals(double)>& at, double part = 1,
                                      const std::function<void(Sample&)>& change = {}) {
    for (int second = 0; second <= 8; ++second) {
      Sample sample = look_at(second);
      fill(sample, at(second), part);
      if (change) change(sample);
      judge(sample);
    }
    return last_;
  }

  StackId loop_ = kNoStack, other_ = kNoStack;
  Stacks stacks_;
  std::unique_ptr<Detector> detector_;
  std::vector<LiveFinding> last_;
};

TimerFloodEvidence evidence_of(const LiveFinding& finding) {
  return std::get<TimerFloodEvidence>(finding.evidence);
}

TEST(TimerFlood, Cases) {
  const struct {
    const char* name;
    std::function<Totals(double)> at;
    bool keeps, found;
  } rows[] = {
      {"nothing", [](double) { return Totals{}; }, true, false},
      {"20 000 a second, each stopped",
       [](double s) { return Totals{20'000 * s, 0, 20'000 * s, 0, 100}; }, true, false},
      {"20 000 a second, each fires a second later",
       [](double s) {
         return Totals{20'000 * s, 0, 0, 20'000 * std::max(s - 1, 0.0), s < 1 ? 0 : 20'000.0};
       },
       true, false},
      {"one timer, reset 20 000 times a second",
       [](double s) { return Totals{1, 20'000 * s, 0, 0, 1}; }, false, false},
      {"one ticker that fires 20 000 times a second",
       [](double s) { return Totals{1, 0, 0, 20'000 * s, 1}; }, false, false},
      {"time.After in a loop, kept",
       [](double s) { return Totals{200'000 * s, 0, 0, 0, 200'000 * s}; }, true, true},
      {"time.After in a loop, collected", [](double s) { return Totals{14'000 * s, 0, 0, 0, 5}; },
       false, true},
      {"just too slow", [](double s) { return Totals{4'999 * s, 0, 0, 0, 5}; }, false, false},
      {"just fast enough", [](double s) { return Totals{5'000 * s, 0, 0, 0, 5}; }, false, true},
      {"live grows just too slowly", [](double s) { return Totals{999 * s, 0, 0, 0, 999 * s}; },
       true, false},
      {"live grows just fast enough", [](double s) { return Totals{1000 * s, 0, 0, 0, 1000 * s}; },
       true, true},
      {"one burst of 100 000",
       [](double s) { return Totals{s < 4 ? 0 : 1e5, 0, 0, 0, s < 4 ? 0 : 1e5}; }, true, false},
      {"live grows by goroutines that sleep: no timer is created",
       [](double s) { return Totals{0, 0, 0, 0, 50'000 * s}; }, true, false},
      {"the flood has ended",
       [](double s) {
         const double until = std::min(s, 5.0);
         return Totals{9000 * until, 0, 0, 0, 9000 * until};
       },
       true, false},
      {"half of them are stopped, half abandoned",
       [](double s) { return Totals{20'000 * s, 0, 10'000 * s, 0, 5}; }, false, true},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(row.name);
    Timers timers(row.keeps);
    timers.run(row.at);
    ASSERT_THAT(timers.last_, SizeIs(row.found ? 1 : 0));
    if (!row.found) continue;
    EXPECT_EQ(timers.last_[0].severity, row.keeps ? Severity::kError : Severity::kWarning);
    EXPECT_EQ(timers.last_[0].where, (Frame{"main.wait", "/src/loop.go", 12, 0}));
  }
}

TEST(TimerFlood, SaysWhatIsKnown) {
  Timers timers(true);
  timers.run([](double s) { return Totals{200'000 * s, 0, 0, 0, 200'000 * s}; });
  ASSERT_THAT(timers.last_, SizeIs(1));
  const LiveFinding& finding = timers.last_[0];
  EXPECT_EQ(finding.rule, "timer-flood");
  EXPECT_EQ(finding.subsystem, "timers");
  EXPECT_EQ(finding.id, live_finding_id(finding));
  ASSERT_THAT(finding.stack, SizeIs(4));
  EXPECT_EQ(finding.stack[1].function, "time.After");
  const TimerFloodEvidence evidence = evidence_of(finding);
  EXPECT_DOUBLE_EQ(evidence.created_per_s, 200'000);
  EXPECT_DOUBLE_EQ(evidence.abandoned_per_s, 200'000);
  EXPECT_EQ(evidence.live_count, 1'600'000);
  EXPECT_DOUBLE_EQ(evidence.live_growth_per_s, 200'000);
  EXPECT_TRUE(evidence.kept);
  EXPECT_EQ(
      finding.message,
      "200 000 timers a second are abandoned, neither stopped nor fired: created at loop.go:12 in "
      "main.wait; 1 600 000 live; this binary (go1.22.12) keeps each until it fires");
  EXPECT_THAT(finding.advice, HasSubstr("time.NewTimer outside the loop"));
  EXPECT_THAT(finding.advice, HasSubstr("go 1.23"));
}

TEST(TimerFlood, GarbageIsSaidToBeGarbage) {
  Timers timers(false);
  timers.run([](double s) { return Totals{14'000 * s, 0, 0, 0, 5}; });
  ASSERT_THAT(timers.last_, SizeIs(1));
  EXPECT_THAT(timers.last_[0].message, HasSubstr("not memory"));
  EXPECT_THAT(timers.last_[0].advice, Not(HasSubstr("go 1.23")));
  EXPECT_FALSE(evidence_of(timers.last_[0]).kept);
}

TEST(TimerFlood, WaitsForAFullWindow) {
  Timers timers(false);
  for (int second = 0; second <= 5; ++second) {
    Sample sample = look_at(second);
    timers.fill(sample, {14'000.0 * second});
    EXPECT_THAT(timers.judge(sample), SizeIs(second < 5 ? 0 : 1)) << second;
  }
}

TEST(TimerFlood, SaysWhenNoLineHasHalf) {
  Timers timers(false);
  timers.run([](double s) { return Totals{20'000 * s}; }, 0.6);
  ASSERT_THAT(timers.last_, SizeIs(1));
  EXPECT_THAT(timers.last_[0].message, Not(HasSubstr("lines")));

  // A third line makes the first one less than half.
  Timers three(false);
  const StackId third = three.stacks_.add({{"main.third", "/src/third.go", 3, 0}});
  three.run([](double s) { return Totals{20'000 * s}; }, 0.6,
            [&](Sample& sample) {
              if (sample.timers.empty()) return;
              sample.timers.push_back({third, sample.timers[0].created - 1, 0, 0, 0});
            });
  ASSERT_THAT(three.last_, SizeIs(1));
  EXPECT_EQ(three.last_[0].where.function, "main.wait");
  EXPECT_THAT(three.last_[0].message, HasSubstr("(38% of them, the most of 3 lines)"));
}

// Two like lines must not take turns, which would be two findings.
TEST(TimerFlood, StaysWithTheLineItNamed) {
  Timers timers(false);
  double first = 0, second_line = 0;
  for (int second = 0; second <= 20; ++second) {
    Sample sample = look_at(second);
    timers.fill(sample, {20'000.0 * second}, 0.5);
    if (second > 0) {
      first += second < 9 ? 11'000 : 9'000;
      second_line += second < 9 ? 9'000 : 11'000;
      sample.timers[0].created = static_cast<uint64_t>(first);
      sample.timers[1].created = static_cast<uint64_t>(second_line);
    }
    timers.judge(sample);
    if (second < 5) continue;
    ASSERT_THAT(timers.last_, SizeIs(1));
    EXPECT_EQ(timers.last_[0].where.function, "main.wait") << second;
  }
}

// A flood fills the kernel side's map, and then a busy healthy line's timers are not followed
// either. They are taken for like those that were.
TEST(TimerFlood, TimersThatWereLostFromViewBlameNobodyElse) {
  Timers timers(true);
  for (int second = 0; second <= 8; ++second) {
    Sample sample = look_at(second);
    // Both create 20 000 a second; main.other stops each.
    timers.fill(sample, {40'000.0 * second, 0, 20'000.0 * second, 0, 20'000.0 * second}, 0.5);
    if (second > 0) {
      TimerSample& flood = sample.timers[0];
      TimerSample& healthy = sample.timers[1];
      flood.stopped = 0;
      flood.unfollowed = flood.created - std::min<uint64_t>(flood.created, 40'000);
      healthy.unfollowed = healthy.created - std::min<uint64_t>(healthy.created, 40'000);
      healthy.stopped = healthy.created - healthy.unfollowed;
    }
    timers.judge(sample);
  }
  ASSERT_THAT(timers.last_, SizeIs(1));
  EXPECT_EQ(timers.last_[0].where.function, "main.wait");
  EXPECT_THAT(timers.last_[0].message, Not(HasSubstr("lines")));
}

TEST(TimerFlood, PartOfTheTimeIsScaled) {
  const auto quarter = [](Sample& sample) {
    for (const cg_signal signal : {CG_TIMER_CREATE, CG_TIMER_STOP, CG_TIMER_RESET, CG_TIMER_FIRE}) {
      sample.signals[signal].state = "part-time";
      sample.signals[signal].attached_ns = sample.run_ns / 4;
    }
  };
  Timers timers(false);
  timers.run([](double s) { return Totals{3'500 * s, 0, 0, 0, 5}; }, 1, quarter);
  ASSERT_THAT(timers.last_, SizeIs(1));
  EXPECT_DOUBLE_EQ(evidence_of(timers.last_[0]).abandoned_per_s, 14'000);
  EXPECT_THAT(timers.last_[0].message, HasSubstr("about 14 000 timers"));

  Timers healthy(false);
  healthy.run([](double s) { return Totals{5'000 * s, 0, 4'900 * s, 0, 5}; }, 1, quarter);
  EXPECT_THAT(healthy.last_, SizeIs(0));
}

// Memory shows growth; the signals that would name the line come or do not.
TEST(TimerFlood, WithoutTheSignals) {
  const auto growth = [](double s) { return Totals{0, 0, 0, 0, 50'000 * s}; };
  const struct {
    const char* state;
    bool found;
  } rows[] = {{"absent", false}, {"standby", false}, {"refused", true}, {"detached", true}};
  for (const auto& row : rows) {
    SCOPED_TRACE(row.state);
    Timers timers(true);
    timers.run(growth, 1, [&](Sample& sample) {
      for (const cg_signal signal :
           {CG_TIMER_CREATE, CG_TIMER_STOP, CG_TIMER_RESET, CG_TIMER_FIRE}) {
        sample.signals[signal].state = row.state;
        sample.signals[signal].reason = "so it is";
        sample.signals[signal].attached_ns = 0;
      }
    });
    ASSERT_THAT(timers.last_, SizeIs(row.found ? 1 : 0));
    if (!row.found) continue;
    EXPECT_EQ(timers.last_[0].where, Frame{});
    EXPECT_THAT(timers.last_[0].message, HasSubstr(std::string(row.state) + " (so it is)"));
  }
}

// Without the stops there is no balance; what is created says nothing.
TEST(TimerFlood, OneRefusedSignalTakesTheBalance) {
  Timers timers(false);
  timers.run([](double s) { return Totals{20'000 * s, 0, 0, 0, 5}; }, 1,
             [](Sample& sample) { sample.signals[CG_TIMER_STOP].state = "refused"; });
  EXPECT_THAT(timers.last_, SizeIs(0));
}

TEST(TimerFlood, ADyingTargetIsStillTold) {
  for (const double created : {49'999, 50'000, 1'000'000}) {
    Timers timers(true, true);
    Sample sample = last_look_at(0.8);
    timers.fill(sample, {created});
    timers.judge(sample);
    if (created < 50'000) {
      EXPECT_THAT(timers.last_, SizeIs(0));
      continue;
    }
    ASSERT_THAT(timers.last_, SizeIs(1));
    EXPECT_NEAR(evidence_of(timers.last_[0]).abandoned_per_s, created / 0.8, 1);
    EXPECT_EQ(timers.last_[0].where.function, "main.wait");
  }
}

// It died at 1.5 s, looked at once: memory alone shows that its timers piled up.
TEST(TimerFlood, ADyingTargetThatOnlyMemoryShows) {
  for (const bool started_by_us : {true, false}) {
    Timers timers(true, started_by_us);
    for (const bool last : {false, true}) {
      Sample sample = last ? last_look_at(1.5) : look_at(1);
      if (!last) sample.live_timers = 400'000;
      for (const cg_signal signal :
           {CG_TIMER_CREATE, CG_TIMER_STOP, CG_TIMER_RESET, CG_TIMER_FIRE}) {
        sample.signals[signal].state = "standby";
        sample.signals[signal].attached_ns = 0;
      }
      timers.judge(sample);
    }
    // Attached to a running one, they may have been there before.
    ASSERT_THAT(timers.last_, SizeIs(started_by_us ? 1 : 0));
    if (started_by_us) {
      EXPECT_EQ(evidence_of(timers.last_[0]).live_count, 400'000);
    }
  }
}

TEST(TimerFlood, TheEndOfALongHealthyRunIsSilent) {
  Timers timers(false);
  for (int second = 0; second < 100; ++second) {
    Sample sample = look_at(second);
    timers.fill(sample, {1000.0 * second});
    EXPECT_THAT(timers.judge(sample), SizeIs(0));
  }
  Sample sample = last_look_at(100);
  timers.fill(sample, {100'000});
  EXPECT_THAT(timers.judge(sample), SizeIs(0));
}

TEST(TimerFlood, ContextsAreToBeCancelled) {
  Timers timers(false);
  timers.loop_ =
      timers.stacks_.add({{"time.AfterFunc", "/go/src/time/sleep.go", 180, 0},
                          {"context.WithDeadlineCause", "/go/src/context/context.go", 650, 0},
                          {"context.WithTimeout", "/go/src/context/context.go", 703, 0},
                          {"main.call", "/src/call.go", 9, 0}});
  timers.run([](double s) { return Totals{20'000 * s}; });
  ASSERT_THAT(timers.last_, SizeIs(1));
  EXPECT_EQ(timers.last_[0].where.function, "main.call");
  EXPECT_THAT(timers.last_[0].advice, HasSubstr("cancel"));
}

}  // namespace
}  // namespace cgoscope
