// A digest of everything that the analysis of a package takes in. analyse() is a function of
// values, so findings that were kept under it are those that it would make.
#pragma once

#include <string>

#include "clang_plugin/analysis/analyse.h"
#include "clang_plugin/catalogue/catalogue.h"
#include "clang_plugin/summary/file_answers.h"

namespace cgoscope {

Digest digest_of_catalogue(const Catalogue& catalogue);

// `catalogue` is its digest. How paths are shown counts by what becomes of those of the package.
Digest digest_of_inputs(const SummarisedPackage& summarised, const Digest& catalogue,
                        const AnalysisOptions& how);

}  // namespace cgoscope
