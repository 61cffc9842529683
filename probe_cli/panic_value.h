// What a panic was called with, in Go's words.
#pragma once

#include <string>

#include "ebpf/probe.h"

namespace cgoscope {

struct PanicValue {
  std::string kind;  // "string", "number" (a bool too), "nil", "other"; "" when not known
  std::string text;  // of a number or nil; a string's is the event's own
};

// As the runtime prints it (printpanicval in src/runtime/error.go), but floats as people write
// them. `event` is a CG_PANIC.
PanicValue panic_value(const cg_event& event);

}  // namespace cgoscope
