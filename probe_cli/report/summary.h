// What a run saw apart from findings, brought into the order in which people ask for it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "probe_cli/detect/sample.h"

namespace cgoscope {

struct ParkRow {
  std::string reason;  // in the runtime's words; "reason 14" when they are not known
  Frame where;         // the innermost frame outside the runtime
  uint64_t count = 0;
};

struct TimerRow {
  Frame where;  // the line that creates them
  uint64_t created = 0, stopped = 0, fired = 0, unfollowed = 0;
};

struct RunSummary {
  std::vector<CgoFunctionSample> cgo_calls;  // by total time, calls in flight first
  std::vector<ParkRow> parks;                // by count
  std::vector<TimerRow> timers;              // by created − stopped − fired − unfollowed
  // In this run; nullopt when the signals that count them were never attached.
  std::optional<uint64_t> threads_created, threads_destroyed;
};

// Each list holds at most `most` rows.
RunSummary summarise(const Subject& subject, const Sample& last, const Stacks& stacks, size_t most);

}  // namespace cgoscope
