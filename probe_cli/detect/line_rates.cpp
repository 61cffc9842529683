#include "probe_cli/detect/line_rates.h"

#include <algorithm>

namespace cgoscope {

void LineRates::add(const Sample& sample, const Stacks& stacks) {
  if (window_.empty() && sample.run_ns > 0) {
    Entry attach;
    attach.at_ns = sample.at_ns - sample.run_ns;
    window_.add(std::move(attach));
  }
  Entry entry;
  entry.at_ns = sample.at_ns;
  if (const SignalSample* signal = find_signal(sample, signal_))
    entry.attached_ns = static_cast<double>(signal->attached_ns);
  for (const PlaceSample& place : sample.places) {
    if (place.signal != signal_) continue;
    const Frame* line = line_of_(stacks[place.stack]);
    if (line) entry.counts[*line] += static_cast<double>(place.count);
  }
  window_.add(std::move(entry));
}

double LineRates::attached_share() const {
  if (window_.span_ns() <= 0) return 0;
  const double attached_ns = window_.back().attached_ns - window_.front().attached_ns;
  return std::clamp(attached_ns / static_cast<double>(window_.span_ns()), 0.0, 1.0);
}

double LineRates::count_between(const Entry& from, const Entry& to, const Frame& where) {
  const auto at = to.counts.find(where);
  if (at == to.counts.end()) return 0;
  const auto before = from.counts.find(where);
  return at->second - (before == from.counts.end() ? 0 : before->second);
}

std::vector<LineRates::Line> LineRates::lines() const {
  std::vector<Line> lines;
  if (window_.span_ns() <= 0) return lines;
  const double attached_s = attached_share() * span_s();
  for (const auto& [where, total] : window_.back().counts) {
    const double count = count_between(window_.front(), window_.back(), where);
    if (count <= 0) continue;
    lines.push_back({where, count, attached_s > 0 ? count / attached_s : 0});
  }
  std::stable_sort(lines.begin(), lines.end(),
                   [](const Line& a, const Line& b) { return a.count > b.count; });
  return lines;
}

std::vector<std::optional<double>> LineRates::per_s_by_interval(const Frame& where,
                                                                double least_share) const {
  std::vector<std::optional<double>> rates;
  const std::deque<Entry>& entries = window_.entries();
  for (size_t i = 1; i < entries.size(); ++i) {
    const double attached_ns = entries[i].attached_ns - entries[i - 1].attached_ns;
    const auto span_ns = static_cast<double>(entries[i].at_ns - entries[i - 1].at_ns);
    if (attached_ns <= 0 || attached_ns < least_share * span_ns) {
      rates.emplace_back(std::nullopt);
    } else {
      rates.emplace_back(count_between(entries[i - 1], entries[i], where) * 1e9 / attached_ns);
    }
  }
  return rates;
}

std::vector<Frame> LineRates::stack_at(const Frame& where, const Sample& sample,
                                       const Stacks& stacks) const {
  uint64_t most = 0;
  StackId stack = kNoStack;
  for (const PlaceSample& place : sample.places) {
    if (place.signal != signal_ || place.count < most) continue;
    const Frame* line = line_of_(stacks[place.stack]);
    if (!line || !(*line == where)) continue;
    most = place.count;
    stack = place.stack;
  }
  return stacks[stack];
}

}  // namespace cgoscope
