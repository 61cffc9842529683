// The signals that end a run, or that it passes on to a command, as a descriptor.
#pragma once

#include <csignal>
#include <optional>

#include "findings/descriptor.h"

namespace cgoscope {

struct ReceivedSignal {
  int number = 0;
  // Ctrl-C or Ctrl-\: the terminal has sent it to each process of its foreground process group.
  bool by_key = false;
};

// While it lives, they do not interrupt: SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2 and
// SIGCHLD. SIGPIPE is ignored from then on: a reader of our output that goes away is an error of
// ours.
class SignalDescriptor {
 public:
  SignalDescriptor();
  SignalDescriptor(const SignalDescriptor&) = delete;
  SignalDescriptor& operator=(const SignalDescriptor&) = delete;
  ~SignalDescriptor();
  int fd() const { return fd_.get(); }         // polls readable when next() has one
  std::optional<ReceivedSignal> next() const;  // nullopt when there is none

 private:
  sigset_t set_{}, before_{};
  Descriptor fd_;
};

}  // namespace cgoscope
