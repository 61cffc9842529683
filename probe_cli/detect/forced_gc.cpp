// runtime.GC() runs a whole collection, and another one's end first if one is under way, and its
// caller waits for it. The runtime collects by itself when that pays; a program that asks for it a
// few times a minute (before it measures memory, say) is healthy, one that does so all the time
// spends its CPUs on it and empties its sync.Pools: what a pool holds survives one collection, not
// two.
#include <fmt/format.h>

#include <algorithm>

#include "probe_cli/detect/detector.h"
#include "probe_cli/detect/line_rates.h"
#include "probe_cli/detect/wording.h"

namespace cgoscope {
namespace {

constexpr double kErrorFactor = 20;
constexpr double kWholeShare = 0.9;  // what attaching takes of the first interval is no matter

const Frame* calling_line(const std::vector<Frame>& stack) {
  const auto at = std::find_if(stack.begin(), stack.end(), [](const Frame& frame) {
    return !is_runtime_function(frame.function);
  });
  return at == stack.end() ? nullptr : &*at;
}

class ForcedGc : public Detector {
 public:
  explicit ForcedGc(const Settings& settings)
      : window_s_(settings("--gc-window") / 1e9),
        rate_(settings("--gc-rate")),
        calls_(CG_FORCED_GC, static_cast<int64_t>(settings("--gc-window")), 1, calling_line),
        cleared_(static_cast<int64_t>(settings("--gc-window")), 1) {}

  std::vector<LiveFinding> judge(const Sample& sample, const Stacks& stacks) override {
    calls_.add(sample, stacks);
    if (const SignalSample* cleared = find_signal(sample, CG_POOL_CLEAR))
      cleared_.add({sample.at_ns, cleared->books.hits, cleared->attached_ns});
    const double share = calls_.attached_share();
    if (share <= 0) return {};
    // Until the window is full, what makes a full one guilty is enough.
    const double needed = rate_ * std::max(calls_.span_s(), window_s_);
    std::vector<LiveFinding> findings;
    for (const LineRates::Line& line : calls_.lines()) {
      if (line.count / share < needed) continue;
      findings.push_back(describe(line, share, sample, stacks));
    }
    return findings;
  }

 private:
  struct Cleared {
    int64_t at_ns = 0;
    uint64_t total = 0;
    int64_t attached_ns = 0;
  };

  double pools_emptied_per_s() const {
    if (cleared_.intervals() == 0) return 0;
    const auto attached_ns =
        static_cast<double>(cleared_.back().attached_ns - cleared_.front().attached_ns);
    const double cleared =
        static_cast<double>(cleared_.back().total) - static_cast<double>(cleared_.front().total);
    return attached_ns > 0 ? cleared * 1e9 / attached_ns : 0;
  }

  LiveFinding describe(const LineRates::Line& line, double share, const Sample& sample,
                       const Stacks& stacks) const {
    ForcedGcEvidence evidence;
    evidence.forced_per_s = line.per_s;
    evidence.pools_emptied_per_s = pools_emptied_per_s();

    const double in_a_window = line.count / share / std::max(calls_.span_s(), window_s_);
    LiveFinding finding = new_finding(
        "forced-gc", "collector",
        in_a_window >= rate_ * kErrorFactor ? Severity::kError : Severity::kWarning, sample);
    finding.where = line.where;
    finding.stack = calls_.stack_at(line.where, sample, stacks);
    finding.message = fmt::format(
        "{}{} collections a second are forced by runtime.GC: called at {}",
        share < kWholeShare ? "about " : "", spoken_number(line.per_s), spoken_place(line.where));
    finding.advice =
        "leave it out: the runtime collects when that pays; what it may use is set by "
        "debug.SetMemoryLimit (GOMEMLIMIT) and debug.SetGCPercent (GOGC)";
    finding.evidence = evidence;
    finding.id = live_finding_id(finding);
    return finding;
  }

  double window_s_, rate_;
  LineRates calls_;
  Window<Cleared> cleared_;
};

}  // namespace

std::unique_ptr<Detector> make_forced_gc(const Subject&, const Settings& settings) {
  return std::make_unique<ForcedGc>(settings);
}

}  // namespace cgoscope
