// The watched process, held by a pidfd, so that its number cannot come to mean another one.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "findings/descriptor.h"
#include "findings/result.h"
#include "probe_cli/process/mappings.h"

namespace cgoscope {

class Target {
 public:
  // Errors: no such process, a thread of one, a zombie, a kernel thread (no executable), no
  // permission.
  static Result<Target> open(pid_t pid);

  pid_t pid() const { return pid_; }
  int pidfd() const { return pidfd_.get(); }  // polls readable when the process has exited
  // "/proc/PID/exe": opens what runs, in any mount namespace, deleted or replaced.
  std::string executable() const;
  // What the link reads, for people: "/usr/bin/server", without " (deleted)".
  const std::string& executable_name() const { return executable_name_; }
  bool exited() const;
  // A variable of its environment as it was at the execve; "" when not set or not readable.
  std::string environment(const std::string& name) const;
  Result<std::vector<Mapping>> mappings() const;
  // What to add to a linked address: 0 for a fixed executable. `first_segment_address` is that of
  // the first PT_LOAD as linked. Error: the executable is not mapped. Of a process that has not yet
  // called execve it is that of the program which it still is.
  Result<uint64_t> load_base(uint64_t first_segment_address) const;
  // What an execve has made of it.
  struct Image {
    std::string auxiliary_vector;  // has addresses that each execve chooses anew
    uint64_t device = 0, inode = 0;
    bool operator==(const Image&) const = default;
  };
  std::optional<Image> image() const;  // nullopt when it is gone or cannot be read
  // CPUs that it may use: the least of its affinity and its control group's quota; at least 0.01.
  double usable_cpus() const;
  // Whether all of it is stopped by a signal or a debugger, or its control group frozen.
  bool stands_still() const;
  // CPU time that it has used so far, user and system, in ns; nullopt when it is gone.
  std::optional<int64_t> cpu_time_ns() const;

 private:
  pid_t pid_ = 0;
  Descriptor pidfd_;
  std::string executable_name_;
};

// Every process whose executable's base name, or comm, is `name`; neither zombies nor kernel
// threads.
std::vector<pid_t> processes_named(const std::string& name);
// The only one of them. Errors: there is none, or more than one.
Result<pid_t> process_named(const std::string& name);

}  // namespace cgoscope
