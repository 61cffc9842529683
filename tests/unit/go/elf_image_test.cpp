#include "probe_cli/go/elf_image.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/made_elf.h"
#include "tests/memory_file.h"

namespace cgoscope {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

Result<ElfImage> open_bytes(const std::string& bytes) {
  const MemoryFile file(bytes);
  return ElfImage::open(file.path());
}

std::string why_not(const std::string& bytes) {
  const Result<ElfImage> image = open_bytes(bytes);
  return image ? "it was opened" : image.error().message();
}

// Code at 0x1000 (32 bytes), data at 0x2004 (28 bytes).
MadeElf small_elf() {
  MadeElf elf;
  elf.segments.push_back({.address = 0x1000, .flags = PF_R | PF_X, .bytes = std::string(32, 'c')});
  elf.segments.push_back({.address = 0x2004, .flags = PF_R | PF_W, .bytes = std::string(28, 'd')});
  elf.sections.push_back(
      {.name = ".text", .flags = SHF_ALLOC | SHF_EXECINSTR, .address = 0x1000, .size = 32});
  return elf;
}

TEST(ElfImage, SaysWhyItCannotOpen) {
  EXPECT_THAT(ElfImage::open("/nowhere").error().message(), HasSubstr("No such file"));
  EXPECT_THAT(ElfImage::open("/").error().message(), HasSubstr("not a file"));
  EXPECT_THAT(why_not(""), HasSubstr("it is empty"));
  EXPECT_THAT(why_not("#!/bin/sh\n"), HasSubstr("not an ELF file"));
  EXPECT_THAT(why_not("\x7f"
                      "ELF"),
              HasSubstr("not an ELF file"));

  const std::string good = small_elf().file();
  EXPECT_EQ(why_not(good), "it was opened");
  std::string other = good;
  other[EI_CLASS] = ELFCLASS32;
  EXPECT_THAT(why_not(other), HasSubstr("32-bit"));
  other = good;
  other[EI_DATA] = ELFDATA2MSB;
  EXPECT_THAT(why_not(other), HasSubstr("big-endian"));
  MadeElf elf = small_elf();
  elf.machine = EM_RISCV;
  EXPECT_THAT(why_not(elf.file()), HasSubstr("another machine"));
  elf = small_elf();
  elf.type = ET_REL;
  EXPECT_THAT(why_not(elf.file()), HasSubstr("neither an executable nor"));
  elf.type = ET_EXEC;
  elf.segments.clear();
  EXPECT_THAT(why_not(elf.file()), HasSubstr("no program headers"));
}

TEST(ElfImage, RefusesWhatIsCutOff) {
  MadeElf elf = small_elf();
  elf.sections.clear();
  const std::string good = elf.file();
  for (size_t size = 0; size < good.size(); ++size)
    EXPECT_NE(why_not(good.substr(0, size)), "it was opened") << size << " bytes";
}

TEST(ElfImage, RefusesImpossibleSegments) {
  const std::string good = small_elf().file();
  const size_t first = sizeof(Elf64_Ehdr);
  std::string bad = good;
  overwrite(bad, first + offsetof(Elf64_Phdr, p_offset), ~uint64_t{0});
  EXPECT_THAT(why_not(bad), HasSubstr("beyond the end"));
  bad = good;
  overwrite(bad, first + offsetof(Elf64_Phdr, p_memsz), uint64_t{1});
  EXPECT_THAT(why_not(bad), HasSubstr("impossible size"));
  bad = good;
  overwrite(bad, first + offsetof(Elf64_Phdr, p_vaddr), ~uint64_t{0});
  EXPECT_THAT(why_not(bad), HasSubstr("impossible size"));
  bad = good;
  overwrite(bad, offsetof(Elf64_Ehdr, e_phentsize), uint16_t{1});
  EXPECT_THAT(why_not(bad), HasSubstr("unknown size"));

  // Thousands of segments that each are the whole file would make every walk through them slow.
  MadeElf elf;
  elf.segments.resize(3000, {.address = 0x1000, .flags = PF_R, .bytes = ""});
  EXPECT_THAT(why_not(elf.file()), HasSubstr("too many"));
}

TEST(ElfImage, GivesTheBytesAtAnAddress) {
  const std::string bytes = small_elf().file();
  const Result<ElfImage> image = open_bytes(bytes);
  ASSERT_TRUE(image) << image.error().message();
  EXPECT_EQ(image->machine(), Machine::kAmd64);
  EXPECT_FALSE(image->position_independent());
  EXPECT_EQ(image->size_bytes(), bytes.size());
  EXPECT_EQ(image->bytes_at(0x1000, 32).size(), 32u);
  EXPECT_EQ(image->bytes_at(0x101f, 1).front(), std::byte{'c'});
  EXPECT_EQ(image->bytes_from(0x2010).size(), 16u);
  EXPECT_THAT(image->bytes_at(0x1000, 33), IsEmpty());
  EXPECT_THAT(image->bytes_at(0xfff, 1), IsEmpty());
  EXPECT_THAT(image->bytes_at(0x1020, 1), IsEmpty());
  EXPECT_THAT(image->bytes_at(0x1010, ~uint64_t{0}), IsEmpty());
  EXPECT_THAT(image->bytes_from(0), IsEmpty());
  ASSERT_TRUE(image->file_offset(0x2004));
  EXPECT_EQ(bytes.substr(*image->file_offset(0x2004), 28), std::string(28, 'd'));
  EXPECT_FALSE(image->file_offset(0x2020));
}

TEST(ElfImage, LivesWithoutSections) {
  std::string bytes = small_elf().file();
  overwrite(bytes, offsetof(Elf64_Ehdr, e_shoff), uint64_t{1} << 60);
  const Result<ElfImage> image = open_bytes(bytes);
  ASSERT_TRUE(image) << image.error().message();
  EXPECT_THAT(image->sections(), IsEmpty());
  EXPECT_EQ(image->section(".text"), nullptr);
  EXPECT_THAT(image->symbols(), IsEmpty());
  EXPECT_EQ(image->symbol_named("main"), nullptr);
  EXPECT_EQ(image->symbol_at(0x1000), nullptr);
}

TEST(ElfImage, MergesSymbolTables) {
  MadeElf elf = small_elf();
  add_symbols(elf, {{"second", 0x1010, 4},
                    {"variable", 0x2004, 8, STT_OBJECT},
                    {"undefined", 0x1004, 4, STT_FUNC, SHN_UNDEF},
                    {"file", 0x1008, 4, STT_FILE},
                    {"", 0x100c, 4}});
  add_symbols(elf, {{"second", 0x1010, 4}, {"first", 0x1000, 8}}, SHT_DYNSYM);
  const Result<ElfImage> image = open_bytes(elf.file());
  ASSERT_TRUE(image) << image.error().message();
  std::vector<std::string_view> names;
  for (const ElfSymbol& symbol : image->symbols()) names.push_back(symbol.name);
  EXPECT_THAT(names, ElementsAre("first", "second"));
  ASSERT_NE(image->symbol_named("variable"), nullptr);
  EXPECT_EQ(image->symbol_named("variable")->address, 0x2004u);
  EXPECT_EQ(image->symbol_named("variable")->size, 8u);
  EXPECT_EQ(image->symbol_named("undefined"), nullptr);
  EXPECT_EQ(image->symbol_named("secon"), nullptr);
}

TEST(ElfImage, FindsTheSymbolOfAnAddress) {
  MadeElf elf = small_elf();
  add_symbols(elf, {{"outer", 0x1000, 16}, {"inner", 0x1004, 4}, {"no_size", 0x1014, 0}});
  const Result<ElfImage> image = open_bytes(elf.file());
  ASSERT_TRUE(image) << image.error().message();
  const auto name_at = [&](uint64_t address) {
    const ElfSymbol* symbol = image->symbol_at(address);
    return symbol == nullptr ? "" : std::string(symbol->name);
  };
  EXPECT_EQ(name_at(0xfff), "");
  EXPECT_EQ(name_at(0x1000), "outer");
  EXPECT_EQ(name_at(0x1007), "inner");
  EXPECT_EQ(name_at(0x1008), "outer");
  EXPECT_EQ(name_at(0x1010), "");
  EXPECT_EQ(name_at(0x1014), "no_size");
  EXPECT_EQ(name_at(0x101f), "no_size");
  EXPECT_EQ(name_at(0x1020), "");  // behind the section
}

TEST(ElfImage, ReadsNamesThatHaveNoEnd) {
  MadeElf elf = small_elf();
  add_symbols(elf, {{"name", 0x1000, 16}});
  elf.sections.back().bytes.pop_back();
  const Result<ElfImage> image = open_bytes(elf.file());
  ASSERT_TRUE(image) << image.error().message();
  EXPECT_THAT(image->symbols(), IsEmpty());
  EXPECT_EQ(image->symbol_named("name"), nullptr);
}

TEST(ElfImage, FollowsRelocationsOfAnyOrder) {
  MadeElf elf = small_elf();
  elf.segments[1].address = 0x2000;
  elf.type = ET_DYN;
  add_relocations(elf, 0x5000, {{0x2000, 0x1004}, {0x2010, 0x1008}, {0x2008, 0x100c}});
  Result<ElfImage> image = open_bytes(elf.file());
  ASSERT_TRUE(image) << image.error().message();
  EXPECT_TRUE(image->position_independent());
  EXPECT_EQ(image->pointer_at(0x2000), 0x1004u);
  EXPECT_EQ(image->pointer_at(0x2008), 0x100cu);
  EXPECT_EQ(image->pointer_at(0x2010), 0x1008u);
  EXPECT_EQ(image->pointer_at(0x2004), 0x6464646464646464u);  // no relocation: as it is
  EXPECT_EQ(image->pointer_at(0x2018), std::nullopt);         // four bytes only
  // The addend itself, in the table of relocations, cannot be written, and is not looked at.
  EXPECT_THAT(image->pointers_to(0x100c, 10), ElementsAre(0x2008));
  EXPECT_THAT(image->pointers_to(0x6464646464646464, 10), IsEmpty());  // overwritten at the load

  // A file at a fixed address has none that matter.
  elf.type = ET_EXEC;
  image = open_bytes(elf.file());
  ASSERT_TRUE(image) << image.error().message();
  EXPECT_EQ(image->pointer_at(0x2000), 0x6464646464646464u);
  EXPECT_THAT(image->pointers_to(0x6464646464646464, 10), ElementsAre(0x2000, 0x2008, 0x2010));
  EXPECT_THAT(image->pointers_to(0x6464646464646464, 1), ElementsAre(0x2000));
}

TEST(ElfImage, ReadsAgainAfterGivingPagesBack) {
  const Result<ElfImage> image = open_bytes(small_elf().file());
  ASSERT_TRUE(image) << image.error().message();
  image->release_pages();
  EXPECT_EQ(image->bytes_at(0x1000, 1).front(), std::byte{'c'});
}

}  // namespace
}  // namespace cgoscope
