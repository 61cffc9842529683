#include <algorithm>
#include <functional>

#include "findings/glob.h"
#include "probe_cli/detect/detector.h"

namespace cgoscope {
namespace {

constexpr double kMostNs = 9e18;  // in a 64-bit integer

bool contains(const std::vector<std::string>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

bool fits_function(std::string_view glob, const LiveFinding& finding) {
  if (glob_matches(glob, finding.where.function)) return true;
  if (!finding.c_function.empty() &&
      (glob_matches(glob, finding.c_function) || glob_matches(glob, "C." + finding.c_function))) {
    return true;
  }
  return std::any_of(finding.stack.begin(), finding.stack.end(),
                     [&](const Frame& frame) { return glob_matches(glob, frame.function); });
}

bool is_ignored(const Selection& selection, const LiveFinding& finding) {
  return std::any_of(selection.ignore.begin(), selection.ignore.end(), [&](std::string_view entry) {
    const size_t colon = entry.find(':');
    if (!glob_matches(entry.substr(0, colon), finding.rule)) return false;
    return colon == std::string_view::npos || fits_function(entry.substr(colon + 1), finding);
  });
}

// The number that says how bad it is.
struct MainNumber {
  double operator()(const StuckMEvidence& evidence) const {
    return static_cast<double>(evidence.ms_count);
  }
  double operator()(const ThreadChurnEvidence& evidence) const { return evidence.destroyed_per_s; }
  double operator()(const TimerFloodEvidence& evidence) const {
    return evidence.kept ? static_cast<double>(evidence.live_count) : evidence.abandoned_per_s;
  }
  double operator()(const GoroutineLeakEvidence& evidence) const {
    return static_cast<double>(evidence.goroutines_count);
  }
  double operator()(const LockHeldEvidence& evidence) const {
    return static_cast<double>(evidence.waiters_count);
  }
  double operator()(const DeadlockEvidence&) const { return 1; }
  double operator()(const PanicEvidence&) const { return 0; }  // it happens once
  double operator()(const GoroutineFloodEvidence& evidence) const {
    return evidence.goroutines_count > 0 ? static_cast<double>(evidence.goroutines_count)
                                         : evidence.growth_per_s;
  }
  double operator()(const ForcedGcEvidence& evidence) const { return evidence.forced_per_s; }
  double operator()(const GoschedSpinEvidence&) const { return 0; }  // how fast says nothing
  double operator()(const CpuHogEvidence& evidence) const {
    return static_cast<double>(evidence.goroutines_count);
  }
  double operator()(const FinalizerStallEvidence& evidence) const {
    return static_cast<double>(evidence.longest_ms);  // of a proof, how often it holds says nothing
  }
};

bool is_deadlock(const LiveFinding& finding, bool whole) {
  const auto* deadlock = std::get_if<DeadlockEvidence>(&finding.evidence);
  return deadlock != nullptr && deadlock->whole == whole;
}

// One cause, one finding: a deadlock is why goroutines pile up before a lock, a lock that is held
// is why those at it are ever more, and so is a `go` statement that outruns their ends.
void leave_causes(std::map<std::string, LiveFinding>& findings) {
  const auto has = [&](std::string_view rule, const Frame* where) {
    return std::any_of(findings.begin(), findings.end(), [&](const auto& row) {
      return row.second.rule == rule && (where == nullptr || row.second.where == *where);
    });
  };
  const auto in_deadlock = [&](const LiveFinding& finding) {
    return std::any_of(findings.begin(), findings.end(), [&](const auto& row) {
      const auto* deadlock = std::get_if<DeadlockEvidence>(&row.second.evidence);
      return deadlock != nullptr &&
             (deadlock->whole || std::any_of(deadlock->waits.begin(), deadlock->waits.end(),
                                             [&](const DeadlockEvidence::Wait& wait) {
                                               return wait.where == finding.where;
                                             }));
    });
  };
  const bool whole = std::any_of(findings.begin(), findings.end(),
                                 [](const auto& row) { return is_deadlock(row.second, true); });
  std::erase_if(findings, [&](const auto& row) {
    const LiveFinding& finding = row.second;
    if (is_deadlock(finding, false)) return whole;
    if (finding.rule == "lock-held") return in_deadlock(finding);
    if (finding.rule != "goroutine-leak") return false;
    const Frame& started = std::get<GoroutineLeakEvidence>(finding.evidence).started;
    return in_deadlock(finding) || has("lock-held", &finding.where) ||
           has("goroutine-flood", &started);
  });
}

bool is_worse(const LiveFinding& now, const LiveFinding& then) {
  if (now.severity != then.severity) return now.severity > then.severity;
  const double number = std::visit(MainNumber{}, now.evidence);
  return number > 0 && number >= 2 * std::visit(MainNumber{}, then.evidence);
}

bool is_nameless(const LiveFinding& finding) {
  return finding.where.function.empty() && finding.c_function.empty();
}

}  // namespace

Judge::Judge(const Subject& subject, const Settings& settings, Selection selection,
             std::optional<PredictedFindings> predicted)
    : settings_(settings),
      selection_(std::move(selection)),
      long_calls_(static_cast<int64_t>(settings("--stuck-after"))),
      predicted_(std::move(predicted)) {
  const struct {
    std::string_view rule;
    std::unique_ptr<Detector> (*make)(const Subject&, const Settings&);
  } rows[] = {{"deadlock", make_deadlock},
              {"deadlock", make_lock_knot},
              {"goroutine-leak", make_goroutine_leak},
              {"lock-held", make_lock_held},
              {"stuck-m", make_stuck_m},
              {"thread-churn", make_thread_churn},
              {"timer-flood", make_timer_flood},
              {"panic", make_panic},
              {"goroutine-flood", make_goroutine_flood},
              {"forced-gc", make_forced_gc},
              {"gosched-spin", make_gosched_spin},
              {"cpu-hog", make_cpu_hog},
              {"finalizer-stall", make_finalizer_stall}};
  for (const auto& row : rows) {
    if (judges_by(row.rule)) detectors_.push_back(row.make(subject, settings));
  }
}

bool Judge::judges_by(std::string_view rule) const {
  return (selection_.only.empty() || contains(selection_.only, rule)) &&
         !contains(selection_.without, rule);
}

std::vector<LiveFinding> Judge::judge(const Sample& sample, const Stacks& stacks) {
  long_calls_.look(sample, stacks);
  std::map<std::string, LiveFinding> current;
  for (const auto& detector : detectors_) {
    for (LiveFinding& finding : detector->judge(sample, stacks)) {
      if (is_ignored(selection_, finding)) continue;
      const auto [at, is_new] = current.try_emplace(finding.id, finding);
      // Two of one name (two system calls on one line) are one finding: the worse.
      if (!is_new && is_worse(finding, at->second)) at->second = std::move(finding);
    }
  }

  leave_causes(current);

  std::vector<LiveFinding> news;
  for (auto& [id, finding] : current) {
    // One cause, one finding: what cannot be named now and can at another time is not said twice.
    const auto of_rule = [&](const auto& row) { return row.second.rule == finding.rule; };
    if (is_nameless(finding)) {
      if (std::any_of(latest_.begin(), latest_.end(),
                      [&](const auto& row) { return of_rule(row) && !is_nameless(row.second); })) {
        continue;
      }
    } else {
      std::erase_if(latest_,
                    [&](const auto& row) { return of_rule(row) && is_nameless(row.second); });
    }
    if (const auto before = latest_.find(id); before != latest_.end()) {
      finding.first_seen_ns = before->second.first_seen_ns;
    }
    if (predicted_) name_prediction(finding, *predicted_);
    latest_.insert_or_assign(id, finding);
    const auto said = reported_.find(id);
    if (said != reported_.end() && !is_worse(finding, said->second)) continue;
    reported_.insert_or_assign(id, finding);
    news.push_back(finding);
  }
  std::stable_sort(news.begin(), news.end(), [](const LiveFinding& a, const LiveFinding& b) {
    return a.severity > b.severity;
  });
  return news;
}

bool Judge::wants(cg_signal signal) const {
  return std::any_of(detectors_.begin(), detectors_.end(),
                     [&](const auto& detector) { return detector->wants(signal); });
}

std::vector<int64_t> Judge::wants_locks_of() const {
  std::vector<int64_t> goids;
  for (const auto& detector : detectors_) {
    const std::vector<int64_t> more = detector->wants_locks_of();
    goids.insert(goids.end(), more.begin(), more.end());
  }
  return goids;
}

std::optional<LintComparison> Judge::lint() const {
  if (!predicted_) return std::nullopt;
  return compare(*predicted_, long_calls_.rows(), long_calls_.long_ns());
}

std::vector<NotRuledOut> Judge::not_ruled_out(int64_t run_ns, int64_t look_ns) const {
  std::vector<NotRuledOut> rows;
  for (const Rule& rule : rules()) {
    const double needs_ns = std::min(rule.run_ns(settings_, static_cast<double>(look_ns)), kMostNs);
    if (!judges_by(rule.name) || static_cast<double>(run_ns) >= needs_ns ||
        std::ranges::any_of(latest_, [&](const auto& row) { return row.second.rule == rule.name; }))
      continue;
    rows.push_back({rule.name, static_cast<int64_t>(needs_ns)});
  }
  std::ranges::stable_sort(rows, std::greater{}, &NotRuledOut::needs_ns);
  return rows;
}

std::vector<LiveFinding> Judge::all() const {
  std::vector<LiveFinding> findings;
  for (const auto& [id, finding] : latest_) findings.push_back(finding);
  std::stable_sort(findings.begin(), findings.end(),
                   [](const LiveFinding& a, const LiveFinding& b) {
                     return std::pair(-static_cast<int>(a.severity), a.first_seen_ns) <
                            std::pair(-static_cast<int>(b.severity), b.first_seen_ns);
                   });
  return findings;
}

}  // namespace cgoscope
