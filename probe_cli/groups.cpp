#include "probe_cli/groups.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace cgoscope {
namespace {

constexpr SignalGroup kAllGroups[] = {
    SignalGroup::kThreads,     SignalGroup::kDeaths,      SignalGroup::kCgo,
    SignalGroup::kTimers,      SignalGroup::kGoroutines,  SignalGroup::kHandoffs,
    SignalGroup::kParks,       SignalGroup::kCollections, SignalGroup::kYields,
    SignalGroup::kPreemptions, SignalGroup::kFinalizers,  SignalGroup::kFinalizerRuns};
static_assert(std::size(kAllGroups) == kSignalGroups);

// Too dear to be attached all the time. Handoffs are too, and no rule needs them.
constexpr SignalGroup kOnStandby[] = {SignalGroup::kParks, SignalGroup::kGoroutines,
                                      SignalGroup::kYields};

SignalGroup group_of(cg_signal signal) { return signal_rows()[signal].group; }
size_t index(SignalGroup group) { return static_cast<size_t>(group); }

}  // namespace

std::vector<Wish> wishes_for(const std::vector<std::string>& names) {
  const auto named = [&](std::string_view name) {
    return std::find(names.begin(), names.end(), name) != names.end();
  };
  std::vector<Wish> wishes;
  for (const SignalRow& row : signal_rows()) {
    const bool on_standby = std::ranges::find(kOnStandby, row.group) != std::end(kOnStandby);
    const bool by_auto = named("auto") && row.group != SignalGroup::kHandoffs;
    wishes.push_back(named("all") || named(row.name) ? Wish::kYes
                     : by_auto && on_standby         ? Wish::kStandby
                     : by_auto                       ? Wish::kYes
                                                     : Wish::kNo);
  }
  return wishes;
}

Groups::Groups(Attachment& attachment, std::vector<PlannedSignal> signals, std::vector<Wish> wishes,
               Budget budget, HitCost cost)
    : attachment_(attachment),
      signals_(std::move(signals)),
      wishes_(std::move(wishes)),
      budget_(std::move(budget)),
      cost_(cost) {
  for (const PlannedSignal& planned : signals_) {
    if (planned.state == SignalState::kReady && wishes_[planned.signal] == Wish::kYes)
      groups_[index(group_of(planned.signal))].wanted = true;
  }
}

double Groups::hit_cost_ns(cg_signal signal) const {
  const PlannedSignal& planned = signals_[signal];
  const bool stepped = !planned.sites.empty() && planned.sites[0].kind == SiteKind::kStepped;
  return stepped ? cost_.stepped_ns : cost_.emulated_ns;
}

void Groups::attach(SignalGroup group) {
  Group& state = groups_[index(group)];
  if (!state.failed.empty()) return;
  const Result<bool> attached = attachment_.attach(group);
  if (!attached) {
    state.failed = attached.error().message();
    tell(group, "not attached: " + state.failed);
  }
}

// While the run goes on: a call that returns unseen would seem to last.
void Groups::detach(SignalGroup group) {
  attachment_.detach(group);
  if (group == SignalGroup::kCgo) attachment_.forget_cgo_calls();
}

bool Groups::begin(int64_t now_ns) {
  interval_began_ns_ = now_ns;
  for (const SignalGroup group : kAllGroups) {
    if (groups_[index(group)].wanted) attach(group);
  }
  return std::all_of(groups_.begin(), groups_.end(),
                     [](const Group& group) { return group.failed.empty(); });
}

void Groups::follow(const std::function<bool(cg_signal)>& wanted) {
  for (const SignalGroup group : kOnStandby) {
    const bool wants = std::ranges::any_of(signal_rows(), [&](const SignalRow& row) {
      return row.group == group && wanted(row.signal);
    });
    wants ? want(group) : release(group);
  }
}

void Groups::want(SignalGroup group) {
  Group& state = groups_[index(group)];
  const bool on_standby =
      std::any_of(signals_.begin(), signals_.end(), [&](const PlannedSignal& planned) {
        return group_of(planned.signal) == group && planned.state == SignalState::kReady &&
               wishes_[planned.signal] != Wish::kNo;
      });
  if (state.wanted || !on_standby) return;
  state.wanted = true;
  attach(group);
}

void Groups::release(SignalGroup group) {
  Group& state = groups_[index(group)];
  const bool asked_for =
      std::any_of(signals_.begin(), signals_.end(), [&](const PlannedSignal& planned) {
        return group_of(planned.signal) == group && wishes_[planned.signal] == Wish::kYes;
      });
  if (!state.wanted || asked_for) return;
  detach(group);
  const std::string failed = state.failed;
  state = {};
  state.failed = failed;
  state.attached_before_ns = attachment_.attached_ns(group);
}

std::optional<int64_t> Groups::next_change_ns() const {
  std::optional<int64_t> next;
  for (const Group& group : groups_) {
    if (group.let_go_at_ns && (!next || *group.let_go_at_ns < *next)) next = group.let_go_at_ns;
  }
  return next;
}

void Groups::let_go(int64_t now_ns) {
  for (const SignalGroup group : kAllGroups) {
    Group& state = groups_[index(group)];
    if (!state.let_go_at_ns || *state.let_go_at_ns > now_ns) continue;
    state.let_go_at_ns.reset();
    detach(group);
  }
}

void Groups::tell(SignalGroup group, std::string_view what) {
  news_.push_back(fmt::format("{}: {}", signal_group_name(group), what));
}

std::array<double, kSignalGroups> Groups::reckon() {
  std::array<double, kSignalGroups> costs_ns{};
  for (const PlannedSignal& planned : signals_) {
    const uint64_t hits = attachment_.totals(planned.signal).books.hits;
    const uint64_t new_hits = hits - hits_before_[planned.signal];
    hits_before_[planned.signal] = hits;
    const double cost_ns = static_cast<double>(new_hits) * hit_cost_ns(planned.signal);
    costs_ns[index(group_of(planned.signal))] += cost_ns;
    cost_ns_ += cost_ns;
    hits_ += new_hits;
  }
  return costs_ns;
}

void Groups::end() {
  attachment_.detach(kAllGroups);
  reckon();
}

void Groups::interval_over(int64_t now_ns) {
  const int64_t interval_ns = std::max<int64_t>(now_ns - interval_began_ns_, 1);
  interval_began_ns_ = now_ns;
  const std::array<double, kSignalGroups> costs_ns = reckon();

  std::vector<GroupLoad> loads;
  for (const SignalGroup group : kAllGroups) {
    Group& state = groups_[index(group)];
    if (!state.wanted || !state.failed.empty()) continue;
    const int64_t attached = attachment_.attached_ns(group);
    loads.push_back({group, attached - state.attached_before_ns, costs_ns[index(group)]});
    state.attached_before_ns = attached;
  }
  for (const GroupShare& next : budget_.plan(loads)) {
    Group& state = groups_[index(next.group)];
    if (next.share == 0 && state.share != 0)
      tell(next.group, "detached: over the budget even part-time; tried again from time to time");
    if (next.share != 0 && state.share == 0) tell(next.group, "attached again");
    if (next.share < 1 && next.share != 0 && !state.was_part_time) {
      state.was_part_time = true;
      tell(next.group, "attached part-time, to stay within the budget; its rates are scaled");
    }
    state.share = next.share;
    state.let_go_at_ns.reset();
    if (next.share == 0) {
      detach(next.group);
      state.attached_before_ns = attachment_.attached_ns(next.group);
      continue;
    }
    attach(next.group);
    if (next.share < 1)
      state.let_go_at_ns =
          now_ns + static_cast<int64_t>(next.share * static_cast<double>(interval_ns));
  }
}

double Groups::ns_per_hit() const {
  return hits_ > 0 ? cost_ns_ / static_cast<double>(hits_) : cost_.emulated_ns;
}

std::vector<SignalSample> Groups::signal_samples() const {
  std::vector<SignalSample> samples;
  for (const PlannedSignal& planned : signals_) {
    SignalSample sample;
    sample.signal = planned.signal;
    const Group& group = groups_[index(group_of(planned.signal))];
    const Wish wish = wishes_[planned.signal];
    if (planned.state == SignalState::kAbsent) {
      sample.state = "absent";
      sample.reason = planned.reason;
    } else if (planned.state == SignalState::kRefused) {
      sample.state = "refused";
      sample.reason = planned.reason;
    } else if (!group.failed.empty()) {
      sample.state = "refused";
      sample.reason = group.failed;
    } else if (wish == Wish::kNo) {
      sample.state = "standby";
      sample.reason = "off unless --signals asks for it";
    } else if (!group.wanted) {
      sample.state = "standby";
      sample.reason = "attached when it is needed";
    } else if (group.share == 0) {
      sample.state = "detached";
      sample.reason = "over the budget (--max-overhead)";
    } else if (group.share < 1) {
      sample.state = "part-time";
      sample.reason = fmt::format("{:.0f}% of the time, to stay within the budget (--max-overhead)",
                                  group.share * 100);
    } else {
      sample.state = "attached";
    }
    if (planned.state == SignalState::kReady) {
      const SignalTotals totals = attachment_.totals(planned.signal);
      sample.books = totals.books;
      sample.missed = totals.missed;
      sample.attached_ns = totals.attached_ns;
    }
    samples.push_back(std::move(sample));
  }
  return samples;
}

std::vector<std::string> Groups::take_news() {
  std::vector<std::string> news;
  std::swap(news, news_);
  return news;
}

}  // namespace cgoscope
