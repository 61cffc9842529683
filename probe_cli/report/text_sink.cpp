// News for a person at a terminal. All names come from the target, which may be hostile: none
// reaches the terminal but through printable().
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <utility>

#include "findings/duration.h"
#include "findings/printable.h"
#include "probe_cli/detect/wording.h"
#include "probe_cli/report/lint_text.h"
#include "probe_cli/report/live_json.h"
#include "probe_cli/report/sink.h"
#include "probe_cli/report/summary.h"

namespace cgoscope {
namespace {

constexpr size_t kSummaryRows = 5;
constexpr const char* kBold = "1";
constexpr const char* kRed = "1;31";
constexpr const char* kMagenta = "1;35";
constexpr const char* kCyan = "1;36";

const char* severity_colour(Severity severity) {
  return severity == Severity::kError ? kRed : severity == Severity::kWarning ? kMagenta : kCyan;
}

std::string full_place(const Frame& frame) {
  std::string text = frame.file;
  if (!text.empty() && frame.line > 0) text += fmt::format(":{}", frame.line);
  if (text.empty()) return frame.function;
  return frame.function.empty() ? text : text + " in " + frame.function;
}

std::string listed(const std::vector<int64_t>& numbers) {
  std::string text;
  for (const int64_t number : numbers)
    text += fmt::format("{}{}", text.empty() ? "" : ", ", number);
  return text;
}

std::string percent(double share) { return fmt::format("{:.2f}%", share * 100); }

bool is_go(const Frame& frame) {
  return frame.file.ends_with(".go") || frame.file.ends_with(".s") ||
         is_runtime_function(frame.function) || frame.function.find("._C") != std::string::npos;
}

uint64_t lost(const SignalSample& signal) {
  return signal.books.ring_full + signal.books.map_full + signal.missed;
}

std::string state_of(const SignalSample& signal) {
  return signal.reason.empty() ? signal.state : signal.state + ": " + signal.reason;
}

// What was measured, and what it costs the target.
struct EvidenceText {
  std::string measured, costs;
};

struct Explain {
  EvidenceText operator()(const StuckMEvidence& evidence) const {
    EvidenceText text;
    text.measured =
        fmt::format("{} alike, the longest for {}{}", counted(evidence.ms_count, "thread"),
                    evidence.since_before_attach ? "at least " : "",
                    spoken_duration(evidence.longest_ms * 1'000'000));
    if (evidence.since_before_attach) text.measured += " (it began before the attach)";
    text.costs = counted(evidence.ms_count, "thread");
    if (evidence.threads_limit_count > 0) {
      text.costs += fmt::format(", {} of the {} that the runtime allows before it ends the program",
                                percent(static_cast<double>(evidence.ms_count) /
                                        static_cast<double>(evidence.threads_limit_count)),
                                grouped(evidence.threads_limit_count));
    }
    if (evidence.threads_total_count > 0) {
      text.costs += fmt::format("; the process has {}", grouped(evidence.threads_total_count));
    }
    return text;
  }
  EvidenceText operator()(const ThreadChurnEvidence& evidence) const {
    EvidenceText text;
    text.measured =
        fmt::format("{} threads created a second, {} destroyed",
                    spoken_number(evidence.created_per_s), spoken_number(evidence.destroyed_per_s));
    if (const std::string at = full_place(evidence.started); !at.empty()) {
      text.measured += "; started at " + at;
    }
    if (const std::string at = full_place(evidence.locked); !at.empty()) {
      text.measured += "; locked at " + at;
    }
    text.costs = "each of them a clone, a stack and an exit in the kernel";
    return text;
  }
  EvidenceText operator()(const TimerFloodEvidence& evidence) const {
    EvidenceText text;
    text.measured =
        fmt::format("{} timers created a second, {} abandoned",
                    spoken_number(evidence.created_per_s), spoken_number(evidence.abandoned_per_s));
    if (evidence.live_count > 0) {
      text.measured += fmt::format("; {} live, {}{} a second", grouped(evidence.live_count),
                                   evidence.live_growth_per_s < 0 ? "" : "+",
                                   spoken_number(evidence.live_growth_per_s));
    }
    text.costs = evidence.kept
                     ? "memory until each fires (about 200 bytes, with its channel), and a "
                       "heap that every timer operation has to search"
                     : "allocation and the collector's work";
    return text;
  }
  EvidenceText operator()(const GoroutineLeakEvidence& evidence) const {
    EvidenceText text;
    text.measured =
        fmt::format("{}, {} more a second", counted(evidence.goroutines_count, "goroutine"),
                    spoken_number(evidence.growth_per_s));
    if (evidence.woken_per_s)
      text.measured += fmt::format(", {} woken a second", spoken_number(*evidence.woken_per_s));
    if (evidence.oldest_ms)
      text.measured += fmt::format("; one waits for {} at least",
                                   spoken_duration(*evidence.oldest_ms * 1'000'000));
    if (const std::string at = full_place(evidence.started); !at.empty())
      text.measured += "; started at " + at;
    text.costs =
        "each of them a stack of 2 KiB or more and all that it holds, which the collector has to "
        "keep and to search";
    return text;
  }
  EvidenceText operator()(const LockHeldEvidence& evidence) const {
    EvidenceText text{
        fmt::format("{}, the longest for {} at least", counted(evidence.waiters_count, "waiter"),
                    spoken_duration(evidence.longest_ms * 1'000'000)),
        "none of them does its work"};
    for (const LockHeldEvidence::Knower& knower : evidence.may_hold) {
      const std::string at = full_place(knower.where);
      text.measured += fmt::format("; goroutine {} knows the lock{} ({})", knower.goroutine,
                                   at.empty() ? "" : " at " + at,
                                   knower.wait_reason.empty() ? knower.state : knower.wait_reason);
    }
    if (evidence.knowers_count &&
        *evidence.knowers_count > static_cast<int64_t>(evidence.may_hold.size()))
      text.measured += fmt::format("; {} know it in all", grouped(*evidence.knowers_count));
    return text;
  }
  EvidenceText operator()(const DeadlockEvidence& evidence) const {
    EvidenceText text;
    for (const DeadlockEvidence::Wait& wait : evidence.waits) {
      const std::string at = full_place(wait.where);
      text.measured += fmt::format("{}{} in {}{}", text.measured.empty() ? "" : "; ", wait.count,
                                   wait.reason, at.empty() ? "" : " at " + at);
    }
    if (text.measured.empty()) text.measured = "it ended before its goroutines were read";
    text.costs = evidence.whole && evidence.foreign_threads_count > 0
                     ? "the program does nothing unless C calls back"
                 : evidence.whole
                     ? "the program does nothing any more"
                     : "none of them does its work, nor does who comes to wait for them";
    return text;
  }
  EvidenceText operator()(const GoroutineFloodEvidence& evidence) const {
    EvidenceText text;
    text.measured = fmt::format("+{} goroutines a second", spoken_number(evidence.growth_per_s));
    if (evidence.goroutines_count > 0)
      text.measured += fmt::format(", {} by now", grouped(evidence.goroutines_count));
    if (evidence.started_per_s > 0) {
      text.measured +=
          fmt::format("; here {} started a second, {} ended", spoken_number(evidence.started_per_s),
                      spoken_number(evidence.ended_per_s));
    }
    if (const std::string at = full_place(evidence.entry); !at.empty())
      text.measured += "; they run " + at;
    text.costs =
        "memory, 2.6 kB for each goroutine at least and what it holds, and the collector's work on "
        "its stack, until the process has none left";
    return text;
  }
  EvidenceText operator()(const ForcedGcEvidence& evidence) const {
    EvidenceText text;
    text.measured =
        fmt::format("{} forced collections a second", spoken_number(evidence.forced_per_s));
    if (evidence.pools_emptied_per_s > 0) {
      text.measured += fmt::format("; all sync.Pools emptied {} times a second",
                                   spoken_number(evidence.pools_emptied_per_s));
    }
    text.costs =
        "a collection of the whole heap each time, two stops of the whole program, and the wait of "
        "the goroutine that asks for it";
    return text;
  }
  EvidenceText operator()(const GoschedSpinEvidence& evidence) const {
    return {fmt::format("{} rounds a second while the probe counted them",
                        spoken_number(evidence.yields_per_s)),
            "a CPU for each goroutine in the loop, and the scheduler's lock"};
  }
  EvidenceText operator()(const CpuHogEvidence& evidence) const {
    return {fmt::format("{}, interrupted {} times a second, for {} at least",
                        counted(evidence.goroutines_count, "goroutine"),
                        spoken_number(evidence.preempted_per_s),
                        spoken_duration(evidence.longest_ms * 1'000'000)),
            "a CPU for each of them, and for all others a wait of 10 ms and more for theirs"};
  }
  EvidenceText operator()(const FinalizerStallEvidence& evidence) const {
    const std::string at = full_place(evidence.finalizer);
    const std::string finalizer = at.empty() ? "" : "; the finalizer is " + at;
    if (evidence.objects_count > 0) {
      return {counted(evidence.objects_count, "object") + " since the attach" + finalizer,
              "the memory of each object and of all that it holds, for ever"};
    }
    return {"running for " + spoken_duration(evidence.longest_ms * 1'000'000) + finalizer,
            "what all other finalizers would release: files, sockets, C memory"};
  }
  EvidenceText operator()(const PanicEvidence& evidence) const {
    EvidenceText text;
    text.measured = "one panic";
    if (!evidence.value.empty()) text.measured += ": " + evidence.value;
    if (const std::string at = full_place(evidence.entry); !at.empty())
      text.measured += "; in a goroutine of " + at;
    if (const std::string at = full_place(evidence.started); !at.empty())
      text.measured += "; started at " + at;
    text.costs = "the process";
    return text;
  }
};

class TextSink : public Sink {
 public:
  TextSink(std::ostream& out, bool colour) : out_(out), colour_(colour) {}

  void start(const RunStart& start) override {
    subject_ = start.subject;
    say(fmt::format(
        "cgoscope {}: {} pid {} ({}{}{}), a look every {}{}", start.tool_version,
        start.replayed ? "a recording of" : "watching", subject_.pid, subject_.exe,
        subject_.go_version.empty() ? "" : ", " + subject_.go_version, subject_.cgo ? ", cgo" : "",
        spoken_duration(static_cast<int64_t>(std::clamp(start.interval_s, 0.0, 1e9) * 1e9)),
        start.link_kind.empty() ? "" : ", through " + start.link_kind));
    for (const std::string& note : start.notes) say("  note: " + note);
    flush();
  }

  void tick(const Sample& sample, const Stacks& stacks) override {
    looks_ += sample.memory_read ? 1 : 0;
    for (const EventSample& event : sample.events) {
      if (event.signal == CG_PANIC && told_of_panic_) continue;
      say(fmt::format("the target's {}: {}", signal_name(event.signal),
                      event.text.empty() ? "(no text)" : event.text));
      for (const Frame& frame : stacks[event.stack]) say("      " + full_place(frame));
    }
    told_of_panic_ = false;
    for (const SignalSample& signal : sample.signals) {
      const auto [state, is_new] = states_.try_emplace(signal.signal, signal.state);
      // Being attached part-time, and no longer, is no news; the end says it.
      if (!is_new && state->second != signal.state &&
          (signal.state == "detached" || state->second == "detached") &&
          told_changes_.emplace(signal.signal, signal.state).second) {
        say(fmt::format("signal {}: {} (was {})", signal_name(signal.signal), state_of(signal),
                        state->second));
      }
      state->second = signal.state;
      uint64_t& said = lost_[signal.signal];
      if (lost(signal) > 0 && lost(signal) >= 2 * said) {
        say(fmt::format("signal {}: {} lost so far, of {}", signal_name(signal.signal),
                        counted(static_cast<int64_t>(lost(signal)), "event"),
                        grouped(static_cast<int64_t>(signal.books.hits + signal.missed))));
        said = lost(signal);
      }
    }
    flush();
  }

  void finding(const LiveFinding& finding, bool again) override {
    if (finding.rule == "panic") told_of_panic_ = true;
    const std::string severity(severity_name(finding.severity));
    text_ += colour(severity_colour(finding.severity), severity + (again ? ", now worse:" : ":")) +
             " " + colour(kBold, printable(finding.message)) + " [" + finding.rule + "]\n";
    if (const std::string at = full_place(finding.where); !at.empty()) say("  where: " + at);
    stack(finding);
    if (!finding.threads.empty()) {
      say(fmt::format("  threads: {}; goroutines: {}", listed(finding.threads),
                      listed(finding.goroutines)));
    }
    const EvidenceText evidence = std::visit(Explain{}, finding.evidence);
    say(fmt::format("  measured: {}; first seen {}", evidence.measured,
                    rfc3339(finding.first_seen_ns)));
    say("  costs: " + evidence.costs);
    if (!finding.lint.empty()) {
      std::string predicted = "  cgoscope-lint predicted it: finding " + finding.lint;
      for (const std::string& other : finding.lint_alike) predicted += " or " + other;
      say(predicted);
    }
    text_ += "  " + colour(kCyan, "advice:") + " " + printable(finding.advice) + "\n\n";
    flush();
  }

  void end(const RunEnd& end, const Sample& last, const Stacks& stacks) override {
    std::array<int64_t, 3> counts{};
    for (const LiveFinding& finding : end.findings) {
      ++counts[static_cast<size_t>(finding.severity)];
    }
    const std::string found = end.findings.empty() ? "no findings"
                                                   : counted(counts[2], "error") + ", " +
                                                         counted(counts[1], "warning") + ", " +
                                                         counted(counts[0], "note");
    say(fmt::format("{} in {} of pid {}{}", found, spoken_duration(end.run_ns), subject_.pid,
                    end.why.empty() ? "" : ": " + end.why));
    if (end.target_signal) {
      say(fmt::format("  the command was ended by signal {}", *end.target_signal));
    } else if (end.target_status) {
      say(fmt::format("  the command exited with status {}", *end.target_status));
    }
    for (const LiveFinding& finding : end.findings) {
      say(fmt::format("  {}: {} [{}]", severity_name(finding.severity), finding.message,
                      finding.rule));
    }
    if (end.findings.empty()) not_ruled_out(end.not_ruled_out);
    looked_at(last);
    summary(summarise(subject_, last, stacks, kSummaryRows));
    if (end.lint) {
      for (const std::string& line : lint_text(*end.lint)) say(line);
    }
    say(fmt::format(
        "  overhead: about {} of the CPUs that the target may use, {} of the CPU time "
        "that it used; {:.0f} ns a hit",
        percent(end.share_of_budget_cpus), percent(end.share_of_target_cpu_time), end.ns_per_hit));
    for (const std::string& note : end.notes) say("  note: " + note);
    flush();
  }

 private:
  // A line, with what a terminal would obey taken out.
  void say(const std::string& line) { text_ += printable(line) + "\n"; }

  void flush() {
    if (text_.empty()) return;
    out_.write(text_.data(), static_cast<std::streamsize>(text_.size()));
    out_.flush();
    text_.clear();
  }

  std::string colour(const char* code, const std::string& text) const {
    return colour_ ? fmt::format("\x1b[{}m{}\x1b[0m", code, text) : text;
  }

  // In a stack that goes into C, the frames above Go's are marked.
  void stack(const LiveFinding& finding) {
    if (finding.stack.empty()) return;
    say("  stack:");
    bool in_c = finding.subsystem == "cgo";
    for (const Frame& frame : finding.stack) {
      in_c = in_c && !is_go(frame);
      const std::string place = full_place(frame);
      say(fmt::format("    {}{}", in_c ? "C  " : "Go ", place.empty() ? "(no name)" : place));
    }
  }

  void not_ruled_out(const std::vector<NotRuledOut>& rows) {
    std::string text;
    for (const NotRuledOut& row : rows)
      text += fmt::format("{}{} ({}{})", text.empty() ? "" : ", ", row.rule,
                          text.empty() ? "takes " : "", format_duration_ns(row.needs_ns));
    if (!text.empty()) say("  so short a run does not rule out: " + text);
  }

  void looked_at(const Sample& last) {
    std::string attached;
    for (const SignalSample& signal : last.signals) {
      if (signal.attached_ns <= 0) continue;
      attached += attached.empty() ? "" : ", ";
      attached += signal_name(signal.signal);
      if (signal.books.hits > 0) {
        attached += " (" + counted(static_cast<int64_t>(signal.books.hits), "hit") + ")";
      }
    }
    say(fmt::format("  looked at: the runtime's memory and /proc, {}; signals: {}",
                    counted(looks_, "time"), attached.empty() ? "none" : attached));
    std::map<std::string, std::string> names_by_state;  // those of one state and reason on one line
    for (const SignalSample& signal : last.signals) {
      if (signal.state == "attached") continue;
      std::string& names =
          names_by_state[signal.state == "absent" ? "not in this program" : state_of(signal)];
      names += names.empty() ? "" : ", ";
      names += signal_name(signal.signal);
    }
    for (const auto& [state, names] : names_by_state) say("  " + names + ": " + state);
    for (const SignalSample& signal : last.signals) {
      if (lost(signal) > 0) {
        say(fmt::format(
            "  {}: {} lost (ring buffer full {}, map full {}, skipped by the kernel {})",
            signal_name(signal.signal), counted(static_cast<int64_t>(lost(signal)), "event"),
            signal.books.ring_full, signal.books.map_full, signal.missed));
      }
    }
  }

  void summary(const RunSummary& summary) {
    const auto number = [](uint64_t value) { return grouped(static_cast<int64_t>(value)); };
    const auto duration = [](uint64_t ns) { return spoken_duration(static_cast<int64_t>(ns)); };
    for (const CgoFunctionSample& call : summary.cgo_calls) {
      if (call.calls == 0) {
        say(fmt::format("  C.{}: {} in flight, none has returned", call.c_function,
                        number(call.in_flight)));
        continue;
      }
      say(fmt::format("  C.{}: {}, half within {}, 99% within {}, the longest {}; {} in flight",
                      call.c_function, counted(static_cast<int64_t>(call.calls), "call"),
                      duration(call.p50_ns), duration(call.p99_ns), duration(call.max_ns),
                      number(call.in_flight)));
    }
    for (const ParkRow& row : summary.parks) {
      say(fmt::format("  parked {}, {}: {}", counted(static_cast<int64_t>(row.count), "time"),
                      row.reason, full_place(row.where)));
    }
    for (const TimerRow& row : summary.timers) {
      say(fmt::format("  timers: {} created, {} stopped, {} fired: {}", number(row.created),
                      number(row.stopped), number(row.fired), full_place(row.where)));
    }
    if (summary.threads_created && summary.threads_destroyed) {
      say(fmt::format("  threads: {} created, {} destroyed", number(*summary.threads_created),
                      number(*summary.threads_destroyed)));
    }
  }

  std::ostream& out_;
  bool colour_;
  Subject subject_;
  std::string text_;            // not yet written
  int64_t looks_ = 0;           // that could read
  bool told_of_panic_ = false;  // by a finding since the last tick, whose event says no more
  std::map<cg_signal, std::string> states_;
  // Each once: a signal that is too dear is tried again as long as the run lasts.
  std::set<std::pair<cg_signal, std::string>> told_changes_;
  std::map<cg_signal, uint64_t> lost_;  // as last said
};

}  // namespace

std::unique_ptr<Sink> make_text_sink(std::ostream& out, bool colour) {
  return std::make_unique<TextSink>(out, colour);
}

}  // namespace cgoscope
