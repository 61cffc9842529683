#include "clang_plugin/analysis/judge.h"

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <utility>

#include "clang_plugin/catalogue/catalogue.h"

namespace cgoscope {
namespace {

constexpr int64_t kSecond = 1000000000;

// A call whose arguments, members and handles are written down; the rest is unknown.
struct Arguments {
  std::map<int, Value> arguments;
  std::map<std::pair<int, std::string>, Value> fields;
  std::map<int, HandleState> handles;

  CallView view() const {
    CallView call;
    call.argument = [this](int index) {
      const auto found = arguments.find(index);
      return found == arguments.end() ? Value::any() : found->second;
    };
    call.field = [this](int index, const char* field) {
      const auto found = fields.find({index, field});
      return found == fields.end() ? Value::any() : found->second;
    };
    call.pointee = [](int) { return Value::any(); };
    call.handle = [this](int index) {
      const auto found = handles.find(index);
      return found == handles.end() ? HandleState{} : found->second;
    };
    return call;
  }
};

// "none", "unlimited", "variable", "variable length" or the limit in nanoseconds.
std::string shown(const Wait& wait) {
  switch (wait.length) {
    case Wait::Length::kNone:
      return "none";
    case Wait::Length::kUnlimited:
      return "unlimited";
    case Wait::Length::kLimited:
      return std::to_string(wait.limit_ns);
    case Wait::Length::kVariable:
      break;
  }
  if (wait.limit_ns > 0) return "variable up to " + std::to_string(wait.limit_ns);
  return wait.only_length_unknown ? "variable length" : "variable";
}

std::string judged(const std::string& keys, const Arguments& arguments) {
  Catalogue catalogue;
  const auto error = catalogue.add_text("blocking: [{name: f, " + keys + "}]", "row");
  EXPECT_FALSE(error.has_value()) << keys << ": " << (error ? error->message() : "");
  const BlockingFunction* row = catalogue.find_blocking("f");
  return row ? shown(judge(*row, arguments.view())) : "no row";
}

std::string judged(const std::string& keys, Value first) {
  return judged(keys, Arguments{{{0, std::move(first)}}, {}, {}});
}

Value n(int64_t value) { return Value::constant(value); }

HandleState handle_with_kind(HandleKind kind) {
  HandleState handle;
  handle.kind = kind;
  return handle;
}

HandleState nonblocking(Tri known) {
  HandleState handle;
  handle.nonblocking = known;
  return handle;
}

TEST(Judge, WhatNothingLimits) {
  EXPECT_EQ(judged("always: true", Arguments{}), "unlimited");
  EXPECT_EQ(judged("limit_ms: 500", Arguments{}), "500000000");
}

TEST(Judge, EveryIntegerUnit) {
  const struct {
    const char* unit;
    int64_t value;
    const char* wait;
  } rows[] = {
      {"s", 30, "30000000000"},
      {"ms", 30, "30000000"},
      {"us", 30, "30000"},
      {"ns", 30, "30"},
      {"chrono", 30, "30"},
      {"100ns", 30, "3000"},
      {"1280ms", 2, "2560000000"},
      {"s-double", 1500000, "1500000000"},  // 1.5 s in millionths
      {"s", 0, "none"},
      {"s", -1, "none"},
      {"s", 9300000000, "variable length"},  // beyond 292 years
  };
  for (const auto& row : rows) {
    for (const char* waits : {"duration", "timeout"}) {
      EXPECT_EQ(judged(std::string(waits) + ": 0, unit: " + row.unit, n(row.value)), row.wait)
          << waits << " of " << row.value << " " << row.unit;
    }
  }
}

TEST(Judge, StructUnitsAddTheirMembers) {
  for (const auto& [unit, part, ns] : {std::tuple("timespec", "tv_nsec", 7),
                                       {"timeval", "tv_usec", 7000},
                                       {"timeval-value", "tv_usec", 7000}}) {
    const std::string row = std::string("timeout: 2, unit: ") + unit;
    Arguments call;
    call.fields = {{{2, "tv_sec"}, n(3)}, {{2, part}, n(7)}};
    EXPECT_EQ(judged(row, call), std::to_string(3 * kSecond + ns)) << unit;
    call.fields = {{{2, "tv_sec"}, n(0)}, {{2, part}, n(0)}};
    EXPECT_EQ(judged(row, call), "none") << unit;
    call.fields = {{{2, "tv_sec"}, n(3)}};
    EXPECT_EQ(judged(row, call), "variable length") << unit;
    call.fields = {{{2, part}, n(7)}};
    EXPECT_EQ(judged(row, call), "variable length") << unit;
  }
}

TEST(Judge, TheLongestOfWhatATimeoutCanBeCounts) {
  EXPECT_EQ(judged("timeout: 0, unit: ms", Value::range(10, 2000)), "2000000000");
  EXPECT_EQ(judged("timeout: 0, unit: ms", join(n(5), n(100))), "100000000");
  EXPECT_EQ(judged("timeout: 0, unit: ms", Value::range(-5, 0)), "none");
  EXPECT_EQ(judged("timeout: 0, unit: ms", Value::any()), "variable length");
}

TEST(Judge, Infinity) {
  EXPECT_EQ(judged("timeout: 0, unit: ms, infinite: negative", n(-1)), "unlimited");
  EXPECT_EQ(judged("timeout: 0, unit: ms, infinite: negative", n(5)), "5000000");
  EXPECT_EQ(judged("timeout: 0, unit: ms, infinite: negative", Value::any()), "variable length");
  EXPECT_EQ(judged("timeout: 0, unit: ms, infinite: negative", Value::range(-1, 5)),
            "variable length");
  EXPECT_EQ(judged("timeout: 0, unit: ms, infinite: negative", Value::range(0, 5)), "5000000");
  EXPECT_EQ(judged("timeout: 0, unit: ms, infinite: [0, 0xffffffff]", n(0)), "unlimited");
  EXPECT_EQ(judged("timeout: 0, unit: ms, infinite: [0, 0xffffffff]", n(0xffffffff)), "unlimited");
  EXPECT_EQ(judged("timeout: 0, unit: ms, infinite: [0, 0xffffffff]", n(1)), "1000000");
  EXPECT_EQ(judged("timeout: 0, unit: s-double, infinite: negative", n(-1000000)), "unlimited");
  EXPECT_EQ(judged("timeout: 0, unit: s-double, infinite: 3600", n(3600000000)), "unlimited");
  EXPECT_EQ(judged("duration: 0, unit: s, infinite: -1", n(-1)), "unlimited");
  // A null pointer in place of the struct.
  Arguments call;
  call.arguments = {{0, n(0)}};
  EXPECT_EQ(judged("timeout: 0, unit: timespec, infinite: null", call), "unlimited");
  call.arguments = {{0, Value::pointer(1)}};
  call.fields = {{{0, "tv_sec"}, n(2)}, {{0, "tv_nsec"}, n(0)}};
  EXPECT_EQ(judged("timeout: 0, unit: timespec, infinite: null", call), "2000000000");
  call.arguments = {{0, join(Value::pointer(1), n(0))}};
  EXPECT_EQ(judged("timeout: 0, unit: timespec, infinite: null", call), "variable length");
}

TEST(Judge, Deadlines) {
  const auto timespec = [](Value seconds, Value nanoseconds) {
    Arguments call;
    call.arguments = {{0, Value::pointer(1)}};
    call.fields = {{{0, "tv_sec"}, std::move(seconds)}, {{0, "tv_nsec"}, std::move(nanoseconds)}};
    return call;
  };
  const auto from_now = [](int64_t value) {
    Value time = n(value);
    time.from_now = 1;
    return time;
  };
  const std::string row = "deadline: 0, unit: timespec";
  EXPECT_EQ(judged(row, timespec(n(0), n(0))), "none");  // 1970 is over
  EXPECT_EQ(judged(row, timespec(n(2000000000), n(0))), "variable length");
  EXPECT_EQ(judged(row, timespec(Value::any(), Value::any())), "variable length");
  const std::string or_null = row + ", infinite: null";
  EXPECT_EQ(judged(or_null, n(0)), "unlimited");
  EXPECT_EQ(judged(or_null, timespec(n(0), n(0))), "none");
  EXPECT_EQ(judged(row, timespec(from_now(5), n(0))), "5000000000");
  EXPECT_EQ(judged(row, timespec(from_now(5), n(7))), "5000000007");
  EXPECT_EQ(judged(row, timespec(from_now(0), n(0))), "none");
  EXPECT_EQ(judged("deadline: 0, unit: chrono", from_now(30)), "30");
  EXPECT_EQ(judged("deadline: 0, unit: chrono", from_now(0)), "none");
  EXPECT_EQ(judged("deadline: 0, unit: chrono", from_now(-30)), "none");
}

TEST(Judge, AbsoluteTimesByAFlag) {
  const std::string row =
      "duration: 2, unit: timespec, absolute: {argument: 1, bit: 1}";  // clock_nanosleep
  Arguments call;
  call.fields = {{{2, "tv_sec"}, n(5)}, {{2, "tv_nsec"}, n(0)}};
  call.arguments = {{1, n(0)}};
  EXPECT_EQ(judged(row, call), "5000000000");
  call.arguments = {{1, n(1)}};
  EXPECT_EQ(judged(row, call), "variable length");
}

TEST(Judge, TheLibrarysOwnLimit) {
  const std::string row =
      "timeout: 0, unit: ms, infinite: 0x7fffffff, library_limit: negative, limit_ms: 25000";
  EXPECT_EQ(judged(row, n(100)), "100000000");
  EXPECT_EQ(judged(row, n(-1)), "25000000000");
  EXPECT_EQ(judged(row, n(0x7fffffff)), "unlimited");
  EXPECT_EQ(judged(row, Value::any()), "variable length");
}

TEST(Judge, MembersOfAStruct) {
  const std::string row = "nonblocking: {argument: 2, field: ai_flags, bit: 4}";
  Arguments call;
  call.arguments = {{2, Value::pointer(1)}};
  call.fields = {{{2, "ai_flags"}, n(4)}};
  EXPECT_EQ(judged(row, call), "none");
  call.fields = {{{2, "ai_flags"}, n(3)}};
  EXPECT_EQ(judged(row, call), "unlimited");
  call.fields = {};
  EXPECT_EQ(judged(row, call), "variable");
}

TEST(Judge, FlagsThatTurnTheWaitOff) {
  const std::string row = "nonblocking: {argument: 0, bit: 0x40}";
  EXPECT_EQ(judged(row, n(0x40)), "none");
  EXPECT_EQ(judged(row, n(0x41)), "none");
  EXPECT_EQ(judged(row, n(0x20)), "unlimited");
  EXPECT_EQ(judged(row, Value::any()), "variable");
  EXPECT_EQ(judged(row, binary(Op::kOr, Value::any(), n(0x40), true)), "none");
  EXPECT_EQ(judged(row, binary(Op::kAnd, Value::any(), n(~0x40), true)), "unlimited");
  const std::string either = "nonblocking: [{argument: 0, bit: 1}, {argument: 1, equals: [7, 8]}]";
  Arguments call;
  call.arguments = {{0, n(0)}, {1, n(8)}};
  EXPECT_EQ(judged(either, call), "none");
  call.arguments = {{0, n(0)}, {1, n(9)}};
  EXPECT_EQ(judged(either, call), "unlimited");
  call.arguments = {{0, n(0)}};
  EXPECT_EQ(judged(either, call), "variable");
  call.arguments = {{0, n(1)}};
  EXPECT_EQ(judged(either, call), "none");
}

TEST(Judge, FlagsThatTurnTheWaitOn) {
  const std::string row = "blocking: {argument: 0, mask: 0x7f, equals: [0, 6]}";
  EXPECT_EQ(judged(row, n(6)), "unlimited");
  EXPECT_EQ(judged(row, n(0x86)), "unlimited");
  EXPECT_EQ(judged(row, n(1)), "none");
  EXPECT_EQ(judged(row, Value::any()), "variable");
  EXPECT_EQ(judged("blocking: {argument: 0, negative: true}", n(-1)), "unlimited");
  EXPECT_EQ(judged("blocking: {argument: 0, negative: true}", n(1)), "none");
  EXPECT_EQ(judged("blocking: {argument: 0, nonzero: true}", n(2)), "unlimited");
  EXPECT_EQ(judged("blocking: {argument: 0, nonzero: true}", n(0)), "none");
  const std::string both = row + ", nonblocking: {argument: 0, bit: 0x100}";
  EXPECT_EQ(judged(both, n(0x106)), "none");
}

TEST(Judge, HandleStates) {
  const auto with = [](const HandleState& handle, const std::string& more = "") {
    Arguments call;
    call.handles = {{0, handle}};
    return judged("handle: 0" + more, call);
  };
  EXPECT_EQ(with({}), "unlimited");
  EXPECT_EQ(with(nonblocking(Tri::kYes)), "none");
  EXPECT_EQ(with(nonblocking(Tri::kUnknown)), "variable");
  EXPECT_EQ(with(handle_with_kind(HandleKind::kFile)), "none");
  EXPECT_EQ(with(handle_with_kind(HandleKind::kMemory)), "none");
  EXPECT_EQ(with(handle_with_kind(HandleKind::kWaits)), "unlimited");
  HandleState ready;
  ready.ready = true;
  EXPECT_EQ(with(ready), "none");
  // What an unknown handle means is the row's.
  EXPECT_EQ(with({}, ", unknown_handle: variable"), "variable");
  EXPECT_EQ(with({}, ", unknown_handle: silent"), "none");
  EXPECT_EQ(with(handle_with_kind(HandleKind::kWaits), ", unknown_handle: variable"), "unlimited");
  EXPECT_EQ(with(handle_with_kind(HandleKind::kWaits), ", unknown_handle: silent"), "unlimited");
  EXPECT_EQ(with(nonblocking(Tri::kYes), ", unknown_handle: variable"), "none");
}

TEST(Judge, HandleTimeouts) {
  const auto with = [](std::optional<int64_t> read, std::optional<int64_t> write,
                       const std::string& direction, const std::string& more = "") {
    HandleState handle;
    handle.read_timeout_ns = read;
    handle.write_timeout_ns = write;
    Arguments call;
    call.handles = {{0, handle}};
    call.arguments = {{1, n(-1)}};
    return judged("handle: 0, direction: " + direction + more, call);
  };
  EXPECT_EQ(with(5 * kSecond, {}, "read"), "5000000000");
  EXPECT_EQ(with(5 * kSecond, {}, "write"), "unlimited");
  EXPECT_EQ(with({}, 5 * kSecond, "write"), "5000000000");
  EXPECT_EQ(with({}, 5 * kSecond, "read"), "unlimited");
  EXPECT_EQ(with(2 * kSecond, 5 * kSecond, "both"), "5000000000");
  EXPECT_EQ(with(5 * kSecond, 2 * kSecond, "both"), "5000000000");
  EXPECT_EQ(with({}, 2 * kSecond, "both"), "unlimited");
  EXPECT_EQ(with(2 * kSecond, {}, "both"), "unlimited");
  EXPECT_EQ(with(kUnknownTimeout, 5 * kSecond, "both"), "variable length");
  EXPECT_EQ(with(5 * kSecond, kUnknownTimeout, "both"), "variable length");
  EXPECT_EQ(with(kUnknownTimeout, {}, "read"), "variable length");
  EXPECT_EQ(with({}, kUnknownTimeout, "write"), "variable length");
  // An endless timeout leaves the handle's own.
  EXPECT_EQ(with(5 * kSecond, {}, "read", ", timeout: 1, unit: ms, infinite: negative"),
            "5000000000");
}

// Whether it waits is not known, but for how long at most is.
TEST(Judge, AnUnknownFlagDoesNotTakeTheLimitAway) {
  Arguments call;
  call.arguments = {{0, n(5)}, {1, Value::any()}};
  const std::string row = "timeout: 0, unit: ms, nonblocking: {argument: 1, bit: 1}";
  EXPECT_EQ(judged(row, call), "variable up to 5000000");
  call.arguments[0] = Value::any();
  EXPECT_EQ(judged(row, call), "variable");
  // A flag that makes the number an absolute time: then it limits nothing.
  EXPECT_EQ(judged("duration: 0, unit: ms, absolute: {argument: 1, bit: 1}",
                   Arguments{{{0, n(5)}, {1, Value::any()}}, {}, {}}),
            "variable");
}

TEST(Judge, ACallThatDoesNotWaitIsNoneWhateverElseIsUnknown) {
  Arguments call;
  call.arguments = {{0, n(0)}, {1, Value::any()}};
  EXPECT_EQ(judged("timeout: 0, unit: ms, nonblocking: {argument: 1, bit: 1}", call), "none");
  call.handles = {{2, nonblocking(Tri::kUnknown)}};
  EXPECT_EQ(judged("timeout: 0, unit: ms, handle: 2", call), "none");
}

TEST(Holds, Conditions) {
  Condition equals;
  equals.argument = 0;
  equals.values = {3, 4};
  Arguments call;
  call.arguments = {{0, n(4)}};
  EXPECT_EQ(holds(equals, call.view()), Tri::kYes);
  call.arguments = {{0, n(5)}};
  EXPECT_EQ(holds(equals, call.view()), Tri::kNo);
  call.arguments = {{0, Value::range(1, 2)}};
  EXPECT_EQ(holds(equals, call.view()), Tri::kNo);
  call.arguments = {{0, Value::range(4, 5)}};
  EXPECT_EQ(holds(equals, call.view()), Tri::kUnknown);
  equals.mask = 0xf;
  call.arguments = {{0, n(0x33)}};
  EXPECT_EQ(holds(equals, call.view()), Tri::kYes);
  call.arguments = {{0, n(0x35)}};
  EXPECT_EQ(holds(equals, call.view()), Tri::kNo);
  Condition none;  // no value: nothing can be equal
  EXPECT_EQ(holds(none, call.view()), Tri::kNo);
}

TEST(DurationNs, OfNoUnitIsUnknown) {
  EXPECT_TRUE(duration_ns(Unit::kNone, 0, 0, Arguments{}.view()).unknown);
}

}  // namespace
}  // namespace cgoscope
