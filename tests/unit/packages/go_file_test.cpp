#include "clang_plugin/packages/go_file.h"

#include <gtest/gtest.h>

#include <string>

#include "clang_plugin/packages/package_numbers.h"

namespace cgoscope {
namespace {

GoFile parse(const std::string& body) {
  return parse_go_file("/a.go", "package p\nimport \"C\"\nimport \"syscall\"\n" + body);
}

// "C.f(a|b) in main.func1" for each reference.
std::string shown(const GoFile& file) {
  std::string out;
  for (const GoReference& reference : file.references) {
    if (!out.empty()) out += "; ";
    out += "C." + reference.name;
    if (reference.use == ReferenceUse::kCall) {
      out += "(";
      for (size_t i = 0; i < reference.arguments.size(); ++i)
        out += (i > 0 ? "|" : "") + reference.arguments[i];
      out += ")";
    }
    if (!reference.function.empty()) out += " in " + reference.function;
  }
  return out;
}

std::string functions(const GoFile& file) {
  std::string out;
  for (const GoReference& reference : file.references)
    out += (out.empty() ? "" : " ") + reference.function;
  return out;
}

std::string problem(const std::string& source) {
  const GoFile file = parse_go_file("/a.go", source);
  return file.problems.empty()
             ? ""
             : std::to_string(file.problems[0].line) + ": " + file.problems[0].message;
}

TEST(GoFile, CallsAndTheirArguments) {
  EXPECT_EQ(shown(parse("var x = C.f(1, g(2, 3) /* c */, []int{4, 5}...,\n)")),
            "C.f(1|g(2, 3)|[]int{4, 5}...)");
  EXPECT_EQ(shown(parse("var x = C.f()\nvar y = C.f")), "C.f(); C.f");
  EXPECT_EQ(shown(parse("var x = C.f(C.g(C.int(1)), a.\nb)")),
            "C.f(C.g(C.int(1))|a. b); C.g(C.int(1)); C.int(1)");
  EXPECT_EQ(shown(parse("var x = C.f(func() { a()\n b() })")), "C.f(func() { a(); b() })");
}

TEST(GoFile, WhatIsCalled) {
  EXPECT_EQ(shown(parse("var x = (C.f)(1)")), "C.f(1)");
  EXPECT_EQ(shown(parse("var x = ((C.f))(1)")), "C.f(1)");
  EXPECT_EQ(shown(parse("var x = g(C.f)(1)")), "C.f");
  EXPECT_EQ(shown(parse("var x = func(C.f) (int)(nil)")), "C.f");
  EXPECT_EQ(shown(parse("func f() { go C.f(1); defer (C.g)(2) }")), "C.f(1) in f; C.g(2) in f");
}

TEST(GoFile, WhatIsNoReference) {
  EXPECT_EQ(
      shown(parse(
          "var x = y.C.f(1)\nvar z = T{C: f}\nvar s = \"C.f\" // C.f\ntype D struct{ C int }")),
      "");
  EXPECT_EQ(shown(parse("var x = y.\nC.f(1)")), "");
  EXPECT_EQ(shown(parse("var x = f(a...)\nvar y = f(C.a...)")), "C.a");
}

TEST(GoFile, PlacesOfReferences) {
  const GoFile file = parse("var x = 1 +\n\tC.\n  f(2)\n");
  ASSERT_EQ(file.references.size(), 1u);
  EXPECT_EQ(file.references[0].line, 5);
  EXPECT_EQ(file.references[0].column, 2);
  EXPECT_EQ(file.references[0].function_index, -1);
}

TEST(GoFile, NamesOfFunctions) {
  EXPECT_EQ(functions(parse("func f() { C.a() }")), "f");
  EXPECT_EQ(functions(parse(
                "func (t T) m() { C.a() }\nfunc (t *T) n() { C.a() }\nfunc (*T) o() { C.a() }")),
            "T.m (*T).n (*T).o");
  EXPECT_EQ(functions(parse("func f[K any, V int | string](x K) { C.a() }")), "f[...]");
  EXPECT_EQ(functions(parse("func (t *T[K, V]) m() { C.a() }\nfunc (t T[_]) n() { C.a() }")),
            "(*T[...]).m T[...].n");
  EXPECT_EQ(functions(parse("func init() { C.a() }\nfunc init() { func() { C.a() }() }")),
            "init.0 init.1.func1");
}

// The names that Go 1.22 to 1.27 give, by runtime.FuncForPC.
TEST(GoFile, NamesOfClosures) {
  EXPECT_EQ(functions(parse("func f() { func() { C.a(); func() { C.a(); func() { C.a() }() }(); "
                            "func() { C.a() }() }()\n"
                            "func() { C.a() }() }")),
            "f.func1 f.func1.1 f.func1.1.1 f.func1.2 f.func2");
  EXPECT_EQ(functions(parse("func (t *T) m() { call(func() { C.a() }) }")), "(*T).m.func1");
  EXPECT_EQ(functions(parse("func f[X any]() { func() { func() { C.a() }() }() }")),
            "f[...].func1.1");
  EXPECT_EQ(
      functions(parse("var x = func() { C.a() }\nvar y, z = C.b(), func() { func() { C.a() }() }")),
      "init.func1  init.func2.1");
  EXPECT_EQ(functions(parse("func f(x C.int, g func(C.int) C.int) C.int { return 1 }")), "f f f f");
}

TEST(GoFile, TypesOfFunctionsAreNoClosures) {
  EXPECT_EQ(functions(parse("func f() func() { return func() { C.a() } }")), "f.func1");
  EXPECT_EQ(functions(parse("func f() { _ = []func(){func() { C.a() }, g}; C.b() }")), "f.func1 f");
  EXPECT_EQ(functions(parse(
                "func f() { _ = map[string]func() int{\"x\": func() int { return C.a() }} }")),
            "f.func1");
  EXPECT_EQ(
      functions(parse(
          "func f() { var g func(func()) func() = func(func()) func() { C.a(); return nil } }")),
      "f.func1");
  EXPECT_EQ(
      functions(parse("func f() { for _, g := range []func(){C.a} { g() } }\nfunc h() { C.b() }")),
      "f h");
  EXPECT_EQ(functions(parse("func f() (a func() int, b struct{ c func() }) { C.a(); return }")),
            "f");
  EXPECT_EQ(functions(parse("func f() interface{ m() func() } { C.a(); return nil }")), "f");
  EXPECT_EQ(
      functions(parse("type T struct { f func() }\nfunc external(func())\nfunc g() { C.a() }")),
      "g");
}

TEST(GoFile, NumbersGoOnThroughThePackage) {
  GoFile first = parse("func init() { C.a() }\nvar x = func() { C.a() }\nvar y = func() {}");
  GoFile second = parse(
      "func init() { C.a() }\nvar x = func() { func() { C.a() }() }\nfunc initial() { C.a() }");
  number_across_files({&first, &second});
  EXPECT_EQ(functions(second), "init.1 init.func3.1 initial");
  EXPECT_EQ(second.functions[0].name, "init.1");
}

TEST(GoFile, Functions) {
  const GoFile file = parse(
      "func (c *Conn) read(a, b int, d ...C.int) (n int, err error) {\n\tx := 1\n\t_ = x\n}\nfunc "
      "g(int, *T) {}\n");
  ASSERT_EQ(file.functions.size(), 2u);
  EXPECT_EQ(file.functions[0].name, "(*Conn).read");
  EXPECT_EQ(file.functions[0].receiver, "c");
  EXPECT_EQ(file.functions[0].receiver_type, "Conn");
  EXPECT_EQ(file.functions[0].line, 4);
  EXPECT_EQ(file.functions[0].end_line, 7);
  EXPECT_EQ(file.functions[0].parameters, (std::vector<std::string>{"a", "b", "d", "n", "err"}));
  EXPECT_EQ(file.functions[0].locals, (std::vector<std::string>{"x"}));
  EXPECT_TRUE(file.functions[1].parameters.empty());
}

TEST(GoFile, SetNonblock) {
  const GoFile file =
      parse_go_file("/a.go",
                    "package p\nimport (\"C\"; \"syscall\"; u \"golang.org/x/sys/unix\")\n"
                    "func f() {\n\tsyscall.SetNonblock(int(fd), true)\n\tu.SetNonblock(c.fd, on)\n"
                    "\tunix.SetNonblock(1, true)\n\tx.syscall.SetNonblock(1, true)\n}\n");
  ASSERT_EQ(file.set_nonblock.size(), 2u);
  EXPECT_EQ(file.set_nonblock[0].descriptor, "int(fd)");
  EXPECT_EQ(file.set_nonblock[0].value, "true");
  EXPECT_EQ(file.set_nonblock[0].line, 4);
  EXPECT_EQ(file.set_nonblock[0].function_index, 0);
  EXPECT_EQ(file.set_nonblock[1].descriptor, "c.fd");
}

TEST(GoFile, Exports) {
  const GoFile file = parse(
      "// Doc.\n//export one\nfunc one(a, b C.int) *C.char { return nil }\n\n"
      "//export two\n\nfunc two() {}\n\n"
      "//export three\nfunc (t *T) method() (n int, err error) { return }\n");
  ASSERT_EQ(file.exports.size(), 2u);
  EXPECT_EQ(file.exports[0].c_name, "one");
  EXPECT_EQ(file.exports[0].parameters, "a, b C.int");
  EXPECT_EQ(file.exports[0].results, "*C.char");
  EXPECT_EQ(file.exports[1].c_name, "three");
  EXPECT_EQ(file.exports[1].function, "(*T).method");
  EXPECT_EQ(file.exports[1].results, "n int, err error");
}

TEST(GoFile, Imports) {
  const GoFile file = parse_go_file(
      "/a.go", "package p\nimport (\n\"C\"\n. \"a/b\"\nx `c`\n\"d/e/v2\"\n)\nimport _ \"f\"");
  ASSERT_EQ(file.imports.size(), 5u);
  EXPECT_EQ(file.imports[1].name, ".");
  EXPECT_EQ(file.imports[2].name, "x");
  EXPECT_EQ(file.imports[2].path, "c");
  EXPECT_EQ(file.imports[3].name, "e");
  EXPECT_TRUE(file.imports_c);
}

TEST(GoFile, ImportsCOnlyWhereCgoDoes) {
  EXPECT_FALSE(parse_go_file("/a.go", "package p\nimport `C`").imports_c);
  EXPECT_FALSE(parse_go_file("/a.go", "package p\nvar s = `\nimport \"C\"\n`").imports_c);
  EXPECT_FALSE(parse_go_file("/a.go", "package p\n/*\nimport \"C\"\n*/\n").imports_c);
  EXPECT_TRUE(parse_go_file("/a.go", "package p;import\"C\"").imports_c);
}

TEST(GoFile, BuildConstraints) {
  auto constraint = [](const std::string& head) {
    return parse_go_file("/a.go", head + "package p\n").build_constraint;
  };
  EXPECT_EQ(constraint("//go:build linux && !cgo\n\n"), "linux && !cgo");
  EXPECT_EQ(constraint("// x\n/* y\n*/\n//go:build a\n"), "a");
  EXPECT_EQ(constraint("// +build linux,386 darwin,!cgo\n// +build x\n\n"),
            "((linux && 386) || (darwin && !cgo)) && ((x))");
  EXPECT_EQ(constraint("// +build x\n\n//go:build a\n\n"), "a");
  EXPECT_EQ(constraint("// +build x\n"), "") << "no blank line behind it";
  EXPECT_EQ(constraint("/* y */\n// +build x\n\n"), "") << "behind a general comment";
  EXPECT_EQ(constraint("// go:build x\n\n"), "");
  EXPECT_EQ(constraint("/*\n//go:build x\n*/\n"), "");
  EXPECT_EQ(parse_go_file("/a.go", "package p\n//go:build x\n").build_constraint, "");
}

TEST(GoFile, Problems) {
  EXPECT_EQ(problem("package p\n/* x"), "2: comment not terminated");
  EXPECT_EQ(problem("package p\nvar x = \"a\n"), "2: string literal not terminated");
  EXPECT_EQ(problem("\nimport \"C\"\n"), "2: no package clause");
  EXPECT_EQ(problem(""), "1: no package clause");
  EXPECT_EQ(problem("package p\nfunc f() {\n"), "2: '{' has no partner");
  EXPECT_EQ(problem("package p\nfunc f() )\n"), "2: ')' has no partner");
  EXPECT_EQ(problem("package p\nimport `C`\n"), "2: cgo takes only import \"C\" in double quotes");
  EXPECT_EQ(problem("package p\nimport x \"C\"\n"), "2: import \"C\" cannot be renamed");
  EXPECT_EQ(problem("package p\nvar x int\nimport \"C\"\n"),
            "3: an import behind other declarations");
  EXPECT_EQ(problem("package p\nimport x\n"), "2: an import without a path");
}

TEST(GoFile, WhatFollowsAProblemIsStillRead) {
  EXPECT_EQ(shown(parse("var s = \"\nfunc f() { C.a(1) }\n")), "C.a(1) in f");
  EXPECT_EQ(shown(parse("func f() { C.a(1 }\nfunc g() { C.b(2) }\n")), "C.a() in f; C.b(2) in g");
}

}  // namespace
}  // namespace cgoscope
