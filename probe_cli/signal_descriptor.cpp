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

std::optional<ReceivedSignal> SignalDescriptor::next() const {
  signalfd_siginfo info{};
  if (read(fd_.get(), &info, sizeof info) != sizeof info) return std::nullopt;
  const auto number = static_cast<int>(info.ssi_signo);
  // A hangup (SIGHUP) comes from the kernel too, and to the leader of the session only.
  return ReceivedSignal{number,
                        info.ssi_code == SI_KERNEL && (number == SIGINT || number == SIGQUIT)};
}

}  // namespace cgoscope
