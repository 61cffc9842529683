#include "clang_plugin/analysis/value.h"

#include <algorithm>
#include <limits>
#include <type_traits>
#include <utility>

namespace cgoscope {
namespace {

__extension__ typedef __int128 Wide;  // 64-bit arithmetic that cannot overflow

constexpr int64_t kMin = std::numeric_limits<int64_t>::min();
constexpr int64_t kMax = std::numeric_limits<int64_t>::max();
constexpr size_t kMaxRanges = 8;
constexpr size_t kMaxTargets = 32;  // pointers or functions, before a value becomes unknown
constexpr int64_t kUnlimited = int64_t{1} << 62;

void normalise(Value& value) {
  if (value.unknown) {
    value.ranges.clear();
    return;
  }
  std::sort(value.ranges.begin(), value.ranges.end(),
            [](const Range& a, const Range& b) { return a.lo < b.lo; });
  llvm::SmallVector<Range, 2> merged;
  for (const Range& range : value.ranges) {
    if (!merged.empty() && (merged.back().hi == kMax || range.lo <= merged.back().hi + 1)) {
      merged.back().hi = std::max(merged.back().hi, range.hi);
    } else {
      merged.push_back(range);
    }
  }
  while (merged.size() > kMaxRanges) {  // the two nearest neighbours become one
    size_t best = 0;
    for (size_t i = 0; i + 1 < merged.size(); ++i) {
      const auto gap = [&](size_t at) {
        return static_cast<uint64_t>(merged[at + 1].lo) - static_cast<uint64_t>(merged[at].hi);
      };
      if (gap(i) < gap(best)) best = i;
    }
    merged[best].hi = merged[best + 1].hi;
    merged.erase(merged.begin() + static_cast<ptrdiff_t>(best) + 1);
  }
  value.ranges = merged;
  if (value.ranges.size() == 1 && value.ranges[0].lo == value.ranges[0].hi) {
    value.ones = static_cast<uint64_t>(value.ranges[0].lo);
    value.zeros = ~value.ones;
  }
}

int64_t clamp(Wide value) {
  return value < kMin ? kMin : value > kMax ? kMax : static_cast<int64_t>(value);
}

template <typename T>
void unite(llvm::SmallVectorImpl<T>& into, const llvm::SmallVectorImpl<T>& from) {
  for (const T& item : from) {
    if (std::find(into.begin(), into.end(), item) == into.end()) into.push_back(item);
  }
  std::sort(into.begin(), into.end());
}

// The least and the greatest of what `value` can be. Numbers are kept as int64_t, so that of an
// unsigned type 2^63 and above are negative here.
template <typename Integer>
std::pair<Integer, Integer> limits(const Value& value) {
  Integer least = std::numeric_limits<Integer>::max(), most = std::numeric_limits<Integer>::min();
  for (const Range& range : value.ranges) {
    const bool wraps = std::is_unsigned_v<Integer> && range.lo < 0 && range.hi >= 0;
    least = std::min(least, wraps ? Integer{0} : static_cast<Integer>(range.lo));
    most = std::max(most,
                    wraps ? std::numeric_limits<Integer>::max() : static_cast<Integer>(range.hi));
  }
  return {least, most};
}

template <typename Integer>
Tri compare(Op op, const Value& a, const Value& b) {
  // The clock may have been read at different times.
  if (!a.is_integer() || !b.is_integer() || a.from_now || b.from_now) return Tri::kUnknown;
  const auto [a_lo, a_hi] = limits<Integer>(a);
  const auto [b_lo, b_hi] = limits<Integer>(b);
  switch (op) {
    case Op::kLt:
      return a_hi < b_lo ? Tri::kYes : a_lo >= b_hi ? Tri::kNo : Tri::kUnknown;
    case Op::kLe:
      return a_hi <= b_lo ? Tri::kYes : a_lo > b_hi ? Tri::kNo : Tri::kUnknown;
    case Op::kGt:
      return compare<Integer>(Op::kLt, b, a);
    case Op::kGe:
      return compare<Integer>(Op::kLe, b, a);
    default:
      return Tri::kUnknown;
  }
}

// The integers x with x `op` constant, an order; ascending as int64_t.
llvm::SmallVector<Range, 2> satisfying(Op op, int64_t constant, bool is_signed) {
  const int64_t least = is_signed ? kMin : 0, most = is_signed ? kMax : -1;
  if ((op == Op::kLt && constant == least) || (op == Op::kGt && constant == most)) return {};
  const bool below = op == Op::kLt || op == Op::kLe;
  const int64_t lo = below ? least : op == Op::kGt ? constant + 1 : constant;
  const int64_t hi = !below ? most : op == Op::kLt ? constant - 1 : constant;
  if (lo <= hi) return {{lo, hi}};
  return {{kMin, hi}, {lo, kMax}};  // unsigned, across 2^63
}

Tri equal(const Value& a, const Value& b) {
  if (const auto constant = b.as_constant(); constant && !b.from_now && !a.from_now)
    return a.equals(*constant);
  if (const auto constant = a.as_constant(); constant && !a.from_now && !b.from_now)
    return b.equals(*constant);
  // One of the two may be an error code as well, see join().
  if (a.symbol != 0 && a.symbol == b.symbol && a.unknown == b.unknown && a.ranges == b.ranges)
    return Tri::kYes;
  return Tri::kUnknown;
}

Value truth_value(Tri known) {
  return known == Tri::kUnknown ? Value::range(0, 1) : Value::constant(known == Tri::kYes ? 1 : 0);
}

Op mirrored(Op op) {
  switch (op) {
    case Op::kLt:
      return Op::kGe;
    case Op::kLe:
      return Op::kGt;
    case Op::kGt:
      return Op::kLe;
    case Op::kGe:
      return Op::kLt;
    case Op::kEq:
      return Op::kNe;
    case Op::kNe:
      return Op::kEq;
    default:
      return Op::kNone;
  }
}

}  // namespace

Value Value::any(SymbolId symbol) {
  Value value;
  value.unknown = true;
  value.symbol = symbol;
  return value;
}

Value Value::constant(int64_t constant) { return range(constant, constant); }

Value Value::range(int64_t lo, int64_t hi) {
  Value value;
  value.ranges.push_back({lo, hi});
  normalise(value);
  return value;
}

Value Value::pointer(PlaceId place) {
  Value value;
  value.pointers.push_back(place);
  return value;
}

Value Value::function(FunctionId function) {
  Value value;
  value.functions.push_back(function);
  return value;
}

std::optional<int64_t> Value::as_constant() const {
  if (!is_integer() || ranges.size() != 1 || ranges[0].lo != ranges[0].hi) return std::nullopt;
  return ranges[0].lo;
}

Tri Value::truth() const { return negate(equals(0)); }

Tri Value::equals(int64_t value) const {
  if (unknown) return (value == 0 && ones != 0) ? Tri::kNo : Tri::kUnknown;
  if (from_now) return Tri::kUnknown;
  const bool addresses = !pointers.empty() || !functions.empty();
  bool inside = false;
  for (const Range& range : ranges) inside = inside || (range.lo <= value && value <= range.hi);
  if (!inside) return Tri::kNo;
  return !addresses && as_constant() ? Tri::kYes : Tri::kUnknown;
}

Tri Value::is_negative() const {
  if (unknown || from_now) return Tri::kUnknown;
  if (ranges.empty()) return Tri::kNo;
  if (ranges.front().lo >= 0) return Tri::kNo;
  return ranges.back().hi < 0 && pointers.empty() && functions.empty() ? Tri::kYes : Tri::kUnknown;
}

Tri Value::any_bit(uint64_t mask) const {
  const bool addresses = !pointers.empty() || !functions.empty();
  // An address is not null; which of its bits are set nobody knows.
  const Tri address = mask == ~uint64_t{0} ? Tri::kYes : Tri::kUnknown;
  if (addresses && !unknown && ranges.empty()) return address;
  const Tri integer = (ones & mask) != 0     ? Tri::kYes
                      : (mask & ~zeros) == 0 ? Tri::kNo
                                             : Tri::kUnknown;
  return !addresses || integer == address ? integer : Tri::kUnknown;
}

std::optional<int64_t> Value::highest() const {
  if (!is_integer() || ranges.back().hi >= kUnlimited) return std::nullopt;
  return ranges.back().hi;
}

namespace {

// -1, -EINVAL, -errno: what a function returns in place of a descriptor.
bool is_error_code(const Value& value) {
  return value.is_integer() && value.symbol == 0 && value.ranges.front().lo < 0 &&
         value.ranges.back().hi <= 0;
}

bool same_clock(const Value& a, const Value& b) {
  return a.from_now == b.from_now && a.left_until == b.left_until &&
         a.passed_since == b.passed_since && a.tick_ns == b.tick_ns;
}

void copy_clock(const Value& from, Value& to) {
  to.from_now = from.from_now;
  to.left_until = from.left_until;
  to.passed_since = from.passed_since;
  to.tick_ns = from.tick_ns;
}

// left < 0 ? 0 : left, and left < 100 ? left : 100, are no more than what is left.
bool cuts_short(const Value& value, const Value& left) {
  if (!value.is_integer() || value.is_clock() || !left.is_integer() || !left.left_until)
    return false;
  const int64_t most = value.ranges.back().hi;
  return most <= 0 ||
         (most < kMax && most - 1 <= left.ranges.back().hi && left.ranges.back().hi <= most);
}

// The difference of two times. Of times that were read equally far inside, the greater one is the
// deadline and the other the present.
Value time_between(const Value& a, const Value& b) {
  if (a.tick_ns != b.tick_ns) return Value::any();
  const int64_t least = clamp(Wide{a.ranges.front().lo} - b.ranges.back().hi);
  const int64_t most = clamp(Wide{a.ranges.back().hi} - b.ranges.front().lo);
  const bool left = a.from_now < b.from_now || (a.from_now == b.from_now && most > 0);
  Value value = left ? Value::range(std::min<int64_t>(-1, most), most) : Value::range(least, kMax);
  (left ? value.left_until : value.passed_since) = std::min(a.from_now, b.from_now);
  value.tick_ns = a.tick_ns;
  return value;
}

// What is known of the clock in `a op b`; nullopt where the result says nothing.
std::optional<Value> clock_of(Op op, const Value& a, const Value& b) {
  Value clock;
  const auto factor = b.as_constant();
  switch (op) {
    case Op::kAdd:
    case Op::kSub:
      if (!b.is_clock()) {
        copy_clock(a, clock);
      } else if (!a.is_clock() && op == Op::kAdd) {
        copy_clock(b, clock);
      } else if (!a.is_clock() && !b.from_now) {  // timeout - (now - start)
        copy_clock(b, clock);
        std::swap(clock.left_until, clock.passed_since);
      } else if (same_clock(a, b) && !a.from_now && op == Op::kAdd) {
        copy_clock(a, clock);  // seconds and what is left below them
      } else if (a.from_now || b.from_now) {
        return std::nullopt;
      }
      return clock;
    case Op::kMul:
    case Op::kDiv:
    case Op::kRem:
      if (op == Op::kMul && !a.is_clock()) return clock_of(op, b, a);
      if (b.is_clock() || !factor || *factor <= 0 || (op == Op::kRem && a.from_now))
        return a.from_now || b.from_now ? std::nullopt : std::optional(clock);
      copy_clock(a, clock);
      if (op == Op::kMul && clock.tick_ns)
        clock.tick_ns = std::max<int64_t>(clock.tick_ns / *factor, 1);
      if (op == Op::kDiv) clock.tick_ns = clamp(Wide{clock.tick_ns} * *factor);
      return clock;
    default:
      return a.from_now || b.from_now ? std::nullopt : std::optional(clock);
  }
}

// A descriptor or an error code still is that descriptor to whatever can wait for it: a system call
// on the code fails at once.
SymbolId joined_symbol(const Value& a, const Value& b) {
  if (a.symbol == b.symbol) return a.symbol;
  if (is_error_code(b)) return a.symbol;
  return is_error_code(a) ? b.symbol : 0;
}

}  // namespace

Value join(const Value& a, const Value& b) {
  if (a == b) return a;
  Value value;
  value.unknown = a.unknown || b.unknown;
  if (a.from_now != b.from_now) {
    value.unknown = true;
  } else if (same_clock(a, b) || cuts_short(b, a)) {
    copy_clock(a, value);
  } else if (cuts_short(a, b)) {
    copy_clock(b, value);
  }
  value.symbol = joined_symbol(a, b);
  const bool a_integers = a.unknown || !a.ranges.empty();
  const bool b_integers = b.unknown || !b.ranges.empty();
  if (a_integers && b_integers) {
    value.ones = a.ones & b.ones;
    value.zeros = a.zeros & b.zeros;
  } else {
    value.ones = a_integers ? a.ones : b.ones;
    value.zeros = a_integers ? a.zeros : b.zeros;
  }
  value.ranges = a.ranges;
  value.ranges.append(b.ranges.begin(), b.ranges.end());
  value.pointers = a.pointers;
  unite(value.pointers, b.pointers);
  value.functions = a.functions;
  unite(value.functions, b.functions);
  if (value.pointers.size() > kMaxTargets || value.functions.size() > kMaxTargets)
    return Value::any();
  normalise(value);
  return value;
}

Value unary(Op op, const Value& a) {
  switch (op) {
    case Op::kLogicalNot:
      return truth_value(negate(a.truth()));
    case Op::kNegate:
      return binary(Op::kSub, Value::constant(0), a, true);
    case Op::kNot: {
      Value value = Value::any();
      if (const auto constant = a.as_constant()) return Value::constant(~*constant);
      value.ones = a.zeros;
      value.zeros = a.ones;
      return value;
    }
    default:
      return Value::any();
  }
}

Value binary(Op op, const Value& a, const Value& b, bool is_signed) {
  switch (op) {
    case Op::kEq:
      return truth_value(equal(a, b));
    case Op::kNe:
      return truth_value(negate(equal(a, b)));
    case Op::kLt:
    case Op::kLe:
    case Op::kGt:
    case Op::kGe:
      return truth_value(is_signed ? compare<int64_t>(op, a, b) : compare<uint64_t>(op, a, b));
    case Op::kLogicalAnd: {
      const Tri left = a.truth(), right = b.truth();
      if (left == Tri::kNo || right == Tri::kNo) return Value::constant(0);
      return truth_value(left == Tri::kYes && right == Tri::kYes ? Tri::kYes : Tri::kUnknown);
    }
    case Op::kLogicalOr: {
      const Tri left = a.truth(), right = b.truth();
      if (left == Tri::kYes || right == Tri::kYes) return Value::constant(1);
      return truth_value(left == Tri::kNo && right == Tri::kNo ? Tri::kNo : Tri::kUnknown);
    }
    case Op::kAnd: {
      if (a.as_constant() && b.as_constant())
        return Value::constant(*a.as_constant() & *b.as_constant());
      Value value = Value::any();
      value.ones = a.ones & b.ones;
      value.zeros = a.zeros | b.zeros;
      const uint64_t most = ~value.zeros;
      if (static_cast<int64_t>(most) >= 0) {
        const uint64_t ones = value.ones, zeros = value.zeros;
        value = Value::range(0, static_cast<int64_t>(most));
        value.ones |= ones;
        value.zeros |= zeros;
      }
      return value;
    }
    case Op::kOr: {
      if (a.as_constant() && b.as_constant())
        return Value::constant(*a.as_constant() | *b.as_constant());
      Value value = Value::any();
      value.ones = a.ones | b.ones;
      value.zeros = a.zeros & b.zeros;
      return value;
    }
    case Op::kXor: {
      if (a.as_constant() && b.as_constant())
        return Value::constant(*a.as_constant() ^ *b.as_constant());
      Value value = Value::any();
      value.ones = (a.ones & b.zeros) | (a.zeros & b.ones);
      value.zeros = (a.ones & b.ones) | (a.zeros & b.zeros);
      return value;
    }
    default:
      break;
  }
  if (!a.is_integer() || !b.is_integer()) return Value::any();
  Value value;
  if (a.is_clock() || b.is_clock()) {
    if (op == Op::kSub && a.from_now && b.from_now) return time_between(a, b);
    const auto clock = clock_of(op, a, b);
    if (!clock) return Value::any();
    copy_clock(*clock, value);
  }
  for (const Range& x : a.ranges) {
    for (const Range& y : b.ranges) {
      switch (op) {
        case Op::kAdd:
          value.ranges.push_back({clamp(Wide{x.lo} + y.lo), clamp(Wide{x.hi} + y.hi)});
          break;
        case Op::kSub:
          value.ranges.push_back({clamp(Wide{x.lo} - y.hi), clamp(Wide{x.hi} - y.lo)});
          break;
        case Op::kMul: {
          const Wide p[] = {Wide{x.lo} * y.lo, Wide{x.lo} * y.hi, Wide{x.hi} * y.lo,
                            Wide{x.hi} * y.hi};
          value.ranges.push_back(
              {clamp(*std::min_element(p, p + 4)), clamp(*std::max_element(p, p + 4))});
          break;
        }
        case Op::kDiv: {
          if (y.lo != y.hi || y.lo == 0 || (!is_signed && (x.lo < 0 || y.lo < 0)))
            return Value::any();
          const Wide p = Wide{x.lo} / y.lo, q = Wide{x.hi} / y.lo;
          value.ranges.push_back({clamp(std::min(p, q)), clamp(std::max(p, q))});
          break;
        }
        case Op::kRem: {
          if (y.lo != y.hi || y.lo <= 0) return Value::any();
          if (x.lo == x.hi && (is_signed || x.lo >= 0)) {
            value.ranges.push_back({x.lo % y.lo, x.lo % y.lo});
          } else if (x.lo > (is_signed ? -y.lo : -1) && x.hi < y.lo) {
            value.ranges.push_back(x);
          } else {
            value.ranges.push_back({x.lo < 0 ? -(y.lo - 1) : 0, y.lo - 1});
          }
          break;
        }
        case Op::kShl:
          if (y.lo != y.hi || y.lo < 0 || y.lo > 62) return Value::any();
          value.ranges.push_back(
              {clamp(Wide{x.lo} * (int64_t{1} << y.lo)), clamp(Wide{x.hi} * (int64_t{1} << y.lo))});
          break;
        case Op::kShr:
          if (y.lo != y.hi || y.lo < 0 || y.lo > 63 || x.lo < 0) return Value::any();
          value.ranges.push_back({x.lo >> y.lo, x.hi >> y.lo});
          break;
        default:
          return Value::any();
      }
    }
  }
  normalise(value);
  return value;
}

Value convert(const Value& a, unsigned width, bool is_signed) {
  if (width >= 64 || !a.is_integer()) {
    // An unsigned 64-bit value keeps its bits: -1 is the API's "infinite" either way.
    Value value = a;
    if (width < 64 && a.unknown) value.zeros |= is_signed ? 0 : ~((uint64_t{1} << width) - 1);
    return value;
  }
  const int64_t lo = is_signed ? -(int64_t{1} << (width - 1)) : 0;
  const int64_t hi = is_signed ? (int64_t{1} << (width - 1)) - 1 : (int64_t{1} << width) - 1;
  if (a.ranges.front().lo >= lo && a.ranges.back().hi <= hi) return a;
  if (a.left_until || a.passed_since) {  // which programs take to be large enough
    Value value = Value::range(std::clamp(a.ranges.front().lo, lo, hi),
                               std::clamp(a.ranges.back().hi, lo, hi));
    copy_clock(a, value);
    return value;
  }
  if (const auto constant = a.as_constant()) {
    const uint64_t bits = static_cast<uint64_t>(*constant) & ((uint64_t{1} << width) - 1);
    const bool minus = is_signed && (bits >> (width - 1)) != 0;
    return Value::constant(
        static_cast<int64_t>(minus ? bits | ~((uint64_t{1} << width) - 1) : bits));
  }
  // Still the same descriptor, which a test like fd >= 0 left without an upper end.
  Value value = Value::range(lo, hi);
  value.symbol = a.symbol;
  return value;
}

Value refine(const Value& a, Op op, const Value& b, bool holds, bool is_signed) {
  if (!holds) op = mirrored(op);
  const auto constant = b.as_constant();
  if (!constant || b.from_now || a.from_now) return a;
  const bool addresses = !a.pointers.empty() || !a.functions.empty();
  if (op == Op::kNe) {
    Value value = a;
    if (value.unknown) {
      if (addresses) return a;
      value.unknown = false;
      value.ranges = {{kMin, *constant == kMin ? kMin : *constant - 1},
                      {*constant == kMax ? kMax : *constant + 1, kMax}};
      return value;
    }
    llvm::SmallVector<Range, 2> parts;
    for (const Range& range : value.ranges) {
      if (*constant < range.lo || *constant > range.hi) {
        parts.push_back(range);
        continue;
      }
      if (range.lo < *constant) parts.push_back({range.lo, *constant - 1});
      if (*constant < range.hi) parts.push_back({*constant + 1, range.hi});
    }
    value.ranges = parts;
    normalise(value);
    return value;
  }
  if (op == Op::kEq && *constant == 0) {
    Value zero = Value::constant(0);
    zero.symbol = a.symbol;
    return zero;
  }
  llvm::SmallVector<Range, 2> keep;
  if (op == Op::kEq) {
    keep = {{*constant, *constant}};
  } else if (op >= Op::kLt && op <= Op::kGe) {
    keep = satisfying(op, *constant, is_signed);
  }
  if (keep.empty()) return a;
  Value value = a;
  llvm::SmallVector<Range, 2> from = a.ranges;
  if (value.unknown) {
    if (addresses) return a;
    value.unknown = false;
    from = {{kMin, kMax}};
    // Unsigned, of less than 64 bits.
    if (static_cast<int64_t>(a.zeros) < 0) from = {{0, static_cast<int64_t>(~a.zeros)}};
  }
  value.ranges.clear();
  for (const Range& range : from) {
    for (const Range& part : keep) {
      const Range cut{std::max(range.lo, part.lo), std::min(range.hi, part.hi)};
      if (cut.lo <= cut.hi) value.ranges.push_back(cut);
    }
  }
  normalise(value);
  return value;
}

}  // namespace cgoscope
