// Which line of a stack a rule names. The innermost frames are the runtime's or a wrapper's, the
// same in every program; the line that its author can change lies further out.
#pragma once

#include <tuple>
#include <vector>

#include "findings/frame.h"

namespace cgoscope {

// By function, file and line.
struct FrameOrder {
  bool operator()(const Frame& a, const Frame& b) const {
    return std::tie(a.function, a.file, a.line) < std::tie(b.function, b.file, b.line);
  }
};

// Each gives nullptr for an empty stack, and the innermost frame outside the runtime when all
// frames are wrappers (nullptr when that does not exist either).

// The line with C.f(...): outside the runtime and what cgo generates (`pkg._Cfunc_f` in
// _cgo_gotypes.go).
const Frame* c_call_frame(const std::vector<Frame>& go_stack);

// The line that makes a system call: outside the runtime, syscall, os, x/sys/unix and the standard
// library's internal packages.
const Frame* system_call_frame(const std::vector<Frame>& go_stack);

// The line that parks a goroutine: outside the runtime, sync, time and the standard library's
// internal packages.
const Frame* parking_frame(const std::vector<Frame>& stack);

// The line that creates a timer: outside the runtime, time and context.
const Frame* timer_frame(const std::vector<Frame>& stack);

// The line that calls runtime.Gosched. nullptr when the runtime gives way itself: runtime.GC while
// it sweeps, the sweeper.
const Frame* yielding_line(const std::vector<Frame>& stack);

}  // namespace cgoscope
