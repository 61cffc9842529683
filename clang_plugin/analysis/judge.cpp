#include "clang_plugin/analysis/judge.h"

#include <algorithm>

namespace cgoscope {
namespace {

constexpr int64_t kNsPerSecond = 1000000000;
constexpr int64_t kNsPerMillisecond = 1000000;

Tri either(Tri a, Tri b) {
  if (a == Tri::kYes || b == Tri::kYes) return Tri::kYes;
  return a == Tri::kNo && b == Tri::kNo ? Tri::kNo : Tri::kUnknown;
}

// Whether any of `conditions` holds.
Tri any_holds(const std::vector<Condition>& conditions, const CallView& call,
              bool pointers_are_there = false) {
  Tri result = Tri::kNo;
  for (const Condition& condition : conditions) {
    // Nobody passes a pointer that may be null for the sake of what null means.
    if (pointers_are_there && condition.is_null && call.argument(condition.argument).unknown)
      continue;
    result = either(result, holds(condition, call));
  }
  return result;
}

Wait limited(const Value& ns) {
  Wait wait;
  if (const auto most = ns.highest()) {
    wait.length = *most <= 0 ? Wait::Length::kNone : Wait::Length::kLimited;
    wait.limit_ns = std::max<int64_t>(*most, 0);
    wait.clock_read = ns.left_until;
  } else {
    wait.length = Wait::Length::kVariable;
    wait.only_length_unknown = true;
  }
  return wait;
}

}  // namespace

Tri holds(const Condition& condition, const CallView& call) {
  const Value value = condition.field.empty()
                          ? call.argument(condition.argument)
                          : call.field(condition.argument, condition.field.c_str());
  switch (condition.test) {
    case Condition::Test::kAnyBit:
      return value.any_bit(condition.mask);
    case Condition::Test::kNegative:
      return value.is_negative();
    case Condition::Test::kEquals: {
      Tri result = Tri::kNo;
      for (const int64_t one : condition.values) {
        if (condition.mask == ~uint64_t{0}) {
          result = either(result, value.equals(one));
          continue;
        }
        const Value masked =
            binary(Op::kAnd, value, Value::constant(static_cast<int64_t>(condition.mask)), false);
        result = either(result, masked.equals(one));
      }
      return result;
    }
  }
  return Tri::kUnknown;
}

Value duration_ns(Unit unit, int64_t unit_ns, int argument, const CallView& call) {
  const auto scaled = [&](const Value& value, int64_t ns) {
    Value bare = value;
    bare.from_now = 0;  // a time that is left keeps its clock through the product
    Value result = binary(Op::kMul, bare, Value::constant(ns), true);
    result.from_now = value.from_now;  // seconds from now are so many nanoseconds from now
    return result;
  };
  switch (unit) {
    case Unit::kSeconds:
      return scaled(call.argument(argument), kNsPerSecond);
    case Unit::kMilliseconds:
      return scaled(call.argument(argument), 1000000);
    case Unit::kMicroseconds:
      return scaled(call.argument(argument), 1000);
    case Unit::kNanoseconds:
      return call.argument(argument);
    case Unit::kChrono: {
      const Value value = call.argument(argument);  // a record of zeros is where it is
      return value.pointers.size() == 1 && value.ranges.empty() ? call.pointee(argument) : value;
    }
    case Unit::kSecondsDouble:
      return scaled(call.argument(argument), 1000);  // in millionths
    case Unit::kScaled:
      return scaled(call.argument(argument), unit_ns);
    case Unit::kTimespec:
      return binary(Op::kAdd, scaled(call.field(argument, "tv_sec"), kNsPerSecond),
                    call.field(argument, "tv_nsec"), true);
    case Unit::kTimeval:
    case Unit::kTimevalValue:
      return binary(Op::kAdd, scaled(call.field(argument, "tv_sec"), kNsPerSecond),
                    scaled(call.field(argument, "tv_usec"), 1000), true);
    case Unit::kNone:
      break;
  }
  return Value::any();
}

Wait judge(const BlockingFunction& row, const CallView& call) {
  bool unsure = false;
  if (!row.blocking.empty()) {
    const Tri blocks = any_holds(row.blocking, call);
    if (blocks == Tri::kNo) return {};
    unsure = unsure || blocks == Tri::kUnknown;
  }
  const Tri off = any_holds(row.nonblocking, call, true);
  if (off == Tri::kYes) return {};
  unsure = unsure || off == Tri::kUnknown;

  Wait wait{Wait::Length::kUnlimited, 0, false};
  if (row.handle != -1) {
    const HandleState handle = call.handle(row.handle);
    if (handle.ready || handle.nonblocking == Tri::kYes) return {};
    if (handle.kind == HandleKind::kFile || handle.kind == HandleKind::kMemory) return {};
    unsure = unsure || handle.nonblocking == Tri::kUnknown;
    if (handle.kind == HandleKind::kUnknown) {
      if (row.unknown_handle == UnknownHandle::kSilent) return {};
      unsure = unsure || row.unknown_handle == UnknownHandle::kVariable;
    }
    auto timeout =
        row.direction == Direction::kWrite ? handle.write_timeout_ns : handle.read_timeout_ns;
    if (row.direction == Direction::kBoth && timeout) {  // both have to be limited
      const auto& write = handle.write_timeout_ns;
      if (!write || *write == kUnknownTimeout)
        timeout = write;
      else if (*timeout != kUnknownTimeout)
        timeout = std::max(*timeout, *write);
    }
    if (timeout && *timeout == kUnknownTimeout) {
      wait = {Wait::Length::kVariable, 0, true};
    } else if (timeout) {
      wait = limited(Value::constant(*timeout));
    }
  }
  Waits waits = row.waits;
  if (!row.absolute.empty()) {
    const Tri absolute = any_holds(row.absolute, call);
    if (absolute == Tri::kYes) waits = Waits::kDeadline;
    if (absolute == Tri::kUnknown) return {Wait::Length::kVariable, 0, false};
  }
  switch (waits) {
    case Waits::kAlways:
      break;
    case Waits::kLimited:
      wait = {Wait::Length::kLimited, row.limit_ms * kNsPerMillisecond, false};
      break;
    case Waits::kDuration:
    case Waits::kTimeout: {
      Tri endless = any_holds(row.infinite, call);
      if (endless == Tri::kYes) break;
      const Value length = duration_ns(row.unit, row.unit_ns, row.argument, call);
      // Nobody asks for what is left of a time that is over.
      if (endless == Tri::kUnknown && length.left_until) endless = Tri::kNo;
      Wait timed = limited(length);
      if (endless == Tri::kUnknown) timed = {Wait::Length::kVariable, 0, true};
      const Tri own_limit = any_holds(row.library_limit, call);
      if (own_limit == Tri::kYes) {
        timed = limited(Value::constant(row.limit_ms * kNsPerMillisecond));
      } else if (own_limit == Tri::kUnknown && endless != Tri::kYes) {
        timed = {Wait::Length::kVariable, 0, true};
      }
      wait = timed;
      break;
    }
    case Waits::kDeadline: {
      const Tri endless = any_holds(row.infinite, call);
      if (endless == Tri::kYes) break;
      Value deadline = duration_ns(row.unit, row.unit_ns, row.argument, call);
      if (deadline.from_now && endless == Tri::kNo) {
        const uint32_t clock_read = deadline.from_now;
        deadline.from_now = 0;
        wait = limited(deadline);
        wait.clock_read = clock_read;
      } else if (deadline.as_constant() == 0 && endless == Tri::kNo) {
        return {};
      } else {
        wait = {Wait::Length::kVariable, 0, true};
      }
      break;
    }
  }
  if (wait.length == Wait::Length::kNone) return wait;
  // Whether it waits is not known; if it does, a limit holds all the same.
  if (unsure) {
    const bool limited = wait.length == Wait::Length::kLimited;
    return {Wait::Length::kVariable, limited ? wait.limit_ns : 0, false};
  }
  return wait;
}

}  // namespace cgoscope
