#include "clang_plugin/packages/go_calls.h"

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "clang_plugin/packages/source_tree.h"

namespace cgoscope {

void read_calls(Package& package) {
  std::set<std::string> names;
  for (const std::vector<GoFile>* files : {&package.cgo_files, &package.go_files}) {
    for (const GoFile& file : *files)
      names.insert(file.package_names.begin(), file.package_names.end());
  }
  for (std::vector<GoFile>* files : {&package.cgo_files, &package.go_files}) {
    for (GoFile& file : *files) {
      const auto text = read_bytes(file.path, kMaxGoFileBytes + 1);
      if (!text) continue;
      file.calls = parse_go_file(file.path, *text, GoCalls::kRead).calls;
      const bool has_dot_import =
          std::any_of(file.imports.begin(), file.imports.end(),
                      [](const GoImport& import) { return import.name == "."; });
      std::erase_if(file.calls, [&](const GoCall& call) {
        return call.qualifier.empty() && !has_dot_import && !names.contains(call.name);
      });
    }
  }
}

}  // namespace cgoscope
