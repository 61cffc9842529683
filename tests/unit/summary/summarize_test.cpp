#include "clang_plugin/summary/summarize.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <vector>

#include "tests/unit/packages/temporary_tree.h"
#include "tests/unit/summary/shown_function.h"

namespace cgoscope {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;
using testing::UnorderedElementsAre;

// Reads `text` as a preamble, so that no file is needed.
SourceUnit preamble(const std::string& text, std::set<std::string> names = {}) {
  SourceUnit unit;
  unit.main_file = "/p/a.go";
  unit.directory = "/";
  unit.is_preamble = true;
  unit.text = text;
  unit.names = std::move(names);
  return unit;
}

TranslationUnit c(const std::string& text, std::set<std::string> names = {}) {
  return summarize(preamble(text, std::move(names)));
}

TranslationUnit cxx(const std::string& text) {
  SourceUnit unit = preamble(text);
  unit.is_cxx = true;
  unit.flags = {"-std=c++20"};
  return summarize(unit);
}

const Function& function(const TranslationUnit& unit, const std::string& name) {
  for (const auto& [link_name, one] : unit.functions) {
    if (one.name == name) return one;
  }
  static const Function none;
  ADD_FAILURE() << "no function " << name;
  return none;
}

std::string body(const TranslationUnit& unit, const std::string& name = "f") {
  EXPECT_THAT(unit.problems, IsEmpty()) << unit.problems[0].message;
  return shown_body(function(unit, name));
}

std::vector<std::string> calls(const TranslationUnit& unit, const std::string& name = "f") {
  std::vector<std::string> names;
  for (const Call& call : function(unit, name).calls) names.push_back(call.name);
  return names;
}

TEST(Summarize, StatementsAndExpressionsOfC) {
  const struct {
    const char* text;
    const char* shown;
  } rows[] = {
      {"void f(void) {}", ""},
      {"void g(int); void f(int x) { g(x); }", "g(x);"},
      {"int f(int a) { return a; }", "return a;"},
      {"int f(int a, int b) { int c = a + b * 2; return c; }", "c := (a + (b * 2)); return c;"},
      {"void f(int a) { a = -a; a = ~a; }", "a = -a; a = ~a;"},
      {"int f(int a) { return !a; }", "return !a;"},
      {"int f(int a, int b) { return a && !b; }", "return (a && !b);"},
      {"int f(int a, int b) { return a ? b : 3; }", "return (a ? b : 3);"},
      {"void f(int a) { a += 5; a++; --a; }", "a = (a + 5); a then+= 1; a += -1;"},
      {"void f(int a) { if (a < 3) a = 1; else a = 2; }",
       "if ((a < 3)) { a = 1; } else { a = 2; }"},
      {"void g(int); void f(int a) { while (a > 0) { g(a); a--; } }",
       "while ((a > 0)) { g(a); a then+= -1; }"},
      {"void g(int); void f(void) { for (int i = 0; i < 9; i++) g(i); }",
       "i := 0; while ((i < 9)) { g(i); } step { i then+= 1; }"},
      {"void g(void); void f(void) { for (;;) g(); }", "while () { g(); }"},
      {"int g(void); void f(void) { do { if (g()) continue; break; } while (1); }",
       "do { if (g()) { continue; } break; } while (1)"},
      {"void g(void); void f(int a) { switch (a) { case 1: g(); break; case 3 ... 5: default: g(); "
       "} }",
       "switch (a) { case 1: g(); break; case 3..5: default: g(); }"},
      {"int g(void); void f(void) { again: if (g()) goto again; }",
       "loop L0 { L0: if (g()) { continue L0; } }"},
      {"int g(void); void f(void) { if (g()) goto out; g(); out: ; }",
       "if (g()) { goto L0; } g(); L0:"},
      {"struct s { int fd; struct s *next; }; void f(struct s *p) { p->next->fd = 3; }",
       "**p.s.next.s.fd = 3;"},
      {"void f(int *a, int i) { a[i] = a[0]; *a = 4; }", "*a[i] = *a[0]; *a = 4;"},
      {"void g(int *); void f(void) { int x; g(&x); }", "x; g(&x);"},
      {"struct t { long tv_sec, tv_nsec; }; void g(struct t *); void f(void) { struct t x = {5, "
       "7}; g(&x); }",
       "x := {t.tv_sec: (i64)5, t.tv_nsec: (i64)7}; g(&x);"},
      {"struct t { int a, b; }; void g(struct t *); void f(void) { g(&(struct t){.b = 2}); }",
       "g(((temporary) = {t.a: 0, t.b: 2}, &(temporary)));"},
      {"void f(volatile int *p) { while (*p) {} }", "while (volatile *p) { }"},
      {"void g(void *); void f(void) { g(0); g((void *)0); }", "g(0); g(0);"},
      {"void f(void (*h)(int)) { h(3); }", "(*h)(3);"},
      {"int g(int); void f(void) { int x = ({ int y = g(1); y + 2; }); }",
       "x := ({y := g(1); ; (y + 2)});"},
      {"void g(const char *); void f(void) { g(\"text\"); }", "g(\"text\");"},
      {"void g(double); void f(void) { g(1.5); g(2); }", "g(1500000e-6); g((2 * 1000000));"},
      {"int g(int); int f(int a) { return g(a), g(2); }", "return (g(a), g(2));"},
      {"unsigned char f(int a) { return a; }", "return (u8)a;"},
      {"long f(unsigned a) { return a; }", "return (i64)a;"},
      {"_Bool f(int a) { return a; }", "return (a != 0);"},
  };
  for (const auto& row : rows) EXPECT_EQ(body(c(row.text)), row.shown) << row.text;
}

TEST(Summarize, WhatOnlyClangKnowsIsANumber) {
  const TranslationUnit unit =
      c("#define SECOND 1000\n"
        "#define WAIT (3 * SECOND)\n"
        "enum { FOREVER = -1 };\n"
        "struct big { char c[48]; };\n"
        "void g(int);\n"
        "void f(void) { g(WAIT); g(FOREVER); g(sizeof(struct big)); g('a'); g(1 ? 7 : 8);\n"
        "  g(__builtin_offsetof(struct big, c)); g((unsigned char)300); }\n");
  EXPECT_EQ(body(unit),
            "g((3 * 1000)); g(-1); g((i32)48); g(97); g((1 ? 7 : 8)); g((i32)0); g((i32)(u8)300);");
}

TEST(Summarize, NamesOfFunctions) {
  const TranslationUnit unit =
      c("static int hidden(void) { return 1; }\n"
        "int shown(void) { return hidden(); }\n"
        "static int unused(void) { return 2; }\n");
  ASSERT_TRUE(unit.functions.contains("shown"));
  EXPECT_FALSE(unit.functions.at("shown").is_static);
  const Function& hidden = function(unit, "hidden");
  EXPECT_TRUE(hidden.is_static);
  EXPECT_THAT(hidden.link_name, HasSubstr("hidden@"));
  // A static that nothing reaches is not kept.
  EXPECT_EQ(unit.functions.size(), 2u);
  EXPECT_EQ(unit.functions.at("shown").calls[0].target, hidden.link_name);
}

TEST(Summarize, WhatGoRefersToIsKept) {
  const TranslationUnit unit =
      c("#include <unistd.h>\n"
        "#define LIMIT 12\n"
        "#define NAME \"text\"\n"
        "#define ALIAS real_one\n"
        "enum e { ONE = 1 };\n"
        "static int real_one(int a) { return a; }\n"
        "static int of_go(void) { return 1; }\n"
        "static int not_used(void) { return 1; }\n",
        {"LIMIT", "NAME", "ALIAS", "ONE", "of_go", "sleep", "missing", "int"});
  EXPECT_THAT(unit.constants, UnorderedElementsAre(Pair("LIMIT", 12), Pair("ONE", 1)));
  EXPECT_EQ(unit.visible.at("of_go"), function(unit, "of_go").link_name);
  EXPECT_EQ(unit.visible.at("ALIAS"), function(unit, "real_one").link_name);
  EXPECT_TRUE(unit.visible.contains("sleep"));
  EXPECT_FALSE(unit.visible.contains("missing"));
  EXPECT_FALSE(unit.visible.contains("not_used"));
  EXPECT_THAT(unit.problems, IsEmpty());
}

TEST(Summarize, CallsThroughMacrosNameTheMacro) {
  const TranslationUnit unit =
      c("long ctrl(int cmd);\n#define do_connect() ctrl(101)\nvoid f(void) { do_connect(); }\n");
  const Function& f = function(unit, "f");
  ASSERT_EQ(f.calls.size(), 1u);
  EXPECT_EQ(f.calls[0].name, "ctrl");
  EXPECT_EQ(f.calls[0].macro, "do_connect");
  EXPECT_EQ(f.calls[0].place.line, 3u);
}

TEST(Summarize, PlacesFollowLineDirectives) {
  const TranslationUnit unit =
      c("#line 20 \"/p/a.go\"\nvoid g(void);\nvoid f(void) {\n  g();\n}\n");
  const Call& call = function(unit, "f").calls.at(0);
  EXPECT_EQ(call.place.line, 22u);
  EXPECT_EQ(call.place.column, 3u);
  EXPECT_EQ(unit.files.at(call.place.file), "/p/a.go");
  EXPECT_FALSE(call.place.system);
  EXPECT_EQ(function(unit, "f").place.line, 21u);
}

// A report shows the lines it names, so a package must not get it to name what is none of its own.
TEST(Summarize, ALineDirectiveCannotNameAFileElsewhere) {
  for (const char* name :
       {"/etc/passwd", "../../etc/passwd", "/p/../etc/passwd", "/pq/a.y", "/proc/self/environ"}) {
    SCOPED_TRACE(name);
    SourceUnit source;
    source.main_file = "/p/a.go";
    source.directory = "/p";
    source.is_preamble = true;
    source.text = "#line 3 \"/p/a.go\"\nvoid g(void);\n#line 1 \"" + std::string(name) +
                  "\"\nvoid f(void) { g(); }\n";
    const TranslationUnit unit = summarize(source);
    const Call& call = function(unit, "f").calls.at(0);
    EXPECT_EQ(unit.files.at(call.place.file), "/p/a.go");
  }
  SourceUnit source;  // what a generator wrote from a file of the package's own
  source.main_file = "/p/a.go";
  source.directory = "/p";
  source.is_preamble = true;
  source.text = "void g(void);\n#line 9 \"/p/sub/gram.y\"\nvoid f(void) { g(); }\n";
  const TranslationUnit unit = summarize(source);
  const Call& call = function(unit, "f").calls.at(0);
  EXPECT_EQ(unit.files.at(call.place.file), "/p/sub/gram.y");
  EXPECT_EQ(call.place.line, 9u);
}

TEST(Summarize, IndirectCalls) {
  const TranslationUnit unit =
      c("struct ops { int (*wait)(int); };\n"
        "static int slow(int a) { return a; }\n"
        "static const struct ops table = {.wait = slow};\n"
        "static int (*hook)(int);\n"
        "void set(void) { hook = slow; }\n"
        "int f(const struct ops *o) { return o->wait(1) + hook(2); }\n");
  const Function& f = function(unit, "f");
  ASSERT_EQ(f.calls.size(), 2u);
  EXPECT_EQ(f.calls[0].target, "");
  EXPECT_EQ(f.calls[0].name, "ops::wait");
  const std::string slow = function(unit, "slow").link_name;
  EXPECT_THAT(unit.stored_functions.at("ops.wait"), ElementsAre(slow));
  bool hook = false;
  for (const auto& [where, functions] : unit.stored_functions)
    hook = hook || (where.starts_with("hook") && functions == std::vector<std::string>{slow});
  EXPECT_TRUE(hook);
}

TEST(Summarize, NoReturnAndBarriers) {
  const TranslationUnit unit =
      c("_Noreturn void die(void);\nvoid f(int a) { if (a) die(); __builtin_ia32_pause(); "
        "__sync_synchronize(); }\n");
  const Function& f = function(unit, "f");
  for (const Call& call : f.calls) {
    EXPECT_EQ(call.no_return, call.name == "die") << call.name;
    EXPECT_EQ(call.is_barrier, call.name != "die") << call.name;
  }
  EXPECT_FALSE(f.calls.empty());
}

TEST(Summarize, InlineAssemblyThatEntersTheKernelIsThatCall) {
#if defined(__x86_64__)
  const TranslationUnit unit =
      c("long f(long fd, char *p) { long r; __asm__ volatile(\"syscall\" : \"=a\"(r) : \"a\"(0L), "
        "\"D\"(fd), \"S\"(p), \"d\"(4L) : \"rcx\", \"r11\", \"memory\"); return r; }\n");
  EXPECT_THAT(shown_body(function(unit, "f")), HasSubstr("syscall(0, fd, p, 4"));
#else
  GTEST_SKIP() << "the assembly is x86-64's";
#endif
}

TEST(Summarize, NamesOfCxx) {
  const TranslationUnit unit =
      cxx("#include <chrono>\n#include <mutex>\n#include <thread>\n#include <condition_variable>\n"
          "std::mutex m; std::condition_variable cv;\n"
          "extern \"C\" void f() {\n"
          "  m.lock(); m.unlock();\n"
          "  std::this_thread::sleep_for(std::chrono::seconds(3));\n"
          "  std::unique_lock<std::mutex> l(m);\n"
          "  cv.wait(l);\n"
          "}\n");
  EXPECT_THAT(unit.problems, IsEmpty());
  const std::vector<std::string> names = calls(unit);
  for (const char* name : {"std::mutex::lock", "std::mutex::unlock", "std::this_thread::sleep_for",
                           "std::condition_variable::wait"})
    EXPECT_THAT(names, Contains(name));
  EXPECT_THAT(body(unit), HasSubstr("std::this_thread::sleep_for(3000000000)"));
}

TEST(Summarize, MethodsAndOverriders) {
  const TranslationUnit unit =
      cxx("struct base { virtual void go(int) = 0; virtual ~base() {} };\n"
          "void work(int);\n"
          "struct derived : base { int n; void go(int a) override { work(n + a); } };\n"
          "void f(base *b) { b->go(1); }\n"
          "void g() { derived d; d.n = 3; d.go(2); }\n");
  const Function& f = function(unit, "f");
  ASSERT_EQ(f.calls.size(), 1u);
  EXPECT_TRUE(f.calls[0].is_virtual);
  EXPECT_NE(f.calls[0].object, kNone);
  ASSERT_TRUE(unit.overriders.contains(f.calls[0].target));
  const std::vector<std::string>& overriders = unit.overriders.at(f.calls[0].target);
  ASSERT_EQ(overriders.size(), 1u);
  EXPECT_THAT(overriders[0], HasSubstr("derived"));
  EXPECT_EQ(shown_body(unit.functions.at(overriders[0])), "work((*this.derived.n + a));");
}

TEST(Summarize, LambdasAreTheirBodies) {
  const TranslationUnit unit =
      cxx("void work(int);\nvoid f(int n) { auto run = [&] { work(n); }; run(); }\n");
  bool found = false;
  for (const auto& [name, one] : unit.functions) {
    for (const Call& call : one.calls) found = found || (call.name == "work" && one.name != "f");
  }
  EXPECT_TRUE(found);
}

TEST(Summarize, TemplatesAreSeenWhereTheyAreUsed) {
  const TranslationUnit unit =
      cxx("void work(long);\ntemplate <typename T, long N> void wait(T) { work(N); }\n"
          "void f() { wait<int, 30>(1); }\n");
  bool found = false;
  for (const auto& [name, one] : unit.functions)
    found = found || shown_body(one).find("work(30)") != std::string::npos;
  EXPECT_TRUE(found);
}

// Generated parsers have thousands of labels in one function; with the square of that this would
// take minutes.
TEST(Summarize, ManyLabelsTakeTheirTimeOnce) {
  std::string text = "void work(void);\nint f(int n) {\n";
  constexpr int kLabels = 20000;
  for (int i = 0; i < kLabels; ++i) {
    const std::string label = "l" + std::to_string(i);
    text += label + ": if (n == " + std::to_string(i) + ") goto " + label + ";\n";
  }
  text += "work(); return 0; }\n";
  const auto start = std::chrono::steady_clock::now();
  const TranslationUnit unit = c(text);
  EXPECT_THAT(unit.problems, IsEmpty());
  EXPECT_THAT(calls(unit), ElementsAre("work"));
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(20));
}

TEST(Summarize, AllowCommentsOfCFiles) {
  const TemporaryTree tree;
  SourceUnit source;
  source.directory = tree.root();
  tree.write("h.h", "void h(void); //cgoscope:allow busy-wait in a header\n");
  source.main_file = tree.write("a.c",
                                "#include \"h.h\"\n"
                                "//cgoscope:allow blocking-call the peer is local\n"
                                "void f(void) { h(); }\n"
                                "/*cgoscope:allow blocking-call in a block*/\n"
                                "//cgoscope:allowance blocking-call another word\n"
                                "//cgoscope:allow\tbusy-wait\tbehind  tabs \n"
                                "//cgoscope:allow blocking-call\n"
                                "// cgoscope:allow blocking-call with a space\n"
                                "const char *s = \"//cgoscope:allow x y\";\n");
  const TranslationUnit unit = summarize(source);
  std::vector<std::string> allows;
  for (const CAllow& allow : unit.allows) {
    allows.push_back(unit.files.at(allow.place.file).substr(tree.root().size() + 1) + ":" +
                     std::to_string(allow.place.line) + ":" + std::to_string(allow.place.column) +
                     " " + allow.rule + " '" + allow.reason + "'");
  }
  EXPECT_THAT(allows,
              UnorderedElementsAre("h.h:1:15 busy-wait 'in a header'",
                                   "a.c:2:1 blocking-call 'the peer is local'",
                                   "a.c:6:1 busy-wait 'behind  tabs'", "a.c:7:1 blocking-call ''",
                                   "a.c:8:1  blocking-call 'with a space'"));
}

TEST(Summarize, CIsReadForTheTargetOfItsFlags) {
  SourceUnit unit = preamble(
      "void arm(void); void intel(void); void other(void);\n"
      "#if defined(__aarch64__)\nvoid f(void) { arm(); }\n"
      "#elif defined(__x86_64__)\nvoid f(void) { intel(); }\n"
      "#else\nvoid f(void) { other(); }\n#endif\n");
  for (const auto& [triple, called] :
       std::vector<std::pair<std::string, std::string>>{{"aarch64-linux-gnu", "arm"},
                                                        {"x86_64-linux-gnu", "intel"},
                                                        {"s390x-linux-gnu", "other"}}) {
    unit.flags = {"-target", triple};
    const TranslationUnit read = summarize(unit);
    EXPECT_THAT(read.problems, IsEmpty());
    EXPECT_THAT(calls(read), ElementsAre(called)) << triple;
  }
}

TEST(Summarize, AMissingHeaderIsSaidAndTheRestIsThere) {
  const TranslationUnit unit =
      c("#include <no/such/header.h>\n"
        "#include <unistd.h>\n"
        "static void f(thing_t *t) { thing_go(t, THING_FLAG); sleep(30); }\n"
        "void g(void) { f(0); }\n");
  ASSERT_FALSE(unit.problems.empty());
  EXPECT_EQ(unit.problems[0].file, "/p/a.go");
  EXPECT_EQ(unit.problems[0].line, 1);
  EXPECT_THAT(unit.problems[0].message, HasSubstr("no/such/header.h"));
  EXPECT_GE(unit.errors, 1);
  EXPECT_THAT(calls(unit), ElementsAre("thing_go", "sleep"));
}

TEST(Summarize, ASyntaxErrorIsSaidAndTheRestIsThere) {
  const TranslationUnit unit =
      c("#include <unistd.h>\nvoid f(void) { sleep(3); }\nint broken( { ;\nvoid g(void) { "
        "sleep(4); }\n");
  ASSERT_FALSE(unit.problems.empty());
  EXPECT_EQ(unit.problems[0].line, 3);
  EXPECT_THAT(calls(unit), ElementsAre("sleep"));
}

TEST(Summarize, WhatGccOnlyWarnsOfIsNoProblem) {
  const TranslationUnit unit =
      c("f(a) { return undeclared(a); }\n"
        "int *g(void) { return 5; }\n"
        "void h(char *p) { int *q = p; (void)q; }\n");
  EXPECT_THAT(unit.problems, IsEmpty());
  EXPECT_THAT(calls(unit), ElementsAre("undeclared"));
}

TEST(Summarize, ABadFlagIsAProblem) {
  SourceUnit unit = preamble("void f(void) {}\n");
  unit.flags = {"-std=no-such-language"};
  const TranslationUnit summary = summarize(unit);
  EXPECT_FALSE(summary.problems.empty());
  EXPECT_GT(summary.errors, 0);
}

TEST(Summarize, VirtualFilesAreFound) {
  SourceUnit unit = preamble("#include \"_cgo_export.h\"\nvoid f(void) { goCallback(1); }\n");
  unit.virtual_files["/p/_cgo_export.h"] = "extern void goCallback(int);\n";
  const TranslationUnit summary = summarize(unit);
  EXPECT_THAT(summary.problems, IsEmpty());
  EXPECT_THAT(calls(summary), ElementsAre("goCallback"));
}

// Hostile or generated text: each of these ends soon, and the unit after it is read.
TEST(Summarize, BearsWhatNobodyWrites) {
  const size_t deep = 3000;
  std::string parentheses =
      "int f(int x) { return " + std::string(deep, '(') + "x" + std::string(deep, ')') + "; }\n";
  std::string blocks = "void f(void) " + std::string(deep, '{') + std::string(deep, '}') + "\n";
  std::string elses = "int g(int); void f(int x) { ";
  for (int i = 0; i < 3000; ++i) elses += "if (x == " + std::to_string(i) + ") g(x); else ";
  elses += "g(0); }\n";
  std::string sum = "int f(int x) { return x";
  for (int i = 0; i < 5000; ++i) sum += "+x";
  sum += "; }\n";
  std::string labels = "void f(int x) { switch (x) {";
  for (int i = 0; i < 3000; ++i) {
    labels += " case " + std::to_string(i) + ": l" + std::to_string(i) + ": if (x++) goto l" +
              std::to_string((i * 7) % 3000) + ";";
  }
  labels += " } }\n";
  std::string many;
  for (int i = 0; i < 5000; ++i) many += "int f" + std::to_string(i) + "(int x) { return x; }\n";
  for (const std::string& text :
       {parentheses, blocks, elses, sum, labels, many, std::string("#include __FILE__\n"),
        std::string("#include \"/p/a.go\"\nvoid f(void) {}\n"), std::string(1 << 20, '('),
        std::string("\0\0\0int x;", 10), std::string(1 << 20, '\xff'),
        std::string("void f(void) { \xff\xfe(); }\n"), std::string("#error \xff\n"),
        std::string("int x = 1; void f(void) { x = f; goto *&&l; l: ; }\n"), std::string()}) {
    const TranslationUnit unit = c(text);
    EXPECT_GE(unit.errors, static_cast<int>(unit.problems.size()));
    EXPECT_LE(unit.problems.size(), 25u);
  }
  EXPECT_EQ(body(c("void g(void); void f(void) { g(); }")), "g();");
}

TEST(ClangArguments, TheFileIsLastAndFlagsComeBeforeIt) {
  SourceUnit unit = preamble("");
  unit.flags = {"-DX=1", "-Iinclude"};
  const std::vector<std::string> arguments = clang_arguments(unit);
  EXPECT_EQ(arguments.back(), "/p/a.go");
  EXPECT_THAT(arguments, Contains("-fsyntax-only"));
  const auto define = std::find(arguments.begin(), arguments.end(), "-DX=1");
  ASSERT_NE(define, arguments.end());
  EXPECT_EQ(*(define + 1), "-Iinclude");
  EXPECT_THAT(arguments, Contains("c"));
  unit.is_cxx = true;
  EXPECT_THAT(clang_arguments(unit), Contains("c++"));
}

}  // namespace
}  // namespace cgoscope
