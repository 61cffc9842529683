// cgoscope-lint as it is installed: answers go vet where that needs no Clang, and else becomes the
// lint itself, which lies beside it in libexec/. Loading Clang's and LLVM's libraries takes some
// 30 ms, and go vet calls its tool for every package of the standard library that a program needs.
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <exception>
#include <filesystem>
#include <iostream>
#include <string>
#include <vector>

#include "clang_plugin/vet/vet_call.h"

int main(int argc, char** argv) {
  try {
    const std::vector<std::string> arguments(argv + std::min(argc, 1), argv + argc);
    if (const auto status = cgoscope::answer_without_clang(arguments))
      return static_cast<int>(*status);
    const std::filesystem::path self = std::filesystem::read_symlink("/proc/self/exe");
    const std::string lint =
        (self.parent_path().parent_path() / "libexec/cgoscope/cgoscope-lint").string();
    execv(lint.c_str(), argv);
    std::cerr << "cgoscope-lint: cannot run " << lint << ": " << std::strerror(errno)
              << " (install cgoscope as a whole)\n";
  } catch (const std::exception& error) {
    std::cerr << "cgoscope-lint: internal error: " << error.what()
              << " (please report it with the command line)\n";
  }
  return static_cast<int>(cgoscope::VetStatus::kNothingDone);
}
