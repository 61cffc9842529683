#include "probe_cli/go/probe_site.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

#include "tests/made_elf.h"
#include "tests/memory_file.h"

namespace cgoscope {
namespace {

using testing::HasSubstr;

constexpr uint64_t kEntry = 0x401000;
constexpr ArgumentMask kNone = 0;
constexpr ArgumentMask kAx = 1;
constexpr ArgumentMask kAll = 0x1ff;

// "55 c3" → two bytes; a word of eight digits is an instruction of arm64, lowest byte last.
std::string bytes_of(std::string_view text) {
  std::string bytes;
  while (!text.empty()) {
    const std::string word(text.substr(0, text.find(' ')));
    text.remove_prefix(std::min(text.size(), word.size() + 1));
    unsigned long number = std::stoul(word, nullptr, 16);
    for (size_t i = 0; i < word.size() / 2; ++i, number >>= 8U)
      bytes.push_back(static_cast<char>(number & 0xffU));
  }
  return bytes;
}

std::span<const std::byte> as_code(const std::string& bytes) {
  return std::as_bytes(std::span(bytes.data(), bytes.size()));
}

struct EntryRow {
  const char* name;
  Machine machine;
  std::string_view code;
  ArgumentMask arguments;
  SiteKind kind;
  uint64_t offset;
};

constexpr EntryRow kEntries[] = {
    {"Go 1.21 and newer", Machine::kAmd64,
     "49 3b 66 10 "     //  0  cmp  0x10(%r14),%rsp
     "76 0e "           //  4  jbe  14
     "55 "              //  6  push %rbp
     "48 89 e5 "        //  7  mov  %rsp,%rbp
     "48 83 ec 10 "     //  a  sub  $0x10,%rsp
     "48 83 c4 10 "     //  e  add  $0x10,%rsp
     "5d c3 "           // 12  pop  %rbp; ret
     "e8 00 00 00 00 "  // 14  call morestack
     "eb e5",           // 19  jmp  0
     kAll, SiteKind::kPush, 6},
    {"Go 1.19", Machine::kAmd64,
     "49 3b 66 10 "     //  0  cmp  0x10(%r14),%rsp
     "76 09 "           //  4  jbe  f
     "48 83 ec 10 "     //  6  sub  $0x10,%rsp
     "48 83 c4 10 "     //  a  add  $0x10,%rsp
     "c3 "              //  e  ret
     "e8 00 00 00 00 "  //  f  call morestack
     "eb ea",           // 14  jmp  0
     kAll, SiteKind::kBranch, 4},
    {"a leaf with a check and no frame", Machine::kAmd64,
     "49 3b 66 18 "        //  0  cmp  0x18(%r14),%rsp: code of the g0
     "0f 86 01 00 00 00 "  //  4  jbe  b
     "c3 "                 //  a  ret
     "e8 00 00 00 00 "     //  b  call morestack
     "eb ee",              // 10  jmp  0
     kAll, SiteKind::kBranch, 4},
    {"nosplit, Go 1.21 and newer", Machine::kAmd64,
     "55 "           //  0  push %rbp
     "48 89 e5 "     //  1  mov  %rsp,%rbp
     "48 83 ec 10 "  //  4  sub  $0x10,%rsp
     "c3",           //  8  ret
     kAll, SiteKind::kPush, 0},
    {"nosplit, Go 1.19", Machine::kAmd64,
     "48 83 ec 18 "     //  0  sub  $0x18,%rsp
     "48 89 6c 24 10 "  //  4  mov  %rbp,0x10(%rsp)
     "48 83 c4 18 "     //  9  add  $0x18,%rsp
     "c3",              //  d  ret
     kAll, SiteKind::kStepped, 0},
    {"nosplit, 128 bytes", Machine::kAmd64,
     "48 83 c4 80 "     //  0  add  $-128,%rsp
     "48 83 ec 80 c3",  //  4  sub  $-128,%rsp; ret
     kAll, SiteKind::kStepped, 0},
    {"a frame over 128 bytes", Machine::kAmd64,
     "4c 8d 64 24 d8 "  //  0  lea  -0x28(%rsp),%r12
     "4d 3b 66 10 "     //  5  cmp  0x10(%r14),%r12
     "76 03 "           //  9  jbe  e
     "55 5d c3 "        //  b  push %rbp; pop %rbp; ret
     "e8 00 00 00 00 "  //  e  call morestack
     "eb eb",           // 13  jmp  0
     kAll, SiteKind::kPush, 0xb},
    {"a frame over 4 KiB", Machine::kAmd64,
     "49 89 e4 "              //  0  mov  %rsp,%r12
     "49 81 ec 00 20 00 00 "  //  3  sub  $0x2000,%r12
     "72 09 "                 //  a  jb   15
     "4d 3b 66 10 "           //  c  cmp  0x10(%r14),%r12
     "76 03 "                 // 10  jbe  15
     "55 5d c3 "              // 12  push %rbp; pop %rbp; ret
     "e8 00 00 00 00 "        // 15  call morestack
     "eb e4",                 // 1a  jmp  0
     kAll, SiteKind::kPush, 0x12},
    {"an argument is overwritten that nobody wants", Machine::kAmd64,
     "48 8d 44 24 d8 "  //  0  lea  -0x28(%rsp),%rax
     "49 3b 46 10 "     //  5  cmp  0x10(%r14),%rax
     "76 03 "           //  9  jbe  e
     "55 5d c3 90",     //  b  push %rbp; pop %rbp; ret; nop
     kAll - kAx, SiteKind::kPush, 0xb},
    {"arm64", Machine::kArm64,
     "f9400b90 "  //  0  ldr  x16, [x28, #16]
     "eb3063ff "  //  4  cmp  sp, x16
     "540000a9 "  //  8  b.ls 1c
     "f81e0ffe "  //  c  str  x30, [sp, #-32]!
     "aa0003e1 "  // 10  mov  x1, x0: behind the check
     "f84207fe "  // 14  ldr  x30, [sp], #32
     "d65f03c0 "  // 18  ret
     "94000000 "  // 1c  bl   morestack
     "17fffff8 "  // 20  b    0
     "00000000",  //     padding, which does not decode
     kAll, SiteKind::kBranch, 8},
    {"arm64, a frame over 128 bytes, and an atomic instruction of ARMv8.1", Machine::kArm64,
     "f9400b90 "  //  0  ldr  x16, [x28, #16]
     "d10043f1 "  //  4  sub  x17, sp, #16
     "eb10023f "  //  8  cmp  x17, x16
     "54000069 "  //  c  b.ls 18
     "f8e20003 "  // 10  ldaddal x2, x3, [x0]
     "d65f03c0 "  // 14  ret
     "17fffffa",  // 18  b    0
     kAll, SiteKind::kBranch, 0xc},
    {"arm64, nosplit", Machine::kArm64,
     "f81e0ffe "  //  0  str  x30, [sp, #-32]!
     "f84207fe "  //  4  ldr  x30, [sp], #32
     "d65f03c0",  //  8  ret
     kAll, SiteKind::kStepped, 0},
};

TEST(EntrySite, IsTheFirstCheapInstructionThatRunsOnceACall) {
  for (const EntryRow& row : kEntries) {
    SCOPED_TRACE(row.name);
    const std::string code = bytes_of(row.code);
    const Result<ProbeSite> site = entry_site_in(row.machine, as_code(code), kEntry, row.arguments);
    ASSERT_TRUE(site) << site.error().message();
    EXPECT_EQ(site_kind_name(site->kind), site_kind_name(row.kind));
    EXPECT_EQ(site->address, kEntry + row.offset);
    EXPECT_EQ(site->stack_adjust, 0U);
  }
}

struct RefusedRow {
  const char* name;
  Machine machine;
  std::string_view code;
  ArgumentMask arguments;
  const char* why;
};

constexpr RefusedRow kRefused[] = {
    {"an argument is overwritten", Machine::kAmd64,
     "48 8d 44 24 d8 49 3b 46 10 76 03 55 5d c3 90",  // lea -0x28(%rsp),%rax; as above
     kAx, "it overwrites AX in its stack check"},
    {"an argument is overwritten in part", Machine::kAmd64,
     "8d 4c 24 d8 41 3b 4e 10 76 03 55 5d c3 90",  // lea -0x28(%rsp),%ecx
     kAll, "it overwrites CX in its stack check"},
    {"an argument is overwritten on arm64", Machine::kArm64,
     "f9400b80 "  // ldr  x0, [x28, #16]
     "eb2063ff "  // cmp  sp, x0
     "54000029 "  // b.ls c
     "d65f03c0",  // ret
     kAx, "it overwrites R0 in its stack check"},
    {"a loop to the push", Machine::kAmd64,
     "49 3b 66 10 76 03 55 5d c3 "  // cmp; jbe 9; push %rbp; pop %rbp; ret
     "eb fb",                       // 9  jmp 6
     kNone, "it jumps back to +0x6"},
    {"a loop into the stack check", Machine::kAmd64,
     "49 3b 66 10 76 03 48 83 ec 10 c3 "  // cmp; jbe 9; sub; ret
     "eb f7",                             // b  jmp 4
     kNone, "it jumps back to +0x4"},
    {"a loop to a nosplit function's entry", Machine::kAmd64,
     "55 5d eb fc",  // push %rbp; pop %rbp; jmp 0
     kNone, "it jumps back to +0x0"},
    {"neither check nor frame", Machine::kAmd64,
     "31 c0 c3",  // xor %eax,%eax; ret
     kNone, "neither with a stack check nor with its frame"},
    {"another register than the g's", Machine::kAmd64,
     "49 3b 65 10 76 03 55 5d c3 90",  // cmp 0x10(%r13),%rsp
     kNone, "neither with a stack check nor with its frame"},
    {"another field than the limit", Machine::kAmd64,
     "4c 8d 64 24 d8 4d 3b 66 20 76 03 55 5d c3 90",  // cmp 0x20(%r14),%r12
     kNone, "not one that Go writes"},
    {"another branch", Machine::kAmd64,
     "49 3b 66 10 73 03 55 5d c3 90",  // jae
     kNone, "not one that Go writes"},
    {"cut off behind the comparison", Machine::kAmd64, "49 3b 66 10", kNone,
     "not one that Go writes"},
    {"no code", Machine::kAmd64, "", kNone, "not one that Go writes"},
    {"no instruction", Machine::kAmd64, "55 06", kNone, "does not decode at +0x1"},
    {"no instruction on arm64, of the class of branches", Machine::kArm64,
     "f81e0ffe 54000011 d65f03c0",  // bc.ne, of ARMv8.8
     kNone, "does not decode at +0x4"},
    {"another comparison on arm64", Machine::kArm64,
     "f9400b90 eb1103ff 54000029 d65f03c0",  // cmp xzr, x17
     kNone, "not one that Go writes"},
};

TEST(EntrySite, IsRefusedRatherThanGuessed) {
  for (const RefusedRow& row : kRefused) {
    SCOPED_TRACE(row.name);
    const std::string code = bytes_of(row.code);
    const Result<ProbeSite> site = entry_site_in(row.machine, as_code(code), kEntry, row.arguments);
    ASSERT_FALSE(site) << site_kind_name(site->kind) << " at +" << site->address - kEntry;
    EXPECT_THAT(site.error().message(), HasSubstr(row.why));
  }
}

struct CallRow {
  const char* name;
  Machine machine;
  std::string_view code;
  uint64_t callee;
  std::vector<uint64_t> offsets;
  uint32_t stack_adjust;
};

const CallRow kCalls[] = {
    {"Go 1.21 and newer",
     Machine::kAmd64,
     "55 "              //  0  push %rbp
     "48 89 e5 "        //  1  mov  %rsp,%rbp
     "48 83 ec 28 "     //  4  sub  $0x28,%rsp
     "e8 f3 0f 00 00 "  //  8  call 402000
     "e8 00 00 00 00 "  //  d  call 401012
     "e8 e9 0f 00 00 "  // 12  call 402000
     "ff d0 "           // 17  call *%rax
     "e9 e2 0f 00 00",  // 19  jmp  402000
     0x402000,
     {0x8, 0x12},
     0x30},
    {"Go 1.19",
     Machine::kAmd64,
     "48 83 ec 30 "     //  0  sub  $0x30,%rsp
     "e8 f7 ff ff ff "  //  4  call 401000
     "c3",
     0x401000,
     {4},
     0x30},
    {"behind a stack check",
     Machine::kAmd64,
     "49 3b 66 10 76 01 "                 // cmp 0x10(%r14),%rsp; jbe 7
     "55 48 89 e5 48 81 ec 00 01 00 00 "  // push %rbp; mov %rsp,%rbp; sub $0x100,%rsp
     "e8 ea 0f 00 00",                    // 11  call 402000
     0x402000,
     {0x11},
     0x108},
    {"none", Machine::kAmd64, "55 c3", 0x402000, {}, 0},
    {"arm64",
     Machine::kArm64,
     "f81e0ffe "  //  0  str  x30, [sp, #-32]!
     "f8e20003 "  //  4  ldaddal x2, x3, [x0]
     "940003fe "  //  8  bl   402000
     "140003fd "  //  c  b    402000
     "94000000",  // 10  bl   401010
     0x402000,
     {8},
     0},
};

TEST(CallSites, AreAllCallsToTheFunction) {
  for (const CallRow& row : kCalls) {
    SCOPED_TRACE(row.name);
    const std::string code = bytes_of(row.code);
    const Result<std::vector<ProbeSite>> sites =
        call_sites_in(row.machine, as_code(code), kEntry, row.callee);
    ASSERT_TRUE(sites) << sites.error().message();
    std::vector<uint64_t> offsets;
    for (const ProbeSite& site : *sites) {
      offsets.push_back(site.address - kEntry);
      EXPECT_EQ(site.kind, SiteKind::kCall);
      EXPECT_EQ(site.stack_adjust, row.stack_adjust);
    }
    EXPECT_EQ(offsets, row.offsets);
  }
}

TEST(CallSites, AreRefusedInCodeThatDoesNotDecode) {
  const std::string code = bytes_of("55 e8 fa 0f 00 00 06");
  const auto sites = call_sites_in(Machine::kAmd64, as_code(code), kEntry, 0x402000);
  ASSERT_FALSE(sites);
  EXPECT_THAT(sites.error().message(), HasSubstr("does not decode at +0x6"));
}

// What a broken or hostile function table may say.
TEST(EntrySite, IsOnlyInCodeOfTheFile) {
  MadeElf elf;
  elf.segments = {{kEntry, PF_R | PF_X, bytes_of("55 c3")},
                  {0x500000, PF_R | PF_W, bytes_of("55 c3")}};
  const MemoryFile file(elf.file());
  const Result<ElfImage> image = ElfImage::open(file.path());
  ASSERT_TRUE(image) << image.error().message();

  const Result<ProbeSite> site = find_entry_site(*image, {kEntry, kEntry + 2, "p.f"}, kAll);
  ASSERT_TRUE(site) << site.error().message();
  EXPECT_EQ(site->file_offset, image->file_offset(kEntry));
  EXPECT_NE(site->file_offset, 0U);

  const GoFunction functions[] = {
      {kEntry, kEntry + 3, "p.beyond_the_segment"},
      {0x500000, 0x500002, "p.data"},
      {0x700000, 0x700002, "p.nowhere"},
      {kEntry, kEntry, "p.empty"},
      {kEntry + 1, kEntry, "p.backwards"},
      {kEntry, UINT64_MAX, "p.endless"},
  };
  for (const GoFunction& function : functions) {
    SCOPED_TRACE(function.name);
    const Result<ProbeSite> refused = find_entry_site(*image, function, kNone);
    ASSERT_FALSE(refused);
    EXPECT_THAT(refused.error().message(), HasSubstr(std::string(function.name)));
    EXPECT_FALSE(find_call_sites(*image, function, function));
  }
}

}  // namespace
}  // namespace cgoscope
