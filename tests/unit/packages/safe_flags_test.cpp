#include "clang_plugin/packages/safe_flags.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "tests/unit/packages/temporary_tree.h"

namespace cgoscope {
namespace {

using testing::ElementsAre;
using testing::ElementsAreArray;
using testing::HasSubstr;
using testing::IsEmpty;

using Words = std::vector<std::string>;

class SafeFlags : public testing::Test {
 protected:
  SafeFlags() {
    variables_.unset("CGO_CFLAGS_ALLOW");
    variables_.unset("CGO_CFLAGS_DISALLOW");
  }

  Words filter(const Words& flags) {
    problems_.clear();
    return safe_clang_flags(flags, origin_, problems_);
  }

  ScopedVariables variables_;
  FlagOrigin origin_ = {"#cgo CFLAGS", "CFLAGS", "/p/a.go", 7};
  std::vector<Problem> problems_;
};

TEST_F(SafeFlags, PassesWhatChangesTheParse) {
  const Words flags = {
      "-DX",        "-DX=1",       "-D",           "Y=2",       "-UX",      "-I/inc",
      "-I",         "/inc2",       "-isystem",     "/sys",      "-include", "config.h",
      "-std=gnu11", "-pthread",    "-fexceptions", "-fno-rtti", "-m32",     "-march=native",
      "-mavx2",     "-mno-sse4.2", "-x",           "c++",       "-xc",      "--sysroot=/s"};
  EXPECT_THAT(filter(flags), ElementsAreArray(flags));
  EXPECT_THAT(problems_, IsEmpty());
}

TEST_F(SafeFlags, LeavesOutInSilenceWhatDoesNot) {
  EXPECT_THAT(filter({"-g",
                      "-O2",
                      "-O",
                      "-Wall",
                      "-Werror=x",
                      "-w",
                      "-fPIC",
                      "-fno-pic",
                      "-flto",
                      "-fopenmp",
                      "-fmodules",
                      "-fstack-protector-all",
                      "-fvisibility=hidden",
                      "-pipe",
                      "-pedantic",
                      "-framework",
                      "Cocoa",
                      "-lm",
                      "-L/lib",
                      "-Wl,-z,now",
                      "-mtune=native",
                      "-ftls-model=initial-exec",
                      "-DX"}),
              ElementsAre("-DX"));
  EXPECT_THAT(problems_, IsEmpty());
}

TEST_F(SafeFlags, RewritesTheSpellingsOfGcc) {
  EXPECT_THAT(filter({"--std=c99", "-Wp,-DA=1", "-Wp,-UB"}),
              ElementsAre("-std=c99", "-DA=1", "-UB"));
  EXPECT_THAT(problems_, IsEmpty());
}

// Whoever vouches for them.
TEST_F(SafeFlags, NeverPassesWhatRunsCode) {
  const Words hostile = {"-fplugin=x.so",
                         "-fplugin-arg-x-y",
                         "-fpass-plugin=x.so",
                         "-load",
                         "-Xclang",
                         "-Xpreprocessor",
                         "-mllvm",
                         "@flags",
                         "-B.",
                         "-B/x",
                         "-specs=x",
                         "--specs=x",
                         "-wrapper",
                         "-o",
                         "-ox",
                         "-MF",
                         "-MD",
                         "-save-temps",
                         "--config=x",
                         "--config",
                         "-cc1",
                         "-include-pch",
                         "-ivfsoverlay",
                         "-fmodule-file=x",
                         "-fprebuilt-module-path=x",
                         "-resource-dir=x",
                         "-working-directory=/"};
  for (const bool vouched : {false, true}) {
    if (vouched) variables_.set("CGO_CFLAGS_ALLOW", ".*");
    for (const std::string& flag : hostile) {
      EXPECT_THAT(filter({flag, "-DX"}), ElementsAre("-DX")) << flag;
      ASSERT_EQ(problems_.size(), 1u) << flag;
      EXPECT_EQ(problems_[0].file, "/p/a.go");
      EXPECT_EQ(problems_[0].line, 7);
      EXPECT_THAT(problems_[0].message, HasSubstr(flag));
      EXPECT_THAT(problems_[0].message, HasSubstr("#cgo CFLAGS"));
    }
  }
  origin_.from_user = true;
  EXPECT_THAT(filter(hostile), IsEmpty());
  EXPECT_EQ(problems_.size(), hostile.size());
}

TEST_F(SafeFlags, ValuesCannotCarryOptions) {
  for (const Words& flags :
       {Words{"-I", "@x"}, Words{"-I@x"}, Words{"-I-"}, Words{"-include", "-Xclang"},
        Words{"-D", "@x"}, Words{"-DX=@y"}, Words{"-DX=-1"}, Words{"-isystem", ""}, Words{"-I"},
        Words{"-x", "ir"}, Words{"-xcuda"}, Words{"-std=@x"}, Words{"-D1=2"}, Words{"-Wp,-MD,x"},
        Words{"-Wp,-D"}, Words{"-Wa,x"}, Words{std::string(5000, 'x')}}) {
    EXPECT_THAT(filter(flags), IsEmpty()) << flags[0];
    EXPECT_EQ(problems_.size(), 1u) << flags[0];
    EXPECT_LT(problems_[0].message.size(), 500u);
  }
}

// A path cannot become an input file: it is not a flag, so it stays behind with its option.
TEST_F(SafeFlags, StrayWordsDoNotPass) {
  EXPECT_THAT(filter({"-Xclang", "-load", "-Xclang", "./x.so", "-o", "/etc/passwd"}), IsEmpty());
  EXPECT_EQ(problems_.size(), 6u);
}

TEST_F(SafeFlags, UnknownFlagsNeedTheUsersWord) {
  EXPECT_THAT(filter({"-fms-extensions", "-DX", "-fnew-thing"}), ElementsAre("-DX"));
  ASSERT_EQ(problems_.size(), 2u);
  EXPECT_THAT(problems_[0].message, HasSubstr("CGO_CFLAGS_ALLOW"));

  variables_.set("CGO_CFLAGS_ALLOW", "-fms-extensions|-fnew-.*|-DY=.*");
  // What Clang is known to take passes; of what is not known, nothing does.
  EXPECT_THAT(filter({"-fms-extensions", "-fnew-thing", "-DY=-1", "-fms-extensions2"}),
              ElementsAre("-fms-extensions", "-DY=-1"));
  ASSERT_EQ(problems_.size(), 1u);
  EXPECT_THAT(problems_[0].message, HasSubstr("-fms-extensions2"));
}

TEST_F(SafeFlags, DisallowIsHonoured) {
  variables_.set("CGO_CFLAGS_DISALLOW", "-D.*");
  EXPECT_THAT(filter({"-DX", "-UX"}), ElementsAre("-UX"));
  EXPECT_EQ(problems_.size(), 1u);
}

TEST_F(SafeFlags, MalformedPatternIsNamed) {
  variables_.set("CGO_CFLAGS_ALLOW", "(");
  EXPECT_THAT(filter({"-DX"}), ElementsAre("-DX"));
  ASSERT_EQ(problems_.size(), 1u);
  EXPECT_THAT(problems_[0].message, HasSubstr("CGO_CFLAGS_ALLOW"));
}

TEST_F(SafeFlags, TheUsersOwnFlagsAreNotHeldAgainstTheList) {
  origin_.from_user = true;
  EXPECT_THAT(filter({"-DX=-1", "-DF(x)=x", "-fms-extensions", "-fnew-thing", "-iquote", "q"}),
              ElementsAre("-DX=-1", "-DF(x)=x", "-fms-extensions", "-iquote", "q"));
  EXPECT_THAT(problems_, IsEmpty());
}

TEST_F(SafeFlags, APrecompiledHeaderInTheSourceIsNotLoaded) {
  const TemporaryTree tree;
  tree.write("x.h", "");
  origin_.file = tree.write("a.go", "");
  EXPECT_THAT(filter({"-include", "x.h"}), ElementsAre("-include", "x.h"));
  tree.write("x.h.pch", "CPCH");
  EXPECT_THAT(filter({"-include", "x.h"}), IsEmpty());
  ASSERT_EQ(problems_.size(), 1u);
  EXPECT_THAT(problems_[0].message, HasSubstr("precompiled"));
}

TEST_F(SafeFlags, AnIncludedDeviceOrFifoIsRefused) {
  const TemporaryTree tree;
  origin_.file = tree.write("a.go", "");
  ASSERT_EQ(mkfifo(tree.path("fifo.h").c_str(), 0600), 0);
  for (const char* header : {"fifo.h", "/dev/zero", "."}) {
    EXPECT_THAT(filter({"-include", header, "-DX"}), ElementsAre("-DX")) << header;
    ASSERT_EQ(problems_.size(), 1u);
    EXPECT_THAT(problems_[0].message, HasSubstr("no regular file"));
  }
}

}  // namespace
}  // namespace cgoscope
