// The rows are those of go/build's own tests (build_test.go, constraint/expr_test.go) and of the
// documentation in `go help buildconstraint`.
#include "clang_plugin/packages/build_constraint.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/unit/packages/temporary_tree.h"

namespace cgoscope {
namespace {

BuildContext linux_amd64() {
  BuildContext context;
  context.goos = "linux";
  context.goarch = "amd64";
  context.go_minor = 21;
  context.tags = {"foo", "sqlite_json"};
  return context;
}

struct Row {
  std::string text;
  bool holds;
};

TEST(BuildConstraint, Expressions) {
  const std::string deep = std::string(400, '(') + "linux" + std::string(400, ')');
  for (const auto& [text, holds] : {
           Row{"", true},
           Row{"linux", true},
           Row{"  linux\t", true},
           Row{"linux\r", true},
           Row{"windows", false},
           Row{"!windows", true},
           Row{"unix", true},
           Row{"cgo && gc", true},
           Row{"!cgo", false},
           Row{"gccgo", false},
           Row{"linux && amd64", true},
           Row{"linux && !amd64", false},
           Row{"windows || linux && amd64", true},
           Row{"(windows || linux) && arm64", false},
           Row{"windows||linux", true},
           Row{"foo && sqlite_json", true},
           Row{"ignore", false},
           Row{"go1.1", true},
           Row{"go1.21", true},
           Row{"go1.22", false},
           Row{"!go1.22", true},
           Row{"go1.9x", false},
           Row{"go1.", false},
           Row{"go1.021", false},
           Row{"go2", false},
           Row{deep, true},
       }) {
    EXPECT_EQ(constraint_holds(text, linux_amd64()), holds) << text;
  }
}

TEST(BuildConstraint, MalformedExpressionsDoNotHold) {
  for (const std::string& text :
       {std::string("&&"), std::string("linux &&"), std::string("linux & amd64"),
        std::string("(linux"), std::string("linux)"), std::string("linux amd64"),
        std::string("!!linux"), std::string("! ! linux"), std::string("linux // why"),
        std::string("!"), std::string("()"), std::string("linux,amd64"), std::string(100'000, '('),
        std::string(100'000, '!'), std::string("\0linux", 6)}) {
    EXPECT_FALSE(constraint_holds(text, linux_amd64())) << text.substr(0, 40);
  }
}

TEST(BuildConstraint, DerivedSystems) {
  BuildContext android = linux_amd64();
  android.goos = "android";
  EXPECT_TRUE(constraint_holds("linux && android && unix", android));
  EXPECT_FALSE(constraint_holds("android", linux_amd64()));
  BuildContext windows = linux_amd64();
  windows.goos = "windows";
  EXPECT_FALSE(constraint_holds("unix", windows));
}

TEST(BuildConstraint, OldStyleWords) {
  for (const auto& [text, holds] : {
           Row{"linux", true}, Row{"linux,amd64", true}, Row{"linux,!amd64", false},
           Row{"!windows", true}, Row{"!linux", false}, Row{"!!linux", false}, Row{"!", false},
           Row{"", false}, Row{"linux,", false}, Row{"a-b", false},
           Row{"!a-b", true},  // go/build reads what is no tag as the tag "ignore"
       }) {
    EXPECT_EQ(old_style_word_holds(text, linux_amd64()), holds) << text;
  }
}

TEST(BuildConstraint, FileNames) {
  for (const auto& [text, holds] : {
           Row{"a.go", true},
           Row{"linux.go", true},
           Row{"windows.go", true},
           Row{"a_linux.go", true},
           Row{"a_windows.go", false},
           Row{"a_amd64.go", true},
           Row{"a_arm64.go", false},
           Row{"a_linux_amd64.go", true},
           Row{"a_linux_arm64.go", false},
           Row{"a_windows_amd64.go", false},
           Row{"windows_amd64.go", true},  // nothing before the first "_" counts
           Row{"a_windows_test.go", false},
           Row{"a_linux_test.go", true},
           Row{"windows_test.go", true},
           Row{"a_windows_x.go", true},
           Row{"a_unix.go", true},  // "unix" is a tag, but no ending
           Row{"a_wasip1.go", false},
           Row{"a_windows.pb.go", false},
           Row{"a_windows.c", false},
           Row{"_a.go", false},
           Row{".a.go", false},
           Row{"", false},
       }) {
    EXPECT_EQ(file_name_fits(text, linux_amd64()), holds) << text;
  }
}

TEST(BuildConstraint, HostContextFollowsTheEnvironment) {
  ScopedVariables variables;
  variables.set("GOOS", "freebsd");
  variables.set("GOARCH", "amd64");
  variables.set("GOAMD64", "v3");
  const BuildContext context = host_build_context({"mine"});
  EXPECT_TRUE(constraint_holds("freebsd && amd64 && unix && mine", context));
  EXPECT_TRUE(constraint_holds("amd64.v1 && amd64.v3 && !amd64.v4", context));
  variables.unset("GOOS");
  EXPECT_TRUE(constraint_holds("linux", host_build_context({})));
}

}  // namespace
}  // namespace cgoscope
