// Between fork and execve only async-signal-safe calls are allowed, since other threads of ours may
// hold the allocator's lock; so all that the child needs is made before. It must not run our signal
// handlers either: all signals are blocked until it has taken them back.
#include "probe_cli/process/command.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "probe_cli/process/proc_file.h"

namespace cgoscope {
namespace {

struct Launch {
  const char* program;
  char* const* arguments;
  int gate;
  int exec_status;
};

// Signals that we catch and SIGPIPE as they were at first, and none blocked.
void take_back_signals() {
  for (int number = 1; number < NSIG; ++number) {
    struct sigaction action{};
    if (sigaction(number, nullptr, &action) != 0) continue;
    if (number != SIGPIPE && (action.sa_handler == SIG_IGN || action.sa_handler == SIG_DFL)) {
      continue;
    }
    action = {};
    action.sa_handler = SIG_DFL;
    sigaction(number, &action, nullptr);
  }
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
}

[[noreturn]] void become(const Launch& launch) {
  take_back_signals();
  char go = 0;
  ssize_t got = 0;
  do {
    got = read(launch.gate, &go, 1);
  } while (got < 0 && errno == EINTR);
  if (got != 1) _exit(127);  // who should have let us go is gone
  execve(launch.program, launch.arguments, environ);
  const int error = errno;
  [[maybe_unused]] const ssize_t written = write(launch.exec_status, &error, sizeof error);
  _exit(127);
}

// waitpid that a signal does not end.
pid_t wait_for(pid_t pid, int& raw, int flags) {
  pid_t reaped = 0;
  do {
    reaped = waitpid(pid, &raw, flags);
  } while (reaped < 0 && errno == EINTR);
  return reaped;
}

void collect_children_ourselves() {
  struct sigaction action{};
  if (sigaction(SIGCHLD, nullptr, &action) != 0) return;
  if (action.sa_handler != SIG_IGN && (action.sa_flags & SA_NOCLDWAIT) == 0) return;
  if (action.sa_handler == SIG_IGN) action.sa_handler = SIG_DFL;
  action.sa_flags &= ~SA_NOCLDWAIT;
  sigaction(SIGCHLD, &action, nullptr);
}

// 0, or why execve would refuse it.
int not_executable(const std::string& path) {
  struct stat file{};
  if (stat(path.c_str(), &file) != 0) return errno;
  if (!S_ISREG(file.st_mode)) return EACCES;
  return faccessat(AT_FDCWD, path.c_str(), X_OK, AT_EACCESS) == 0 ? 0 : errno;
}

}  // namespace

Result<std::string> find_executable(const std::string& name) {
  const std::string what = "cannot run " + (name.empty() ? "\"\"" : name);
  if (name.find('/') != name.npos) {
    const int error = not_executable(name);
    if (error == 0) return name;
    return Error{what, std::strerror(error),
                 error == EACCES ? "it must be a file with execute permission" : "check the path"};
  }
  const char* path = std::getenv("PATH");
  std::string_view rest = path == nullptr ? "/bin:/usr/bin" : path;
  std::string refused;
  while (!name.empty()) {
    const bool last = rest.find(':') == rest.npos;
    const std::string_view folder = take_until(rest, ':');
    // An empty entry is the current folder.
    const std::string candidate = (folder.empty() ? "." : std::string(folder)) + "/" + name;
    const int error = not_executable(candidate);
    if (error == 0) return candidate;
    if (error == EACCES && refused.empty()) refused = candidate;
    if (last) break;
  }
  if (!refused.empty()) {
    return Error{what, refused + " is not executable", "it must be a file with execute permission"};
  }
  return Error{what, "no such program in PATH",
               "install it, or give its path; for a process that runs: --name " + name};
}

Result<Command> Command::prepare(const std::vector<std::string>& arguments) {
  if (arguments.empty()) return Error{"cannot run the command", "none was given", ""};
  Result<std::string> executable = find_executable(arguments[0]);
  if (!executable) return executable.error();
  const std::string what = "cannot run " + arguments[0];

  std::array<int, 2> gate{};
  std::array<int, 2> status{};
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, gate.data()) != 0) {
    return Error{what, std::strerror(errno), ""};
  }
  Command command;
  command.gate_ = Descriptor(gate[0]);
  const Descriptor child_gate(gate[1]);
  if (pipe2(status.data(), O_CLOEXEC) != 0) return Error{what, std::strerror(errno), ""};
  command.exec_status_ = Descriptor(status[0]);
  const Descriptor child_status(status[1]);
  command.executable_ = *executable;

  std::vector<std::string> texts = arguments;
  std::vector<char*> words;
  words.reserve(texts.size() + 1);
  for (std::string& text : texts) words.push_back(text.data());
  words.push_back(nullptr);
  const Launch launch{executable->c_str(), words.data(), child_gate.get(), child_status.get()};

  collect_children_ourselves();
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  const pid_t child = fork();
  if (child == 0) {
    ::close(command.gate_.get());  // else the gate would not end with us
    become(launch);
  }
  const int error = errno;
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  if (child < 0) return Error{what, std::strerror(error), ""};
  command.pid_ = child;
  return command;
}

Command::Command(Command&& other) noexcept
    : pid_(std::exchange(other.pid_, 0)),
      executable_(std::move(other.executable_)),
      gate_(std::move(other.gate_)),
      exec_status_(std::move(other.exec_status_)),
      started_(other.started_),
      end_(other.end_) {}

Command& Command::operator=(Command&& other) noexcept {
  if (this == &other) return *this;
  abandon();
  pid_ = std::exchange(other.pid_, 0);
  executable_ = std::move(other.executable_);
  gate_ = std::move(other.gate_);
  exec_status_ = std::move(other.exec_status_);
  started_ = other.started_;
  end_ = other.end_;
  return *this;
}

Command::~Command() { abandon(); }

void Command::abandon() {
  if (pid_ == 0 || started_ || end_) return;
  kill(pid_, SIGKILL);
  int raw = 0;
  wait_for(pid_, raw, 0);
  pid_ = 0;
}

Result<bool> Command::start() {
  const std::string what = "cannot run " + executable_;
  if (pid_ == 0 || started_ || end_) return Error{what, "it was started before", ""};
  int error = 0;
  ssize_t got = -1;
  if (::send(gate_.get(), "g", 1, MSG_NOSIGNAL) == 1) {
    do {
      got = ::read(exec_status_.get(), &error, sizeof error);
    } while (got < 0 && errno == EINTR);
  }
  gate_.reset();
  exec_status_.reset();
  if (got == 0) {
    started_ = true;
    return true;
  }
  int raw = 0;
  wait_for(pid_, raw, 0);
  end_ = CommandEnd{WIFSIGNALED(raw), WIFSIGNALED(raw) ? WTERMSIG(raw) : WEXITSTATUS(raw)};
  if (got < 0) return Error{what, "the process was killed before it started", ""};
  return Error{what, std::strerror(error),
               error == ENOEXEC ? "a script needs a first line such as #!/bin/sh" : ""};
}

bool Command::in_our_group() const { return pid_ != 0 && !end_ && getpgid(pid_) == getpgrp(); }

void Command::send(int signal) const {
  if (pid_ != 0 && !end_) kill(pid_, signal);
}

std::optional<CommandEnd> Command::poll_end() {
  if (end_ || pid_ == 0) return end_;
  int raw = 0;
  const pid_t reaped = wait_for(pid_, raw, WNOHANG);
  if (reaped == pid_) {
    end_ = CommandEnd{WIFSIGNALED(raw), WIFSIGNALED(raw) ? WTERMSIG(raw) : WEXITSTATUS(raw)};
  } else if (reaped < 0) {
    end_ = CommandEnd{false, -1};
  }
  return end_;
}

}  // namespace cgoscope
