#include "probe_cli/go/build_info.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/made_elf.h"
#include "tests/memory_file.h"

namespace cgoscope {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

Result<BuildInfo> read(const MadeElf& elf) {
  const MemoryFile file(elf.file());
  const Result<ElfImage> image = ElfImage::open(file.path());
  if (!image) return image.error();
  return read_build_info(*image);
}

TEST(GoVersion, IsReadFromWhatLinkersWrite) {
  EXPECT_EQ(parse_go_version("go1.22.12"), (GoVersion{22, 12}));
  EXPECT_EQ(parse_go_version("go1.21"), (GoVersion{21, 0}));
  EXPECT_EQ(parse_go_version("go1.23.5 X:nocoverageredesign"), (GoVersion{23, 5}));
  EXPECT_EQ(parse_go_version("go1.24rc1"), (GoVersion{24, 0}));
  EXPECT_EQ(parse_go_version("devel go1.25-abcdef Mon"), (GoVersion{25, 0}));
  EXPECT_EQ(parse_go_version("go1.22.12-fips"), (GoVersion{22, 12}));
  EXPECT_EQ(parse_go_version("devel +a1b2c3"), std::nullopt);
  EXPECT_EQ(parse_go_version("go2.1"), std::nullopt);
  EXPECT_EQ(parse_go_version("cargo1.22"), std::nullopt);
  EXPECT_EQ(parse_go_version("go1."), std::nullopt);
  EXPECT_EQ(parse_go_version("go1.99999999999999999999"), std::nullopt);
  EXPECT_EQ(parse_go_version(""), std::nullopt);
  EXPECT_LT((GoVersion{21, 13}), (GoVersion{22, 0}));
}

TEST(Godebug, TheLastSettingCounts) {
  EXPECT_EQ(godebug_value("asynctimerchan=1", "asynctimerchan"), "1");
  EXPECT_EQ(godebug_value("a=0,asynctimerchan=1,asynctimerchan=0", "asynctimerchan"), "0");
  EXPECT_EQ(godebug_value("asynctimerchan=", "asynctimerchan"), "");
  EXPECT_EQ(godebug_value("xasynctimerchan=1,asynctimerchan", "asynctimerchan"), std::nullopt);
  EXPECT_EQ(godebug_value("", "asynctimerchan"), std::nullopt);
}

TEST(BuildInfo, IsReadInBothForms) {
  for (const bool is_inline : {true, false}) {
    for (const bool names : {true, false}) {
      MadeGoOptions options;
      options.build_info_inline = is_inline;
      options.section_names = names;
      const Result<BuildInfo> info = read(made_go_elf(options));
      ASSERT_TRUE(info) << info.error().message();
      EXPECT_EQ(info->version_text, "go1.24.4");
      EXPECT_EQ(info->version, (GoVersion{24, 4}));
      EXPECT_EQ(info->main_package, "example.org/made");
      EXPECT_EQ(info->main_module, "example.org/made");
      EXPECT_THAT(info->settings, ElementsAre(Pair("CGO_ENABLED", "1"),
                                              Pair("DefaultGODEBUG", "asynctimerchan=1")));
      EXPECT_EQ(info->default_godebug("asynctimerchan"), "1");
      EXPECT_EQ(info->default_godebug("panicnil"), "");
    }
  }
}

TEST(BuildInfo, UnquotesSettings) {
  MadeGoOptions options;
  options.lines =
      "build\t-ldflags=\"-s -w \\\"x\\\" \\\\ \\n\"\nbuild\t-tags=`a b`\nbuild\t\"a=b\"=c\n"
      "build\tno value\nbuild\t\"open\nbuild\t\"\nbuild\n";
  const Result<BuildInfo> info = read(made_go_elf(options));
  ASSERT_TRUE(info) << info.error().message();
  EXPECT_THAT(info->settings, ElementsAre(Pair("-ldflags", "-s -w \"x\" \\ \n"),
                                          Pair("-tags", "a b"), Pair("a=b", "c")));
}

TEST(BuildInfo, HasNoModuleOutsideOfOne) {
  MadeGoOptions options;
  options.lines = "";
  const Result<BuildInfo> info = read(made_go_elf(options));
  ASSERT_TRUE(info) << info.error().message();
  EXPECT_EQ(info->version_text, "go1.24.4");
  EXPECT_EQ(info->main_package, "");
  EXPECT_EQ(info->main_module, "");
}

TEST(BuildInfo, SaysThatThereIsNone) {
  MadeGoOptions options;
  options.version = "";
  EXPECT_THAT(read(made_go_elf(options)).error().message(), HasSubstr("not a Go program"));
}

// The lengths of strings are where a hostile file lies.
TEST(BuildInfo, BelievesNoLength) {
  MadeElf elf = made_go_elf({});
  std::string& data = elf.segments[2].bytes;
  const size_t blob = data.find("\xff Go buildinf:");
  ASSERT_NE(blob, std::string::npos);
  const std::string good = data;
  for (const std::string length : {"\x7f", "\xff\xff\xff\xff\x7f",
                                   "\xff\xff\xff\xff\xff\xff\xff\xff\xff"
                                   "\xff\xff\x01"}) {
    data = good.substr(0, blob + 32) + length + "go1.24";
    EXPECT_THAT(read(elf).error().message(), HasSubstr("beyond the end"));
  }
  data = good.substr(0, blob + 20);
  EXPECT_THAT(read(elf).error().message(), HasSubstr("cut off"));
  data = good.substr(0, blob + 32) + std::string(2, '\0');
  EXPECT_THAT(read(elf).error().message(), HasSubstr("version is empty"));
  data = good;
  overwrite(data, blob + 15, uint8_t{0});  // pointers now, of which there are none
  EXPECT_THAT(read(elf).error().message(), HasSubstr("version is empty"));
  overwrite(data, blob + 16, ~uint64_t{0});
  EXPECT_THAT(read(elf).error().message(), HasSubstr("beyond the end"));
  overwrite(data, blob + 15, uint8_t{1});
  EXPECT_THAT(read(elf).error().message(), HasSubstr("another machine"));
}

// A string of the program may have the magic too.
TEST(BuildInfo, IsAtAnAlignedAddress) {
  MadeGoOptions options;
  options.section_names = false;
  MadeElf elf = made_go_elf(options);
  elf.segments[2].bytes.replace(8, 14, "\xff Go buildinf:");
  const Result<BuildInfo> info = read(elf);
  ASSERT_TRUE(info) << info.error().message();
  EXPECT_EQ(info->version_text, "go1.24.4");
}

}  // namespace
}  // namespace cgoscope
