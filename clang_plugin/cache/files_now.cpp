#include "clang_plugin/cache/files_now.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include "clang_plugin/summary/recording_file_system.h"
#include "findings/descriptor.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/Support/MemoryBuffer.h"

namespace cgoscope {
namespace {

// Of a regular file; opening a FIFO must not wait for its writer. Not mapped: a file that shrinks
// under a mapping kills the reader.
Digest digest_of_contents(const std::string& path) {
  const Descriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  struct stat status{};
  if (!file || fstat(file.get(), &status) != 0 || !S_ISREG(status.st_mode)) return {};
  const auto buffer = llvm::MemoryBuffer::getOpenFile(
      file.get(), path, static_cast<uint64_t>(status.st_size), /*RequiresNullTerminator=*/false,
      /*IsVolatile=*/true);
  if (!buffer) return {};
  return digest_of({(*buffer)->getBufferStart(), (*buffer)->getBufferSize()});
}

}  // namespace

class FilesNow::Answers {
 public:
  bool agree_with(const std::vector<FileAnswer>& answers) {
    ObjectNumbers numbers;
    for (const FileAnswer& answer : answers) {
      if (answer.question == FileQuestion::kObject) {
        const FileObject object = look(answer.path).object;
        if (object.type != answer.type || numbers.number(object) != answer.object) return false;
      } else if (digest(answer.question, answer.path) != answer.digest) {
        return false;
      }
    }
    return true;
  }

 private:
  struct Seen {
    FileObject object;
    std::optional<Digest> contents, names, real_path;  // zeros: an error
  };

  std::optional<Digest>& place(Seen& seen, FileQuestion question) {
    return question == FileQuestion::kContents ? seen.contents
           : question == FileQuestion::kNames  ? seen.names
                                               : seen.real_path;
  }

  // The disk is asked outside the lock; of two threads that ask alike, the first is believed.
  Seen look(const std::string& path) {
    {
      const std::lock_guard lock(mutex_);
      if (const auto known = seen_.find(path); known != seen_.end()) return known->second;
    }
    bool passing = false;
    Seen seen;
    seen.object = object_of(disk_->status(path), passing);
    const std::lock_guard lock(mutex_);
    return seen_.try_emplace(path, std::move(seen)).first->second;
  }

  Digest digest(FileQuestion question, const std::string& path) {
    Seen seen = look(path);
    if (const auto& known = place(seen, question)) return *known;
    bool passing = false;
    const Digest digest = question == FileQuestion::kContents ? digest_of_contents(path)
                          : question == FileQuestion::kNames
                              ? digest_of_names(*disk_, path, passing).value_or(Digest{})
                              : digest_of_real_path(*disk_, path, passing).value_or(Digest{});
    const std::lock_guard lock(mutex_);
    std::optional<Digest>& kept = place(seen_[path], question);
    if (!kept) kept = digest;
    return *kept;
  }

  llvm::IntrusiveRefCntPtr<llvm::vfs::FileSystem> disk_ = llvm::vfs::getRealFileSystem();
  std::mutex mutex_;
  llvm::StringMap<Seen> seen_;
};

FilesNow::FilesNow() : answers_(std::make_unique<Answers>()) {}
FilesNow::~FilesNow() = default;

bool FilesNow::agree_with(const std::vector<FileAnswer>& answers) {
  return answers_->agree_with(answers);
}

}  // namespace cgoscope
