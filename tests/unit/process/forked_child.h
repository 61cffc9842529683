// A child of the test program that runs a function of it, and is killed when the test ends. What it
// has in memory lies where ours does.
#pragma once

#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdlib>
#include <thread>

#include "findings/descriptor.h"

namespace cgoscope {

class ForkedChild {
 public:
  // `run` gets a descriptor; a byte written there says that it is ready, for which we wait. When it
  // returns, the child sleeps for ever.
  template <typename Run>
  explicit ForkedChild(Run run) {
    std::array<int, 2> ends{};
    if (pipe(ends.data()) != 0) std::abort();
    ready_ = Descriptor(ends[0]);
    Descriptor say_ready(ends[1]);
    pid_ = fork();
    if (pid_ == 0) {
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      ready_.reset();
      run(say_ready.get());
      while (true) pause();
    }
    say_ready.reset();
    char byte = 0;
    if (pid_ < 0 || ::read(ready_.get(), &byte, 1) != 1) std::abort();
  }
  ~ForkedChild() { kill_and_reap(); }
  ForkedChild(const ForkedChild&) = delete;
  ForkedChild& operator=(const ForkedChild&) = delete;

  pid_t pid() const { return pid_; }
  void kill_and_reap() {
    if (pid_ <= 0) return;
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
    pid_ = 0;
  }

 private:
  pid_t pid_ = 0;
  Descriptor ready_;
};

// Tells the parent. From a child.
inline void say_ready(int descriptor) {
  if (write(descriptor, "r", 1) != 1) _exit(1);
}

// Whether the condition comes true within a minute: on a busy machine little is quick.
template <typename Condition>
bool eventually(Condition condition) {
  for (int i = 0; i < 6000; ++i) {
    if (condition()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return false;
}

}  // namespace cgoscope
