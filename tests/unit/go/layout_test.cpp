#include "probe_cli/go/layout.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <map>
#include <random>
#include <sstream>
#include <string>
#include <utility>

#include "probe_cli/go/layout_dwarf.h"
#include "probe_cli/go/layout_table.h"
#include "tests/go_program.h"
#include "tests/made_elf.h"
#include "tests/memory_file.h"
#include "tests/unit/go/every_signal.h"
#include "tests/unit/go/layout_text.h"

namespace cgoscope {
namespace {

using testing::HasSubstr;

Result<Layout> layout_of(const std::string& path, std::optional<GoVersion> version) {
  const Result<ElfImage> image = ElfImage::open(path);
  if (!image) return image.error();
  return find_layout(*image, version);
}

class LayoutOfProgram : public WithToolchain {};

INSTANTIATE_TEST_SUITE_P(Toolchains, LayoutOfProgram, testing::ValuesIn(go_toolchains()),
                         toolchain_name);

// What the lines of runtime_offsets say of each field that we know.
Layout layout_of_lines(const std::string& text, int minor) {
  std::map<std::string, uint32_t> offsets;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    const size_t space = line.rfind(' ');
    offsets[line.substr(0, space)] = static_cast<uint32_t>(std::stoul(line.substr(space + 1)));
  }
  Layout layout;
  for (const LayoutField& field : layout_fields()) {
    // Up to Go 1.22 p.timers is a slice.
    if (field.member.starts_with("timers.") && minor < 23) continue;
    std::string name(field.structure);
    if (!field.member.empty()) name += " " + std::string(field.member);
    if (const auto found = offsets.find(name); found != offsets.end())
      field.in(layout) = found->second;
  }
  return layout;
}

TEST_P(LayoutOfProgram, IsWhatGosOwnReaderOfDwarfSays) {
  const std::string source = std::string(PROJECT_FOLDER) + "/tests/unit/go/runtime_offsets/main.go";
  const std::string reader = build({.name = "runtime_offsets", .source = contents_of(source)});
  for (const GoProgram& program : every_signal_programs()) {
    SCOPED_TRACE(program.name);
    const std::string path = build(program);
    const Result<std::string> said =
        output_of({reader, path, "runtime.g", "runtime.m", "runtime.p", "runtime.schedt",
                   "runtime.timer", "runtime._panic"});
    ASSERT_TRUE(said) << said.error().message();
    const Result<Layout> layout = layout_of(path, version_);
    ASSERT_TRUE(layout) << layout.error().message();
    EXPECT_EQ(layout->source, LayoutSource::kDwarf);
    EXPECT_EQ(layout_text(*layout), layout_text(layout_of_lines(*said, version_.minor)));
  }
}

TEST_P(LayoutOfProgram, IsInTheTable) {
  const auto* column = std::find(kMeasuredMinors.begin(), kMeasuredMinors.end(), version_.minor);
  if (column == kMeasuredMinors.end())
    GTEST_SKIP() << "the table has no column of Go 1." << version_.minor;
  for (const GoProgram& program : every_signal_programs()) {
    SCOPED_TRACE(program.name);
    const Result<Layout> layout = layout_of(build(program), version_);
    ASSERT_TRUE(layout) << layout.error().message();
    Layout expected = table_layout(static_cast<size_t>(column - kMeasuredMinors.begin()));
    // The one difference between the machines.
    if (is_for_arm64(program)) expected.p.size = layout->p.size;
    EXPECT_EQ(layout_text(*layout), layout_text(expected));
  }
}

TEST_P(LayoutOfProgram, ComesFromTheTableWithoutDwarf) {
  // With -w and external linking C's debug information remains.
  for (const GoProgram& program :
       {every_signal_with_cgo("cgo_stripped", {"-ldflags=-s -w"}),
        every_signal_with_cgo("cgo_external_w", {"-ldflags=-w -linkmode=external"})}) {
    SCOPED_TRACE(program.name);
    const std::string path = build(program);
    const Result<Layout> layout = layout_of(path, version_);
    ASSERT_TRUE(layout) << layout.error().message();
    EXPECT_NE(layout->source, LayoutSource::kDwarf);
    const Result<Layout> unknown = layout_of(path, std::nullopt);
    ASSERT_FALSE(unknown);
    EXPECT_THAT(unknown.error().message(), HasSubstr("its Go version is not known"));
  }
}

TEST_P(LayoutOfProgram, IsFoundHoweverTheSectionsAreCompressed) {
  const std::string compressed = build(every_signal("pure", {}));
  const std::string plain =
      build(every_signal("pure_uncompressed", {"-ldflags=-compressdwarf=false"}));
  const std::string old = plain + "_zlib_gnu";
  const Result<std::string> made =
      output_of({"objcopy", "--compress-debug-sections=zlib-gnu", plain, old});
  if (!made) GTEST_SKIP() << made.error().message();
  const std::pair<std::string, const char*> rows[] = {
      {compressed, ".debug_info"}, {plain, ".debug_info"}, {old, ".zdebug_info"}};
  for (const auto& [path, section] : rows) {
    SCOPED_TRACE(path);
    const Result<ElfImage> image = ElfImage::open(path);
    ASSERT_TRUE(image) << image.error().message();
    ASSERT_NE(image->section(section), nullptr);
    EXPECT_EQ(image->section(section)->compressed, path == compressed);
    const Result<Layout> layout = layout_from_dwarf(*image);
    ASSERT_TRUE(layout) << layout.error().message();
    EXPECT_EQ(layout_text(*layout), layout_text(*layout_of(compressed, version_)));
  }
}

// Nothing that stands in the debug information may crash the probe or hold it up.
TEST_P(LayoutOfProgram, SurvivesBrokenDwarf) {
  const std::string path =
      build(every_signal("pure_uncompressed", {"-ldflags=-compressdwarf=false"}));
  const std::string whole = contents_of(path);
  const Result<ElfImage> image = ElfImage::open(path);
  ASSERT_TRUE(image) << image.error().message();
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
