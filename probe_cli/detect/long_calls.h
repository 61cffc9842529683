// The calls into C that lasted long, by the Go line that makes them: what the lint is held against.
//
// Which line makes a call is seen only while the call lasts, by a look at the target; the kernel's
// counters know each call, but not its line. So a row with a line has what looks saw, a lower
// bound; and a C function of which only the counters saw a long call has a row without a line.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "findings/observed_call.h"
#include "probe_cli/detect/call_ages.h"
#include "probe_cli/detect/sample.h"

namespace cgoscope {

struct LongCall {
  ObservedCall call;         // `where` empty: no look met one
  uint64_t calls = 0;        // long ones, at least so many
  int64_t longest_ns = 0;    // one lasted so long, at least
  uint64_t in_flight = 0;    // of them, at the last look
  bool was_running = false;  // in all looks that met one its thread ran on a CPU
  // All calls of the C function that the package makes, from whichever line, as counted in the
  // kernel; nullopt when they were not counted.
  std::optional<CgoFunctionSample> function;
};

class LongCalls {
 public:
  // What lasts `long_ns` is long.
  explicit LongCalls(int64_t long_ns) : long_ns_(long_ns) {}

  void look(const Sample& sample, const Stacks& stacks);
  int64_t long_ns() const { return long_ns_; }
  // The longest first; at most 1000 lines are kept.
  std::vector<LongCall> rows() const;

 private:
  // C function, package, Go function, file, line.
  using Place = std::tuple<std::string, std::string, std::string, std::string, int>;

  void look_at(const MSample& m, const Sample& sample, const Stacks& stacks);

  struct Counted {
    std::string package;
    CgoFunctionSample function;
  };

  int64_t long_ns_;
  CallAges ages_;
  std::map<int64_t, bool> is_counted_;  // by M: its call is among LongCall::calls
  std::map<Place, LongCall> rows_;
  std::vector<Counted> functions_;  // as last counted
};

}  // namespace cgoscope
