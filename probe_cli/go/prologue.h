// What a Go function does before its own work: it compares the stack pointer with the goroutine's
// limit and branches to runtime.morestack, which ends by starting the function again; then it takes
// its frame. Functions marked nosplit begin with the frame.
//
// The forms are those that cmd/internal/obj writes (x86/obj6.go and arm64/obj7.go, stacksplit),
// found in what Go 1.19 to 1.27 compiled. Anything else is not understood, and said so.
#pragma once

#include <cstdint>
#include <optional>

#include "findings/result.h"
#include "probe_cli/go/bytes.h"
#include "probe_cli/go/elf_image.h"
#include "probe_cli/go/probe_site.h"

namespace cgoscope {

enum class FrameStart : uint8_t {
  kPush,     // push %rbp
  kStepped,  // another instruction that moves the stack pointer
  kNone
};

struct Prologue {
  std::optional<uint64_t> branch;        // that of the stack check; absent in a nosplit function
  uint64_t behind_check = 0;             // where the frame is taken
  FrameStart frame = FrameStart::kNone;  // the instruction there
  // In the body: from the stack pointer to the return address. On arm64 it lies at the stack
  // pointer.
  uint32_t frame_bytes = 0;
  ArgumentMask overwritten = 0;  // argument registers that are written to before that
};

// `code` begins with the function. Error: a stack check that is not understood, or is cut off.
Result<Prologue> read_prologue_amd64(Bytes code, uint64_t address);
Result<Prologue> read_prologue_arm64(Bytes code, uint64_t address);

}  // namespace cgoscope
