// Which function shows what, and with what in its arguments: read in src/runtime of Go 1.19 to
// 1.27, and counted with programs that do a known number of each. The first instructions of these
// functions differ from release to release; where the probe goes is decided by reading them
// (probe_site.h).
#include "probe_cli/go/signals.h"

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <utility>

namespace cgoscope {
namespace {

// Of ArgumentMask.
constexpr ArgumentMask kAx = 1U << 0U;
constexpr ArgumentMask kBx = 1U << 1U;
constexpr ArgumentMask kCx = 1U << 2U;
constexpr ArgumentMask kDi = 1U << 3U;
constexpr ArgumentMask kSi = 1U << 4U;

// clang-format off
const std::array<SignalRow, CG_SIGNALS> kSignals = {{
    // CX: the wait reason.
    {CG_PARK, "park", "a goroutine parks: it waits for something",
     SignalGroup::kParks, {"runtime.gopark"}, "", kCx},

    // Its stack is the cause: sysmon's handoff of a P whose thread is stuck, a wakeup, or the
    // replacement of a thread that dies.
    {CG_THREAD_REQUEST, "thread-request", "somebody wants another thread",
     SignalGroup::kThreads, {"runtime.newm"}, "", 0},
    // Also on the template thread, for a requester that is locked. runtime.newosproc would not do:
    // cgo binaries do not call it.
    {CG_THREAD_START, "thread-start", "a thread is created",
     SignalGroup::kThreads, {"runtime.newm1"}, "", 0},
    {CG_THREAD_EXIT, "thread-exit", "a thread ends with a goroutine that was locked to it",
     SignalGroup::kThreads, {"runtime.mexit"}, "", 0},
    // UnlockOSThread is inlined everywhere and cannot be seen.
    {CG_LOCK_THREAD, "lock-thread", "a goroutine locks itself to its thread",
     SignalGroup::kThreads, {"runtime.LockOSThread"}, "", 0},

    // AX: the g. Go ≥1.22 has both; gdestroy is also the end of coroutines.
    {CG_GOROUTINE_EXIT, "goroutine-exit", "a goroutine ends",
     SignalGroup::kGoroutines, {"runtime.gdestroy", "runtime.goexit0"}, "", kAx},

    // AX: the C stub.
    {CG_CGO_CALL, "cgo-call", "Go calls C",
     SignalGroup::kCgo, {"runtime.cgocall"}, "", kAx},
    {CG_CGO_RETURN, "cgo-return", "C returns to Go",
     SignalGroup::kCgo, {"runtime.cgocall"}, "runtime.exitsyscall", 0},

    // time.newTimer (Go ≥1.23): CX the function, DI and SI its argument. time.startTimer: AX the
    // timer. Both have package time's name by go:linkname; the runtime's own timers do not pass
    // here.
    {CG_TIMER_CREATE, "timer-create", "a timer of package time is created",
     SignalGroup::kTimers, {"time.newTimer", "time.startTimer"}, "", kAx | kCx | kSi},
    // AX: the timer; since Go 1.23 runtime.timeTimer, which has it behind two words.
    {CG_TIMER_STOP, "timer-stop", "a timer is stopped",
     SignalGroup::kTimers, {"time.stopTimer"}, "", kAx},
    {CG_TIMER_RESET, "timer-reset", "a timer is set anew",
     SignalGroup::kTimers, {"time.resetTimer"}, "", kAx},
    // unlockAndRun (Go ≥1.23): AX the timer. runOneTimer: AX the P, BX the timer.
    {CG_TIMER_FIRE, "timer-fire", "a timer runs out",
     SignalGroup::kTimers, {"runtime.(*timer).unlockAndRun", "runtime.runOneTimer"}, "", kAx | kBx},

    {CG_HANDOFF, "handoff", "sysmon takes the P of a thread that stays in a call",
     SignalGroup::kHandoffs, {"runtime.retake"}, "runtime.handoffp", 0},

    // AX, BX: the text.
    {CG_FATAL, "fatal", "the runtime gives up on the program",
     SignalGroup::kDeaths, {"runtime.fatal"}, "", kAx | kBx},
    {CG_THROW, "throw", "the runtime finds itself broken",
     SignalGroup::kDeaths, {"runtime.throw"}, "", kAx | kBx},
    // AX: the *_panic.
    {CG_PANIC, "panic", "a panic that nothing recovers ends the program",
     SignalGroup::kDeaths, {"runtime.fatalpanic"}, "", kAx},

    // AX: the function value. CX: where the `go` statement returns to.
    {CG_GOROUTINE_START, "goroutine-start", "a `go` statement starts a goroutine",
     SignalGroup::kGoroutines, {"runtime.newproc1"}, "", kAx | kCx},

    // Also of debug.FreeOSMemory. The runtime's own collections do not pass here.
    {CG_FORCED_GC, "forced-gc", "the program asks for a collection",
     SignalGroup::kCollections, {"runtime.GC"}, "", 0},
    {CG_POOL_CLEAR, "pool-clear", "a collection empties all sync.Pools",
     SignalGroup::kCollections, {"sync.poolCleanup"}, "", 0},

    // AX: the g. Gosched itself is inlined. Also the runtime's own, which runtime.GC does by the hundred.
    {CG_YIELD, "yield", "a goroutine gives way to others (runtime.Gosched)",
     SignalGroup::kYields, {"runtime.gosched_m"}, "", kAx},
    {CG_PREEMPT, "preempt", "a goroutine that does not give way is interrupted by a signal",
     SignalGroup::kPreemptions, {"runtime.asyncPreempt2"}, "", 0},

    // AX: the object's type, BX the object; DI the finalizer's closure.
    {CG_SET_FINALIZER, "set-finalizer", "an object gets a finalizer",
     SignalGroup::kFinalizers, {"runtime.SetFinalizer"}, "", kAx | kBx | kDi},
    {CG_FINALIZER_RUN, "finalizer-run", "a finalizer is called",
     SignalGroup::kFinalizerRuns, {"runtime.runFinalizers", "runtime.runfinq"},
     "runtime.reflectcall", 0},
    {CG_FINALIZER_IDLE, "finalizer-idle", "all finalizers that were due have been called",
     SignalGroup::kFinalizerRuns, {"runtime.runFinalizers", "runtime.runfinq"},
     "runtime.gopark", 0},
}};
// clang-format on

std::string alternatives(const SignalRow& row) {
  std::string text;
  for (const std::string_view function : row.functions) {
    if (!text.empty()) text += " nor ";
    text += function;
  }
  return text;
}

PlannedSignal absent(const SignalRow& row, const std::string& function) {
  PlannedSignal planned;
  planned.signal = row.signal;
  planned.state = SignalState::kAbsent;
  planned.reason = "the program does not contain " + function;
  return planned;
}

using FunctionsByName = std::map<std::string_view, GoFunction>;

// All that the table names; at once, because it walks all functions of the program.
FunctionsByName find_functions(const Pclntab& functions) {
  std::set<std::string_view> unique;
  for (const SignalRow& row : kSignals) {
    unique.insert(row.functions.begin(), row.functions.end());
    if (!row.call_to.empty()) unique.insert(row.call_to);
  }
  const std::vector<std::string_view> names(unique.begin(), unique.end());
  const std::vector<std::optional<GoFunction>> found = functions.functions_named(names);
  FunctionsByName by_name;
  for (size_t i = 0; i < names.size(); ++i) {
    if (const std::optional<GoFunction>& function = found[i]) by_name.emplace(names[i], *function);
  }
  return by_name;
}

Result<std::vector<ProbeSite>> find_sites(const ElfImage& image, const SignalRow& row,
                                          const GoFunction& function,
                                          const FunctionsByName& functions) {
  if (row.call_to.empty()) {
    const Result<ProbeSite> site = find_entry_site(image, function, row.arguments);
    if (!site) return site.error();
    return std::vector{*site};
  }
  Result<std::vector<ProbeSite>> sites =
      find_call_sites(image, function, functions.at(row.call_to));
  if (sites && sites->empty()) {
    return Error{"cannot find the place for a probe in " + std::string(function.name),
                 "it does not call " + std::string(row.call_to), ""};
  }
  return sites;
}

PlannedSignal plan_signal(const ElfImage& image, const SignalRow& row,
                          const FunctionsByName& functions) {
  const auto name = std::find_if(row.functions.begin(), row.functions.end(),
                                 [&](std::string_view each) { return functions.contains(each); });
  if (name == row.functions.end()) return absent(row, alternatives(row));
  if (!row.call_to.empty() && !functions.contains(row.call_to))
    return absent(row, std::string(row.call_to));
  PlannedSignal planned;
  planned.signal = row.signal;
  planned.function = *name;
  Result<std::vector<ProbeSite>> sites = find_sites(image, row, functions.at(*name), functions);
  if (sites) {
    planned.sites = std::move(*sites);
  } else {
    planned.state = SignalState::kRefused;
    planned.reason = sites.error().message();
  }
  return planned;
}

}  // namespace

std::string_view signal_group_name(SignalGroup group) {
  switch (group) {
    case SignalGroup::kThreads:
      return "threads";
    case SignalGroup::kGoroutines:
      return "goroutines";
    case SignalGroup::kCgo:
      return "cgo";
    case SignalGroup::kTimers:
      return "timers";
    case SignalGroup::kParks:
      return "parks";
    case SignalGroup::kHandoffs:
      return "handoffs";
    case SignalGroup::kCollections:
      return "collections";
    case SignalGroup::kYields:
      return "yields";
    case SignalGroup::kPreemptions:
      return "preemptions";
    case SignalGroup::kFinalizers:
      return "finalizers";
    case SignalGroup::kFinalizerRuns:
      return "finalizer-runs";
    case SignalGroup::kDeaths:
      break;
  }
  return "deaths";
}

std::span<const SignalRow> signal_rows() { return kSignals; }

const SignalRow* signal_named(std::string_view name) {
  const auto* found = std::find_if(kSignals.begin(), kSignals.end(),
                                   [&](const SignalRow& row) { return row.name == name; });
  return found == kSignals.end() ? nullptr : found;
}

std::vector<PlannedSignal> plan_signals(const GoBinary& binary) {
  std::vector<PlannedSignal> plan;
  plan.reserve(kSignals.size());
  const FunctionsByName functions = find_functions(binary.functions);
  for (const SignalRow& row : kSignals) plan.push_back(plan_signal(*binary.image, row, functions));
  return plan;
}

}  // namespace cgoscope
