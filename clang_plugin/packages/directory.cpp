// What belongs to a package is decided by go/build file by file: the ending of the name, the build
// constraint (which C files have too, in their first comments), the package clause. Go refuses a
// directory whose files disagree on the package; a lint that did so would say nothing on broken
// trees, so the package with the most cgo is read. "package documentation" is Go's own convention
// for files that belong to none.
#include "clang_plugin/packages/directory.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <string_view>
#include <tuple>

#include "clang_plugin/packages/file_header.h"
#include "clang_plugin/packages/source_tree.h"

namespace cgoscope {
namespace {

namespace fs = std::filesystem;

// Constraints stand before the first line of code.
constexpr size_t kMaxHeaderBytes = 1u << 20;

enum class Language : uint8_t { kNone, kGo, kC, kCxx, kUnread };

// go/build's fileListForExt; headers and assembly need no reading of ours.
Language language_of(const std::string& name) {
  const std::string extension = fs::path(name).extension().string();
  if (extension == ".go") return Language::kGo;
  if (extension == ".c") return Language::kC;
  if (extension == ".cc" || extension == ".cpp" || extension == ".cxx") return Language::kCxx;
  for (const std::string_view unread : {".m", ".f", ".F", ".for", ".f90", ".swig", ".swigcxx"}) {
    if (extension == unread) return Language::kUnread;
  }
  return Language::kNone;
}

// The names of the files in a directory that a build on `context` might take, sorted. What bears
// the name of one and is no file is a problem: go would wait at a FIFO.
Result<std::vector<std::string>> candidates(const std::string& directory,
                                            const BuildContext& context,
                                            std::vector<Problem>& problems) {
  std::vector<std::string> names;
  std::error_code error;
  for (fs::directory_iterator entry(directory, error), end; !error && entry != end;
       entry.increment(error)) {
    std::string name = entry->path().filename().string();
    if (name.ends_with("_test.go") || language_of(name) == Language::kNone ||
        !file_name_fits(name, context)) {
      continue;
    }
    std::error_code unknown;
    const fs::file_type type = entry->status(unknown).type();
    if (type == fs::file_type::directory) continue;
    // A link that leads nowhere is kept, so that it is named when it cannot be read.
    if (unknown || type == fs::file_type::regular || type == fs::file_type::not_found) {
      names.push_back(std::move(name));
    } else {
      problems.push_back({entry->path().string(), 0, "is not read: it is no regular file"});
    }
  }
  if (error) {
    return Error{"cannot read the directory " + directory, error.message(), "check its name"};
  }
  std::sort(names.begin(), names.end());
  return names;
}

std::optional<GoFile> read_go_file(const std::string& path, std::vector<Problem>& problems) {
  // One byte over the limit tells the parser that the file is too large.
  const std::optional<std::string> source = read_bytes(path, kMaxGoFileBytes + 1);
  if (source) return parse_go_file(path, *source);
  problems.push_back({path, 0, "cannot be read"});
  return std::nullopt;
}

void take(GoFile file, Package& package) {
  package.problems.insert(package.problems.end(), file.problems.begin(), file.problems.end());
  (file.imports_c ? package.cgo_files : package.go_files).push_back(std::move(file));
}

// The package clause that counts: most files that import "C", then most files, then the first seen.
std::string chosen_package(const std::vector<GoFile>& files) {
  struct Votes {
    std::string_view name;
    int cgo = 0;
    int all = 0;
  };
  std::vector<Votes> votes;
  for (const GoFile& file : files) {
    if (file.package_name.empty()) continue;  // did not parse so far
    auto mine = std::find_if(votes.begin(), votes.end(),
                             [&](const Votes& each) { return each.name == file.package_name; });
    if (mine == votes.end()) mine = votes.insert(votes.end(), {file.package_name});
    mine->cgo += file.imports_c ? 1 : 0;
    ++mine->all;
  }
  const auto most =
      std::max_element(votes.begin(), votes.end(), [](const Votes& a, const Votes& b) {
        return std::tie(a.cgo, a.all) < std::tie(b.cgo, b.all);
      });
  return most == votes.end() ? "" : std::string(most->name);
}

void name_package(Package& package) {
  package.import_path = import_path_of(package.directory);
  if (package.import_path.empty()) package.import_path = package.name;
  if (package.import_path.empty()) {
    package.import_path = fs::path(package.directory).filename().string();
  }
}

}  // namespace

Result<Package> read_directory(const std::string& directory, const BuildContext& context) {
  Package package;
  package.directory = absolute_path(directory);
  const Result<std::vector<std::string>> names =
      candidates(package.directory, context, package.problems);
  if (!names) return names.error();

  std::vector<GoFile> files;
  std::vector<std::string> unread;
  for (const std::string& name : *names) {
    const std::string path = package.directory + "/" + name;
    const Language language = language_of(name);
    if (language == Language::kGo) {
      std::optional<GoFile> file = read_go_file(path, package.problems);
      if (file && constraint_holds(file->build_constraint, context) &&
          file->package_name != "documentation") {
        files.push_back(std::move(*file));
      }
      continue;
    }
    const std::optional<std::string> header = read_bytes(path, kMaxHeaderBytes);
    if (header && !constraint_holds(read_build_constraint(*header), context)) continue;
    if (language == Language::kUnread) {
      unread.push_back(path);
    } else {
      add_c_file(path, language == Language::kCxx, package);
    }
  }

  package.name = chosen_package(files);
  std::map<std::string, std::string> others;  // package name: its first file
  for (GoFile& file : files) {
    if (file.package_name == package.name || file.package_name.empty()) {
      take(std::move(file), package);
    } else {
      others.emplace(file.package_name, file.path);
    }
  }
  for (const auto& [name, path] : others) {
    package.problems.push_back(
        {path, 0,
         "package " + name + " is not analysed: the directory is read as package " + package.name});
  }
  if (!package.cgo_files.empty() || package.go_files.empty()) {
    for (const std::string& path : unread) report_unread_source(path, package);
  }
  name_package(package);
  return package;
}

Result<Package> read_files(const std::vector<std::string>& paths) {
  Package package;
  for (const std::string& path : paths) add_go_file(absolute_path(path), package);
  if (package.cgo_files.empty() && package.go_files.empty()) {
    return Error{"cannot read " + (paths.empty() ? "no file" : paths.front()),
                 "it is no readable file", "check its name"};
  }
  const GoFile& first =
      package.cgo_files.empty() ? package.go_files.front() : package.cgo_files.front();
  package.name = first.package_name;
  package.directory = fs::path(first.path).parent_path().string();
  name_package(package);
  return package;
}

bool add_go_file(const std::string& path, Package& package) {
  std::optional<GoFile> file = read_go_file(path, package.problems);
  if (file) take(std::move(*file), package);
  return file.has_value();
}

bool add_c_file(const std::string& path, bool is_cxx, Package& package) {
  std::error_code error;
  const bool is_file = fs::is_regular_file(path, error);
  const uintmax_t size = is_file ? fs::file_size(path, error) : 0;
  if (!is_file || error || !std::ifstream(path)) {
    package.problems.push_back({path, 0, "cannot be read"});
    return false;
  }
  if (size > kMaxCFileBytes) {
    package.problems.push_back(
        {path, 0, "larger than " + std::to_string(kMaxCFileBytes >> 20) + " MiB; not read"});
    return false;
  }
  (is_cxx ? package.cxx_files : package.c_files).push_back(path);
  return true;
}

void add_c_files(const std::vector<std::string>& left_out, Package& package) {
  std::vector<std::string> paths;
  std::error_code error;
  for (fs::directory_iterator entry(package.directory, error), end; !error && entry != end;
       entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    std::string path = package.directory + "/" + name;
    std::error_code ignored;
    const bool is_taken = !name.starts_with('_') && !name.starts_with('.') &&
                          !entry->is_directory(ignored) &&
                          std::find(left_out.begin(), left_out.end(), path) == left_out.end();
    if (is_taken) paths.push_back(std::move(path));
  }
  std::sort(paths.begin(), paths.end());
  for (const std::string& path : paths) {
    const Language language = language_of(path);
    if (language == Language::kUnread) report_unread_source(path, package);
    if (language == Language::kC || language == Language::kCxx) {
      add_c_file(path, language == Language::kCxx, package);
    }
  }
}

void report_unread_source(const std::string& path, Package& package) {
  const std::string extension = fs::path(path).extension().string();
  const std::string language = extension == ".m"                ? "Objective-C"
                               : extension.starts_with(".swig") ? "SWIG"
                                                                : "Fortran";
  package.problems.push_back({path, 0, language + " is not analysed"});
}

}  // namespace cgoscope
