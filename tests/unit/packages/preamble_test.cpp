// What add_preamble makes of a comment; whether it takes the right comment is judged by
// tests/lint/cgo_oracle_test.cpp.
#include <gtest/gtest.h>

#include <string>

#include "clang_plugin/packages/go_file.h"

namespace cgoscope {
namespace {

std::string with_import(const std::string& doc) { return "package p\n\n" + doc + "import \"C\"\n"; }

GoFile parse(const std::string& source) { return parse_go_file("/dir/a.go", source); }

std::string place(const GoFile& file, int line, int column) {
  const GoPosition position = preamble_position(file, line, column);
  return std::to_string(position.line) + ":" + std::to_string(position.column);
}

TEST(Preamble, IsWrappedInLineLines) {
  EXPECT_EQ(parse(with_import("/*\nint f(void);\n*/\n")).preamble,
            "#line 3 \"/dir/a.go\"\n\nint f(void);\n\n#line 1 \"cgo-generated-wrapper\"\n");
  EXPECT_EQ(parse_go_file("/d\"\\\n\x01/a.go", with_import("// x\n")).preamble.substr(0, 34),
            "#line 3 \"/d\\\"\\\\\\n\\x01/a.go\"\n x\n\n#l");
}

TEST(Preamble, MapsColumns) {
  const GoFile lines = parse(with_import("// int f(void);\n\t//int g(void);\n"));
  EXPECT_EQ(place(lines, 3, 2), "3:4");
  EXPECT_EQ(place(lines, 4, 1), "4:4");
  const GoFile block = parse(with_import("  /* int f(void);\nint g(void); */\n"));
  EXPECT_EQ(place(block, 3, 2), "3:6");
  EXPECT_EQ(place(block, 4, 5), "4:5");
  EXPECT_EQ(place(block, 5, 1), "5:1");
}

TEST(Preamble, MapsLinesThatCgoJoins) {
  // The text is " a b", "\nc\n", "d": cgo puts no line end behind a block comment.
  const GoFile file = parse(with_import("/* a *//* b */\n/*\nc\n*/\n// d\n"));
  EXPECT_EQ(file.preamble,
            "#line 3 \"/dir/a.go\"\n a  b \nc\n d\n\n#line 1 \"cgo-generated-wrapper\"\n");
  EXPECT_EQ(place(file, 3, 2), "3:4");
  EXPECT_EQ(place(file, 3, 5), "3:11");
  EXPECT_EQ(place(file, 4, 1), "5:1");
  EXPECT_EQ(place(file, 5, 2), "7:4");
}

TEST(Preamble, DirectivesAreBlankedAndKept) {
  const GoFile file =
      parse(with_import("// #cgo CFLAGS: -DX\n//  #cgo\tlinux LDFLAGS: -lm  \n// #cgox\n//#cgo\n"));
  ASSERT_EQ(file.directives.size(), 2u);
  EXPECT_EQ(file.directives[0].text, "CFLAGS: -DX");
  EXPECT_EQ(file.directives[0].line, 3);
  EXPECT_EQ(file.directives[1].text, "linux LDFLAGS: -lm");
  EXPECT_EQ(file.directives[1].line, 4);
  EXPECT_EQ(file.preamble,
            "#line 3 \"/dir/a.go\"\n\n\n #cgox\n#cgo\n\n#line 1 \"cgo-generated-wrapper\"\n");
}

TEST(Preamble, DirectiveLinesAreThoseOfTheFileBehindAJoin) {
  const GoFile file = parse(with_import("/* a */\n/*\n#cgo CFLAGS: -DX\n*/\n"));
  ASSERT_EQ(file.directives.size(), 1u);
  EXPECT_EQ(file.directives[0].line, 5);
}

TEST(Preamble, AllowCommentsOfGoAndOfC) {
  const GoFile file = parse(
      "package p //cgoscope:allow blocking-call at the top\n\n"
      "// static void f(void) { sleep(3); } //cgoscope:allow blocking-call three seconds\n"
      "// static const char *s = \"//cgoscope:allow x y\"; /* //cgoscope:allow x y */\n"
      "// #define APOSTROPHE '\\'' //cgoscope:allow busy-wait  spins \n"
      "import \"C\"\n\n"
      "var s = \"//cgoscope:allow x y\"\n"
      "//cgoscope:allow unused-suppression\n"
      "//cgoscope:allowed no\n"
      "// cgoscope:allow no\n"
      "func f() { C.f() /* //cgoscope:allow no */ } //cgoscope:allow\tbusy-wait\tbecause  of "
      "this\r\n");
  ASSERT_EQ(file.allows.size(), 6u);
  EXPECT_EQ(file.allows[0].line, 1);
  EXPECT_EQ(file.allows[0].column, 11);
  EXPECT_EQ(file.allows[0].reason, "at the top");
  EXPECT_EQ(file.allows[1].line, 3);
  EXPECT_EQ(file.allows[1].column, 38);
  EXPECT_EQ(file.allows[1].rule, "blocking-call");
  EXPECT_EQ(file.allows[1].reason, "three seconds");
  EXPECT_EQ(file.allows[2].line, 5);
  EXPECT_EQ(file.allows[2].column, 28);
  EXPECT_EQ(file.allows[2].reason, "spins");
  EXPECT_EQ(file.allows[3].line, 9);
  EXPECT_EQ(file.allows[3].column, 1);
  EXPECT_EQ(file.allows[3].reason, "");
  EXPECT_EQ(file.allows[4].line, 11);
  EXPECT_EQ(file.allows[4].rule, " no");
  EXPECT_EQ(file.allows[5].line, 12);
  EXPECT_EQ(file.allows[5].column, 46);
  EXPECT_EQ(file.allows[5].rule, "busy-wait");
  EXPECT_EQ(file.allows[5].reason, "because  of this");
}

TEST(Preamble, AllowCommentsInABlock) {
  const GoFile file =
      parse(with_import("/* a */\n/*\nstatic void f(void) {\n  sleep(3); //cgoscope:allow "
                        "blocking-call why\n}\n*/\n"));
  ASSERT_EQ(file.allows.size(), 1u);
  EXPECT_EQ(file.allows[0].line, 6);
  EXPECT_EQ(file.allows[0].column, 13);
}

}  // namespace
}  // namespace cgoscope
