// Goroutines that wait at one line, ever more of them, and that nobody wakes. That they grow is
// seen in the census; whether they are woken only the signal `park` tells, which is asked for when
// a place has grown through the whole window.
//
// Waits for the network and sleeps are left out: they end when the peer, or the time, wills.
#include <fmt/format.h>

#include <algorithm>

#include "probe_cli/detect/detector.h"
#include "probe_cli/detect/waiting.h"
#include "probe_cli/detect/window.h"
#include "probe_cli/detect/wording.h"

namespace cgoscope {
namespace {

constexpr size_t kLeastIntervals = 3;
constexpr double kWokenShare = 0.1;  // of the growth; counts are not of one moment

struct Entry {
  int64_t at_ns = 0;
  std::map<WaitPlace, uint64_t> counts;
};

bool ends_by_itself(const std::string& reason) {
  return reason == "IO wait" || reason == "sleep" || reason.starts_with("GC ");
}

std::string_view advice_for(const std::string& reason) {
  if (reason.starts_with("chan send"))
    return "whoever should receive has gone: let the sender give up (select with ctx.Done()), or "
           "give the channel room for all that are sent";
  if (reason.starts_with("chan receive"))
    return "nobody sends or closes the channel any more: close it when the sender ends, or select "
           "with ctx.Done()";
  if (reason.starts_with("select"))
    return "none of its cases comes any more: add ctx.Done(), and cancel the context when the work "
           "is over";
  return "find who should release or signal it, and see that each path does (defer)";
}

class GoroutineLeak : public Detector {
 public:
  GoroutineLeak(const Subject& subject, const Settings& settings)
      : subject_(subject),
        least_count_(settings("--leak-goroutines")),
        least_growth_(settings("--leak-growth")),
        window_(static_cast<int64_t>(settings("--leak-window")), kLeastIntervals) {}

  std::vector<LiveFinding> judge(const Sample& sample, const Stacks& stacks) override {
    if (!sample.goroutines_read) return {};
    wanted_ = false;
    const std::map<WaitPlace, Waiting> places = waiting_places(sample, stacks);
    Entry entry{sample.at_ns, {}};
    for (const auto& [place, waiting] : places) {
      if (!ends_by_itself(place.reason)) entry.counts.emplace(place, waiting.count);
    }
    window_.add(std::move(entry));

    std::vector<LiveFinding> findings;
    for (const auto& [place, count] : window_.back().counts) {
      const std::optional<double> growth_per_s = growth_of(place, count);
      if (!growth_per_s) {
        suspects_.erase(place);
        continue;
      }
      Suspect& suspect = suspects_[place];
      if (suspect.woken_at_ns && sample.at_ns - *suspect.woken_at_ns < kAskAgainAfterNs) continue;
      suspect.balance.look(place, waiting_at(place, window_.back()), subject_, sample, stacks);
      const std::optional<double> woken_per_s = suspect.balance.woken_per_s();
      if (woken_per_s && *woken_per_s > kWokenShare * *growth_per_s) {
        suspect = {};
        suspect.woken_at_ns = sample.at_ns;
        continue;
      }
      if (!woken_per_s) {
        wanted_ = true;
        if (suspect.balance.may_come()) continue;
      }
      findings.push_back(
          describe(place, places.at(place), *growth_per_s, woken_per_s, sample, stacks));
    }
    return findings;
  }

  bool wants(cg_signal signal) const override { return signal == CG_PARK && wanted_; }

 private:
  struct Suspect {
    WakeBalance balance;
    std::optional<int64_t> woken_at_ns;
  };

  // A second, when it has grown through the window: at no look less than before, and more at half
  // of them at least.
  std::optional<double> growth_of(const WaitPlace& place, uint64_t count) const {
    if (!window_.full() || static_cast<double>(count) < least_count_) return std::nullopt;
    std::optional<uint64_t> first, before;
    size_t grown = 0;
    for (const Entry& entry : window_.entries()) {
      const auto at = entry.counts.find(place);
      const uint64_t now = at == entry.counts.end() ? 0 : at->second;
      if (before && now < *before) return std::nullopt;
      if (before && now > *before) ++grown;
      if (!first) first = now;
      before = now;
    }
    const double seconds = static_cast<double>(window_.span_ns()) / 1e9;
    const double per_s = static_cast<double>(count - *first) / seconds;
    if (per_s < least_growth_ || grown * 2 < window_.intervals()) return std::nullopt;
    return per_s;
  }

  static uint64_t waiting_at(const WaitPlace& place, const Entry& entry) {
    uint64_t count = 0;
    for (const auto& [other, waiting] : entry.counts) {
      if (other.reason == place.reason && other.where == place.where) count += waiting;
    }
    return count;
  }

  static LiveFinding describe(const WaitPlace& place, const Waiting& waiting, double growth_per_s,
                              std::optional<double> woken_per_s, const Sample& sample,
                              const Stacks& stacks) {
    GoroutineLeakEvidence evidence;
    evidence.goroutines_count = static_cast<int64_t>(waiting.count);
    evidence.growth_per_s = growth_per_s;
    evidence.woken_per_s = woken_per_s;
    if (waiting.waits_since_ns > 0)
      evidence.oldest_ms = (sample.at_ns - waiting.waits_since_ns) / 1'000'000;
    evidence.started = place.go;

    LiveFinding finding = new_finding("goroutine-leak", "goroutines",
                                      woken_per_s ? Severity::kError : Severity::kWarning, sample);
    finding.wait_reason = place.reason;
    finding.where = place.where;
    finding.stack = stacks[waiting.stack];
    finding.goroutines = waiting.goids;
    finding.message = fmt::format(
        "{} wait at {} ({}), {} more a second{}", counted(evidence.goroutines_count, "goroutine"),
        spoken_place(place.where), place.reason, spoken_number(growth_per_s),
        woken_per_s ? ", and nobody wakes them" : "; whether they are woken could not be seen");
    if (const std::string go = spoken_place(place.go); !go.empty())
      finding.message += "; started at " + go;
    finding.advice = advice_for(place.reason);
    finding.evidence = std::move(evidence);
    finding.id = live_finding_id(finding);
    return finding;
  }

  Subject subject_;
  double least_count_, least_growth_;
  Window<Entry> window_;
  std::map<WaitPlace, Suspect> suspects_;
  bool wanted_ = false;
};

}  // namespace

std::unique_ptr<Detector> make_goroutine_leak(const Subject& subject, const Settings& settings) {
  return std::make_unique<GoroutineLeak>(subject, settings);
}

}  // namespace cgoscope
