// At which instruction of a function a uprobe goes.
//
// The kernel emulates a few instructions and single-steps a copy of all others, which costs seven
// to ten times as much. And a Go function's first instructions run again each time its stack check
// fails, which it does at every request for preemption, not only when a stack grows: a probe there
// counts too much. So the place is the first emulated instruction that runs exactly once a call:
// `push %rbp` behind the check; or, in Go 1.19, which has none, the check's own `jbe`, where the
// BPF program must ignore the hits at which the branch is taken.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "findings/result.h"
#include "probe_cli/go/elf_image.h"
#include "probe_cli/go/pclntab.h"

namespace cgoscope {

// At the first instructions of a function, up to kPush, kBranch and kStepped, [rsp] is its return
// address; on arm64 it is in x30, and there is no kPush.
enum class SiteKind : uint8_t {
  kPush,    // push %rbp: emulated, once a call
  kBranch,  // the stack check's jbe: emulated; not a call when CF or ZF is set, because it is taken
            // then. On arm64 b.ls, taken when C is clear or Z is set
  kCall,    // a call inside the function: emulated
  kStepped,  // the function's first instruction: single-stepped by the kernel, once a call
             // (nosplit)
};
std::string_view site_kind_name(SiteKind kind);  // "push", "branch", "call", "stepped"

// Registers of Go's calling convention on amd64, in order: AX BX CX DI SI R8 R9 R10 R11. On arm64
// R0 to R8.
using ArgumentMask =
    uint16_t;  // bit i: argument register i must still hold its argument at the site

struct ProbeSite {
  uint64_t address = 0;      // as linked
  uint64_t file_offset = 0;  // what uprobes are given
  SiteKind kind = SiteKind::kPush;
  // Bytes from the stack pointer at the site to the function's return address; on arm64, where it
  // is in x30 until the frame is taken and lies at the stack pointer then, always 0.
  uint32_t stack_adjust = 0;
};

// Errors: code not in the file or not executable, does not decode, no such instruction within the
// prologue, something jumps back to it, or an argument register was overwritten before it. Refuses
// rather than guesses.
Result<ProbeSite> find_entry_site(const ElfImage& image, const GoFunction& function,
                                  ArgumentMask arguments);

// Every call to `callee` in `function`, in order of address. On amd64 `e8 rel32`, on arm64 `bl`.
Result<std::vector<ProbeSite>> find_call_sites(const ElfImage& image, const GoFunction& function,
                                               const GoFunction& callee);

// The same, of the bytes of one function that begins at `address`; without the file's offset.
Result<ProbeSite> entry_site_in(Machine machine, std::span<const std::byte> code, uint64_t address,
                                ArgumentMask arguments);
Result<std::vector<ProbeSite>> call_sites_in(Machine machine, std::span<const std::byte> code,
                                             uint64_t address, uint64_t callee);

}  // namespace cgoscope
