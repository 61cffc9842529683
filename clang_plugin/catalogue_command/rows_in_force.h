// The rows that hold in a folder: the built-in ones, those of --catalogue, those that
// .cgoscope.yaml names, as the lint reads them there.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "clang_plugin/catalogue/catalogue.h"
#include "clang_plugin/settings.h"
#include "findings/result.h"

namespace cgoscope {

struct RowsInForce {
  // After the built-in files, and after each further one; never empty. The last is what holds.
  std::vector<Catalogue> stages;
  Settings settings;

  const Catalogue& catalogue() const { return stages.back(); }
};

// `files`: of --catalogue. `folder`: absolute; where .cgoscope.yaml is looked for.
Result<RowsInForce> rows_in_force(const std::vector<std::string>& files, const std::string& folder);

// Every name that has a row.
std::vector<std::string> names_of(const Catalogue& catalogue);

}  // namespace cgoscope
