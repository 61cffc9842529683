#include "clang_plugin/summary/file_answers.h"

#include <algorithm>
#include <tuple>

#include "llvm/Support/BLAKE3.h"

namespace cgoscope {

Digest digest_of(std::string_view bytes) {
  llvm::BLAKE3 hasher;
  hasher.update(llvm::StringRef(bytes.data(), bytes.size()));
  return hasher.final<sizeof(Digest)>();
}

uint32_t ObjectNumbers::number(const FileObject& object) {
  if (object.type == FileType::kNone) return 0;
  return numbers_
      .try_emplace({object.device, object.inode}, static_cast<uint32_t>(numbers_.size() + 1))
      .first->second;
}

void FileAnswers::note_object(std::string_view path, const FileObject& object) {
  const auto known = objects_.find(path);
  if (known == objects_.end())
    objects_.emplace(path, object);
  else if (known->second != object)
    repeatable_ = false;
}

void FileAnswers::note(FileQuestion question, std::string_view path,
                       const std::optional<Digest>& digest) {
  const auto [known, is_new] =
      others_.try_emplace({std::string(path), question}, digest.value_or(Digest{}));
  if (!is_new && known->second != digest.value_or(Digest{})) repeatable_ = false;
}

std::vector<FileAnswer> FileAnswers::list() const {
  std::vector<FileAnswer> answers;
  answers.reserve(objects_.size() + others_.size());
  ObjectNumbers numbers;
  for (const auto& [path, object] : objects_) {
    answers.push_back({FileQuestion::kObject, path, object.type, numbers.number(object), Digest{}});
  }
  for (const auto& [asked, digest] : others_)
    answers.push_back({asked.second, asked.first, FileType::kNone, 0, digest});
  std::stable_sort(answers.begin(), answers.end(), [](const FileAnswer& a, const FileAnswer& b) {
    return std::tie(a.path, a.question) < std::tie(b.path, b.question);
  });
  return answers;
}

}  // namespace cgoscope
