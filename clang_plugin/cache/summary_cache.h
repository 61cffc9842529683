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

// Where the cache is: what --cache says, else CGOSCOPE_CACHE, else $XDG_CACHE_HOME/cgoscope, else
// $HOME/.cache/cgoscope.
struct CacheLocation {
  std::string folder;          // absolute; "": no cache
  bool was_asked_for = false;  // by the option or by CGOSCOPE_CACHE: then it is said if it fails
};
// `option` is "" when it was not given. A variable that holds no absolute path is passed over, but
// for CGOSCOPE_CACHE=off.
CacheLocation cache_location(const std::string& option);

class SummaryCache {
 public:
  // Fails as CacheFolder::open does, and when this program cannot tell itself from another version.
  static Result<std::unique_ptr<SummaryCache>> open(const std::string& folder);

  // As summarize(): the kept summary where it holds, else a new one, which is kept. Thread-safe.
  TranslationUnit summary_of(const SourceUnit& unit);

  bool is_writable() const { return folder_.is_writable(); }
  int found() const { return found_; }  // summaries that were kept and held
  int made() const { return made_; }    // those that Clang had to be run for

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

// The cache of a run at `location`: nothing when there is none or it cannot be used. What the user
// has to know of that is in `complaint`.
std::unique_ptr<SummaryCache> open_cache(const CacheLocation& location, std::string& complaint);

}  // namespace cgoscope
