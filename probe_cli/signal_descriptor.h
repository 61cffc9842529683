// The signals that end a run, or that it passes on to a command, as a descriptor.
#pragma once

#include <csignal>

#include "findings/descriptor.h"

namespace cgoscope {

// While it lives, they do not interrupt: SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2 and
// SIGCHLD. SIGPIPE is ignored from then on: a reader of our output that goes away is an error of
// ours.
class SignalDescriptor {
 public:
  SignalDescriptor();
  SignalDescriptor(const SignalDescriptor&) = delete;
  SignalDescriptor& operator=(const SignalDescriptor&) = delete;
  ~SignalDescriptor();
  int fd() const { return fd_.get(); }  // polls readable when next() has one
  // 0 when there is none.
  int next() const;

 private:
  sigset_t set_{}, before_{};
  Descriptor fd_;
};

}  // namespace cgoscope
