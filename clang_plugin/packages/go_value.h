// Go's constant arithmetic: untyped constants are exact, typed ones and variables wrap at their
// type's width.
//
// Integers have 128 bits here where Go has at least 512; what overflows them has no value. Sizes
// are those of 64-bit Linux.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace cgoscope {

__extension__ typedef __int128 Int128;

struct GoType {
  enum class Kind : uint8_t { kInteger, kFloat, kBool, kPointer };
  Kind kind = Kind::kInteger;
  bool typed = false;  // the type of an untyped constant says only its kind
  bool is_signed = true;
  uint8_t bits = 64;
  bool operator==(const GoType&) const = default;
};

struct GoValue {
  GoType type;
  Int128 integer = 0;      // also bool (0, 1) and nil (0)
  long double number = 0;  // of kFloat

  static GoValue untyped_integer(Int128 value) { return {GoType{}, value, 0}; }
  static GoValue boolean(bool value);
  static GoValue nil();
};

// The value of a literal's text, by the kind of its token.
std::optional<GoValue> parse_integer(std::string_view text);
std::optional<GoValue> parse_float(std::string_view text);
std::optional<GoValue> parse_rune(std::string_view text);

// T(value). A fraction is cut, as a conversion at run time does it.
std::optional<GoValue> convert(const GoValue& value, const GoType& type);
// What a variable gets from an untyped constant: int or float64.
GoValue with_default_type(const GoValue& value);

std::optional<GoValue> apply_unary(std::string_view symbol, const GoValue& operand);
std::optional<GoValue> apply_binary(std::string_view symbol, const GoValue& left,
                                    const GoValue& right);

// As int64_t, or its two's complement up to 2^64 - 1; nothing for a fraction.
std::optional<int64_t> to_int64(const GoValue& value);

}  // namespace cgoscope
