#include "probe_cli/go/closure.h"

#include <bit>

#include "probe_cli/go/machine_code.h"

namespace cgoscope {
namespace {

bool is_closure_register(uint16_t reg) {
  return reg == X86_REG_RDX || reg == X86_REG_EDX || reg == X86_REG_DX || reg == X86_REG_DL ||
         reg == X86_REG_DH;
}

// Words of eight bytes; 0 when it does not read the closure.
uint32_t word_read(const cs_insn& instruction) {
  uint32_t words = 0;
  const cs_x86& x86 = instruction.detail->x86;
  for (uint8_t i = 0; i < x86.op_count; ++i) {
    const cs_x86_op& operand = x86.operands[i];
    if (operand.type != X86_OP_MEM || (operand.access & CS_AC_READ) == 0) continue;
    if (operand.mem.base != X86_REG_RDX || operand.mem.index != X86_REG_INVALID) continue;
    const int64_t word = operand.mem.disp / 8;
    const bool whole = operand.mem.disp % 8 == 0 && operand.size >= 8;
    if (whole && word >= 1 && word < 32) words |= 1U << static_cast<unsigned>(word);
    // Two words at once, as of a string.
    if (whole && operand.size >= 16 && word >= 1 && word < 31)
      words |= 1U << static_cast<unsigned>(word + 1);
  }
  return words;
}

bool ends_the_search(const cs_insn& instruction) {
  return instruction.id == X86_INS_CALL || instruction.id == X86_INS_RET ||
         instruction.id == X86_INS_JMP;
}

}  // namespace

uint32_t words_of_closure(Machine machine, Bytes code, uint64_t address) {
  uint32_t words = 0b10;
  if (machine != Machine::kAmd64) return words;
  MachineCode machine_code(machine, code, address);
  while (!machine_code.at_end()) {
    const cs_insn* instruction = machine_code.next();
    if (instruction == nullptr || ends_the_search(*instruction)) break;
    if (instruction->id != X86_INS_LEA) words |= word_read(*instruction);
    if (machine_code.writes(is_closure_register)) break;
  }
  return std::bit_floor(words) * 2 - 2;
}

uint32_t words_of_closure(const ElfImage& image, const GoFunction& code) {
  const Result<Bytes> bytes = function_code(image, code);
  return words_of_closure(image.machine(), bytes ? *bytes : Bytes{}, code.entry);
}

}  // namespace cgoscope
