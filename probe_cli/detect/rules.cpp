// The rules and what can be set about them. `watch` and `replay` make one option of each threshold,
// `cgoscope rules` prints them, and docs/rules/RULE.md explains each (tests/unit/detect holds the
// pages against this table).
#include <algorithm>
#include <cassert>
#include <charconv>
#include <cmath>

#include "findings/duration.h"
#include "probe_cli/detect/detector.h"
#include "probe_cli/detect/waiting.h"

namespace cgoscope {
namespace {

constexpr double kSecond = 1e9;
constexpr double kShortestHogNs = 3e8;  // of an interval by which cpu-hog judges
constexpr double kMost = 1e18;          // in a 64-bit integer, with room
using enum Threshold::Unit;

constexpr Threshold kThresholds[] = {
    {"--leak-window", "goroutine-leak", "time through which the goroutines must grow", kDuration,
     10 * kSecond},
    {"--leak-goroutines", "goroutine-leak", "goroutines that wait at the line", kCount, 100},
    {"--leak-growth", "goroutine-leak", "their growth, on the average of the window", kPerSecond,
     1},
    {"--lock-after", "lock-held", "how long none of them may get the lock", kDuration, 5 * kSecond},
    {"--lock-waiters", "lock-held", "goroutines that wait for it", kCount, 10},
    {"--stuck-after", "stuck-m", "how long a thread must be inside one call", kDuration,
     1 * kSecond},
    {"--stuck-threads", "stuck-m", "so many threads (Ms) alike make it an error", kCount, 8},
    {"--stuck-syscall-threads", "stuck-m",
     "so many threads (Ms) must be in one system call from one Go line (not through C)", kCount, 4},
    {"--churn-window", "thread-churn", "time over which destroyed threads are counted", kDuration,
     5 * kSecond},
    {"--churn-rate", "thread-churn", "threads destroyed, on the average of the window", kPerSecond,
     10},
    {"--churn-exits", "thread-churn",
     "threads destroyed in the last window, when the run has ended before it was full", kCount, 50},
    {"--timer-window", "timer-flood", "time through which the timers must pile up", kDuration,
     5 * kSecond},
    {"--timer-growth", "timer-flood", "growth of the number of live timers", kPerSecond, 1000},
    {"--timer-abandoned", "timer-flood", "timers neither stopped nor fired", kPerSecond, 5000},
    {"--timer-total", "timer-flood",
     "timers piled up in the last window, when the run has ended before it was full", kCount,
     50000},
    {"--flood-window", "goroutine-flood", "time through which goroutines must become more",
     kDuration, 10 * kSecond},
    {"--flood-growth", "goroutine-flood", "growth of the number of goroutines", kPerSecond, 1000},
    {"--flood-total", "goroutine-flood",
     "goroutines more in the last window, when the run has ended before it was full", kCount,
     100000},
    {"--spin-window", "gosched-spin", "time through which the loop must go round", kDuration,
     5 * kSecond},
    {"--spin-rate", "gosched-spin", "rounds of the loop", kPerSecond, 20000},
    {"--hog-after", "cpu-hog", "how long a goroutine must keep a CPU", kDuration, 10 * kSecond},
    {"--hog-preemptions", "cpu-hog", "how often it must be interrupted", kPerSecond, 10},
    {"--gc-window", "forced-gc", "time over which forced collections are counted", kDuration,
     10 * kSecond},
    {"--gc-rate", "forced-gc", "forced collections, on the average of the window", kPerSecond, 1},
    {"--finalizer-after", "finalizer-stall", "how long one finalizer must run", kDuration,
     10 * kSecond},
};

// As looks are what time passes in: the first one at which so much has passed.
double whole_looks(double ns, double look_ns) { return std::ceil(ns / look_ns) * look_ns; }

// From the look that asks for the signal park until WakeBalance knows whether they are woken.
double until_woken_is_known(double look_ns) {
  return look_ns + whole_looks(WakeBalance::kLeastAttachedNs, look_ns);
}

// Until what is counted at looks has grown by as much as the end of a run needs.
double until_total(double total, double per_s, double look_ns) {
  return look_ns + std::max(total / per_s * kSecond, look_ns);
}

constexpr Rule kRules[] = {
    {"deadlock", "no goroutine can run again: each waits for another one",
     [](const Settings& settings, double look_ns) {  // one of a part of the program
       return look_ns + whole_looks(settings("--lock-after"), look_ns) + 2 * look_ns;
     }},
    {"goroutine-leak", "goroutines wait at one line, ever more of them, and nobody wakes them",
     [](const Settings& settings, double look_ns) {
       const double window_ns = whole_looks(settings("--leak-window"), look_ns);
       return look_ns + std::max(window_ns, 3 * look_ns) + until_woken_is_known(look_ns);
     }},
    {"lock-held", "many goroutines wait for one lock, and none gets it",
     [](const Settings& settings, double look_ns) {
       return look_ns + whole_looks(settings("--lock-after"), look_ns) +
              until_woken_is_known(look_ns);
     }},
    {"stuck-m", "a thread stays inside one C call, or many in one system call",
     [](const Settings& settings, double look_ns) { return look_ns + settings("--stuck-after"); }},
    {"thread-churn", "threads are destroyed because goroutines exit while locked to them",
     [](const Settings& settings, double) {
       return std::min(settings("--churn-window"),
                       settings("--churn-exits") / settings("--churn-rate") * kSecond);
     }},
    {"timer-flood", "timers are created and neither stopped nor fired",
     [](const Settings& settings, double look_ns) {
       return std::min(std::max(settings("--timer-window"), 4 * look_ns),
                       until_total(settings("--timer-total"), settings("--timer-growth"), look_ns));
     }},
    {"goroutine-flood", "a `go` statement starts goroutines without bound",
     [](const Settings& settings, double look_ns) {
       return std::min(look_ns + std::max(settings("--flood-window"), 3 * look_ns),
                       until_total(settings("--flood-total"), settings("--flood-growth"), look_ns));
     }},
    {"gosched-spin", "a loop calls runtime.Gosched, and does not end",
     [](const Settings& settings, double look_ns) {
       return look_ns + std::max(settings("--spin-window"), 3 * look_ns);
     }},
    {"cpu-hog", "a goroutine has to be interrupted in one loop, again and again",
     [](const Settings& settings, double look_ns) {
       return whole_looks(settings("--hog-after"), whole_looks(kShortestHogNs, look_ns));
     }},
    {"forced-gc", "the program calls runtime.GC often",
     [](const Settings& settings, double) { return settings("--gc-window"); }},
    {"finalizer-stall", "a finalizer keeps its own object alive, or all others waiting",
     [](const Settings& settings, double) { return settings("--finalizer-after"); }},
    {"panic", "a goroutine panics, nothing recovers it, and the program ends",
     [](const Settings&, double) { return 0.0; }},
};

const Threshold* find_threshold(std::string_view option) {
  for (const Threshold& threshold : kThresholds) {
    if (threshold.option == option) return &threshold;
  }
  return nullptr;
}

}  // namespace

std::span<const Threshold> thresholds() { return kThresholds; }
std::span<const Rule> rules() { return kRules; }

double Settings::operator()(std::string_view option) const {
  if (const auto at = values_.find(option); at != values_.end()) return at->second;
  const Threshold* threshold = find_threshold(option);
  assert(threshold != nullptr);
  return threshold ? threshold->standard : 0;
}

Result<bool> Settings::set(std::string_view option, std::string_view text) {
  const Threshold* threshold = find_threshold(option);
  if (!threshold) {
    return Error{"no such threshold: " + std::string(option), "no rule has it",
                 "see `cgoscope rules`"};
  }
  const std::string what = "bad value for " + std::string(option);
  double value = 0;
  if (threshold->unit == kDuration) {
    const auto duration_ns = parse_duration_ns(text);
    if (!duration_ns) return Error{what, duration_ns.error().what, duration_ns.error().hint};
    value = static_cast<double>(*duration_ns);
  } else {
    const auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), value);
    const bool whole = threshold->unit == kPerSecond || value == std::floor(value);
    if (status != std::errc{} || end != text.data() + text.size() || !std::isfinite(value) ||
        !whole) {
      return Error{what,
                   "'" + std::string(text) + "' is not a " + (whole ? "number" : "whole number"),
                   threshold->unit == kPerSecond ? "write a number a second, like 100"
                                                 : "write a number, like 8"};
    }
  }
  if (!(value > 0)) return Error{what, "it must be more than 0", "see `cgoscope rules`"};
  if (value > kMost) return Error{what, "it is too large", "see `cgoscope rules`"};
  values_.insert_or_assign(std::string(option), value);
  return true;
}

LiveFinding new_finding(std::string_view rule, std::string_view subsystem, Severity severity,
                        const Sample& sample) {
  LiveFinding finding;
  finding.rule = rule;
  finding.severity = severity;
  finding.first_seen_ns = finding.last_seen_ns = sample.wall_ns;
  finding.subsystem = subsystem;
  return finding;
}

}  // namespace cgoscope
