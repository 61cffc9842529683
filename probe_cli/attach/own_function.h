// Functions of the probe's own to put probes on: what a hit costs here, and whether a kind of link
// works, are found out by trying.
#pragma once

#include <cstdint>

#include "findings/result.h"
#include "probe_cli/attach/programs.h"

namespace cgoscope {

enum class OwnFunction : uint8_t {
  kEmulated,  // starts with an instruction that the kernel emulates
  kStepped,   // starts with one that it single-steps
};

// Calls one of them from within a stack of as many frames as a place has.
void call_own_function(OwnFunction function, uint64_t times);

// The program on_own_function, which does what the one of the most frequent signal does, on one of
// them.
class OwnProbe {
 public:
  static Result<OwnProbe> attach(LinkKind kind, OwnFunction function);
  uint64_t hits() const;

 private:
  OwnProbe(Programs programs, Links links)
      : programs_(std::move(programs)), links_(std::move(links)) {}
  Programs programs_;
  Links links_;
};

}  // namespace cgoscope
