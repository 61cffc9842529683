// Files made to hurt: each must be read in time and memory that grow with its size, whatever it
// nests or repeats. A stack overflow or a square would show as a crash or a test that runs for
// minutes.
#include <gtest/gtest.h>

#include <string>

#include "clang_plugin/packages/export_header.h"
#include "clang_plugin/packages/go_constant.h"
#include "clang_plugin/packages/go_file.h"

namespace cgoscope {
namespace {

std::string repeated(std::string_view text, size_t bytes) {
  std::string out;
  out.reserve(bytes + text.size());
  while (out.size() < bytes) out += text;
  return out;
}

class HostileGo : public testing::TestWithParam<const char*> {};

TEST_P(HostileGo, IsReadInLinearTime) {
  const std::string text = repeated(GetParam(), size_t{1} << 18);
  for (const char* head : {"", "package p\n", "package p\nimport \"C\"\nfunc f() {",
                           "package p\nimport \"C\"\nconst ("}) {
    const GoFile file = parse_go_file("/a.go", head + text);
    EXPECT_LE(file.problems.size(), 100u);
  }
}

INSTANTIATE_TEST_SUITE_P(
    Repeated, HostileGo,
    testing::Values("(", ")", "([{", "C.f(", "(C.f)(", "((C.f", "func(", "func() ", "func() {",
                    "func f() {", "x := ", "x = ", "a,", "a, b := ", "&(", "[]", "[]*", "map[",
                    "chan ", "<-", "struct {", "import \"C\"\n", "import (\"C\"\n",
                    "// x\nimport \"C\"\n", "/* x */", "/*\n*/\n", "//\n", "#cgo ", "`", "\"", "'",
                    "\\", "\n", "\r", ";", ".", "C.", "C.C.C.f ", "=", ":= range ", "...", "x++;",
                    "-", "var (", "const x = 1;", "type T ", "var ", "const ", "x = iota\n", "y\n",
                    "\xFF", "\xEF\xBB\xBF", "{}", "()", "(x)(y)", "func (t *T[", "/* \n",
                    "//cgoscope:allow a b\n", "case x := <-c:", "syscall.SetNonblock(",
                    "//export x\nfunc x() {}\n", "// +build x\n", "x.f(", "a.b.c.d"));

TEST(HostileGoFile, DeepClosuresKeepShortNames) {
  const GoFile file = parse_go_file(
      "/a.go", "package p\nimport \"C\"\nfunc f() {" + repeated("func() { C.a();", 1 << 20));
  ASSERT_FALSE(file.references.empty());
  EXPECT_LT(file.references.back().function.size(), 1000u);
}

TEST(HostileGoFile, NestedCallsKeepShortArguments) {
  const size_t depth = 200'000;
  std::string text = "package p\nimport \"C\"\nvar x = ";
  for (size_t i = 0; i < depth; ++i) text += "C.f(";
  text += std::string(depth, ')');
  const GoFile file = parse_go_file("/a.go", text);
  ASSERT_EQ(file.references.size(), depth);
  EXPECT_EQ(file.references.front().arguments[0], "");
  EXPECT_EQ(file.references[depth - 2].arguments[0], "C.f()");
}

TEST(HostileGoFile, LongExpressionsThatRepeatRunOutOfBudget) {
  const std::string text =
      "package p\nconst (\na = 1" + repeated("+1", 4000) + "\n" + repeated("b\n", 400'000) + ")\n";
  const GoFile file = parse_go_file("/a.go", text);
  ASSERT_FALSE(file.problems.empty());
  size_t bytes = 0;
  for (const GoBinding& binding : file.bindings) bytes += binding.expression.size();
  EXPECT_LE(bytes, size_t{128} << 20);
}

TEST(HostileGoFile, TooLargeIsOneProblem) {
  const GoFile file = parse_go_file("/a.go", std::string(kMaxGoFileBytes + 1, 'x'));
  EXPECT_EQ(file.problems.size(), 1u);
  EXPECT_TRUE(file.references.empty());
}

TEST(HostileGoConstant, EndsWithoutAValue) {
  std::string source =
      "package p\nconst a0 = 1\nconst cycle1 = cycle2\nconst cycle2 = cycle1\nconst self = self + "
      "1\n";
  for (int i = 1; i < 200; ++i) {
    source += "const a" + std::to_string(i) + " = a" + std::to_string(i - 1) + " + a" +
              std::to_string(i - 1) + "\n";
  }
  Package package;
  package.cgo_files.push_back(parse_go_file("/a.go", source));
  const GoConstants constants(package);
  const GoFile& file = package.cgo_files[0];
  EXPECT_EQ(constants.evaluate("a5", file, -1), 32);
  for (const std::string& text : {std::string("a199"), std::string("cycle1"), std::string("self"),
                                  std::string(100'000, '('), std::string(100'000, '-') + "1",
                                  repeated("C.int(", 100'000), repeated("1+", 200'000) + "1"}) {
    EXPECT_EQ(constants.evaluate(text, file, -1), std::nullopt) << text.substr(0, 20);
  }
  EXPECT_EQ(go_object_name(repeated("C.int(", 4000), file, -1), "");
  EXPECT_EQ(go_object_name(repeated("(", 100'000) + "x" + std::string(100'000, ')'), file, -1),
            "x");
}

TEST(HostileGoExport, HeaderOfNonsense) {
  Package package;
  package.cgo_files.push_back(
      parse_go_file("/a.go",
                    "package p\nimport \"C\"\ntype A B\ntype B A\n//export f;int x\nfunc f() "
                    "{}\n//export g\nfunc g(a A, (((, []) {}\n"
                    "//export h\nfunc h(*, **, ...int) (map, chan) {}\n"));
  const std::string header = export_header(package);
  EXPECT_EQ(header.find("f;int"), std::string::npos);
}

}  // namespace
}  // namespace cgoscope
