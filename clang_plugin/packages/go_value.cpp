#include "clang_plugin/packages/go_value.h"

#include <array>
#include <cmath>
#include <cstdlib>
#include <string>

namespace cgoscope {
namespace {

using Kind = GoType::Kind;

constexpr Int128 kTwoTo63 = Int128{1} << 63;
constexpr Int128 kTwoTo64 = Int128{1} << 64;

GoType float_type(bool typed) { return {Kind::kFloat, typed, true, 64}; }

// Cuts to the type's width; untyped values stay.
GoValue wrapped(Int128 value, const GoType& type) {
  if (type.typed && type.kind == Kind::kInteger) {
    const Int128 modulus = Int128{1} << type.bits;
    value %= modulus;
    if (value < 0) value += modulus;
    if (type.is_signed && value >= modulus / 2) value -= modulus;
  }
  return {type, value, 0};
}

// The integer that `number` is, but for the rounding of this arithmetic, which Go's exact one does
// not have.
std::optional<Int128> nearest_integer(long double number) {
  if (!std::isfinite(number) || std::fabs(number) > 1e30L) return std::nullopt;
  const long double rounded = std::round(number);
  const long double tolerance = 1e-15L * std::fmax(1.0L, std::fabs(number));
  if (std::fabs(number - rounded) > tolerance) return std::nullopt;
  return static_cast<Int128>(rounded);
}

long double as_number(const GoValue& value) {
  return value.type.kind == Kind::kFloat ? value.number : static_cast<long double>(value.integer);
}

std::optional<GoValue> integer_operation(std::string_view symbol, const GoType& type, Int128 a,
                                         Int128 b) {
  Int128 result = 0;
  if (symbol == "+") {
    if (__builtin_add_overflow(a, b, &result)) return std::nullopt;
  } else if (symbol == "-") {
    if (__builtin_sub_overflow(a, b, &result)) return std::nullopt;
  } else if (symbol == "*") {
    if (__builtin_mul_overflow(a, b, &result)) return std::nullopt;
  } else if (symbol == "/" || symbol == "%") {
    if (b == 0) return std::nullopt;
    if (b == -1) {
      if (symbol == "/" && __builtin_sub_overflow(Int128{0}, a, &result)) return std::nullopt;
    } else {
      result = symbol == "/" ? a / b : a % b;
    }
  } else if (symbol == "&") {
    result = a & b;
  } else if (symbol == "|") {
    result = a | b;
  } else if (symbol == "^") {
    result = a ^ b;
  } else if (symbol == "&^") {
    result = a & ~b;
  } else {
    return std::nullopt;
  }
  return wrapped(result, type);
}

std::optional<GoValue> float_operation(std::string_view symbol, const GoType& type, long double a,
                                       long double b) {
  GoValue result{type, 0, 0};
  if (symbol == "+") {
    result.number = a + b;
  } else if (symbol == "-") {
    result.number = a - b;
  } else if (symbol == "*") {
    result.number = a * b;
  } else if (symbol == "/" && b != 0) {
    result.number = a / b;
  } else {
    return std::nullopt;
  }
  return result;
}

std::optional<GoValue> compare(std::string_view symbol, long double a, long double b) {
  if (symbol == "==") return GoValue::boolean(a == b);
  if (symbol == "!=") return GoValue::boolean(a != b);
  if (symbol == "<") return GoValue::boolean(a < b);
  if (symbol == "<=") return GoValue::boolean(a <= b);
  if (symbol == ">") return GoValue::boolean(a > b);
  if (symbol == ">=") return GoValue::boolean(a >= b);
  return std::nullopt;
}

std::optional<GoValue> shift(std::string_view symbol, const GoValue& left, const GoValue& right) {
  GoValue value = left;
  if (value.type.kind == Kind::kFloat && !value.type.typed) {
    const auto integer = nearest_integer(value.number);
    if (!integer) return std::nullopt;
    value = GoValue::untyped_integer(*integer);
  }
  const auto count = to_int64(right);
  if (value.type.kind != Kind::kInteger || !count || *count < 0) return std::nullopt;
  if (symbol == ">>") {
    const int bits = *count > 126 ? 126 : static_cast<int>(*count);
    return wrapped(value.integer >> bits, value.type);
  }
  if (value.type.typed && *count >= value.type.bits) return wrapped(0, value.type);
  Int128 result = 0;
  if (*count > 125 || __builtin_mul_overflow(value.integer, Int128{1} << *count, &result))
    return std::nullopt;
  return wrapped(result, value.type);
}

std::string without_underscores(std::string_view text) {
  std::string out;
  for (char c : text) {
    if (c != '_') out += c;
  }
  return out;
}

int digit_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return 99;
}

std::optional<Int128> parse_digits(std::string_view text, int base) {
  if (text.empty()) return std::nullopt;
  Int128 value = 0;
  for (char c : text) {
    const int digit = digit_value(c);
    if (digit >= base || __builtin_mul_overflow(value, Int128{base}, &value) ||
        __builtin_add_overflow(value, Int128{digit}, &value)) {
      return std::nullopt;
    }
  }
  return value;
}

}  // namespace

GoValue GoValue::boolean(bool value) { return {{Kind::kBool, false, false, 8}, value ? 1 : 0, 0}; }
GoValue GoValue::nil() { return {{Kind::kPointer, false, false, 64}, 0, 0}; }

std::optional<GoValue> parse_integer(std::string_view literal) {
  const std::string text = without_underscores(literal);
  int base = 10;
  size_t skip = 0;
  if (text.size() > 1 && text[0] == '0') {
    const char mark = static_cast<char>(text[1] | 0x20);
    base = mark == 'x' ? 16 : mark == 'b' ? 2 : 8;
    skip = mark == 'x' || mark == 'b' || mark == 'o' ? 2 : 1;
  }
  const auto value = parse_digits(std::string_view(text).substr(skip), base);
  if (!value) return std::nullopt;
  return GoValue::untyped_integer(*value);
}

std::optional<GoValue> parse_float(std::string_view literal) {
  const std::string text = without_underscores(literal);
  char* end = nullptr;
  const long double number = std::strtold(text.c_str(), &end);
  if (end != text.c_str() + text.size() || !std::isfinite(number)) return std::nullopt;
  return GoValue{float_type(false), 0, number};
}

std::optional<GoValue> parse_rune(std::string_view literal) {
  if (literal.size() < 3 || literal.back() != '\'') return std::nullopt;
  const std::string_view text = literal.substr(1, literal.size() - 2);
  if (text[0] != '\\') {
    if (text.size() > 1) return std::nullopt;  // beyond ASCII: no wait's length is written so
    return GoValue::untyped_integer(static_cast<unsigned char>(text[0]));
  }
  if (text.size() == 2) {
    constexpr std::string_view kNames = "abfnrtv\\'";
    constexpr std::string_view kValues = "\a\b\f\n\r\t\v\\'";
    const size_t found = kNames.find(text[1]);
    if (found == std::string_view::npos) return std::nullopt;
    return GoValue::untyped_integer(kValues[found]);
  }
  if (text.size() < 4) return std::nullopt;
  const bool lettered = text[1] == 'x' || text[1] == 'u' || text[1] == 'U';
  const auto value = parse_digits(text.substr(lettered ? 2 : 1), lettered ? 16 : 8);
  if (!value) return std::nullopt;
  return GoValue::untyped_integer(*value);
}

std::optional<GoValue> convert(const GoValue& value, const GoType& type) {
  switch (type.kind) {
    case Kind::kInteger: {
      if (value.type.kind == Kind::kInteger) return wrapped(value.integer, type);
      // uintptr(unsafe.Pointer(nil))
      if (value.type.kind == Kind::kPointer) return wrapped(0, type);
      if (value.type.kind != Kind::kFloat || std::fabs(value.number) > 1e30L) return std::nullopt;
      const auto integer = nearest_integer(value.number);
      return wrapped(integer ? *integer : static_cast<Int128>(value.number), type);
    }
    case Kind::kFloat:
      if (value.type.kind != Kind::kInteger && value.type.kind != Kind::kFloat) return std::nullopt;
      return GoValue{type, 0, as_number(value)};
    case Kind::kBool:
      if (value.type.kind != Kind::kBool) return std::nullopt;
      return GoValue{type, value.integer, 0};
    case Kind::kPointer:
      if (value.integer != 0 || value.type.kind == Kind::kFloat) return std::nullopt;
      return GoValue{type, 0, 0};
  }
  return std::nullopt;
}

GoValue with_default_type(const GoValue& value) {
  if (value.type.typed) return value;
  if (value.type.kind == Kind::kInteger) {
    GoType type = value.type;
    type.typed = true;
    return wrapped(value.integer, type);
  }
  if (value.type.kind == Kind::kFloat) return {float_type(true), 0, value.number};
  return value;
}

std::optional<GoValue> apply_unary(std::string_view symbol, const GoValue& operand) {
  const bool integer = operand.type.kind == Kind::kInteger;
  const bool number = integer || operand.type.kind == Kind::kFloat;
  if (symbol == "+" && number) return operand;
  if (symbol == "-" && number) {
    if (!integer) return GoValue{operand.type, 0, -operand.number};
    return integer_operation("-", operand.type, 0, operand.integer);
  }
  if (symbol == "^" && integer) return wrapped(~operand.integer, operand.type);
  if (symbol == "!" && operand.type.kind == Kind::kBool) {
    return GoValue{operand.type, operand.integer == 0 ? 1 : 0, 0};
  }
  return std::nullopt;
}

std::optional<GoValue> apply_binary(std::string_view symbol, const GoValue& left,
                                    const GoValue& right) {
  if (symbol == "<<" || symbol == ">>") return shift(symbol, left, right);
  const Kind a = left.type.kind;
  const Kind b = right.type.kind;
  if (a == Kind::kBool && b == Kind::kBool) {
    if (symbol == "&&") return GoValue::boolean(left.integer != 0 && right.integer != 0);
    if (symbol == "||") return GoValue::boolean(left.integer != 0 || right.integer != 0);
    if (symbol == "==" || symbol == "!=") {
      return GoValue::boolean((left.integer == right.integer) == (symbol == "=="));
    }
    return std::nullopt;
  }
  if ((a != Kind::kInteger && a != Kind::kFloat) || (b != Kind::kInteger && b != Kind::kFloat))
    return std::nullopt;
  if (left.type.typed && right.type.typed && left.type != right.type) return std::nullopt;

  GoType type = left.type.typed ? left.type : right.type;
  if (!type.typed && (a == Kind::kFloat || b == Kind::kFloat)) type = float_type(false);
  if (type.kind == Kind::kFloat) {
    if (const auto result = compare(symbol, as_number(left), as_number(right))) return result;
    return float_operation(symbol, type, as_number(left), as_number(right));
  }
  // An untyped float takes an integer type only if it is an integer.
  auto as_integer = [](const GoValue& value) -> std::optional<Int128> {
    if (value.type.kind == Kind::kInteger) return value.integer;
    return nearest_integer(value.number);
  };
  const auto x = as_integer(left);
  const auto y = as_integer(right);
  if (!x || !y) return std::nullopt;
  if (symbol == "==") return GoValue::boolean(*x == *y);
  if (symbol == "!=") return GoValue::boolean(*x != *y);
  if (symbol == "<") return GoValue::boolean(*x < *y);
  if (symbol == "<=") return GoValue::boolean(*x <= *y);
  if (symbol == ">") return GoValue::boolean(*x > *y);
  if (symbol == ">=") return GoValue::boolean(*x >= *y);
  return integer_operation(symbol, type, *x, *y);
}

std::optional<int64_t> to_int64(const GoValue& value) {
  Int128 integer = value.integer;
  if (value.type.kind == Kind::kFloat) {
    const auto nearest = nearest_integer(value.number);
    if (!nearest) return std::nullopt;
    integer = *nearest;
  }
  if (integer < -kTwoTo63 || integer >= kTwoTo64) return std::nullopt;
  return static_cast<int64_t>(static_cast<uint64_t>(integer));
}

}  // namespace cgoscope
