// --across-packages: a call of another package's function is a finding when that function ends in a
// call of C that blocks.
//
// Packages are taken in the order of their imports. Each one's findings at calls of C, and what is
// known of the packages that it imports, give its findings at calls of Go, and what its importers
// have to know. Go's own library hands nothing on: nobody could mend it.
#pragma once

#include <string>
#include <vector>

#include "clang_plugin/across/blocking_functions.h"
#include "clang_plugin/packages/package.h"
#include "clang_plugin/settings.h"
#include "clang_plugin/suppressions.h"

namespace cgoscope {

struct AcrossPackages {
  BlockingFunctionsByPackage known;  // of packages that are not part of the run
  BlockingFunctionsByPackage found;  // of those that are
};

struct CallingPackage {
  const Package* package = nullptr;
  const Settings* settings = nullptr;
  bool is_dependency = false;  // its comments that suppress nothing are not reported
};

// What a run found at calls of C.
struct RunFindings {
  std::vector<Finding> findings;           // without ids
  std::vector<SuppressiblePlaces> places;  // parallel
  std::vector<Suppression> suppressions;   // of files that import "C", and C files
};

// Adds the findings at calls of Go, and the suppressions of the other Go files, to `run`. Comments
// in a package without cgo count only if it imports one whose functions block. Fills
// `across.found`.
void add_findings_across(const std::vector<CallingPackage>& packages, RunFindings& run,
                         AcrossPackages& across, std::string (*display)(const std::string& path));

}  // namespace cgoscope
