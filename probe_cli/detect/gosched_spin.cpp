// A loop that calls runtime.Gosched until something becomes true keeps a CPU busy for nothing, and
// takes turns with whoever is to make it true. Each turn is short, so it comes round tens of
// thousands of times a second; a loop that does work and gives way now and then, to be polite, does
// not.
//
// Every turn begins with a goroutine being scheduled, which the scheduler counts in memory. When
// that is much, the signal is attached that tells whose loop it is; and when it is so fast that
// counting it costs more than the budget allows, memory goes on to tell that it lasts.
#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "probe_cli/detect/detector.h"
#include "probe_cli/detect/line_rates.h"
#include "probe_cli/detect/suspicion.h"
#include "probe_cli/detect/wording.h"

namespace cgoscope {
namespace {

constexpr size_t kLeastIntervals = 3;  // fewer could be one wait
// Of an interval, that the signal must be attached to be believed. The budget cuts it this short.
constexpr double kLeastShare = 0.02;

class GoschedSpin : public Detector {
 public:
  explicit GoschedSpin(const Settings& settings)
      : rate_(settings("--spin-rate")),
        yields_(CG_YIELD, static_cast<int64_t>(settings("--spin-window")), kLeastIntervals,
                yielding_line),
        scheduled_(static_cast<int64_t>(settings("--spin-window")), kLeastIntervals),
        suspicion_(rate_ / 2) {}

  std::vector<LiveFinding> judge(const Sample& sample, const Stacks& stacks) override {
    suspicious_ = suspicion_.judge(sample, stacks);
    yields_.add(sample, stacks);
    if (scheduled_.empty() && sample.run_ns > 0)
      scheduled_.add({sample.at_ns - sample.run_ns, std::nullopt});
    scheduled_.add({sample.at_ns, sample.memory_read ? sample.schedules : std::nullopt});
    if (!yields_.full()) return {};
    const std::vector<std::optional<double>> scheduled = scheduled_per_s();
    std::vector<LiveFinding> findings;
    for (const LineRates::Line& line : yields_.lines()) {
      if (const std::optional<double> per_s = lasting_rate(line.where, scheduled))
        findings.push_back(describe(line.where, *per_s, sample, stacks));
    }
    return findings;
  }

  bool wants(cg_signal signal) const override { return suspicious_ && signal == CG_YIELD; }

 private:
  struct Scheduled {
    int64_t at_ns = 0;
    std::optional<int64_t> total;
  };

  // Turns a second, if there were many in each interval; nullopt otherwise.
  std::optional<double> lasting_rate(const Frame& where,
                                     const std::vector<std::optional<double>>& scheduled) const {
    const auto yields = yields_.per_s_by_interval(where, kLeastShare);
    double sum = 0;
    size_t counted = 0;
    for (size_t i = 0; i < yields.size(); ++i) {
      if (yields[i]) {
        if (*yields[i] < rate_ / 2) return std::nullopt;
        sum += *yields[i];
        ++counted;
      } else if (i >= scheduled.size() || !scheduled[i] || *scheduled[i] < rate_ / 2) {
        return std::nullopt;
      }
    }
    if (counted == 0 || sum / static_cast<double>(counted) < rate_) return std::nullopt;
    return sum / static_cast<double>(counted);
  }

  std::vector<std::optional<double>> scheduled_per_s() const {
    std::vector<std::optional<double>> rates;
    const std::deque<Scheduled>& entries = scheduled_.entries();
    for (size_t i = 1; i < entries.size(); ++i) {
      const Scheduled &from = entries[i - 1], &to = entries[i];
      std::optional<double> rate;
      if (from.total && to.total) {
        rate = static_cast<double>(*to.total - *from.total) * 1e9 /
               static_cast<double>(to.at_ns - from.at_ns);
      }
      rates.push_back(rate);
    }
    return rates;
  }

  LiveFinding describe(const Frame& where, double per_s, const Sample& sample,
                       const Stacks& stacks) const {
    GoschedSpinEvidence evidence;
    evidence.yields_per_s = per_s;

    LiveFinding finding = new_finding("gosched-spin", "scheduler", Severity::kWarning, sample);
    finding.where = where;
    finding.stack = yields_.stack_at(where, sample, stacks);
    finding.message = fmt::format(
        "a loop of runtime.Gosched goes round {} times a second and does not end: at {}",
        spoken_number(per_s), spoken_place(where));
    finding.advice =
        "wait for what it waits for: a channel, a sync.Cond or a sync.WaitGroup wakes the "
        "goroutine "
        "when it is time, and costs nothing until then";
    finding.evidence = evidence;
    finding.id = live_finding_id(finding);
    return finding;
  }

  double rate_;
  LineRates yields_;
  Window<Scheduled> scheduled_;
  SpinSuspicion suspicion_;
  bool suspicious_ = false;
};

}  // namespace

std::unique_ptr<Detector> make_gosched_spin(const Subject&, const Settings& settings) {
  return std::make_unique<GoschedSpin>(settings);
}

}  // namespace cgoscope
