// Findings that outlive a run, a package at a time: what the interpreter makes of the summaries.
// Where C is large (a database, compiled in), that takes longer than parsing it.
//
// They are kept by a digest of all that goes into them (input_digest.h), so they need no looking
// after: what is different in any way has another name.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "clang_plugin/analysis/analyse.h"
#include "clang_plugin/cache/cache_folder.h"
#include "clang_plugin/cache/input_digest.h"

namespace cgoscope {

// The bytes of an entry, and back: nothing when they are no whole and sound entry for `key`.
std::string encode_findings(std::string_view key, const PackageFindings& findings);
std::optional<PackageFindings> decode_findings(std::string_view key, std::string_view bytes);

class FindingsCache {
 public:
  // `program` is the program_identity().
  FindingsCache(const CacheFolder& folder, std::string program)
      : folder_(folder), program_(std::move(program)) {}

  // As analyse(): what is kept, else made and kept. Thread-safe.
  PackageFindings findings_of(const SummarisedPackage& summarised,
                              const std::shared_ptr<const Catalogue>& catalogue,
                              const AnalysisOptions& how);

  int found() const { return found_; }
  int made() const { return made_; }

 private:
  Digest catalogue_digest(const std::shared_ptr<const Catalogue>& catalogue);

  const CacheFolder& folder_;
  std::string program_;
  std::mutex mutex_;
  std::map<std::shared_ptr<const Catalogue>, Digest> catalogues_;  // the run's few
  std::atomic<int> found_ = 0, made_ = 0;
};

}  // namespace cgoscope
