// How long one call of a catalogued function can block, given what is known of its arguments.
#pragma once

#include <functional>
#include <optional>

#include "clang_plugin/analysis/value.h"
#include "clang_plugin/catalogue/catalogue.h"
#include "findings/finding.h"

namespace cgoscope {

// What is known of a descriptor or handle. The default is a handle nobody has touched.
struct HandleState {
  Tri nonblocking = Tri::kNo;
  HandleKind kind = HandleKind::kUnknown;
  bool ready = false;                      // a poll on it has just returned
  std::optional<int64_t> read_timeout_ns;  // kNoTimeout: one is set, its value is not known
  std::optional<int64_t> write_timeout_ns;
  bool operator==(const HandleState&) const = default;
};
inline constexpr int64_t kUnknownTimeout = -1;

// The call as the judge sees it: values of arguments, what their pointers point at, and the state
// of handles.
struct CallView {
  std::function<Value(int argument)> argument;
  // Member `field` of the struct that the argument points at ("tv_sec"), or is.
  std::function<Value(int argument, const char* field)> field;
  // What the argument points at, as an integer.
  std::function<Value(int argument)> pointee;
  std::function<HandleState(int argument)> handle;
};

// What a wait is, before loops around it: none, for at most `limit_ns`, without limit, or not known
// here.
struct Wait {
  enum class Length : uint8_t { kNone, kLimited, kUnlimited, kVariable };
  Length length = Length::kNone;
  int64_t limit_ns = 0;  // with kVariable: when not 0, the longest it is if it waits
  // With kVariable: how long is unknown (true), or whether it blocks at all (false).
  bool only_length_unknown = false;
  // Not 0: it ends at a fixed time, read from the clock with this many loops less one around it;
  // turns of loops further in do not add up.
  uint32_t clock_read = 0;
};

Tri holds(const Condition& condition, const CallView& call);
Wait judge(const BlockingFunction& row, const CallView& call);
// The nanoseconds that the argument stands for in `unit`; unknown where its parts are.
Value duration_ns(Unit unit, int64_t unit_ns, int argument, const CallView& call);

}  // namespace cgoscope
