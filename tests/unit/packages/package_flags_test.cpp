#include "clang_plugin/packages/package_flags.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/packages/temporary_tree.h"

namespace cgoscope {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class PackageFlags : public testing::Test {
 protected:
  PackageFlags() { package_.directory = tree_.root(); }

  CgoLine line(const std::string& variable, const std::vector<std::string>& words) {
    return {{}, variable, words, tree_.path("a.go"), 5};
  }

  // A pkg-config that answers with what it was asked, as macros, and knows no package called
  // "unknown".
  void use_fake_pkg_config() {
    environment_.pkg_config = tree_.write_script("pc", R"(
for word in "$@"; do
  case $word in
    unknown*) echo "Package $word was not found" >&2; echo more >&2; exit 1 ;;
    --*) ;;
    *) printf -- '-DPC_%s ' "$word" ;;
  esac
done
echo "$@" >> calls
)");
  }

  std::string calls() const {
    std::ifstream file(tree_.path("calls"));
    return {std::istreambuf_iterator<char>(file), {}};
  }

  TemporaryTree tree_;
  Package package_;
  CgoEnvironment environment_;
};

TEST_F(PackageFlags, OrderIsThatOfTheGoCommand) {
  use_fake_pkg_config();
  environment_.cppflags = {"-DENV_CPP"};
  environment_.cflags = {"-DENV_C"};
  environment_.cxxflags = {"-DENV_CXX"};
  resolve_flags(
      package_,
      {line("CFLAGS", {"-DC", "-O2"}), line("CPPFLAGS", {"-DCPP"}), line("CXXFLAGS", {"-DCXX"}),
       line("LDFLAGS", {"-lm"}), line("pkg-config", {"zlib"})},
      environment_);
  EXPECT_THAT(package_.problems, IsEmpty());
  EXPECT_THAT(package_.c_flags,
              ElementsAre("-I", tree_.root(), "-DENV_CPP", "-DCPP", "-DPC_zlib", "-DENV_C", "-DC"));
  EXPECT_THAT(package_.cxx_flags, ElementsAre("-I", tree_.root(), "-DENV_CPP", "-DCPP", "-DPC_zlib",
                                              "-DENV_CXX", "-DCXX"));
}

TEST_F(PackageFlags, AStandardOfTheOtherLanguageIsLeftOut) {
  resolve_flags(package_, {line("CPPFLAGS", {"-std=c++17", "-std=gnu99", "-DX"})}, environment_);
  EXPECT_THAT(package_.c_flags, ElementsAre("-I", tree_.root(), "-std=gnu99", "-DX"));
  EXPECT_THAT(package_.cxx_flags, ElementsAre("-I", tree_.root(), "-std=c++17", "-DX"));
}

TEST_F(PackageFlags, RefusedFlagsNameTheirLine) {
  resolve_flags(package_, {line("CFLAGS", {"-fplugin=x.so", "-DX"})}, environment_);
  EXPECT_THAT(package_.c_flags, ElementsAre("-I", tree_.root(), "-DX"));
  ASSERT_EQ(package_.problems.size(), 1u);
  EXPECT_EQ(package_.problems[0].file, tree_.path("a.go"));
  EXPECT_EQ(package_.problems[0].line, 5);
}

TEST_F(PackageFlags, OneUnknownPackageDoesNotHideTheOthers) {
  use_fake_pkg_config();
  resolve_flags(package_, {line("pkg-config", {"zlib", "unknown-1", "--static", "libpng", "zlib"})},
                environment_);
  EXPECT_THAT(package_.c_flags, ElementsAre("-I", tree_.root(), "-DPC_zlib", "-DPC_libpng"));
  ASSERT_EQ(package_.problems.size(), 1u);
  EXPECT_EQ(package_.problems[0].line, 5);
  EXPECT_THAT(package_.problems[0].message, HasSubstr("Package unknown-1 was not found"));
  EXPECT_THAT(package_.problems[0].message, testing::Not(HasSubstr("more")));
  EXPECT_EQ(calls(), "--cflags --static -- zlib\n--cflags --static -- libpng\n");
}

TEST_F(PackageFlags, AMissingPkgConfigIsSaidOnce) {
  environment_.pkg_config = "no-such-pkg-config";
  resolve_flags(package_, {line("pkg-config", {"zlib", "libpng"}), line("CFLAGS", {"-DX"})},
                environment_);
  EXPECT_THAT(package_.c_flags, ElementsAre("-I", tree_.root(), "-DX"));
  ASSERT_EQ(package_.problems.size(), 1u);
  EXPECT_THAT(package_.problems[0].message, HasSubstr("no-such-pkg-config"));
  EXPECT_THAT(package_.problems[0].message, HasSubstr("PATH"));
}

TEST_F(PackageFlags, OptionsThatWriteFilesDoNotReachPkgConfig) {
  use_fake_pkg_config();
  resolve_flags(package_,
                {line("pkg-config", {"--log-file=x", "-x", "@x", "--define-variable=a=b", "zlib"})},
                environment_);
  EXPECT_EQ(calls(), "--cflags --define-variable=a=b -- zlib\n");
  EXPECT_EQ(package_.problems.size(), 3u);
}

TEST_F(PackageFlags, WhatPkgConfigAnswersIsFilteredToo) {
  environment_.pkg_config = tree_.write_script("pc", R"(echo '-I/inc -fplugin=x.so -DA=\"q\"')");
  resolve_flags(package_, {line("pkg-config", {"evil"})}, environment_);
  EXPECT_THAT(package_.c_flags, ElementsAre("-I", tree_.root(), "-I/inc", "-DA=\"q\""));
  ASSERT_EQ(package_.problems.size(), 1u);
  EXPECT_THAT(package_.problems[0].message, HasSubstr("pkg-config --cflags evil"));
}

TEST(CgoEnvironmentTest, SplitsAndFilters) {
  std::vector<Problem> problems;
  const CgoEnvironment environment =
      cgo_environment("-g -O2 -DA='x y' -fplugin=p.so", "-DB", "-DC", "pkgconf --static", problems);
  EXPECT_THAT(environment.cflags, ElementsAre("-DA=x y"));
  EXPECT_THAT(environment.cppflags, ElementsAre("-DB"));
  EXPECT_THAT(environment.cxxflags, ElementsAre("-DC"));
  EXPECT_EQ(environment.pkg_config, "pkgconf");
  ASSERT_EQ(problems.size(), 1u);
  EXPECT_THAT(problems[0].message, HasSubstr("CGO_CFLAGS"));
  EXPECT_EQ(cgo_environment("", "", "", "", problems).pkg_config, "pkg-config");
}

TEST(CgoLinesInEffect, GoByTheContextAndNameWhatIsMalformed) {
  Package package;
  GoFile file;
  file.path = "/p/a.go";
  file.directives = {{" linux CFLAGS: -DL", 3}, {" windows CFLAGS: -DW", 4}, {" CFLAGS", 5}};
  package.cgo_files = {file};
  BuildContext context;
  context.goos = "linux";
  const std::vector<CgoLine> lines = cgo_lines_in_effect(package, context);
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_THAT(lines[0].arguments, ElementsAre("-DL"));
  ASSERT_EQ(package.problems.size(), 1u);
  EXPECT_EQ(package.problems[0].line, 5);
}

}  // namespace
}  // namespace cgoscope
