#include "probe_cli/detect/sample.h"

#include <array>
#include <utility>

namespace cgoscope {
namespace {

// In the order of cg_signal.
constexpr std::array<std::string_view, CG_SIGNALS> kSignalNames = {
    "park",           "thread-request",  "thread-start",  "thread-exit",    "lock-thread",
    "goroutine-exit", "cgo-call",        "cgo-return",    "timer-create",   "timer-stop",
    "timer-reset",    "timer-fire",      "handoff",       "fatal",          "throw",
    "panic",          "goroutine-start", "forced-gc",     "pool-clear",     "yield",
    "preempt",        "set-finalizer",   "finalizer-run", "finalizer-idle",
};

}  // namespace

std::string_view signal_name(cg_signal signal) {
  const auto index = static_cast<size_t>(signal);
  return index < kSignalNames.size() ? kSignalNames[index] : "";
}

std::optional<cg_signal> parse_signal(std::string_view name) {
  for (size_t i = 0; i < kSignalNames.size(); ++i) {
    if (kSignalNames[i] == name) return static_cast<cg_signal>(i);
  }
  return std::nullopt;
}

StackId Stacks::add(std::vector<Frame> frames) {
  if (frames.empty()) return kNoStack;
  std::string key;
  for (const Frame& frame : frames) {
    key += frame.function;
    key += '\0';
    key += frame.file;
    key += '\0';
    key += std::to_string(frame.line);
    key += '\0';
  }
  const auto [at, is_new] = ids_.emplace(std::move(key), static_cast<StackId>(stacks_.size()));
  if (is_new) stacks_.push_back(std::move(frames));
  return at->second;
}

const std::vector<Frame>& Stacks::operator[](StackId id) const {
  return stacks_[id < stacks_.size() ? id : kNoStack];
}

const SignalSample* find_signal(const Sample& sample, cg_signal signal) {
  for (const SignalSample& each : sample.signals) {
    if (each.signal == signal) return &each;
  }
  return nullptr;
}

}  // namespace cgoscope
