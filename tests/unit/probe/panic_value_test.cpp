#include "probe_cli/panic_value.h"

#include <gtest/gtest.h>

#include <bit>

namespace cgoscope {
namespace {

TEST(PanicValue, AsGoPrintsIt) {
  const struct {
    uint32_t kind;
    uint64_t value;
    const char* text;
    const char* name;
  } rows[] = {
      {CG_KIND_UNKNOWN, 5, "", ""},
      {CG_KIND_NIL, 5, "nil", "nil"},
      {CG_KIND_STRING, 5, "", "string"},
      {CG_KIND_BOOL, 1, "true", "number"},
      {CG_KIND_BOOL, 0xff00, "false", "number"},  // what lies behind the byte is not its
      {CG_KIND_INT, ~uint64_t{6}, "-7", "number"},
      {3, 0x1234567890abcdff, "-1", "number"},         // int8
      {4, 0x7fff, "32767", "number"},                  // int16
      {5, 0xdead'8000'0000, "-2147483648", "number"},  // int32
      {CG_KIND_INT64, uint64_t{1} << 63, "-9223372036854775808", "number"},
      {CG_KIND_UINT, ~uint64_t{0}, "18446744073709551615", "number"},
      {8, 0xfff7, "247", "number"},  // uint8
      {CG_KIND_UINTPTR, 4096, "4096", "number"},
      {CG_KIND_FLOAT32, std::bit_cast<uint32_t>(0.5F) | uint64_t{7} << 32, "0.5", "number"},
      {CG_KIND_FLOAT64, std::bit_cast<uint64_t>(-2.25), "-2.25", "number"},
      {15, 1, "", "other"},  // complex64
      {25, 1, "", "other"},  // struct
  };
  for (const auto& row : rows) {
    cg_event event{};
    event.value_kind = row.kind;
    event.value = row.value;
    const PanicValue value = panic_value(event);
    EXPECT_EQ(value.text, row.text) << row.kind;
    EXPECT_EQ(value.kind, row.name) << row.kind;
  }
}

}  // namespace
}  // namespace cgoscope
