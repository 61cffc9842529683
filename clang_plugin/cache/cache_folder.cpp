#include "clang_plugin/cache/cache_folder.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <memory>
#include <system_error>
#include <utility>
#include <vector>

namespace cgoscope {
namespace {

constexpr uint64_t kMaxFileBytes = uint64_t{128} << 20;
constexpr uint64_t kMaxTotalBytes = uint64_t{512} << 20;
constexpr uint64_t kPageBytes = 4096;
constexpr time_t kHourSeconds = 3600;
constexpr time_t kDaySeconds = 24 * kHourSeconds;
constexpr time_t kKeepSeconds = 10 * kDaySeconds;
constexpr const char* kTrimmed = "trimmed";  // its date says when
constexpr std::string_view kTemporary = "new-";
constexpr size_t kFolderDigits = 2;
constexpr size_t kKeyDigits = 32;

bool is_only_ours(const struct stat& status) {
  return status.st_uid == geteuid() && (status.st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

uint64_t on_disk_bytes(const struct stat& status) {
  return (static_cast<uint64_t>(status.st_size) + kPageBytes - 1) / kPageBytes * kPageBytes;
}

std::string path_of(const std::string& key) {
  return key.substr(0, kFolderDigits) + "/" + key.substr(kFolderDigits);
}

std::string reason(int error) { return std::generic_category().message(error); }

bool write_all(int file, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(file, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    bytes.remove_prefix(static_cast<size_t>(written));
  }
  return true;
}

bool read_all(int file, std::string& bytes) {
  for (size_t done = 0; done < bytes.size();) {
    const ssize_t got = ::read(file, bytes.data() + done, bytes.size() - done);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return false;
    done += static_cast<size_t>(got);
  }
  return true;
}

void touch(int folder, const char* name) {
  const Descriptor file(openat(folder, name, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (file) futimens(file.get(), nullptr);
}

struct Kept {
  std::string path;  // below the cache's folder
  time_t used_s = 0;
  uint64_t bytes = 0;
};

// The entries in one of the 256 folders, and what writers that were killed left behind. Files of
// other names are nobody's business.
void list_folder(int cache, const std::string& name, std::vector<Kept>& entries) {
  const int folder = openat(cache, name.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
  if (folder < 0) return;
  const std::unique_ptr<DIR, int (*)(DIR*)> list(fdopendir(folder), closedir);
  if (!list) {
    close(folder);
    return;
  }
  while (const dirent* entry = readdir(list.get())) {
    const std::string_view file = entry->d_name;
    const bool is_entry = file.size() == kKeyDigits - kFolderDigits &&
                          file.find_first_not_of("0123456789abcdef") == std::string_view::npos;
    if (!is_entry && !file.starts_with(kTemporary)) continue;
    struct stat status{};
    if (fstatat(dirfd(list.get()), entry->d_name, &status, AT_SYMLINK_NOFOLLOW) != 0) continue;
    // A file that is being written is younger than a day.
    const time_t used = is_entry ? status.st_mtime : status.st_mtime - (kKeepSeconds - kDaySeconds);
    entries.push_back({name + "/" + entry->d_name, used, on_disk_bytes(status)});
  }
}

}  // namespace

Result<CacheFolder> CacheFolder::open(const std::string& path) {
  const auto fail = [&](const std::string& why, const std::string& hint) {
    return Error{"the cache " + path + " is not used", why, hint};
  };
  const std::string choose = "name another folder, or take --cache off";
  std::error_code error;
  const std::filesystem::path parent = std::filesystem::path(path).parent_path();
  if (!parent.empty()) std::filesystem::create_directories(parent, error);
  mkdir(path.c_str(), S_IRWXU);
  Descriptor folder(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder) return fail(reason(errno), choose);
  struct stat status{};
  if (fstat(folder.get(), &status) != 0) return fail(reason(errno), choose);
  if (status.st_uid != geteuid()) return fail("it belongs to another user", choose);
  if (!is_only_ours(status))
    return fail("other users may write to it", "chmod go-w " + path + ", or " + choose);
  const bool is_writable = faccessat(folder.get(), ".", W_OK | X_OK, AT_EACCESS) == 0;
  return CacheFolder(std::move(folder), is_writable);
}

std::optional<std::string> CacheFolder::read(const std::string& key) const {
  const Descriptor file(
      openat(folder_.get(), path_of(key).c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  struct stat status{};
  if (!file || fstat(file.get(), &status) != 0 || !S_ISREG(status.st_mode) ||
      !is_only_ours(status) || static_cast<uint64_t>(status.st_size) > kMaxFileBytes) {
    return std::nullopt;
  }
  std::string bytes(static_cast<size_t>(status.st_size), '\0');
  if (!read_all(file.get(), bytes)) return std::nullopt;
  if (is_writable_ && time(nullptr) - status.st_mtime > kHourSeconds) futimens(file.get(), nullptr);
  return bytes;
}

bool CacheFolder::write(const std::string& key, std::string_view bytes) const {
  static std::atomic<unsigned> count = 0;
  if (!is_writable_ || bytes.size() > kMaxFileBytes) return false;
  const std::string folder = key.substr(0, kFolderDigits);
  const std::string temporary = folder + "/" + std::string(kTemporary) + std::to_string(getpid()) +
                                "-" + std::to_string(count++);
  constexpr int kFlags = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW;
  Descriptor file(openat(folder_.get(), temporary.c_str(), kFlags, 0600));
  if (!file && errno == ENOENT) {
    mkdirat(folder_.get(), folder.c_str(), S_IRWXU);
    file = Descriptor(openat(folder_.get(), temporary.c_str(), kFlags, 0600));
  }
  if (!file) return false;
  const bool written = write_all(file.get(), bytes);
  const bool closed = ::close(file.release()) == 0;  // where a full disk may show
  if (written && closed &&
      renameat(folder_.get(), temporary.c_str(), folder_.get(), path_of(key).c_str()) == 0) {
    return true;
  }
  unlinkat(folder_.get(), temporary.c_str(), 0);
  return false;
}

void CacheFolder::trim(uint64_t written_bytes) const {
  if (!is_writable_) return;
  const time_t now = time(nullptr);
  struct stat last{};
  const bool lately =
      fstatat(folder_.get(), kTrimmed, &last, 0) == 0 && now - last.st_mtime < kDaySeconds;
  if (lately && written_bytes < kMaxTotalBytes / 8) return;
  touch(folder_.get(), kTrimmed);
  std::vector<Kept> entries;
  for (unsigned folder = 0; folder < 256; ++folder) {
    std::array<char, 3> name{};
    std::snprintf(name.data(), name.size(), "%02x", folder);
    list_folder(folder_.get(), name.data(), entries);
  }
  std::sort(entries.begin(), entries.end(),
            [](const Kept& a, const Kept& b) { return a.used_s > b.used_s; });
  uint64_t total = 0;
  for (const Kept& entry : entries) {
    total += entry.bytes;
    if (total > kMaxTotalBytes || now - entry.used_s > kKeepSeconds)
      unlinkat(folder_.get(), entry.path.c_str(), 0);
  }
}

}  // namespace cgoscope
