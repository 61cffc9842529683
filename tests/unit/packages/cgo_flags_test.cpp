#include "clang_plugin/packages/cgo_flags.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cgoscope {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

BuildContext linux_amd64() {
  BuildContext context;
  context.goos = "linux";
  context.goarch = "amd64";
  return context;
}

GoFile file_with(const std::vector<std::string>& directives) {
  GoFile file;
  file.path = "/home/me/p/a.go";
  int line = 3;
  for (const std::string& text : directives) file.directives.push_back({text, line++});
  return file;
}

TEST(SplitQuoted, FollowsGoBuild) {
  EXPECT_THAT(split_quoted(R"(a b:"c d" 'e''f'  "g\"")"), ElementsAre("a", "b:c d", "ef", "g\""));
  EXPECT_THAT(split_quoted(R"(-DA=\"x\\y\" '')"), ElementsAre("-DA=\"x\\y\"", ""));
  EXPECT_THAT(split_quoted(" \t\r\n"), IsEmpty());
  EXPECT_THAT(split_quoted("'open end"), ElementsAre("open end"));
}

TEST(CgoLines, WordsAndPlaces) {
  std::vector<Problem> problems;
  const std::vector<CgoLine> lines = cgo_lines(
      file_with({" CFLAGS: -DX=1 -Iinclude -I ../up -I/abs -I${SRCDIR}/inc -include x.h",
                 " linux,!arm64 windows LDFLAGS: -lm -Llib", "\tpkg-config: zlib --static"}),
      problems);
  ASSERT_EQ(lines.size(), 3u);
  EXPECT_THAT(problems, IsEmpty());
  EXPECT_EQ(lines[0].variable, "CFLAGS");
  EXPECT_THAT(lines[0].arguments, ElementsAre("-DX=1", "-I/home/me/p/include", "-I", "/home/me/up",
                                              "-I/abs", "-I/home/me/p/inc", "-include", "x.h"));
  EXPECT_EQ(lines[0].line, 3);
  EXPECT_EQ(lines[0].file, "/home/me/p/a.go");
  EXPECT_THAT(lines[1].conditions, ElementsAre("linux,!arm64", "windows"));
  EXPECT_THAT(lines[1].arguments, ElementsAre("-lm", "-L/home/me/p/lib"));
  EXPECT_THAT(lines[2].arguments, ElementsAre("zlib", "--static"));
}

TEST(CgoLines, Conditions) {
  std::vector<Problem> problems;
  for (const CgoLine& line :
       cgo_lines(file_with({" CFLAGS: -DA", " linux CFLAGS: -DA", " windows linux CFLAGS: -DA",
                            " !windows CFLAGS: -DA", " linux,amd64 CFLAGS: -DA",
                            " (linux&&amd64) CFLAGS: -DA", " cgo CFLAGS: -DA"}),
                 problems)) {
    EXPECT_TRUE(conditions_hold(line, linux_amd64())) << line.line;
  }
  for (const CgoLine& line : cgo_lines(
           file_with({" windows CFLAGS: -DA", " linux,!amd64 CFLAGS: -DA", " !linux CFLAGS: -DA",
                      " (linux&&arm64) CFLAGS: -DA", " linux& CFLAGS: -DA"}),
           problems)) {
    EXPECT_FALSE(conditions_hold(line, linux_amd64())) << line.line;
  }
  EXPECT_THAT(problems, IsEmpty());
}

TEST(CgoLines, MalformedLinesAreNamedAndTheRestIsKept) {
  std::vector<Problem> problems;
  const std::vector<CgoLine> lines = cgo_lines(
      file_with({" CFLAGS -DX", " : -DX", " NOFLAGS: -DX", " CFLAGS: \"open", " CFLAGS: `id` -DY",
                 " CFLAGS: ${OTHER} $(id) a;b", " noescape f", " nocallback f", "", " CFLAGS:"}),
      problems);
  ASSERT_EQ(lines.size(), 3u);
  EXPECT_THAT(lines[0].arguments, ElementsAre("-DY"));
  EXPECT_THAT(lines[1].arguments, IsEmpty());
  EXPECT_THAT(lines[2].arguments, IsEmpty());
  ASSERT_EQ(problems.size(), 9u);
  EXPECT_EQ(problems[0].file, "/home/me/p/a.go");
  EXPECT_EQ(problems[0].line, 3);
  EXPECT_THAT(problems[2].message, HasSubstr("NOFLAGS"));
  EXPECT_THAT(problems[4].message, HasSubstr("`id`"));
}

}  // namespace
}  // namespace cgoscope
