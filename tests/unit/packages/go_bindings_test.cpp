#include "clang_plugin/packages/go_bindings.h"

#include <gtest/gtest.h>

#include <string>

namespace cgoscope {
namespace {

// "name=expression" for each binding, with "#iota" where that is not 0; function-level ones behind
// a "f".
std::string shown(const std::string& declarations) {
  std::string out;
  for (const GoBinding& binding : parse_go_file("/a.go", "package p\n" + declarations).bindings) {
    if (!out.empty()) out += ' ';
    if (binding.function_index >= 0) out += "f:";
    out += binding.name + "=" + binding.expression;
    if (binding.iota != 0) out += "#" + std::to_string(binding.iota);
  }
  return out;
}

std::string in_function(const std::string& body) {
  return shown("func f(p int) {\n" + body + "\n}\n");
}

TEST(GoBindings, PackageConstants) {
  EXPECT_EQ(shown("const a, b = 1, 2+3"), "a=1 b=2+3");
  EXPECT_EQ(shown("const a uint32 = 1\nconst (\n\tb = iota\n\tc\n\n\td = \"x\"\n)"),
            "a=uint32(1) b=iota c=iota#1 d=\"x\"#2");
  EXPECT_EQ(shown("const (\n\ta, b T = iota, -iota // c\n\tc, d\n)"),
            "a=T(iota) b=T(-iota) c=T(iota)#1 d=T(-iota)#1");
  EXPECT_EQ(shown("const a = f(1,\n\t2)"), "a=f(1, 2)");
  EXPECT_EQ(shown("const (a = 1; b; c = b)"), "a=1 b=1#1 c=b#2");
  EXPECT_EQ(shown("const ()\nconst a\nconst (b, c = 1)"), "");
}

TEST(GoBindings, PackageVariablesAreNotBound) {
  EXPECT_EQ(shown("var a = 1\nvar (\n\tb int = 2\n)"), "");
}

TEST(GoBindings, LocalsDeclaredOnce) {
  EXPECT_EQ(in_function("x := 1"), "f:x=1");
  EXPECT_EQ(in_function("var x = 1\nvar y, z int = 2, 3"), "f:x=1 f:y=int(2) f:z=int(3)");
  EXPECT_EQ(in_function("const c = iota\nif x := g(); x > c { h(x) }"), "f:c=iota f:x=g()");
  EXPECT_EQ(in_function("x, y := 1, 2"), "f:x=1 f:y=2");
  EXPECT_EQ(in_function("func() { x := 1 }()"), "f:x=1");
  EXPECT_EQ(in_function("for i := range x { y := i }"), "f:y=i");
}

TEST(GoBindings, ChangedLocalsAreNotBound) {
  for (const char* change : {"x = 2",
                             "x += 2",
                             "x++",
                             "x--",
                             "x, y = 1, 2",
                             "y, x = 1, 2",
                             "p := &x",
                             "p := &(x)",
                             "g(&x)",
                             "x &^= 1",
                             "func() { x = 2 }()",
                             "x.set()",
                             "for x = range y {}",
                             "select { case x = <-c: }",
                             "x := 3",
                             "if x := 3; x > 2 {}",
                             "func(x int) {}(1)",
                             "x, y := 1, 2",
                             "for x := range y {}",
                             "type x int",
                             "x[0] = 1",
                             "x.f = 1",
                             "(x) = 2"}) {
    EXPECT_EQ(in_function("x := 1\n" + std::string(change)).find("f:x="),
              change == std::string("(x) = 2") ? 0u : std::string::npos)
        << change;
  }
}

TEST(GoBindings, UsedLocalsStayBound) {
  for (const char* use : {"y = x", "y := a & x", "g(x)", "x.Seconds()", "y[x] = 1", "T{x: 1}",
                          "y == x", "x <= y", "z.x = 1", "y &= x", "return x"}) {
    EXPECT_NE(in_function("x := 1\n" + std::string(use)).find("f:x=1"), std::string::npos) << use;
  }
}

TEST(GoBindings, ParametersHideAndAreNotBound) {
  EXPECT_EQ(in_function("if true { p := 1; g(p) }"), "");
}

TEST(GoBindings, WhatHasNoValueIsNotBound) {
  EXPECT_EQ(
      in_function("x := T{1}\ny := func() {}\nz, err := g()\nswitch t := v.(type) {}\nvar w int"),
      "");
}

TEST(GoBindings, RecordVariablesHaveATypeWhileTheyAreOneThing) {
  const auto types = [](const std::string& body) {
    const GoFile file = parse_go_file("/a.go", "package p\n\nfunc f() {\n" + body + "\n}\n");
    std::string all;
    for (const GoRecordVariable& one : file.record_variables)
      all += one.name + "=" + one.type + " ";
    return all;
  };
  EXPECT_EQ(types("x := T{1}\ny := &U{fd: 3}"), "x=T y=U ");
  EXPECT_EQ(types("x := T{}\nx = T{2}"), "");    // another value, and maybe a nil one
  EXPECT_EQ(types("x := &T{}\nx := &U{}"), "");  // in another block
  EXPECT_EQ(types("x := []T{}\ny := map[T]U{}"), "");
  EXPECT_EQ(types("x := p.T{}\ny := 1"), "");  // another package's: methods here never name it
  EXPECT_EQ(types("x, y := T{}, U{}"), "");
  EXPECT_EQ(types("for x := range T{} {}"), "");
}

TEST(GoBindings, NamesOfThePackage) {
  const GoFile file = parse_go_file(
      "/a.go",
      "package p\nvar a, b = 1, 2\nconst c = 1\ntype D int\ntype (\n\tE = C.uint\n\tF struct{ g "
      "int }\n\tG[T any] []T\n)\nfunc h() { i := 1 }\nfunc (D) j() {}\n");
  EXPECT_EQ(file.package_names, (std::vector<std::string>{"D", "E", "F", "G", "a", "b", "c", "h"}));
  ASSERT_EQ(file.types.size(), 2u);
  EXPECT_EQ(file.types[0].name, "D");
  EXPECT_EQ(file.types[0].underlying, "int");
  EXPECT_EQ(file.types[1].underlying, "C.uint");
}

}  // namespace
}  // namespace cgoscope
