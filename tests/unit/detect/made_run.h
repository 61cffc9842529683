// Runs made by hand: the few fields of a sample that a case is about, and the rest as a healthy run
// has them.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "probe_cli/detect/detector.h"

namespace cgoscope {

inline constexpr int64_t kSecond = 1'000'000'000;
inline constexpr int64_t kAttachedAt = 5000 * kSecond;  // CLOCK_MONOTONIC
inline constexpr int64_t kWallAtAttach = 1'735'787'045 * kSecond;

// A look `seconds` after the attach, with all signals attached since then.
inline Sample look_at(double seconds) {
  Sample sample;
  sample.run_ns = static_cast<int64_t>(seconds * 1e9);
  sample.at_ns = kAttachedAt + sample.run_ns;
  sample.wall_ns = kWallAtAttach + sample.run_ns;
  sample.threads = 12;
  sample.memory_read = true;
  sample.threads_limit = 10'000;
  sample.threads_created = 12;
  sample.live_timers = 0;
  for (int signal = 0; signal < CG_SIGNALS; ++signal) {
    SignalSample each;
    each.signal = static_cast<cg_signal>(signal);
    each.state = "attached";
    each.attached_ns = sample.run_ns;
    sample.signals.push_back(each);
  }
  return sample;
}

// The target is gone: neither memory nor /proc.
inline Sample last_look_at(double seconds) {
  Sample sample = look_at(seconds);
  sample.last = true;
  sample.memory_read = false;
  sample.threads = sample.threads_limit = sample.threads_created = 0;
  sample.live_timers.reset();
  return sample;
}

inline Subject go_server(const std::string& go_version = "go1.24.4") {
  Subject subject;
  subject.pid = 4242;
  subject.exe = "/srv/server";
  subject.go_version = go_version;
  subject.cgo = true;
  return subject;
}

// The stack of `function` (in package main, at `line` of its file) calling C.NAME.
inline std::vector<Frame> c_call_stack(const std::string& name, const std::string& function,
                                       int line) {
  return {{"runtime.cgocall", "/go/src/runtime/cgocall.go", 157, 0},
          {"main._Cfunc_" + name, "_cgo_gotypes.go", 52, 0},
          {"main." + function, "/src/main.go", line, 0},
          {"runtime.goexit", "/go/src/runtime/asm_amd64.s", 1700, 0}};
}

}  // namespace cgoscope
