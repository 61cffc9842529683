#include "probe_cli/go/go_binary.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/made_elf.h"
#include "tests/memory_file.h"

namespace cgoscope {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;

TEST(CgoFunctionName, IsReadFromStubsAndWrappers) {
  EXPECT_EQ(cgo_function_name("_cgo_0123456789ab_Cfunc_slow"), "slow");
  EXPECT_EQ(cgo_function_name("_cgo_0123456789ab_C2func_getaddrinfo"), "getaddrinfo");
  EXPECT_EQ(cgo_function_name("_cgo_0123456789ab_Cfunc__Cmalloc"), "malloc");
  EXPECT_EQ(cgo_function_name("_cgo_0123456789ab_Cfunc__hidden"), "_hidden");
  EXPECT_EQ(cgo_function_name("_cgo_0123456789ab_Cmacro_SIZE"), "SIZE");
  EXPECT_EQ(cgo_function_name("main._Cfunc_slow"), "slow");
  EXPECT_EQ(cgo_function_name("example.org/p._Cfunc_slow.abi0"), "slow");
  EXPECT_EQ(cgo_function_name("gopkg.in/yaml%2ev3._C2func_slow"), "slow");
  EXPECT_EQ(cgo_function_name("main._Cfunc__CMalloc"), "malloc");
  EXPECT_EQ(cgo_function_name("main._Cfunc_GoString"), "GoString");

  EXPECT_EQ(cgo_function_name(""), "");
  EXPECT_EQ(cgo_function_name("slow"), "");
  EXPECT_EQ(cgo_function_name("_Cfunc_slow"), "");
  EXPECT_EQ(cgo_function_name("main._Cfunc_"), "");
  EXPECT_EQ(cgo_function_name("main._Cfunc_slow.func1"), "");
  EXPECT_EQ(cgo_function_name("main.my_Cfunc_slow"), "");
  EXPECT_EQ(cgo_function_name("_cgo_Cfunc_slow"), "");
  EXPECT_EQ(cgo_function_name("_cgoexp_0123456789ab_back"), "");
  EXPECT_EQ(cgo_function_name("x_cgo_init"), "");
}

GoBinary built_with(std::string_view version, std::string_view godebug) {
  GoBinary binary;
  binary.build.version = parse_go_version(version);
  if (!godebug.empty()) binary.build.settings["DefaultGODEBUG"] = godebug;
  return binary;
}

TEST(GoBinary, KnowsWhetherTimersAreKept) {
  EXPECT_TRUE(built_with("go1.19.8", "").keeps_abandoned_timers(""));
  EXPECT_TRUE(built_with("go1.22.12", "").keeps_abandoned_timers("asynctimerchan=0"));
  EXPECT_FALSE(built_with("go1.23.5", "").keeps_abandoned_timers(""));
  EXPECT_TRUE(built_with("go1.23.5", "asynctimerchan=1,x=0").keeps_abandoned_timers(""));
  EXPECT_TRUE(
      built_with("go1.26.1", "asynctimerchan=0").keeps_abandoned_timers("asynctimerchan=1"));
  EXPECT_FALSE(
      built_with("go1.26.1", "asynctimerchan=1").keeps_abandoned_timers("asynctimerchan=0"));
  EXPECT_FALSE(
      built_with("go1.26.1", "asynctimerchan=1").keeps_abandoned_timers("asynctimerchan=2"));
  EXPECT_FALSE(
      built_with("go1.24", "").keeps_abandoned_timers("asynctimerchan=1,asynctimerchan=0"));
  EXPECT_FALSE(
      built_with("go1.27.3", "asynctimerchan=1").keeps_abandoned_timers("asynctimerchan=1"));
  EXPECT_FALSE(built_with("devel +abc", "asynctimerchan=1").keeps_abandoned_timers(""));
}

Result<GoBinary> open_elf(const MadeElf& elf) {
  const MemoryFile file(elf.file());
  return GoBinary::open(file.path());
}

TEST(GoBinary, SaysWhyItCannotOpen) {
  MadeElf elf;
  elf.segments.push_back({.address = 0x1000, .flags = PF_R, .bytes = std::string(64, 'x')});
  EXPECT_THAT(open_elf(elf).error().message(), HasSubstr("not a Go program"));
  MadeGoOptions options;
  options.version = "go1.17.13";
  EXPECT_THAT(open_elf(made_go_elf(options)).error().message(), HasSubstr("built with go1.17.13"));
  options = {};
  options.magic = 0x12345678;
  EXPECT_THAT(open_elf(made_go_elf(options)).error().message(), HasSubstr("function table"));
}

TEST(GoBinary, LivesWithoutBuildInfo) {
  MadeGoOptions options;
  options.version = "";
  const Result<GoBinary> binary = open_elf(made_go_elf(options));
  ASSERT_TRUE(binary) << binary.error().message();
  EXPECT_EQ(binary->functions.function_count(), 2u);
  EXPECT_TRUE(binary->stripped);
  EXPECT_FALSE(binary->uses_cgo);
  EXPECT_THAT(binary->notes, Contains(HasSubstr("Go version is not known")));
  EXPECT_THAT(binary->notes, Contains(HasSubstr("cannot be read from the process's memory")));
}

TEST(GoBinary, StaysWholeWhenMoved) {
  Result<GoBinary> opened = open_elf(made_go_elf({}));
  ASSERT_TRUE(opened) << opened.error().message();
  const GoBinary binary = std::move(*opened);
  EXPECT_EQ(binary.functions.frames_at(0x401008, false).size(), 2u);
}

}  // namespace
}  // namespace cgoscope
