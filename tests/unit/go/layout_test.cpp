#include "probe_cli/go/layout.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <random>
#include <string>

#include "probe_cli/go/layout_dwarf.h"
#include "probe_cli/go/layout_table.h"
#include "tests/go_program.h"
#include "tests/made_elf.h"
#include "tests/memory_file.h"
#include "tests/unit/go/layout_text.h"

namespace cgoscope {
namespace {

using testing::HasSubstr;

Result<Layout> layout_of(const std::string& path, std::optional<GoVersion> version) {
  const Result<ElfImage> image = ElfImage::open(path);
  if (!image) return image.error();
  return find_layout(*image, version);
}

struct Variant {
  const char* name;
  std::vector<std::string> arguments;
  std::vector<std::string> environment;
};
const Variant kVariants[] = {
    {"plain", {}, {"CGO_ENABLED=1"}},
    {"plain_uncompressed", {"-ldflags=-compressdwarf=false"}, {"CGO_ENABLED=1"}},
    {"external", {"-ldflags=-linkmode=external"}, {"CGO_ENABLED=1"}},
    {"pie", {"-buildmode=pie"}, {"CGO_ENABLED=1"}},
    {"pure", {}, {"CGO_ENABLED=0"}},
    {"pure_pie", {"-buildmode=pie"}, {"CGO_ENABLED=0"}},
    {"arm64", {}, {"CGO_ENABLED=0", "GOARCH=arm64"}},
};

class LayoutOfProgram : public testing::TestWithParam<GoToolchain> {
 protected:
  void SetUp() override {
    version_ = parse_go_version(go_version_of(GetParam()));
    if (!version_) GTEST_SKIP() << "cannot run " << GetParam().go();
  }
  std::string build(const std::string& name, const std::vector<std::string>& arguments,
                    const std::vector<std::string>& environment,
                    const std::string& folder = "tests/unit/go/every_signal") {
    const GoProgram program = build_go_program(GetParam(), folder, {name, arguments, environment});
    EXPECT_EQ(program.problem, "");
    return program.path;
  }

  std::optional<GoVersion> version_;
};

INSTANTIATE_TEST_SUITE_P(Toolchains, LayoutOfProgram, testing::ValuesIn(go_toolchains()),
                         toolchain_name);

TEST_P(LayoutOfProgram, IsWhatGosOwnReaderOfDwarfSays) {
  const std::string reader =
      build("runtime_offsets", {}, {"CGO_ENABLED=0"}, "tests/unit/go/runtime_offsets");
  for (const Variant& variant : kVariants) {
    SCOPED_TRACE(variant.name);
    const std::string program = build(variant.name, variant.arguments, variant.environment);
    const CommandResult said = run_command({reader, program, "runtime.g", "runtime.m", "runtime.p",
                                            "runtime.schedt", "runtime.timer"});
    ASSERT_EQ(said.status, 0) << said.err;

    const Result<Layout> layout = layout_of(program, version_);
    ASSERT_TRUE(layout) << layout.error().message();
    EXPECT_EQ(layout->source, LayoutSource::kDwarf);
    Layout expected;
    for (const LayoutField& field : layout_fields()) {
      // Up to Go 1.22 p.timers is a slice.
      if (field.member.starts_with("timers.") && version_->minor < 23) continue;
      std::string start = "\n" + std::string(field.structure) + " ";
      if (!field.member.empty()) start += std::string(field.member) + " ";
      const std::string lines = "\n" + said.out;
      for (size_t at = lines.find(start); at != std::string::npos; at = lines.find(start, at + 1)) {
        const std::string rest = lines.substr(at + start.size());
        const std::string number = rest.substr(0, rest.find('\n'));
        if (number.find(' ') != std::string::npos) continue;  // a member, not the size
        field.in(expected) = static_cast<uint32_t>(std::stoul(number));
        break;
      }
    }
    EXPECT_EQ(layout_text(*layout), layout_text(expected));
  }
}

TEST_P(LayoutOfProgram, IsInTheTable) {
  const auto* column = std::find(kMeasuredMinors.begin(), kMeasuredMinors.end(), version_->minor);
  if (column == kMeasuredMinors.end())
    GTEST_SKIP() << "the table has no column of Go 1." << version_->minor;
  Layout table = table_layout(static_cast<size_t>(column - kMeasuredMinors.begin()));
  for (const Variant& variant : kVariants) {
    SCOPED_TRACE(variant.name);
    const std::string program = build(variant.name, variant.arguments, variant.environment);
    const Result<Layout> layout = layout_of(program, version_);
    ASSERT_TRUE(layout) << layout.error().message();
    Layout expected = table;
    // The one difference between the machines.
    if (std::string_view(variant.name) == "arm64") expected.p.size = layout->p.size;
    EXPECT_EQ(layout_text(*layout), layout_text(expected));
  }
}

TEST_P(LayoutOfProgram, ComesFromTheTableWithoutDwarf) {
  // With -w and external linking C's debug information remains.
  const std::string stripped = build("stripped", {"-ldflags=-s -w"}, {"CGO_ENABLED=1"});
  const std::string external =
      build("external_w", {"-ldflags=-w -linkmode=external"}, {"CGO_ENABLED=1"});
  for (const std::string& program : {stripped, external}) {
    SCOPED_TRACE(program);
    const Result<Layout> layout = layout_of(program, version_);
    ASSERT_TRUE(layout) << layout.error().message();
    EXPECT_NE(layout->source, LayoutSource::kDwarf);
    const Result<Layout> unknown = layout_of(program, std::nullopt);
    ASSERT_FALSE(unknown);
    EXPECT_THAT(unknown.error().message(), HasSubstr("its Go version is not known"));
  }
}

TEST_P(LayoutOfProgram, IsFoundInSectionsCompressedTheOldWay) {
  const std::string plain = build("plain", {}, {"CGO_ENABLED=1"});
  const std::string old = plain + "_zlib_gnu";
  const CommandResult made =
      run_command({"objcopy", "--compress-debug-sections=zlib-gnu", plain, old});
  if (made.status != 0) GTEST_SKIP() << "objcopy: " << made.err;
  const Result<ElfImage> image = ElfImage::open(old);
  ASSERT_TRUE(image);
  ASSERT_NE(image->section(".zdebug_info"), nullptr);
  const Result<Layout> layout = layout_from_dwarf(*image);
  ASSERT_TRUE(layout) << layout.error().message();
  EXPECT_EQ(layout_text(*layout), layout_text(*layout_of(plain, version_)));
}

// Nothing that stands in the debug information may crash the probe or hold it up.
TEST_P(LayoutOfProgram, SurvivesBrokenDwarf) {
  const std::string program =
      build("pure_uncompressed", {"-ldflags=-compressdwarf=false"}, {"CGO_ENABLED=0"});
  std::ifstream stream(program, std::ios::binary);
  const std::string whole{std::istreambuf_iterator<char>(stream), {}};
  const Result<ElfImage> image = ElfImage::open(program);
  ASSERT_TRUE(image);
  std::minstd_rand random(42);
  for (int round = 0; round < 60; ++round) {
    std::string broken = whole;
    for (const char* name : {".debug_info", ".debug_abbrev"}) {
      const ElfSection* section = image->section(name);
      ASSERT_NE(section, nullptr);
      const int changes = name[7] == 'a' ? 1 + round % 3 : 20;
      for (int i = 0; i < changes; ++i)
        broken[section->file_offset + random() % section->size] = static_cast<char>(random());
    }
    const MemoryFile file(broken);
    ASSERT_TRUE(file.complete());
    const Result<ElfImage> changed = ElfImage::open(file.path());
    ASSERT_TRUE(changed);
    const Result<Layout> layout = layout_from_dwarf(*changed);
    EXPECT_TRUE(layout || !layout.error().why.empty());
  }
}

TEST(LayoutTable, GivesReleasesWithoutAColumnTheirNeighbours) {
  MadeElf elf;
  elf.segments = {{0x400000, PF_R | PF_X, "code"}};
  const MemoryFile file(elf.file());
  const Result<ElfImage> image = ElfImage::open(file.path());
  ASSERT_TRUE(image) << image.error().message();
  const struct {
    int minor;
    LayoutSource source;
    int column;
  } rows[] = {
      {18, LayoutSource::kNearestTable, 19}, {19, LayoutSource::kTable, 19},
      {20, LayoutSource::kNearestTable, 19}, {21, LayoutSource::kTable, 21},
      {24, LayoutSource::kTable, 24},        {25, LayoutSource::kNearestTable, 24},
      {27, LayoutSource::kTable, 27},        {28, LayoutSource::kNearestTable, 27},
      {99, LayoutSource::kNearestTable, 27},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(row.minor);
    const Result<Layout> layout = find_layout(*image, GoVersion{row.minor, 3});
    ASSERT_TRUE(layout) << layout.error().message();
    EXPECT_EQ(layout_source_name(layout->source), layout_source_name(row.source));
    const auto* column = std::find(kMeasuredMinors.begin(), kMeasuredMinors.end(), row.column);
    EXPECT_EQ(layout_text(*layout),
              layout_text(table_layout(static_cast<size_t>(column - kMeasuredMinors.begin()))));
  }
  const Result<Layout> old = find_layout(*image, GoVersion{17, 13});
  ASSERT_FALSE(old);
  EXPECT_THAT(old.error().message(), HasSubstr("Go 1.17"));
}

}  // namespace
}  // namespace cgoscope
