#include "clang_plugin/source_units.h"

#include "clang_plugin/packages/export_header.h"

namespace cgoscope {

std::vector<SourceUnit> source_units(const Package& package) {
  std::vector<SourceUnit> units;
  for (const GoFile& file : package.cgo_files) {
    SourceUnit unit;
    unit.main_file = file.path;
    unit.directory = package.directory;
    unit.flags = package.c_flags;
    unit.is_preamble = true;
    unit.text = file.preamble;
    for (const GoReference& reference : file.references) unit.names.insert(reference.name);
    units.push_back(std::move(unit));
  }
  const std::string header =
      package.c_files.empty() && package.cxx_files.empty() ? "" : export_header(package);
  const auto add = [&](const std::string& path, bool is_cxx) {
    SourceUnit unit;
    unit.main_file = path;
    unit.directory = package.directory;
    unit.flags = is_cxx ? package.cxx_flags : package.c_flags;
    unit.is_cxx = is_cxx;
    unit.virtual_files[package.directory + "/_cgo_export.h"] = header;
    units.push_back(std::move(unit));
  };
  for (const std::string& path : package.c_files) add(path, false);
  for (const std::string& path : package.cxx_files) add(path, true);
  return units;
}

}  // namespace cgoscope
