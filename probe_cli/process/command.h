// A command that we start and watch from before its first instruction.
//
// The child waits at a pipe between fork and execve; uprobes are attached to it by pid and hit in
// the program that it then becomes.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "findings/result.h"
#include "probe_cli/process/descriptor.h"

namespace cgoscope {

struct CommandEnd {
  bool signaled = false;
  int status = 0;  // exit status, or the signal's number
};

// The file that execvp would run for `name`: searched in PATH unless it has a slash. Errors: not
// found, not executable.
Result<std::string> find_executable(const std::string& name);

class Command {
 public:
  // Forks; the child stands still until start(). It gets our descriptors 0 to 2 and its own signal
  // mask and dispositions, as if a shell had started it, and dies with us only if told to.
  static Result<Command> prepare(const std::vector<std::string>& arguments);
  Command(Command&&) noexcept = default;
  Command& operator=(Command&&) noexcept = default;
  // A child that was never started is killed and reaped; one that runs is left alone.
  ~Command();

  pid_t pid() const { return pid_; }
  // Lets it execve, and returns once that has succeeded or failed.
  Result<bool> start();
  void send(int signal) const;
  // Reaps it if it has ended.
  std::optional<CommandEnd> poll_end();

 private:
  Command() = default;
  pid_t pid_ = 0;
  Descriptor go_;           // a byte here lets the child go on
  Descriptor exec_status_;  // closed by a successful execve, else carries errno
  bool started_ = false;
  std::optional<CommandEnd> end_;
};

}  // namespace cgoscope
