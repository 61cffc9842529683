// What the lint costs, against Clang's own front end on the same translation units, measured in one
// run on the machine at hand.
//
//   lint_bench LINT CLANG [DIRECTORY…]
//
// LINT and CLANG are the programs to compare. Each DIRECTORY is a package to measure on; without
// any, packages are made up. Numbers are CPU seconds (user and system) of whole processes with
// their children (go list, pkg-config), and wall-clock seconds where jobs are compared; each is the
// least of three runs. Nothing is asserted: the goals are printed beside what was measured.
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <functional>
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

// Runs a program three times, its output dropped, and keeps the cheapest. `prepare` comes before
// each run and is not counted.
Cost measure(
    const std::vector<std::string>& arguments, int runs = 3,
    const std::function<void()>& prepare = [] {}) {
  Cost best;
  std::fflush(nullptr);  // or the child writes it too
  for (int run = 0; run < runs; ++run) {
    prepare();
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
                                      const std::vector<std::string>& directories, int jobs,
                                      const std::string& cache = "off") {
  std::vector<std::string> command = {lint,      "--format", "json", "-j", std::to_string(jobs),
                                      "--cache", cache};
  command.insert(command.end(), directories.begin(), directories.end());
  return command;
}

// Clang's command lines for the units of `packages`: preambles are written out below `scratch`.
std::vector<std::vector<std::string>> clang_commands(const std::string& clang,
                                                     const std::vector<cgoscope::Package>& packages,
                                                     const fs::path& scratch) {
  std::vector<std::vector<std::string>> commands;
  for (const cgoscope::Package& package : packages) {
    for (cgoscope::SourceUnit unit : cgoscope::source_units(package)) {
      if (unit.is_preamble) {
        const fs::path text = scratch / ("preamble" + std::to_string(commands.size()) + ".c");
        std::ofstream(text) << unit.text;
        unit.main_file = text;
      }
      commands.push_back(cgoscope::clang_arguments(unit));
      commands.back()[0] = clang;
    }
  }
  return commands;
}

// All commands one after the other, three times; the cheapest time round.
Cost measure_all(const std::vector<std::vector<std::string>>& commands) {
  Cost best;
  for (int run = 0; run < 3; ++run) {
    Cost sum = {0, 0, 0};
    for (const std::vector<std::string>& command : commands) {
      const Cost one = measure(command, 1);
      sum.cpu_s += one.cpu_s;
      sum.wall_s += one.wall_s;
      sum.peak_kib = std::max(sum.peak_kib, one.peak_kib);
    }
    best.cpu_s = std::min(best.cpu_s, sum.cpu_s);
    best.wall_s = std::min(best.wall_s, sum.wall_s);
    best.peak_kib = std::max(best.peak_kib, sum.peak_kib);
  }
  return best;
}

void print_row(const char* what, const Cost& cost, const std::string& remark) {
  std::printf("  %-38s %8.2f s CPU %8.2f s wall %5ld MiB peak   %s\n", what, cost.cpu_s,
              cost.wall_s, cost.peak_kib / 1024, remark.c_str());
}

std::string ratio(double value, const char* of, const char* goal) {
  std::array<char, 100> text{};
  std::snprintf(text.data(), text.size(), "%.2f times %s (goal: %s)", value, of, goal);
  return text.data();
}

// A module of `count` packages in `root`, for `go list` where there is a go command.
void make_module(const fs::path& root, int count) {
  for (int i = 0; i < count; ++i) make_package(root / ("p" + std::to_string(i)), i);
  std::ofstream(root / "go.mod") << "module example.org/bench\n\ngo 1.19\n";
}

uintmax_t bytes_below(const fs::path& folder) {
  uintmax_t bytes = 0;
  for (const auto& entry : fs::recursive_directory_iterator(folder))
    bytes += entry.is_regular_file() ? entry.file_size() : 0;
  return bytes;
}

// What the cache saves on `patterns`, and what it costs to fill. `change` changes one file.
void print_cache(const std::string& lint, const std::vector<std::string>& patterns,
                 const fs::path& scratch, const std::function<void()>& change) {
  const fs::path cache = scratch / "cache";
  const auto of_cold = [](const Cost& cost, const Cost& cold, const char* goal) {
    return ratio(cost.cpu_s / cold.cpu_s, "the CPU of the cold run", goal) + ", " +
           ratio(cost.wall_s / cold.wall_s, "its time", goal);
  };
  const Cost without = measure(lint_command(lint, patterns, 2));
  print_row("without a cache", without, "");
  const Cost cold =
      measure(lint_command(lint, patterns, 2, cache), 3, [&] { fs::remove_all(cache); });
  print_row("cold", cold,
            ratio(cold.cpu_s / without.cpu_s, "the CPU without", "at most 1.05") + ", " +
                std::to_string(bytes_below(cache) / 1024) + " KiB kept");
  const Cost warm = measure(lint_command(lint, patterns, 2, cache));
  print_row("warm", warm, of_cold(warm, cold, "at most 0.10"));
  if (!change) return;
  const Cost changed = measure(lint_command(lint, patterns, 2, cache), 3, change);
  print_row("one file changed", changed, of_cold(changed, cold, "a little over the warm run"));
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) {
    std::fprintf(stderr, "usage: lint_bench LINT CLANG [DIRECTORY...]\n");
    return 2;
  }
  const std::string lint = fs::absolute(argv[1]), clang = argv[2];
  const fs::path scratch = fs::temp_directory_path() / ("lint_bench." + std::to_string(getpid()));
  fs::create_directories(scratch);
  std::vector<std::string> directories(argv + 3, argv + argc);
  if (directories.empty()) {
    make_module(scratch / "many", 100);
    for (int i = 0; i < 100; ++i)
      directories.push_back(scratch / "many" / ("p" + std::to_string(i)));
  }
  auto listed = cgoscope::list_packages({directories, {}});
  if (!listed) {
    std::fprintf(stderr, "lint_bench: %s\n", listed.error().message().c_str());
    return 1;
  }
  const auto commands = clang_commands(clang, listed->packages, scratch);
  std::printf("%zu packages, %zu translation units\n", listed->packages.size(), commands.size());
  const Cost front_end = measure_all(commands);
  print_row("clang -fsyntax-only, a process a unit", front_end, "");
  const Cost one = measure(lint_command(lint, directories, 1));
  print_row("cgoscope-lint -j 1", one,
            ratio(one.cpu_s / front_end.cpu_s, "its CPU", "at most 1.3"));
  const Cost two = measure(lint_command(lint, directories, 2));
  print_row("cgoscope-lint -j 2", two,
            ratio(one.wall_s / two.wall_s, "the speed of one job", "at least 1.6"));

  std::printf("the cache, -j 2, ./... of a module of 300 packages\n");
  const fs::path root = scratch / "kept";
  make_module(root, 300);
  print_cache(lint, {root.string() + "/..."}, scratch, [&] {
    std::ofstream(root / "p7" / "work.c", std::ios::app) << "static int one_more;\n";
  });
  if (argc > 3) {
    std::printf("the cache, -j 2, the folders named\n");
    print_cache(lint, directories, scratch, nullptr);
  }

  std::printf("how it grows, -j 2, ./... of a module\n");
  for (const int count : {1, 10, 100, 1000}) {
    const fs::path root = scratch / ("grow" + std::to_string(count));
    make_module(root, count);
    const Cost cost =
        measure(lint_command(lint, {root.string() + "/..."}, 2), count >= 1000 ? 1 : 3);
    std::array<char, 40> remark{};
    std::snprintf(remark.data(), remark.size(), "%.2f ms CPU a package", cost.cpu_s * 1000 / count);
    print_row((std::to_string(count) + " packages").c_str(), cost, remark.data());
  }
  fs::remove_all(scratch);
  return 0;
}
