// A command that we start and watch from before its first instruction.
//
// The child waits at a gate between fork and execve; uprobes are attached to it by pid and hit in
// the program that it then becomes.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "findings/descriptor.h"
#include "findings/result.h"

namespace cgoscope {

struct CommandEnd {
  bool signaled = false;
  int status = 0;  // exit status, or the signal's number; -1 when somebody else collected it
};

// The file that execvp would run for `name`: searched in PATH unless it has a slash. Errors: not
// found, not executable.
Result<std::string> find_executable(const std::string& name);

class Command {
 public:
  // Forks; the child stands still until start(). It gets our descriptors 0 to 2, our process group,
  // environment and folder, an empty signal mask and, for signals that we catch and for SIGPIPE,
  // the default disposition; what else we ignore (under nohup) it ignores too. It is not tied to
  // us once started: when we die, it goes on. Sets SIGCHLD to its default if it was ignored, for
  // then nobody can ask how a child ended.
  static Result<Command> prepare(const std::vector<std::string>& arguments);
  Command(Command&& other) noexcept;
  Command& operator=(Command&& other) noexcept;
  // A child that was never started is killed and reaped; one that runs is left alone.
  ~Command();

  pid_t pid() const { return pid_; }
  // The file that it runs, as found.
  const std::string& executable() const { return executable_; }
  // Lets it execve, and returns once that has succeeded or failed. After a failure the child is
  // gone.
  Result<bool> start();
  // Whether a terminal that sends us a signal for a key sends it to the command too: it may have
  // made a process group of its own.
  bool in_our_group() const;
  // Nothing happens once it was reaped: its number may be another process's.
  void send(int signal) const;
  // Reaps it if it has ended.
  std::optional<CommandEnd> poll_end();

 private:
  Command() = default;
  void abandon();

  pid_t pid_ = 0;
  std::string executable_;
  Descriptor gate_;         // a byte here lets the child go on
  Descriptor exec_status_;  // closed by a successful execve, else carries errno
  bool started_ = false;
  std::optional<CommandEnd> end_;
};

}  // namespace cgoscope
