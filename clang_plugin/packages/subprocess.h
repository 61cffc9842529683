// Runs the few programs the lint asks: go, pkg-config and git.
#pragma once

#include <string>
#include <vector>

#include "findings/result.h"

namespace cgoscope {

struct ProcessOutput {
  int status = 0;  // exit status; 128 + signal when a signal ended it
  std::string out;
  std::string err;
};

// The absolute path of `program` in PATH, or "" when it is not there. Relative entries of PATH are
// passed over, as Go's own os/exec does: the directories we work in hold other people's files. A
// name with a slash is taken as a path.
std::string find_program(const std::string& program);

// Runs arguments[0], as find_program finds it, in `directory`, with `environment` added to ours
// ("NAME=value") or taken out of it ("NAME"), and standard input empty. Fails when the program
// cannot be started, or prints over 256 MiB, or runs over `timeout_s` seconds (it is killed then,
// with its process group).
Result<ProcessOutput> run_process(const std::vector<std::string>& arguments,
                                  const std::string& directory,
                                  const std::vector<std::string>& environment, int timeout_s);

}  // namespace cgoscope
