#include "tests/live/program.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <thread>

#include "tests/go_program.h"

namespace cgoscope {

Program::Program(const std::vector<std::string>& arguments, bool keep_output) {
  std::array<int, 2> out{}, err{};
  if (pipe2(out.data(), O_CLOEXEC) != 0 || pipe2(err.data(), O_CLOEXEC) != 0) return;
  pid_ = fork();
  if (pid_ == 0) {
    const int null = open("/dev/null", O_RDWR);
    dup2(null, STDIN_FILENO);
    dup2(keep_output ? out[1] : null, STDOUT_FILENO);
    dup2(keep_output ? err[1] : null, STDERR_FILENO);
    std::vector<char*> argv;
    for (const std::string& argument : arguments)
      argv.push_back(const_cast<char*>(argument.c_str()));
    argv.push_back(nullptr);
    execvp(argv[0], argv.data());
    _exit(127);
  }
  close(out[1]);
  close(err[1]);
  out_ = out[0];
  err_ = err[0];
}

Program::~Program() {
  if (!reaped_ && pid_ > 0) {
    kill(pid_, SIGKILL);
    waitpid(pid_, &wait_status_, 0);
  }
  close(out_);
  close(err_);
}

bool Program::running() {
  if (!reaped_ && pid_ > 0 && waitpid(pid_, &wait_status_, WNOHANG) == pid_) reaped_ = true;
  return pid_ > 0 && !reaped_;
}

void Program::send(int signal) const {
  if (!reaped_ && pid_ > 0) kill(pid_, signal);
}

Ended Program::wait(int timeout_ms) {
  Ended ended;
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds(timeout_ms);
  std::array<pollfd, 2> fds = {{{out_, POLLIN, 0}, {err_, POLLIN, 0}}};
  std::array<std::string*, 2> texts = {&ended.out, &ended.err};
  while (fds[0].fd >= 0 || fds[1].fd >= 0) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        deadline - std::chrono::steady_clock::now());
    if (left.count() <= 0) {
      ended.timed_out = true;
      send(SIGKILL);
      break;
    }
    if (poll(fds.data(), fds.size(), static_cast<int>(left.count())) < 0 && errno != EINTR) break;
    for (size_t i = 0; i < fds.size(); ++i) {
      if (fds[i].fd < 0 || fds[i].revents == 0) continue;
      std::array<char, 65536> buffer{};
      const ssize_t bytes = read(fds[i].fd, buffer.data(), buffer.size());
      if (bytes > 0) {
        texts[i]->append(buffer.data(), static_cast<size_t>(bytes));
      } else {
        fds[i].fd = -1;
      }
    }
  }
  if (!reaped_ && pid_ > 0 && waitpid(pid_, &wait_status_, 0) == pid_) reaped_ = true;
  if (WIFEXITED(wait_status_)) ended.status = WEXITSTATUS(wait_status_);
  return ended;
}

std::string build_name(Build build) {
  switch (build) {
    case Build::kPlain:
      return "plain";
    case Build::kStripped:
      return "stripped";
    case Build::kPie:
      return "pie";
    case Build::kStrippedPie:
      break;
  }
  return "stripped_pie";
}

std::string built(const GoToolchain& toolchain, const std::filesystem::path& module,
                  const std::string& package, Build build) {
  GoProgram program{.name = module.filename().string() + "-" + package + "-" + build_name(build),
                    .folder = module.string(),
                    .package = package};
  if (build == Build::kStripped || build == Build::kStrippedPie)
    program.options.emplace_back("-ldflags=-s -w");
  if (build == Build::kPie || build == Build::kStrippedPie)
    program.options.emplace_back("-buildmode=pie");
  const Result<std::string> path = build_go_program(toolchain, program);
  if (!path) ADD_FAILURE() << path.error().message();
  return path ? *path : "";
}

std::string why_not_attachable(const std::string& cgoscope) {
  static const Ended kDoctor = Program({cgoscope, "doctor"}).wait(60'000);
  return kDoctor.status == 0 ? "" : kDoctor.out + kDoctor.err;
}

int line_of(const std::filesystem::path& file, const std::string& text) {
  std::ifstream in(file);
  int number = 0;
  for (std::string line; std::getline(in, line);) {
    ++number;
    if (line.find(text) != std::string::npos) return number;
  }
  return 0;
}

}  // namespace cgoscope
