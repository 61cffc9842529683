// The addresses that a function's instructions name: variables, at a distance from the instruction
// itself. That is how a stripped program still tells where its globals lie.
#pragma once

#include <cstdint>
#include <vector>

#include "probe_cli/go/bytes.h"
#include "probe_cli/go/elf_image.h"

namespace cgoscope {

struct AddressReference {
  bool takes_address = false;  // lea: only the address is wanted
  bool reads = false;
  uint32_t size_bytes = 0;  // of what is read or written; 0 for an address
  uint64_t address = 0;
};

// Those of `code`, which lies at `address`, in order, up to the first bytes that are no
// instruction.
std::vector<AddressReference> address_references(Machine machine, Bytes code, uint64_t address);

}  // namespace cgoscope
