#include "probe_cli/go/machine_code.h"

#include <algorithm>
#include <string>

namespace cgoscope {
namespace {

// The largest function of the runtime that is looked at has 4 KiB.
constexpr uint64_t kMaxFunctionBytes = uint64_t{1} << 20U;

constexpr size_t kArm64InstructionBytes = 4;

// Between functions the linker leaves `int3` on amd64, which decodes, and zeros on arm64, which do
// not.
Bytes without_padding(Machine machine, Bytes code) {
  if (machine != Machine::kArm64) return code;
  while (value_at<uint32_t>(code, code.size() - kArm64InstructionBytes) == 0U)
    code = code.first(code.size() - kArm64InstructionBytes);
  return code;
}

}  // namespace

MachineCode::MachineCode(Machine machine, Bytes code, uint64_t address)
    : machine_(machine), rest_(without_padding(machine, code)), address_(address) {
  const bool amd64 = machine == Machine::kAmd64;
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

bool MachineCode::skip_unknown() {
  const auto word = value_at<uint32_t>(rest_, 0);
  if (machine_ != Machine::kArm64 || !word) return false;
  // The class of branches, exceptions and system instructions: bits 28 to 26 (Arm Architecture
  // Reference Manual, "A64 instruction set encoding").
  if ((*word >> 26U & 7U) == 5U) return false;
  rest_ = rest_of(rest_, kArm64InstructionBytes);
  address_ += kArm64InstructionBytes;
  return true;
}

std::optional<uint64_t> branch_target(Machine machine, const cs_insn& instruction) {
  const cs_detail& detail = *instruction.detail;
  const auto* groups_end = detail.groups + detail.groups_count;
  if (std::find_if(detail.groups, groups_end, [](uint8_t group) {
        return group == CS_GRP_JUMP || group == CS_GRP_CALL;
      }) == groups_end)
    return std::nullopt;
  if (machine == Machine::kAmd64) {
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
  return machine == Machine::kAmd64 ? instruction.id == X86_INS_CALL && instruction.bytes[0] == 0xe8
                                    : instruction.id == ARM64_INS_BL;
}

Result<Bytes> function_code(const ElfImage& image, const GoFunction& function) {
  const auto not_readable = [&](const std::string& why) {
    return Error{"cannot look at the code of " + std::string(function.name), why, ""};
  };
  if (function.end <= function.entry || function.end - function.entry > kMaxFunctionBytes)
    return not_readable("its bounds cannot be true");
  const auto segments = image.segments();
  const bool executable =
      std::any_of(segments.begin(), segments.end(), [&](const ElfSegment& segment) {
        return segment.executable && function.entry - segment.address < segment.file_size;
      });
  const Bytes code = image.bytes_at(function.entry, function.end - function.entry);
  if (!executable || code.empty()) return not_readable("it is not in the executable's code");
  return code;
}

}  // namespace cgoscope
