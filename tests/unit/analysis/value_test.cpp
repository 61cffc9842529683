#include "clang_plugin/analysis/value.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <random>
#include <vector>

namespace cgoscope {
namespace {

constexpr int64_t kMin = std::numeric_limits<int64_t>::min();
constexpr int64_t kMax = std::numeric_limits<int64_t>::max();

Value ranges(std::initializer_list<Range> list) {
  Value value = Value::range(list.begin()->lo, list.begin()->hi);
  for (const Range& range : list) value = join(value, Value::range(range.lo, range.hi));
  return value;
}

// Whether the integer can be this value's.
bool holds_integer(const Value& value, int64_t integer) {
  const auto bits = static_cast<uint64_t>(integer);
  if ((bits & value.ones) != value.ones || (bits & value.zeros) != 0) return false;
  if (value.unknown) return true;
  for (const Range& range : value.ranges) {
    if (range.lo <= integer && integer <= range.hi) return true;
  }
  return false;
}

TEST(Value, Constants) {
  EXPECT_EQ(Value::constant(7).as_constant(), 7);
  EXPECT_EQ(Value::constant(kMin).as_constant(), kMin);
  EXPECT_EQ(Value::range(3, 3).as_constant(), 3);
  EXPECT_EQ(Value::range(3, 4).as_constant(), std::nullopt);
  EXPECT_EQ(Value::any().as_constant(), std::nullopt);
  EXPECT_EQ(Value::pointer(1).as_constant(), std::nullopt);
  EXPECT_EQ(join(Value::constant(0), Value::pointer(1)).as_constant(), std::nullopt);
  EXPECT_TRUE(Value::constant(0).is_integer());
  EXPECT_FALSE(Value::any().is_integer());
  EXPECT_FALSE(Value::pointer(1).is_integer());
}

TEST(Value, TruthIsAboutZeroAndAddressesAreNot) {
  EXPECT_EQ(Value::constant(0).truth(), Tri::kNo);
  EXPECT_EQ(Value::constant(-1).truth(), Tri::kYes);
  EXPECT_EQ(Value::range(1, 9).truth(), Tri::kYes);
  EXPECT_EQ(Value::range(-1, 1).truth(), Tri::kUnknown);
  EXPECT_EQ(ranges({{-5, -1}, {1, 5}}).truth(), Tri::kYes);
  EXPECT_EQ(Value::any().truth(), Tri::kUnknown);
  EXPECT_EQ(Value::pointer(3).truth(), Tri::kYes);
  EXPECT_EQ(Value::function(3).truth(), Tri::kYes);
  EXPECT_EQ(join(Value::pointer(3), Value::constant(0)).truth(), Tri::kUnknown);
  EXPECT_EQ(binary(Op::kOr, Value::any(), Value::constant(4), true).truth(), Tri::kYes);
}

TEST(Value, Equals) {
  EXPECT_EQ(Value::constant(5).equals(5), Tri::kYes);
  EXPECT_EQ(Value::constant(5).equals(6), Tri::kNo);
  EXPECT_EQ(Value::range(1, 5).equals(3), Tri::kUnknown);
  EXPECT_EQ(Value::range(1, 5).equals(6), Tri::kNo);
  EXPECT_EQ(ranges({{1, 2}, {5, 6}}).equals(3), Tri::kNo);
  EXPECT_EQ(Value::any().equals(0), Tri::kUnknown);
  EXPECT_EQ(Value::pointer(1).equals(0), Tri::kNo);
  EXPECT_EQ(join(Value::pointer(1), Value::constant(-1)).equals(-1), Tri::kUnknown);
}

TEST(Value, Negative) {
  EXPECT_EQ(Value::constant(-1).is_negative(), Tri::kYes);
  EXPECT_EQ(Value::constant(0).is_negative(), Tri::kNo);
  EXPECT_EQ(Value::range(-3, -1).is_negative(), Tri::kYes);
  EXPECT_EQ(Value::range(-3, 0).is_negative(), Tri::kUnknown);
  EXPECT_EQ(Value::range(0, kMax).is_negative(), Tri::kNo);
  EXPECT_EQ(Value::any().is_negative(), Tri::kUnknown);
  EXPECT_EQ(Value::pointer(1).is_negative(), Tri::kNo);
}

TEST(Value, BitsOfUnknownFlags) {
  const Value flags = binary(Op::kOr, Value::any(), Value::constant(0x800), true);
  EXPECT_EQ(flags.any_bit(0x800), Tri::kYes);
  EXPECT_EQ(flags.any_bit(0x801), Tri::kYes);
  EXPECT_EQ(flags.any_bit(0x400), Tri::kUnknown);
  const Value cleared = binary(Op::kAnd, flags, Value::constant(~0x800), true);
  EXPECT_EQ(cleared.any_bit(0x800), Tri::kNo);
  EXPECT_EQ(cleared.any_bit(0xC00), Tri::kUnknown);
  const Value low = binary(Op::kAnd, Value::any(), Value::constant(0x7f), true);
  EXPECT_EQ(low.any_bit(0x80), Tri::kNo);
  EXPECT_EQ(low.highest(), 0x7f);
  EXPECT_EQ(low.is_negative(), Tri::kNo);
  const Value toggled = binary(Op::kXor, flags, Value::constant(0x800), true);
  EXPECT_EQ(toggled.any_bit(0x800), Tri::kNo);
  EXPECT_EQ(unary(Op::kNot, flags).any_bit(0x800), Tri::kNo);
  EXPECT_EQ(unary(Op::kNot, unary(Op::kNot, flags)).any_bit(0x800), Tri::kYes);
  // Both sides of a branch have to agree.
  EXPECT_EQ(join(flags, cleared).any_bit(0x800), Tri::kUnknown);
  EXPECT_EQ(join(flags, Value::constant(0x800)).any_bit(0x800), Tri::kYes);
  EXPECT_EQ(Value::constant(6).any_bit(4), Tri::kYes);
  EXPECT_EQ(Value::constant(6).any_bit(1), Tri::kNo);
  EXPECT_EQ(Value::constant(-1).any_bit(uint64_t{1} << 63), Tri::kYes);
}

// An address is some bits that nobody knows, but not none of them.
TEST(Value, BitsOfAddresses) {
  const uint64_t all = ~uint64_t{0};
  EXPECT_EQ(Value::pointer(1).any_bit(all), Tri::kYes);
  EXPECT_EQ(Value::function(1).any_bit(all), Tri::kYes);
  EXPECT_EQ(Value::pointer(1).any_bit(1), Tri::kUnknown);
  const Value maybe = join(Value::pointer(1), Value::constant(0));
  EXPECT_EQ(maybe.any_bit(all), Tri::kUnknown);
  EXPECT_EQ(maybe.any_bit(4), Tri::kUnknown);
  EXPECT_EQ(join(Value::function(1), Value::constant(4)).any_bit(4), Tri::kUnknown);
}

// 2^64-1 is kept as -1: which of the two it is, the comparison's type says.
TEST(Value, UnsignedComparisonsOfLargeNumbers) {
  const Value large = Value::constant(-1), ten = Value::constant(10);
  EXPECT_EQ(binary(Op::kGt, large, ten, false).truth(), Tri::kYes);
  EXPECT_EQ(binary(Op::kLe, large, ten, false).truth(), Tri::kNo);
  EXPECT_EQ(binary(Op::kLt, ten, large, false).truth(), Tri::kYes);
  EXPECT_EQ(binary(Op::kGe, ten, large, false).truth(), Tri::kNo);
  EXPECT_EQ(binary(Op::kLt, Value::constant(-2), large, false).truth(), Tri::kYes);
  EXPECT_EQ(binary(Op::kGt, large, ten, true).truth(), Tri::kNo);
  EXPECT_EQ(binary(Op::kLt, Value::range(-1, 5), ten, false).truth(), Tri::kUnknown);
  EXPECT_EQ(binary(Op::kLt, Value::constant(3), ten, false).truth(), Tri::kYes);
}

TEST(Value, HighestIsThereOnlyWhenItIsCertain) {
  EXPECT_EQ(Value::range(-5, 30).highest(), 30);
  EXPECT_EQ(ranges({{1, 2}, {7, 9}}).highest(), 9);
  EXPECT_EQ(Value::any().highest(), std::nullopt);
  EXPECT_EQ(join(Value::pointer(1), Value::constant(4)).highest(), std::nullopt);
  EXPECT_EQ(Value::constant(kMax).highest(), std::nullopt);
  EXPECT_EQ(Value::constant(int64_t{1} << 62).highest(), std::nullopt);
  EXPECT_EQ(Value::constant((int64_t{1} << 62) - 1).highest(), (int64_t{1} << 62) - 1);
}

TEST(Value, JoinIsAUnion) {
  EXPECT_EQ(join(Value::range(1, 2), Value::range(3, 4)), Value::range(1, 4));
  EXPECT_EQ(join(Value::constant(1), Value::constant(3)).ranges.size(), 2u);
  EXPECT_EQ(join(Value::constant(1), Value::any()).unknown, true);
  EXPECT_EQ(join(Value::range(kMin, kMax), Value::constant(0)), Value::range(kMin, kMax));
  EXPECT_EQ(join(Value::any(4), Value::any(4)).symbol, 4u);
  EXPECT_EQ(join(Value::any(4), Value::any(5)).symbol, 0u);
  const Value both = join(join(Value::pointer(2), Value::pointer(1)), Value::pointer(2));
  EXPECT_EQ(both, join(Value::pointer(1), Value::pointer(2)));
  EXPECT_EQ(both.pointers.size(), 2u);
  // Many: ranges become coarser, targets unknown, and nothing grows without end.
  Value many = Value::constant(0);
  for (int64_t i = 1; i < 100; ++i) many = join(many, Value::constant(i * i));
  EXPECT_LE(many.ranges.size(), 8u);
  for (int64_t i = 0; i < 100; ++i) EXPECT_TRUE(holds_integer(many, i * i)) << i;
  EXPECT_EQ(many.highest(), 99 * 99);
  Value targets = Value::pointer(0);
  for (PlaceId i = 1; i < 100; ++i) targets = join(targets, Value::pointer(i));
  EXPECT_TRUE(targets.unknown);
}

TEST(Value, ArithmeticDoesNotOverflow) {
  const Value big = Value::constant(kMax), small = Value::constant(kMin);
  EXPECT_EQ(binary(Op::kAdd, big, Value::constant(1), true).as_constant(), kMax);
  EXPECT_EQ(binary(Op::kSub, small, Value::constant(1), true).as_constant(), kMin);
  EXPECT_EQ(binary(Op::kMul, big, big, true).as_constant(), kMax);
  EXPECT_EQ(binary(Op::kMul, big, small, true).as_constant(), kMin);
  EXPECT_EQ(binary(Op::kMul, small, small, true).as_constant(), kMax);
  EXPECT_EQ(binary(Op::kDiv, small, Value::constant(-1), true).as_constant(), kMax);
  EXPECT_EQ(unary(Op::kNegate, small).as_constant(), kMax);
  EXPECT_EQ(binary(Op::kMul, Value::range(-2, 3), Value::range(-5, 7), true),
            Value::range(-15, 21));
}

TEST(Value, WhatCannotBeComputedIsUnknown) {
  for (const auto& [op, left, right] : std::vector<std::tuple<Op, Value, Value>>{
           {Op::kDiv, Value::constant(1), Value::constant(0)},
           {Op::kDiv, Value::constant(1), Value::range(-1, 1)},
           {Op::kRem, Value::constant(1), Value::constant(0)},
           {Op::kShl, Value::constant(1), Value::constant(64)},
           {Op::kShl, Value::constant(1), Value::constant(-1)},
           {Op::kShr, Value::constant(1), Value::constant(64)},
           {Op::kShr, Value::constant(-1), Value::constant(1)},
           {Op::kAdd, Value::any(), Value::constant(1)},
           {Op::kMul, Value::pointer(1), Value::constant(1)},
       })
    EXPECT_TRUE(binary(op, left, right, true).unknown) << static_cast<int>(op);
  EXPECT_TRUE(binary(Op::kDiv, Value::constant(-4), Value::constant(2), false).unknown);
}

TEST(Value, ComparisonsOfOneSymbol) {
  EXPECT_EQ(binary(Op::kEq, Value::any(7), Value::any(7), true).as_constant(), 1);
  EXPECT_EQ(binary(Op::kNe, Value::any(7), Value::any(7), true).as_constant(), 0);
  EXPECT_EQ(binary(Op::kEq, Value::any(7), Value::any(8), true), Value::range(0, 1));
  EXPECT_EQ(binary(Op::kEq, Value::any(), Value::any(), true), Value::range(0, 1));
}

Value time_from_now(int64_t offset, uint32_t read, int64_t tick_ns) {
  Value time = Value::constant(offset);
  time.from_now = read;
  time.tick_ns = tick_ns;
  return time;
}

TEST(Value, TimesFromNow) {
  const Value deadline = time_from_now(5, 1, 1000000000);
  const Value later = binary(Op::kAdd, deadline, Value::constant(3), true);
  EXPECT_TRUE(later.from_now);
  EXPECT_EQ(later.as_constant(), 8);
  const Value in_ms = binary(Op::kMul, later, Value::constant(1000), true);
  EXPECT_EQ(in_ms, time_from_now(8000, 1, 1000000));
  EXPECT_EQ(binary(Op::kDiv, in_ms, Value::constant(1000), true), later);
  EXPECT_TRUE(binary(Op::kAdd, deadline, later, true).unknown);
  EXPECT_TRUE(binary(Op::kRem, deadline, Value::constant(2), true).unknown);
  EXPECT_TRUE(binary(Op::kMul, deadline, Value::constant(-2), true).unknown);
  EXPECT_TRUE(join(deadline, Value::constant(5)).unknown);
  EXPECT_EQ(deadline.is_negative(), Tri::kUnknown);
  EXPECT_EQ(deadline.truth(), Tri::kUnknown);
  EXPECT_EQ(binary(Op::kLt, deadline, Value::constant(9), true), Value::range(0, 1));
  EXPECT_EQ(binary(Op::kLt, deadline, later, true), Value::range(0, 1));
}

TEST(Value, TimeThatIsLeftAndTimeThatHasPassed) {
  const Value start = time_from_now(0, 1, 1000000), deadline = time_from_now(250, 1, 1000000);
  for (const uint32_t read : {1u, 2u}) {
    const Value now = time_from_now(0, read, 1000000);
    const Value left = binary(Op::kSub, deadline, now, true);
    EXPECT_EQ(left.left_until, 1u);
    EXPECT_EQ(left.highest(), 250);
    EXPECT_EQ(left.is_negative(), Tri::kUnknown);
    const Value passed = binary(Op::kSub, now, start, true);
    EXPECT_EQ(passed.passed_since, 1u);
    EXPECT_EQ(passed.highest(), std::nullopt);
    EXPECT_EQ(binary(Op::kGt, passed, Value::constant(5), true), Value::range(0, 1));
    EXPECT_EQ(binary(Op::kSub, Value::constant(250), passed, true).left_until, 1u);
    EXPECT_EQ(binary(Op::kSub, Value::constant(250), passed, true).highest(), 250);
  }
  const Value left = binary(Op::kSub, deadline, time_from_now(0, 2, 1000000), true);
  const Value us = binary(Op::kMul, left, Value::constant(1000), true);
  EXPECT_EQ(us.highest(), 250000);
  EXPECT_EQ(us.tick_ns, 1000);
  // left < 0 ? 0 : left is no more than what is left, left < 251 ? left : 251 neither.
  EXPECT_EQ(join(Value::constant(0), left).left_until, 1u);
  EXPECT_EQ(join(left, Value::constant(251)).left_until, 1u);
  EXPECT_EQ(join(Value::constant(100), left).left_until, 0u);
  EXPECT_EQ(join(Value::constant(100), left).highest(), 250);
  // Of another unit; and what an int cannot hold.
  EXPECT_TRUE(binary(Op::kSub, deadline, time_from_now(0, 2, 1), true).unknown);
  const Value passed = binary(Op::kSub, time_from_now(0, 2, 1000000), start, true);
  EXPECT_EQ(convert(passed, 32, true).passed_since, 1u);
}

TEST(Convert, KeepsWhatFitsAndWrapsWhatDoesNot) {
  EXPECT_EQ(convert(Value::constant(300), 8, false).as_constant(), 44);
  EXPECT_EQ(convert(Value::constant(200), 8, true).as_constant(), -56);
  EXPECT_EQ(convert(Value::constant(-1), 32, false).as_constant(), 0xffffffff);
  EXPECT_EQ(convert(Value::constant(0xffffffff), 32, true).as_constant(), -1);
  EXPECT_EQ(convert(Value::constant(-1), 64, false).as_constant(), -1);
  EXPECT_EQ(convert(Value::range(0, 100), 8, true), Value::range(0, 100));
  EXPECT_EQ(convert(Value::range(0, 300), 8, false), Value::range(0, 255));
  EXPECT_EQ(convert(Value::any(), 8, false).any_bit(0x100), Tri::kNo);
  EXPECT_EQ(convert(Value::any(), 8, true).any_bit(0x100), Tri::kUnknown);
  EXPECT_EQ(convert(Value::any(9), 32, true).symbol, 9u);  // still the same descriptor
  EXPECT_EQ(convert(Value::pointer(2), 64, false), Value::pointer(2));
}

TEST(Refine, NarrowsByWhatABranchTested) {
  const Value any = Value::any(3);
  EXPECT_EQ(refine(any, Op::kLt, Value::constant(10), true).highest(), 9);
  EXPECT_EQ(refine(any, Op::kLt, Value::constant(10), false).is_negative(), Tri::kNo);
  EXPECT_EQ(refine(any, Op::kGe, Value::constant(0), true).is_negative(), Tri::kNo);
  EXPECT_EQ(refine(any, Op::kGe, Value::constant(0), false).is_negative(), Tri::kYes);
  EXPECT_EQ(refine(any, Op::kEq, Value::constant(4), true).as_constant(), 4);
  EXPECT_EQ(refine(any, Op::kEq, Value::constant(0), true).as_constant(), 0);
  EXPECT_EQ(refine(any, Op::kNe, Value::constant(4), false).as_constant(), 4);
  EXPECT_EQ(refine(any, Op::kNe, Value::constant(0), true).truth(), Tri::kYes);
  EXPECT_EQ(refine(any, Op::kLt, Value::constant(10), true).symbol, 3u);
  EXPECT_EQ(refine(Value::range(0, 9), Op::kGt, Value::constant(4), true), Value::range(5, 9));
  EXPECT_EQ(refine(Value::range(0, 9), Op::kLe, Value::constant(4), true), Value::range(0, 4));
  const Value hole = refine(Value::range(0, 9), Op::kNe, Value::constant(4), true);
  EXPECT_EQ(hole.equals(4), Tri::kNo);
  EXPECT_EQ(hole.equals(5), Tri::kUnknown);
  // Unsigned: what is above 10 may be 2^63 and more, which is kept as a negative number.
  EXPECT_EQ(refine(Value::constant(-1), Op::kGt, Value::constant(10), true, false),
            Value::constant(-1));
  EXPECT_EQ(refine(any, Op::kGt, Value::constant(10), true, false).is_negative(), Tri::kUnknown);
  const Value at_most_ten = refine(any, Op::kGt, Value::constant(10), false, false);
  EXPECT_EQ(at_most_ten.highest(), 10);
  EXPECT_EQ(at_most_ten.is_negative(), Tri::kNo);
  // Which side of the null test a pointer is on.
  const Value maybe = join(Value::pointer(1), Value::constant(0));
  EXPECT_EQ(refine(maybe, Op::kNe, Value::constant(0), true).truth(), Tri::kYes);
  EXPECT_EQ(refine(maybe, Op::kEq, Value::constant(0), true).as_constant(), 0);
  // What says nothing changes nothing.
  EXPECT_EQ(refine(any, Op::kLt, Value::any(), true), any);
  EXPECT_EQ(refine(any, Op::kLt, Value::constant(kMin), true), any);
  EXPECT_EQ(refine(any, Op::kGt, Value::constant(kMax), true), any);
  EXPECT_EQ(refine(any, Op::kAdd, Value::constant(1), true), any);
}

// Whatever two integers the operands can be, the result can be what C makes of them.
TEST(Value, EveryResultIsCovered) {
  std::mt19937 random(20240917);
  const auto number = [&](int64_t lo, int64_t hi) {
    return std::uniform_int_distribution<int64_t>(lo, hi)(random);
  };
  const auto some = [&]() -> std::pair<Value, std::vector<int64_t>> {
    Value value;
    switch (number(0, 3)) {
      case 0:
        value = Value::constant(number(-9, 9));
        break;
      case 1: {
        const int64_t lo = number(-9, 9);
        value = Value::range(lo, lo + number(0, 5));
        break;
      }
      case 2:
        value = join(Value::constant(number(-9, 9)), Value::range(20, 20 + number(0, 5)));
        break;
      default: {
        value = binary(Op::kOr, Value::any(), Value::constant(number(0, 15)), true);
        value = binary(Op::kAnd, value, Value::constant(number(-16, 15)), true);
        break;
      }
    }
    std::vector<int64_t> members;
    for (int64_t i = -64; i <= 64; ++i) {
      if (holds_integer(value, i)) members.push_back(i);
    }
    return {value, members};
  };
  const Op ops[] = {Op::kAdd, Op::kSub, Op::kMul, Op::kDiv, Op::kRem,        Op::kShl,
                    Op::kShr, Op::kAnd, Op::kOr,  Op::kXor, Op::kEq,         Op::kNe,
                    Op::kLt,  Op::kLe,  Op::kGt,  Op::kGe,  Op::kLogicalAnd, Op::kLogicalOr};
  const auto compute = [](Op op, int64_t x, int64_t y) -> std::optional<int64_t> {
    switch (op) {
      case Op::kAdd:
        return x + y;
      case Op::kSub:
        return x - y;
      case Op::kMul:
        return x * y;
      case Op::kDiv:
        return y == 0 ? std::nullopt : std::optional(x / y);
      case Op::kRem:
        return y == 0 ? std::nullopt : std::optional(x % y);
      case Op::kShl:
        return y < 0 || y > 40 ? std::nullopt : std::optional(x * (int64_t{1} << y));
      case Op::kShr:
        return y < 0 || y > 63 ? std::nullopt : std::optional(x >> y);
      case Op::kAnd:
        return x & y;
      case Op::kOr:
        return x | y;
      case Op::kXor:
        return x ^ y;
      case Op::kEq:
        return x == y;
      case Op::kNe:
        return x != y;
      case Op::kLt:
        return x < y;
      case Op::kLe:
        return x <= y;
      case Op::kGt:
        return x > y;
      case Op::kGe:
        return x >= y;
      case Op::kLogicalAnd:
        return x && y;
      default:
        return x || y;
    }
  };
  for (int round = 0; round < 3000; ++round) {
    const auto [a, a_members] = some();
    const auto [b, b_members] = some();
    const Value joined = join(a, b);
    for (const int64_t x : a_members) ASSERT_TRUE(holds_integer(joined, x)) << x;
    for (const int64_t x : a_members) {
      ASSERT_NE(a.truth(), tri(x == 0)) << x;
      ASSERT_NE(a.is_negative(), tri(x >= 0)) << x;
      ASSERT_NE(a.any_bit(5), tri((x & 5) == 0)) << x;
      ASSERT_NE(a.equals(3), tri(x != 3)) << x;
      ASSERT_TRUE(holds_integer(unary(Op::kNot, a), ~x)) << x;
      ASSERT_TRUE(holds_integer(unary(Op::kNegate, a), -x)) << x;
      ASSERT_TRUE(holds_integer(unary(Op::kLogicalNot, a), !x)) << x;
      ASSERT_TRUE(holds_integer(convert(a, 8, true), static_cast<int8_t>(x))) << x;
      ASSERT_TRUE(holds_integer(convert(a, 4, false), x & 15)) << x;
    }
    for (const Op op : ops) {
      const Value result = binary(op, a, b, true);
      const bool compares = op >= Op::kEq && op <= Op::kGe;
      for (const int64_t x : a_members) {
        for (const int64_t y : b_members) {
          const auto expected = compute(op, x, y);
          if (!expected) continue;
          ASSERT_TRUE(holds_integer(result, *expected))
              << x << " op " << static_cast<int>(op) << " " << y << " is " << *expected;
          if (compares) {
            ASSERT_TRUE(holds_integer(refine(a, op, b, *expected != 0), x))
                << x << " op " << static_cast<int>(op) << " " << y;
          }
        }
      }
    }
  }
}

}  // namespace
}  // namespace cgoscope
