// What Clang asked of the disk while it read a unit, and what it was told.
//
// Apart from the unit itself (text, flags), a summary follows from these answers alone. So one that
// was kept still holds if each question would be answered alike today. "There is no such file" is
// an answer too: a header that appears in a folder that is searched first changes one.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cgoscope {

using Digest = std::array<uint8_t, 16>;  // BLAKE3, cut to 128 bits

Digest digest_of(std::string_view bytes);

enum class FileQuestion : uint8_t {
  kObject,    // what is there?
  kContents,  // which bytes does the file hold?
  kNames,     // which names does the folder hold?
  kRealPath,  // where does it lead when all links are followed?
};

enum class FileType : uint8_t { kNone, kFile, kFolder, kOther };

struct FileAnswer {
  FileQuestion question = FileQuestion::kObject;
  std::string path;                 // absolute; neither links nor ".." are resolved
  FileType type = FileType::kNone;  // kObject
  // kObject: the answers of one unit number the objects that they meet from 1, in their order. Two
  // names with one number lead to the same file, which Clang would include once. 0: nothing there.
  uint32_t object = 0;
  Digest digest{};  // of the other questions' answers; zeros: an error

  bool operator==(const FileAnswer&) const = default;
};

// What the system knows an object by.
struct FileObject {
  FileType type = FileType::kNone;
  uint64_t device = 0;
  uint64_t inode = 0;

  bool operator==(const FileObject&) const = default;
};

// Gives objects the numbers of FileAnswer::object.
class ObjectNumbers {
 public:
  uint32_t number(const FileObject& object);

 private:
  std::map<std::pair<uint64_t, uint64_t>, uint32_t> numbers_;
};

// Collects the answers that one unit gets. Not thread-safe.
class FileAnswers {
 public:
  void note_object(std::string_view path, const FileObject& object);
  // Any other question's answer; std::nullopt: an error.
  void note(FileQuestion question, std::string_view path, const std::optional<Digest>& digest);
  // An answer that says nothing of the next time: no memory, too many open files.
  void note_passing_failure() { repeatable_ = false; }

  // False when the same question was answered in two ways, or an answer says nothing of next time.
  bool repeatable() const { return repeatable_; }
  // Sorted by path and question.
  std::vector<FileAnswer> list() const;

 private:
  std::map<std::string, FileObject, std::less<>> objects_;
  std::map<std::pair<std::string, FileQuestion>, Digest> others_;
  bool repeatable_ = true;
};

}  // namespace cgoscope
