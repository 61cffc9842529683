// An M that enters C, or a system call, takes its thread with it; the scheduler starts another
// thread for the other goroutines. So one call that stays costs one thread, and nothing in Go can
// end it. It does not hold up the collector: the M counts as stopped meanwhile.
//
// What looks the same and is healthy: the runtime's own waits (signal_recv), waiting for a child,
// and event loops. What a thread is doing is known only when it is looked at, so a loop that was
// ever seen waiting for events is taken for one for as long as the call lasts.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <tuple>

#include "probe_cli/detect/call_ages.h"
#include "probe_cli/detect/detector.h"
#include "probe_cli/detect/named_frame.h"
#include "probe_cli/detect/wording.h"

namespace cgoscope {
namespace {

constexpr double kErrorShareOfLimit = 0.1;
constexpr size_t kMostIds = 20;
constexpr int64_t kAtTheAttachNs = 100'000'000;
constexpr int64_t kStartOfMainNs = 1'000'000'000;

enum class Wait : uint8_t { kOther, kHealthy, kEvents, kPoll };

struct WaitRow {
  std::string_view syscall;
  Wait wait;
};
constexpr WaitRow kWaits[] = {
    {"wait4", Wait::kHealthy},     {"waitid", Wait::kHealthy},     {"pause", Wait::kHealthy},
    {"epoll_wait", Wait::kEvents}, {"epoll_pwait", Wait::kEvents}, {"epoll_pwait2", Wait::kEvents},
    {"poll", Wait::kPoll},         {"ppoll", Wait::kPoll},         {"select", Wait::kPoll},
    {"pselect6", Wait::kPoll},
};

Wait wait_of(const MSample& m) {
  if (m.terminal_read) return Wait::kHealthy;
  for (const WaitRow& row : kWaits) {
    if (row.syscall == m.syscall) return row.wait;
  }
  return Wait::kOther;
}

struct AdviceRow {
  std::string_view syscall_prefix;
  std::string_view advice;
};
// How to wait in Go instead.
constexpr AdviceRow kAdvice[] = {
    {"clock_nanosleep", "sleep in Go with time.Sleep"},
    {"nanosleep", "sleep in Go with time.Sleep"},
    {"futex", "wait in Go on a channel or sync.Cond, or take the lock with a timeout"},
    {"read", "hand the descriptor to os.NewFile (non-blocking) and read it in Go"},
    {"recv", "hand the descriptor to os.NewFile or net.FileConn and receive in Go"},
    {"accept", "listen in Go (net.FileListener takes the descriptor)"},
    {"connect", "connect in Go with net.Dialer and a timeout"},
    {"poll", "let Go's netpoller wait for the descriptor (os.NewFile, non-blocking)"},
    {"ppoll", "let Go's netpoller wait for the descriptor (os.NewFile, non-blocking)"},
    {"select", "let Go's netpoller wait for the descriptor (os.NewFile, non-blocking)"},
    {"pselect6", "let Go's netpoller wait for the descriptor (os.NewFile, non-blocking)"},
    {"flock", "try the lock (LOCK_NB) and wait between the tries in Go"},
};

std::string_view wait_in_go(std::string_view syscall) {
  for (const AdviceRow& row : kAdvice) {
    if (syscall.starts_with(row.syscall_prefix)) return row.advice;
  }
  return "move the wait to Go";
}

class StuckM : public Detector {
 public:
  StuckM(const Subject& subject, const Settings& settings)
      : started_by_us_(subject.started_by_us),
        stuck_after_ns_(static_cast<int64_t>(settings("--stuck-after"))),
        error_count_(static_cast<int64_t>(settings("--stuck-threads"))),
        syscall_count_(static_cast<int64_t>(settings("--stuck-syscall-threads"))) {}

  std::vector<LiveFinding> judge(const Sample& sample, const Stacks& stacks) override {
    if (!sample.memory_read) return {};
    ++turn_;
    std::map<Alike, std::vector<Stuck>> groups;
    for (const MSample& m : sample.ms) {
      if (m.runtime_wait || m.goid == 0) continue;
      const Call& call = follow(m, sample);
      if (is_healthy(m, call)) continue;
      const int64_t age_ns = sample.at_ns - std::max(call.since_ns, call.healthy_at_ns);
      if (age_ns < stuck_after_ns_) continue;
      const std::vector<Frame>& go_stack = stacks[m.go_stack];
      const Frame* where = m.in_cgo ? c_call_frame(go_stack) : system_call_frame(go_stack);
      if (!where && (!m.in_cgo || m.c_function.empty())) continue;  // nothing to name
      const Frame place = where ? *where : Frame{};
      groups[{m.in_cgo, m.in_cgo ? m.c_function : m.syscall, place.function, place.file,
              place.line}]
          .push_back({&m, place, age_ns, &call});
    }
    ages_.end_look();
    std::erase_if(calls_, [&](const auto& row) {
      return turn_ - row.second.seen_turn > CallAges::kLooksToForget;
    });

    std::vector<LiveFinding> findings;
    for (auto& [alike, members] : groups) {
      const bool in_cgo = std::get<0>(alike);
      if (!in_cgo && static_cast<int64_t>(members.size()) < syscall_count_) continue;
      std::stable_sort(members.begin(), members.end(),
                       [](const Stuck& a, const Stuck& b) { return a.age_ns > b.age_ns; });
      findings.push_back(describe(members, in_cgo, sample, stacks));
    }
    return findings;
  }

 private:
  // C or not, the C function or the system call, and the Go line.
  using Alike = std::tuple<bool, std::string, std::string, std::string, int>;

  // The call that an M is in.
  struct Call {
    int64_t since_ns = 0;        // it lasts at least since then
    bool before_attach = false;  // it began before the attach
    bool since_start = false;    // the main goroutine's, since the program's first second
    bool event_loop = false;     // it was seen waiting for events
    int64_t healthy_at_ns = 0;   // it was last seen waiting for a child or the like
    int64_t seen_turn = 0;
  };

  struct Stuck {
    const MSample* m;
    Frame where;
    int64_t age_ns;
    const Call* call;
  };

  const Call& follow(const MSample& m, const Sample& sample) {
    const CallAges::Age age = ages_.of(m, sample);
    Call& call = calls_[m.id];
    if (age.is_new) {
      call = {};
      // In the first look, a call whose begin was not seen, though it would have been.
      const SignalSample* begins = find_signal(sample, CG_CGO_CALL);
      const bool would_be_seen = m.in_cgo && begins && begins->state == "attached";
      call.before_attach = turn_ == 1 && !started_by_us_ && m.began_ns == 0 &&
                           (would_be_seen || sample.run_ns <= kAtTheAttachNs);
    }
    call.since_ns = age.since_ns;
    const int64_t attached_at_ns = sample.at_ns - sample.run_ns;
    call.since_start =
        started_by_us_ && m.goid == 1 && call.since_ns - attached_at_ns <= kStartOfMainNs;
    call.seen_turn = turn_;
    const Wait wait = wait_of(m);
    if (wait == Wait::kHealthy) call.healthy_at_ns = sample.at_ns;
    if (wait == Wait::kEvents || (wait == Wait::kPoll && m.locked)) call.event_loop = true;
    return call;
  }

  static bool is_healthy(const MSample& m, const Call& call) {
    const Wait wait = wait_of(m);
    if (wait == Wait::kHealthy) return true;
    if (m.in_cgo) return call.event_loop && !m.locked;
    return wait == Wait::kEvents;
  }

  Severity severity(const std::vector<Stuck>& members, bool in_cgo, const Sample& sample) const {
    const auto count = static_cast<int64_t>(members.size());
    const bool much_of_limit = sample.threads_limit > 0 &&
                               static_cast<double>(count) >=
                                   kErrorShareOfLimit * static_cast<double>(sample.threads_limit);
    if (count >= error_count_ || much_of_limit) return Severity::kError;
    const auto looks_meant = [](const Stuck& each) {
      return each.m->locked && each.call->event_loop;
    };
    if (in_cgo && std::all_of(members.begin(), members.end(), looks_meant)) return Severity::kNote;
    const Stuck& oldest = members.front();
    if (in_cgo && count == 1 && oldest.m->locked &&
        (oldest.call->before_attach || oldest.call->since_start)) {
      return Severity::kNote;
    }
    return Severity::kWarning;
  }

  LiveFinding describe(const std::vector<Stuck>& members, bool in_cgo, const Sample& sample,
                       const Stacks& stacks) const {
    const Stuck& oldest = members.front();
    const auto count = static_cast<int64_t>(members.size());
    StuckMEvidence evidence;
    evidence.ms_count = count;
    evidence.longest_ms = oldest.age_ns / 1'000'000;
    evidence.since_before_attach = oldest.call->before_attach;
    evidence.syscall = usual_syscall(members);
    evidence.threads_total_count = sample.threads;
    evidence.threads_limit_count = sample.threads_limit;

    LiveFinding finding = new_finding("stuck-m", in_cgo ? "cgo" : "syscall",
                                      severity(members, in_cgo, sample), sample);
    finding.wait_reason = "syscall";  // what the runtime's own dumps say, of C calls too
    finding.where = oldest.where;
    if (in_cgo) finding.c_function = oldest.m->c_function;
    finding.stack = stacks[oldest.m->c_stack];
    const std::vector<Frame>& go_stack = stacks[oldest.m->go_stack];
    finding.stack.insert(finding.stack.end(), go_stack.begin(), go_stack.end());
    for (const Stuck& each : members) {
      if (finding.threads.size() == kMostIds) break;
      finding.threads.push_back(each.m->tid);
      finding.goroutines.push_back(each.m->goid);
    }

    const std::string what = !in_cgo                      ? evidence.syscall
                             : finding.c_function.empty() ? "a C call"
                                                          : "C." + finding.c_function;
    finding.message = fmt::format("{} has held {} for {}{}", what, counted(count, "thread"),
                                  count > 1                      ? "up to "
                                  : evidence.since_before_attach ? "at least "
                                                                 : "",
                                  spoken_duration(oldest.age_ns));
    if (const std::string place = spoken_place(finding.where); !place.empty()) {
      finding.message += ": called at " + place;
    }
    if (in_cgo) {
      finding.message += evidence.syscall.empty() ? ", now running"
                         : evidence.syscall == kUnreadSyscall
                             ? ", waiting in a system call that cannot be read"
                             : ", now in " + evidence.syscall;
    }
    if (finding.severity == Severity::kNote) {
      finding.advice =
          "nothing, if this is a GUI or an event loop: its goroutine is locked to the thread, as "
          "such "
          "loops want it; --ignore stuck-m:FUNCTION leaves it out";
    } else {
      finding.advice = fmt::format(
          "give the call a timeout and call it again from a Go loop that looks at its context; or "
          "{}; "
          "or bound how many are in it at once with a semaphore (a buffered channel)",
          wait_in_go(evidence.syscall));
    }
    finding.evidence = std::move(evidence);
    finding.id = live_finding_id(finding);
    return finding;
  }

  // The one that most of them are in; "" when most run.
  static std::string usual_syscall(const std::vector<Stuck>& members) {
    std::map<std::string, size_t> counts;
    for (const Stuck& each : members) ++counts[each.m->syscall];
    std::string usual = members.front().m->syscall;
    for (const auto& [syscall, count] : counts) {
      if (count > counts[usual]) usual = syscall;
    }
    return usual;
  }

  bool started_by_us_;
  int64_t stuck_after_ns_, error_count_, syscall_count_;
  int64_t turn_ = 0;
  CallAges ages_;
  std::map<int64_t, Call> calls_;  // by M
};

}  // namespace

std::unique_ptr<Detector> make_stuck_m(const Subject& subject, const Settings& settings) {
  return std::make_unique<StuckM>(subject, settings);
}

}  // namespace cgoscope
