// The kernel side of one watched process: programs loaded, probes placed, maps read.
//
// Every probe is a link whose descriptor we hold, so that the kernel removes all of them when we
// exit, however we exit.
#pragma once

#include <sys/types.h>

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "ebpf/probe.h"
#include "findings/result.h"
#include "probe_cli/attach/kernel.h"
#include "probe_cli/go/signals.h"

namespace cgoscope {

struct AttachRequest {
  pid_t pid = 0;           // may still be before its execve
  std::string executable;  // a path of the file to probe: "/proc/PID/exe", or the command's file
  const GoBinary* binary = nullptr;    // for offsets; used during open() only
  std::vector<PlannedSignal> signals;  // those not ready are not attached
  LinkKind link_kind = LinkKind::kUprobeMulti;
};

struct SignalTotals {
  cg_books books{};
  uint64_t missed = 0;      // hits at which the kernel did not run the program (recursion_misses)
  int64_t attached_ns = 0;  // in all, up to now
};

struct TimerPlace {
  cg_place place;
  cg_count count;  // count: created
};

class Attachment {
 public:
  // Loads the programs; attaches none. Errors: no BPF, no permission, the verifier's last words.
  static Result<Attachment> open(const AttachRequest& request);
  Attachment(Attachment&&) noexcept;
  Attachment& operator=(Attachment&&) noexcept;
  ~Attachment();

  // All ready signals of a group at once. Stale state of earlier windows (calls in flight, live
  // timers) is cleared before. Attaching what is attached does nothing. The error names the signal.
  Result<bool> attach(SignalGroup group);
  // All at once: the kernel takes its time for each link, but for many at the same time no longer.
  void detach(std::span<const SignalGroup> groups);
  void detach(SignalGroup group) { detach(std::span(&group, 1)); }
  // Of calls into C that have begun: when they return is no longer seen.
  void forget_cgo_calls();
  int64_t attached_ns(SignalGroup group) const;  // in all, up to now

  SignalTotals totals(cg_signal signal) const;
  std::vector<std::pair<cg_place, cg_count>> places() const;  // all but timers and churn
  std::vector<TimerPlace> timer_places() const;
  std::vector<std::pair<cg_churn_place, uint64_t>> churn_places() const;
  // Since the last time.
  std::vector<std::pair<cg_preempted, uint64_t>> take_preempted();
  std::vector<std::pair<cg_capture, uint64_t>> captures() const;
  cg_finalizer_run finalizer_run() const;
  std::vector<std::pair<uint64_t, cg_go_statement>> go_statements() const;   // by return address
  std::vector<std::pair<uint64_t, cg_cgo_function>> cgo_functions() const;   // by stub
  std::vector<std::pair<uint64_t, cg_cgo_in_flight>> cgo_in_flight() const;  // by g
  // Calls `on_event` for each rare event since the last time.
  void drain(const std::function<void(const cg_event&)>& on_event);
  int event_descriptor() const;  // polls readable when drain() has something

 private:
  struct Parts;
  explicit Attachment(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

struct HitCost {
  double emulated_ns = 0;  // at an instruction that the kernel emulates
  double stepped_ns = 0;   // at one that it single-steps
};

// What a hit costs on this machine now, measured on a function of our own with the same kind of
// link and a program that counts. Takes about 50 ms.
Result<HitCost> calibrate(LinkKind kind);

}  // namespace cgoscope
