// A `go` statement that starts goroutines without bound: nothing holds it back when those that it
// has started do not get done, so their number climbs until memory is used up. How many it starts a
// second says nothing: a healthy server starts and ends 100 000 short ones.
//
// The runtime never forgets a goroutine's place, and gives it to the next one. So the number of
// places (runtime.allgs) is the most that have ever been there at once, and in a flood, and only in
// one, it grows and grows. That is read from memory, for nothing. Only when it grows are the two
// signals attached that tell which `go` statement starts more than end.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "probe_cli/detect/detector.h"
#include "probe_cli/detect/named_frame.h"
#include "probe_cli/detect/suspicion.h"
#include "probe_cli/detect/window.h"
#include "probe_cli/detect/wording.h"

namespace cgoscope {
namespace {

constexpr size_t kLeastIntervals = 3;     // fewer could be one burst
constexpr int kPatience = 10;             // judgements to wait for signals that are in standby
constexpr double kLeastAttachedNs = 2e7;  // between two looks, for signals to be believed

struct Balance {
  double starts = 0, exits = 0;
};

struct Entry {
  int64_t at_ns = 0;
  std::optional<int64_t> peak;
  double attached_ns = 0;
  std::map<Frame, Balance, FrameOrder> statements;
};

// Of one `go` statement, per second while the signals were attached.
struct Rates {
  double starts = 0, exits = 0;
  double more() const { return starts - exits; }
};

struct Growth {
  double total = 0, per_s = 0;
  bool throughout = false;  // each interval grows
};

class GoroutineFlood : public Detector {
 public:
  explicit GoroutineFlood(const Settings& settings)
      : growth_(settings("--flood-growth")),
        last_total_(settings("--flood-total")),
        window_(static_cast<int64_t>(settings("--flood-window")), kLeastIntervals),
        suspicion_(growth_ / 2) {}

  std::vector<LiveFinding> judge(const Sample& sample, const Stacks& stacks) override {
    suspicious_ = suspicion_.judge(sample);
    window_.add(entry_of(sample, stacks));
    const Growth growth = peak_growth();
    bool flood = window_.full() && growth.throughout && growth.per_s >= growth_;
    flood = flood || (sample.last && growth.total >= last_total_ && growth.per_s >= growth_);
    flood = flood || (!peak_known() && window_.full() && balance_grows_throughout());
    if (!flood) {
      waited_ = 0;
      return {};
    }
    const Statement statement = top_statement();
    if (statement.where.function.empty() && may_still_be_told(sample) && !sample.last &&
        ++waited_ <= kPatience) {
      return {};
    }
    std::vector<LiveFinding> findings;
    findings.push_back(describe(statement, growth, sample, stacks));
    return findings;
  }

  bool wants(cg_signal signal) const override {
    return suspicious_ && (signal == CG_GOROUTINE_START || signal == CG_GOROUTINE_EXIT);
  }

 private:
  static Entry entry_of(const Sample& sample, const Stacks& stacks) {
    Entry entry;
    entry.at_ns = sample.at_ns;
    if (sample.memory_read) entry.peak = sample.goroutines_peak;
    if (const SignalSample* start = find_signal(sample, CG_GOROUTINE_START))
      entry.attached_ns = static_cast<double>(start->attached_ns);
    for (const GoStatementSample& statement : sample.go_statements) {
      const std::vector<Frame>& go = stacks[statement.go];
      if (go.empty() || is_runtime_function(go.front().function)) continue;
      Balance& balance = entry.statements[go.front()];
      balance.starts += static_cast<double>(statement.starts);
      balance.exits += static_cast<double>(statement.exits);
    }
    return entry;
  }

  bool peak_known() const {
    return std::any_of(window_.entries().begin(), window_.entries().end(),
                       [](const Entry& entry) { return entry.peak.has_value(); });
  }

  // Between the first and the last entry that know the number.
  Growth peak_growth() const {
    Growth growth;
    const Entry *first = nullptr, *before = nullptr;
    size_t intervals = 0;
    bool each_grows = true;
    for (const Entry& entry : window_.entries()) {
      if (!entry.peak) continue;
      if (before) {
        const double seconds = static_cast<double>(entry.at_ns - before->at_ns) / 1e9;
        const double grown = static_cast<double>(*entry.peak - *before->peak);
        each_grows = each_grows && grown >= growth_ / 2 * seconds;
        ++intervals;
      }
      if (!first) first = &entry;
      before = &entry;
    }
    if (intervals == 0) return growth;
    growth.total = static_cast<double>(*before->peak - *first->peak);
    growth.per_s = growth.total * 1e9 / static_cast<double>(before->at_ns - first->at_ns);
    growth.throughout = each_grows && intervals >= kLeastIntervals;
    return growth;
  }

  // nullopt when the signals were not attached for long enough between the two.
  static std::optional<std::map<Frame, Rates, FrameOrder>> rates_between(const Entry& from,
                                                                         const Entry& to) {
    const double attached_ns = to.attached_ns - from.attached_ns;
    if (attached_ns < kLeastAttachedNs || to.at_ns <= from.at_ns) return std::nullopt;
    std::map<Frame, Rates, FrameOrder> rates;
    for (const auto& [where, balance] : to.statements) {
      const auto at = from.statements.find(where);
      const Balance before = at == from.statements.end() ? Balance{} : at->second;
      rates[where] = {(balance.starts - before.starts) * 1e9 / attached_ns,
                      (balance.exits - before.exits) * 1e9 / attached_ns};
    }
    return rates;
  }

  // Where memory cannot be read: some statement starts more than end, in each interval.
  bool balance_grows_throughout() const {
    const std::deque<Entry>& entries = window_.entries();
    size_t measured = 0;
    for (size_t i = 1; i < entries.size(); ++i) {
      const auto rates = rates_between(entries[i - 1], entries[i]);
      if (!rates) continue;
      const bool grows = std::any_of(rates->begin(), rates->end(), [&](const auto& row) {
        return row.second.more() >= growth_ / 2;
      });
      if (!grows) return false;
      ++measured;
    }
    if (measured < kLeastIntervals || measured * 2 <= window_.intervals()) return false;
    const auto rates = rates_between(window_.front(), window_.back());
    return rates && std::any_of(rates->begin(), rates->end(),
                                [&](const auto& row) { return row.second.more() >= growth_; });
  }

  struct Statement {
    Frame where;
    Rates rates;
  };

  // The one whose goroutines become more by most. One that was named before stays while it still
  // does, so that a name is not lost when the budget lets the signals go.
  Statement top_statement() {
    const auto rates = rates_between(window_.front(), window_.back());
    if (!rates) return named_;
    const std::pair<const Frame, Rates>* top = nullptr;
    for (const auto& row : *rates) {
      if (row.second.more() > 0 && (!top || row.second.more() > top->second.more())) top = &row;
    }
    if (!top) return named_;
    if (const auto before = rates->find(named_.where);
        before != rates->end() && before->second.more() >= top->second.more() / 2) {
      named_.rates = before->second;
    } else {
      named_ = {top->first, top->second};
    }
    return named_;
  }

  static bool may_still_be_told(const Sample& sample) {
    const SignalSample* start = find_signal(sample, CG_GOROUTINE_START);
    return start && start->state != "absent" && start->state != "refused";
  }

  static LiveFinding describe(const Statement& statement, const Growth& growth,
                              const Sample& sample, const Stacks& stacks) {
    GoroutineFloodEvidence evidence;
    if (sample.goroutines_peak) evidence.goroutines_count = *sample.goroutines_peak;
    evidence.growth_per_s = growth.total > 0 ? growth.per_s : statement.rates.more();
    evidence.started_per_s = statement.rates.starts;
    evidence.ended_per_s = statement.rates.exits;

    LiveFinding finding = new_finding("goroutine-flood", "goroutines", Severity::kError, sample);
    finding.where = statement.where;
    uint64_t most = 0;
    for (const GoStatementSample& each : sample.go_statements) {
      const std::vector<Frame>& go = stacks[each.go];
      if (go.empty() || !(go.front() == statement.where) || each.starts < most) continue;
      most = each.starts;
      finding.stack = go;
      if (!stacks[each.started].empty()) evidence.entry = stacks[each.started].front();
    }
    finding.message =
        fmt::format("goroutines become more by {} a second", spoken_number(evidence.growth_per_s));
    if (evidence.goroutines_count > 0)
      finding.message += fmt::format(", {} by now", grouped(evidence.goroutines_count));
    if (const std::string at = spoken_place(statement.where); !at.empty()) {
      finding.message += fmt::format(": started at {} faster than they end", at);
    } else {
      finding.message += "; who starts them is not known: " + why_unknown(sample);
    }
    finding.advice =
        "bound how many there are at once: a semaphore around the `go` statement (a buffered "
        "channel, errgroup's SetLimit), or a fixed number of workers that take their work from a "
        "channel, so that who brings more of it waits";
    finding.evidence = std::move(evidence);
    finding.id = live_finding_id(finding);
    return finding;
  }

  static std::string why_unknown(const Sample& sample) {
    const SignalSample* start = find_signal(sample, CG_GOROUTINE_START);
    if (!start) return "the signal goroutine-start was not recorded";
    return "the signal goroutine-start is " + start->state +
           (start->reason.empty() ? "" : " (" + start->reason + ")");
  }

  double growth_, last_total_;
  Window<Entry> window_;
  FloodSuspicion suspicion_;
  bool suspicious_ = false;
  Statement named_;
  int waited_ = 0;
};

}  // namespace

std::unique_ptr<Detector> make_goroutine_flood(const Subject&, const Settings& settings) {
  return std::make_unique<GoroutineFlood>(settings);
}

}  // namespace cgoscope
