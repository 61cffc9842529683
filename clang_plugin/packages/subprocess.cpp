// A child that writes to two pipes blocks when either is full, so both are read as data comes. The
// end of a pipe is not the end of the child, nor the other way round: a program may leave a daemon
// behind that keeps the pipe open for ever. So the child's death, seen in a lull, ends the reading
// too.
#include "clang_plugin/packages/subprocess.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <map>
#include <optional>
#include <string_view>
#include <utility>

#include "findings/descriptor.h"

namespace cgoscope {
namespace {

constexpr size_t kMaxOutputBytes = 256u << 20;
constexpr int kLullMs = 100;

struct Pipe {
  Descriptor read_end;
  Descriptor write_end;
};

bool open_pipe(Pipe& pipe) {
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) return false;
  pipe = {Descriptor(ends[0]), Descriptor(ends[1])};
  return true;
}

// Everything the child needs, made before the fork: afterwards only async-signal-safe calls are
// allowed, since other threads may hold the allocator's lock.
struct Launch {
  const char* program;
  const char* directory;
  char* const* arguments;
  char* const* environment;
  int null_input;
  int output;
  int errors;
  int failure;  // takes errno when there is no program to run
  pid_t parent;
};

[[noreturn]] void become(const Launch& launch) {
  setpgid(0, 0);
  // Ctrl-C reaches only our own process group; this ends the child with us all the same.
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != launch.parent) _exit(127);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  signal(SIGPIPE, SIG_DFL);
  if (dup2(launch.null_input, 0) >= 0 && dup2(launch.output, 1) >= 0 &&
      dup2(launch.errors, 2) >= 0 && chdir(launch.directory) == 0) {
    execve(launch.program, launch.arguments, launch.environment);
  }
  const int error = errno;
  [[maybe_unused]] const ssize_t written = write(launch.failure, &error, sizeof error);
  _exit(127);
}

std::vector<char*> pointers_to(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  pointers.reserve(texts.size() + 1);
  for (std::string& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

// Ours with `additions` in place of what has the same name (of a name that stands there twice,
// programs disagree which counts), and without those that are a name alone.
std::vector<std::string> merged_environment(const std::vector<std::string>& additions) {
  std::map<std::string, std::string> by_name;
  const auto add = [&](const std::string& entry) {
    by_name[entry.substr(0, entry.find('='))] = entry;
  };
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) add(*entry);
  for (const std::string& entry : additions) {
    if (entry.find('=') == entry.npos) {
      by_name.erase(entry);
    } else {
      add(entry);
    }
  }
  std::vector<std::string> environment;
  environment.reserve(by_name.size());
  for (auto& [name, entry] : by_name) environment.push_back(std::move(entry));
  return environment;
}

enum class ReadEnd { kEnded, kTooMuch, kTimeout };

// Reads both pipes until they end, the limit or the deadline is reached, or the child is dead and
// has nothing more to say; `status` is set when the child was reaped on the way.
ReadEnd read_both(Pipe& out, Pipe& err, pid_t child, int timeout_s, ProcessOutput& output,
                  std::optional<int>& status) {
  using Clock = std::chrono::steady_clock;
  const Clock::time_point deadline = Clock::now() + std::chrono::seconds(timeout_s);
  std::array<char, 1 << 16> buffer;
  while (out.read_end.get() >= 0 || err.read_end.get() >= 0) {
    if (Clock::now() >= deadline) return ReadEnd::kTimeout;
    std::array<pollfd, 2> polled = {pollfd{out.read_end.get(), POLLIN, 0},
                                    pollfd{err.read_end.get(), POLLIN, 0}};
    const int ready = poll(polled.data(), polled.size(), kLullMs);
    if (ready == 0) {
      if (status) return ReadEnd::kEnded;
      int raw = 0;
      if (waitpid(child, &raw, WNOHANG) == child) status = raw;
      continue;
    }
    for (size_t i = 0; ready > 0 && i < polled.size(); ++i) {
      if (polled[i].revents == 0) continue;
      const ssize_t got = read(polled[i].fd, buffer.data(), buffer.size());
      if (got > 0) {
        (i == 0 ? output.out : output.err).append(buffer.data(), static_cast<size_t>(got));
      } else if (got == 0 || errno != EINTR) {
        (i == 0 ? out : err).read_end.reset();
      }
    }
    if (output.out.size() + output.err.size() > kMaxOutputBytes) return ReadEnd::kTooMuch;
  }
  return ReadEnd::kEnded;
}

// Waits for a child whose pipes have ended, at most until the deadline.
bool reap(pid_t child, int timeout_s, int& raw) {
  for (int waited_ms = 0; waited_ms <= timeout_s * 1000; waited_ms += 5) {
    const pid_t reaped = waitpid(child, &raw, WNOHANG);
    if (reaped == child || (reaped < 0 && errno != EINTR)) return true;
    poll(nullptr, 0, 5);
  }
  return false;
}

}  // namespace

std::string find_program(const std::string& program) {
  namespace fs = std::filesystem;
  std::error_code ignored;
  if (program.find('/') != std::string::npos) {
    return access(program.c_str(), X_OK) == 0 ? fs::absolute(program, ignored).string() : "";
  }
  const char* path = std::getenv("PATH");
  std::string_view rest = path == nullptr ? "/usr/local/bin:/usr/bin:/bin" : path;
  while (!program.empty() && !rest.empty()) {
    const std::string_view entry = rest.substr(0, rest.find(':'));
    rest.remove_prefix(std::min(rest.size(), entry.size() + 1));
    if (!entry.starts_with('/')) continue;
    const std::string candidate = std::string(entry) + "/" + program;
    if (fs::is_regular_file(candidate, ignored) && access(candidate.c_str(), X_OK) == 0) {
      return candidate;
    }
  }
  return "";
}

Result<ProcessOutput> run_process(const std::vector<std::string>& arguments,
                                  const std::string& directory,
                                  const std::vector<std::string>& environment, int timeout_s) {
  const std::string what = "cannot run " + (arguments.empty() ? "nothing" : arguments[0]);
  const std::string program = arguments.empty() ? "" : find_program(arguments[0]);
  if (program.empty()) return Error{what, "no such program in PATH", "install it or extend PATH"};

  Pipe out, err, failure;
  const Descriptor null_input(open("/dev/null", O_RDONLY | O_CLOEXEC));
  if (null_input.get() < 0 || !open_pipe(out) || !open_pipe(err) || !open_pipe(failure)) {
    return Error{what, std::strerror(errno), ""};
  }
  std::vector<std::string> words = arguments;
  std::vector<std::string> variables = merged_environment(environment);
  const std::vector<char*> word_pointers = pointers_to(words);
  const std::vector<char*> variable_pointers = pointers_to(variables);
  const std::string where = directory.empty() ? "." : directory;
  const Launch launch = {program.c_str(),          where.c_str(),           word_pointers.data(),
                         variable_pointers.data(), null_input.get(),        out.write_end.get(),
                         err.write_end.get(),      failure.write_end.get(), getpid()};

  const pid_t child = fork();
  if (child < 0) return Error{what, std::strerror(errno), ""};
  if (child == 0) become(launch);
  setpgid(child, child);  // the child does the same; whoever comes first
  out.write_end.reset();
  err.write_end.reset();
  failure.write_end.reset();

  int raw = 0;
  int exec_error = 0;
  ssize_t got = 0;
  do {
    got = read(failure.read_end.get(), &exec_error, sizeof exec_error);
  } while (got < 0 && errno == EINTR);
  if (got == static_cast<ssize_t>(sizeof exec_error)) {
    while (waitpid(child, &raw, 0) < 0 && errno == EINTR) {
    }
    return Error{what + " in " + where, std::strerror(exec_error), ""};
  }

  ProcessOutput output;
  std::optional<int> status;
  ReadEnd end = read_both(out, err, child, timeout_s, output, status);
  if (status) raw = *status;
  if (end == ReadEnd::kEnded && !status && !reap(child, timeout_s, raw)) end = ReadEnd::kTimeout;
  if (end != ReadEnd::kEnded) {
    ::kill(-child, SIGKILL);
    while (!status && waitpid(child, &raw, 0) < 0 && errno == EINTR) {
    }
    if (end == ReadEnd::kTooMuch) return Error{what, "it printed over 256 MiB", ""};
    return Error{what, "no answer within " + std::to_string(timeout_s) + " s", ""};
  }
  output.status = WIFSIGNALED(raw) ? 128 + WTERMSIG(raw) : WEXITSTATUS(raw);
  return output;
}

}  // namespace cgoscope
