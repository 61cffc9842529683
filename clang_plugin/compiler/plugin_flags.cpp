#include "clang_plugin/compiler/plugin_flags.h"

#include <filesystem>

#include "clang_plugin/packages/source_tree.h"
#include "clang_plugin/vet/tool_id.h"
#include "findings/finding.h"

namespace cgoscope {

Result<std::string> plugin_flags(const std::string& directory) {
  namespace fs = std::filesystem;
  constexpr size_t kMaxPluginBytes = size_t{1} << 30;
  std::error_code ignored;
  // PREFIX/libexec/cgoscope/cgoscope-lint
  const fs::path prefix =
      fs::read_symlink("/proc/self/exe", ignored).parent_path().parent_path().parent_path();
  std::string where;
  for (const char* folder : {"lib", CGOSCOPE_INSTALL_LIBDIR}) {
    const std::string path = (prefix / folder / "libcgoscope_clang.so").string();
    if (const auto plugin = read_bytes(path, kMaxPluginBytes)) {
      return "-fplugin=" + path +
             " -fplugin-arg-cgoscope-id=" + stable_id({*plugin, settings_id(directory)});
    }
    where += (where.empty() ? "" : " nor ") + path;
  }
  return Error{"the compiler plugin is not there", "neither " + where,
               "install cgoscope as a whole"};
}

}  // namespace cgoscope
