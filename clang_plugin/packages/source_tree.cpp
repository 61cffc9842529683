// A tree of Go code is cut into modules: a go.mod begins one, and "./..." above stops there. Before
// modules, the place below $GOPATH/src was the import path, and distributions still ship sources so
// (Debian: /usr/share/gocode/src). The go command skips directories called testdata or vendor, and
// those that begin with "_" or "." (`go help packages`).
#include "clang_plugin/packages/source_tree.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string_view>

namespace cgoscope {
namespace {

namespace fs = std::filesystem;

// A go.mod is small; a hostile one is cut.
constexpr size_t kMaxGoModBytes = 1u << 20;

bool is_skipped(std::string_view name) {
  return name == "testdata" || name == "vendor" || name.starts_with('_') || name.starts_with('.');
}

// Calls `visit` with each directory, and the names of the files in it.
void visit_directories(
    const std::string& root,
    const std::function<void(const fs::path&, const std::vector<std::string>&)>& visit) {
  std::vector<fs::path> pending = {root};
  while (!pending.empty()) {
    const fs::path directory = std::move(pending.back());
    pending.pop_back();
    std::vector<std::string> files;
    std::error_code error;
    for (fs::directory_iterator entry(directory, error), end; !error && entry != end;
         entry.increment(error)) {
      std::error_code ignored;
      std::string name = entry->path().filename().string();
      if (entry->symlink_status(ignored).type() == fs::file_type::directory) {
        if (!is_skipped(name)) pending.push_back(entry->path());
      } else {
        files.push_back(std::move(name));
      }
    }
    visit(directory, files);
  }
}

// What go/build opens to look for build constraints and imports, or lists (goodOSArchFile and the
// switch in matchFile).
bool is_source(const std::string& name) {
  constexpr std::array<std::string_view, 20> kExtensions = {
      ".go", ".c", ".cc",  ".cpp", ".cxx", ".m", ".h",  ".hh",   ".hpp",     ".hxx",
      ".f",  ".F", ".for", ".f90", ".s",   ".S", ".sx", ".swig", ".swigcxx", ".syso"};
  const std::string extension = fs::path(name).extension().string();
  return std::find(kExtensions.begin(), kExtensions.end(), extension) != kExtensions.end();
}

// Well-formed enough for JSON: a byte that begins a character is followed by as many as it says.
bool is_utf8(std::string_view text) {
  for (size_t at = 0; at < text.size();) {
    const auto first = static_cast<unsigned char>(text[at++]);
    const int more = first < 0x80   ? 0
                     : first < 0xc2 ? -1
                     : first < 0xe0 ? 1
                     : first < 0xf0 ? 2
                     : first < 0xf5 ? 3
                                    : -1;
    if (more < 0) return false;
    for (int i = 0; i < more; ++i, ++at) {
      if (at >= text.size() || (static_cast<unsigned char>(text[at]) & 0xc0) != 0x80) return false;
    }
  }
  return true;
}

// The path in `module example.org/x`; quotes and comments are allowed around it.
std::string module_path(const std::string& go_mod) {
  std::string_view rest = go_mod;
  while (!rest.empty()) {
    std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(rest.size(), line.size() + 1));
    line = line.substr(0, line.find("//"));
    const size_t start = line.find_first_not_of(" \t");
    if (start == line.npos || !line.substr(start).starts_with("module")) continue;
    line.remove_prefix(start + 6);
    const size_t first = line.find_first_not_of(" \t\"`");
    if (first == 0 || first == line.npos) continue;
    line.remove_prefix(first);
    return std::string(line.substr(0, line.find_first_of(" \t\r\"`")));
  }
  return "";
}

std::string joined_import_path(const std::string& base, const std::string& below) {
  if (below.empty() || below == ".") return base;
  return base.empty() ? below : base + "/" + below;
}

// Behind the last "/src/" whose next part is a host name ("github.com"), or, without one, behind
// the last "/src/" at all.
std::string behind_src(const std::string& directory) {
  constexpr std::string_view kSource = "/src/";
  std::string without_host;
  for (size_t at = directory.rfind(kSource); at != std::string::npos;
       at = at == 0 ? std::string::npos : directory.rfind(kSource, at - 1)) {
    const std::string candidate = directory.substr(at + kSource.size());
    if (candidate.substr(0, candidate.find('/')).find('.') != std::string::npos) return candidate;
    if (without_host.empty()) without_host = candidate;
  }
  return without_host;
}

std::string below_gopath(const std::string& directory) {
  const char* variable = std::getenv("GOPATH");
  std::string_view rest = variable == nullptr ? "" : variable;
  while (!rest.empty()) {
    const std::string_view entry = rest.substr(0, rest.find(':'));
    rest.remove_prefix(std::min(rest.size(), entry.size() + 1));
    const std::string source = std::string(entry) + "/src/";
    if (!entry.empty() && directory.starts_with(source)) return directory.substr(source.size());
  }
  return "";
}

}  // namespace

std::vector<std::string> directories_below(const std::string& root) {
  std::vector<std::string> found;
  visit_directories(root, [&](const fs::path& directory, const std::vector<std::string>& files) {
    const bool has_go = std::any_of(files.begin(), files.end(), [](const std::string& name) {
      return name.ends_with(".go") && !name.starts_with('_') && !name.starts_with('.');
    });
    if (has_go) found.push_back(directory.string());
  });
  std::sort(found.begin(), found.end());
  return found;
}

bool go_cannot_list(const std::string& directory) {
  if (!is_utf8(directory)) return true;
  std::error_code error;
  for (fs::directory_iterator entry(directory, error), end; !error && entry != end;
       entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    if (!is_source(name)) continue;
    std::error_code unknown;
    const fs::file_type type = entry->status(unknown).type();
    const bool may_wait = type == fs::file_type::fifo || type == fs::file_type::character;
    if (may_wait || !is_utf8(name)) return true;
  }
  return false;
}

std::vector<std::string> modules_below(const std::string& root) {
  std::vector<std::string> found;
  visit_directories(root, [&](const fs::path& directory, const std::vector<std::string>& files) {
    const bool has_module = std::find(files.begin(), files.end(), "go.mod") != files.end();
    if (has_module && directory != root) found.push_back(directory.string());
  });
  std::sort(found.begin(), found.end());
  return found;
}

std::string module_root_of(const std::string& directory) {
  std::error_code ignored;
  for (fs::path at = directory; !at.empty(); at = at.parent_path()) {
    if (fs::is_regular_file(at / "go.mod", ignored)) return at.string();
    if (at == at.parent_path()) break;
  }
  return "";
}

std::string import_path_of(const std::string& directory) {
  if (const std::string root = module_root_of(directory); !root.empty()) {
    const std::string path = module_path(read_bytes(root + "/go.mod", kMaxGoModBytes).value_or(""));
    if (!path.empty()) {
      return joined_import_path(path, fs::path(directory).lexically_relative(root).string());
    }
  }
  const std::string below = below_gopath(directory);
  return below.empty() ? behind_src(directory) : below;
}

std::string absolute_path(const std::string& path) {
  std::error_code ignored;
  std::string absolute = fs::absolute(path, ignored).lexically_normal().string();
  while (absolute.size() > 1 && absolute.ends_with('/')) absolute.pop_back();
  return absolute;
}

std::optional<std::string> read_bytes(const std::string& path, size_t limit) {
  std::error_code error;
  if (!fs::is_regular_file(path, error)) return {};  // opening a FIFO would wait for its writer
  std::ifstream file(path, std::ios::binary);
  const uintmax_t size = fs::file_size(path, error);
  if (!file || error) return {};
  std::string bytes(std::min<uintmax_t>(limit, size), '\0');
  file.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  bytes.resize(static_cast<size_t>(file.gcount()));
  return bytes;
}

}  // namespace cgoscope
