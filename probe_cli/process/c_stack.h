// The C frames of a thread that waits in a system call, walked without stopping it: the kernel
// tells its stack pointer and program counter (/proc/PID/task/TID/syscall), and the unwind tables
// of the libraries tell the rest (libdwfl). Where a frame's rule needs a register that is not
// known, the walk ends there.
#pragma once

#include <sys/types.h>

#include <memory>
#include <vector>

#include "findings/frame.h"
#include "findings/result.h"
#include "probe_cli/process/threads.h"

namespace cgoscope {

class CStackWalker {
 public:
  // Reads the target's list of libraries, and again when a walk meets an address that is in none
  // (at most once a second); the libraries are opened when first needed. Debug information is taken
  // from them and from this machine's /usr/lib/debug; nothing is fetched.
  static Result<CStackWalker> open(pid_t pid);
  CStackWalker(CStackWalker&&) noexcept;
  CStackWalker& operator=(CStackWalker&&) noexcept;
  ~CStackWalker();

  // Innermost first, at most 64; ends before Go's own frames (runtime.asmcgocall). Empty when the
  // thread runs, has gone on to something else meanwhile, or nothing could be walked.
  std::vector<Frame> walk(const ThreadState& thread);

  // The C function at an address of the target: symbol, and file and line when there is DWARF.
  Frame frame_at(uint64_t pc, bool is_return);

 private:
  struct Parts;
  explicit CStackWalker(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace cgoscope
