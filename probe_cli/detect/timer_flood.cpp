// A timer that is created, and neither stopped nor fired, is abandoned. Up to Go 1.22 (and later
// with asynctimerchan=1) the runtime keeps each until it fires: a loop around time.After holds a
// million of them after a million rounds. From 1.23 on the collector frees them, so the number of
// live timers stays flat and the cost is work, not memory. So there are two ways to see a flood:
// the live timers grow and grow, or the balance of what is created, stopped and fired does. The
// creation rate alone says nothing: a healthy server creates 20 000 a second and stops each.
//
// The heaps hold more than what package time made: sleeping goroutines and network deadlines are in
// them too. Growth counts only as far as created timers can account for it.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "probe_cli/detect/detector.h"
#include "probe_cli/detect/named_frame.h"
#include "probe_cli/detect/window.h"
#include "probe_cli/detect/wording.h"

namespace cgoscope {
namespace {

constexpr double kLeastShare =
    0.05;  // of an interval that signals must be attached to be scaled up
constexpr double kWholeShare = 0.99;
constexpr size_t kLeastIntervals = 3;  // fewer could be one burst
constexpr int kPatience = 10;          // judgements to wait for signals that are in standby
constexpr cg_signal kTimerSignals[] = {CG_TIMER_CREATE, CG_TIMER_STOP, CG_TIMER_RESET,
                                       CG_TIMER_FIRE};

// Of the timers that one line has created up to a moment. What becomes of some is not known,
// because a flood fills the map in which the kernel side follows them.
struct LineTotals {
  double followed = 0, unfollowed = 0;  // created
  double waiting = 0;                   // of those followed: neither stopped nor fired

  // How many it has abandoned since `before`, taking those not followed for like the others.
  double abandoned_since(const LineTotals& before) const {
    const double share = followed > 0 ? std::clamp(waiting / followed, 0.0, 1.0) : 1;
    return waiting - before.waiting + (unfollowed - before.unfollowed) * share;
  }
};

struct Entry {
  int64_t at_ns = 0;
  std::optional<int64_t> live;
  double created = 0, rearmed = 0, stopped = 0, fired = 0;  // while attached
  double attached_ns = 0;
  std::map<Frame, LineTotals, FrameOrder> lines;

  double balance() const { return created + rearmed - stopped - fired; }
};

// Per second while the signals were attached, in one interval or over many.
struct Rates {
  double share = 0;  // of the time that they were attached
  double created = 0, abandoned = 0;
};

Rates rates_between(const Entry& from, const Entry& to) {
  Rates rates;
  const auto span_ns = static_cast<double>(to.at_ns - from.at_ns);
  const double attached_ns = to.attached_ns - from.attached_ns;
  if (span_ns <= 0 || attached_ns <= 0) return rates;
  rates.share = std::min(attached_ns / span_ns, 1.0);
  rates.created = (to.created - from.created) * 1e9 / attached_ns;
  // No more can be abandoned than are created: a timer that is reset for ever is one timer.
  rates.abandoned = std::min((to.balance() - from.balance()) * 1e9 / attached_ns, rates.created);
  return rates;
}

struct Growth {
  double per_s = 0;
  double total = 0;
  bool throughout = false;  // each interval grows
};

class TimerFlood : public Detector {
 public:
  TimerFlood(const Subject& subject, const Settings& settings)
      : go_version_(subject.go_version),
        keeps_(subject.keeps_abandoned_timers),
        started_by_us_(subject.started_by_us),
        growth_(settings("--timer-growth")),
        abandoned_(settings("--timer-abandoned")),
        last_total_(settings("--timer-total")),
        window_(static_cast<int64_t>(settings("--timer-window")), kLeastIntervals) {}

  std::vector<LiveFinding> judge(const Sample& sample, const Stacks& stacks) override {
    if (window_.empty() && sample.run_ns > 0) {
      Entry attach;
      attach.at_ns = sample.at_ns - sample.run_ns;
      if (started_by_us_) attach.live = 0;
      window_.add(std::move(attach));
    }
    window_.add(entry_of(sample, stacks));
    if (window_.span_ns() <= 0) return {};

    const Books books = books_of(sample);
    const Rates rates =
        books == Books::kRefused ? Rates{} : rates_between(window_.front(), window_.back());
    const Growth growth = live_growth();
    const double span_s = static_cast<double>(window_.span_ns()) / 1e9;

    bool flood = false;
    if (window_.full()) {
      flood = growth.throughout && growth.per_s >= growth_ && created_explain(growth, rates, books);
      flood = flood || (rates.abandoned >= abandoned_ && abandoned_throughout());
    }
    if (sample.last && !flood) {
      flood = growth.total >= last_total_ && growth.per_s >= growth_ &&
              (rates.share < kLeastShare || rates.abandoned >= growth.per_s / 2) &&
              books != Books::kAbsent;
      flood = flood || (rates.share > 0 && rates.abandoned >= abandoned_ &&
                        rates.abandoned * span_s >= last_total_);
    }
    if (!flood) {
      waited_ = 0;
      return {};
    }
    const Line line = top_line();
    if (line.where.function.empty() && books == Books::kComing && !sample.last &&
        ++waited_ <= kPatience) {
      return {};
    }
    std::vector<LiveFinding> findings;
    findings.push_back(describe(line, rates, growth, sample, stacks));
    return findings;
  }

 private:
  enum class Books : uint8_t {
    kKept,     // the balance can be believed
    kComing,   // in standby: they are attached when something looks suspicious
    kAbsent,   // this program creates no timers with package time
    kRefused,  // one of the four cannot be attached, so there is no balance
  };

  static Books books_of(const Sample& sample) {
    const SignalSample* create = find_signal(sample, CG_TIMER_CREATE);
    if (!create) return Books::kRefused;
    if (create->state == "absent") return Books::kAbsent;
    for (const cg_signal each : kTimerSignals) {
      const SignalSample* signal = find_signal(sample, each);
      if (!signal || signal->state == "refused") return Books::kRefused;
    }
    if (create->state == "standby") return Books::kComing;
    return Books::kKept;
  }

  static Entry entry_of(const Sample& sample, const Stacks& stacks) {
    Entry entry;
    entry.at_ns = sample.at_ns;
    if (sample.memory_read) entry.live = sample.live_timers;
    const auto aggregated = [&](cg_signal signal) {
      const SignalSample* found = find_signal(sample, signal);
      return found ? static_cast<double>(found->books.aggregated) : 0.0;
    };
    entry.created = aggregated(CG_TIMER_CREATE);
    entry.rearmed = aggregated(CG_TIMER_RESET);
    entry.stopped = aggregated(CG_TIMER_STOP);
    entry.fired = aggregated(CG_TIMER_FIRE);
    if (const SignalSample* create = find_signal(sample, CG_TIMER_CREATE)) {
      entry.attached_ns = static_cast<double>(create->attached_ns);
    }
    for (const TimerSample& timer : sample.timers) {
      const Frame* line = timer_frame(stacks[timer.stack]);
      LineTotals& totals = entry.lines[line ? *line : Frame{}];
      const double followed =
          static_cast<double>(timer.created) - static_cast<double>(timer.unfollowed);
      totals.followed += followed;
      totals.unfollowed += static_cast<double>(timer.unfollowed);
      totals.waiting +=
          followed - static_cast<double>(timer.stopped) - static_cast<double>(timer.fired);
    }
    return entry;
  }

  // Between the first and the last entry that know the number.
  Growth live_growth() const {
    Growth growth;
    const Entry *first = nullptr, *before = nullptr;
    size_t known_intervals = 0;
    bool each_grows = true;
    for (const Entry& entry : window_.entries()) {
      if (!entry.live) continue;
      if (before) {
        const double seconds = static_cast<double>(entry.at_ns - before->at_ns) / 1e9;
        const double grown = static_cast<double>(*entry.live) - static_cast<double>(*before->live);
        each_grows = each_grows && grown >= growth_ / 2 * seconds;
        ++known_intervals;
      }
      if (!first) first = &entry;
      before = &entry;
    }
    if (known_intervals == 0) return growth;
    growth.total = static_cast<double>(*before->live) - static_cast<double>(*first->live);
    growth.per_s = growth.total * 1e9 / static_cast<double>(before->at_ns - first->at_ns);
    growth.throughout = each_grows && known_intervals >= kLeastIntervals;
    return growth;
  }

  // Whether the growth is not that of sleeping goroutines or network deadlines.
  static bool created_explain(const Growth& growth, const Rates& rates, Books books) {
    if (books == Books::kAbsent) return false;
    if (rates.share < kLeastShare) return true;  // nobody can tell
    return rates.abandoned >= growth.per_s / 2;
  }

  bool abandoned_throughout() const {
    size_t measured = 0;
    const std::deque<Entry>& entries = window_.entries();
    for (size_t i = 1; i < entries.size(); ++i) {
      const Rates rates = rates_between(entries[i - 1], entries[i]);
      if (rates.share < kLeastShare) continue;
      if (rates.abandoned < abandoned_ / 2) return false;
      ++measured;
    }
    return measured >= kLeastIntervals && measured * 2 > window_.intervals();
  }

  struct Line {
    Frame where;
    double part = 0;   // of all that was abandoned in the window
    size_t lines = 0;  // that abandon timers
  };

  // The line that abandons most. The one that was named before stays as long as it is not far
  // behind, so that two like lines do not take turns.
  Line top_line() {
    double total = 0, most = 0, named = 0;
    Line line;
    for (const auto& [where, totals] : window_.back().lines) {
      const auto before = window_.front().lines.find(where);
      const double grown = totals.abandoned_since(
          before == window_.front().lines.end() ? LineTotals{} : before->second);
      if (grown <= 0) continue;
      total += grown;
      ++line.lines;
      if (where == named_) named = grown;
      if (grown > most) {
        most = grown;
        line.where = where;
      }
    }
    if (named > 0 && named >= most / 2) {
      line.where = named_;
      most = named;
    }
    if (total > 0) line.part = most / total;
    if (!line.where.function.empty()) named_ = line.where;
    return line;
  }

  LiveFinding describe(const Line& line, const Rates& rates, const Growth& growth,
                       const Sample& sample, const Stacks& stacks) const {
    TimerFloodEvidence evidence;
    evidence.created_per_s = std::max(rates.created, 0.0);
    evidence.abandoned_per_s = std::max(rates.abandoned, 0.0);
    for (const Entry& entry : window_.entries()) {
      if (entry.live) evidence.live_count = *entry.live;
    }
    evidence.live_growth_per_s = growth.per_s;
    evidence.kept = keeps_;

    LiveFinding finding = new_finding("timer-flood", "timers",
                                      keeps_ ? Severity::kError : Severity::kWarning, sample);
    finding.where = line.where;
    finding.evidence = evidence;

    uint64_t most = 0;
    for (const TimerSample& timer : sample.timers) {
      const Frame* at = timer_frame(stacks[timer.stack]);
      if (!at || !(*at == line.where) || timer.created < most) continue;
      most = timer.created;
      finding.stack = stacks[timer.stack];
    }

    const std::string about = rates.share < kWholeShare ? "about " : "";
    const std::string place = spoken_place(line.where);
    std::string& message = finding.message;
    if (rates.share >= kLeastShare) {
      message = fmt::format("{}{} timers a second are abandoned, neither stopped nor fired", about,
                            spoken_number(evidence.abandoned_per_s));
    } else {
      message = fmt::format("the number of live timers grows by {} a second",
                            spoken_number(growth.per_s));
    }
    if (place.empty()) {
      message += "; who creates them is not known: " + why_unknown(sample);
    } else {
      message += fmt::format(": created at {}", place);
      if (line.part < 0.5) {
        message += fmt::format(" ({:.0f}% of them, the most of {} lines)", line.part * 100,
                               grouped(static_cast<int64_t>(line.lines)));
      }
    }
    if (keeps_) {
      if (evidence.live_count > 0) message += "; " + grouped(evidence.live_count) + " live";
      message += "; this binary (" + printable_version() + ") keeps each until it fires";
    } else {
      message +=
          "; this binary's collector frees them, so they cost CPU time and collector work, not "
          "memory";
    }
    finding.advice = advice(finding.stack);
    finding.id = live_finding_id(finding);
    return finding;
  }

  std::string printable_version() const { return go_version_.empty() ? "Go" : go_version_; }

  static std::string why_unknown(const Sample& sample) {
    const SignalSample* create = find_signal(sample, CG_TIMER_CREATE);
    if (!create) return "the signal timer-create was not recorded";
    return "the signal timer-create is " + create->state +
           (create->reason.empty() ? "" : " (" + create->reason + ")");
  }

  // By how the timers are made: the wrapper that the line calls.
  std::string advice(const std::vector<Frame>& stack) const {
    std::string wrapper;
    for (const Frame& frame : stack) {
      const std::string package = go_package(frame.function);
      if (package == "time" || package == "context") wrapper = frame.function;
    }
    std::string text;
    if (wrapper.starts_with("context.")) {
      text = "call the cancel function of each context (defer cancel()): it stops the timer";
    } else if (wrapper == "time.NewTicker" || wrapper == "time.Tick") {
      text = "make one ticker outside the loop, and Stop it when its user ends";
    } else if (wrapper == "time.AfterFunc") {
      text = "keep what time.AfterFunc returns and Stop it when the call is no longer wanted";
    } else {
      text =
          "make one time.NewTimer outside the loop and Reset it each round, instead of time.After "
          "or "
          "a new timer a round; Stop it when its user ends";
    }
    if (keeps_) {
      text +=
          "; built with Go 1.23 or newer and `go 1.23` in go.mod, abandoned timers are freed by "
          "the "
          "collector";
    }
    return text;
  }

  std::string go_version_;
  bool keeps_, started_by_us_;
  double growth_, abandoned_, last_total_;
  Window<Entry> window_;
  Frame named_;
  int waited_ = 0;
};

}  // namespace

std::unique_ptr<Detector> make_timer_flood(const Subject& subject, const Settings& settings) {
  return std::make_unique<TimerFlood>(subject, settings);
}

}  // namespace cgoscope
