// A whole run: packages in, report out. Packages and files are done in parallel; only what a
// package needs is in memory at once.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "clang_plugin/across/across_packages.h"
#include "clang_plugin/analysis/analyse.h"
#include "clang_plugin/catalogue/catalogue.h"
#include "clang_plugin/packages/go_list.h"
#include "clang_plugin/report/report.h"
#include "clang_plugin/summary/summarize.h"
#include "findings/result.h"

namespace cgoscope {

struct LintOptions {
  std::vector<std::string> patterns;  // packages, directories, files; as on the command line
  std::vector<std::string> tags;
  std::vector<std::string> catalogue;   // files to add to the built-in rows
  std::optional<int64_t> threshold_ns;  // of --threshold; else .cgoscope.yaml's, else one second
  bool across_packages = false;         // calls of other packages' functions are judged too
  int jobs = 1;                         // at least 1
  // Stand in for summarize() and analyse() where there is a cache; called from several threads. May
  // be empty.
  std::function<TranslationUnit(const SourceUnit&)> summary_of;
  std::function<PackageFindings(const SummarisedPackage&, const std::shared_ptr<const Catalogue>&,
                                const AnalysisOptions&)>
      findings_of;
  // Told after each unit that was parsed; called from any thread, one at a time. May be empty.
  std::function<void(int done, int total)> progress;
};

// The built-in catalogue and the rows of `files` (--catalogue). Fails when one of them is missing
// or malformed.
Result<Catalogue> catalogue_with(const std::vector<std::string>& files);

// Fails when nothing at all could be analysed. What could not be analysed of the rest is in
// LintReport::errors.
Result<LintReport> run_lint(const LintOptions& options);

// The same for packages that are read already; `options.patterns` and `options.tags` do not count.
// With `options.across_packages`, `across` tells and is told of blocking functions.
Result<LintReport> lint_packages(const LintOptions& options, PackageList listed,
                                 AcrossPackages& across);

// Relative to the current directory where `path` lies below it, else absolute.
std::string display_path(const std::string& path);

}  // namespace cgoscope
