// Programs that live tests build, start and read.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string>
#include <vector>

#include "tests/go_toolchains.h"

namespace cgoscope {

struct Ended {
  bool timed_out = false;
  int status = -1;  // exit status; -1 when a signal ended it
  std::string out;  // standard output
  std::string err;  // standard error
};

// A child with its output in pipes. It is killed and reaped at the end of its life, at the latest.
class Program {
 public:
  explicit Program(const std::vector<std::string>& arguments, bool keep_output = true);
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;
  ~Program();

  pid_t pid() const { return pid_; }
  bool running();
  void send(int signal) const;
  // Reads to the end of its output; kills it after the timeout.
  Ended wait(int timeout_ms);

 private:
  pid_t pid_ = -1;
  int out_ = -1, err_ = -1;
  int wait_status_ = 0;
  bool reaped_ = false;
};

// How a Go program is built.
enum class Build { kPlain, kStripped, kPie, kStrippedPie };
std::string build_name(Build build);

// The executable of package `package` in module folder `module`; "" and a test failure when it
// cannot be built.
std::string built(const GoToolchain& toolchain, const std::filesystem::path& module,
                  const std::string& package, Build build);

// Why the probe cannot attach here, as `cgoscope doctor` says it; "" when it can.
std::string why_not_attachable(const std::string& cgoscope);

// The 1-based number of the first line of the file that contains `text`; 0 when none does.
int line_of(const std::filesystem::path& file, const std::string& text);

}  // namespace cgoscope
