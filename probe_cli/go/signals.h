// The one table of what can be seen in a Go runtime, and where: signal by signal, release by
// release. A new signal is one row here, one in ebpf/probe.h and its BPF program.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ebpf/probe.h"
#include "probe_cli/go/go_binary.h"
#include "probe_cli/go/probe_site.h"

namespace cgoscope {

// Signals that make sense only together are attached and detached together.
enum class SignalGroup : uint8_t {
  kThreads,        // thread-request, thread-start, thread-exit, lock-thread: rare
  kGoroutines,     // goroutine-start, goroutine-exit
  kCgo,            // cgo-call, cgo-return
  kTimers,         // timer-create, -stop, -reset, -fire
  kParks,          // park
  kHandoffs,       // handoff
  kDeaths,         // fatal, throw, panic: rare
  kCollections,    // forced-gc, pool-clear: rare
  kYields,         // yield
  kPreemptions,    // preempt: at most about 100 a second and CPU
  kFinalizers,     // set-finalizer
  kFinalizerRuns,  // finalizer-run, finalizer-idle
};
inline constexpr int kSignalGroups = 12;
std::string_view signal_group_name(SignalGroup group);  // "threads", "goroutines", "cgo", …

struct SignalRow {
  cg_signal signal;
  std::string_view name;     // "thread-exit": what --signals takes and reports show
  std::string_view meaning;  // one line
  SignalGroup group;
  // The first of these that the binary has; the linker leaves out what a program does not use.
  std::vector<std::string_view> functions;
  // If set, the site is the call to this function inside the one above.
  std::string_view call_to;
  ArgumentMask arguments = 0;
};

std::span<const SignalRow> signal_rows();  // in the order of cg_signal
const SignalRow* signal_named(std::string_view name);

enum class SignalState : uint8_t { kReady, kAbsent, kRefused };

struct PlannedSignal {
  cg_signal signal = CG_PARK;
  SignalState state = SignalState::kReady;
  std::string function;          // the one probed
  std::vector<ProbeSite> sites;  // when ready
  std::string reason;            // when not: "the program does not contain runtime.addtimer"
};

// One for each row, in their order.
std::vector<PlannedSignal> plan_signals(const GoBinary& binary);

}  // namespace cgoscope
