// Whether the probe's numbers are the target's own: programs that do a known number of each thing,
// with every Go toolchain there is and both kinds of link. Needs root, or CAP_BPF and CAP_PERFMON.
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <map>
#include <memory>
#include <numeric>
#include <string>
#include <thread>
#include <tuple>

#include "probe_cli/attach/attachment.h"
#include "probe_cli/go/closure.h"
#include "tests/go_program.h"
#include "tests/go_toolchains.h"
#include "tests/live/talking_program.h"

namespace cgoscope {
namespace {

using Row = std::tuple<GoToolchain, LinkKind>;

class Attach : public testing::TestWithParam<Row> {
 protected:
  void SetUp() override {
    const Result<bool> works = try_link_kind(kind());
    if (!works) GTEST_SKIP() << works.error().message();
    const GoToolchain& toolchain = std::get<0>(GetParam());
    // With the go line of its release, which decides what becomes of an abandoned timer.
    const Result<std::string> version = go_line(toolchain);
    const Result<std::string> path =
        version ? build_go_program(toolchain, {.name = "counted",
                                               .source = contents_of(COUNTED_SOURCE),
                                               .go_version = *version})
                : version;
    if (!path && toolchain.root.empty()) GTEST_SKIP() << path.error().message();
    ASSERT_TRUE(path) << path.error().message();
    path_ = *path;
    Result<GoBinary> binary = GoBinary::open(path_);
    ASSERT_TRUE(binary) << binary.error().message();
    binary_ = std::make_unique<GoBinary>(std::move(*binary));
    signals_ = plan_signals(*binary_);
    for (const PlannedSignal& planned : signals_)
      EXPECT_NE(planned.state, SignalState::kRefused) << planned.reason;
  }

  LinkKind kind() const { return std::get<1>(GetParam()); }

  void start(const std::string& work, bool gate = false) {
    program_ = std::make_unique<TalkingProgram>(std::vector{path_, work}, gate);
    if (!gate) {
      ASSERT_TRUE(program_->wait_for("ready"));
    }
  }

  // Attaches `groups` to the program.
  void attach(const std::vector<SignalGroup>& groups) {
    AttachRequest request;
    request.pid = program_->pid();
    request.executable = path_;
    request.binary = binary_.get();
    request.signals = signals_;
    request.link_kind = kind();
    Result<Attachment> opened = Attachment::open(request);
    ASSERT_TRUE(opened) << opened.error().message();
    attachment_ = std::make_unique<Attachment>(std::move(*opened));
    for (const SignalGroup group : groups) {
      const Result<bool> attached = attachment_->attach(group);
      ASSERT_TRUE(attached) << attached.error().message();
    }
  }

  void run(const std::string& work, const std::vector<SignalGroup>& groups) {
    ASSERT_NO_FATAL_FAILURE(start(work));
    ASSERT_NO_FATAL_FAILURE(attach(groups));
    program_->say_go();
    ASSERT_TRUE(program_->wait_for("done"));
    attachment_->detach(groups);  // waits for hits whose program still runs
    for (const PlannedSignal& planned : signals_) {
      const SignalTotals totals = attachment_->totals(planned.signal);
      const cg_books& books = totals.books;
      EXPECT_EQ(books.hits, books.filtered + books.aggregated + books.delivered + books.ring_full +
                                books.map_full)
          << signal_rows()[planned.signal].name;
      EXPECT_EQ(totals.missed, 0U);
    }
  }

  cg_books books(cg_signal signal) const { return attachment_->totals(signal).books; }

  // The name of the Go function that has the address, which may be a return address.
  std::string function_at(uint64_t address) const {
    if (address == 0) return "";
    const auto function = binary_->functions.function_at(address - 1);
    return function ? std::string(function->name) : "";
  }
  bool passes(const cg_place& place, const std::string& function) const {
    return std::any_of(std::begin(place.pcs), std::end(place.pcs),
                       [&](uint64_t pc) { return function_at(pc) == function; });
  }
  cg_count timers_of(const std::string& function) const {
    cg_count sum{};
    for (const TimerPlace& found : attachment_->timer_places()) {
      if (!passes(found.place, function)) continue;
      sum.count += found.count.count;
      sum.stopped += found.count.stopped;
      sum.fired += found.count.fired;
      sum.unfollowed += found.count.unfollowed;
    }
    return sum;
  }
  // The one `go` statement in this function.
  cg_go_statement go_statement_in(const std::string& function) const {
    for (const auto& [go_pc, statement] : attachment_->go_statements()) {
      if (function_at(go_pc) == function) return statement;
    }
    return {};
  }
  // The one C function whose Go wrapper has this name.
  cg_cgo_function calls_of(const std::string& wrapper) const {
    for (const auto& [stub, function] : attachment_->cgo_functions()) {
      if (function_at(function.caller_pc) == wrapper) return function;
    }
    return {};
  }

  // The first byte of gopark's probed instruction as it is in the program's memory: int3 while a
  // probe is there. (The program is linked at a fixed address.)
  int probed_byte() const {
    const uint64_t address = signals_[CG_PARK].sites.front().address;
    FILE* memory = fopen(("/proc/" + std::to_string(program_->pid()) + "/mem").c_str(), "r");
    if (memory == nullptr) return -1;
    fseeko(memory, static_cast<off_t>(address), SEEK_SET);
    const int byte = fgetc(memory);
    fclose(memory);
    return byte;
  }

  std::string path_;
  std::unique_ptr<GoBinary> binary_;
  std::vector<PlannedSignal> signals_;
  std::unique_ptr<TalkingProgram> program_;
  std::unique_ptr<Attachment> attachment_;
};

TEST_P(Attach, ThreadsThatGoroutinesTakeAlong) {
  ASSERT_NO_FATAL_FAILURE(run("threads", {SignalGroup::kThreads, SignalGroup::kGoroutines}));
  EXPECT_EQ(books(CG_THREAD_EXIT).aggregated, 1000U);
  EXPECT_EQ(books(CG_LOCK_THREAD).aggregated, 1000U);
  EXPECT_GE(books(CG_GOROUTINE_EXIT).aggregated, 1000U);
  EXPECT_GE(books(CG_THREAD_START).aggregated, 990U);
  const auto places = attachment_->churn_places();
  ASSERT_EQ(places.size(), 1U);
  const auto& [place, count] = places.front();
  EXPECT_EQ(count, 1000U);
  EXPECT_EQ(function_at(place.start_pc + 1), "main.lockAndExit");
  EXPECT_EQ(function_at(place.lock_pcs[0]), "main.lockAndExit");
  EXPECT_EQ(function_at(place.go_pc), "main.threads");
  uint64_t requested = 0;
  for (const auto& [where, at] : attachment_->places()) {
    if (where.signal == CG_THREAD_REQUEST) requested += at.count;
  }
  EXPECT_EQ(requested, books(CG_THREAD_REQUEST).aggregated);
}

TEST_P(Attach, GoroutinesByTheStatementThatStartsThem) {
  ASSERT_NO_FATAL_FAILURE(run("threads", {SignalGroup::kGoroutines}));
  const cg_go_statement ours = go_statement_in("main.threads");
  EXPECT_EQ(ours.started, 1000U);
  EXPECT_EQ(ours.ended, 1000U);
  EXPECT_EQ(function_at(ours.start_pc + 1), "main.lockAndExit");
}

TEST_P(Attach, GoroutinesThatDoNotEnd) {
  ASSERT_NO_FATAL_FAILURE(run("parks", {SignalGroup::kGoroutines}));
  const cg_go_statement ours = go_statement_in("main.parks");
  EXPECT_EQ(ours.started, 20000U);
  EXPECT_EQ(ours.ended, 0U);
}

// Without the signal that says where they locked: as when they locked before the attach.
TEST_P(Attach, ThreadsOfGoroutinesThatLockedUnseen) {
  for (PlannedSignal& planned : signals_) {
    if (planned.signal == CG_LOCK_THREAD) planned.state = SignalState::kAbsent;
  }
  ASSERT_NO_FATAL_FAILURE(run("threads", {SignalGroup::kThreads, SignalGroup::kGoroutines}));
  const auto places = attachment_->churn_places();
  ASSERT_EQ(places.size(), 1U);
  const auto& [place, count] = places.front();
  EXPECT_EQ(count, 1000U);
  EXPECT_EQ(function_at(place.start_pc + 1), "main.lockAndExit");
  EXPECT_EQ(function_at(place.go_pc), "main.threads");
  EXPECT_EQ(place.lock_pcs[0], 0U);
}

TEST_P(Attach, ParksByPlace) {
  ASSERT_NO_FATAL_FAILURE(run("parks", {SignalGroup::kParks}));
  uint64_t waiting = 0;
  uint64_t all = 0;
  for (const auto& [place, count] : attachment_->places()) {
    ASSERT_EQ(place.signal, static_cast<uint32_t>(CG_PARK));
    all += count.count;
    if (passes(place, "main.waitForEver")) waiting += count.count;
  }
  EXPECT_EQ(waiting, 20000U);
  EXPECT_EQ(all, books(CG_PARK).aggregated);
}

TEST_P(Attach, TimersByTheLineThatCreatesThem) {
  ASSERT_NO_FATAL_FAILURE(run("timers", {SignalGroup::kTimers}));
  const cg_count stopped = timers_of("main.createStopped");
  EXPECT_EQ(stopped.count, 20000U);
  EXPECT_EQ(stopped.stopped, 20000U);
  EXPECT_EQ(stopped.fired, 0U);
  const cg_count fired = timers_of("main.createFired");
  EXPECT_EQ(fired.count, 20000U);
  EXPECT_EQ(fired.fired, 20000U);
  EXPECT_EQ(fired.stopped, 0U);
  const cg_count abandoned = timers_of("main.createAbandoned");
  EXPECT_EQ(abandoned.count, 20000U);
  EXPECT_EQ(abandoned.stopped + abandoned.fired + abandoned.unfollowed, 0U);
  const cg_count functions = timers_of("main.createFunction");
  EXPECT_EQ(functions.count, 20000U);
  EXPECT_EQ(functions.fired, 20000U);
  const cg_count tickers = timers_of("main.createTicker");
  EXPECT_EQ(tickers.count, 1000U);
  EXPECT_EQ(tickers.stopped, 1000U);
  EXPECT_EQ(books(CG_TIMER_CREATE).aggregated, 81000U);
  // In Go 1.19 a hit may be a stack check that failed: filtered, and hit again.
  EXPECT_GE(books(CG_TIMER_STOP).hits, 61000U);
  EXPECT_EQ(books(CG_TIMER_STOP).aggregated, 41000U);
  EXPECT_GE(books(CG_TIMER_RESET).hits, 41000U);
  EXPECT_EQ(books(CG_TIMER_RESET).aggregated, 20000U);
  EXPECT_EQ(books(CG_TIMER_FIRE).aggregated, 40000U);
  // Timers that were set anew are counted where that was done.
  uint64_t restarted = 0;
  for (const TimerPlace& found : attachment_->timer_places()) {
    if (found.place.signal != CG_TIMER_RESET) continue;
    restarted += found.count.count;
    EXPECT_EQ(found.count.stopped, found.count.count);
    EXPECT_TRUE(passes(found.place, "main.timers"));
  }
  EXPECT_EQ(restarted, 20000U);
}

TEST_P(Attach, CallsIntoCAndTheirLatency) {
  ASSERT_NO_FATAL_FAILURE(run("calls", {SignalGroup::kCgo}));
  const cg_cgo_function sleeps = calls_of("main._Cfunc_sleep_1ms");
  EXPECT_EQ(sleeps.calls, 5000U);
  EXPECT_EQ(std::accumulate(std::begin(sleeps.buckets), std::end(sleeps.buckets), uint64_t{0}),
            5000U);
  // 1 ms lies in the bucket of [2^19, 2^20) ns; nothing is faster.
  EXPECT_EQ(std::accumulate(sleeps.buckets, sleeps.buckets + 19, uint64_t{0}), 0U);
  EXPECT_GE(sleeps.total_ns, uint64_t{5000} * 1'000'000);
  EXPECT_GE(sleeps.max_ns, sleeps.total_ns / 5000);
  EXPECT_EQ(attachment_->cgo_in_flight().size(), 0U);
}

TEST_P(Attach, CallsFromCallbacks) {
  ASSERT_NO_FATAL_FAILURE(run("nested", {SignalGroup::kCgo}));
  EXPECT_EQ(calls_of("main._Cfunc_calls_back").calls, 2000U);
  EXPECT_EQ(calls_of("main._Cfunc_quick").calls, 2000U);
  EXPECT_EQ(books(CG_CGO_RETURN).filtered, 0U);
  EXPECT_EQ(attachment_->cgo_in_flight().size(), 0U);
}

TEST_P(Attach, BeforeTheFirstInstruction) {
  ASSERT_NO_FATAL_FAILURE(start("calls", true));
  ASSERT_NO_FATAL_FAILURE(attach({SignalGroup::kCgo, SignalGroup::kThreads}));
  program_->open_gate();
  ASSERT_TRUE(program_->wait_for("ready"));
  program_->say_go();
  ASSERT_TRUE(program_->wait_for("done"));
  EXPECT_EQ(calls_of("main._Cfunc_sleep_1ms").calls, 5000U);
  EXPECT_GE(books(CG_THREAD_START).aggregated, 3U);
}

TEST_P(Attach, LastWordsOfAPanic) {
  ASSERT_NO_FATAL_FAILURE(start("fails"));
  ASSERT_NO_FATAL_FAILURE(attach({SignalGroup::kDeaths}));
  program_->say_go();
  program_->wait_for_end();
  pollfd events{attachment_->event_descriptor(), POLLIN, 0};
  ASSERT_EQ(poll(&events, 1, 5000), 1);
  std::vector<cg_event> seen;
  attachment_->drain([&](const cg_event& event) { seen.push_back(event); });
  ASSERT_EQ(seen.size(), 1U);
  EXPECT_EQ(seen.front().signal, static_cast<uint32_t>(CG_PANIC));
  EXPECT_GT(seen.front().goid, 1U);
  EXPECT_NE(seen.front().tid, 0U);
  EXPECT_EQ(function_at(seen.front().pcs[0]), "runtime.gopanic");
  EXPECT_EQ(function_at(seen.front().pcs[1]), "main.fails.func1");
  EXPECT_EQ(function_at(seen.front().start_pc + 1), "main.fails.func1");
  EXPECT_EQ(function_at(seen.front().go_pc), "main.fails");
  EXPECT_EQ(seen.front().value_kind, static_cast<uint32_t>(CG_KIND_STRING));
  EXPECT_EQ(std::string(seen.front().text, seen.front().text_bytes), "by intention");
  EXPECT_EQ(books(CG_PANIC).delivered, 1U);
}

TEST_P(Attach, LastWordsOfAFatalError) {
  ASSERT_NO_FATAL_FAILURE(start("unlocks"));
  ASSERT_NO_FATAL_FAILURE(attach({SignalGroup::kDeaths}));
  program_->say_go();
  program_->wait_for_end();
  std::vector<cg_event> seen;
  attachment_->drain([&](const cg_event& event) { seen.push_back(event); });
  ASSERT_EQ(seen.size(), 1U);
  EXPECT_EQ(seen.front().signal, static_cast<uint32_t>(CG_FATAL));
  EXPECT_EQ(std::string(seen.front().text, seen.front().text_bytes),
            "sync: unlock of unlocked mutex");
  EXPECT_EQ(seen.front().goid, 1U);
  EXPECT_TRUE(std::any_of(std::begin(seen.front().pcs), std::end(seen.front().pcs),
                          [&](uint64_t pc) { return function_at(pc) == "main.unlocks"; }));
}

TEST_P(Attach, ForcedCollections) {
  ASSERT_NO_FATAL_FAILURE(run("finalizers", {SignalGroup::kCollections}));
  EXPECT_EQ(books(CG_FORCED_GC).aggregated, 10U);
  EXPECT_GE(books(CG_POOL_CLEAR).aggregated, 10U);
  uint64_t counted = 0;
  for (const auto& [place, count] : attachment_->places()) {
    if (place.signal == CG_FORCED_GC && passes(place, "main.capturesAVariable"))
      counted += count.count;
  }
  EXPECT_EQ(counted, 10U);
}

// By function; which words are the closure's own, its code tells.
TEST_P(Attach, FinalizersThatCaptureTheirObject) {
  ASSERT_NO_FATAL_FAILURE(run("finalizers", {SignalGroup::kFinalizers}));
  std::map<std::string, uint64_t> captured;
  for (const auto& [capture, count] : attachment_->captures()) {
    const auto code = binary_->functions.function_at(capture.code_pc);
    ASSERT_TRUE(code);
    const uint32_t own = words_of_closure(*binary_->image, *code);
    if (((capture.words | capture.through) & own) == 0) continue;
    captured[function_at(capture.pcs[0]) + ((capture.words & own) == 0 ? " through" : "")] += count;
  }
  EXPECT_EQ(captured, (std::map<std::string, uint64_t>{{"main.capturesAPart", 1000},
                                                       {"main.capturesAVariable through", 10},
                                                       {"main.capturesItself", 1000}}))
      << books(CG_SET_FINALIZER).hits << " hits, " << books(CG_SET_FINALIZER).filtered
      << " filtered, " << attachment_->totals(CG_SET_FINALIZER).missed << " missed";
  EXPECT_GE(books(CG_SET_FINALIZER).hits, 5000U);
}

// Those of capturesAnother; the others are kept by their own finalizers, or have theirs taken back.
TEST_P(Attach, FinalizersThatRun) {
  ASSERT_NO_FATAL_FAILURE(run("finalizers", {SignalGroup::kFinalizerRuns}));
  EXPECT_GE(books(CG_FINALIZER_RUN).aggregated, 1000U);
  EXPECT_LE(books(CG_FINALIZER_RUN).aggregated, 1010U);  // the standard library's own
  EXPECT_GE(books(CG_FINALIZER_IDLE).aggregated, 1U);
  EXPECT_EQ(attachment_->finalizer_run().began_ns, 0U);
  EXPECT_NE(attachment_->finalizer_run().code_pc, 0U);
}

TEST_P(Attach, GoroutinesThatGiveWay) {
  ASSERT_NO_FATAL_FAILURE(run("yields", {SignalGroup::kYields}));
  uint64_t ours = 0;
  for (const auto& [place, count] : attachment_->places()) {
    if (place.signal == CG_YIELD && function_at(place.pcs[0]) == "main.giveWay")
      ours += count.count;
  }
  EXPECT_EQ(ours, 20000U);
}

TEST_P(Attach, GoroutinesThatAreMadeTo) {
  ASSERT_NO_FATAL_FAILURE(run("busy", {SignalGroup::kPreemptions}));
  uint64_t ours = 0;
  for (const auto& [who, count] : attachment_->take_preempted()) {
    if (function_at(who.pcs[0]) != "runtime.asyncPreempt") continue;
    const auto interrupted = binary_->functions.function_at(who.pcs[1]);
    if (who.goid == 1 && interrupted && interrupted->name == "main.turnRound") ours += count;
  }
  EXPECT_GE(ours, 1U);
  EXPECT_LE(ours, 100U);
  EXPECT_TRUE(attachment_->take_preempted().empty());  // since the last time
}

TEST_P(Attach, CountsOnlyWhileAttached) {
  ASSERT_NO_FATAL_FAILURE(start("forever"));
  ASSERT_NO_FATAL_FAILURE(attach({SignalGroup::kParks}));
  program_->say_go();
  const auto wait = [] { std::this_thread::sleep_for(std::chrono::milliseconds(200)); };
  wait();
  attachment_->detach(SignalGroup::kParks);
  const SignalTotals first = attachment_->totals(CG_PARK);
  EXPECT_GT(first.books.hits, 10U);
  EXPECT_GE(first.attached_ns, 200'000'000);
  wait();
  EXPECT_EQ(books(CG_PARK).hits, first.books.hits);
  EXPECT_EQ(attachment_->totals(CG_PARK).attached_ns, first.attached_ns);
  ASSERT_TRUE(attachment_->attach(SignalGroup::kParks));
  ASSERT_TRUE(attachment_->attach(SignalGroup::kParks));  // does nothing
  wait();
  EXPECT_GT(books(CG_PARK).hits, first.books.hits + 10);
  EXPECT_TRUE(program_->alive());
}

// Timers that wait when a window ends are not taken for abandoned ones in the next.
TEST_P(Attach, AWindowEndsWhatItFollowed) {
  ASSERT_NO_FATAL_FAILURE(run("timers", {SignalGroup::kTimers}));
  attachment_->detach(SignalGroup::kTimers);
  EXPECT_EQ(timers_of("main.createAbandoned").unfollowed, 0U);
  ASSERT_TRUE(attachment_->attach(SignalGroup::kTimers));
  const cg_count abandoned = timers_of("main.createAbandoned");
  EXPECT_EQ(abandoned.count, 20000U);
  EXPECT_EQ(abandoned.unfollowed, 20000U);
  const cg_count stopped = timers_of("main.createStopped");
  EXPECT_EQ(stopped.unfollowed, 0U);
}

// Nothing of a probe outlives the one that made it, however it ends.
TEST_P(Attach, AKilledProbeLeavesNothingBehind) {
  ASSERT_NO_FATAL_FAILURE(start("forever"));
  program_->say_go();
  int ready[2];
  ASSERT_EQ(pipe(ready), 0);
  const pid_t prober = fork();
  ASSERT_GE(prober, 0);
  if (prober == 0) {
    AttachRequest request{program_->pid(), path_, binary_.get(), signals_, kind()};
    Result<Attachment> opened = Attachment::open(request);
    bool good = opened.has_value();
    for (int group = 0; good && group < kSignalGroups; ++group)
      good = opened->attach(static_cast<SignalGroup>(group)).has_value();
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    good = good && opened->totals(CG_PARK).books.hits > 0;
    if (write(ready[1], good ? "y" : "n", 1) != 1) _exit(1);
    pause();
  }
  char answer = 0;
  ASSERT_EQ(read(ready[0], &answer, 1), 1);
  EXPECT_EQ(answer, 'y');
  EXPECT_EQ(probed_byte(), 0xcc);
  kill(prober, SIGKILL);
  waitpid(prober, nullptr, 0);
  close(ready[0]);
  close(ready[1]);
  // The kernel takes its breakpoints out after the last descriptor is gone, not at once.
  for (int i = 0; i < 100 && probed_byte() == 0xcc; ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  EXPECT_NE(probed_byte(), 0xcc);
  EXPECT_TRUE(program_->alive());
}

std::string row_name(const testing::TestParamInfo<Row>& row) {
  return toolchain_name({std::get<0>(row.param), row.index}) +
         (std::get<1>(row.param) == LinkKind::kUprobeMulti ? "_multi" : "_perf");
}

INSTANTIATE_TEST_SUITE_P(Go, Attach,
                         testing::Combine(testing::ValuesIn(go_toolchains()),
                                          testing::Values(LinkKind::kUprobeMulti, LinkKind::kPerf)),
                         row_name);

}  // namespace
}  // namespace cgoscope
