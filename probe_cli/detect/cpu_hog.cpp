// Since Go 1.14 the runtime interrupts a goroutine that has run for more than 10 ms, so that others
// get their turn: sysmon sends its thread a signal. A goroutine that computes for a while is
// interrupted here and there in its code; one that is stuck in a loop is interrupted 20 to 100
// times a second, second after second, and always in that loop.
#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <map>
#include <set>

#include "probe_cli/detect/detector.h"
#include "probe_cli/detect/named_frame.h"
#include "probe_cli/detect/wording.h"

namespace cgoscope {
namespace {

constexpr double kOneLoop = 0.9;  // of the interruptions that must be in the loop's function
constexpr size_t kInnermost = 2;  // frames in which the loop's function may be: itself, or what
                                  // it calls
constexpr int64_t kShortestNs = 300'000'000;  // of an interval that says anything
constexpr size_t kMostGoroutines = 20;

// The innermost frames outside the runtime.
std::vector<const Frame*> innermost(const std::vector<Frame>& stack) {
  std::vector<const Frame*> frames;
  for (const Frame& frame : stack) {
    if (is_runtime_function(frame.function)) continue;
    frames.push_back(&frame);
    if (frames.size() == kInnermost) break;
  }
  return frames;
}

struct Interval {
  int64_t from_ns = 0, to_ns = 0;
  double attached_ns = 0;
  std::map<int64_t, std::map<StackId, uint64_t>> hits;  // by goroutine
};

class CpuHog : public Detector {
 public:
  explicit CpuHog(const Settings& settings)
      : after_ns_(static_cast<int64_t>(settings("--hog-after"))),
        rate_(settings("--hog-preemptions")) {}

  std::vector<LiveFinding> judge(const Sample& sample, const Stacks& stacks) override {
    if (!add(sample)) return {};
    std::vector<LiveFinding> findings;
    std::map<std::string, Loop> loops;  // by function
    for (const auto& [goid, since_ns] : since_) {
      if (sample.at_ns - since_ns < after_ns_) continue;
      if (const std::optional<Loop> loop = loop_of(goid, since_ns, stacks)) {
        Loop& all = loops[loop->where.function];
        if (all.goroutines.empty()) all = *loop;
        all.goroutines.push_back(goid);
        all.since_ns = std::min(all.since_ns, since_ns);
      }
    }
    for (auto& [function, loop] : loops) {
      // It stays at the line that it was named by.
      loop.where = named_.try_emplace(function, loop.where).first->second;
      findings.push_back(describe(loop, sample, stacks));
    }
    return findings;
  }

 private:
  struct Loop {
    Frame where;
    StackId stack = kNoStack;
    int64_t since_ns = 0;
    double per_s = 0;  // of one of its goroutines
    std::vector<int64_t> goroutines;
  };

  // False when the interval is too short to judge by; it is then part of the next one.
  bool add(const Sample& sample) {
    const SignalSample* signal = find_signal(sample, CG_PREEMPT);
    const double attached_ns = signal ? static_cast<double>(signal->attached_ns) : 0;
    if (last_ns_ != 0 && sample.at_ns <= last_ns_) {  // another recording
      intervals_.clear();
      open_ = {};
      last_ns_ = 0;
    }
    if (last_ns_ == 0) {
      last_ns_ = sample.at_ns - std::max<int64_t>(sample.run_ns, 0);
      attached_before_ns_ = 0;
    }
    for (const PreemptionSample& each : sample.preemptions)
      open_.hits[each.goid][each.stack] += each.count;
    if (sample.at_ns - last_ns_ < kShortestNs) return false;
    open_.from_ns = last_ns_;
    open_.to_ns = sample.at_ns;
    open_.attached_ns = attached_ns - attached_before_ns_;
    attached_before_ns_ = attached_ns;
    last_ns_ = sample.at_ns;
    intervals_.push_back(std::move(open_));
    open_ = {};
    // The newest ones that cover the time; what went on longer is known by `since_`.
    while (intervals_.size() > 1 && intervals_[1].from_ns <= sample.at_ns - after_ns_)
      intervals_.pop_front();
    update_since();
    return true;
  }

  static double per_s(const std::map<StackId, uint64_t>& hits, double attached_ns) {
    if (attached_ns <= 0) return 0;
    double all = 0;
    for (const auto& [stack, count] : hits) all += static_cast<double>(count);
    return all * 1e9 / attached_ns;
  }

  // Since when each goroutine has been interrupted often enough in each interval.
  void update_since() {
    const Interval& newest = intervals_.back();
    std::map<int64_t, int64_t> since;
    for (const auto& [goid, hits] : newest.hits) {
      if (per_s(hits, newest.attached_ns) < rate_) continue;
      const auto before = since_.find(goid);
      since[goid] = before == since_.end() ? newest.from_ns : before->second;
    }
    since_ = std::move(since);
  }

  // The function that is among the innermost frames of nearly all interruptions; the inner one of
  // two.
  std::optional<Loop> loop_of(int64_t goid, int64_t since_ns, const Stacks& stacks) const {
    std::map<std::string, double> functions;
    std::map<Frame, std::pair<double, StackId>, FrameOrder> lines;
    double all = 0, seconds = 0;
    const std::string* inner = nullptr;
    uint64_t most = 0;
    for (const Interval& interval : intervals_) {
      const auto at = interval.hits.find(goid);
      if (at == interval.hits.end()) continue;
      seconds += interval.attached_ns / 1e9;
      for (const auto& [id, count] : at->second) {
        const auto hits = static_cast<double>(count);
        all += hits;
        std::set<std::string> seen;
        for (const Frame* frame : innermost(stacks[id])) {
          if (seen.insert(frame->function).second) functions[frame->function] += hits;
          lines[*frame].first += hits;
          lines[*frame].second = id;
          if (seen.size() == 1 && count > most) {
            most = count;
            inner = &frame->function;
          }
        }
      }
    }
    std::string function;
    for (const auto& [name, hits] : functions) {
      if (hits < kOneLoop * all) continue;
      if (function.empty() || (inner != nullptr && name == *inner)) function = name;
    }
    if (function.empty()) return std::nullopt;
    Loop loop;
    loop.since_ns = since_ns;
    loop.per_s = seconds > 0 ? all / seconds : 0;
    double most_hits = 0;
    for (const auto& [frame, hits] : lines) {
      if (frame.function != function || hits.first <= most_hits) continue;
      most_hits = hits.first;
      loop.where = frame;
      loop.stack = hits.second;
    }
    return loop;
  }

  static LiveFinding describe(const Loop& loop, const Sample& sample, const Stacks& stacks) {
    CpuHogEvidence evidence;
    evidence.goroutines_count = static_cast<int64_t>(loop.goroutines.size());
    evidence.preempted_per_s = loop.per_s;
    evidence.longest_ms = (sample.at_ns - loop.since_ns) / 1'000'000;

    LiveFinding finding = new_finding("cpu-hog", "scheduler", Severity::kWarning, sample);
    finding.where = loop.where;
    finding.stack = stacks[loop.stack];
    finding.goroutines = loop.goroutines;
    if (finding.goroutines.size() > kMostGoroutines) finding.goroutines.resize(kMostGoroutines);
    finding.message = fmt::format(
        "{} not let go of the CPU for {}, and {} to be interrupted in one loop again and again: at "
        "{}",
        evidence.goroutines_count == 1 ? "a goroutine has"
                                       : counted(evidence.goroutines_count, "goroutine") + " have",
        spoken_duration(sample.at_ns - loop.since_ns),
        evidence.goroutines_count == 1 ? "has" : "have", spoken_place(loop.where));
    finding.advice =
        "a loop that waits for something should wait on a channel, a sync.Cond or a timer; one "
        "that "
        "computes should be split, or run with fewer goroutines than GOMAXPROCS, so that the "
        "others "
        "get their turn in time";
    finding.evidence = evidence;
    finding.id = live_finding_id(finding);
    return finding;
  }

  int64_t after_ns_;
  double rate_;
  std::deque<Interval> intervals_;
  Interval open_;  // not yet long enough
  int64_t last_ns_ = 0;
  double attached_before_ns_ = 0;
  std::map<int64_t, int64_t> since_;  // by goroutine
  std::map<std::string, Frame> named_;
};

}  // namespace

std::unique_ptr<Detector> make_cpu_hog(const Subject&, const Settings& settings) {
  return std::make_unique<CpuHog>(settings);
}

}  // namespace cgoscope
