#include "clang_plugin/catalogue_command/rows_in_force.h"

#include <set>
#include <utility>

namespace cgoscope {

Result<RowsInForce> rows_in_force(const std::vector<std::string>& files,
                                  const std::string& folder) {
  RowsInForce rows;
  auto built_in = Catalogue::built_in();
  if (!built_in) return built_in.error();
  rows.stages.push_back(std::move(*built_in));
  auto settings = load_settings(folder);
  if (!settings) return settings.error();
  rows.settings = std::move(*settings);
  const auto add = [&](const std::string& path, const std::string& named_in) {
    rows.stages.push_back(rows.stages.back());
    return rows.stages.back().add_file(path, named_in);
  };
  for (const std::string& path : files) {
    if (auto error = add(path, "")) return *error;
  }
  for (const std::string& path : rows.settings.catalogue) {
    if (auto error = add(path, rows.settings.catalogue_named_in)) return *error;
  }
  return rows;
}

std::vector<std::string> names_of(const Catalogue& catalogue) {
  std::set<std::string> names;
  for (const auto& row : catalogue.blocking()) names.insert(row.name);
  for (const auto& row : catalogue.makers()) names.insert(row.name);
  for (const auto& row : catalogue.options()) names.insert(row.name);
  for (const auto& row : catalogue.effects()) names.insert(row.name);
  return {names.begin(), names.end()};
}

}  // namespace cgoscope
