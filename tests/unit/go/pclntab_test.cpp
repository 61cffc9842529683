#include "probe_cli/go/pclntab.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tests/made_elf.h"
#include "tests/memory_file.h"

namespace cgoscope {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

struct Opened {
  std::unique_ptr<ElfImage> image;
  std::optional<Pclntab> functions;
  std::string error;
};

Opened open_elf(const MadeElf& elf) {
  Opened opened;
  const MemoryFile file(elf.file());
  Result<ElfImage> image = ElfImage::open(file.path());
  if (!image) {
    opened.error = image.error().message();
    return opened;
  }
  opened.image = std::make_unique<ElfImage>(std::move(*image));
  Result<Pclntab> functions = Pclntab::find(*opened.image);
  if (functions) {
    opened.functions = std::move(*functions);
  } else {
    opened.error = functions.error().message();
  }
  return opened;
}

std::vector<std::string> lines_at(const Pclntab& functions, uint64_t pc, bool is_return = false) {
  std::vector<std::string> lines;
  for (const Frame& frame : functions.frames_at(pc, is_return)) {
    EXPECT_EQ(frame.pc, pc);
    lines.push_back(frame.function + " " + frame.file + ":" + std::to_string(frame.line));
  }
  return lines;
}

void expect_the_made_functions(const Pclntab& functions) {
  EXPECT_EQ(functions.text_begin(), 0x401000u);
  EXPECT_EQ(functions.text_end(), 0x401030u);
  EXPECT_EQ(functions.function_count(), 2u);
  EXPECT_TRUE(functions.knows_inlined_calls());
  ASSERT_TRUE(functions.function(1));
  EXPECT_EQ(functions.function(1)->name, "main.plain");
  EXPECT_EQ(functions.function(1)->entry, 0x401020u);
  EXPECT_EQ(functions.function(1)->end, 0x401030u);
  EXPECT_FALSE(functions.function(2));
  EXPECT_FALSE(functions.function(0xffffffff));

  EXPECT_FALSE(functions.function_at(0x400fff));
  EXPECT_EQ(functions.function_at(0x40101f)->name, "main.outer");
  EXPECT_EQ(functions.function_at(0x401020)->name, "main.plain");
  EXPECT_FALSE(functions.function_at(0x401030));

  const auto named = functions.functions_named(
      {"main.plain", "main.inlined", "main.outer", "main.plain", "main.plai"});
  ASSERT_EQ(named.size(), 5u);
  EXPECT_EQ(named[0]->entry, 0x401020u);
  EXPECT_FALSE(named[1]);  // has no code of its own
  EXPECT_EQ(named[2]->entry, 0x401000u);
  EXPECT_EQ(named[3]->entry, 0x401020u);
  EXPECT_FALSE(named[4]);

  EXPECT_THAT(lines_at(functions, 0x401000), ElementsAre("main.outer /src/outer.go:10"));
  EXPECT_THAT(lines_at(functions, 0x401007), ElementsAre("main.outer /src/outer.go:11"));
  EXPECT_THAT(lines_at(functions, 0x401008),
              ElementsAre("main.inlined /src/inlined.go:3", "main.outer /src/outer.go:11"));
  EXPECT_THAT(lines_at(functions, 0x401010), ElementsAre("main.outer /src/outer.go:12"));
  EXPECT_THAT(lines_at(functions, 0x401010, true),
              ElementsAre("main.inlined /src/inlined.go:3", "main.outer /src/outer.go:11"));
  EXPECT_THAT(lines_at(functions, 0x401020, true), ElementsAre("main.outer /src/outer.go:12"));
  EXPECT_THAT(lines_at(functions, 0x401030, true), ElementsAre("main.plain /src/outer.go:30"));
  EXPECT_THAT(lines_at(functions, 0x401030), IsEmpty());
  EXPECT_THAT(lines_at(functions, 0, true), IsEmpty());
}

TEST(Pclntab, IsReadInEachFormAndPlace) {
  for (const bool since_go_1_20 : {false, true}) {
    for (const bool section_names : {false, true}) {
      for (const bool position_independent : {false, true}) {
        for (const uint64_t inline_base_at : {304, 320, 344}) {
          SCOPED_TRACE(testing::Message() << since_go_1_20 << section_names << position_independent
                                          << " " << inline_base_at);
          MadeGoOptions options;
          options.since_go_1_20 = since_go_1_20;
          options.section_names = section_names;
          options.position_independent = position_independent;
          options.inline_base_at = inline_base_at;
          const Opened opened = open_elf(made_go_elf(options));
          ASSERT_TRUE(opened.functions) << opened.error;
          expect_the_made_functions(*opened.functions);
        }
      }
    }
  }
}

TEST(Pclntab, SaysThatItIsTooOld) {
  for (const uint32_t magic : {0xfffffffau, 0xfffffffbu}) {
    MadeGoOptions options;
    options.magic = magic;
    EXPECT_THAT(open_elf(made_go_elf(options)).error, HasSubstr("Go 1.17 or older"));
  }
  MadeGoOptions options;
  options.magic = 0x12345678;
  EXPECT_THAT(open_elf(made_go_elf(options)).error, HasSubstr("nothing in it looks like one"));
}

// A table that the program carries as data (a linker does, for one) is not its own.
TEST(Pclntab, IsBelievedOnlyWithItsModuledata) {
  const MadeElf good = made_go_elf({});
  for (const uint64_t word_at : {0, 8, 32, 56, 80, 104, 128, 136, 160, 168, 176, 184}) {
    MadeElf elf = good;
    overwrite(elf.segments[2].bytes, word_at, uint64_t{0x401001});
    EXPECT_THAT(open_elf(elf).error, HasSubstr("moduledata does not agree"))
        << "word " << word_at << " of moduledata";
  }
}

TEST(Pclntab, PassesOverCopies) {
  MadeGoOptions options;
  options.section_names = false;
  MadeElf elf = made_go_elf(options);
  MadeSegment copy = elf.segments[1];
  copy.address = 0x400000;
  elf.segments.insert(elf.segments.begin(), copy);
  const Opened opened = open_elf(elf);
  ASSERT_TRUE(opened.functions) << opened.error;
  expect_the_made_functions(*opened.functions);
}

TEST(Pclntab, KnowsTheOutermostFunctionWithoutInlineTrees) {
  MadeElf elf = made_go_elf({});
  overwrite(elf.segments[2].bytes, 320, uint64_t{0});
  const Opened opened = open_elf(elf);
  ASSERT_TRUE(opened.functions) << opened.error;
  EXPECT_FALSE(opened.functions->knows_inlined_calls());
  EXPECT_THAT(lines_at(*opened.functions, 0x401008), ElementsAre("main.outer /src/inlined.go:3"));
}

TEST(Pclntab, EndsWhenInlinedCallsRunInACircle) {
  MadeElf elf = made_go_elf({});
  overwrite(elf.segments[1].bytes, 8, uint32_t{8});  // called where it is itself
  const Opened opened = open_elf(elf);
  ASSERT_TRUE(opened.functions) << opened.error;
  const std::vector<Frame> frames = opened.functions->frames_at(0x401008, false);
  EXPECT_LT(frames.size(), 200u);
  EXPECT_EQ(frames.back().function, "main.outer");
}

// Whatever one byte of the tables is, there is an answer, and nothing outside is read (as the
// sanitizers see).
TEST(Pclntab, SurvivesAnyByte) {
  const MadeElf good = made_go_elf({});
  int found = 0;
  for (const size_t segment : {1, 2}) {
    for (size_t at = 0; at < good.segments[segment].bytes.size(); ++at) {
      for (const char byte : {'\0', '\x7f', '\xff'}) {
        MadeElf elf = good;
        elf.segments[segment].bytes[at] = byte;
        const Opened opened = open_elf(elf);
        if (!opened.functions) continue;
        ++found;
        for (const uint64_t pc : {0x401001, 0x401009, 0x401011, 0x401030}) {
          for (const Frame& frame : opened.functions->frames_at(pc, true)) EXPECT_GE(frame.line, 0);
        }
      }
    }
  }
  EXPECT_GT(found, 100);
}

}  // namespace
}  // namespace cgoscope
