#include "probe_cli/attach/own_function.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <unistd.h>

#include <algorithm>
#include <cinttypes>
#include <cstdio>
#include <fstream>
#include <optional>
#include <string>
#include <vector>

#include "ebpf/probe.skel.h"

// In assembly because the first instruction is the point. cgoscope_call_in_frames(frames, times,
// function) nests itself, with frame pointers, and calls the function from the innermost.
extern "C" {
void cgoscope_emulated();
void cgoscope_stepped();
void cgoscope_call_in_frames(uint64_t frames, uint64_t times, void (*function)());
}

#if defined(__x86_64__)
asm(R"(
  .pushsection .text
  .balign 16
  .type cgoscope_emulated, @function
cgoscope_emulated:
  push %rbp
  pop %rbp
  ret
  .size cgoscope_emulated, . - cgoscope_emulated

  .balign 16
  .type cgoscope_stepped, @function
cgoscope_stepped:
  sub $8, %rsp
  add $8, %rsp
  ret
  .size cgoscope_stepped, . - cgoscope_stepped

  .balign 16
  .type cgoscope_call_in_frames, @function
cgoscope_call_in_frames:
  push %rbp
  mov %rsp, %rbp
  test %rdi, %rdi
  jz 1f
  dec %rdi
  call cgoscope_call_in_frames
  pop %rbp
  ret
1:
  push %rbx
  push %r12
  mov %rsi, %rbx
  mov %rdx, %r12
2:
  call *%r12
  dec %rbx
  jnz 2b
  pop %r12
  pop %rbx
  pop %rbp
  ret
  .size cgoscope_call_in_frames, . - cgoscope_call_in_frames
  .popsection
)");
#elif defined(__aarch64__)
asm(R"(
  .pushsection .text
  .balign 16
  .type cgoscope_emulated, %function
cgoscope_emulated:
  nop
  ret
  .size cgoscope_emulated, . - cgoscope_emulated

  .balign 16
  .type cgoscope_stepped, %function
cgoscope_stepped:
  add x9, x9, #1
  ret
  .size cgoscope_stepped, . - cgoscope_stepped

  .balign 16
  .type cgoscope_call_in_frames, %function
cgoscope_call_in_frames:
  stp x29, x30, [sp, #-32]!
  mov x29, sp
  stp x19, x20, [sp, #16]
  cbz x0, 1f
  sub x0, x0, #1
  bl cgoscope_call_in_frames
  b 3f
1:
  mov x19, x1
  mov x20, x2
2:
  blr x20
  subs x19, x19, #1
  b.ne 2b
3:
  ldp x19, x20, [sp, #16]
  ldp x29, x30, [sp], #32
  ret
  .size cgoscope_call_in_frames, . - cgoscope_call_in_frames
  .popsection
)");
#else
#error "own_function.cpp has no assembly for this machine"
#endif

namespace cgoscope {

namespace {

void (*code_of(OwnFunction function))() {
  return function == OwnFunction::kEmulated ? cgoscope_emulated : cgoscope_stepped;
}

// Where in our executable's file the code at `address` lies.
std::optional<uint64_t> own_file_offset(uint64_t address) {
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);) {
    uint64_t begin = 0;
    uint64_t end = 0;
    uint64_t file_offset = 0;
    if (sscanf(line.c_str(), "%" SCNx64 "-%" SCNx64 " %*s %" SCNx64, &begin, &end, &file_offset) !=
        3)
      continue;
    if (address >= begin && address < end) return file_offset + (address - begin);
  }
  return std::nullopt;
}

}  // namespace

void call_own_function(OwnFunction function, uint64_t times) {
  if (times > 0) cgoscope_call_in_frames(CG_STACK_DEPTH, times, code_of(function));
}

Result<OwnProbe> OwnProbe::attach(LinkKind kind, OwnFunction function) {
  cg_config config{};
  config.text_end = ~uint64_t{0};  // every frame counts
  Result<Programs> programs = load_programs({kOwnFunctionProgram}, config, kind);
  if (!programs) return programs.error();
  const auto address = reinterpret_cast<uint64_t>(code_of(function));
  const auto file_offset = own_file_offset(address);
  if (!file_offset)
    return Error{"cannot find our own code in /proc/self/maps", "no line has its address",
                 "is /proc mounted?"};
  Result<Links> links = Links::make(loaded_program(*programs, kOwnFunctionProgram), kind, getpid(),
                                    "/proc/self/exe", {{*file_offset, address}});
  if (!links) return links.error();
  return OwnProbe(std::move(*programs), std::move(*links));
}

uint64_t OwnProbe::hits() const {
  const uint32_t key = CG_PARK;
  std::vector<cg_books> of_cpus(static_cast<size_t>(std::max(libbpf_num_possible_cpus(), 1)));
  uint64_t hits = 0;
  if (bpf_map_lookup_elem(bpf_map__fd(programs_->maps.books), &key, of_cpus.data()) == 0) {
    for (const cg_books& books : of_cpus) hits += books.hits;
  }
  return hits;
}

}  // namespace cgoscope
