#include "clang_plugin/cache/summary_cache.h"

#include <utility>

#include "clang_plugin/cache/entry.h"
#include "clang_plugin/cache/unit_key.h"

namespace cgoscope {

Result<std::unique_ptr<SummaryCache>> SummaryCache::open(const std::string& folder) {
  std::string program = program_identity();
  if (program.empty())
    return Error{"the cache " + folder + " is not used",
                 "this program, or a library of its, was linked without a build id",
                 "link with --build-id"};
  auto opened = CacheFolder::open(folder);
  if (!opened) return opened.error();
  return std::unique_ptr<SummaryCache>(new SummaryCache(std::move(*opened), std::move(program)));
}

TranslationUnit SummaryCache::summary_of(const SourceUnit& unit) {
  const std::string key = unit_key(unit, program_);
  if (auto kept = kept_summary(key)) {
    ++found_;
    return std::move(*kept);
  }
  ++made_;
  FileAnswers answers;
  CacheEntry entry;
  entry.unit = summarize(unit, answers);
  if (folder_.is_writable() && answers.repeatable()) {
    entry.answers = answers.list();
    const std::string bytes = encode_entry(key, entry);
    if (bytes.size() <= kMaxEntryBytes && folder_.write(key, bytes)) written_bytes_ += bytes.size();
  }
  return std::move(entry.unit);
}

std::optional<TranslationUnit> SummaryCache::kept_summary(const std::string& key) {
  const auto bytes = folder_.read(key);
  if (!bytes) return std::nullopt;
  auto entry = decode_entry(key, *bytes);
  if (!entry || !files_.agree_with(entry->answers)) return std::nullopt;
  return std::move(entry->unit);
}

}  // namespace cgoscope
