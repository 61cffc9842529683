#include "probe_cli/go/globals.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <sstream>
#include <string>

#include "probe_cli/go/address_references.h"
#include "probe_cli/go/go_binary.h"
#include "tests/go_program.h"
#include "tests/unit/go/every_signal.h"

namespace cgoscope {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

// What nm says: name → address.
std::map<std::string, uint64_t> symbols_of(const GoToolchain& toolchain, const std::string& path) {
  const Result<std::string> nm =
      output_of({"env", "GOTOOLCHAIN=local", toolchain.go(), "tool", "nm", path});
  if (!nm) ADD_FAILURE() << nm.error().message();
  std::map<std::string, uint64_t> symbols;
  std::istringstream lines(nm ? *nm : "");
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string address;
    std::string kind;
    std::string name;
    words >> address >> kind >> name;
    if (kind != "U" && name.starts_with("runtime."))
      symbols[name] = std::stoull(address, nullptr, 16);
  }
  return symbols;
}

void expect_the_symbols(const Globals& globals, std::map<std::string, uint64_t> symbols) {
  EXPECT_EQ(globals.allgs, symbols.at("runtime.allgs"));
  EXPECT_EQ(globals.allm, symbols.at("runtime.allm"));
  EXPECT_EQ(globals.allp, symbols.at("runtime.allp"));
  EXPECT_EQ(globals.sched, symbols.at("runtime.sched"));
  EXPECT_EQ(globals.wait_reason_strings, symbols.at("runtime.waitReasonStrings"));
  EXPECT_THAT(globals.missing, IsEmpty());
}

class GlobalsOfProgram : public WithToolchain {};

INSTANTIATE_TEST_SUITE_P(Toolchains, GlobalsOfProgram, testing::ValuesIn(go_toolchains()),
                         toolchain_name);

TEST_P(GlobalsOfProgram, AreTheSymbolsAndTheInstructionsSayTheSame) {
  for (const GoProgram& program : every_signal_programs()) {
    SCOPED_TRACE(program.name);
    const std::string path = build(program);
    const auto symbols = symbols_of(GetParam(), path);
    const Result<GoBinary> binary = GoBinary::open(path);
    ASSERT_TRUE(binary) << binary.error().message();
    EXPECT_FALSE(binary->globals.decoded);
    expect_the_symbols(binary->globals, symbols);
    const Globals decoded = decode_globals(*binary->image, binary->functions, binary->layout);
    EXPECT_TRUE(decoded.decoded);
    expect_the_symbols(decoded, symbols);
    EXPECT_EQ(decoded.wait_reasons, binary->globals.wait_reasons);
    ASSERT_GE(decoded.wait_reasons.size(), 27U);
    EXPECT_EQ(decoded.wait_reasons[2], "IO wait");
    EXPECT_THAT(decoded.wait_reasons, testing::Contains("chan receive"));
  }
}

TEST_P(GlobalsOfProgram, AreFoundInStrippedPrograms) {
  for (const GoProgram& program : every_signal_programs()) {
    if (is_for_arm64(program)) continue;
    SCOPED_TRACE(program.name);
    const std::string path = build(program);
    const std::string stripped = path + "_stripped";
    const Result<std::string> made = output_of({"strip", "-o", stripped, path});
    if (!made) GTEST_SKIP() << made.error().message();
    const Result<GoBinary> binary = GoBinary::open(stripped);
    ASSERT_TRUE(binary) << binary.error().message();
    EXPECT_TRUE(binary->stripped);
    EXPECT_TRUE(binary->globals.decoded);
    EXPECT_NE(binary->layout.source, LayoutSource::kDwarf);
    expect_the_symbols(binary->globals, symbols_of(GetParam(), path));
  }
}

// A layout that is not this release's must not lead to a wrong address.
TEST_P(GlobalsOfProgram, AreNotGuessedWhenTheLayoutDoesNotFit) {
  const Result<GoBinary> binary = GoBinary::open(build(every_signal_with_cgo("cgo", {})));
  ASSERT_TRUE(binary) << binary.error().message();
  Layout layout = binary->layout;
  *layout.sched.nmidle += 4;
  Globals globals = decode_globals(*binary->image, binary->functions, layout);
  EXPECT_EQ(globals.sched, std::nullopt);
  EXPECT_EQ(globals.allm, std::nullopt);
  ASSERT_THAT(globals.missing, SizeIs(2));
  EXPECT_THAT(globals.missing[0], HasSubstr("runtime.sched is not known: runtime.mexit"));
  EXPECT_THAT(globals.missing[1], HasSubstr("runtime.allm is not known: runtime.mexit"));

  layout.sched.lock = std::nullopt;
  globals = decode_globals(*binary->image, binary->functions, layout);
  EXPECT_EQ(globals.sched, std::nullopt);
  EXPECT_EQ(globals.allm, std::nullopt);
  EXPECT_THAT(globals.missing, SizeIs(2));
  EXPECT_EQ(globals.allp, binary->globals.allp);
}

// --- Operands ---

std::string text_of(Machine machine, const std::vector<uint8_t>& code) {
  std::ostringstream text;
  for (const AddressReference& reference :
       address_references(machine, std::as_bytes(std::span(code)), 0x1000)) {
    text << (reference.takes_address ? "address"
             : reference.reads       ? "read"
                                     : "write")
         << " " << reference.size_bytes << " " << std::hex << reference.address << std::dec << "; ";
  }
  return text.str();
}

TEST(AddressReferences, AreRelativeToTheNextInstruction) {
  EXPECT_EQ(text_of(Machine::kAmd64, {0x48, 0x8b, 0x0d, 0xf9, 0x0f, 0, 0}),  // mov …(%rip),%rcx
            "read 8 2000; ");
  EXPECT_EQ(text_of(Machine::kAmd64, {0x48, 0x89, 0x0d, 0xf9, 0x0f, 0, 0}),  // mov %rcx,…(%rip)
            "write 8 2000; ");
  EXPECT_EQ(text_of(Machine::kAmd64, {0x48, 0x8d, 0x05, 0xf9, 0xff, 0xff, 0xff}),  // lea, %rax
            "address 0 1000; ");
  EXPECT_EQ(text_of(Machine::kAmd64, {0xff, 0x05, 0xfa, 0x0f, 0, 0}),  // incl …(%rip)
            "read 4 2000; ");
  EXPECT_EQ(text_of(Machine::kAmd64, {0x48, 0x8b, 0x48, 0x30}), "");  // mov 0x30(%rax),%rcx
  EXPECT_EQ(text_of(Machine::kAmd64, {0x06, 0x48, 0x8b, 0x0d, 0xf9, 0x0f, 0, 0}), "");
}

std::vector<uint8_t> words(std::initializer_list<uint32_t> instructions) {
  std::vector<uint8_t> bytes;
  for (const uint32_t word : instructions) {
    for (unsigned shift = 0; shift < 32; shift += 8)
      bytes.push_back(static_cast<uint8_t>(word >> shift));
  }
  return bytes;
}

TEST(AddressReferences, ArePutTogetherOnArm64) {
  constexpr uint32_t kAdrp = 0xb000001b;   // adrp x27, 2000
  constexpr uint32_t kAdd = 0x9100437b;    // add  x27, x27, #16
  constexpr uint32_t kLoad = 0xf9400361;   // ldr  x1, [x27]
  constexpr uint32_t kLoad8 = 0xf9400761;  // ldr  x1, [x27, #8]
  constexpr uint32_t kPair = 0xa9400b61;   // ldp  x1, x2, [x27]
  constexpr uint32_t kWord = 0xb9800361;   // ldrsw x1, [x27]
  constexpr uint32_t kStore = 0xf9000361;  // str  x1, [x27]
  constexpr uint32_t kNop = 0xd503201f;
  const auto text = [](std::initializer_list<uint32_t> instructions) {
    return text_of(Machine::kArm64, words(instructions));
  };
  EXPECT_EQ(text({kAdrp, kAdd, kLoad}), "read 8 2010; ");
  EXPECT_EQ(text({kAdrp, kLoad8}), "read 8 2008; ");
  EXPECT_EQ(text({kAdrp, kAdd, kPair}), "read 8 2010; read 8 2018; ");
  EXPECT_EQ(text({kAdrp, kAdd, kWord}), "read 4 2010; ");
  EXPECT_EQ(text({kAdrp, kAdd, kStore}), "write 8 2010; ");
  EXPECT_EQ(text({kAdrp, kAdd, kNop}), "address 0 2010; ");
  EXPECT_EQ(text({kAdrp, kAdd, kNop, kLoad}), "address 0 2010; read 8 2010; ");
  EXPECT_EQ(text({kLoad}), "");
  EXPECT_EQ(text({kAdrp, 0xaa0003fb, kLoad}), "");  // mov x27, x0
}

}  // namespace
}  // namespace cgoscope
