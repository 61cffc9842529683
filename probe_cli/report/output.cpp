#include "probe_cli/report/output.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iostream>

#include "findings/terminal.h"

namespace cgoscope {
namespace {

namespace fs = std::filesystem;

constexpr int kMostLinks = 40;  // as the kernel follows

struct FileIdentity {
  dev_t device = 0;
  ino_t inode = 0;
  std::string name;  // in the folder that device and inode are, of a file that is not there
  bool operator==(const FileIdentity&) const = default;
};

// nullopt of a character device, and of what cannot be opened.
std::optional<FileIdentity> identity_of(const std::string& path) {
  struct stat status{};
  if (stat(path.c_str(), &status) == 0) {
    if (S_ISCHR(status.st_mode)) return std::nullopt;
    return FileIdentity{status.st_dev, status.st_ino, ""};
  }
  fs::path file = path;
  std::error_code error;
  for (int links = 0; links < kMostLinks && fs::is_symlink(file, error); ++links)
    file = file.parent_path() / fs::read_symlink(file, error);
  const std::string folder = file.has_parent_path() ? file.parent_path().string() : ".";
  if (stat(folder.c_str(), &status) != 0) return std::nullopt;
  return FileIdentity{status.st_dev, status.st_ino, file.filename().string()};
}

}  // namespace

std::optional<std::pair<std::string, std::string>> named_twice(
    const std::vector<NamedFile>& files) {
  std::vector<std::pair<FileIdentity, std::string>> known;
  for (const NamedFile& file : files) {
    if (file.path.empty()) continue;
    const std::optional<FileIdentity> identity = identity_of(file.path);
    if (!identity) continue;
    for (const auto& [other, option] : known) {
      if (other == *identity) return std::pair(option, file.option);
    }
    known.emplace_back(*identity, file.option);
  }
  return std::nullopt;
}

Result<Output> Output::open(const std::string& path, int standard_descriptor) {
  Output output;
  if (path.empty()) {
    output.descriptor_ = standard_descriptor;
    output.stream_ = standard_descriptor == STDERR_FILENO ? &std::cerr : &std::cout;
    return output;
  }
  output.file_ = std::make_unique<std::ofstream>(path, std::ios::binary | std::ios::trunc);
  if (!*output.file_)
    return Error{"cannot write to " + path, std::strerror(errno), "check the path"};
  output.stream_ = output.file_.get();
  return output;
}

std::unique_ptr<Sink> Output::make_sink(bool json) {
  return json ? make_json_sink(*stream_)
              : make_text_sink(*stream_, descriptor_ >= 0 && wants_colour(descriptor_));
}

Result<bool> Output::flush() {
  stream_->flush();
  if (!*stream_)
    return Error{"cannot write the report or the recording", "no space, or the reader went away",
                 ""};
  return true;
}

}  // namespace cgoscope
