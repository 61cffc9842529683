#include "findings/duration.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <string>

namespace cgoscope {
namespace {

using testing::HasSubstr;

constexpr int64_t kSecond = 1000000000, kMinute = 60 * kSecond, kHour = 60 * kMinute;

TEST(ParseDuration, TakesWhatGoTakes) {
  const struct {
    const char* text;
    int64_t ns;
  } rows[] = {
      {"0", 0},
      {"0s", 0},
      {"1ns", 1},
      {"1us", 1000},
      {"1\u00b5s", 1000},  // micro sign
      {"1\u03bcs", 1000},  // Greek mu
      {"250ms", 250000000},
      {"1s", kSecond},
      {"+1s", kSecond},
      {"1.5s", 1500000000},
      {".5s", 500000000},
      {"5.s", 5 * kSecond},
      {"0.3s", 300000000},
      {"1m", kMinute},
      {"1m30s", 90 * kSecond},
      {"2h45m10.5s", 2 * kHour + 45 * kMinute + 10 * kSecond + 500000000},
      {"1s1s", 2 * kSecond},  // Go adds up whatever order the units come in
      {"1ms1h", kHour + 1000000},
      {"0.000000001s", 1},
      {"0.100000000000000000000s", 100000000},  // from Go's time_test.go
      {"0.3333333333333333333h", 20 * kMinute},
      {"9007199254740993ns", 9007199254740993},  // 2^53 + 1: no double holds it
      {"9223372036854775807ns", std::numeric_limits<int64_t>::max()},
      {"9223372036854775.807us", std::numeric_limits<int64_t>::max()},
  };
  for (const auto& row : rows) {
    const auto parsed = parse_duration_ns(row.text);
    ASSERT_TRUE(parsed.has_value()) << row.text << ": " << parsed.error().message();
    EXPECT_EQ(*parsed, row.ns) << row.text;
  }
}

TEST(ParseDuration, RefusesTheRestAndSaysWhy) {
  const struct {
    const char* text;
    const char* why;
  } rows[] = {
      {"", "empty"},
      {"1", "unit"},
      {"00", "unit"},
      {"s", "number"},
      {".s", "number"},
      {"+", "number"},
      {"-1s", "negative"},
      {"-0", "negative"},
      {"++1s", "number"},
      {"1.1.1s", "unit"},
      {"1 s", "unit"},
      {" 1s", "number"},
      {"1s ", "number"},
      {"1S", "unit"},
      {"1sec", "number"},
      {"1d", "unit"},
      {"1m30", "unit"},
      {"1e3s", "unit"},
      {"0x10s", "unit"},
      {"1,5s", "unit"},
      {"inf", "number"},
      {"9223372036854775808ns", "292 years"},
      {"2562048h", "292 years"},
      {"2562047h2562047h", "292 years"},
      {"99999999999999999999999999h", "292 years"},
  };
  for (const auto& row : rows) {
    const auto parsed = parse_duration_ns(row.text);
    ASSERT_FALSE(parsed.has_value()) << row.text << " is " << *parsed;
    EXPECT_THAT(parsed.error().why, HasSubstr(row.why)) << row.text;
    EXPECT_EQ(parsed.error().what, "not a duration: '" + std::string(row.text) + "'");
    EXPECT_THAT(parsed.error().hint, HasSubstr("1m30s"));
  }
}

TEST(ParseDuration, BearsAnyNumberOfDigits) {
  const std::string many(20000, '9');
  EXPECT_FALSE(parse_duration_ns(many + "s").has_value());
  const auto fraction = parse_duration_ns("1." + many + "s");
  ASSERT_TRUE(fraction.has_value()) << fraction.error().message();
  EXPECT_EQ(*fraction, 2 * kSecond);
  const auto tiny = parse_duration_ns("0." + std::string(20000, '0') + "1s");
  ASSERT_TRUE(tiny.has_value()) << tiny.error().message();
  EXPECT_EQ(*tiny, 0);
  EXPECT_FALSE(parse_duration_ns(std::string("1s\0", 3)).has_value());
}

TEST(FormatDuration, TakesTheLargestUnits) {
  const struct {
    int64_t ns;
    const char* text;
  } rows[] = {
      {-1, "0s"},
      {0, "0s"},
      {1, "1ns"},
      {999, "999ns"},
      {1000, "1us"},
      {1500, "1.5us"},
      {999999, "999.999us"},
      {1000000, "1ms"},
      {250000000, "250ms"},
      {1234567, "1.234ms"},
      {1001000, "1.001ms"},
      {999999999, "999.999ms"},
      {kSecond, "1s"},
      {1500000000, "1.5s"},
      {30 * kSecond, "30s"},
      {kMinute, "1m"},
      {90 * kSecond, "1m30s"},
      {kMinute + 500000000, "1m0.5s"},
      {2 * kHour, "2h"},
      {kHour + kSecond, "1h1s"},
      {kHour + 5 * kMinute, "1h5m"},
      {kHour + 1, "1h"},
      {std::numeric_limits<int64_t>::max(), "2562047h47m16.854s"},
  };
  for (const auto& row : rows) EXPECT_EQ(format_duration_ns(row.ns), row.text) << row.ns;
}

TEST(FormatDuration, IsParsedBack) {
  for (int64_t ns = 1; ns < int64_t{1} << 60; ns *= 7) {
    const auto back = parse_duration_ns(format_duration_ns(ns));
    ASSERT_TRUE(back.has_value()) << format_duration_ns(ns);
    EXPECT_LE(*back, ns);
    // Three digits of the smallest unit that is shown.
    EXPECT_GT(static_cast<double>(*back), static_cast<double>(ns) * 0.998) << ns;
  }
}

}  // namespace
}  // namespace cgoscope
