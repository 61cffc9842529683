// What the lint costs, against Clang's own front end on the same translation units, measured in one
// run on the machine at hand.
//
//   lint_bench LINT CLANG [DIRECTORY…]
//
// LINT and CLANG are the programs to compare. Each DIRECTORY is a package to measure on; without
// any, packages are made up. Numbers are CPU seconds (user and system) of whole processes, and
// wall-clock seconds where jobs are compared; each is the least of three runs.
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "clang_plugin/packages/go_list.h"
#include "clang_plugin/source_units.h"

namespace {

namespace fs = std::filesystem;

struct Cost {
  double cpu_s = 1e9, wall_s = 1e9;
  long peak_kib = 0;
};

// Runs a program three times, its output dropped, and keeps the cheapest.
Cost measure(const std::vector<std::string>& arguments, int runs = 3) {
  Cost best;
  for (int run = 0; run < runs; ++run) {
    const auto start = std::chrono::steady_clock::now();
    const pid_t pid = fork();
    if (pid == 0) {
      if (!std::freopen("/dev/null", "w", stdout) || !std::freopen("/dev/null", "w", stderr))
        _exit(126);
      std::vector<char*> argv;
      for (const std::string& argument : arguments)
        argv.push_back(const_cast<char*>(argument.c_str()));
      argv.push_back(nullptr);
      execvp(argv[0], argv.data());
      _exit(127);
    }
    int status = 0;
    rusage usage{};
    wait4(pid, &status, 0, &usage);
    if (!WIFEXITED(status) || WEXITSTATUS(status) >= 126 || WEXITSTATUS(status) == 3) {
      std::fprintf(stderr, "lint_bench: %s failed\n", arguments[0].c_str());
      std::exit(1);
    }
    const std::chrono::duration<double> wall = std::chrono::steady_clock::now() - start;
    const auto seconds = [](const timeval& t) {
      return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
    };
    best.cpu_s = std::min(best.cpu_s, seconds(usage.ru_utime) + seconds(usage.ru_stime));
    best.wall_s = std::min(best.wall_s, wall.count());
    best.peak_kib = std::max(best.peak_kib, usage.ru_maxrss);
  }
  return best;
}

// A package like many: a preamble with helpers over system headers, and a C file beside it.
void make_package(const fs::path& directory, int number) {
  fs::create_directories(directory);
  std::ofstream(directory / "p.go")
      << "package p\n\n/*\n#include <stdio.h>\n#include <stdlib.h>\n#include <string.h>\n#include "
         "<sys/socket.h>\n"
         "#include <poll.h>\n#include <pthread.h>\n#include <unistd.h>\nint work(int n);\n"
         "static int wait_for(int fd, int ms) {\n\tstruct pollfd p = {fd, POLLIN, 0};\n"
         "\treturn poll(&p, 1, ms);\n}\n*/\nimport \"C\"\n\nfunc F(fd int) int {\n\tif "
         "C.wait_for(C.int(fd), "
      << number << ") < 0 {\n\t\treturn -1\n\t}\n\treturn int(C.work(C.int(fd)))\n}\n";
  std::ofstream c(directory / "work.c");
  c << "#include <stdio.h>\n#include <stdlib.h>\n#include <string.h>\n#include <unistd.h>\n";
  for (int i = 0; i < 40; ++i) {
    c << "static int step" << i
      << "(int n) {\n\tint sum = 0;\n\tfor (int i = 0; i < n; i++) sum += i % " << i + 2
      << ";\n\tif (sum > 100) usleep(10);\n\treturn sum;\n}\n";
  }
  c << "int work(int n) {\n\tint sum = 0;\n";
  for (int i = 0; i < 40; ++i) c << "\tsum += step" << i << "(n);\n";
  c << "\treturn sum;\n}\n";
}

std::vector<std::string> lint_command(const std::string& lint,
                                      const std::vector<std::string>& directories, int jobs) {
  std::vector<std::string> command = {lint, "--format", "json", "-j", std::to_string(jobs)};
  command.insert(command.end(), directories.begin(), directories.end());
  return command;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) {
    std::fprintf(stderr, "usage: lint_bench LINT CLANG [DIRECTORY...]\n");
    return 2;
  }
  const std::string lint = fs::absolute(argv[1]), clang = argv[2];
  const fs::path scratch = fs::temp_directory_path() / ("lint_bench." + std::to_string(getpid()));
  std::vector<std::string> directories(argv + 3, argv + argc);
  if (directories.empty()) {
    for (int i = 0; i < 100; ++i) {
      make_package(scratch / "many" / ("p" + std::to_string(i)), i);
      directories.push_back(scratch / "many" / ("p" + std::to_string(i)));
    }
  }
  auto listed = cgoscope::list_packages({directories, {}});
  if (!listed) {
    std::fprintf(stderr, "lint_bench: %s\n", listed.error().message().c_str());
    return 1;
  }
  // The same units for Clang: preambles written out, flags as they are.
  double clang_cpu_s = 0;
  long clang_peak_kib = 0;
  int units = 0;
  fs::create_directories(scratch);
  for (const cgoscope::Package& package : listed->packages) {
    for (cgoscope::SourceUnit unit : cgoscope::source_units(package)) {
      if (unit.is_preamble) {
        const fs::path text = scratch / "preamble.c";
        std::ofstream(text) << unit.text;
        unit.flags.push_back("-I" + package.directory);
        unit.main_file = text;
      }
      std::vector<std::string> command = cgoscope::clang_arguments(unit);
      command[0] = clang;
      const Cost cost = measure(command, 1);
      clang_cpu_s += cost.cpu_s;
      clang_peak_kib = std::max(clang_peak_kib, cost.peak_kib);
      ++units;
    }
  }
  const Cost one = measure(lint_command(lint, directories, 1));
  const Cost two = measure(lint_command(lint, directories, 2));
  std::printf("%zu packages, %d translation units\n", listed->packages.size(), units);
  std::printf("  clang -fsyntax-only, one process a unit   %7.2f s CPU  peak %4ld MiB\n",
              clang_cpu_s, clang_peak_kib / 1024);
  std::printf(
      "  cgoscope-lint -j 1                        %7.2f s CPU  peak %4ld MiB  %5.2f times clang\n",
      one.cpu_s, one.peak_kib / 1024, one.cpu_s / clang_cpu_s);
  std::printf(
      "  cgoscope-lint -j 2                        %7.2f s CPU  peak %4ld MiB  wall %.2f s against "
      "%.2f s: %.2f times one job\n",
      two.cpu_s, two.peak_kib / 1024, two.wall_s, one.wall_s, one.wall_s / two.wall_s);
  std::printf("how it grows:\n");
  for (const int count : {1, 10, 100, 1000}) {
    std::vector<std::string> grown;
    for (int i = 0; i < count; ++i) {
      const fs::path directory = scratch / "grow" / ("p" + std::to_string(i));
      if (!fs::exists(directory)) make_package(directory, i);
      grown.push_back(directory);
    }
    const Cost cost = measure(lint_command(lint, grown, 2), count >= 1000 ? 1 : 3);
    std::printf(
        "  %4d packages  %7.2f s wall  %7.2f s CPU  %6.2f ms CPU a package  peak %4ld MiB\n", count,
        cost.wall_s, cost.cpu_s, cost.cpu_s * 1000 / count, cost.peak_kib / 1024);
  }
  fs::remove_all(scratch);
  return 0;
}
