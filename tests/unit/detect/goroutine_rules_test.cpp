// The rules over goroutines: goroutine-leak, lock-held and deadlock, and which of them speaks.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "tests/unit/detect/made_run.h"

namespace cgoscope {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

// Goroutines at one line, and how often goroutines have parked there, at a moment.
struct AtLine {
  uint64_t count = 0;
  uint64_t parks = 0;
};

class Goroutines {
 public:
  Goroutines() {
    subject_.wait_reasons = {"", "chan send", "sync.Mutex.Lock", "IO wait", "sync.Cond.Wait"};
  }

  // `count` goroutines that wait for `reason` in function `name`, started by main.main.
  GoroutineSample waiting(const std::string& reason, const std::string& name, uint64_t count,
                          int64_t first_goid = 10) {
    GoroutineSample one;
    one.state = "waiting";
    one.wait_reason = reason;
    one.count = count;
    one.stack = stack_of(name);
    one.go = stacks_.add({{"main.main", "/src/main.go", 30, 0}});
    for (uint64_t i = 0; i < std::min<uint64_t>(count, 16); ++i)
      one.goids.push_back(first_goid + static_cast<int64_t>(i));
    return one;
  }

  StackId stack_of(const std::string& name) {
    return stacks_.add({{"runtime.gopark", "/go/src/runtime/proc.go", 1, 0},
                        {"sync.(*Mutex).Lock", "/go/src/sync/mutex.go", 1, 0},
                        {"main." + name, "/src/main.go", 12, 0}});
  }

  PlaceSample parked(uint32_t reason, const std::string& name, uint64_t count) {
    return {CG_PARK, reason, stack_of(name), count};
  }

  // A look a second until `seconds`. `park` is attached from the look on at which it is wanted.
  template <typename Make>
  std::vector<LiveFinding> run(Judge& judge, int seconds, Make make, bool park_comes = true) {
    std::vector<LiveFinding> all;
    std::optional<int> since;
    for (int second = 1; second <= seconds; ++second) {
      Sample sample = look_at(second);
      sample.goroutines_read = true;
      SignalSample& park = sample.signals[CG_PARK];
      park.state = since ? "attached" : "standby";
      park.attached_ns = since ? (second - *since) * kSecond : 0;
      make(second, sample);
      if (!since) sample.places.clear();
      for (LiveFinding& finding : judge.judge(sample, stacks_)) all.push_back(finding);
      wanted_ = judge.wants(CG_PARK);
      if (wanted_ && park_comes && !since) since = second;
    }
    asked_ = since.has_value();
    return all;
  }

  Judge judge(std::vector<std::string> rules) const {
    return Judge(subject_, Settings{}, {std::move(rules), {}, {}});
  }

  Subject subject_ = go_server();
  Stacks stacks_;
  bool asked_ = false, wanted_ = false;
};

TEST(GoroutineLeak, Cases) {
  const struct {
    std::string name, reason;
    std::function<AtLine(int)> at;
    bool park_comes = true;
    std::optional<Severity> severity;  // nullopt: silent
    bool asked = true;                 // for the signal
  } cases[] = {
      {"grows and nobody wakes them", "chan send",
       [](int t) { return AtLine{100 + 20U * t, 20U * t}; }, true, Severity::kError},
      {"woken and come back", "chan send", [](int t) { return AtLine{100 + 20U * t, 500U * t}; },
       true, std::nullopt},
      {"the signal does not come", "chan send", [](int t) { return AtLine{100 + 20U * t, 0}; },
       false, Severity::kWarning, false},
      {"a steady pool", "chan send", [](int) { return AtLine{5000, 0}; }, true, std::nullopt,
       false},
      {"grows and shrinks", "chan send", [](int t) { return AtLine{100 + 20U * (t % 5), 0}; }, true,
       std::nullopt, false},
      {"few", "chan send", [](int t) { return AtLine{2U * t, 0}; }, true, std::nullopt, false},
      {"slower than the threshold", "chan send", [](int t) { return AtLine{1000 + t / 2U, 0}; },
       true, std::nullopt, false},
      {"one burst, then steady", "chan send", [](int t) { return AtLine{t > 3 ? 4000U : 0U, 0}; },
       true, std::nullopt, false},
      {"connections", "IO wait", [](int t) { return AtLine{100 + 20U * t, 20U * t}; }, true,
       std::nullopt, false},
  };
  for (const auto& one : cases) {
    SCOPED_TRACE(one.name);
    Goroutines goroutines;
    Judge judge = goroutines.judge({"goroutine-leak"});
    const auto findings = goroutines.run(
        judge, 25,
        [&](int second, Sample& sample) {
          const AtLine at = one.at(second);
          sample.goroutines = {goroutines.waiting(one.reason, "ask", at.count)};
          sample.places = {goroutines.parked(1, "ask", at.parks)};
        },
        one.park_comes);
    EXPECT_EQ(goroutines.asked_, one.asked);
    if (!one.severity) {
      EXPECT_THAT(findings, IsEmpty());
      continue;
    }
    ASSERT_THAT(findings, testing::Not(IsEmpty()));
    EXPECT_EQ(findings[0].severity, *one.severity);
    EXPECT_EQ(findings[0].where.function, "main.ask");
    EXPECT_EQ(findings[0].wait_reason, "chan send");
    const auto& evidence = std::get<GoroutineLeakEvidence>(findings[0].evidence);
    EXPECT_DOUBLE_EQ(evidence.growth_per_s, 20);
    EXPECT_EQ(evidence.started.line, 30);
    EXPECT_EQ(evidence.woken_per_s.has_value(), one.park_comes);
  }
}

// The signal is asked for until the question is answered, and no longer.
TEST(GoroutineLeak, LetsTheSignalGo) {
  Goroutines goroutines;
  Judge judge = goroutines.judge({"goroutine-leak"});
  const auto leak = [&](int second, Sample& sample) {
    sample.goroutines = {goroutines.waiting("chan send", "ask", 100 + 20U * second)};
    sample.places = {goroutines.parked(1, "ask", 20U * second)};
  };
  goroutines.run(judge, 12, leak);
  EXPECT_TRUE(goroutines.wanted_);
  Judge again = goroutines.judge({"goroutine-leak"});
  goroutines.run(again, 25, leak);
  EXPECT_FALSE(goroutines.wanted_);
}

TEST(LockHeld, Cases) {
  const struct {
    std::string name, reason;
    uint32_t code;
    uint64_t count;
    uint64_t parks_per_s;
    bool same_waiter;
    bool found;
  } cases[] = {
      {"held", "sync.Mutex.Lock", 2, 50, 0, true, true},
      {"a few more come", "sync.Mutex.Lock", 2, 50, 3, true, true},
      {"busy", "sync.Mutex.Lock", 2, 50, 900, true, false},
      {"others wait each time", "sync.Mutex.Lock", 2, 50, 900, false, false},
      {"few wait", "sync.Mutex.Lock", 2, 9, 0, true, false},
      {"workers wait for a condition", "sync.Cond.Wait", 4, 50, 0, true, false},
  };
  for (const auto& one : cases) {
    SCOPED_TRACE(one.name);
    Goroutines goroutines;
    Judge judge = goroutines.judge({"lock-held"});
    const auto findings = goroutines.run(judge, 15, [&](int second, Sample& sample) {
      sample.goroutines = {
          goroutines.waiting(one.reason, "get", one.count, one.same_waiter ? 10 : 10 + second)};
      sample.places = {
          goroutines.parked(one.code, "get", one.parks_per_s * static_cast<uint64_t>(second))};
    });
    ASSERT_THAT(findings, SizeIs(one.found ? 1 : 0));
    if (!one.found) continue;
    EXPECT_EQ(std::get<LockHeldEvidence>(findings[0].evidence).waiters_count, 50);
    EXPECT_GE(std::get<LockHeldEvidence>(findings[0].evidence).longest_ms, 5000);
    EXPECT_EQ(findings[0].where.function, "main.get");
  }
}

// A recording may be anybody's.
TEST(LockHeld, GoroutinesWithoutIdsAreLeftOut) {
  Goroutines goroutines;
  Judge judge = goroutines.judge({"lock-held"});
  EXPECT_THAT(
      goroutines.run(judge, 15,
                     [&](int, Sample& sample) {
                       sample.goroutines = {goroutines.waiting("sync.Mutex.Lock", "get", 50)};
                       sample.goroutines[0].goids.clear();
                     }),
      IsEmpty());
}

// Of very many goroutines not every look reads them; what was wanted stays so between two.
TEST(LockHeld, AsksUntilItHasLookedAgain) {
  Goroutines goroutines;
  Judge judge = goroutines.judge({"lock-held"});
  goroutines.run(judge, 6, [&](int, Sample& sample) {
    sample.goroutines = {goroutines.waiting("sync.Mutex.Lock", "get", 50)};
  });
  ASSERT_TRUE(judge.wants(CG_PARK));
  ASSERT_FALSE(judge.wants_locks_of().empty());
  judge.judge(look_at(7), goroutines.stacks_);
  EXPECT_TRUE(judge.wants(CG_PARK));
  EXPECT_FALSE(judge.wants_locks_of().empty());
}

// Who knows the lock, as the look finds it that the rule asks for.
TEST(LockHeld, SaysWhoKnowsTheLock) {
  const struct {
    std::string name, knowledge;
    uint64_t users, unseen;
    std::string said, not_said = "nothing";
  } cases[] = {
      {"the one that unlocks", "unlocks", 1, 0,
       "; the only other goroutine that knows the lock, and unlocks it later, is 7, at main.go:12 "
       "in "
       "main.hold (IO wait)"},
      {"others ran", "address", 1, 2,
       "; the only goroutine that does not run with the lock's address on its stack is 7, at "},
      {"nobody", "value", 0, 0, "; no other goroutine has the lock's address on its stack"},
      {"several", "address", 3, 0, "none goes on", "the only"},
  };
  for (const auto& one : cases) {
    SCOPED_TRACE(one.name);
    Goroutines goroutines;
    Judge judge = goroutines.judge({"lock-held"});
    bool asked = false;
    const auto findings = goroutines.run(judge, 15, [&](int, Sample& sample) {
      sample.goroutines = {goroutines.waiting("sync.Mutex.Lock", "get", 50)};
      const std::vector<int64_t> wanted = judge.wants_locks_of();
      if (wanted.empty()) return;
      EXPECT_THAT(wanted, SizeIs(16));
      EXPECT_EQ(wanted.front(), 10);
      asked = true;
      sample.locks_read = true;
      sample.locks_unseen_count = one.unseen;
      LockSample other{0x1000, 1, {9}, "unlocks", 1, {{8, "running", "", 0, kNoStack}}};
      LockSample lock{0x2004, 50, {10, 11}, one.knowledge, one.users, {}};
      for (uint64_t i = 0; i < one.users; ++i)
        lock.users.push_back({7 + static_cast<int64_t>(i), "waiting", "IO wait", 0,
                              goroutines.stacks_.add({{"main.hold", "/src/main.go", 12, 0}})});
      sample.locks = {other, lock};
    });
    EXPECT_TRUE(asked);
    EXPECT_THAT(judge.wants_locks_of(), IsEmpty());  // once is enough
    ASSERT_THAT(findings, SizeIs(1));
    EXPECT_THAT(findings[0].message, HasSubstr(one.said));
    EXPECT_THAT(findings[0].message, testing::Not(HasSubstr(one.not_said)));
    const auto& evidence = std::get<LockHeldEvidence>(findings[0].evidence);
    EXPECT_EQ(evidence.knowers_count, one.users);
    EXPECT_THAT(evidence.may_hold, SizeIs(one.users));
  }
}

// Connections of a proxy, for example: each handler waits for its own two copies.
TEST(LockHeld, WaitGroupsOfTheirOwn) {
  const struct {
    std::string name;
    uint64_t waiters, users;  // of the first one's wait group
    bool found;
  } cases[] = {
      {"a wait group each, and its workers are there", 1, 2, false},
      {"a wait group each, and nobody is left to call Done", 1, 0, true},
      {"all wait for one", 50, 2, true},
  };
  for (const auto& one : cases) {
    SCOPED_TRACE(one.name);
    Goroutines goroutines;
    Judge judge = goroutines.judge({"lock-held"});
    int asked = 0;
    const auto findings = goroutines.run(judge, 40, [&](int, Sample& sample) {
      sample.goroutines = {goroutines.waiting("sync.WaitGroup.Wait", "handle", 50)};
      sample.goroutines[0].stack =
          goroutines.stacks_.add({{"runtime.gopark", "/go/src/runtime/proc.go", 1, 0},
                                  {"sync.(*WaitGroup).Wait", "/go/src/sync/waitgroup.go", 1, 0},
                                  {"main.handle", "/src/main.go", 12, 0}});
      if (judge.wants_locks_of().empty()) return;
      ++asked;
      sample.locks_read = true;
      LockSample lock{0x2008, one.waiters, {10}, "address", one.users, {}};
      for (uint64_t i = 0; i < one.users; ++i)
        lock.users.push_back({7 + static_cast<int64_t>(i), "waiting", "IO wait", 0, kNoStack});
      sample.locks = {lock};
    });
    EXPECT_EQ(asked, 1);
    EXPECT_EQ(findings.empty(), !one.found);
    EXPECT_EQ(goroutines.wanted_, false);
  }
}

// Goroutine 1 waits for lock 0x1004, which 2 knows; 2 for lock 0x2004, which 1 knows.
TEST(Deadlock, OfAPart) {
  const struct {
    std::string name;
    std::function<void(int look, Sample&)> change;
    bool found;
    bool at_one_line = false;
  } cases[] = {
      {"each knows the other's", [](int, Sample&) {}, true},
      {"both wait at one line", [](int, Sample&) {}, true, true},
      {"somebody else knows one",
       [](int, Sample& sample) {
         sample.locks[0].users.push_back({3, "waiting", "sleep", 0, kNoStack});
         ++sample.locks[0].users_count;
       },
       false},
      {"somebody else knows one, and waits for the other",
       [](int, Sample& sample) {
         sample.locks[0].users.push_back({3, "waiting", "sync.Mutex.Lock", 0x2004, kNoStack});
         ++sample.locks[0].users_count;
       },
       true},
      {"more know it than are told", [](int, Sample& sample) { sample.locks[0].users_count = 9; },
       false},
      {"nobody knows one",
       [](int, Sample& sample) {
         sample.locks[0].users.clear();
         sample.locks[0].users_count = 0;
       },
       false},
      {"only the value around it is known",
       [](int, Sample& sample) { sample.locks[0].knowledge = "value"; }, false},
      {"somebody runs", [](int, Sample& sample) { sample.locks_unseen_count = 1; }, false},
      {"seen once",
       [](int look, Sample& sample) {
         if (look > 1) sample.locks.clear();
       },
       false},
  };
  for (const auto& one : cases) {
    SCOPED_TRACE(one.name);
    Goroutines goroutines;
    Judge judge = goroutines.judge({"deadlock"});
    int looks = 0;
    const auto findings = goroutines.run(judge, 30, [&](int, Sample& sample) {
      sample.goroutines = {goroutines.waiting("sync.Mutex.Lock", "first", 1, 1),
                           goroutines.waiting("sync.Mutex.Lock", "second", 1, 2),
                           goroutines.waiting("sleep", "main", 1, 3)};
      if (one.at_one_line) {
        sample.goroutines.erase(sample.goroutines.begin() + 1);
        sample.goroutines[0].goids = {1, 2};
      }
      const std::vector<int64_t> wanted = judge.wants_locks_of();
      if (wanted.empty()) return;
      EXPECT_EQ(wanted, (std::vector<int64_t>{1, 2}));
      sample.locks_read = true;
      sample.locks = {
          {0x1004, 1, {1}, "unlocks", 1, {{2, "waiting", "sync.Mutex.Lock", 0x2004, kNoStack}}},
          {0x2004, 1, {2}, "unlocks", 1, {{1, "waiting", "sync.Mutex.Lock", 0x1004, kNoStack}}}};
      one.change(++looks, sample);
    });
    EXPECT_LE(looks, 2);  // all stacks are read, which is not done again and again
    ASSERT_THAT(findings, SizeIs(one.found ? 1 : 0));
    if (!one.found) continue;
    EXPECT_EQ(findings[0].severity, Severity::kWarning);
    EXPECT_EQ(findings[0].where.function, "main.first");
    EXPECT_THAT(findings[0].goroutines, testing::ElementsAre(1, 2));
    const auto& evidence = std::get<DeadlockEvidence>(findings[0].evidence);
    EXPECT_FALSE(evidence.whole);
    ASSERT_THAT(evidence.waits, SizeIs(one.at_one_line ? 1 : 2));
    EXPECT_EQ(evidence.waits[0].count, one.at_one_line ? 2 : 1);
    EXPECT_THAT(findings[0].message, HasSubstr("2 goroutines seem to wait for one another"));
  }
}

TEST(Deadlock, Cases) {
  const struct {
    std::string name;
    std::function<void(Goroutines&, int, Sample&)> change;
    std::optional<Severity> severity;
    bool cgo = true;
    std::string said = "all 3 goroutines wait for one another";
  } cases[] = {
      {"all wait for one another", [](auto&, int, auto&) {}, Severity::kError},
      {"a thread of C's may call back", [](auto&, int, Sample& sample) { sample.threads = 13; },
       Severity::kNote},
      {"a timer is set", [](auto&, int, Sample& sample) { sample.live_timers = 1; }, std::nullopt},
      {"timers are not known", [](auto&, int, Sample& sample) { sample.live_timers.reset(); },
       std::nullopt},
      {"one waits for the network",
       [](Goroutines& made, int, Sample& sample) {
         sample.goroutines.push_back(made.waiting("IO wait", "serve", 1));
       },
       std::nullopt},
      {"one runs",
       [](Goroutines& made, int, Sample& sample) {
         sample.goroutines.push_back(made.waiting("", "run", 1));
         sample.goroutines.back().state = "running";
       },
       std::nullopt},
      {"a thread is in C",
       [](auto&, int, Sample& sample) {
         sample.ms.emplace_back();
         sample.ms.back().in_cgo = true;
       },
       std::nullopt},
      {"there is one",
       [](Goroutines& made, int, Sample& sample) {
         sample.goroutines = {made.waiting("chan send", "main", 1, 1)};
       },
       Severity::kError, true, "the only goroutine waits for another one"},
      {"it moves",
       [](Goroutines& made, int second, Sample& sample) {
         sample.goroutines = {made.waiting("chan send", "ask", 3, 10 + second)};
       },
       std::nullopt},
      {"the runtime would have said so", [](auto&, int, auto&) {}, std::nullopt, false},
  };
  for (const auto& one : cases) {
    SCOPED_TRACE(one.name);
    Goroutines goroutines;
    goroutines.subject_.cgo = one.cgo;
    Judge judge = goroutines.judge({"deadlock"});
    const auto findings = goroutines.run(judge, 4, [&](int second, Sample& sample) {
      sample.threads_of_ms = 12;
      sample.goroutines = {goroutines.waiting("sync.Mutex.Lock", "transfer", 2),
                           goroutines.waiting("chan send", "main", 1, 1)};
      GoroutineSample system = goroutines.waiting("GC worker (idle)", "bgMarkWorker", 2);
      system.system = true;
      sample.goroutines.push_back(system);
      one.change(goroutines, second, sample);
    });
    ASSERT_THAT(findings, SizeIs(one.severity ? 1 : 0));
    if (!one.severity) continue;
    EXPECT_EQ(findings[0].severity, *one.severity);
    EXPECT_EQ(findings[0].where.function, "main.main");
    EXPECT_THAT(findings[0].message, HasSubstr(one.said));
    const auto& evidence = std::get<DeadlockEvidence>(findings[0].evidence);
    if (evidence.goroutines_count == 1) continue;
    EXPECT_EQ(evidence.goroutines_count, 3);
    ASSERT_THAT(evidence.waits, SizeIs(2));
    EXPECT_EQ(evidence.waits[0].count, 2);
  }
}

TEST(Deadlock, TheRuntimesOwnWords) {
  Goroutines goroutines;
  goroutines.subject_.cgo = false;
  for (const bool read : {true, false}) {
    SCOPED_TRACE(read);
    Judge judge = goroutines.judge({"deadlock"});
    Sample before = look_at(1);
    before.goroutines_read = true;
    before.goroutines = {goroutines.waiting("sleep", "before", 1, 1)};
    EXPECT_THAT(judge.judge(before, goroutines.stacks_), IsEmpty());
    Sample sample = last_look_at(2);
    sample.goroutines_read = read;
    if (read) sample.goroutines = {goroutines.waiting("chan send", "main", 1, 1)};
    EventSample words;
    words.text = "all goroutines are asleep - deadlock!";
    sample.events = {words};
    const auto findings = judge.judge(sample, goroutines.stacks_);
    ASSERT_THAT(findings, SizeIs(1));
    EXPECT_EQ(findings[0].severity, Severity::kError);
    EXPECT_THAT(findings[0].message, HasSubstr("all goroutines are asleep"));
    EXPECT_EQ(findings[0].where.function, read ? "main.main" : "");
  }
}

// A lock that is held is why those who wait for it are ever more; a deadlock is why nobody gets it.
TEST(GoroutineRules, OneCauseOneFinding) {
  Goroutines goroutines;
  Judge judge = goroutines.judge({});
  const auto findings = goroutines.run(judge, 25, [&](int second, Sample& sample) {
    const auto count = 100 + 20U * static_cast<uint64_t>(second);
    sample.goroutines = {goroutines.waiting("sync.Mutex.Lock", "get", count),
                         goroutines.waiting("IO wait", "serve", 1, 1)};
    sample.places = {goroutines.parked(2, "get", 20U * static_cast<uint64_t>(second))};
  });
  ASSERT_THAT(findings, testing::Not(IsEmpty()));
  for (const LiveFinding& finding : findings) EXPECT_EQ(finding.rule, "lock-held");
}

}  // namespace
}  // namespace cgoscope
