// A deadlock of a part of the program: goroutines that wait for locks which only others of them can
// unlock, while the rest goes on, so that the runtime never sees it.
//
// Go does not note who holds a lock; what can be seen is who else knows it (process/lock_waits.h).
// So goroutines are taken to be knotted when each waits for a lock that nobody outside of the knot
// knows, and all is the same at the next look. A goroutine that runs might know any of them.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "probe_cli/detect/detector.h"
#include "probe_cli/detect/named_frame.h"
#include "probe_cli/detect/waiting.h"
#include "probe_cli/detect/wording.h"

namespace cgoscope {
namespace {

constexpr size_t kMostAsked = 32;
constexpr size_t kMostWaits = 10, kMostGoids = 20;

using Semaphores = std::set<uint64_t>;

class LockKnot : public Detector {
 public:
  explicit LockKnot(const Settings& settings)
      : after_ns_(static_cast<int64_t>(settings("--lock-after"))) {}

  std::vector<LiveFinding> judge(const Sample& sample, const Stacks& stacks) override {
    if (!sample.goroutines_read) return {};
    const std::map<WaitPlace, Waiting> places = waiting_places(sample, stacks);
    std::vector<LiveFinding> findings;
    if (sample.locks_read) {
      const Semaphores knot = knotted(sample);
      confirmed_ = !knot.empty() && knot == knot_;
      knot_ = knot;
      if (confirmed_) findings.push_back(describe(sample, stacks, places));
    }
    ask(sample, places);
    return findings;
  }

  std::vector<int64_t> wants_locks_of() const override { return asked_; }

 private:
  struct Seen {
    int64_t since_ns = 0;
    int64_t first_goid = 0;
    int64_t asked_ns = 0;
  };

  // Who has waited for a lock for long: once, and again while there is a knot to be confirmed.
  void ask(const Sample& sample, const std::map<WaitPlace, Waiting>& places) {
    asked_.clear();
    std::erase_if(seen_, [&](const auto& row) { return !places.contains(row.first); });
    bool news = false;
    for (const auto& [place, waiting] : places) {
      if (!is_lock(place.reason) || waiting.goids.empty()) continue;
      Seen& seen = seen_[place];
      if (seen.first_goid != waiting.goids.front()) seen = {sample.at_ns, waiting.goids.front(), 0};
      if (sample.at_ns - seen.since_ns < after_ns_) continue;
      news = news || seen.asked_ns == 0 || sample.at_ns - seen.asked_ns >= kAskAgainAfterNs;
      for (const int64_t goid : waiting.goids) {
        if (asked_.size() < kMostAsked) asked_.push_back(goid);
      }
    }
    if (!news && (knot_.empty() || confirmed_)) asked_.clear();
    if (asked_.empty()) return;
    for (auto& [place, seen] : seen_) seen.asked_ns = sample.at_ns;
  }

  // The most locks of which each is known only to goroutines that wait for one of them.
  static Semaphores knotted(const Sample& sample) {
    Semaphores knot;
    if (sample.locks_unseen_count > 0) return knot;
    for (const LockSample& lock : sample.locks) {
      // Of one that nobody else knows it is not told who left it locked.
      if (lock.knowledge != "value" && lock.users_count > 0 &&
          lock.users_count == lock.users.size())
        knot.insert(lock.semaphore);
    }
    size_t before = 0;
    do {
      before = knot.size();
      for (const LockSample& lock : sample.locks) {
        if (std::any_of(lock.users.begin(), lock.users.end(),
                        [&](const LockUserSample& user) { return !knot.contains(user.waits_for); }))
          knot.erase(lock.semaphore);
      }
    } while (knot.size() != before);
    return knot;
  }

  LiveFinding describe(const Sample& sample, const Stacks& stacks,
                       const std::map<WaitPlace, Waiting>& places) const {
    DeadlockEvidence evidence;
    evidence.whole = false;
    LiveFinding finding = new_finding("deadlock", "goroutines", Severity::kWarning, sample);
    for (const LockSample& lock : sample.locks) {
      if (!knot_.contains(lock.semaphore)) continue;
      evidence.goroutines_count += static_cast<int64_t>(lock.waiters_count);
      finding.goroutines.insert(finding.goroutines.end(), lock.waiters.begin(), lock.waiters.end());
    }
    std::sort(finding.goroutines.begin(), finding.goroutines.end());
    std::string chain;
    for (const LockSample& lock : sample.locks) {
      if (!knot_.contains(lock.semaphore)) continue;
      const auto place = std::find_if(places.begin(), places.end(), [&](const auto& row) {
        const std::vector<int64_t>& goids = row.second.goids;
        return std::find(goids.begin(), goids.end(), lock.waiters.front()) != goids.end();
      });
      if (place == places.end()) continue;
      const auto known = std::find_if(
          evidence.waits.begin(), evidence.waits.end(), [&](const DeadlockEvidence::Wait& wait) {
            return wait.reason == place->first.reason && wait.where == place->first.where;
          });
      if (known != evidence.waits.end())
        known->count += static_cast<int64_t>(lock.waiters_count);
      else if (evidence.waits.size() < kMostWaits)
        evidence.waits.push_back(
            {place->first.reason, place->first.where, static_cast<int64_t>(lock.waiters_count)});
      chain += fmt::format("{}{} at {} for one that {} {}", chain.empty() ? "" : "; ",
                           lock.waiters.front(), spoken_place(place->first.where),
                           spoken_users(lock), lock.users.size() == 1 ? "seems to hold" : "know");
      if (lock.waiters.front() != finding.goroutines.front()) continue;
      finding.wait_reason = place->first.reason;
      finding.where = place->first.where;
      finding.stack = stacks[place->second.stack];
    }
    finding.goroutines.resize(std::min(finding.goroutines.size(), kMostGoids));
    finding.message =
        fmt::format("{} seem to wait for one another, each for a lock that others of them hold: {}",
                    counted(evidence.goroutines_count, "goroutine"), chain);
    finding.advice =
        "take locks in one order everywhere, and do not wait for other goroutines while you hold "
        "one; `cgoscope census` shows the stacks";
    finding.evidence = std::move(evidence);
    finding.id = live_finding_id(finding);
    return finding;
  }

  static std::string spoken_users(const LockSample& lock) {
    std::string text;
    for (const LockUserSample& user : lock.users)
      text += (text.empty() ? "" : ", ") + std::to_string(user.goid);
    return text;
  }

  int64_t after_ns_;
  std::map<WaitPlace, Seen> seen_;
  Semaphores knot_;         // at the last look that read locks
  bool confirmed_ = false;  // it was the same at the look before
  std::vector<int64_t> asked_;
};

}  // namespace

std::unique_ptr<Detector> make_lock_knot(const Subject&, const Settings& settings) {
  return std::make_unique<LockKnot>(settings);
}

}  // namespace cgoscope
