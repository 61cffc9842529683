// How long a run must be (Rule::run_ns), against the detectors: of each rule a fault that is there
// from the begin on and just above the thresholds.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>

#include "tests/unit/detect/made_run.h"

namespace cgoscope {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class MadeFaults {
 public:
  MadeFaults() {
    subject_.wait_reasons = {"", "chan send", "sync.Mutex.Lock"};
    line_ = stacks_.add({{"main.work", "/src/main.go", 12, 0}});
    locking_ = stacks_.add({{"sync.(*Mutex).Lock", "/go/src/sync/mutex.go", 90, 0},
                            {"main.work", "/src/main.go", 14, 0}});
    other_lock_ = stacks_.add({{"sync.(*Mutex).Lock", "/go/src/sync/mutex.go", 90, 0},
                               {"main.other", "/src/main.go", 24, 0}});
    c_call_ = stacks_.add(c_call_stack("slow", "work", 16));
    yielding_ = stacks_.add({{"runtime.Gosched", "/go/src/runtime/proc.go", 330, 0},
                             {"main.work", "/src/main.go", 18, 0}});
    preempted_ = stacks_.add({{"runtime.asyncPreempt", "/go/src/runtime/preempt_amd64.s", 53, 0},
                              {"main.work", "/src/main.go", 20, 0}});
  }

  GoroutineSample waiting(const std::string& reason, StackId stack, double count, int64_t goid) {
    GoroutineSample one;
    one.state = "waiting";
    one.wait_reason = reason;
    one.count = static_cast<uint64_t>(count);
    one.stack = stack;
    one.go = line_;
    one.goids = {goid};
    return one;
  }

  // What a look at `t` seconds sees; `before` is when the one before it was. Counters are those
  // since the attach.
  void add(std::string_view rule, const Settings& settings, double t, double before,
           Sample& sample) {
    const auto at_least = [&](const char* option) {
      return std::floor(settings(option) * t * 1.05);
    };
    sample.goroutines_read = true;
    sample.schedules = 0;
    if (rule == "deadlock") {
      sample.goroutines = {waiting("sync.Mutex.Lock", locking_, 1, 7),
                           waiting("sync.Mutex.Lock", other_lock_, 1, 8)};
      sample.goroutines.push_back(sample.goroutines.front());
      sample.goroutines.back().state = "running";  // the rest of the program goes on
      sample.locks_read = locks_are_wanted_;
      sample.locks = {
          {0x2004, 1, {7}, "address", 1, {{8, "waiting", "sync.Mutex.Lock", 0x3004, line_}}},
          {0x3004, 1, {8}, "address", 1, {{7, "waiting", "sync.Mutex.Lock", 0x2004, line_}}}};
    } else if (rule == "goroutine-leak") {
      sample.goroutines = {
          waiting("chan send", line_, settings("--leak-goroutines") + std::ceil(8 * t), 7)};
      sample.places = {{CG_PARK, 1, line_, 0}};
    } else if (rule == "lock-held") {
      sample.goroutines = {waiting("sync.Mutex.Lock", locking_, settings("--lock-waiters"), 7)};
    } else if (rule == "stuck-m") {
      MSample m;
      m.id = m.tid = m.goid = 7;
      m.in_cgo = true;
      m.c_function = "slow";
      m.syscall = "futex";
      m.go_stack = c_call_;
      m.call_number = 1;
      sample.ms = {m};
    } else if (rule == "thread-churn") {
      const auto exits = static_cast<int64_t>(at_least("--churn-rate"));
      sample.churn = {{line_, line_, line_, static_cast<uint64_t>(exits)}};
      sample.threads_freed = exits;
    } else if (rule == "timer-flood") {
      const double created = at_least("--timer-growth");
      sample.live_timers = static_cast<int64_t>(created);
      sample.signals[CG_TIMER_CREATE].books.aggregated = static_cast<uint64_t>(created);
      sample.timers = {{line_, static_cast<uint64_t>(created), 0, 0, 0}};
    } else if (rule == "goroutine-flood") {
      sample.goroutines_peak = 50 + static_cast<int64_t>(at_least("--flood-growth"));
    } else if (rule == "gosched-spin") {
      const double rounds = at_least("--spin-rate");
      sample.schedules = static_cast<int64_t>(rounds);
      sample.places = {{CG_YIELD, 0, yielding_,
                        static_cast<uint64_t>(rounds / t * attached_s(sample, CG_YIELD))}};
    } else if (rule == "cpu-hog") {
      sample.preemptions = {
          {7, preempted_,
           static_cast<uint64_t>(std::ceil(settings("--hog-preemptions") * (t - before) * 1.01))}};
    } else if (rule == "forced-gc") {
      sample.places = {{CG_FORCED_GC, 0, line_, static_cast<uint64_t>(at_least("--gc-rate"))}};
    } else if (rule == "finalizer-stall") {
      sample.finalizer = line_;
      sample.finalizer_began_ns = kAttachedAt;
    } else if (rule == "panic") {
      sample.events = {{CG_PANIC, kAttachedAt, 7, 7, "no", "string", line_, line_, line_}};
    }
  }

  // Whether a run so long has found it: a look each `look_s`, and one at the end.
  bool is_found(std::string_view rule, const Settings& settings, double run_s, double look_s) {
    Judge judge(subject_, settings, {{std::string(rule)}, {}, {}});
    std::map<cg_signal, double> attached_s;  // of those on standby
    locks_are_wanted_ = false;
    double before = 0;
    for (int look = 1; before < run_s; ++look) {
      const double t = std::min(look * look_s, run_s);
      Sample sample = look_at(t);
      sample.last = t == run_s;
      for (const cg_signal signal : {CG_PARK, CG_YIELD, CG_GOROUTINE_START, CG_GOROUTINE_EXIT}) {
        if (judge.wants(signal)) attached_s[signal] += t - before;
        SignalSample& standby = sample.signals[signal];
        standby.state = judge.wants(signal) ? "attached" : "standby";
        standby.attached_ns = static_cast<int64_t>(attached_s[signal] * 1e9);
      }
      add(rule, settings, t, before, sample);
      if (!judge.judge(sample, stacks_).empty()) return true;
      locks_are_wanted_ = !judge.wants_locks_of().empty();
      before = t;
    }
    return false;
  }

 private:
  static double attached_s(const Sample& sample, cg_signal signal) {
    return static_cast<double>(sample.signals[signal].attached_ns) / 1e9;
  }

  Subject subject_ = go_server();
  Stacks stacks_;
  bool locks_are_wanted_ = false;
  StackId line_, locking_, other_lock_, c_call_, yielding_, preempted_;
};

TEST(RunLength, IsWhatTheDetectorsNeed) {
  Settings longer, ended_early;
  for (const Threshold& threshold : thresholds()) {
    if (threshold.unit == Threshold::Unit::kDuration) {
      ASSERT_TRUE(longer.set(threshold.option, "17500ms")) << threshold.option;
    }
  }
  for (const char* window : {"--churn-window", "--timer-window", "--flood-window"})
    ASSERT_TRUE(ended_early.set(window, "1m"));
  for (const char* total : {"--churn-exits", "--timer-total", "--flood-total"})
    ASSERT_TRUE(ended_early.set(total, total == std::string("--churn-exits") ? "80" : "8000"));
  for (const Settings& settings : {Settings(), longer, ended_early}) {
    for (const double look_s : {1.0, 0.25, 4.0}) {
      for (const Rule& rule : rules()) {
        SCOPED_TRACE(testing::Message() << rule.name << ", a look every " << look_s << " s");
        MadeFaults made;
        const double needs_s = rule.run_ns(settings, look_s * 1e9) / 1e9;
        EXPECT_TRUE(made.is_found(rule.name, settings, std::max(needs_s, 0.001), look_s))
            << needs_s;
        const double shorter_s = needs_s - std::max(look_s, needs_s / 10);
        if (shorter_s > 0) {
          EXPECT_FALSE(made.is_found(rule.name, settings, shorter_s, look_s)) << needs_s;
        }
      }
    }
  }
}

TEST(RunLength, OfTheDefaultThresholds) {
  std::map<std::string_view, double> seconds;
  for (const Rule& rule : rules()) seconds[rule.name] = rule.run_ns(Settings(), kSecond) / 1e9;
  EXPECT_EQ(seconds, (std::map<std::string_view, double>{{"cpu-hog", 10},
                                                         {"deadlock", 8},
                                                         {"finalizer-stall", 10},
                                                         {"forced-gc", 10},
                                                         {"goroutine-flood", 11},
                                                         {"goroutine-leak", 14},
                                                         {"gosched-spin", 6},
                                                         {"lock-held", 9},
                                                         {"panic", 0},
                                                         {"stuck-m", 2},
                                                         {"thread-churn", 5},
                                                         {"timer-flood", 5}}));
}

std::vector<std::string> names(const std::vector<NotRuledOut>& rows) {
  std::vector<std::string> all;
  for (const NotRuledOut& row : rows) all.emplace_back(row.rule);
  return all;
}

TEST(RunLength, NamesTheRulesThatAreJudgedByAndHaveFoundNothing) {
  const auto of = [](const Selection& selection, const Settings& settings, int64_t run_ns) {
    return names(Judge(go_server(), settings, selection).not_ruled_out(run_ns, kSecond));
  };
  EXPECT_THAT(of({}, {}, 10 * kSecond), ElementsAre("goroutine-leak", "goroutine-flood"));
  EXPECT_THAT(of({}, {}, 14 * kSecond), IsEmpty());
  EXPECT_THAT(of({{}, {"goroutine-leak"}, {}}, {}, 10 * kSecond), ElementsAre("goroutine-flood"));
  EXPECT_THAT(of({{"stuck-m", "panic"}, {}, {}}, {}, kSecond), ElementsAre("stuck-m"));
  Settings settings;
  ASSERT_TRUE(settings.set("--gc-window", "1h"));
  EXPECT_THAT(of({}, settings, 60 * kSecond), ElementsAre("forced-gc"));

  Judge judge(go_server(), Settings(), {{"panic", "finalizer-stall"}, {}, {}});
  Stacks stacks;
  Sample sample = look_at(1);
  sample.captures = {{stacks.add({{"main.open", "/src/f.go", 3, 0}}), kNoStack, false, 1}};
  EXPECT_THAT(names(judge.not_ruled_out(kSecond, kSecond)), ElementsAre("finalizer-stall"));
  EXPECT_EQ(judge.judge(sample, stacks).size(), 1u);
  EXPECT_THAT(judge.not_ruled_out(kSecond, kSecond), IsEmpty());
}

}  // namespace
}  // namespace cgoscope
