// What is known of a C value at a point of the analysis: some integers, some addresses, some
// functions, or nothing.
//
// A value is the union of its parts. The set of integers is a few ranges, with the bits that are
// certainly one or zero beside them: the ranges answer "is this timeout negative?", the bits answer
// "is O_NONBLOCK set in flags | O_NONBLOCK?". A symbol is the identity of something unknown: two
// loads of conn->fd have the same symbol until somebody stores to it, which is how fcntl on one
// counts for read on the other.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "clang_plugin/summary/summary.h"
#include "llvm/ADT/SmallVector.h"

namespace cgoscope {

using PlaceId = uint32_t;     // a piece of memory: an object and a path into it
using FunctionId = uint32_t;  // into Program
using SymbolId = uint32_t;    // 0: no identity

enum class Tri : uint8_t { kNo, kYes, kUnknown };
inline Tri tri(bool known) { return known ? Tri::kYes : Tri::kNo; }
inline Tri negate(Tri t) { return t == Tri::kUnknown ? t : t == Tri::kYes ? Tri::kNo : Tri::kYes; }

struct Range {
  int64_t lo = 0, hi = 0;
  bool operator==(const Range&) const = default;
};

struct Value {
  llvm::SmallVector<Range, 2> ranges;  // ascending, disjoint; meaningless when `unknown`
  llvm::SmallVector<PlaceId, 1> pointers;
  llvm::SmallVector<FunctionId, 1> functions;
  uint64_t ones = 0, zeros = 0;  // bits known to be set, known to be clear; of the integers
  SymbolId symbol = 0;
  bool unknown = false;  // any integer, or an address that is not followed
  // Not 0: the integers are relative to the time at which the clock was read, with this many loops
  // less one around it.
  uint32_t from_now = 0;
  // The same of a time that is left until such a time, whose integers are at most, and of a time
  // that has passed since one.
  uint32_t left_until = 0, passed_since = 0;
  int64_t tick_ns = 0;  // of these three: what one is in nanoseconds, 0 if that is not known

  static Value any(SymbolId symbol = 0);
  static Value constant(int64_t value);
  static Value range(int64_t lo, int64_t hi);
  static Value pointer(PlaceId place);
  static Value function(FunctionId function);

  // The one integer it is, if it is certainly that.
  std::optional<int64_t> as_constant() const;
  bool is_clock() const { return from_now || left_until || passed_since; }
  bool is_integer() const {
    return !unknown && pointers.empty() && functions.empty() && !ranges.empty();
  }
  // Whether it is not zero: addresses are not.
  Tri truth() const;
  Tri equals(int64_t value) const;
  Tri is_negative() const;
  // Whether a bit of `mask` is set.
  Tri any_bit(uint64_t mask) const;
  // The largest integer it can be, when all it can be are integers of which none is unlimited (2^62
  // and up counts so).
  std::optional<int64_t> highest() const;
  bool operator==(const Value&) const = default;
};

Value join(const Value& a, const Value& b);
Value unary(Op op, const Value& a);
Value binary(Op op, const Value& a, const Value& b, bool is_signed);
Value convert(const Value& a, unsigned width, bool is_signed);
// `a` with what holds of it once `a op b` is known to be `holds`.
Value refine(const Value& a, Op op, const Value& b, bool holds, bool is_signed = true);

}  // namespace cgoscope
