// A function's machine code, instruction by instruction, as capstone reads it.
#pragma once

#include <capstone/capstone.h>

#include <cstdint>
#include <optional>

#include "findings/result.h"
#include "probe_cli/go/bytes.h"
#include "probe_cli/go/elf_image.h"
#include "probe_cli/go/pclntab.h"

namespace cgoscope {

class MachineCode {
 public:
  // `code` lies at `address` and must outlive this.
  MachineCode(Machine machine, Bytes code, uint64_t address);
  ~MachineCode();
  MachineCode(const MachineCode&) = delete;
  MachineCode& operator=(const MachineCode&) = delete;

  // Goes on to the next instruction, which then stays until the next call. nullptr at the end of
  // the code, and at bytes that are no instruction.
  const cs_insn* next();
  bool at_end() const { return rest_.empty(); }
  uint64_t address() const { return address_; }  // of what next() reads next
  // Goes past an instruction that next() does not know, if it is surely no branch: on arm64, where
  // all have four bytes and capstone 4 does not know the atomic ones of ARMv8.1. False otherwise.
  bool skip_unknown();

  // Whether the instruction that next() returned last writes to the register, or to a part of it.
  template <typename Predicate>
  bool writes(const Predicate& is_register) const {
    cs_regs read;
    cs_regs written;
    uint8_t read_count = 0;
    uint8_t written_count = 0;
    if (cs_regs_access(capstone_, instruction_, read, &read_count, written, &written_count) !=
        CS_ERR_OK)
      return true;  // to be on the safe side
    for (uint8_t i = 0; i < written_count; ++i) {
      if (is_register(written[i])) return true;
    }
    return false;
  }

 private:
  csh capstone_ = 0;
  cs_insn* instruction_ = nullptr;
  Machine machine_;
  Bytes rest_;
  uint64_t address_ = 0;
};

// Calls `visit` with each instruction, passing over those that are unknown and no branch. The
// address of the first that cannot be passed over; nullopt when there is none.
template <typename Visit>
std::optional<uint64_t> visit_instructions(Machine machine, Bytes code, uint64_t address,
                                           const Visit& visit) {
  MachineCode machine_code(machine, code, address);
  while (!machine_code.at_end()) {
    if (const cs_insn* instruction = machine_code.next())
      visit(*instruction);
    else if (!machine_code.skip_unknown())
      return machine_code.address();
  }
  return std::nullopt;
}

// Where a jump or call goes to when the instruction itself says it; nullopt for all others.
std::optional<uint64_t> branch_target(Machine machine, const cs_insn& instruction);

// Whether it is a call that says itself where to: `e8 rel32`, or `bl`. The kernel emulates these.
bool is_direct_call(Machine machine, const cs_insn& instruction);

// The bytes of a whole function. Error: they are not in the file, or not in code, or over 1 MiB.
Result<Bytes> function_code(const ElfImage& image, const GoFunction& function);

}  // namespace cgoscope
