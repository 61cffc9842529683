#include "clang_plugin/compiler/compiled_unit.h"

#include <gmock/gmock.h>

#include <string>
#include <vector>

#include "tests/unit/packages/temporary_tree.h"

namespace cgoscope {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::vector<std::string> texts(const Result<std::vector<Finding>>& findings) {
  if (!findings) return {findings.error().message()};
  std::vector<std::string> result;
  for (const Finding& finding : *findings) {
    const bool in_go = !finding.go.file.empty();
    const std::string& file = in_go ? finding.go.file : finding.c->file;
    result.push_back(file.substr(file.rfind('/') + 1) + ":" +
                     std::to_string(in_go ? finding.go.line : finding.c->line) + " " +
                     finding.message.substr(0, finding.message.find(';')));
  }
  return result;
}

class CompiledUnitTest : public testing::Test {
 protected:
  void SetUp() override {
    tree_.write("go.mod", "module example.org/m\n");
    go_file_ =
        tree_.write("p/p.go",
                    "package p\n\n// #include <unistd.h>\n// void outer(unsigned);\n"
                    "// static void own(void) { sleep(20); }\nimport \"C\"\n\n"
                    "func F() {\n\tC.sleep(30)\n\tC.outer(40)\n\tC.own()\n\tC.outer(delay)\n}\n");
    tree_.write("p/q.go",
                "package p\n\nimport \"C\"\n\nconst delay = 0\n\nfunc G() { C.pause() }\n");
    c_file_ = tree_.write("p/outer.c",
                          "#include <unistd.h>\nvoid outer(unsigned s) { sleep(s); }\n"
                          "void never_called(void) { pause(); }\n");
  }

  CompiledUnit made_by_cgo() const {
    return {tree_.path("b001/p.cgo2.c"),
            "#line 1 \"cgo-builtin-prolog\"\n#line 3 \"" + go_file_ + "\"\nvoid outer(unsigned);\n",
            false,
            {"-I", tree_.path("p")},
            {}};
  }

  TemporaryTree tree_;
  ScopedVariables variables_;
  std::string go_file_, c_file_;
};

TEST_F(CompiledUnitTest, AFileOfCgoShowsWhatItsGoFileCallsItself) {
  EXPECT_THAT(
      texts(lint_unit(made_by_cgo(), {})),
      ElementsAre("p.go:9 C.sleep can block for 30s", "p.go:11 C.own can block in sleep for 20s"));
}

TEST_F(CompiledUnitTest, ACFileShowsWhatGoReachesThroughIt) {
  EXPECT_THAT(texts(lint_unit({c_file_, "", false, {}, {"outer", "never_called"}}, {})),
              ElementsAre("p.go:10 C.outer can block in sleep for 40s"));
}

TEST_F(CompiledUnitTest, ACFileOutsideGoShowsWhatItsFunctionsDoWhateverTheyAreGiven) {
  const std::string text =
      "#include <unistd.h>\nstatic void wait(unsigned s) { sleep(s); }\n"
      "void fixed(void) { wait(5); }\nvoid given(unsigned s) { wait(s); }\n"
      "void ever(void) { pause(); }\nvoid also(void) { ever(); }\n";
  const std::string file = tree_.write("c/x.c", text);
  EXPECT_THAT(texts(lint_unit({file, text, false, {}, {"fixed", "given", "ever", "also"}}, {})),
              ElementsAre("x.c:2 fixed can block in sleep for 5s", testing::HasSubstr("x.c:5 ")));
  EXPECT_THAT(texts(lint_unit({file, text, false, {}, {}}, {})), IsEmpty());
}

TEST_F(CompiledUnitTest, OptionsAndSettingsCount) {
  LintOptions options;
  options.threshold_ns = 25 * int64_t{1000000000};
  EXPECT_THAT(texts(lint_unit(made_by_cgo(), options)),
              ElementsAre("p.go:9 C.sleep can block for 30s"));
  tree_.write("p/.cgoscope.yaml", "severities: {sleep: off}\n");
  EXPECT_THAT(texts(lint_unit(made_by_cgo(), {})), IsEmpty());
}

TEST_F(CompiledUnitTest, FlagsOfTheCompilationCount) {
  const std::string text = "#include <unistd.h>\nvoid f(void) { sleep(SECONDS); }\n";
  const std::string file = tree_.write("c/y.c", text);
  EXPECT_THAT(texts(lint_unit({file, text, false, {"-DSECONDS=7"}, {"f"}}, {})),
              ElementsAre("y.c:2 f can block in sleep for 7s"));
}

TEST_F(CompiledUnitTest, GoItselfIsPassedOver) {
  variables_.set("GOROOT", tree_.root());
  EXPECT_THAT(texts(lint_unit(made_by_cgo(), {})), IsEmpty());
  EXPECT_THAT(texts(lint_unit({c_file_, "", false, {}, {"outer"}}, {})), IsEmpty());
}

TEST_F(CompiledUnitTest, AGoFileThatIsNotThereIsSaid) {
  CompiledUnit unit = made_by_cgo();
  unit.text = "\n#line 3 \"example.org/m/p/p.go\"\n";
  EXPECT_THAT(texts(lint_unit(unit, {})),
              ElementsAre(testing::HasSubstr("cannot read example.org/m/p/p.go")));
  unit.text = "int x;\n";  // no preamble
  EXPECT_THAT(texts(lint_unit(unit, {})), IsEmpty());
}

// A row of the catalogue is about the library's function, not one of the package's that bears its
// name.
TEST_F(CompiledUnitTest, WhatThePackageDefinesElsewhereIsNoLibraryFunction) {
  tree_.write("p/own_sleep.c", "unsigned\nsleep(unsigned s)\n{ return s; }\n");
  EXPECT_THAT(texts(lint_unit(made_by_cgo(), {})), IsEmpty());
  EXPECT_THAT(texts(lint_unit({c_file_, "", false, {}, {"outer"}}, {})), IsEmpty());
  tree_.write("p/own_sleep.c", "unsigned sleep(unsigned s);\nvoid g(void) { if (sleep(1)) {} }\n");
  EXPECT_EQ(texts(lint_unit(made_by_cgo(), {})).size(), 2U);
}

TEST_F(CompiledUnitTest, AFileThatIsIncludedAndCompiledShowsItsFindingsOnce) {
  tree_.write("i/i.go", "package i\n\n// #include \"i.c\"\nimport \"C\"\n\nfunc F() { C.f() }\n");
  const std::string file = tree_.write("i/i.c", "#include <unistd.h>\nvoid f(void) { pause(); }\n");
  EXPECT_EQ(texts(lint_unit({file, "", false, {}, {"f"}}, {})).size(), 1U);
  EXPECT_THAT(texts(lint_unit({tree_.path("b001/i.cgo2.c"),
                               "\n#line 3 \"" + tree_.path("i/i.go") + "\"\n",
                               false,
                               {"-I", tree_.path("i")},
                               {}},
                              {})),
              IsEmpty());
}

TEST(DefinesFunction, IsANameParametersAndABrace) {
  EXPECT_TRUE(defines_function("int f(void) { return 1; }", "f"));
  EXPECT_TRUE(defines_function("int ESECT\nf (int (*g)(int), int b)\n\n{", "f"));
  EXPECT_TRUE(
      defines_function("int f(); void g() { f(); }\nint f(void) __attribute__((cold)) {", "f"));
  EXPECT_TRUE(defines_function("void f() noexcept {", "f"));
  EXPECT_FALSE(defines_function("int f(void);\nint g(void) { return f(); }", "f"));
  EXPECT_FALSE(defines_function("void g(void) { if (f(1)) { h(); } while (f(2) > 0) {} }", "f"));
  EXPECT_FALSE(defines_function("int own_f(void) {} int f2(void) {}", "f"));
  EXPECT_FALSE(defines_function("int f(", "f"));
  EXPECT_FALSE(defines_function("", "f"));
  EXPECT_FALSE(defines_function("int () {", ""));
}

TEST(GoFileOf, IsTheFirstGoFileOfALineDirective) {
  EXPECT_EQ(go_file_of(""), "");
  EXPECT_EQ(go_file_of("x\n#line 1 \"cgo-gcc-prolog\"\n"), "");
  EXPECT_EQ(go_file_of("\n#line 1 \"prolog\"\n#line 7 \"/a b/x.go\"\n#line 9 \"/y.go\"\n"),
            "/a b/x.go");
  EXPECT_EQ(go_file_of("\n#line 7 /x.go\n#line 8 \""), "");
}

}  // namespace
}  // namespace cgoscope
