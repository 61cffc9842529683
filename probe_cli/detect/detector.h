// A detector is a rule over samples. It sees values only: no kernel, no /proc, no clock of its own,
// so that a recording gives the same findings again, and other thresholds can be tried on it.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "findings/lint_report.h"
#include "findings/live_finding.h"
#include "findings/result.h"
#include "probe_cli/detect/lint_comparison.h"
#include "probe_cli/detect/long_calls.h"
#include "probe_cli/detect/sample.h"

namespace cgoscope {

// A threshold: an option of `watch` and `replay`, and a line of `cgoscope rules`.
struct Threshold {
  std::string_view option;   // "--stuck-after"
  std::string_view rule;     // "stuck-m"
  std::string_view meaning;  // one line
  enum class Unit : uint8_t { kDuration, kCount, kPerSecond } unit = Unit::kCount;
  double standard = 0;  // the default, in ns, or plain
};

std::span<const Threshold> thresholds();

// Values by option; those not set have their standard.
class Settings {
 public:
  double operator()(std::string_view option) const;
  // Parses "1s" or "100", as the unit asks; the error is for the person who typed it.
  Result<bool> set(std::string_view option, std::string_view text);

 private:
  std::map<std::string, double, std::less<>> values_;
};

struct Rule {
  std::string_view name;     // "stuck-m"
  std::string_view meaning;  // one line
  // How long a run must be, in ns, with a look each `look_ns`, to find what is wrong since its
  // begin and just above the thresholds. What is far above them some rules find sooner.
  double (*run_ns)(const Settings& settings, double look_ns);
};
std::span<const Rule> rules();

// A rule for which a run was too short to say that it would find nothing.
struct NotRuledOut {
  std::string_view rule;
  int64_t needs_ns = 0;  // Rule::run_ns
};

class Detector {
 public:
  virtual ~Detector() = default;
  // What is wrong as of this sample: whole findings, the same id each time while it lasts. Samples
  // come in order. What was seen or said before is for the Judge to know: `first_seen_ns` is this
  // sample's.
  virtual std::vector<LiveFinding> judge(const Sample& sample, const Stacks& stacks) = 0;
  // Whether a signal that is too dear to be attached all the time is needed to decide what the last
  // sample made it suspect.
  virtual bool wants(cg_signal) const { return false; }
  // Goroutines whose locks the next sample should have (Sample::locks), which takes a read of all
  // stacks.
  virtual std::vector<int64_t> wants_locks_of() const { return {}; }
};

// What the findings of all rules begin with.
LiveFinding new_finding(std::string_view rule, std::string_view subsystem, Severity severity,
                        const Sample& sample);

std::unique_ptr<Detector> make_deadlock(const Subject& subject, const Settings& settings);
// Deadlocks of a part of the program, which go by the same name.
std::unique_ptr<Detector> make_lock_knot(const Subject& subject, const Settings& settings);
std::unique_ptr<Detector> make_goroutine_leak(const Subject& subject, const Settings& settings);
std::unique_ptr<Detector> make_lock_held(const Subject& subject, const Settings& settings);
std::unique_ptr<Detector> make_stuck_m(const Subject& subject, const Settings& settings);
std::unique_ptr<Detector> make_thread_churn(const Subject& subject, const Settings& settings);
std::unique_ptr<Detector> make_timer_flood(const Subject& subject, const Settings& settings);
std::unique_ptr<Detector> make_goroutine_flood(const Subject& subject, const Settings& settings);
std::unique_ptr<Detector> make_panic(const Subject& subject, const Settings& settings);
std::unique_ptr<Detector> make_forced_gc(const Subject& subject, const Settings& settings);
std::unique_ptr<Detector> make_gosched_spin(const Subject& subject, const Settings& settings);
std::unique_ptr<Detector> make_cpu_hog(const Subject& subject, const Settings& settings);
std::unique_ptr<Detector> make_finalizer_stall(const Subject& subject, const Settings& settings);

struct Selection {
  std::vector<std::string> only;     // rules; empty is all
  std::vector<std::string> without;  // rules
  std::vector<std::string> ignore;   // "RULE" or "RULE:FUNCTION" (a glob over where, any frame of
                                     // the stack, or the C function)
};

// All rules over a run: judges each sample, and gives back what is new or has got worse. Precedence
// between rules (one cause, one finding) is decided here.
class Judge {
 public:
  // With `predicted`, findings about C calls name the finding of the lint that predicted them.
  Judge(const Subject& subject, const Settings& settings, Selection selection,
        std::optional<PredictedFindings> predicted = std::nullopt);
  // Findings to report now: one seen for the first time; or again, under its id, when its severity
  // has risen or its main number has at least doubled.
  std::vector<LiveFinding> judge(const Sample& sample, const Stacks& stacks);
  // Whether a rule needs the signal to go on.
  bool wants(cg_signal signal) const;
  std::vector<int64_t> wants_locks_of() const;
  // Each finding of the run once, as it was last judged.
  std::vector<LiveFinding> all() const;
  // C calls of --stuck-after or longer, whatever rules there are.
  std::vector<LongCall> long_calls() const { return long_calls_.rows(); }
  // nullopt without predictions.
  std::optional<LintComparison> lint() const;
  // Of the rules that are judged by and have found nothing; those that need longest first.
  std::vector<NotRuledOut> not_ruled_out(int64_t run_ns, int64_t look_ns) const;

 private:
  bool judges_by(std::string_view rule) const;

  std::vector<std::unique_ptr<Detector>> detectors_;
  Settings settings_;
  Selection selection_;
  LongCalls long_calls_;
  std::optional<PredictedFindings> predicted_;
  std::map<std::string, LiveFinding> reported_;
  std::map<std::string, LiveFinding> latest_;
};

}  // namespace cgoscope
