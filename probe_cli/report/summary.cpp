#include "probe_cli/report/summary.h"

#include <algorithm>
#include <map>
#include <tuple>

#include "probe_cli/detect/named_frame.h"

namespace cgoscope {
namespace {

Frame outside_runtime(const std::vector<Frame>& stack) {
  for (const Frame& frame : stack) {
    if (!is_runtime_function(frame.function)) return frame;
  }
  return stack.empty() ? Frame{} : stack.front();
}

std::string reason_text(const Subject& subject, uint32_t code) {
  if (code < subject.wait_reasons.size() && !subject.wait_reasons[code].empty()) {
    return subject.wait_reasons[code];
  }
  return "reason " + std::to_string(code);
}

template <typename Row, typename Value>
void keep_greatest(std::vector<Row>& rows, size_t most, Value value) {
  std::stable_sort(rows.begin(), rows.end(),
                   [&](const Row& a, const Row& b) { return value(a) > value(b); });
  if (rows.size() > most) rows.resize(most);
}

std::optional<uint64_t> hits(const Sample& sample, cg_signal signal) {
  const SignalSample* found = find_signal(sample, signal);
  if (!found || found->attached_ns <= 0) return std::nullopt;
  return found->books.hits;
}

}  // namespace

RunSummary summarise(const Subject& subject, const Sample& last, const Stacks& stacks,
                     size_t most) {
  RunSummary summary;
  summary.cgo_calls = last.cgo;
  keep_greatest(summary.cgo_calls, most, [](const CgoFunctionSample& row) {
    return std::pair(row.in_flight > 0, row.total_ns);
  });

  std::map<std::pair<uint32_t, Frame>, uint64_t, decltype([](const auto& a, const auto& b) {
             if (a.first != b.first) return a.first < b.first;
             return FrameOrder{}(a.second, b.second);
           })>
      parks;
  for (const PlaceSample& place : last.places) {
    if (place.signal != CG_PARK) continue;
    parks[{place.detail, outside_runtime(stacks[place.stack])}] += place.count;
  }
  for (const auto& [key, count] : parks) {
    summary.parks.push_back({reason_text(subject, key.first), key.second, count});
  }
  keep_greatest(summary.parks, most, [](const ParkRow& row) { return row.count; });

  std::map<Frame, TimerRow, FrameOrder> timers;
  for (const TimerSample& timer : last.timers) {
    const Frame* line = timer_frame(stacks[timer.stack]);
    TimerRow& row = timers[line ? *line : Frame{}];
    row.created += timer.created;
    row.stopped += timer.stopped;
    row.fired += timer.fired;
    row.unfollowed += timer.unfollowed;
  }
  for (auto& [where, row] : timers) {
    row.where = where;
    summary.timers.push_back(row);
  }
  keep_greatest(summary.timers, most, [](const TimerRow& row) {
    const double ended = static_cast<double>(row.stopped) + static_cast<double>(row.fired) +
                         static_cast<double>(row.unfollowed);
    return static_cast<double>(row.created) - ended;
  });

  summary.threads_created = hits(last, CG_THREAD_START);
  summary.threads_destroyed = hits(last, CG_THREAD_EXIT);
  return summary;
}

}  // namespace cgoscope
