// No goroutine can run again. A program without cgo is ended by the runtime itself when that
// happens, and says so; with cgo the runtime never looks (checkdead, src/runtime/proc.go: C might
// call back), and the program hangs in silence. From outside it is seen: every goroutine waits for
// another one, no timer is set, no thread is in a call, and it is the same at the next look.
#include <fmt/format.h>

#include <algorithm>

#include "probe_cli/detect/detector.h"
#include "probe_cli/detect/waiting.h"
#include "probe_cli/detect/wording.h"

namespace cgoscope {
namespace {

constexpr std::string_view kRuntimesWords = "all goroutines are asleep";
constexpr size_t kMostWaits = 10;

// Only another goroutine can end it.
bool is_for_a_goroutine(const std::string& reason) {
  return reason.starts_with("chan ") || reason.starts_with("select") ||
         reason.starts_with("sync.") || reason == "semacquire" || reason == "coroutine";
}

class Deadlock : public Detector {
 public:
  Deadlock(const Subject& subject, const Settings&) : cgo_(subject.cgo) {}

  std::vector<LiveFinding> judge(const Sample& sample, const Stacks& stacks) override {
    const auto last_words = [](const EventSample& event) {
      return event.signal == CG_FATAL && event.text.find(kRuntimesWords) != std::string::npos;
    };
    const bool ended = std::any_of(sample.events.begin(), sample.events.end(), last_words);
    if (sample.goroutines_read) look(sample, stacks);
    // Else it is what was before the deadlock.
    if (ended && !sample.goroutines_read) waits_.clear();
    std::vector<LiveFinding> findings;
    for (const EventSample& event : sample.events) {
      if (!last_words(event)) continue;
      LiveFinding finding = describe(sample, stacks, 0);
      finding.severity = Severity::kError;
      finding.message = "deadlock: the runtime has ended the program, because " + event.text;
      findings.push_back(std::move(finding));
    }
    // Without cgo the runtime sees it itself; that it has not, means that it is none.
    if (!findings.empty() || !cgo_ || !sample.goroutines_read || looks_alike_ < 2) return findings;
    const int64_t foreign = std::max<int64_t>(sample.threads - sample.threads_of_ms, 0);
    LiveFinding finding = describe(sample, stacks, foreign);
    // A library that calls back now and then looks the same, for as long as there is nothing to
    // tell.
    finding.severity = foreign == 0 ? Severity::kError : Severity::kNote;
    if (foreign > 0)
      finding.advice =
          "nothing, if it is for calls back from C that the program waits (a library's events); "
          "else " +
          finding.advice;
    finding.message =
        fmt::format("deadlock: {}, no timer is set and no thread is in a call",
                    count_ == 1 ? "the only goroutine waits for another one"
                                : fmt::format("all {} goroutines wait for one another",
                                              grouped(static_cast<int64_t>(count_))));
    if (foreign > 0)
      finding.message +=
          fmt::format("; {} not the runtime's, and could still call back from C",
                      foreign == 1 ? "1 thread is" : std::to_string(foreign) + " threads are");
    if (const auto first = first_goroutine(); first != waits_.end())
      finding.message += fmt::format("; the first one waits at {} ({})",
                                     spoken_place(first->first.where), first->first.reason);
    findings.push_back(std::move(finding));
    return findings;
  }

 private:
  void look(const Sample& sample, const Stacks& stacks) {
    std::map<WaitPlace, Waiting> waits = waiting_places(sample, stacks);
    uint64_t count = 0;
    bool all_wait = sample.memory_read && sample.live_timers == 0;
    for (const GoroutineSample& one : sample.goroutines) {
      if (one.system) continue;
      count += one.count;
      all_wait = all_wait && one.state == "waiting" && one.stack != kNoStack &&
                 is_for_a_goroutine(one.wait_reason);
    }
    // A system goroutine in a call, os/signal's for example, waits for the world.
    all_wait = all_wait && count > 0 && sample.ms.empty();
    const bool same = std::equal(waits.begin(), waits.end(), waits_.begin(), waits_.end(),
                                 [](const auto& now, const auto& before) {
                                   return now.first == before.first &&
                                          now.second.count == before.second.count &&
                                          now.second.goids == before.second.goids;
                                 });
    looks_alike_ = !all_wait ? 0 : same ? looks_alike_ + 1 : 1;
    waits_ = std::move(waits);
    count_ = count;
  }

  std::map<WaitPlace, Waiting>::const_iterator first_goroutine() const {
    return std::find_if(waits_.begin(), waits_.end(), [](const auto& row) {
      return !row.second.goids.empty() && row.second.goids.front() == 1;
    });
  }

  // Of the last look that saw goroutines, if one did.
  LiveFinding describe(const Sample& sample, const Stacks& stacks, int64_t foreign) const {
    DeadlockEvidence evidence;
    evidence.goroutines_count = static_cast<int64_t>(count_);
    evidence.foreign_threads_count = foreign;
    for (const auto& [place, waiting] : waits_) {
      const auto count = static_cast<int64_t>(waiting.count);
      // Those of other `go` statements follow one another.
      if (!evidence.waits.empty() && evidence.waits.back().reason == place.reason &&
          evidence.waits.back().where == place.where) {
        evidence.waits.back().count += count;
      } else {
        evidence.waits.push_back({place.reason, place.where, count});
      }
    }
    std::stable_sort(evidence.waits.begin(), evidence.waits.end(),
                     [](const auto& a, const auto& b) { return a.count > b.count; });
    evidence.waits.resize(std::min(evidence.waits.size(), kMostWaits));

    LiveFinding finding = new_finding("deadlock", "goroutines", Severity::kWarning, sample);
    if (const auto first = first_goroutine(); first != waits_.end()) {
      finding.wait_reason = first->first.reason;
      finding.where = first->first.where;
      finding.stack = stacks[first->second.stack];
      finding.goroutines = first->second.goids;
    }
    finding.advice =
        "follow who waits for whom, from the first goroutine on: `cgoscope census` shows each with "
        "its stack; a send without a receiver, a lock taken twice or in two orders, or a Wait "
        "without its Done is what it mostly is";
    finding.evidence = std::move(evidence);
    finding.id = live_finding_id(finding);
    return finding;
  }

  bool cgo_;
  std::map<WaitPlace, Waiting> waits_;
  uint64_t count_ = 0;
  int looks_alike_ = 0;
};

}  // namespace

std::unique_ptr<Detector> make_deadlock(const Subject& subject, const Settings& settings) {
  return std::make_unique<Deadlock>(subject, settings);
}

}  // namespace cgoscope
