// The forms, newest first:
//
//   49 3b 66 10           cmp  0x10(%r14),%rsp      %r14 is the g; 0x10 its stackguard0, 0x18 the
//   0f 86 …               jbe  morestack            one of code that runs on the g0
//   55                    push %rbp                 since Go 1.21
//   48 89 e5              mov  %rsp,%rbp
//   48 83 ec 10           sub  $0x10,%rsp
//
//   4c 8d 64 24 d8        lea  -0x28(%rsp),%r12     a frame over 128 bytes
//   4d 3b 66 10           cmp  0x10(%r14),%r12
//
//   49 89 e4              mov  %rsp,%r12            a frame over 4 KiB
//   49 81 ec …            sub  $0x12345,%r12
//   0f 82 …               jb   morestack
//   4d 3b 66 10           cmp  0x10(%r14),%r12
#include <algorithm>
#include <array>

#include "probe_cli/go/machine_code.h"
#include "probe_cli/go/prologue.h"

namespace cgoscope {
namespace {

constexpr uint8_t kPushBp = 0x55;
constexpr int64_t kMaxFrameBytes = int64_t{1} << 30U;

// In the order of ArgumentMask, each with its parts.
constexpr std::array<std::array<uint16_t, 5>, 9> kArguments = {{
    {X86_REG_RAX, X86_REG_EAX, X86_REG_AX, X86_REG_AL, X86_REG_AH},
    {X86_REG_RBX, X86_REG_EBX, X86_REG_BX, X86_REG_BL, X86_REG_BH},
    {X86_REG_RCX, X86_REG_ECX, X86_REG_CX, X86_REG_CL, X86_REG_CH},
    {X86_REG_RDI, X86_REG_EDI, X86_REG_DI, X86_REG_DIL, X86_REG_DIL},
    {X86_REG_RSI, X86_REG_ESI, X86_REG_SI, X86_REG_SIL, X86_REG_SIL},
    {X86_REG_R8, X86_REG_R8D, X86_REG_R8W, X86_REG_R8B, X86_REG_R8B},
    {X86_REG_R9, X86_REG_R9D, X86_REG_R9W, X86_REG_R9B, X86_REG_R9B},
    {X86_REG_R10, X86_REG_R10D, X86_REG_R10W, X86_REG_R10B, X86_REG_R10B},
    {X86_REG_R11, X86_REG_R11D, X86_REG_R11W, X86_REG_R11B, X86_REG_R11B},
}};

ArgumentMask arguments_written(const MachineCode& code) {
  unsigned written = 0;
  for (unsigned i = 0; i < kArguments.size(); ++i) {
    const auto is_argument = [&](uint16_t reg) {
      return std::find(kArguments[i].begin(), kArguments[i].end(), reg) != kArguments[i].end();
    };
    if (code.writes(is_argument)) written |= 1U << i;
  }
  return static_cast<ArgumentMask>(written);
}

struct Operands {
  explicit Operands(const cs_insn& instruction) : x86(instruction.detail->x86) {}

  bool are(x86_op_type first, x86_op_type second) const {
    return x86.op_count == 2 && x86.operands[0].type == first && x86.operands[1].type == second;
  }
  x86_reg reg(int i) const { return x86.operands[i].reg; }
  const x86_op_mem& mem(int i) const { return x86.operands[i].mem; }
  int64_t imm(int i) const { return x86.operands[i].imm; }

  const cs_x86& x86;
};

bool is_stack_guard(const x86_op_mem& mem) {
  return mem.base == X86_REG_R14 && mem.index == X86_REG_INVALID &&
         (mem.disp == 0x10 || mem.disp == 0x18);
}

// By how much `sub $n,%rsp` or, for 128 bytes, `add $-128,%rsp` moves the stack pointer down; 0 for
// all others.
uint32_t frame_taken(const cs_insn& instruction) {
  const Operands operands(instruction);
  if (!operands.are(X86_OP_REG, X86_OP_IMM) || operands.reg(0) != X86_REG_RSP) return 0;
  const int64_t bytes = instruction.id == X86_INS_SUB   ? operands.imm(1)
                        : instruction.id == X86_INS_ADD ? -operands.imm(1)
                                                        : 0;
  return bytes > 0 && bytes < kMaxFrameBytes ? static_cast<uint32_t>(bytes) : 0;
}

class StackCheck {
 public:
  // Whether the instruction may stand before the comparison. Remembers where the lowest stack
  // pointer of the function is computed.
  bool prepares(const cs_insn& instruction) {
    const Operands operands(instruction);
    switch (instruction.id) {
      case X86_INS_LEA:
        if (!operands.are(X86_OP_REG, X86_OP_MEM) || operands.mem(1).base != X86_REG_RSP)
          return false;
        lowest_ = operands.reg(0);
        return true;
      case X86_INS_MOV:
        if (!operands.are(X86_OP_REG, X86_OP_REG) || operands.reg(1) != X86_REG_RSP) return false;
        lowest_ = operands.reg(0);
        return true;
      case X86_INS_SUB:
        return lowest_ != X86_REG_RSP && operands.are(X86_OP_REG, X86_OP_IMM) &&
               operands.reg(0) == lowest_;
      case X86_INS_JB:
        return lowest_ != X86_REG_RSP;
      default:
        return false;
    }
  }

  bool compares(const cs_insn& instruction) const {
    const Operands operands(instruction);
    return instruction.id == X86_INS_CMP && operands.are(X86_OP_REG, X86_OP_MEM) &&
           operands.reg(0) == lowest_ && is_stack_guard(operands.mem(1));
  }

 private:
  x86_reg lowest_ = X86_REG_RSP;
};

void read_frame(Bytes code, uint64_t address, Prologue* prologue) {
  MachineCode machine_code(Machine::kAmd64, code, address);
  const cs_insn* instruction = machine_code.next();
  if (instruction == nullptr) return;
  if (instruction->bytes[0] != kPushBp) {
    prologue->frame_bytes = frame_taken(*instruction);
    if (prologue->frame_bytes > 0) prologue->frame = FrameStart::kStepped;
    return;
  }
  prologue->frame = FrameStart::kPush;
  prologue->frame_bytes = sizeof(uint64_t);
  instruction = machine_code.next();
  if (instruction == nullptr || instruction->id != X86_INS_MOV) return;
  instruction = machine_code.next();
  if (instruction != nullptr) prologue->frame_bytes += frame_taken(*instruction);
}

}  // namespace

Result<Prologue> read_prologue_amd64(Bytes code, uint64_t address) {
  MachineCode machine_code(Machine::kAmd64, code, address);
  Prologue prologue;
  StackCheck check;
  const cs_insn* instruction = machine_code.next();
  bool began = false;
  while (instruction != nullptr && check.prepares(*instruction)) {
    began = true;
    prologue.overwritten |= arguments_written(machine_code);
    instruction = machine_code.next();
  }
  if (instruction != nullptr && check.compares(*instruction)) {
    began = true;
    instruction = machine_code.next();
    if (instruction != nullptr && instruction->id == X86_INS_JBE)
      prologue.branch = instruction->address;
  }
  if (instruction == nullptr || (began && !prologue.branch)) {
    return Error{"cannot find the place for a probe", "its stack check is not one that Go writes",
                 ""};
  }
  prologue.behind_check = prologue.branch ? machine_code.address() : address;
  read_frame(rest_of(code, prologue.behind_check - address), prologue.behind_check, &prologue);
  return prologue;
}

}  // namespace cgoscope
