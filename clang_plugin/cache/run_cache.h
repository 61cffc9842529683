// The cache of one run of the lint: where it is, and its two parts, summaries and findings.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "clang_plugin/cache/findings_cache.h"
#include "clang_plugin/cache/summary_cache.h"
#include "clang_plugin/lint.h"

namespace cgoscope {

// Where the cache is: what --cache says, else CGOSCOPE_CACHE, else $XDG_CACHE_HOME/cgoscope, else
// $HOME/.cache/cgoscope.
struct CacheLocation {
  std::string folder;          // absolute, but for what CGOSCOPE_CACHE says; "": no cache
  bool was_asked_for = false;  // by the option or by CGOSCOPE_CACHE: then it is said if it fails
};
// `option` is "" when it was not given. An XDG_CACHE_HOME or HOME that is not absolute is passed
// over.
CacheLocation cache_location(const std::string& option);

class RunCache {
 public:
  explicit RunCache(std::unique_ptr<SummaryCache> summaries)
      : summaries_(std::move(summaries)), findings_(summaries_->folder(), summaries_->program()) {}

  // Makes runs with `options` use it; it must outlive them.
  void serve(LintOptions& options);
  // For the end of a run.
  void trim() const { summaries_->trim(); }

  const SummaryCache& summaries() const { return *summaries_; }
  const FindingsCache& findings() const { return findings_; }

 private:
  std::unique_ptr<SummaryCache> summaries_;
  FindingsCache findings_;
};

// Nothing when there is no cache at `location` or it cannot be used. What the user has to know of
// that is in `complaint`.
std::unique_ptr<RunCache> open_cache(const CacheLocation& location, std::string& complaint);

}  // namespace cgoscope
