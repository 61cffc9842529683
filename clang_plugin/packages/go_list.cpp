// `go list` works inside one module at a time: "./..." stops where a nested go.mod begins, and a
// directory of another module is "not in the main module". So patterns that name directories are
// grouped by module, and go runs once in each module's root. Its answer is all about the named
// packages; dependencies are not asked for unless they are wanted, so that modules which are not
// downloaded do not matter.
#include "clang_plugin/packages/go_list.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <string_view>
#include <tuple>
#include <utility>

#include "clang_plugin/packages/build_environment.h"
#include "clang_plugin/packages/directory.h"
#include "clang_plugin/packages/go_calls.h"
#include "clang_plugin/packages/go_command.h"
#include "clang_plugin/packages/package_flags.h"
#include "clang_plugin/packages/source_tree.h"
#include "clang_plugin/packages/subprocess.h"

namespace cgoscope {
namespace {

namespace fs = std::filesystem;

// "..." stands for any text, and "/..." at the end also for none (go help packages).
bool matches_wildcard(std::string_view text, std::string_view pattern) {
  if (pattern.ends_with("/...") && matches_wildcard(text, pattern.substr(0, pattern.size() - 4))) {
    return true;
  }
  const size_t dots = pattern.find("...");
  if (dots == pattern.npos) return text == pattern;
  if (!text.starts_with(pattern.substr(0, dots))) return false;
  text.remove_prefix(dots);
  pattern.remove_prefix(dots + 3);
  // The shortest text for each "..." but the last leaves the most for the others.
  while (true) {
    const size_t next = pattern.find("...");
    const std::string_view piece = pattern.substr(0, next);
    if (next == pattern.npos) return text.ends_with(piece);
    const size_t at = text.find(piece);
    if (at == text.npos) return false;
    text.remove_prefix(at + piece.size());
    pattern.remove_prefix(next + 3);
  }
}

// A pattern that names directories: `base` and, for "./x/..." or "./x/y...", what follows it.
struct DirectoryPattern {
  std::string text;      // as given
  std::string base;      // absolute, without "..."
  std::string wildcard;  // "/...", "/y..."; "" for a single directory

  bool names(const std::string& directory) const {
    return matches_wildcard(directory, (base == "/" ? "" : base) + wildcard);
  }
};

std::optional<DirectoryPattern> directory_pattern(const std::string& text) {
  const size_t dots = text.find("...");
  std::string base = text;
  std::string wildcard;
  if (dots != std::string::npos) {
    const size_t slash = text.rfind('/', dots);
    if (slash == std::string::npos) return std::nullopt;  // "..." and "x..." are import paths
    base = slash == 0 ? "/" : text.substr(0, slash);
    wildcard = text.substr(slash);
  }
  const bool looks_local = base == "." || base == ".." || base.starts_with("./") ||
                           base.starts_with("../") || base.starts_with('/');
  std::error_code ignored;
  if (!looks_local && !fs::is_directory(base, ignored)) return std::nullopt;
  return DirectoryPattern{text, absolute_path(base), wildcard};
}

// "x.c", "./p/x.h"; an import path can end so too, if it is a longer one that names no file.
bool names_c_file(const std::string& pattern) {
  static constexpr std::array<std::string_view, 8> kEndings = {".c", ".cc", ".cpp", ".cxx",
                                                               ".h", ".hh", ".hpp", ".hxx"};
  const bool fits = std::any_of(kEndings.begin(), kEndings.end(),
                                [&](std::string_view ending) { return pattern.ends_with(ending); });
  std::error_code ignored;
  if (!fits || fs::is_directory(pattern, ignored)) return false;
  const fs::path folder = fs::path(pattern).parent_path();
  return fs::exists(pattern, ignored) || folder.empty() || fs::is_directory(folder, ignored);
}

class PackageSearch {
 public:
  explicit PackageSearch(const PackageQuery& query) : query_(query) {}

  Result<PackageList> run() {
    read_settings();
    const std::vector<std::string> all_below = {"./..."};
    for (const std::string& pattern : query_.patterns.empty() ? all_below : query_.patterns) {
      sort_out(pattern);
    }
    for (const auto& [root, patterns] : by_module_) search_module(root, patterns);
    for (const auto& [directory, is_named] : loose_directories_) {
      take_directory(directory, is_named);
    }
    search_import_paths();
    for (const auto& [directory, files] : files_) take_files(files);

    if (list_.packages_seen == 0) {
      std::string why = "nothing that the patterns name holds Go files";
      if (!list_.problems.empty()) {
        const Problem& first = list_.problems.front();
        why = first.file.empty() ? first.message : first.file + ": " + first.message;
      }
      return Error{"no Go package found", why, "name packages, directories or .go files"};
    }
    take_dependencies();
    if (!environment_.target_note.empty() && !list_.packages.empty())
      note(environment_.target_note);
    for (auto* packages : {&list_.packages, &list_.without_cgo, &list_.dependencies}) {
      std::sort(packages->begin(), packages->end(), [](const Package& a, const Package& b) {
        return std::tie(a.import_path, a.directory) < std::tie(b.import_path, b.directory);
      });
    }
    return std::move(list_);
  }

 private:
  void note(std::string text) { list_.notes.push_back(std::move(text)); }

  // Marks a directory as looked at; false when it was. Two names of one directory are one.
  bool is_new(const std::string& directory) {
    std::error_code error;
    const std::string real = fs::canonical(directory, error).string();
    return seen_.insert(error ? directory : real).second;
  }

  void report(std::string file, std::string message) {
    list_.problems.push_back({std::move(file), 0, std::move(message)});
  }

  // GOPATH mode, in which a go.mod means nothing.
  bool without_modules() const { return environment_.settings.go111module == "off"; }

  void read_settings() {
    std::error_code ignored;
    here_ = absolute_path(fs::current_path(ignored).string());
    Result<GoSettings> settings = go_settings(here_);
    // The module we are in may ask for a toolchain that is not there; others need not.
    if (!settings && !find_program("go").empty()) settings = go_settings("/");
    if (!settings) {
      note("directories are read without the go command: " + settings.error().message());
      settings = settings_of_environment();
    }
    environment_ = build_environment(std::move(*settings), query_.tags, list_.problems);
    if (environment_.settings.cgo_enabled == "0") {
      note("CGO_ENABLED is 0 (set so, or no C compiler is here): analysing as with CGO_ENABLED=1");
    }
  }

  void sort_out(const std::string& pattern) {
    std::error_code ignored;
    if (pattern.ends_with(".go") && !fs::is_directory(pattern, ignored)) {
      const std::string path = absolute_path(pattern);
      if (!fs::is_regular_file(path, ignored)) return report(pattern, "no such file");
      files_[fs::path(path).parent_path().string()].insert(path);
      return;
    }
    if (names_c_file(pattern)) return sort_out_c_file(pattern);
    if (fs::is_regular_file(pattern, ignored)) return report(pattern, "a file, but not of Go or C");
    const std::optional<DirectoryPattern> local = directory_pattern(pattern);
    if (!local) {
      import_paths_.push_back(pattern);
      return;
    }
    if (!fs::is_directory(local->base, ignored)) return report(pattern, "no such directory");

    std::vector<std::string> nested;
    if (local->wildcard.ends_with("...")) {
      nested = modules_below(local->base);
      std::erase_if(nested, [&](const std::string& module) { return !local->names(module); });
    }
    const std::string root = without_modules() ? local->base : module_root_of(local->base);
    if (!root.empty() && environment_.settings.has_go) {
      by_module_[root].push_back(*local);
    } else {
      take_loose(*local);
    }
    if (without_modules() || nested.empty()) return;
    for (const std::string& module : nested) {
      by_module_[module].push_back({module + "/...", module, "/..."});
    }
    note(fmt::format("{} also covers the {} in {}, where the go command would stop", pattern,
                     nested.size() == 1 ? "module" : "modules", fmt::join(nested, ", ")));
  }

  // What C code does counts at the Go call that reaches it, so a C file stands for the package
  // around it.
  void sort_out_c_file(const std::string& path) {
    std::error_code ignored;
    if (!fs::is_regular_file(path, ignored)) return report(path, "no such file");
    note(path + " is C: the Go package in its folder is analysed");
    const std::string directory = fs::path(absolute_path(path)).parent_path().string();
    if (c_file_directories_.insert(directory).second) sort_out(directory);
  }

  // Directories that `pattern` names, without those of modules further down.
  std::vector<std::string> directories_of(const DirectoryPattern& pattern) const {
    if (pattern.wildcard.empty()) return {pattern.base};
    const std::string root = module_root_of(pattern.base);
    std::vector<std::string> directories;
    for (std::string& directory : directories_below(pattern.base)) {
      const bool is_here = without_modules() || module_root_of(directory) == root;
      if (is_here && pattern.names(directory)) directories.push_back(std::move(directory));
    }
    return directories;
  }

  void take_loose(const DirectoryPattern& pattern) {
    const std::vector<std::string> directories = directories_of(pattern);
    if (environment_.settings.has_go && !directories.empty()) {
      note(pattern.text + " is in no module: its directories are read without go list");
    }
    for (const std::string& directory : directories) {
      loose_directories_[directory] |= pattern.wildcard.empty();
    }
  }

  // Why go list could not do what it was asked, "" when it could: with -e also a pattern that
  // names nothing it can load is a package, one without a directory.
  static std::string failure_in(const Result<std::vector<ListedPackage>>& listed) {
    if (!listed) return listed.error().message();
    for (const ListedPackage& package : *listed) {
      if (package.directory.empty() && !package.is_only_dependency) return package.error;
    }
    return "";
  }

  ListQuery list_query(const std::string& directory, std::vector<std::string> patterns) const {
    return {directory,
            std::move(patterns),
            environment_.tags,
            /*ignore_workspace=*/false,
            query_.go_timeout_s,
            query_.across_packages};
  }

  // go list, but not once more when it gave no answer within the limit: a disk or a program that
  // hangs would hang again in the next module.
  Result<std::vector<ListedPackage>> ask_go(const ListQuery& query) {
    if (go_hangs_) return Error{"go list is not asked again", "it hung before", ""};
    const auto start = std::chrono::steady_clock::now();
    Result<std::vector<ListedPackage>> listed = go_list(query);
    go_hangs_ = !listed && std::chrono::steady_clock::now() - start >=
                               std::chrono::seconds(query_.go_timeout_s);
    return listed;
  }

  // What to ask go about `pattern`. When that covers directories that go cannot list, they are read
  // here, and the others asked for one by one.
  void add_go_patterns(const std::string& root, const DirectoryPattern& pattern,
                       std::vector<std::string>& to) {
    const auto relative = [&](const std::string& directory) {
      const std::string below = fs::path(directory).lexically_relative(root).string();
      return below == "." ? below : "./" + below;
    };
    std::vector<std::string> directories = directories_of(pattern);
    const auto odd = std::stable_partition(
        directories.begin(), directories.end(),
        [](const std::string& directory) { return !go_cannot_list(directory); });
    if (odd == directories.end()) {
      to.push_back(relative(pattern.base) + pattern.wildcard);
      return;
    }
    for (auto directory = directories.begin(); directory != odd; ++directory) {
      to.push_back(relative(*directory));
    }
    for (auto directory = odd; directory != directories.end(); ++directory) {
      note(*directory + " is read without go list, which cannot handle the files there");
      take_directory(*directory, pattern.wildcard.empty());
    }
  }

  void search_module(const std::string& root, const std::vector<DirectoryPattern>& patterns) {
    ListQuery query = list_query(root, {});
    std::set<std::string> explicit_directories;
    for (const DirectoryPattern& pattern : patterns) {
      if (environment_.settings.has_go) add_go_patterns(root, pattern, query.patterns);
      if (pattern.wildcard.empty()) explicit_directories.insert(pattern.base);
    }
    if (environment_.settings.has_go) {
      if (query.patterns.empty()) return;  // go would take none for "."
      Result<std::vector<ListedPackage>> listed = ask_go(query);
      if (failure_in(listed).find("go.work") != std::string::npos) {
        query.ignore_workspace = true;  // a module that the workspace above it does not list
        listed = ask_go(query);
      }
      if (listed) {
        for (const ListedPackage& package : *listed) {
          if (package.directory.empty() && !package.is_only_dependency) continue;
          take_listed(package, explicit_directories.contains(package.directory));
        }
      }
      const std::string failure = failure_in(listed);
      if (failure.empty()) {
        for (const std::string& directory : explicit_directories) {
          take_directory(directory, /*is_named=*/true);
        }
        return;
      }
      note("directories are read without go list: " + failure);
    }
    for (const DirectoryPattern& pattern : patterns) {
      for (const std::string& directory : directories_of(pattern)) {
        take_directory(directory, pattern.wildcard.empty());
      }
    }
  }

  void search_import_paths() {
    if (import_paths_.empty()) return;
    if (!environment_.settings.has_go) {
      for (const std::string& path : import_paths_) {
        report(path, "no such directory, and without a go command import paths cannot be found");
      }
      return;
    }
    const Result<std::vector<ListedPackage>> listed = ask_go(list_query(here_, import_paths_));
    if (!listed) {
      for (const std::string& path : import_paths_) report(path, listed.error().message());
      return;
    }
    for (const ListedPackage& package : *listed) take_listed(package, /*is_named=*/true);
  }

  // `is_named`: the user named this package, not a wildcard over it.
  void take_listed(const ListedPackage& listed, bool is_named) {
    if (listed.is_only_dependency) {
      if (!listed.is_standard) dependencies_.emplace(listed.import_path, listed);
      return;
    }
    if (listed.directory.empty()) {
      return report(listed.import_path, "neither a directory nor a package: " + listed.error);
    }
    const std::string directory = absolute_path(listed.directory);
    if (!listed.error.empty()) {
      if (listed.error.find("build constraints exclude all Go files") != std::string::npos) {
        if (is_named) note(listed.error);
        if (is_new(directory)) ++list_.packages_seen;
        return;
      }
      if (listed.error.starts_with("no Go files in")) {
        if (is_named) report(directory, "no Go files");
        is_new(directory);
        return;
      }
      report(directory, "go list: " + (listed.error_position.empty()
                                           ? listed.error
                                           : listed.error_position + ": " + listed.error));
      return take_directory(directory, is_named);
    }
    if (!is_new(directory)) return;
    ++list_.packages_seen;
    const bool uses_cgo = !listed.cgo_files.empty() || !listed.unread_files.empty();
    if (uses_cgo) {
      keep(package_of(listed));
    } else if (query_.across_packages) {
      list_.without_cgo.push_back(package_of(listed));
    }
  }

  Package package_of(const ListedPackage& listed) const {
    Package package;
    package.directory = absolute_path(listed.directory);
    package.name = listed.name;
    package.import_path = listed.import_path;
    package.import_map = listed.import_map;
    package.is_standard = listed.is_standard;
    // Outside modules and GOPATH go makes up an import path from the directory: "_/home/x".
    if (listed.import_path.starts_with("_/")) {
      const std::string path = import_path_of(package.directory);
      package.import_path = path.empty() ? listed.name : path;
    }
    const auto path_of = [&](const std::string& name) { return package.directory + "/" + name; };
    for (const std::string& name : listed.cgo_files) add_go_file(path_of(name), package);
    for (const std::string& name : listed.go_files) add_go_file(path_of(name), package);
    for (const std::string& name : listed.c_files) add_c_file(path_of(name), false, package);
    for (const std::string& name : listed.cxx_files) add_c_file(path_of(name), true, package);
    for (const std::string& name : listed.unread_files) {
      report_unread_source(path_of(name), package);
    }
    if (!listed.cgo_files.empty() || !listed.unread_files.empty())
      resolve_flags(package, listed_lines(listed, package), environment_.cgo);
    if (query_.across_packages) read_calls(package);
    package.machine = environment_.machine;
    return package;
  }

  // What go lists beside the named packages. One that cannot be loaded is left out: what it does
  // is no fault of the packages that were named.
  void take_dependencies() {
    size_t missing = 0;
    for (const auto& [import_path, listed] : dependencies_) {
      if (listed.directory.empty() || !listed.error.empty()) {
        ++missing;
      } else if (is_new(absolute_path(listed.directory))) {
        list_.dependencies.push_back(package_of(listed));
      }
    }
    if (missing > 0) {
      note(
          fmt::format("{} of the packages that these import cannot be loaded by the go command: "
                      "what blocks in them is not known",
                      missing));
    }
  }

  void keep(Package package) {
    package.machine = environment_.machine;
    list_.packages.push_back(std::move(package));
  }

  // The #cgo lines as read here, which have their places, when they say what go list says. Go's own
  // word counts when they do not: conditions over tags that only the go command knows
  // (GOEXPERIMENT).
  std::vector<CgoLine> listed_lines(const ListedPackage& listed, Package& package) const {
    std::vector<CgoLine> lines = cgo_lines_in_effect(package, environment_.context);
    std::map<std::string, std::vector<std::string>> read;
    for (const CgoLine& line : lines) {
      std::vector<std::string>& words = read[line.variable];
      words.insert(words.end(), line.arguments.begin(), line.arguments.end());
    }
    const std::map<std::string, std::vector<std::string>> told = {
        {"CFLAGS", listed.cflags},
        {"CPPFLAGS", listed.cppflags},
        {"CXXFLAGS", listed.cxxflags},
        {"pkg-config", listed.pkg_config}};
    for (const auto& [variable, words] : told) {
      if (read[variable] == words) continue;
      std::erase_if(lines, [&](const CgoLine& line) { return line.variable == variable; });
      lines.push_back({{}, variable, words, package.directory, 0});
    }
    return lines;
  }

  void take_directory(const std::string& directory, bool is_named) {
    if (!is_new(directory)) return;
    Result<Package> package = read_directory(directory, environment_.context);
    if (!package) return report(directory, package.error().message());
    const bool has_go = !package->cgo_files.empty() || !package->go_files.empty();
    if (has_go) ++list_.packages_seen;
    if (!has_go && is_named) report(directory, "no Go files that are built here");
    take_read(std::move(*package));
  }

  void take_files(const std::set<std::string>& files) {
    const std::string directory = fs::path(*files.begin()).parent_path().string();
    if (!is_new(directory)) return;  // the whole package is analysed already
    Result<Package> package = read_files({files.begin(), files.end()});
    if (!package) return report(*files.begin(), package.error().message());
    ++list_.packages_seen;
    take_read(std::move(*package));
  }

  // A package without cgo is dropped, but not what was found wrong with it: a file that cannot be
  // read might have imported C.
  void take_read(Package package) {
    if (query_.across_packages) read_calls(package);
    if (package.cgo_files.empty()) {
      for (Problem& problem : package.problems) list_.problems.push_back(std::move(problem));
      package.problems.clear();
      if (query_.across_packages) list_.without_cgo.push_back(std::move(package));
      return;
    }
    const std::vector<CgoLine> lines = cgo_lines_in_effect(package, environment_.context);
    resolve_flags(package, lines, environment_.cgo);
    keep(std::move(package));
  }

  const PackageQuery& query_;
  PackageList list_;
  std::string here_;
  BuildEnvironment environment_;
  bool go_hangs_ = false;
  std::map<std::string, std::vector<DirectoryPattern>> by_module_;
  std::map<std::string, bool> loose_directories_;  // true: named, not found by a wildcard
  std::vector<std::string> import_paths_;
  std::map<std::string, std::set<std::string>> files_;  // by directory
  std::set<std::string> c_file_directories_;            // of C files that were named
  std::set<std::string> seen_;                          // directories
  std::map<std::string, ListedPackage> dependencies_;   // by import path
};

}  // namespace

Result<PackageList> list_packages(const PackageQuery& query) { return PackageSearch(query).run(); }

}  // namespace cgoscope
