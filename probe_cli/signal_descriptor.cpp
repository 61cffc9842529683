#include "probe_cli/signal_descriptor.h"

#include <sys/signalfd.h>
#include <unistd.h>

namespace cgoscope {

SignalDescriptor::SignalDescriptor() {
  sigemptyset(&set_);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2, SIGCHLD})
    sigaddset(&set_, signal);
  sigprocmask(SIG_BLOCK, &set_, &before_);
  fd_ = Descriptor(signalfd(-1, &set_, SFD_CLOEXEC | SFD_NONBLOCK));
  std::signal(SIGPIPE, SIG_IGN);
}

SignalDescriptor::~SignalDescriptor() { sigprocmask(SIG_SETMASK, &before_, nullptr); }

int SignalDescriptor::next() const {
  signalfd_siginfo info{};
  return read(fd_.get(), &info, sizeof info) == sizeof info ? static_cast<int>(info.ssi_signo) : 0;
}

}  // namespace cgoscope
