// One package: from its Go files and the summaries of its C to findings.
#pragma once

#include <string>
#include <vector>

#include "clang_plugin/catalogue/catalogue.h"
#include "clang_plugin/packages/package.h"
#include "clang_plugin/summary/summary.h"
#include "clang_plugin/suppressions.h"
#include "findings/finding.h"

namespace cgoscope {

// A package with what Clang made of it. `units` holds one per cgo file, in the order of
// package.cgo_files, then the C and C++ files'.
struct SummarisedPackage {
  Package package;
  std::vector<TranslationUnit> units;
};

struct AnalysisOptions {
  int64_t threshold_ns = 1000000000;
  std::string (*display)(const std::string& path) =
      nullptr;  // makes an absolute path fit for a report
};

struct PackageFindings {
  std::vector<Finding> findings;
  std::vector<SuppressiblePlaces> places;  // parallel to findings; absolute paths
  std::vector<Problem> problems;           // what was judged with less than is known
  std::vector<UnknownFunction> unknown;    // sorted by header and name
  int go_call_sites = 0;
};

// Every C.f(...) in the package's Go files, judged with what Go passes there.
PackageFindings analyse(const SummarisedPackage& summarised, const Catalogue& catalogue,
                        const AnalysisOptions& options);

}  // namespace cgoscope
