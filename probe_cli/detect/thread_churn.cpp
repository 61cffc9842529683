// A goroutine that exits while it is locked to its thread takes the thread with it
// (runtime.mexit), and the runtime makes another one. Nothing accumulates: 1000 such goroutines one
// after another peak at 6 threads, so only the rate shows it. sched.nmfreed counts exactly these
// ends, because an M ends for no other reason.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "probe_cli/detect/detector.h"
#include "probe_cli/detect/named_frame.h"
#include "probe_cli/detect/window.h"
#include "probe_cli/detect/wording.h"

namespace cgoscope {
namespace {

constexpr double kLeastShare = 0.05;  // of a window that a signal must be attached to be scaled up
constexpr double kWholeShare = 0.99;
constexpr double kErrorFactor = 10;  // times the rate of the threshold

const Frame& first_frame(const std::vector<Frame>& stack) {
  static const Frame none;
  return stack.empty() ? none : stack.front();
}

using ExitsByPlace = std::map<Frame, uint64_t, FrameOrder>;  // by the goroutine's function

struct Entry {
  int64_t at_ns = 0;
  ExitsByPlace exits;
  int64_t exits_attached_ns = 0;
  uint64_t starts = 0;
  int64_t starts_attached_ns = 0;
  std::optional<int64_t> created, freed;  // from memory
};

// Per second between the first and the last entry that know it; 0 when fewer than two do.
double memory_rate(const Window<Entry>& window, std::optional<int64_t> Entry::* counter) {
  const Entry *first = nullptr, *last = nullptr;
  for (const Entry& entry : window.entries()) {
    if (!(entry.*counter)) continue;
    if (!first) first = &entry;
    last = &entry;
  }
  if (!first || first == last) return 0;
  const double change =
      static_cast<double>(*(last->*counter)) - static_cast<double>(*(first->*counter));
  return std::max(0.0, change * 1e9 / static_cast<double>(last->at_ns - first->at_ns));
}

double attached_share(const Window<Entry>& window, int64_t Entry::* attached_ns) {
  const auto attached = static_cast<double>(window.back().*attached_ns) -
                        static_cast<double>(window.front().*attached_ns);
  return std::clamp(attached / static_cast<double>(window.span_ns()), 0.0, 1.0);
}

class ThreadChurn : public Detector {
 public:
  ThreadChurn(const Subject& subject, const Settings& settings)
      : started_by_us_(subject.started_by_us),
        window_s_(settings("--churn-window") / 1e9),
        rate_(settings("--churn-rate")),
        last_exits_(settings("--churn-exits")),
        window_(static_cast<int64_t>(settings("--churn-window")), 1) {}

  std::vector<LiveFinding> judge(const Sample& sample, const Stacks& stacks) override {
    unseen_locks_ = std::any_of(sample.churn.begin(), sample.churn.end(),
                                [](const ChurnSample& churn) { return churn.lock == kNoStack; });
    if (window_.empty() && sample.run_ns > 0) window_.add(at_the_attach(sample));
    window_.add(entry_of(sample, stacks));
    if (window_.span_ns() <= 0) return {};

    const double span_s = static_cast<double>(window_.span_ns()) / 1e9;
    // Until the window is full, what makes a full one guilty is enough.
    double needed = rate_ * std::max(span_s, window_s_);
    if (sample.last) needed = std::min(needed, last_exits_);

    const double share = attached_share(window_, &Entry::exits_attached_ns);
    ExitsByPlace recent;
    double seen = 0;
    for (const auto& [place, exits] : window_.back().exits) {
      const auto before = window_.front().exits.find(place);
      const uint64_t base = before == window_.front().exits.end() ? 0 : before->second;
      if (exits <= base) continue;
      recent.emplace(place, exits - base);
      seen += static_cast<double>(exits - base);
    }
    // Seen while attached for only part of the time, they stand for the rest too.
    const double scale = share >= kLeastShare ? 1 / share : 1;
    const double freed = memory_rate(window_, &Entry::freed) * span_s;
    const double total = std::max(seen * scale, freed);
    if (total < needed) return {};

    std::vector<LiveFinding> findings;
    const Rates rates{created_per_s(span_s), total / span_s,
                      share < kWholeShare && freed < seen * scale};
    if (recent.empty()) {
      findings.push_back(unknown(sample, rates));
      return findings;
    }
    const Frame* top = nullptr;
    uint64_t most = 0;
    for (const auto& [place, exits] : recent) {
      if (exits > most) {
        most = exits;
        top = &place;
      }
      const double here = seen > 0 ? total * static_cast<double>(exits) / seen : 0;
      if (here >= needed) {
        findings.push_back(
            describe(place, 0, sample, stacks, {rates.created, here / span_s, rates.about}));
      }
    }
    if (findings.empty() && top) {
      findings.push_back(describe(*top, recent.size() - 1, sample, stacks, rates));
    }
    return findings;
  }

  // Of who exits locked since before we came, only the end tells who it was.
  bool wants(cg_signal signal) const override {
    return unseen_locks_ && signal == CG_GOROUTINE_EXIT;
  }

 private:
  struct Rates {
    double created = 0, destroyed = 0;  // per second
    bool about = false;
  };

  Entry at_the_attach(const Sample& first) const {
    Entry entry;
    entry.at_ns = first.at_ns - first.run_ns;
    if (started_by_us_) entry.created = entry.freed = 0;
    return entry;
  }

  static Entry entry_of(const Sample& sample, const Stacks& stacks) {
    Entry entry;
    entry.at_ns = sample.at_ns;
    for (const ChurnSample& churn : sample.churn) {
      entry.exits[first_frame(stacks[churn.started])] += churn.exits;
    }
    if (const SignalSample* signal = find_signal(sample, CG_THREAD_EXIT)) {
      entry.exits_attached_ns = signal->attached_ns;
    }
    if (const SignalSample* signal = find_signal(sample, CG_THREAD_START)) {
      entry.starts = signal->books.hits;
      entry.starts_attached_ns = signal->attached_ns;
    }
    if (sample.memory_read) {
      entry.created = sample.threads_created;
      entry.freed = sample.threads_freed;
    }
    return entry;
  }

  double created_per_s(double span_s) const {
    const double by_memory = memory_rate(window_, &Entry::created);
    const double share = attached_share(window_, &Entry::starts_attached_ns);
    const double starts =
        static_cast<double>(window_.back().starts) - static_cast<double>(window_.front().starts);
    const double by_signal = share >= kLeastShare ? std::max(0.0, starts) / share / span_s : 0;
    return std::max(by_memory, by_signal);
  }

  LiveFinding begin(const Sample& sample, const Rates& rates) const {
    LiveFinding finding = new_finding(
        "thread-churn", "threads",
        rates.destroyed >= rate_ * kErrorFactor ? Severity::kError : Severity::kWarning, sample);
    return finding;
  }

  LiveFinding describe(const Frame& place, size_t others, const Sample& sample,
                       const Stacks& stacks, const Rates& rates) const {
    LiveFinding finding = begin(sample, rates);
    finding.where = place;
    ThreadChurnEvidence evidence;
    evidence.created_per_s = rates.created;
    evidence.destroyed_per_s = rates.destroyed;
    StackId started = kNoStack, lock = kNoStack;
    uint64_t most_started = 0, most_locked = 0;
    for (const ChurnSample& churn : sample.churn) {
      if (!(first_frame(stacks[churn.started]) == place)) continue;
      if (started == kNoStack) started = churn.started;
      if (!stacks[churn.go].empty() && churn.exits >= most_started) {
        most_started = churn.exits;
        evidence.started = stacks[churn.go].front();
      }
      if (!stacks[churn.lock].empty() && churn.exits >= most_locked) {
        most_locked = churn.exits;
        lock = churn.lock;
      }
    }
    // LockOSThread's own frames are no news.
    for (const Frame& frame : stacks[lock]) {
      if (is_runtime_function(frame.function)) continue;
      evidence.locked = frame;
      break;
    }
    finding.stack = stacks[lock != kNoStack ? lock : started];
    const std::string name =
        place.function.empty() ? "a goroutine whose function is not known" : place.function;
    finding.message = fmt::format(
        "{}{} threads a second are destroyed: goroutines of {} exit while locked to them",
        rates.about ? "about " : "", spoken_number(rates.destroyed), name);
    if (others > 0) {
      finding.message += fmt::format(" (the most of {} functions)", others + 1);
    }
    if (const std::string at = spoken_place(evidence.locked); !at.empty()) {
      finding.message += ", locked at " + at;
    } else {
      finding.message += "; where they locked was not seen, it was before the attach";
    }
    if (const std::string at = spoken_place(evidence.started); !at.empty()) {
      finding.message += ", started at " + at;
    }
    finding.advice =
        "call runtime.UnlockOSThread (with defer) as often as LockOSThread before the goroutine "
        "returns; if the thread must not be used again, keep one goroutine locked and send it the "
        "work";
    finding.evidence = std::move(evidence);
    finding.id = live_finding_id(finding);
    return finding;
  }

  LiveFinding unknown(const Sample& sample, const Rates& rates) const {
    LiveFinding finding = begin(sample, rates);
    finding.evidence = ThreadChurnEvidence{rates.created, rates.destroyed, {}, {}};
    std::string why = "the signal thread-exit was not recorded";
    if (const SignalSample* signal = find_signal(sample, CG_THREAD_EXIT)) {
      why = "the signal thread-exit is " + signal->state;
      if (!signal->reason.empty()) why += " (" + signal->reason + ")";
    }
    finding.message = fmt::format(
        "{} threads a second are destroyed, which the runtime does only when goroutines exit while "
        "locked "
        "to "
        "them; which goroutines is not known: {}",
        spoken_number(rates.destroyed), why);
    finding.advice =
        "look for runtime.LockOSThread without UnlockOSThread; --signals all attaches what names "
        "the "
        "place";
    finding.id = live_finding_id(finding);
    return finding;
  }

  bool started_by_us_;
  double window_s_, rate_, last_exits_;
  Window<Entry> window_;
  bool unseen_locks_ = false;
};

}  // namespace

std::unique_ptr<Detector> make_thread_churn(const Subject& subject, const Settings& settings) {
  return std::make_unique<ThreadChurn>(subject, settings);
}

}  // namespace cgoscope
