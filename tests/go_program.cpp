#include "tests/go_program.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "tests/memory_file.h"

namespace cgoscope {
namespace {

std::string quoted(const std::string& text) {
  std::string result = "'";
  for (const char byte : text) {
    if (byte == '\'') {
      result += "'\\''";
    } else {
      result += byte;
    }
  }
  return result + "'";
}

void write_file(const std::filesystem::path& path, const std::string& text) {
  std::ofstream(path, std::ios::binary) << text;
}

// Tests run side by side, and may want the same program.
class Lock {
 public:
  explicit Lock(const std::filesystem::path& path)
      : fd_(open(path.c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0600)) {
    if (fd_ >= 0) flock(fd_, LOCK_EX);
  }
  Lock(const Lock&) = delete;
  Lock& operator=(const Lock&) = delete;
  ~Lock() {
    if (fd_ >= 0) close(fd_);
  }

 private:
  int fd_;
};

}  // namespace

std::string contents_of(const std::filesystem::path& path) {
  std::stringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

Result<std::string> go_line(const GoToolchain& toolchain) {
  const Result<std::string> version = output_of({toolchain.go(), "env", "GOVERSION"});
  if (!version) return version.error();
  const size_t minor = version->find('.') + 1;  // "go1.24.4\n"
  if (version->rfind("go1.", 0) != 0) return Error{"no release of Go", *version, ""};
  return "1." + version->substr(minor, version->find_first_not_of("0123456789", minor) - minor);
}

Result<std::string> output_of(const std::vector<std::string>& arguments, const std::string& input) {
  const MemoryFile file(input);
  std::string command;
  for (const std::string& argument : arguments) command += quoted(argument) + " ";
  // The shell opens the file by our number, since its own descriptors are others.
  command += "2>&1 </proc/" + std::to_string(getpid()) + file.path().substr(strlen("/proc/self"));
  FILE* pipe = popen(command.c_str(), "re");
  if (pipe == nullptr) return Error{"cannot run " + arguments[0], std::strerror(errno), ""};
  std::string output;
  std::array<char, 65536> part{};
  for (size_t size = 0; (size = fread(part.data(), 1, part.size(), pipe)) > 0;)
    output.append(part.data(), size);
  const int status = pclose(pipe);
  if (status != 0) {
    return Error{
        command,
        "it ended with status " + std::to_string(WIFEXITED(status) ? WEXITSTATUS(status) : status),
        output};
  }
  return output;
}

Result<std::string> build_go_program(const GoToolchain& toolchain, const GoProgram& program) {
  namespace fs = std::filesystem;
  const std::string toolchain_name =
      toolchain.root.empty() ? "in_PATH" : fs::path(toolchain.root).lexically_normal().filename();
  const fs::path folder = fs::path(GO_PROGRAMS_FOLDER) / toolchain_name / program.name;
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) return Error{"cannot make the folder " + folder.string(), error.message(), ""};
  const Lock lock(folder / "lock");

  const fs::path executable = folder / program.name;
  std::vector<std::string> command = {"env",
                                      "-C",
                                      program.folder.empty() ? folder.string() : program.folder,
                                      "GOFLAGS=-mod=mod -buildvcs=false",
                                      "GOTOOLCHAIN=local",
                                      "GOWORK=off",
                                      "GO111MODULE=on",
                                      "CGO_ENABLED=1"};
  command.insert(command.end(), program.environment.begin(), program.environment.end());
  command.insert(command.end(), {toolchain.go(), "build", "-o", executable.string()});
  command.insert(command.end(), program.options.begin(), program.options.end());
  if (!program.folder.empty()) {  // whether anything has changed there, Go knows
    command.push_back("./" + program.package);
    const Result<std::string> output = output_of(command);
    if (!output) return output.error();
    return executable.string();
  }

  std::string made_of = toolchain.root + "\n" + program.go_version + "\n";
  for (const std::string& option : program.options) made_of += option + "\n";
  for (const std::string& variable : program.environment) made_of += variable + "\n";
  made_of += program.source;
  if (fs::exists(executable) && contents_of(folder / "made_of") == made_of)
    return executable.string();

  write_file(folder / "main.go", program.source);
  write_file(folder / "go.mod",
             "module example.org/" + program.name + "\n\ngo " + program.go_version + "\n");
  const Result<std::string> output = output_of(command);
  if (!output) return output.error();
  write_file(folder / "made_of", made_of);
  return executable.string();
}

}  // namespace cgoscope
