// With debug information written here byte by byte: what Go's linker does not write, and must not
// crash or hold up the probe.
#include "probe_cli/go/layout_dwarf.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "tests/made_elf.h"
#include "tests/memory_file.h"
#include "tests/unit/go/layout_text.h"

namespace cgoscope {
namespace {

using testing::HasSubstr;

// One unit called "runtime" of version 4, as Go's linker writes it.
struct MadeDwarf {
  std::string language = "\x16";  // DW_LANG_Go
  std::string unit_name = "runtime";
  bool sibling_pointers = false;
  std::string dies;

  // A structure and its members; {name, offset, type's offset in the unit}.
  void add_structure(const std::string& name, uint8_t size) {
    dies += '\x02' + name + '\0' + static_cast<char>(size);
    if (sibling_pointers) append(dies, uint32_t{11});  // the unit's own entry: a circle
  }
  void add_member(const std::string& name, uint8_t offset, uint32_t type = 0) {
    dies += '\x03' + name + '\0' + static_cast<char>(offset);
    append(dies, type);
  }
  void end() { dies += '\0'; }
  // Where the next entry will lie in its unit.
  uint32_t next_offset() const {
    return static_cast<uint32_t>(11 + 1 + unit_name.size() + 1 + 1 + dies.size());
  }

  std::string abbreviations() const {
    std::string bytes(
        "\x01\x11\x01\x03\x08\x13\x0b\0\0"  // unit: name string, language
        "\x02\x13\x01\x03\x08\x0b\x0b",     // structure: name, byte size
        16);
    if (sibling_pointers) bytes += std::string("\x01\x13", 2);  // sibling, ref4
    bytes += std::string(
        "\0\0"
        "\x03\x0d\0\x03\x08\x38\x0b\x49\x13\0\0"  // member: name, location, type
        "\x04\x16\0\x03\x08\x49\x13\0\0"          // typedef: name, type
        "\0",
        23);
    return bytes;
  }
  std::string info() const {
    std::string unit;
    append(unit, uint16_t{4});
    append(unit, uint32_t{0});  // abbreviations
    unit += '\x08';             // bytes of an address
    unit += '\x01' + unit_name + '\0' + language + dies + '\0';
    std::string bytes;
    append(bytes, static_cast<uint32_t>(unit.size()));
    return bytes + unit;
  }
};

MadeElf elf_with(std::vector<MadeSection> sections) {
  MadeElf elf;
  elf.segments = {{0x400000, PF_R | PF_X, "code"}};
  elf.sections = std::move(sections);
  return elf;
}

MadeSection debug_section(const std::string& name, const std::string& bytes, uint64_t flags = 0) {
  MadeSection section;
  section.name = name;
  section.flags = flags;
  section.bytes = bytes;
  section.size = bytes.size();
  return section;
}

Result<Layout> layout_in(const MadeElf& elf) {
  const MemoryFile file(elf.file());
  const Result<ElfImage> image = ElfImage::open(file.path());
  if (!image) return image.error();
  return layout_from_dwarf(*image);
}

Result<Layout> layout_in(const MadeDwarf& dwarf) {
  return layout_in(elf_with({debug_section(".debug_info", dwarf.info()),
                             debug_section(".debug_abbrev", dwarf.abbreviations())}));
}

void add_g_and_m(MadeDwarf* dwarf) {
  dwarf->add_structure("runtime.g", 100);
  dwarf->add_member("goid", 40);
  dwarf->end();
  dwarf->add_structure("runtime.m", 50);
  dwarf->end();
}

TEST(LayoutFromDwarf, HasWhatIsThereAndNothingElse) {
  MadeDwarf dwarf;
  add_g_and_m(&dwarf);
  const Result<Layout> layout = layout_in(dwarf);
  ASSERT_TRUE(layout) << layout.error().message();
  EXPECT_EQ(layout_text(*layout), "runtime.g 100\nruntime.g goid 40\nruntime.m 50\n");
}

TEST(LayoutFromDwarf, LooksIntoStructuresOfTheRuntimeAlone) {
  for (const auto& [inner, expected] :
       std::map<std::string, Offset>{{"runtime.timers", 24}, {"[]*runtime.timer", std::nullopt}}) {
    MadeDwarf dwarf;
    const uint32_t type = dwarf.next_offset();
    dwarf.add_structure(inner, 64);
    dwarf.add_member("len", 8);
    dwarf.end();
    const uint32_t name_of_it = dwarf.next_offset();
    dwarf.dies += std::string("\x04") + "alias" + '\0';
    append(dwarf.dies, type);
    add_g_and_m(&dwarf);
    dwarf.add_structure("runtime.p", 99);
    dwarf.add_member("timers", 16, name_of_it);
    dwarf.end();
    const Result<Layout> layout = layout_in(dwarf);
    ASSERT_TRUE(layout) << layout.error().message();
    EXPECT_EQ(layout->p.timers_len, expected) << inner;
    EXPECT_EQ(layout->p.timers_zombies, std::nullopt);
  }
}

TEST(LayoutFromDwarf, EndsWithTypedefsInACircle) {
  MadeDwarf dwarf;
  const uint32_t typedef_at = dwarf.next_offset();
  dwarf.dies += std::string("\x04") + "circle" + '\0';
  append(dwarf.dies, typedef_at);
  add_g_and_m(&dwarf);
  dwarf.add_structure("runtime.p", 99);
  dwarf.add_member("timers", 16, typedef_at);
  dwarf.end();
  const Result<Layout> layout = layout_in(dwarf);
  ASSERT_TRUE(layout) << layout.error().message();
  EXPECT_EQ(layout->p.timers_len, std::nullopt);
}

TEST(LayoutFromDwarf, RefusesWhatGosLinkerDoesNotWrite) {
  MadeDwarf circles;
  circles.sibling_pointers = true;
  add_g_and_m(&circles);
  MadeDwarf of_c;
  of_c.language = "\x0c";  // DW_LANG_C99
  add_g_and_m(&of_c);
  MadeDwarf other_unit;
  other_unit.unit_name = "main";
  add_g_and_m(&other_unit);
  MadeDwarf half;
  half.add_structure("runtime.g", 100);
  half.end();
  const std::pair<const MadeDwarf*, const char*> rows[] = {
      {&circles, "does not describe runtime.m"},
      {&of_c, "does not describe runtime.g"},
      {&other_unit, "does not describe runtime.g"},
      {&half, "does not describe runtime.m"},
  };
  for (const auto& [dwarf, why] : rows) {
    const Result<Layout> layout = layout_in(*dwarf);
    ASSERT_FALSE(layout) << why;
    EXPECT_THAT(layout.error().message(), HasSubstr(why));
  }
}

std::string compression_header(uint32_t type, uint64_t size) {
  std::string bytes;
  append(bytes, Elf64_Chdr{type, 0, size, 1});
  return bytes;
}

TEST(LayoutFromDwarf, SaysWhatIsWrongWithASection) {
  MadeDwarf dwarf;
  add_g_and_m(&dwarf);
  const MadeSection abbreviations = debug_section(".debug_abbrev", dwarf.abbreviations());
  const auto compressed = [](const std::string& bytes) {
    return debug_section(".debug_info", bytes, SHF_COMPRESSED);
  };
  const std::string old_header("ZLIB\0\0\0\0\0\0\1\0", 12);
  const std::pair<MadeElf, const char*> rows[] = {
      {elf_with({abbreviations}), "it has no .debug_info"},
      {elf_with({debug_section(".debug_info", dwarf.info())}), "it has no .debug_abbrev"},
      {elf_with({compressed("short"), abbreviations}), "its header is cut off"},
      {elf_with(
           {compressed(compression_header(ELFCOMPRESS_ZLIB, 100) + "not zlib"), abbreviations}),
       "does not decompress"},
      {elf_with({compressed(compression_header(2, 100) + "zstd"), abbreviations}),
       "not compressed with zlib"},
      {elf_with({compressed(compression_header(ELFCOMPRESS_ZLIB, 1 << 20) + "x"), abbreviations}),
       "its size cannot be true"},
      {elf_with(
           {compressed(compression_header(ELFCOMPRESS_ZLIB, UINT64_MAX) + "x"), abbreviations}),
       "it is over 512 MiB"},
      {elf_with({debug_section(".zdebug_info", "ZLIB"), abbreviations}), "its header is not"},
      {elf_with({debug_section(".zdebug_info", old_header + "not zlib"), abbreviations}),
       "does not decompress"},
  };
  for (const auto& [elf, why] : rows) {
    const Result<Layout> layout = layout_in(elf);
    ASSERT_FALSE(layout) << why;
    EXPECT_THAT(layout.error().message(), HasSubstr(why));
  }
}

}  // namespace
}  // namespace cgoscope
