// Which words belong to a closure. A closure is a block of memory: the address of its code, then
// what it captures. How many words those are stands nowhere, and what lies behind the block is
// another object's; but the code reads what it captures.
#pragma once

#include <cstdint>

#include "probe_cli/go/bytes.h"
#include "probe_cli/go/elf_image.h"
#include "probe_cli/go/pclntab.h"

namespace cgoscope {

// Bit i: the i-th word, behind the code's address, belongs to the closures with this code. These
// are the first one (a closure that captures nothing is a constant, which lies among other
// constants, and none of these points at an object) and all up to the last that the code reads.
//
// It finds its closure in DX, and the compiler loads all captured words that fit into registers at
// the start of the function (src/cmd/compile/internal/ssagen/ssa.go, buildssa), so the first call
// ends the search. What is read later, or through a copy of DX, is not found; nor is what is
// captured and never read, unless it is first. For machines other than amd64 only the first is
// known.
uint32_t words_of_closure(const ElfImage& image, const GoFunction& code);

// The same of the code's bytes.
uint32_t words_of_closure(Machine machine, Bytes code, uint64_t address);

}  // namespace cgoscope
