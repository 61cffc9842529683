#include "clang_plugin/packages/package.h"

namespace cgoscope {

std::string linker_package(const Package& package) {
  if (package.name == "main") return "main";
  std::string path = package.import_path;  // the dots of its last element are escaped
  const size_t slash = path.rfind('/');
  for (size_t at = slash == std::string::npos ? 0 : slash + 1; at < path.size(); ++at) {
    if (path[at] != '.') continue;
    path.replace(at, 1, "%2e");
    at += 2;
  }
  return path;
}

}  // namespace cgoscope
