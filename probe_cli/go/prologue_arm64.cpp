// The forms:
//
//   f9400b90    ldr  x16, [x28, #16]      x28 is the g; 16 its stackguard0, 24 the one of code that
//   eb3063ff    cmp  sp, x16              runs on the g0
//   540007e9    b.ls morestack
//   f81e0ffe    str  x30, [sp, #-32]!     the return address, to the frame's lowest word
//
//   d10043f1    sub  x17, sp, #16         a frame over 128 bytes
//   eb10023f    cmp  x17, x16
#include "probe_cli/go/machine_code.h"
#include "probe_cli/go/prologue.h"

namespace cgoscope {
namespace {

constexpr unsigned kArgumentCount = 9;

ArgumentMask arguments_written(const MachineCode& code) {
  unsigned written = 0;
  for (unsigned i = 0; i < kArgumentCount; ++i) {
    if (code.writes(
            [&](uint16_t reg) { return reg == ARM64_REG_X0 + i || reg == ARM64_REG_W0 + i; }))
      written |= 1U << i;
  }
  return static_cast<ArgumentMask>(written);
}

struct Operands {
  explicit Operands(const cs_insn& instruction) : arm64(instruction.detail->arm64) {}

  bool is(int i, arm64_op_type type) const {
    return i < arm64.op_count && arm64.operands[i].type == type;
  }
  bool is_reg(int i, arm64_reg reg) const {
    return is(i, ARM64_OP_REG) && arm64.operands[i].reg == reg;
  }
  arm64_reg reg(int i) const { return arm64.operands[i].reg; }
  const arm64_op_mem& mem(int i) const { return arm64.operands[i].mem; }

  const cs_arm64& arm64;
};

// ldr GUARD, [x28, #16]
bool loads_guard(const cs_insn& instruction) {
  const Operands operands(instruction);
  return instruction.id == ARM64_INS_LDR && operands.is(0, ARM64_OP_REG) &&
         operands.is(1, ARM64_OP_MEM) && operands.mem(1).base == ARM64_REG_X28 &&
         operands.mem(1).index == ARM64_REG_INVALID &&
         (operands.mem(1).disp == 16 || operands.mem(1).disp == 24);
}

bool takes_frame(const cs_insn& instruction) {
  const Operands operands(instruction);
  return instruction.id == ARM64_INS_STR && operands.is_reg(0, ARM64_REG_X30) &&
         operands.is(1, ARM64_OP_MEM) && operands.mem(1).base == ARM64_REG_SP &&
         operands.mem(1).disp < 0 && operands.arm64.writeback;
}

// Behind the load: the address of the branch, or nullopt when it is not as Go writes it.
std::optional<uint64_t> read_check(MachineCode* code, arm64_reg guard, Prologue* prologue) {
  arm64_reg lowest = ARM64_REG_SP;
  const cs_insn* instruction = code->next();
  if (instruction != nullptr && instruction->id == ARM64_INS_SUB) {
    const Operands operands(*instruction);
    if (!operands.is(0, ARM64_OP_REG) || !operands.is_reg(1, ARM64_REG_SP)) return std::nullopt;
    lowest = operands.reg(0);
    prologue->overwritten |= arguments_written(*code);
    instruction = code->next();
  }
  if (instruction == nullptr || instruction->id != ARM64_INS_CMP ||
      !Operands(*instruction).is_reg(0, lowest) || !Operands(*instruction).is_reg(1, guard))
    return std::nullopt;
  instruction = code->next();
  if (instruction == nullptr || instruction->id != ARM64_INS_B ||
      instruction->detail->arm64.cc != ARM64_CC_LS)
    return std::nullopt;
  return instruction->address;
}

}  // namespace

Result<Prologue> read_prologue_arm64(Bytes code, uint64_t address) {
  MachineCode machine_code(Machine::kArm64, code, address);
  Prologue prologue;
  const cs_insn* instruction = machine_code.next();
  if (instruction != nullptr && loads_guard(*instruction)) {
    const arm64_reg guard = Operands(*instruction).reg(0);
    prologue.overwritten = arguments_written(machine_code);
    prologue.branch = read_check(&machine_code, guard, &prologue);
    if (!prologue.branch) instruction = nullptr;
  }
  if (instruction == nullptr) {
    return Error{"cannot find the place for a probe", "its stack check is not one that Go writes",
                 ""};
  }
  prologue.behind_check = prologue.branch ? machine_code.address() : address;
  MachineCode frame(Machine::kArm64, rest_of(code, prologue.behind_check - address),
                    prologue.behind_check);
  instruction = frame.next();
  if (instruction != nullptr && takes_frame(*instruction)) prologue.frame = FrameStart::kStepped;
  return prologue;
}

}  // namespace cgoscope
