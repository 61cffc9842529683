// Summaries that outlive a run, so that Clang reads again only what has changed.
//
// A summary is taken from the folder only when nothing that decides it is different: this program
// and its libraries, the unit's text and flags (unit_key.h), and each answer that the disk gave
// Clang then (file_answers.h). So a run with the cache reports what one without it would. An entry
// that is damaged, or another program's, is not there; it is made again.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "clang_plugin/cache/cache_folder.h"
#include "clang_plugin/cache/files_now.h"
#include "clang_plugin/summary/summarize.h"
#include "findings/result.h"

namespace cgoscope {

class SummaryCache {
 public:
  // Fails as CacheFolder::open does, and when this program cannot tell itself from another version.
  static Result<std::unique_ptr<SummaryCache>> open(const std::string& folder);

  // As summarize(): the kept summary where it holds, else a new one, which is kept. Thread-safe.
  TranslationUnit summary_of(const SourceUnit& unit);

  int found() const { return found_; }  // summaries that were kept and held
  int made() const { return made_; }    // those that Clang had to be run for

  const CacheFolder& folder() const { return folder_; }
  const std::string& program() const { return program_; }  // the program_identity()

  // Keeps the folder small; for the end of a run.
  void trim() const { folder_.trim(written_bytes_); }

 private:
  SummaryCache(CacheFolder folder, std::string program)
      : folder_(std::move(folder)), program_(std::move(program)) {}

  std::optional<TranslationUnit> kept_summary(const std::string& key);

  CacheFolder folder_;
  std::string program_;
  FilesNow files_;
  std::atomic<int> found_ = 0, made_ = 0;
  std::atomic<uint64_t> written_bytes_ = 0;
};

}  // namespace cgoscope
