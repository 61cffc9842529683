#include "clang_plugin/vet/tool_id.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <set>
#include <sstream>
#include <string_view>
#include <vector>

#include "clang_plugin/packages/go_command.h"
#include "clang_plugin/packages/source_tree.h"
#include "clang_plugin/settings.h"
#include "findings/finding.h"

namespace cgoscope {
namespace {

namespace fs = std::filesystem;

constexpr size_t kMaxProgramBytes = size_t{1} << 30;
constexpr size_t kMaxFileBytes = size_t{1} << 26;  // of settings, a catalogue, go.mod

// What decides beside files, and is not in Go's own key.
constexpr std::array<const char*, 13> kVariables = {"CPATH",
                                                    "C_INCLUDE_PATH",
                                                    "CPLUS_INCLUDE_PATH",
                                                    "PKG_CONFIG",
                                                    "PKG_CONFIG_PATH",
                                                    "PKG_CONFIG_LIBDIR",
                                                    "PKG_CONFIG_SYSROOT_DIR",
                                                    "CGO_CFLAGS_ALLOW",
                                                    "CGO_CFLAGS_DISALLOW",
                                                    "CGO_CPPFLAGS_ALLOW",
                                                    "CGO_CPPFLAGS_DISALLOW",
                                                    "CGO_CXXFLAGS_ALLOW",
                                                    "CGO_CXXFLAGS_DISALLOW"};

// The directories that a go.mod or go.work names: words that are paths (`use ./x`, `replace a =>
// ../b`).
std::vector<std::string> named_directories(const std::string& path) {
  std::vector<std::string> directories;
  std::istringstream lines(read_bytes(path, kMaxFileBytes).value_or(""));
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line.substr(0, line.find("//")));
    for (std::string word; words >> word;) {
      std::erase_if(word, [](char byte) { return byte == '"' || byte == '`'; });
      if (!word.starts_with('.') && !word.starts_with('/')) continue;
      const fs::path directory = fs::path(path).parent_path() / word;
      std::error_code ignored;
      if (fs::is_directory(directory, ignored)) directories.push_back(directory.string());
    }
  }
  return directories;
}

class SettingsFiles {
 public:
  explicit SettingsFiles(const std::string& directory) {
    std::string top;  // where the search for a package's settings ends
    for (fs::path folder = directory;; folder = folder.parent_path()) {
      add_file(folder / kSettingsFile);
      std::error_code ignored;
      if (top.empty() &&
          (fs::exists(folder / "go.mod", ignored) || fs::exists(folder / ".git", ignored))) {
        top = folder.string();
        add_tree(top);
        for (const std::string& local : named_directories(top + "/go.mod")) add_tree(local);
      }
      if (variable("GOWORK").empty()) add_workspace(folder / "go.work");
      if (folder == folder.parent_path()) break;
    }
    if (top.empty()) add_tree(directory);
    if (const std::string workspace = variable("GOWORK"); workspace.starts_with('/')) {
      add_workspace(workspace);
    }
    if (variable("GO111MODULE") != "off") return;
    std::istringstream roots(variable("GOPATH"));
    for (std::string root; std::getline(roots, root, ':');) add_tree(root + "/src");
  }

  // Sorted, absolute.
  const std::set<std::string>& paths() const { return paths_; }

 private:
  void add_file(const fs::path& path) {
    std::error_code ignored;
    if (fs::is_regular_file(path, ignored)) paths_.insert(path.lexically_normal().string());
  }

  void add_workspace(const fs::path& path) {
    for (const std::string& module : named_directories(path.string())) add_tree(module);
  }

  void add_tree(const std::string& root) {
    const std::string normal = fs::path(root).lexically_normal().string();
    if (std::any_of(trees_.begin(), trees_.end(), [&](const std::string& tree) {
          return normal == tree || normal.starts_with(tree + "/");
        })) {
      return;
    }
    trees_.push_back(normal);
    std::error_code error;
    fs::recursive_directory_iterator entry(normal, fs::directory_options::skip_permission_denied,
                                           error);
    for (const fs::recursive_directory_iterator end; !error && entry != end;
         entry.increment(error)) {
      const fs::path& name = entry->path().filename();
      if (name == ".git") entry.disable_recursion_pending();
      if (name == kSettingsFile) add_file(entry->path());
    }
  }

  std::vector<std::string> trees_;
  std::set<std::string> paths_;
};

}  // namespace

std::string settings_id(const std::string& directory) {
  std::vector<std::string> parts;
  const auto add_contents = [&](const std::string& path) {
    const auto text = read_bytes(path, kMaxFileBytes);
    parts.push_back(path);
    parts.push_back(text ? "=" + *text : "");
    return text;
  };
  const SettingsFiles files(directory);
  for (const std::string& path : files.paths()) {
    const auto text = add_contents(path);
    // A malformed file is an error of the report, whatever it would have named.
    const auto settings = parse_settings(text.value_or(""), path);
    if (!settings) continue;
    for (const std::string& catalogue : settings->catalogue) add_contents(catalogue);
  }
  for (const char* name : kVariables) parts.push_back(variable(name));
  return stable_id({parts.begin(), parts.end()});
}

std::string tool_id(const std::string& directory) {
  const std::string program = read_bytes("/proc/self/exe", kMaxProgramBytes).value_or("");
  return std::string("cgoscope-lint version ") + CGOSCOPE_VERSION +
         " program=" + stable_id({program}) + " settings=" + settings_id(directory);
}

}  // namespace cgoscope
