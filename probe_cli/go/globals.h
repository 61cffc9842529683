// Where the runtime's own variables lie. Symbols say so unless the binary is stripped; then they
// are read from the operands of instructions in functions that use them, which were the same in
// every release from 1.19 to 1.27, on amd64 and arm64.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "probe_cli/go/elf_image.h"
#include "probe_cli/go/layout.h"
#include "probe_cli/go/pclntab.h"

namespace cgoscope {

struct Globals {                                // addresses as linked
  std::optional<uint64_t> allgs;                // []*g: pointer, length, capacity
  std::optional<uint64_t> allm;                 // *m
  std::optional<uint64_t> allp;                 // []*p
  std::optional<uint64_t> sched;                // schedt
  std::optional<uint64_t> wait_reason_strings;  // [N]string
  std::vector<std::string> wait_reasons;        // what lies there: the runtime's words, by code
  bool decoded = false;                         // some of them, by reading instructions
  std::vector<std::string> missing;  // "runtime.allm is not known: runtime.mexit does not …"
};

// The symbols, and for those that have none, what the instructions say.
Globals find_globals(const ElfImage& image, const Pclntab& functions, const Layout& layout);

// What the instructions say alone.
Globals decode_globals(const ElfImage& image, const Pclntab& functions, const Layout& layout);

}  // namespace cgoscope
