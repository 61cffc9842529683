// Many goroutines that wait for one lock, and none that gets it. A busy lock has waiters at every
// look too; what tells the two apart is whether they are woken, and only the signal `park` sees
// that.
#include <fmt/format.h>

#include <algorithm>

#include "probe_cli/detect/detector.h"
#include "probe_cli/detect/named_frame.h"
#include "probe_cli/detect/waiting.h"
#include "probe_cli/detect/wording.h"

namespace cgoscope {
namespace {

constexpr double kWokenShare = 0.1;  // of the waiters, a second

bool is_wait_group(const std::vector<Frame>& stack) {
  return std::any_of(stack.begin(), stack.end(),
                     [](const Frame& frame) { return frame.function == "sync.(*WaitGroup).Wait"; });
}

class LockHeld : public Detector {
 public:
  LockHeld(const Subject& subject, const Settings& settings)
      : subject_(subject),
        least_waiters_(settings("--lock-waiters")),
        after_ns_(static_cast<int64_t>(settings("--lock-after"))) {}

  std::vector<LiveFinding> judge(const Sample& sample, const Stacks& stacks) override {
    if (!sample.goroutines_read) return {};
    wanted_ = false;
    wanted_locks_.clear();
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
      for (const LockSample& lock : sample.locks) {
        if (std::ranges::find(lock.waiters, seen.first_goid) == lock.waiters.end()) continue;
        seen.lock = lock;
        seen.all_were_seen = sample.locks_unseen_count == 0;
      }
      if (!seen.lock)
        wanted_locks_.insert(wanted_locks_.end(), waiting.goids.begin(), waiting.goids.end());
      // Each waits for workers of its own, and they are there: a proxy's connections, for example.
      if (seen.lock && static_cast<double>(seen.lock->waiters_count) < least_waiters_ &&
          seen.lock->users_count > 0 && is_wait_group(stacks[waiting.stack])) {
        seen = {sample.at_ns + kAskAgainAfterNs, waiting.goids.front()};
        continue;
      }
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
      findings.push_back(describe(place, waiting, seen, sample, stacks));
    }
    return findings;
  }

  bool wants(cg_signal signal) const override { return signal == CG_PARK && wanted_; }
  std::vector<int64_t> wants_locks_of() const override { return wanted_locks_; }

 private:
  struct Seen {
    int64_t since_ns = 0;
    int64_t first_goid = 0;
    WakeBalance balance = {};
    std::optional<LockSample> lock = {};  // that the first one waits for
    bool all_were_seen = false;           // no goroutine ran when it was looked at
  };

  static std::string spoken_knower(const LockHeldEvidence& evidence, const Seen& seen) {
    if (!seen.lock || seen.lock->users_count > 1) return "";
    const std::string_view others =
        seen.all_were_seen ? "other goroutine" : "goroutine that does not run";
    if (evidence.may_hold.empty())
      return fmt::format("; no {} has the lock's address on its stack", others);
    const LockHeldEvidence::Knower& knower = evidence.may_hold.front();
    return fmt::format("; the only {} {} is {}, at {} ({})", others,
                       seen.lock->knowledge == "unlocks"
                           ? "that knows the lock, and unlocks it later,"
                           : "with the lock's address on its stack",
                       knower.goroutine, spoken_place(knower.where),
                       knower.wait_reason.empty() ? knower.state : knower.wait_reason);
  }

  static LiveFinding describe(const WaitPlace& place, const Waiting& waiting, const Seen& seen,
                              const Sample& sample, const Stacks& stacks) {
    LockHeldEvidence evidence;
    evidence.waiters_count = static_cast<int64_t>(waiting.count);
    evidence.longest_ms = (sample.at_ns - seen.since_ns) / 1'000'000;
    if (seen.lock) {
      evidence.knowers_count = static_cast<int64_t>(seen.lock->users_count);
      for (const LockUserSample& user : seen.lock->users) {
        const std::vector<Frame>& known_in = stacks[user.known_in];
        evidence.may_hold.push_back({user.goid, user.state, user.wait_reason,
                                     known_in.empty() ? Frame{} : known_in.front()});
      }
    }

    LiveFinding finding = new_finding("lock-held", "goroutines", Severity::kWarning, sample);
    finding.wait_reason = place.reason;
    finding.where = place.where;
    finding.stack = stacks[waiting.stack];
    finding.goroutines = waiting.goids;
    finding.message =
        fmt::format("{} have waited at {} ({}) for {} at least, and none goes on",
                    counted(evidence.waiters_count, "goroutine"), spoken_place(place.where),
                    place.reason, spoken_duration(evidence.longest_ms * 1'000'000));
    finding.message += spoken_knower(evidence, seen);
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
  std::vector<int64_t> wanted_locks_;
};

}  // namespace

std::unique_ptr<Detector> make_lock_held(const Subject& subject, const Settings& settings) {
  return std::make_unique<LockHeld>(subject, settings);
}

}  // namespace cgoscope
