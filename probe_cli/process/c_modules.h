// The executable and the libraries of a process, for libdwfl, as the process itself sees them: in
// its own mount namespace, and those files that it has mapped, not what lies under their names by
// now.
#pragma once

#include <elfutils/libdwfl.h>
#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "findings/descriptor.h"
#include "findings/frame.h"
#include "findings/result.h"
#include "probe_cli/process/mappings.h"

namespace cgoscope {

class CModules {
 public:
  // Errors: the process's executable or its mappings cannot be read.
  static Result<std::unique_ptr<CModules>> open(pid_t pid);
  CModules(const CModules&) = delete;
  CModules& operator=(const CModules&) = delete;
  ~CModules();

  pid_t pid() const { return pid_; }
  Dwfl* dwfl() const { return dwfl_; }
  Elf* executable_elf() const { return executable_elf_; }
  // Whether the module is the executable itself.
  bool is_executable(Dwfl_Module* module) const;
  // Looks what is mapped now; false when it looked less than a second ago, or cannot.
  bool refresh();
  // Symbol, file and line at an address of the process, as far as known.
  Frame frame_at(uint64_t pc, bool is_return) const;

 private:
  explicit CModules(pid_t pid) : pid_(pid) {}
  bool report();
  Descriptor open_mapped(uint64_t address) const;
  static int on_find_elf(Dwfl_Module* module, void** self, const char* name, Dwarf_Addr base,
                         char** file_name, Elf** elf);

  static const Dwfl_Callbacks kCallbacks;

  pid_t pid_;
  Dwfl* dwfl_ = nullptr;
  Descriptor executable_;
  Elf* executable_elf_ = nullptr;
  uint64_t executable_inode_ = 0;
  std::vector<Mapping> mappings_;  // of the last look
  int64_t looked_ns_ = 0;          // CLOCK_MONOTONIC
};

}  // namespace cgoscope
