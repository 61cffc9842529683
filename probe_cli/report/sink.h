// Where a run's news goes: text for people, JSON Lines for programs. Sinks only format.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include "findings/live_finding.h"
#include "probe_cli/detect/detector.h"
#include "probe_cli/detect/sample.h"

namespace cgoscope {

struct RunStart {
  int64_t wall_ns = 0;  // CLOCK_REALTIME
  std::string tool_version;
  Subject subject;
  std::string link_kind;  // "uprobe.multi"
  double interval_s = 1;
  bool replayed = false;           // from a recording
  std::vector<std::string> notes;  // what is not seen in this run, and why
};

// RunEnd::why of a run that was looked at to its end.
inline constexpr std::string_view kDurationIsOver = "--duration is over";
inline constexpr std::string_view kInterrupted = "interrupted";
inline constexpr std::string_view kTargetExited = "the target exited";

struct RunEnd {
  int64_t wall_ns = 0;
  int64_t run_ns = 0;
  std::vector<LiveFinding> findings;
  std::vector<LongCall> long_calls;    // the longest first
  std::optional<LintComparison> lint;  // with --lint
  std::vector<NotRuledOut> not_ruled_out;
  bool target_exited = false;
  std::optional<int> target_signal, target_status;  // known of a command that we started
  std::string why;                                  // one of those above, or what has gone wrong
  double attach_ms = 0, detach_ms = 0;              // what placing and removing all probes took
  double ns_per_hit = 0;
  double share_of_budget_cpus = 0;      // of wall time × usable CPUs, the whole run
  double share_of_target_cpu_time = 0;  // of the CPU time that the target used
  std::vector<std::string> notes;       // what went wrong on the way
};

class Sink {
 public:
  virtual ~Sink() = default;
  virtual void start(const RunStart& start) = 0;
  virtual void tick(const Sample& sample, const Stacks& stacks) = 0;
  virtual void finding(const LiveFinding& finding, bool again) = 0;
  virtual void end(const RunEnd& end, const Sample& last, const Stacks& stacks) = 0;
};

// Judges a sample, and tells the sink what is new in it.
void tell(Sink& sink, Judge& judge, const Sample& sample, const Stacks& stacks);

// What the judge has found by now, for the end, of which it is known why and how long the run was.
void conclude(RunEnd& end, const Judge& judge, int64_t look_ns);

// A finding is a short story; a tick is said only when it has news (a signal detached, an event
// lost). `colour`: ANSI.
std::unique_ptr<Sink> make_text_sink(std::ostream& out, bool colour);
// JSON Lines, docs/formats/watch.schema.json; each record is one write.
std::unique_ptr<Sink> make_json_sink(std::ostream& out);

}  // namespace cgoscope
