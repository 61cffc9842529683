// Where the instructions are, in every release from 1.19 to 1.27:
//
//   allp    runtime.preemptall loads its pointer, then its length, before anything else
//   allgs   runtime.allgadd loads its pointer, length and capacity first, in one order or another
//   sched   runtime.mexit takes the address of sched.lock, and runtime.mput counts sched.nmidle up,
//           which tells it from others
//   allm    the address that runtime.mexit takes next
//   waitReasonStrings
//           runtime.waitReason.String compares with their number and takes their address
#include "probe_cli/go/globals.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "probe_cli/go/address_references.h"
#include "probe_cli/go/machine_code.h"

namespace cgoscope {
namespace {

constexpr uint64_t kWordBytes = 8;
constexpr uint64_t kStringBytes = 16;  // pointer, length
constexpr uint32_t kMaxWaitReasons = 256;
constexpr uint64_t kMaxWaitReasonBytes = 100;

enum Function : uint8_t { kPreemptall, kAllgadd, kMexit, kMput, kWaitReasonString };
const std::vector<std::string_view> kFunctions = {"runtime.preemptall", "runtime.allgadd",
                                                  "runtime.mexit", "runtime.mput",
                                                  "runtime.waitReason.String"};

// The [count]string at `address`; empty when it is none, or not one of wait reasons.
std::vector<std::string> wait_reasons_at(const ElfImage& image, uint64_t address, uint64_t count) {
  if (count > kMaxWaitReasons) return {};
  std::vector<std::string> reasons;
  for (uint64_t index = 0; index < count; ++index) {
    const uint64_t at = address + index * kStringBytes;
    const auto pointer = image.pointer_at(at);
    const auto length = value_at<uint64_t>(image.bytes_at(at + kWordBytes, kWordBytes), 0);
    if (!pointer || !length || *length > kMaxWaitReasonBytes) return {};
    if ((index == 0) != (*length == 0)) return {};  // waitReasonZero
    std::string& reason = reasons.emplace_back();
    for (const std::byte byte : image.bytes_at(*pointer, *length))
      reason += static_cast<char>(std::to_integer<int>(byte));
    const bool printable = std::all_of(reason.begin(), reason.end(),
                                       [](char byte) { return byte >= 0x20 && byte < 0x7f; });
    if (reason.size() != *length || !printable) return {};
  }
  return reasons;
}

// The number that the function compares with first; 0 when there is none.
uint64_t first_compared_number(Machine machine, Bytes code, uint64_t address) {
  uint64_t number = 0;
  visit_instructions(machine, code, address, [&](const cs_insn& instruction) {
    const cs_detail& detail = *instruction.detail;
    if (number != 0) return;
    if (machine == Machine::kAmd64 && instruction.id == X86_INS_CMP &&
        detail.x86.operands[1].type == X86_OP_IMM)
      number = static_cast<uint64_t>(detail.x86.operands[1].imm);
    if (machine == Machine::kArm64 && instruction.id == ARM64_INS_CMP &&
        detail.arm64.operands[1].type == ARM64_OP_IMM)
      number = static_cast<uint64_t>(detail.arm64.operands[1].imm);
  });
  return number;
}

class Decoder {
 public:
  Decoder(const ElfImage& image, const Pclntab& functions, const Layout& layout)
      : image_(image), layout_(layout), functions_(functions.functions_named(kFunctions)) {}

  Globals decode() {
    decode_allp();
    decode_allgs();
    decode_sched_and_allm();
    decode_wait_reasons();
    return std::move(globals_);
  }

 private:
  void miss(std::string_view variable, const std::string& why) {
    globals_.missing.push_back("runtime." + std::string(variable) + " is not known: " + why);
  }
  static std::string differs(Function function, const std::string& what) {
    return std::string(kFunctions[function]) + " does not " + what + " as in Go 1.19 to 1.27";
  }

  // Empty when the program does not have it.
  Bytes code_of(Function function) const {
    const auto& found = functions_.at(function);
    if (!found) return {};
    const Result<Bytes> code = function_code(image_, *found);
    return code ? *code : Bytes();
  }
  uint64_t entry_of(Function function) const {
    const auto& found = functions_.at(function);
    return found ? found->entry : 0;
  }
  std::vector<AddressReference> references_of(Function function) const {
    return address_references(image_.machine(), code_of(function), entry_of(function));
  }
  uint64_t number_compared_in(Function function) const {
    return first_compared_number(image_.machine(), code_of(function), entry_of(function));
  }
  std::vector<uint64_t> words_read_in(Function function) const {
    std::vector<uint64_t> addresses;
    for (const AddressReference& reference : references_of(function)) {
      if (reference.reads && reference.size_bytes == kWordBytes)
        addresses.push_back(reference.address);
    }
    return addresses;
  }

  bool is_variable(uint64_t address, uint64_t size_bytes) const {
    const auto segments = image_.segments();
    return address % kWordBytes == 0 &&
           std::any_of(segments.begin(), segments.end(), [&](const ElfSegment& segment) {
             const uint64_t offset = address - segment.address;
             return segment.writable && offset < segment.memory_size &&
                    segment.memory_size - offset >= size_bytes;
           });
  }

  void decode_allp() {
    const std::vector<uint64_t> read = words_read_in(kPreemptall);
    if (read.size() >= 2 && read[1] == read[0] + kWordBytes && is_variable(read[0], 3 * kWordBytes))
      globals_.allp = read[0];
    else
      miss("allp", differs(kPreemptall, "read it"));
  }

  void decode_allgs() {
    std::vector<uint64_t> read = words_read_in(kAllgadd);
    if (read.size() > 3) read.resize(3);
    std::sort(read.begin(), read.end());
    if (read.size() == 3 && read[1] == read[0] + kWordBytes && read[2] == read[1] + kWordBytes &&
        is_variable(read[0], 3 * kWordBytes))
      globals_.allgs = read[0];
    else
      miss("allgs", differs(kAllgadd, "read it"));
  }

  void decode_sched_and_allm() {
    std::vector<uint64_t> taken;
    for (const AddressReference& reference : references_of(kMexit)) {
      if (reference.takes_address) taken.push_back(reference.address);
    }
    const Offset lock = layout_.sched.lock;
    const Offset nmidle = layout_.sched.nmidle;
    if (!lock || !nmidle) {
      miss("sched", "the layout of runtime.schedt is not");
      miss("allm", "nothing tells whether runtime.mexit is as in Go 1.19 to 1.27");
      return;
    }
    const std::vector<AddressReference> in_mput = references_of(kMput);
    const auto is_lock = [&, lock = *lock, nmidle = *nmidle](uint64_t address) {
      return is_variable(address - lock, kWordBytes) &&
             std::any_of(in_mput.begin(), in_mput.end(), [&](const AddressReference& reference) {
               return reference.size_bytes == 4 && reference.address == address - lock + nmidle;
             });
    };
    const auto found = std::find_if(taken.begin(), taken.end(), is_lock);
    if (found == taken.end()) {
      miss("sched", differs(kMexit, "take its address"));
    } else {
      globals_.sched = *found - *lock;
    }
    if (found == taken.end() || found + 1 == taken.end() || !is_variable(found[1], kWordBytes))
      miss("allm", differs(kMexit, "take its address"));
    else
      globals_.allm = found[1];
  }

  void decode_wait_reasons() {
    const uint64_t count = number_compared_in(kWaitReasonString);
    for (const AddressReference& reference : references_of(kWaitReasonString)) {
      if (!reference.takes_address) continue;
      globals_.wait_reasons = wait_reasons_at(image_, reference.address, count);
      if (globals_.wait_reasons.empty()) continue;
      globals_.wait_reason_strings = reference.address;
      return;
    }
    miss("waitReasonStrings", differs(kWaitReasonString, "look them up"));
  }

  const ElfImage& image_;
  const Layout& layout_;
  std::vector<std::optional<GoFunction>> functions_;
  Globals globals_;
};

void take_symbol(const ElfImage& image, const char* name, std::optional<uint64_t>* address) {
  if (const ElfSymbol* symbol = image.symbol_named(name)) *address = symbol->address;
}

}  // namespace

Globals decode_globals(const ElfImage& image, const Pclntab& functions, const Layout& layout) {
  Globals globals = Decoder(image, functions, layout).decode();
  globals.decoded =
      globals.allgs || globals.allm || globals.allp || globals.sched || globals.wait_reason_strings;
  return globals;
}

Globals find_globals(const ElfImage& image, const Pclntab& functions, const Layout& layout) {
  Globals globals;
  take_symbol(image, "runtime.allgs", &globals.allgs);
  take_symbol(image, "runtime.allm", &globals.allm);
  take_symbol(image, "runtime.allp", &globals.allp);
  take_symbol(image, "runtime.sched", &globals.sched);
  const ElfSymbol* reasons = image.symbol_named("runtime.waitReasonStrings");
  if (reasons != nullptr) {
    globals.wait_reason_strings = reasons->address;
    globals.wait_reasons = wait_reasons_at(image, reasons->address, reasons->size / kStringBytes);
  }
  if (globals.allgs && globals.allm && globals.allp && globals.sched && globals.wait_reason_strings)
    return globals;
  // The linker leaves out all names or none.
  return decode_globals(image, functions, layout);
}

}  // namespace cgoscope
