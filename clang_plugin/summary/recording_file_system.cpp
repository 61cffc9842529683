#include "clang_plugin/summary/recording_file_system.h"

#include <algorithm>
#include <memory>
#include <system_error>
#include <utility>
#include <vector>

#include "llvm/ADT/SmallString.h"
#include "llvm/Support/MemoryBuffer.h"

namespace cgoscope {
namespace {

namespace vfs = llvm::vfs;

// Whether the next try would fail too.
bool is_lasting(std::error_code error) {
  for (const std::errc lasting :
       {std::errc::no_such_file_or_directory, std::errc::not_a_directory,
        std::errc::permission_denied, std::errc::too_many_symbolic_link_levels,
        std::errc::filename_too_long, std::errc::is_a_directory, std::errc::invalid_argument}) {
    if (error == lasting) return true;
  }
  return false;
}

// An open file whose bytes are noted when they are read.
class RecordedFile : public vfs::File {
 public:
  RecordedFile(std::unique_ptr<vfs::File> file, std::string path, FileAnswers& answers)
      : file_(std::move(file)), path_(std::move(path)), answers_(answers) {}

  llvm::ErrorOr<vfs::Status> status() override { return file_->status(); }
  llvm::ErrorOr<std::string> getName() override { return file_->getName(); }
  std::error_code close() override { return file_->close(); }

  llvm::ErrorOr<std::unique_ptr<llvm::MemoryBuffer>> getBuffer(const llvm::Twine& name,
                                                               int64_t /*size*/,
                                                               bool null_terminator,
                                                               bool /*is_volatile*/) override {
    const auto known = file_->status();
    // Volatile: a mapped file that somebody truncates meanwhile would end the process. With the
    // size of now, not of when it was asked for: Clang says so if they differ.
    auto buffer = file_->getBuffer(name, -1, null_terminator, true);
    // The bytes of a pipe are gone with the first reading.
    if (!buffer || !known || !known->isRegularFile())
      answers_.note_passing_failure();
    else
      answers_.note(FileQuestion::kContents, path_,
                    digest_of({(*buffer)->getBufferStart(), (*buffer)->getBufferSize()}));
    return buffer;
  }

 private:
  std::unique_ptr<vfs::File> file_;
  std::string path_;
  FileAnswers& answers_;
};

class RecordingFileSystem : public vfs::ProxyFileSystem {
 public:
  RecordingFileSystem(llvm::IntrusiveRefCntPtr<vfs::FileSystem> disk, FileAnswers& answers)
      : ProxyFileSystem(std::move(disk)), answers_(answers) {}

  llvm::ErrorOr<vfs::Status> status(const llvm::Twine& path) override {
    auto status = getUnderlyingFS().status(path);
    note_object(absolute(path), status);
    return status;
  }

  bool exists(const llvm::Twine& path) override {
    const auto found = status(path);
    return found && found->exists();
  }

  llvm::ErrorOr<std::unique_ptr<vfs::File>> openFileForRead(const llvm::Twine& path) override {
    auto file = getUnderlyingFS().openFileForRead(path);
    std::string name = absolute(path);
    if (!file) {
      // What is there and cannot be opened differs from what is not there.
      note_object(name, getUnderlyingFS().status(path));
      if (is_lasting(file.getError()))
        answers_.note(FileQuestion::kContents, name, std::nullopt);
      else
        answers_.note_passing_failure();
      return file;
    }
    note_object(name, (*file)->status());
    return std::make_unique<RecordedFile>(std::move(*file), std::move(name), answers_);
  }

  vfs::directory_iterator dir_begin(const llvm::Twine& folder, std::error_code& error) override {
    const std::string path = absolute(folder);
    bool passing = false;
    answers_.note(FileQuestion::kNames, path, digest_of_names(getUnderlyingFS(), path, passing));
    if (passing) answers_.note_passing_failure();
    return getUnderlyingFS().dir_begin(folder, error);
  }

  std::error_code getRealPath(const llvm::Twine& path,
                              llvm::SmallVectorImpl<char>& output) override {
    bool passing = false;
    const std::string name = absolute(path);
    answers_.note(FileQuestion::kRealPath, name,
                  digest_of_real_path(getUnderlyingFS(), name, passing));
    if (passing) answers_.note_passing_failure();
    return getUnderlyingFS().getRealPath(path, output);
  }

 private:
  std::string absolute(const llvm::Twine& path) const {
    llvm::SmallString<256> name;
    path.toVector(name);
    if (makeAbsolute(name)) answers_.note_passing_failure();
    return name.str().str();
  }

  void note_object(const std::string& path, const llvm::ErrorOr<vfs::Status>& status) {
    bool passing = false;
    answers_.note_object(path, object_of(status, passing));
    if (passing) answers_.note_passing_failure();
  }

  FileAnswers& answers_;
};

}  // namespace

llvm::IntrusiveRefCntPtr<vfs::FileSystem> recording_file_system(
    llvm::IntrusiveRefCntPtr<vfs::FileSystem> disk, FileAnswers& answers) {
  return llvm::makeIntrusiveRefCnt<RecordingFileSystem>(std::move(disk), answers);
}

FileObject object_of(const llvm::ErrorOr<vfs::Status>& status, bool& passing) {
  if (!status) {
    passing |= !is_lasting(status.getError());
    return {};
  }
  if (!status->exists()) return {};
  const FileType type = status->isRegularFile() ? FileType::kFile
                        : status->isDirectory() ? FileType::kFolder
                                                : FileType::kOther;
  return {type, status->getUniqueID().getDevice(), status->getUniqueID().getFile()};
}

std::optional<Digest> digest_of_names(vfs::FileSystem& disk, const std::string& folder,
                                      bool& passing) {
  std::vector<std::string> names;
  std::error_code error;
  for (vfs::directory_iterator entry = disk.dir_begin(folder, error), end; !error && entry != end;
       entry.increment(error)) {
    names.push_back(entry->path().str());
  }
  if (error) {
    passing |= !is_lasting(error);
    return std::nullopt;
  }
  std::sort(names.begin(), names.end());
  std::string text;
  for (const std::string& name : names) text.append(name).push_back('\0');
  return digest_of(text);
}

std::optional<Digest> digest_of_real_path(vfs::FileSystem& disk, const std::string& path,
                                          bool& passing) {
  llvm::SmallString<256> real;
  if (const std::error_code error = disk.getRealPath(path, real)) {
    passing |= !is_lasting(error);
    return std::nullopt;
  }
  return digest_of({real.data(), real.size()});
}

}  // namespace cgoscope
