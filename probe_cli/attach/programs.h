// The BPF object in memory, and libbpf's words about it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ebpf/probe.h"
#include "findings/result.h"
#include "probe_cli/attach/kernel.h"

struct bpf_program;
struct bpf_link;
struct probe_bpf;

namespace cgoscope {

struct ProgramsCloser {
  void operator()(probe_bpf* programs) const;
};
using Programs = std::unique_ptr<probe_bpf, ProgramsCloser>;

// "on_thread_exit" of CG_THREAD_EXIT.
std::string_view program_name(cg_signal signal);
inline constexpr std::string_view kOwnFunctionProgram = "on_own_function";

// Loads those of `names` and no others, for one kind of link: the kernel fixes it at the load. A
// map that none of them uses is not made. Errors: no BPF, no permission, the verifier's last words.
Result<Programs> load_programs(const std::vector<std::string_view>& names, const cg_config& config,
                               LinkKind kind);

// nullptr when it was not loaded.
bpf_program* loaded_program(const Programs& programs, std::string_view name);

struct LinkPlace {
  uint64_t file_offset = 0;
  uint64_t address = 0;  // as linked; the program sees it as its cookie
};

// Probes in a process; removed by its destruction.
class Links {
 public:
  // One program at `places` of the file `path`, in the process `pid` alone. With perf links each
  // place takes a descriptor and about 0.1 s to remove.
  static Result<Links> make(bpf_program* program, LinkKind kind, pid_t pid, const std::string& path,
                            const std::vector<LinkPlace>& places);
  Links() = default;
  Links(Links&& other) noexcept : links_(std::exchange(other.links_, {})) {}
  Links& operator=(Links&& other) noexcept;
  ~Links();

  // All at once: the kernel waits for running programs at each removal, about 40 ms, and removals
  // of uprobe.multi links at the same time wait together.
  static void remove(std::vector<Links> all);

 private:
  std::vector<bpf_link*> links_;
};

// Why a call into libbpf that returned `error` (negative) failed: the last thing that libbpf or the
// verifier said since the call before, and the error's text.
std::string libbpf_reason(int error);
// What to do about it; "" when there is nothing to say.
std::string libbpf_hint(int error);

}  // namespace cgoscope
