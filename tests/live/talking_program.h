// A program that a live test runs and talks to.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

namespace cgoscope {

// Ends with the test. Its standard error is ours.
class TalkingProgram {
 public:
  // Of the program's path and its arguments. With `gate`, it stands still before its execve until
  // open_gate().
  explicit TalkingProgram(std::vector<std::string> arguments, bool gate = false) {
    std::vector<char*> words;
    for (std::string& argument : arguments) words.push_back(argument.data());
    words.push_back(nullptr);
    int to[2];
    int from[2];
    int gate_ends[2];
    if (pipe2(to, O_CLOEXEC) != 0 || pipe2(from, O_CLOEXEC) != 0 ||
        pipe2(gate_ends, O_CLOEXEC) != 0)
      abort();
    pid_ = fork();
    if (pid_ == 0) {
      dup2(to[0], 0);
      dup2(from[1], 1);
      char byte = 0;
      if (gate && read(gate_ends[0], &byte, 1) != 1) _exit(126);
      execv(words[0], words.data());
      _exit(127);
    }
    ::close(to[0]);
    ::close(from[1]);
    ::close(gate_ends[0]);
    in_ = fdopen(to[1], "w");
    out_ = fdopen(from[0], "r");
    gate_ = gate_ends[1];
    setvbuf(in_, nullptr, _IONBF, 0);
  }
  TalkingProgram(const TalkingProgram&) = delete;
  TalkingProgram& operator=(const TalkingProgram&) = delete;
  ~TalkingProgram() {
    fclose(out_);
    fclose(in_);
    ::close(gate_);
    if (!ended_) {
      kill(pid_, SIGKILL);
      waitpid(pid_, nullptr, 0);
    }
  }

  pid_t pid() const { return pid_; }
  void open_gate() { EXPECT_EQ(write(gate_, "x", 1), 1); }
  void say_go() { fputs("go\n", in_); }
  // Reads lines until `line`; false when the program ended before.
  bool wait_for(const std::string& line) {
    char buffer[256];
    while (fgets(buffer, sizeof(buffer), out_) != nullptr) {
      last_ = std::exchange(current_, std::string(buffer));
      if (current_ == line + "\n") return true;
    }
    return false;
  }
  // The line before the one that was waited for.
  const std::string& line_before() const { return last_; }
  bool alive() const { return kill(pid_, 0) == 0; }
  int wait_for_end() {
    int status = 0;
    waitpid(pid_, &status, 0);
    ended_ = true;
    return status;
  }

 private:
  pid_t pid_ = 0;
  FILE* in_ = nullptr;
  FILE* out_ = nullptr;
  int gate_ = -1;
  bool ended_ = false;
  std::string current_, last_;
};

}  // namespace cgoscope
