#include "tests/go_program.h"

#include <fcntl.h>
<<<<<<< HEAD
#include <spawn.h>
=======
>>>>>>> probe-go
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

<<<<<<< HEAD
#include <fstream>
#include <iterator>
=======
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "tests/memory_file.h"
>>>>>>> probe-go

namespace cgoscope {
namespace {

<<<<<<< HEAD
namespace fs = std::filesystem;

std::string contents_of(const fs::path& file) {
  std::ifstream stream(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

std::vector<char*> pointers_to(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (std::string& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

// Held by one process at a time.
class FolderLock {
 public:
  explicit FolderLock(const fs::path& folder)
      : fd_(open((folder / "lock").c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0644)) {
    if (fd_ >= 0) flock(fd_, LOCK_EX);
  }
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;
  ~FolderLock() {
=======
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

std::string contents_of(const std::filesystem::path& path) {
  std::stringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
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
>>>>>>> probe-go
    if (fd_ >= 0) close(fd_);
  }

 private:
  int fd_;
};

<<<<<<< HEAD
// What a program is made of; it is built again when that changes.
std::string recipe_of(const GoToolchain& toolchain, const fs::path& folder,
                      const GoProgramOptions& options) {
  std::string recipe = toolchain.go() + " " + go_version_of(toolchain) + "\n";
  for (const std::string& argument : options.arguments) recipe += argument + "\n";
  for (const std::string& variable : options.environment) recipe += variable + "\n";
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(folder)) files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  for (const fs::path& file : files) recipe += file.string() + "\n" + contents_of(file);
  return recipe;
}

}  // namespace

CommandResult run_command(const std::vector<std::string>& arguments,
                          const std::vector<std::string>& environment,
                          const std::string& directory) {
  CommandResult result;
  char out_name[] = "/tmp/cgoscope-test-out-XXXXXX";
  char err_name[] = "/tmp/cgoscope-test-err-XXXXXX";
  const int out = mkostemp(out_name, O_CLOEXEC);
  const int err = mkostemp(err_name, O_CLOEXEC);

  std::vector<std::string> words = arguments;
  std::vector<std::string> variables = environment;  // first, because the first counts
  for (char** variable = environ; *variable != nullptr; ++variable) {
    const std::string_view name =
        std::string_view(*variable).substr(0, std::string_view(*variable).find('=') + 1);
    if (std::none_of(environment.begin(), environment.end(),
                     [&](const std::string& set) { return set.starts_with(name); }))
      variables.emplace_back(*variable);
  }
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addchdir_np(&actions, directory.c_str());
  posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, out, 1);
  posix_spawn_file_actions_adddup2(&actions, err, 2);
  pid_t pid = -1;
  const int error = posix_spawnp(&pid, words.at(0).c_str(), &actions, nullptr,
                                 pointers_to(words).data(), pointers_to(variables).data());
  posix_spawn_file_actions_destroy(&actions);
  if (error != 0)
    result.status = 127 << 8;
  else
    waitpid(pid, &result.status, 0);
  result.out = contents_of(out_name);
  result.err = error != 0 ? words.at(0) + ": cannot be started" : contents_of(err_name);
  for (const int fd : {out, err}) close(fd);
  for (const char* name : {out_name, err_name}) unlink(name);
  return result;
}

std::string go_version_of(const GoToolchain& toolchain) {
  const CommandResult result =
      run_command({toolchain.go(), "env", "GOVERSION"}, {"GOTOOLCHAIN=local"});
  if (result.status != 0) return "";
  return result.out.substr(0, result.out.find_first_of(" \n"));
}

GoProgram build_go_program(const GoToolchain& toolchain, const std::string& folder,
                           const GoProgramOptions& options) {
  GoProgram program;
  const std::string version = go_version_of(toolchain);
  if (version.empty()) {
    program.problem = "cannot run " + toolchain.go();
    return program;
  }
  const fs::path source = fs::path(PROJECT_FOLDER) / folder;
  const fs::path programs = fs::path(TEST_PROGRAMS_FOLDER) / version / source.filename();
  fs::create_directories(programs);
  program.path = programs / options.name;

  const FolderLock lock(programs);
  const fs::path recipe_file = program.path + ".recipe";
  const std::string recipe = recipe_of(toolchain, source, options);
  if (fs::exists(program.path) && contents_of(recipe_file) == recipe) return program;
  std::vector<std::string> arguments = {toolchain.go(), "build", "-p", "2", "-o", program.path};
  arguments.insert(arguments.end(), options.arguments.begin(), options.arguments.end());
  arguments.emplace_back(".");
  std::vector<std::string> environment = options.environment;
  environment.insert(environment.end(),
                     {"GOFLAGS=-mod=mod", "GOTOOLCHAIN=local", "GO111MODULE=on", "GOWORK=off",
                      "GOCACHE=" + (fs::path(TEST_PROGRAMS_FOLDER) / "cache").string()});
  const CommandResult built = run_command(arguments, environment, source);
  if (built.status != 0) {
    program.problem = "go build: " + built.err;
    return program;
  }
  std::ofstream(recipe_file, std::ios::binary) << recipe;
  return program;
=======
}  // namespace

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

  std::string made_of = toolchain.root + "\n" + program.go_version + "\n";
  for (const std::string& option : program.options) made_of += option + "\n";
  made_of += program.source;
  const fs::path executable = folder / program.name;
  if (fs::exists(executable) && contents_of(folder / "made_of") == made_of)
    return executable.string();

  write_file(folder / "main.go", program.source);
  write_file(folder / "go.mod",
             "module example.org/" + program.name + "\n\ngo " + program.go_version + "\n");
  std::vector<std::string> command = {"env",
                                      "-C",
                                      folder.string(),
                                      "GOFLAGS=-mod=mod",
                                      "GOTOOLCHAIN=local",
                                      "GOWORK=off",
                                      "CGO_ENABLED=1",
                                      toolchain.go(),
                                      "build",
                                      "-o",
                                      executable.string()};
  command.insert(command.end(), program.options.begin(), program.options.end());
  const Result<std::string> output = output_of(command);
  if (!output) return output.error();
  write_file(folder / "made_of", made_of);
  return executable.string();
>>>>>>> probe-go
}

}  // namespace cgoscope
