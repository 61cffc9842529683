#include "probe_cli/detect/long_calls.h"

#include <algorithm>

#include "probe_cli/detect/named_frame.h"

namespace cgoscope {
namespace {

constexpr size_t kMostRows = 1000;

// Of the Go code that calls: cgo's wrapper belongs to it.
std::string package_of(const std::vector<Frame>& go_stack) {
  for (const Frame& frame : go_stack) {
    if (!is_runtime_function(frame.function)) return go_package(frame.function);
  }
  return "";
}

}  // namespace

void LongCalls::look(const Sample& sample, const Stacks& stacks) {
  if (!sample.cgo.empty()) {
    functions_.clear();
    for (const CgoFunctionSample& function : sample.cgo)
      functions_.push_back({package_of(stacks[function.stack]), function});
  }
  if (!sample.memory_read) {
    // The target is gone. When each call was counted, what has returned since the last look is
    // known.
    const SignalSample* counter = find_signal(sample, CG_CGO_CALL);
    if (counter == nullptr || counter->state != "attached") return;
    for (auto& [place, row] : rows_) {
      std::optional<uint64_t> in_flight;  // nullopt: all began before the counting
      for (const auto& [package, function] : functions_) {
        if (row.call.c_function == function.c_function && row.call.package == package)
          in_flight = in_flight.value_or(0) + function.in_flight;
      }
      if (in_flight) row.in_flight = std::min(row.in_flight, *in_flight);
    }
    return;
  }
  for (auto& [place, row] : rows_) row.in_flight = 0;
  for (const MSample& m : sample.ms) {
    if (m.in_cgo && !m.runtime_wait && m.goid != 0) look_at(m, sample, stacks);
  }
  ages_.end_look();
}

void LongCalls::look_at(const MSample& m, const Sample& sample, const Stacks& stacks) {
  const CallAges::Age age = ages_.of(m, sample);
  bool& is_counted = is_counted_[m.id];
  if (age.is_new) is_counted = false;
  const int64_t age_ns = sample.at_ns - age.since_ns;
  if (age_ns < long_ns_) return;
  const std::vector<Frame>& go_stack = stacks[m.go_stack];
  const Frame* line = c_call_frame(go_stack);
  if (line == nullptr && m.c_function.empty()) return;  // nothing to name
  const Frame where = line != nullptr ? *line : Frame{};
  const std::string package = package_of(go_stack);
  const Place place{m.c_function, package, where.function, where.file, where.line};
  auto at = rows_.find(place);
  if (at == rows_.end()) {
    if (rows_.size() == kMostRows) return;
    at = rows_.try_emplace(place).first;
    at->second.call = {m.c_function, package, where, {}, ""};
    at->second.was_running = true;
  }
  LongCall& row = at->second;
  if (!is_counted) ++row.calls;
  is_counted = true;
  ++row.in_flight;
  const bool runs = m.syscall.empty();
  if (!runs && m.syscall != kUnreadSyscall) row.call.syscall = m.syscall;
  row.was_running = row.was_running && runs;
  // The stack of a long one that shows where in C it is; a call on a CPU shows none.
  const std::vector<Frame>& c_stack = stacks[m.c_stack];
  if (row.call.stack.empty() || (!c_stack.empty() && age_ns >= row.longest_ns)) {
    row.call.stack = c_stack;
    row.call.stack.insert(row.call.stack.end(), go_stack.begin(), go_stack.end());
  }
  row.longest_ns = std::max(row.longest_ns, age_ns);
}

std::vector<LongCall> LongCalls::rows() const {
  std::vector<LongCall> rows;
  for (const auto& [place, row] : rows_) rows.push_back(row);
  const size_t seen_by_looks = rows.size();
  for (const auto& [package, function] : functions_) {
    bool was_met = false;
    for (size_t i = 0; i < seen_by_looks; ++i) {
      LongCall& row = rows[i];
      if (row.call.c_function != function.c_function || row.call.package != package) continue;
      was_met = true;
      // There are two when Go also takes errno: the one with the longest call.
      if (!row.function || row.function->max_ns < function.max_ns) row.function = function;
    }
    if (was_met || function.max_ns < static_cast<uint64_t>(long_ns_)) continue;
    LongCall row;
    row.call.c_function = function.c_function;
    row.call.package = package;
    row.calls = 1;
    row.longest_ns = static_cast<int64_t>(function.max_ns);
    row.function = function;
    rows.push_back(std::move(row));
  }
  std::stable_sort(rows.begin(), rows.end(), [](const LongCall& a, const LongCall& b) {
    return a.longest_ns > b.longest_ns;
  });
  return rows;
}

}  // namespace cgoscope
