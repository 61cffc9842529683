#include "findings/printable.h"

#include <gtest/gtest.h>

#include <string>

namespace cgoscope {
namespace {

TEST(Printable, KeepsText) {
  for (const char* text : {"", "plain text ~ 0-9", "tab\there", "h\u00e9llo", "\u65e5\u672c",
                           "\U0001F600", "\u00a0", "\u05d0\u05d1", "\ufeff", "\U0010FFFF"})
    EXPECT_EQ(printable(text), text);
}

TEST(Printable, ReplacesWhatATerminalObeys) {
  const struct {
    std::string text;
    const char* shown;
  } rows[] = {
      {"a\nb\r\n", "a?b??"},
      {std::string("a\0b", 3), "a?b"},
      {"\x1b[31mred\x1b[0m", "?[31mred?[0m"},
      {"\x1b]0;title\x07", "?]0;title?"},
      {"back\b\b\x7f", "back???"},
      {"\x9b"
       "31m",
       "?31m"},                             // CSI in one byte
      {"\u009b31m\u0080\u009f", "?31m??"},  // the same as UTF-8
      {"\u202eevil\u202c", "?evil?"},
      {"\u2066x\u2069\u2028\u2029", "?x???"},
      {"\u2027\u202f\u2065\u206a", "\u2027\u202f\u2065\u206a"},  // their neighbours stay
  };
  for (const auto& row : rows) EXPECT_EQ(printable(row.text), row.shown);
}

TEST(Printable, AByteThatIsNotUtf8IsOneMark) {
  const struct {
    const char* text;
    const char* shown;
  } rows[] = {
      {"\xff\xfe", "??"},
      {"\x80", "?"},
      {"\xc3", "?"},  // cut off
      {"\xe6\x97", "??"},
      {"\xf0\x9f\x98", "???"},
      {"\xc3"
       "a",
       "?a"},
      {"\xc0\xaf", "??"},  // overlong '/'
      {"\xc1\x9b", "??"},  // overlong '['
      {"\xe0\x80\xaf", "???"},
      {"\xe0\x82\x9b", "???"},  // overlong CSI
      {"\xf0\x80\x80\x9b", "????"},
      {"\xed\xa0\x80", "???"},       // a surrogate
      {"\xf4\x90\x80\x80", "????"},  // above U+10FFFF
      {"\xf5\x80\x80\x80", "????"},
      {"\xc3\xa9\xa9", "\u00e9?"},
  };
  for (const auto& row : rows) EXPECT_EQ(printable(row.text), row.shown);
}

}  // namespace
}  // namespace cgoscope
