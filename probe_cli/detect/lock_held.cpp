// Many goroutines that wait for one lock, and none that gets it. A busy lock has waiters at every
// look too; what tells the two apart is whether they are woken, and only the signal `park` sees
// that.
#include <fmt/format.h>

#include <algorithm>

#include "probe_cli/detect/detector.h"
#include "probe_cli/detect/waiting.h"
#include "probe_cli/detect/wording.h"

namespace cgoscope {
namespace {

constexpr double kWokenShare = 0.1;  // of the waiters, a second

// semacquire: all of them before Go 1.21.
bool is_lock(const std::string& reason) {
  return reason == "semacquire" || reason.starts_with("sync.Mutex.") ||
         reason.starts_with("sync.RWMutex.") || reason.starts_with("sync.WaitGroup.");
}

class LockHeld : public Detector {
 public:
  LockHeld(const Subject& subject, const Settings& settings)
      : subject_(subject),
        least_waiters_(settings("--lock-waiters")),
        after_ns_(static_cast<int64_t>(settings("--lock-after"))) {}

  std::vector<LiveFinding> judge(const Sample& sample, const Stacks& stacks) override {
    wanted_ = false;
    if (!sample.goroutines_read) return {};
    std::map<WaitPlace, Waiting> lines = waiting_places(sample, stacks, false);
    std::erase_if(lines, [&](const auto& row) {
      return !is_lock(row.first.reason) || static_cast<double>(row.second.count) < least_waiters_;
    });
    std::erase_if(seen_, [&](const auto& row) { return !lines.contains(row.first); });

    std::vector<LiveFinding> findings;
    for (const auto& [place, waiting] : lines) {
      if (waiting.goids.empty()) continue;  // of a recording that was made by hand
      Seen& seen = seen_[place];
      // Who has waited longest, as far as is known, has got the lock.
      if (seen.first_goid != waiting.goids.front()) seen = {sample.at_ns, waiting.goids.front()};
      if (sample.at_ns - seen.since_ns < after_ns_) continue;
      seen.balance.look(place, waiting.count, subject_, sample, stacks);
      const std::optional<double> woken_per_s = seen.balance.woken_per_s();
      if (!woken_per_s) {
        wanted_ = wanted_ || seen.balance.may_come();
        continue;
      }
      if (*woken_per_s > kWokenShare * static_cast<double>(waiting.count)) {
        seen = {sample.at_ns, waiting.goids.front()};
        continue;
      }
      findings.push_back(describe(place, waiting, seen.since_ns, sample, stacks));
    }
    return findings;
  }

  bool wants(cg_signal signal) const override { return signal == CG_PARK && wanted_; }

 private:
  struct Seen {
    int64_t since_ns = 0;
    int64_t first_goid = 0;
    WakeBalance balance = {};
  };

  static LiveFinding describe(const WaitPlace& place, const Waiting& waiting, int64_t since_ns,
                              const Sample& sample, const Stacks& stacks) {
    LockHeldEvidence evidence;
    evidence.waiters_count = static_cast<int64_t>(waiting.count);
    evidence.longest_ms = (sample.at_ns - since_ns) / 1'000'000;

    LiveFinding finding;
    finding.rule = "lock-held";
    finding.severity = Severity::kWarning;
    finding.first_seen_ns = finding.last_seen_ns = sample.wall_ns;
    finding.subsystem = "goroutines";
    finding.wait_reason = place.reason;
    finding.where = place.where;
    finding.stack = stacks[waiting.stack];
    finding.goroutines = waiting.goids;
    finding.message =
        fmt::format("{} have waited at {} ({}) for {} at least, and none goes on",
                    counted(evidence.waiters_count, "goroutine"), spoken_place(place.where),
                    place.reason, spoken_duration(evidence.longest_ms * 1'000'000));
    finding.advice =
        place.reason.starts_with("sync.WaitGroup")
            ? "see that each Add has its Done on every path (defer wg.Done()), also when the work "
              "fails"
            : "find who holds it: a path that returns or panics without Unlock (defer it), or one "
              "that waits, calls out or sleeps while it holds the lock. `cgoscope census` shows "
              "what the others do";
    finding.evidence = evidence;
    finding.id = live_finding_id(finding);
    return finding;
  }

  Subject subject_;
  double least_waiters_;
  int64_t after_ns_;
  std::map<WaitPlace, Seen> seen_;
  bool wanted_ = false;
};

}  // namespace

std::unique_ptr<Detector> make_lock_held(const Subject& subject, const Settings& settings) {
  return std::make_unique<LockHeld>(subject, settings);
}

}  // namespace cgoscope
