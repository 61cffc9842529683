// At which instruction of a function a uprobe goes.
//
// The kernel emulates a few instructions and single-steps a copy of all others, which costs seven
// to ten times as much. And a Go function's first instructions run again each time its stack check
// fails, which it does at every request for preemption, not only when a stack grows: a probe there
// counts too much. So the place is the first emulated instruction that runs exactly once a call:
// `push %rbp` behind the check; or, in Go 1.19, which has none, the check's own `jbe`, where the
// BPF program must ignore the hits at which the branch is taken.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "findings/result.h"
#include "probe_cli/go/elf_image.h"
#include "probe_cli/go/pclntab.h"

namespace cgoscope {

enum class SiteKind : uint8_t {
  kPush,     // push %rbp: emulated, once a call; [rsp] is the return address
  kBranch,   // jbe of the stack check: emulated; not a call when CF or ZF is set; [rsp] is the
             // return address
  kCall,     // a call inside the function: emulated
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
  uint32_t stack_adjust = 0;  // bytes from the stack pointer at the site to the return address
};

// Errors: code not in the file, does not decode, no such instruction within the prologue, or an
// argument register was overwritten before it. Refuses rather than guesses.
Result<ProbeSite> find_entry_site(const ElfImage& image, const GoFunction& function,
                                  ArgumentMask arguments);

// Every call to `callee` in `function`, in order of address. On amd64 `e8 rel32`, on arm64 `bl`.
Result<std::vector<ProbeSite>> find_call_sites(const ElfImage& image, const GoFunction& function,
                                               const GoFunction& callee);

}  // namespace cgoscope
