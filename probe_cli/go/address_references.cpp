// On amd64 an operand is relative to the next instruction:
//   48 8b 0d d5 11 10 00    mov 0x1011d5(%rip),%rcx
// On arm64 an address is put together from its page and the rest; what is read or written at once
// is a variable, all else an address that was wanted:
//   b000085b    adrp x27, page
//   911c837b    add  x27, x27, #1824
//   f9400361    ldr  x1, [x27]               or, newer, the rest in here
#include "probe_cli/go/address_references.h"

#include <array>
#include <optional>

#include "probe_cli/go/machine_code.h"

namespace cgoscope {
namespace {

void add_amd64(const cs_insn& instruction, std::vector<AddressReference>* references) {
  const cs_x86& x86 = instruction.detail->x86;
  for (uint8_t i = 0; i < x86.op_count; ++i) {
    const cs_x86_op& operand = x86.operands[i];
    if (operand.type != X86_OP_MEM || operand.mem.base != X86_REG_RIP) continue;
    AddressReference reference;
    reference.address =
        instruction.address + instruction.size + static_cast<uint64_t>(operand.mem.disp);
    reference.takes_address = instruction.id == X86_INS_LEA;
    if (!reference.takes_address) {
      // Not by capstone's word: it has `inc` as a write alone.
      reference.reads = i != 0 || instruction.id != X86_INS_MOV;
      reference.size_bytes = operand.size;
    }
    references->push_back(reference);
  }
}

// What registers hold that were set by adrp and add.
class Arm64Addresses {
 public:
  void add(const cs_insn& instruction, std::vector<AddressReference>* references) {
    const cs_arm64& arm64 = instruction.detail->arm64;
    const auto is = [&](int i, arm64_op_type type) {
      return i < arm64.op_count && arm64.operands[i].type == type;
    };
    const std::optional<uint64_t> page =
        is(1, ARM64_OP_REG) ? known(arm64.operands[1].reg) : std::nullopt;
    if (instruction.id == ARM64_INS_ADRP && is(0, ARM64_OP_REG) && is(1, ARM64_OP_IMM)) {
      set(arm64.operands[0].reg, static_cast<uint64_t>(arm64.operands[1].imm));
    } else if (instruction.id == ARM64_INS_ADD && is(0, ARM64_OP_REG) && page &&
               is(2, ARM64_OP_IMM)) {
      const uint64_t address = *page + static_cast<uint64_t>(arm64.operands[2].imm);
      set(arm64.operands[0].reg, address);
      AddressReference& reference = references->emplace_back();
      reference.takes_address = true;
      reference.address = address;
      just_taken_ = arm64.operands[0].reg;
      return;
    } else {
      add_access(instruction, references);
      forget_written(arm64);
    }
    just_taken_ = ARM64_REG_INVALID;
  }

 private:
  static std::optional<size_t> number_of(unsigned reg) {
    if (reg >= ARM64_REG_X0 && reg <= ARM64_REG_X28) return reg - ARM64_REG_X0;
    if (reg >= ARM64_REG_W0 && reg <= ARM64_REG_W28) return reg - ARM64_REG_W0;
    return std::nullopt;
  }
  std::optional<uint64_t> known(unsigned reg) const {
    const auto number = number_of(reg);
    return number ? addresses_.at(*number) : std::nullopt;
  }
  void set(unsigned reg, std::optional<uint64_t> address) {
    if (const auto number = number_of(reg)) addresses_.at(*number) = address;
  }
  // Loads and Go's other instructions write to their first operands.
  void forget_written(const cs_arm64& arm64) {
    for (uint8_t i = 0; i < arm64.op_count && arm64.operands[i].type == ARM64_OP_REG; ++i)
      set(arm64.operands[i].reg, std::nullopt);
  }

  void add_access(const cs_insn& instruction, std::vector<AddressReference>* references) const {
    const cs_arm64& arm64 = instruction.detail->arm64;
    if (arm64.op_count == 0) return;
    const cs_arm64_op& last = arm64.operands[arm64.op_count - 1];
    if (last.type != ARM64_OP_MEM || last.mem.index != ARM64_REG_INVALID) return;
    const auto base = known(last.mem.base);
    if (!base) return;
    AddressReference reference;
    reference.address = *base + static_cast<uint64_t>(static_cast<int64_t>(last.mem.disp));
    switch (instruction.id) {
      case ARM64_INS_LDR:
      case ARM64_INS_LDP:
        reference.reads = true;
        [[fallthrough]];
      case ARM64_INS_STR:
      case ARM64_INS_STP:
        reference.size_bytes =
            arm64.operands[0].reg >= ARM64_REG_W0 && arm64.operands[0].reg <= ARM64_REG_W30 ? 4 : 8;
        break;
      case ARM64_INS_LDRSW:
        reference.reads = true;
        reference.size_bytes = 4;
        break;
      default:
        return;
    }
    if (last.mem.base == just_taken_) references->pop_back();
    references->push_back(reference);
    if (instruction.id != ARM64_INS_LDP && instruction.id != ARM64_INS_STP) return;
    reference.address += reference.size_bytes;
    references->push_back(reference);
  }

  std::array<std::optional<uint64_t>, 29> addresses_;
  arm64_reg just_taken_ = ARM64_REG_INVALID;  // by the instruction before
};

}  // namespace

std::vector<AddressReference> address_references(Machine machine, Bytes code, uint64_t address) {
  std::vector<AddressReference> references;
  Arm64Addresses arm64;
  visit_instructions(machine, code, address, [&](const cs_insn& instruction) {
    if (machine == Machine::kAmd64)
      add_amd64(instruction, &references);
    else
      arm64.add(instruction, &references);
  });
  return references;
}

}  // namespace cgoscope
