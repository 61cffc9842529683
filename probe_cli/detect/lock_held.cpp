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

constexpr int kPatience = 5;         // looks to wait for the signal
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
    std::map<WaitPlace, Waiting> lines;  // whoever started them
    for (auto& [place, waiting] : waiting_places(sample, stacks)) {
      if (!is_lock(place.reason)) continue;
      Waiting& line = lines[{place.reason, place.where, {}}];
      line.count += waiting.count;
      line.goids.insert(line.goids.end(), waiting.goids.begin(), waiting.goids.end());
      if (waiting.stack_count > line.stack_count) {
        line.stack = waiting.stack;
        line.stack_count = waiting.stack_count;
      }
    }
    std::erase_if(seen_, [&](const auto& row) {
      const auto now = lines.find(row.first);
      return now == lines.end() || static_cast<double>(now->second.count) < least_waiters_;
    });

    std::vector<LiveFinding> findings;
    for (auto& [place, waiting] : lines) {
      if (static_cast<double>(waiting.count) < least_waiters_) continue;
      std::sort(waiting.goids.begin(), waiting.goids.end());
      Seen& seen = seen_[place];
      // Who has waited longest, as far as is known, has got the lock.
      if (seen.first_goid != waiting.goids.front()) seen = {sample.at_ns, waiting.goids.front()};
      if (sample.at_ns - seen.since_ns < after_ns_) continue;
      const SignalSample* park = find_signal(sample, CG_PARK);
      seen.balance.look(sample.at_ns, waiting.count, parks_at(place, subject_, sample, stacks),
                        park != nullptr ? park->attached_ns : 0);
      const std::optional<double> woken_per_s = seen.balance.woken_per_s();
      if (!woken_per_s) {
        wanted_ = wanted_ || ++seen.looks <= kPatience;
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
    int looks = 0;
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
    finding.goroutines.resize(std::min<size_t>(finding.goroutines.size(), 20));
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
