#include "probe_cli/go/machine_code.h"

#include <algorithm>

namespace cgoscope {

MachineCode::MachineCode(Machine machine, Bytes code, uint64_t address)
    : rest_(code), address_(address) {
  const bool amd64 = machine == Machine::kX86_64;
  if (cs_open(amd64 ? CS_ARCH_X86 : CS_ARCH_ARM64, amd64 ? CS_MODE_64 : CS_MODE_ARM, &capstone_) !=
      CS_ERR_OK)
    return;
  cs_option(capstone_, CS_OPT_DETAIL, CS_OPT_ON);
  instruction_ = cs_malloc(capstone_);
}

MachineCode::~MachineCode() {
  if (instruction_ != nullptr) cs_free(instruction_, 1);
  if (capstone_ != 0) cs_close(&capstone_);
}

const cs_insn* MachineCode::next() {
  if (instruction_ == nullptr) return nullptr;
  const auto* at = reinterpret_cast<const uint8_t*>(rest_.data());
  size_t size = rest_.size();
  if (!cs_disasm_iter(capstone_, &at, &size, &address_, instruction_)) return nullptr;
  rest_ = rest_.last(size);
  return instruction_;
}

std::optional<uint64_t> branch_target(Machine machine, const cs_insn& instruction) {
  const cs_detail& detail = *instruction.detail;
  const auto* groups_end = detail.groups + detail.groups_count;
  if (std::find_if(detail.groups, groups_end, [](uint8_t group) {
        return group == CS_GRP_JUMP || group == CS_GRP_CALL;
      }) == groups_end)
    return std::nullopt;
  if (machine == Machine::kX86_64) {
    for (uint8_t i = 0; i < detail.x86.op_count; ++i) {
      const cs_x86_op& operand = detail.x86.operands[i];
      if (operand.type == X86_OP_IMM) return static_cast<uint64_t>(operand.imm);
    }
  } else {
    // The last: tbz and tbnz name a bit before it.
    for (uint8_t i = detail.arm64.op_count; i-- > 0;) {
      const cs_arm64_op& operand = detail.arm64.operands[i];
      if (operand.type == ARM64_OP_IMM) return static_cast<uint64_t>(operand.imm);
    }
  }
  return std::nullopt;
}

bool is_direct_call(Machine machine, const cs_insn& instruction) {
  return machine == Machine::kX86_64
             ? instruction.id == X86_INS_CALL && instruction.bytes[0] == 0xe8
             : instruction.id == ARM64_INS_BL;
}

}  // namespace cgoscope
