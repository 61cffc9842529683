#include "clang_plugin/cache/run_cache.h"

#include "clang_plugin/packages/go_command.h"
#include "clang_plugin/packages/source_tree.h"

namespace cgoscope {
namespace {

constexpr const char* kOff = "off";

}  // namespace

CacheLocation cache_location(const std::string& option) {
  if (option == kOff) return {};
  if (!option.empty()) return {absolute_path(option), true};
  const std::string asked = variable("CGOSCOPE_CACHE");
  if (asked == kOff) return {};
  if (!asked.empty()) return {asked, true};
  if (const std::string caches = variable("XDG_CACHE_HOME"); caches.starts_with('/'))
    return {caches + "/cgoscope", false};
  if (const std::string home = variable("HOME"); home.starts_with('/'))
    return {home + "/.cache/cgoscope", false};
  return {};
}

void RunCache::serve(LintOptions& options) {
  options.summary_of = [this](const SourceUnit& unit) { return summaries_->summary_of(unit); };
  options.findings_of = [this](const SummarisedPackage& summarised,
                               const std::shared_ptr<const Catalogue>& catalogue,
                               const AnalysisOptions& how) {
    return findings_.findings_of(summarised, catalogue, how);
  };
}

std::unique_ptr<RunCache> open_cache(const CacheLocation& location, std::string& complaint) {
  if (location.folder.empty()) return nullptr;
  if (!location.folder.starts_with('/')) {
    complaint = Error{"the cache " + location.folder + " is not used",
                      "CGOSCOPE_CACHE holds no absolute path", "give it one, or off"}
                    .message();
    return nullptr;
  }
  auto opened = SummaryCache::open(location.folder);
  if (!opened) {
    if (location.was_asked_for) complaint = opened.error().message();
    return nullptr;
  }
  if (location.was_asked_for && !(*opened)->folder().is_writable())
    complaint = "the cache " + location.folder + " is read and not added to: it is read-only";
  return std::make_unique<RunCache>(std::move(*opened));
}

}  // namespace cgoscope
