// A run with one finding of each rule, made by hand.
#pragma once

#include "probe_cli/report/census_report.h"
#include "probe_cli/report/sink.h"
#include "tests/unit/detect/made_run.h"

namespace cgoscope {

inline RunStart made_start() {
  RunStart start;
  start.wall_ns = kWallAtAttach;
  start.tool_version = "0.0.0";
  start.subject = go_server("go1.22.12");
  start.subject.keeps_abandoned_timers = true;
  start.subject.wait_reasons = {"", "GC assist marking", "IO wait"};
  start.link_kind = "uprobe.multi";
  start.interval_s = 1;
  start.notes = {"timers of 2 Ps could not be read"};
  return start;
}

inline LiveFinding made_stuck_m() {
  LiveFinding finding;
  finding.rule = "stuck-m";
  finding.severity = Severity::kWarning;
  finding.first_seen_ns = kWallAtAttach + 2 * kSecond;
  finding.last_seen_ns = kWallAtAttach + 13 * kSecond + 5'000'000;
  finding.subsystem = "cgo";
  finding.wait_reason = "syscall";
  finding.where = {"example.org/p.(*T).poll", "/src/p/worker.go", 31, 0};
  finding.c_function = "slow";
  finding.stack = {{"clock_nanosleep", "", 0, 0},
                   {"slow", "/src/p/slow.c", 12, 0},
                   {"runtime.cgocall", "/go/src/runtime/cgocall.go", 157, 0},
                   {"example.org/p._Cfunc_slow", "_cgo_gotypes.go", 52, 0},
                   {"example.org/p.(*T).poll", "/src/p/worker.go", 31, 0}};
  finding.threads = {4250, 4251, 4252};
  finding.goroutines = {18, 19, 20};
  finding.evidence = StuckMEvidence{3, 12'400, false, "clock_nanosleep", 17, 10'000};
  finding.lint = "0123456789abcdef";
  finding.lint_alike = {"fedcba9876543210"};
  finding.message =
      "C.slow has held 3 threads for up to 12.4 s: called at worker.go:31 in "
      "example.org/p.(*T).poll, now in clock_nanosleep";
  finding.advice = "sleep in Go with time.Sleep";
  finding.id = live_finding_id(finding);
  return finding;
}

inline LiveFinding made_thread_churn() {
  LiveFinding finding;
  finding.rule = "thread-churn";
  finding.severity = Severity::kError;
  finding.first_seen_ns = finding.last_seen_ns = kWallAtAttach + 3 * kSecond;
  finding.subsystem = "threads";
  finding.where = {"main.worker", "/src/w.go", 20, 0};
  finding.stack = {{"main.worker", "/src/w.go", 21, 0}};
  finding.evidence = ThreadChurnEvidence{
      212.5, 210.25, {"main.serve", "/src/w.go", 11, 0}, {"main.worker", "/src/w.go", 21, 0}};
  finding.message =
      "210 threads a second are destroyed: goroutines of main.worker exit while locked";
  finding.advice = "call runtime.UnlockOSThread";
  finding.id = live_finding_id(finding);
  return finding;
}

inline LiveFinding made_timer_flood() {
  LiveFinding finding;
  finding.rule = "timer-flood";
  finding.severity = Severity::kNote;
  finding.first_seen_ns = finding.last_seen_ns = kWallAtAttach + 9 * kSecond;
  finding.subsystem = "timers";
  finding.evidence = TimerFloodEvidence{20'000.25, 14'000, 1'234'567, 13'999.5, true};
  finding.message =
      "the number of live timers grows by 13 999 a second; who creates them is not known";
  finding.advice = "make one time.NewTimer outside the loop";
  finding.id = live_finding_id(finding);
  return finding;
}

inline LiveFinding made_goroutine_leak() {
  LiveFinding finding;
  finding.rule = "goroutine-leak";
  finding.severity = Severity::kError;
  finding.first_seen_ns = finding.last_seen_ns = kWallAtAttach + 12 * kSecond;
  finding.subsystem = "goroutines";
  finding.wait_reason = "chan send";
  finding.where = {"main.ask", "/src/search.go", 12, 0};
  finding.goroutines = {18, 20, 22};
  finding.evidence =
      GoroutineLeakEvidence{1'265, 84.25, 0.5, 192'000, {"main.search", "/src/search.go", 18, 0}};
  finding.message = "1 265 goroutines wait at search.go:12 in main.ask (chan send)";
  finding.advice = "let the sender give up";
  finding.id = live_finding_id(finding);
  return finding;
}

inline LiveFinding made_goroutine_flood() {
  LiveFinding finding;
  finding.rule = "goroutine-flood";
  finding.severity = Severity::kError;
  finding.first_seen_ns = finding.last_seen_ns = kWallAtAttach + 11 * kSecond;
  finding.subsystem = "goroutines";
  finding.where = {"main.serve", "/src/w.go", 11, 0};
  finding.stack = {{"main.serve", "/src/w.go", 11, 0}};
  finding.evidence =
      GoroutineFloodEvidence{51'234, 5'000.25, 5'600, 599.5, {"main.worker", "/src/w.go", 20, 0}};
  finding.message = "goroutines become more by 5 000 a second, 51 234 by now";
  finding.advice = "bound how many there are at once";
  finding.id = live_finding_id(finding);
  return finding;
}

inline LiveFinding made_lock_held() {
  LiveFinding finding;
  finding.rule = "lock-held";
  finding.first_seen_ns = finding.last_seen_ns = kWallAtAttach + 12 * kSecond;
  finding.subsystem = "goroutines";
  finding.wait_reason = "sync.Mutex.Lock";
  finding.where = {"main.(*cache).get", "/src/cache.go", 18, 0};
  finding.evidence = LockHeldEvidence{
      50, 8'900, 9, {{7, "waiting", "IO wait", {"main.(*cache).get", "/src/cache.go", 25, 0}}}};
  finding.message = "50 goroutines have waited at cache.go:18 in main.(*cache).get";
  finding.advice = "find who holds it";
  finding.id = live_finding_id(finding);
  return finding;
}

inline LiveFinding made_finding(const std::string& rule, const std::string& subsystem,
                                LiveEvidence evidence) {
  LiveFinding finding;
  finding.rule = rule;
  finding.severity = Severity::kWarning;
  finding.first_seen_ns = finding.last_seen_ns = kWallAtAttach + 11 * kSecond;
  finding.subsystem = subsystem;
  finding.where = {"main.serve", "/src/w.go", 11, 0};
  finding.stack = {{"main.serve", "/src/w.go", 11, 0}};
  finding.evidence = std::move(evidence);
  finding.message = "what " + rule + " says";
  finding.advice = "what to do about " + rule;
  finding.id = live_finding_id(finding);
  return finding;
}

inline LiveFinding made_deadlock() {
  LiveFinding finding;
  finding.rule = "deadlock";
  finding.severity = Severity::kError;
  finding.first_seen_ns = finding.last_seen_ns = kWallAtAttach + 12 * kSecond;
  finding.subsystem = "goroutines";
  finding.where = {"main.main", "/src/main.go", 41, 0};
  finding.evidence = DeadlockEvidence{
      3, 1, {{"sync.Mutex.Lock", {"main.transfer", "/src/main.go", 23, 0}, 2}, {"select", {}, 1}}};
  finding.message = "deadlock: all 3 goroutines wait for one another";
  finding.advice = "follow who waits for whom";
  finding.id = live_finding_id(finding);
  return finding;
}

inline std::vector<LiveFinding> made_findings_of_the_runtime() {
  const Frame finalizer{"main.serve.func1", "/src/w.go", 12, 0};
  return {made_finding("forced-gc", "collector", ForcedGcEvidence{12.25, 14.5}),
          made_finding("gosched-spin", "scheduler", GoschedSpinEvidence{612'345.5}),
          made_finding("cpu-hog", "scheduler", CpuHogEvidence{2, 48.5, 12'345}),
          made_finding("finalizer-stall", "finalizers",
                       FinalizerStallEvidence{"captures-its-object", 1'234, 0, finalizer}),
          made_finding("finalizer-stall", "finalizers",
                       FinalizerStallEvidence{"holds-the-finalizer-goroutine", 0, 65'000, {}})};
}

inline LiveFinding made_panic() {
  LiveFinding finding;
  finding.rule = "panic";
  finding.severity = Severity::kError;
  finding.first_seen_ns = finding.last_seen_ns = kWallAtAttach + 12 * kSecond;
  finding.subsystem = "goroutines";
  finding.where = {"main.parse", "/src/parse.go", 9, 0};
  finding.stack = {{"runtime.gopanic", "/go/src/runtime/panic.go", 884, 0},
                   {"main.parse", "/src/parse.go", 9, 0}};
  finding.threads = {4251};
  finding.goroutines = {19};
  finding.evidence = PanicEvidence{"no such field",
                                   "string",
                                   {"main.worker", "/src/w.go", 20, 0},
                                   {"main.serve", "/src/w.go", 11, 0}};
  finding.message =
      "a goroutine panics with \"no such field\", nothing recovers it, and the program ends: at "
      "parse.go:9 in main.parse";
  finding.advice = "recover in that very goroutine";
  finding.id = live_finding_id(finding);
  return finding;
}

// The last look of a run that saw everything.
inline Sample made_sample(Stacks& stacks) {
  Sample sample = look_at(12.5);
  sample.live_timers = 321;
  sample.goroutines_peak = 1'234;
  sample.threads_freed = 7;
  sample.overhead_share = 0.0125;
  MSample m;
  m.id = 3;
  m.tid = 4250;
  m.goid = 18;
  m.in_cgo = true;
  m.locked = true;
  m.c_function = "slow";
  m.syscall = "clock_nanosleep";
  m.go_stack = stacks.add(c_call_stack("slow", "poll", 31));
  m.c_stack = stacks.add({{"clock_nanosleep", "", 0, 0}});
  m.call_number = 77;
  m.began_ns = kAttachedAt + 1;
  sample.ms = {m};
  m.id = 4;
  m.in_cgo = m.locked = false;
  m.runtime_wait = m.terminal_read = true;
  sample.ms.push_back(m);
  const StackId park = stacks.add({{"runtime.netpollblock", "/go/src/runtime/netpoll.go", 1, 0},
                                   {"main.serve", "/src/w.go", 12, 0}});
  sample.places = {{CG_PARK, 2, park, 4'000}, {CG_PARK, 90, park, 1}, {CG_HANDOFF, 0, park, 2}};
  const StackId loop = stacks.add(
      {{"time.NewTimer", "/go/src/time/sleep.go", 86, 0}, {"main.wait", "/src/loop.go", 12, 0}});
  sample.locks_read = true;
  sample.locks_unseen_count = 3;
  sample.locks = {
      {0x1004, 50, {18, 19}, "unlocks", 9, {{7, "waiting", "sync.Mutex.Lock", 0x2004, park}}}};
  sample.timers = {{loop, 5'000, 4'000, 900, 50}};
  sample.churn = {{stacks.add({{"main.worker", "/src/w.go", 20, 0}}), kNoStack, loop, 12}};
  sample.goroutines_read = true;
  sample.goroutines_walked = 24;
  GoroutineSample waiting;
  waiting.state = "waiting";
  waiting.wait_reason = "IO wait";
  waiting.count = 4'000;
  waiting.estimated = true;
  waiting.waits_since_ns = sample.at_ns - 192 * kSecond;
  waiting.stack = park;
  waiting.started = stacks.add({{"main.serve", "/src/w.go", 10, 0}});
  waiting.go = stacks.add({{"main.main", "/src/w.go", 30, 0}});
  waiting.goids = {18, 19, 20};
  GoroutineSample running;
  running.state = "running";
  running.count = 1;
  running.locked = true;
  running.started = stacks.add({{"main.main", "/src/w.go", 25, 0}});
  running.goids = {1};
  GoroutineSample worker = waiting;
  worker.system = true;
  worker.wait_reason = "GC worker (idle)";
  worker.count = 2;
  worker.estimated = false;
  worker.goids = {5, 6};
  sample.goroutines = {waiting, running, worker};
  sample.go_statements = {{stacks.add({{"main.serve", "/src/w.go", 11, 0}}),
                           stacks.add({{"main.worker", "/src/w.go", 20, 0}}), 500, 400}};
  sample.schedules = 4'321;
  sample.preemptions = {{19, loop, 48}};
  sample.captures = {{park, loop, true, 7}};
  sample.finalizer = loop;
  sample.finalizer_began_ns = kAttachedAt + 9;
  sample.cgo = {
      {"slow", m.go_stack, 1'200, 3, 1'500'000, 250'000'000, 12'400'000'000, 99'000'000'000}};
  sample.signals[CG_THREAD_EXIT].books = {
      .hits = 40, .filtered = 0, .aggregated = 40, .delivered = 0, .ring_full = 0, .map_full = 0};
  sample.signals[CG_THREAD_START].books.hits = 45;
  sample.signals[CG_PARK].state = "part-time";
  sample.signals[CG_PARK].reason = "over the budget of 1%";
  sample.signals[CG_PARK].attached_ns = 3 * kSecond;
  sample.signals[CG_PARK].books = {.hits = 4'010,
                                   .filtered = 1,
                                   .aggregated = 4'005,
                                   .delivered = 0,
                                   .ring_full = 0,
                                   .map_full = 4};
  sample.signals[CG_PARK].missed = 2;
  sample.signals[CG_TIMER_STOP].state = "absent";
  sample.signals[CG_TIMER_STOP].reason = "the program does not contain time.stopTimer";
  sample.signals[CG_TIMER_STOP].attached_ns = 0;
  sample.events = {{CG_FATAL, kAttachedAt + 5, 4250, 18, "all goroutines are asleep - deadlock!",
                    "", park, kNoStack, kNoStack},
                   {CG_PANIC, kAttachedAt + 6, 4251, 19, "7", "number", park,
                    stacks.add({{"main.worker", "/src/w.go", 20, 0}}), loop}};
  return sample;
}

inline CensusReport made_census(Stacks& stacks) {
  CensusReport report;
  report.subject = made_start().subject;
  report.sample = made_sample(stacks);
  report.ps_count = 4;
  report.read_ms = 3.1;
  report.problems = {"timers of 2 Ps could not be read"};
  CensusM m;
  m.tid = 4240;
  report.ms.push_back(m);
  m.id = 1;
  m.tid = 4241;
  m.doing = CensusM::Doing::kRun;
  m.goid = 1;
  m.locked = true;
  report.ms.push_back(m);
  for (const MSample& call : report.sample.ms) {
    m = {CensusM::Doing::kCall, call.id, call.tid, call.goid, call.locked, call};
    report.ms.push_back(m);
  }
  m = {};
  m.id = 9;
  m.doing = CensusM::Doing::kForeign;
  report.ms.push_back(m);
  return report;
}

// A call that the lint predicted, one of which no look met the line, and one that it did not
// predict.
inline std::vector<LongCall> made_long_calls() {
  LongCall slow;
  slow.call = {"slow",
               "example.org/p",
               {"example.org/p.(*T).poll", "/src/p/worker.go", 31, 0},
               made_stuck_m().stack,
               "clock_nanosleep"};
  slow.calls = 7;
  slow.longest_ns = 12 * kSecond + 400'000'000;
  slow.in_flight = 3;
  CgoFunctionSample function;
  function.c_function = "slow";
  function.calls = 1'200;
  function.in_flight = 3;
  function.p50_ns = 1'500'000;
  function.p99_ns = 250'000'000;
  function.max_ns = 12'400'000'000;
  slow.function = function;
  LongCall unseen;
  unseen.call.c_function = function.c_function = "store";
  unseen.call.package = "example.org/p";
  unseen.calls = 1;
  function.in_flight = 0;
  unseen.longest_ns = 1'250'000'000;
  function.max_ns = 1'250'000'000;
  unseen.function = function;
  LongCall hash;
  hash.call = {"hash",
               "main",
               {"main.sum", "/src/sum.go", 12, 0},
               {{"main._Cfunc_hash", "_cgo_gotypes.go", 52, 0}, {"main.sum", "/src/sum.go", 12, 0}},
               ""};
  hash.calls = 1;
  hash.longest_ns = 3 * kSecond;
  hash.was_running = true;
  return {slow, hash, unseen};
}

inline LintComparison made_comparison() {
  const std::vector<LongCall> calls = made_long_calls();
  LintComparison lint;
  lint.file = "findings.json";
  lint.findings = 5;
  lint.problems = 1;
  lint.long_ns = kSecond;
  lint.confirmed = {{MatchedBy::kStack, {"0123456789abcdef"}, calls[0]},
                    {MatchedBy::kFunction, {"1111111111111111", "2222222222222222"}, calls[2]}};
  lint.unpredicted = {{calls[1], {"3333333333333333"}}};
  return lint;
}

inline RunEnd made_end() {
  RunEnd end;
  end.wall_ns = kWallAtAttach + 13 * kSecond;
  end.run_ns = 13 * kSecond;
  end.findings = {made_thread_churn(), made_stuck_m()};
  end.long_calls = made_long_calls();
  end.lint = made_comparison();
  end.target_exited = true;
  end.target_status = 2;
  end.not_ruled_out = {{"goroutine-leak", 14 * kSecond}, {"goroutine-flood", 11 * kSecond}};
  end.why = kTargetExited;
  end.attach_ms = 12.5;
  end.detach_ms = 310;
  end.ns_per_hit = 850.5;
  end.share_of_budget_cpus = 0.0012;
  end.share_of_target_cpu_time = 0.0034;
  end.notes = {"2 Ms were gone before they were read"};
  return end;
}

}  // namespace cgoscope
