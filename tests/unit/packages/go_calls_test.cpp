#include "clang_plugin/packages/go_calls.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/unit/packages/temporary_tree.h"

namespace cgoscope {
namespace {

// "12:3 p.F in main.func1", a line each.
std::string shown(const GoFile& file) {
  std::string text;
  for (const GoCall& call : file.calls) {
    text += std::to_string(call.line) + ":" + std::to_string(call.column) + " " +
            (call.qualifier.empty() ? "" : call.qualifier + ".") + call.name +
            (call.function.empty() ? "" : " in " + call.function) + "\n";
  }
  return text;
}

std::string calls_of(const std::string& text) {
  return shown(parse_go_file("/p/a.go", "package p\n" + text, GoCalls::kRead));
}

TEST(GoCalls, AreReadOnlyWhenAskedFor) {
  EXPECT_TRUE(parse_go_file("/p/a.go", "package p\nfunc F() { F() }\n").calls.empty());
}

TEST(GoCalls, AreOfNamesWithAndWithoutPackage) {
  EXPECT_EQ(calls_of("func F() {\n\tG()\n\tp . Q ( 1 )\n\tgo p.R(); defer S()\n}\n"),
            "3:2 G in F\n4:2 p.Q in F\n5:5 p.R in F\n5:18 S in F\n");
  EXPECT_EQ(calls_of("func F() { G[int](1); p.Q[[]int, T](2) }\n"), "2:12 G in F\n2:23 p.Q in F\n");
  EXPECT_EQ(calls_of("var x = p.Init(g(1))\n"), "2:9 p.Init\n2:16 g\n");
  EXPECT_EQ(calls_of("func (t *T) M() { func() { p.Q() }() }\n"), "2:28 p.Q in (*T).M.func1\n");
}

TEST(GoCalls, AreNoDeclarationsAndNoSelectors) {
  EXPECT_EQ(calls_of("func F() {}\nfunc (t T) G(int) {}\nfunc H[T any](x T) {}\n"), "");
  EXPECT_EQ(calls_of("type I interface {\n\tQuery(s string) int\n\tClose()\n}\n"), "");
  EXPECT_EQ(calls_of("func F() { var i interface{ Query(string) }; _ = i; Query() }\n"),
            "2:53 Query in F\n");
  EXPECT_EQ(calls_of("func F(g func(int) int) { a.b.C(); x := a.b; f()() }\n"), "2:46 f in F\n");
  EXPECT_EQ(calls_of("func F() { C.f(p.Q()) }\n"), "2:16 p.Q in F\n");
  EXPECT_EQ(calls_of("func F() { _ = \"p.Q()\" /* p.Q() */; _ = p.Q }\n"), "");
}

TEST(GoCalls, OfAPackageAreThoseThatCanBeFollowed) {
  const TemporaryTree tree;
  Package package;
  const auto add = [&](const std::string& name, const std::string& text) {
    package.go_files.push_back(parse_go_file(tree.write(name, text), text));
  };
  add("a.go", "package p\n\nfunc F() { G(); len(x); q.H() }\n");
  add("b.go", "package p\n\nimport . \"q\"\n\nfunc G() { Any() }\n");
  package.go_files.push_back(parse_go_file(tree.path("gone.go"), "package p\nfunc H() { G() }\n"));
  read_calls(package);
  EXPECT_EQ(shown(package.go_files[0]), "3:12 G in F\n3:25 q.H in F\n");
  EXPECT_EQ(shown(package.go_files[1]), "5:12 Any in G\n");
  EXPECT_EQ(shown(package.go_files[2]), "");
}

}  // namespace
}  // namespace cgoscope
