#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "tests/unit/detect/made_run.h"

namespace cgoscope {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::SizeIs;

struct Looks {
  Stacks stacks;
  Subject subject = go_server();
  Settings settings;
  int64_t threads_limit = 10'000;
  bool cgo_signal_attached = true;

  std::vector<LiveFinding> last;  // what the last look found

  // Looks at each of the seconds, with the Ms that `ms` gives for it.
  void run(const std::vector<double>& seconds,
           const std::function<std::vector<MSample>(double)>& ms) {
    const auto detector = make_stuck_m(subject, settings);
    for (const double second : seconds) {
      Sample sample = look_at(second);
      sample.threads_limit = threads_limit;
      sample.ms = ms(second);
      if (!cgo_signal_attached) sample.signals[CG_CGO_CALL].state = "standby";
      last = detector->judge(sample, stacks);
    }
  }

  MSample in_c(int64_t id, const std::string& syscall = "clock_nanosleep", int line = 31) {
    MSample m;
    m.id = id;
    m.tid = 100 + id;
    m.goid = 10 + id;
    m.in_cgo = true;
    m.c_function = "slow";
    m.syscall = syscall;
    m.call_number = 7;
    m.go_stack = stacks.add(c_call_stack("slow", "poll", line));
    m.c_stack = stacks.add({{"clock_nanosleep", "", 0, 0}, {"slow", "/src/slow.c", 3, 0}});
    return m;
  }

  MSample in_go(int64_t id, const std::string& syscall, int line = 40) {
    MSample m = in_c(id, syscall);
    m.in_cgo = false;
    m.c_function.clear();
    m.c_stack = kNoStack;
    m.go_stack = stacks.add({{"syscall.Syscall", "/go/src/syscall/syscall_linux.go", 73, 0},
                             {"syscall.Flock", "/go/src/syscall/zsyscall.go", 9, 0},
                             {"main.lock", "/src/lock.go", line, 0}});
    return m;
  }
};

const std::vector<double> kThreeLooks = {0, 1, 2};

// Two Ms of the same value in a row are what the case is about; each row says what must come out.
TEST(StuckM, Cases) {
  using Ms = std::vector<MSample>;
  const struct {
    const char* name;
    std::function<Ms(Looks&, double)> ms;
    std::optional<Severity> found;
  } rows[] = {
      {"one M stays in one call", [](Looks& run, double) { return Ms{run.in_c(1)}; },
       Severity::kWarning},
      {"healthy twin: another call at each look",
       [](Looks& run, double second) {
         Ms ms{run.in_c(1)};
         ms[0].call_number = static_cast<uint64_t>(second * 100);
         return ms;
       },
       std::nullopt},
      {"another goroutine on the same M at each look",
       [](Looks& run, double second) {
         Ms ms{run.in_c(1)};
         ms[0].goid = static_cast<int64_t>(second * 100) + 1;
         return ms;
       },
       std::nullopt},
      {"no goroutine: a thread of C's own",
       [](Looks& run, double) {
         Ms ms{run.in_c(1)};
         ms[0].goid = 0;
         return ms;
       },
       std::nullopt},
      {"its begin was seen 999 ms before the last look",
       [](Looks& run, double second) {
         if (second < 2) return Ms{};
         Ms ms{run.in_c(1)};
         ms[0].began_ns = kAttachedAt + 1'001'000'000;
         return ms;
       },
       std::nullopt},
      {"its begin was seen a second before the last look",
       [](Looks& run, double second) {
         if (second < 2) return Ms{};
         Ms ms{run.in_c(1)};
         ms[0].began_ns = kAttachedAt + kSecond;
         return ms;
       },
       Severity::kWarning},
      {"a begin in the future is not believed",
       [](Looks& run, double second) {
         if (second < 2) return Ms{};
         Ms ms{run.in_c(1)};
         ms[0].began_ns = kAttachedAt + 3 * kSecond;
         return ms;
       },
       std::nullopt},
      {"seven alike",
       [](Looks& run, double) {
         Ms ms;
         for (int i = 0; i < 7; ++i) ms.push_back(run.in_c(i));
         return ms;
       },
       Severity::kWarning},
      {"eight alike",
       [](Looks& run, double) {
         Ms ms;
         for (int i = 0; i < 8; ++i) ms.push_back(run.in_c(i));
         return ms;
       },
       Severity::kError},
      {"missed at one look",
       [](Looks& run, double second) { return second == 1 ? Ms{} : Ms{run.in_c(1)}; },
       Severity::kWarning},
      {"signal_recv",
       [](Looks& run, double) {
         Ms ms{run.in_go(1, "futex"), run.in_go(2, "futex"), run.in_go(3, "futex"),
               run.in_go(4, "futex")};
         for (MSample& m : ms) m.runtime_wait = true;
         return ms;
       },
       std::nullopt},
      {"waiting for children in Go",
       [](Looks& run, double) {
         return Ms{run.in_go(1, "waitid"), run.in_go(2, "waitid"), run.in_go(3, "waitid"),
                   run.in_go(4, "waitid")};
       },
       std::nullopt},
      {"waiting for a child in C", [](Looks& run, double) { return Ms{run.in_c(1, "wait4")}; },
       std::nullopt},
      {"pause", [](Looks& run, double) { return Ms{run.in_c(1, "pause")}; }, std::nullopt},
      {"a terminal is read",
       [](Looks& run, double) {
         Ms ms{run.in_c(1, "read")};
         ms[0].terminal_read = true;
         return ms;
       },
       std::nullopt},
      {"an event loop in C, seen at work at the last looks",
       [](Looks& run, double second) {
         return Ms{run.in_c(1, second < 1 ? "epoll_wait" : second < 2 ? "" : "write")};
       },
       std::nullopt},
      {"an event loop on a locked goroutine",
       [](Looks& run, double second) {
         Ms ms{run.in_c(1, second < 2 ? "epoll_wait" : "")};
         ms[0].locked = true;
         ms[0].began_ns = kAttachedAt + 1;
         return ms;
       },
       Severity::kNote},
      {"poll on a goroutine that is not locked",
       [](Looks& run, double) { return Ms{run.in_c(1, "poll")}; }, Severity::kWarning},
      {"a GUI: locked, in C since before the attach",
       [](Looks& run, double) {
         Ms ms{run.in_c(1, "futex")};
         ms[0].locked = true;
         return ms;
       },
       Severity::kNote},
      {"locked, but it began after the attach",
       [](Looks& run, double second) {
         Ms ms{run.in_c(1, "futex")};
         ms[0].locked = true;
         if (second < 1) return Ms{};
         return ms;
       },
       Severity::kWarning},
      {"two locked ones since before the attach are no GUI",
       [](Looks& run, double) {
         Ms ms{run.in_c(1, "futex"), run.in_c(2, "futex")};
         for (MSample& m : ms) m.locked = true;
         return ms;
       },
       Severity::kWarning},
      {"it waited for a child until a second ago, then in a read",
       [](Looks& run, double second) { return Ms{run.in_c(1, second < 2 ? "wait4" : "read")}; },
       Severity::kWarning},
      {"three in one system call from one line",
       [](Looks& run, double) {
         return Ms{run.in_go(1, "flock"), run.in_go(2, "flock"), run.in_go(3, "flock")};
       },
       std::nullopt},
      {"four in one system call from one line",
       [](Looks& run, double) {
         return Ms{run.in_go(1, "flock"), run.in_go(2, "flock"), run.in_go(3, "flock"),
                   run.in_go(4, "flock")};
       },
       Severity::kWarning},
      {"four in one system call from four lines",
       [](Looks& run, double) {
         return Ms{run.in_go(1, "flock", 41), run.in_go(2, "flock", 42), run.in_go(3, "flock", 43),
                   run.in_go(4, "flock", 44)};
       },
       std::nullopt},
      {"four in four system calls",
       [](Looks& run, double) {
         return Ms{run.in_go(1, "flock"), run.in_go(2, "read"), run.in_go(3, "write"),
                   run.in_go(4, "fsync")};
       },
       std::nullopt},
      {"four in system calls, and each has waited anew",
       [](Looks& run, double second) {
         Ms ms{run.in_go(1, "flock"), run.in_go(2, "flock"), run.in_go(3, "flock"),
               run.in_go(4, "flock")};
         for (MSample& m : ms) m.call_number = static_cast<uint64_t>(second * 100);
         return ms;
       },
       std::nullopt},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(row.name);
    Looks run;
    run.run(kThreeLooks, [&](double second) { return row.ms(run, second); });
    if (!row.found) {
      EXPECT_THAT(run.last, SizeIs(0));
      continue;
    }
    ASSERT_THAT(run.last, SizeIs(1));
    EXPECT_EQ(run.last[0].severity, *row.found);
  }
}

TEST(StuckM, SaysWhatIsKnown) {
  Looks run;
  run.run({0, 1, 13.41}, [&](double second) {
    if (second < 1) return std::vector<MSample>{};
    std::vector<MSample> ms = {run.in_c(1), run.in_c(2)};
    MSample third = run.in_c(3, "");
    third.began_ns = kAttachedAt + kSecond / 2;
    ms.push_back(third);
    return ms;
  });
  ASSERT_THAT(run.last, SizeIs(1));
  const LiveFinding& finding = run.last[0];
  EXPECT_EQ(finding.rule, "stuck-m");
  EXPECT_EQ(finding.subsystem, "cgo");
  EXPECT_EQ(finding.c_function, "slow");
  EXPECT_EQ(finding.where, (Frame{"main.poll", "/src/main.go", 31, 0}));
  EXPECT_THAT(finding.threads, ElementsAre(103, 101, 102));  // the oldest first
  EXPECT_THAT(finding.goroutines, ElementsAre(13, 11, 12));
  ASSERT_THAT(finding.stack, SizeIs(6));
  EXPECT_EQ(finding.stack[0].function, "clock_nanosleep");
  EXPECT_EQ(finding.stack[2].function, "runtime.cgocall");
  EXPECT_EQ(finding.id, live_finding_id(finding));
  EXPECT_EQ(finding.message,
            "C.slow has held 3 threads for up to 12.9 s: called at main.go:31 in main.poll, now in "
            "clock_nanosleep");
  EXPECT_THAT(finding.advice, HasSubstr("time.Sleep"));
  const auto& evidence = std::get<StuckMEvidence>(finding.evidence);
  EXPECT_EQ(evidence.ms_count, 3);
  EXPECT_EQ(evidence.longest_ms, 12'910);
  EXPECT_FALSE(evidence.since_before_attach);
  EXPECT_EQ(evidence.syscall, "clock_nanosleep");
  EXPECT_EQ(evidence.threads_total_count, 12);
  EXPECT_EQ(evidence.threads_limit_count, 10'000);
}

TEST(StuckM, CountsFromTheAttachWhatBeganBefore) {
  Looks run;
  run.run(kThreeLooks, [&](double) { return std::vector{run.in_c(1)}; });
  ASSERT_THAT(run.last, SizeIs(1));
  EXPECT_TRUE(std::get<StuckMEvidence>(run.last[0].evidence).since_before_attach);
  EXPECT_THAT(run.last[0].message, HasSubstr("for at least 2.0 s"));
}

// Seen first a second after the attach, without the signal that would have shown its begin.
TEST(StuckM, DoesNotClaimThatItBeganBefore) {
  for (const bool attached : {true, false}) {
    Looks run;
    run.cgo_signal_attached = attached;
    run.run({1, 2}, [&](double) { return std::vector{run.in_c(1)}; });
    ASSERT_THAT(run.last, SizeIs(1));
    EXPECT_EQ(std::get<StuckMEvidence>(run.last[0].evidence).since_before_attach, attached);
  }
}

TEST(StuckM, AMainLoopOfACommandThatWeStartedIsANote) {
  for (const int64_t goid : {1, 2}) {
    Looks run;
    run.subject.started_by_us = true;
    run.run(kThreeLooks, [&](double) {
      MSample m = run.in_c(1, "futex");
      m.locked = true;
      m.goid = goid;
      return std::vector{m};
    });
    ASSERT_THAT(run.last, SizeIs(1));
    EXPECT_EQ(run.last[0].severity, goid == 1 ? Severity::kNote : Severity::kWarning);
  }
}

TEST(StuckM, ATenthOfTheLimitIsAnError) {
  for (const int64_t limit : {20, 21}) {
    Looks run;
    run.threads_limit = limit;
    run.run(kThreeLooks, [&](double) { return std::vector{run.in_c(1), run.in_c(2)}; });
    ASSERT_THAT(run.last, SizeIs(1));
    EXPECT_EQ(run.last[0].severity, limit == 20 ? Severity::kError : Severity::kWarning);
  }
}

TEST(StuckM, GroupsByGoLine) {
  Looks run;
  run.run(kThreeLooks, [&](double) {
    return std::vector{run.in_c(1, "read", 31), run.in_c(2, "read", 32), run.in_c(3, "read", 32)};
  });
  ASSERT_THAT(run.last, SizeIs(2));
  EXPECT_EQ(run.last[0].where.line, 31);
  EXPECT_EQ(run.last[1].where.line, 32);
  EXPECT_EQ(std::get<StuckMEvidence>(run.last[1].evidence).ms_count, 2);
  EXPECT_NE(run.last[0].id, run.last[1].id);
}

TEST(StuckM, NamesTheLineThatMakesTheSystemCall) {
  Looks run;
  run.run(kThreeLooks, [&](double) {
    return std::vector{run.in_go(1, "flock"), run.in_go(2, "flock"), run.in_go(3, "flock"),
                       run.in_go(4, "flock")};
  });
  ASSERT_THAT(run.last, SizeIs(1));
  EXPECT_EQ(run.last[0].where.function, "main.lock");
  EXPECT_EQ(run.last[0].subsystem, "syscall");
  EXPECT_EQ(run.last[0].message,
            "flock has held 4 threads for up to 2.0 s: called at lock.go:40 in main.lock");
  EXPECT_THAT(run.last[0].advice, HasSubstr("LOCK_NB"));
}

TEST(StuckM, KeepsAtMostTwentyIds) {
  Looks run;
  run.run(kThreeLooks, [&](double) {
    std::vector<MSample> ms;
    for (int i = 0; i < 50; ++i) ms.push_back(run.in_c(i));
    return ms;
  });
  ASSERT_THAT(run.last, SizeIs(1));
  EXPECT_THAT(run.last[0].threads, SizeIs(20));
  EXPECT_EQ(std::get<StuckMEvidence>(run.last[0].evidence).ms_count, 50);
}

TEST(StuckM, AThresholdMoves) {
  Looks run;
  ASSERT_TRUE(run.settings.set("--stuck-after", "3s"));
  run.run(kThreeLooks, [&](double) { return std::vector{run.in_c(1)}; });
  EXPECT_THAT(run.last, SizeIs(0));
  ASSERT_TRUE(run.settings.set("--stuck-after", "2s"));
  ASSERT_TRUE(run.settings.set("--stuck-threads", "1"));
  run.run({0, 1, 2}, [&](double) { return std::vector{run.in_c(1)}; });
  ASSERT_THAT(run.last, SizeIs(1));
  EXPECT_EQ(run.last[0].severity, Severity::kError);
}

TEST(StuckM, WithoutMemoryItSaysNothing) {
  Looks run;
  const auto detector = make_stuck_m(run.subject, run.settings);
  for (const double second : kThreeLooks) {
    Sample sample = look_at(second);
    sample.memory_read = false;
    sample.ms = {run.in_c(1)};
    EXPECT_THAT(detector->judge(sample, run.stacks), SizeIs(0));
  }
}

}  // namespace
}  // namespace cgoscope
