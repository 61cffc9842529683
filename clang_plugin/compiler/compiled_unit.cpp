#include "clang_plugin/compiler/compiled_unit.h"

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <optional>
#include <set>
#include <string_view>
#include <tuple>
#include <utility>

#include "clang_plugin/packages/directory.h"
#include "clang_plugin/packages/go_command.h"
#include "clang_plugin/packages/source_tree.h"

namespace cgoscope {
namespace {

namespace fs = std::filesystem;

// Go's own C code is compiled with the user's flags too.
bool is_of_go_itself(const std::string& path) {
  const std::string root = variable("GOROOT");
  if (root.empty()) return false;
  std::error_code ignored;
  for (const std::string& folder : {root, fs::canonical(root + "/src", ignored).string()}) {
    if (!folder.empty() && path.starts_with(folder + "/")) return true;
  }
  return false;
}

BuildContext context() {
  const std::vector<std::string> tags = tags_in_goflags(settings_of_environment().goflags);
  return host_build_context({tags.begin(), tags.end()});
}

void give_flags(const CompiledUnit& unit, Package& package) {
  for (const bool cxx : {false, true}) {
    for (const std::string& flag : unit.flags) {
      // Of the other language.
      if (flag.starts_with("-std=") && cxx != unit.is_cxx) continue;
      (cxx ? package.cxx_flags : package.c_flags).push_back(flag);
    }
  }
}

// The package of `path`, of whose files that import "C" only this one counts for more than its
// constants.
std::optional<Package> package_of_go_file(const std::string& path) {
  Result<Package> read = read_directory(fs::path(path).parent_path().string(), context());
  Package package;
  if (read) package = std::move(*read);
  std::vector<GoFile> others = std::move(package.cgo_files);
  package.cgo_files.clear();
  package.problems.clear();
  for (GoFile& file : others) {
    if (file.path == path) {
      package.cgo_files.push_back(std::move(file));
    } else {
      file.references.clear();
      package.go_files.push_back(std::move(file));
    }
  }
  // One whose build constraint holds by a tag that is not known here.
  if (package.cgo_files.empty()) add_go_file(path, package);
  if (package.cgo_files.empty()) return std::nullopt;
  package.name = package.cgo_files.front().package_name;
  return package;
}

// The package around a C file; nothing when no Go file there calls C.
std::optional<Package> package_around(const CompiledUnit& unit) {
  Result<Package> package = read_directory(fs::path(unit.file).parent_path().string(), context());
  if (!package) return std::nullopt;
  const bool calls_c = std::any_of(package->cgo_files.begin(), package->cgo_files.end(),
                                   [](const GoFile& file) { return !file.references.empty(); });
  if (!calls_c) return std::nullopt;
  return std::move(*package);
}

bool leads_through(const Finding& finding, const std::string& file) {
  const std::string shown = display_path(file);
  return (finding.c && finding.c->file == shown) ||
         std::any_of(finding.path.begin(), finding.path.end(),
                     [&](const PathStep& step) { return step.file == shown; });
}

// The package's other C files, which are compiled by themselves.
class OtherFiles {
 public:
  explicit OtherFiles(std::vector<std::string> paths) : paths_(std::move(paths)) {}

  // Whether their own compilation shows the finding: a preamble may include one of them.
  bool show(const Finding& finding) const {
    return std::any_of(paths_.begin(), paths_.end(),
                       [&](const std::string& path) { return leads_through(finding, path); });
  }

  // Whether what looks like a library function is one that the package has itself.
  bool define(const std::string& function) {
    while (texts_.size() < paths_.size()) {
      texts_.push_back(read_bytes(paths_[texts_.size()], kMaxCFileBytes).value_or(""));
    }
    return std::any_of(texts_.begin(), texts_.end(),
                       [&](const std::string& text) { return defines_function(text, function); });
  }

 private:
  std::vector<std::string> paths_;
  std::vector<std::string> texts_;  // of the first of them
};

// Takes the C and C++ files out of `package`, but for `kept`.
OtherFiles take_other_files(Package& package, const std::string& kept) {
  std::vector<std::string> paths;
  for (std::vector<std::string>* files : {&package.c_files, &package.cxx_files}) {
    std::erase(*files, kept);
    paths.insert(paths.end(), files->begin(), files->end());
    files->clear();
  }
  return OtherFiles(std::move(paths));
}

// A package that calls each function of the unit, with arguments that nobody knows.
Package callers_of(const CompiledUnit& unit) {
  Package package;
  package.directory = fs::path(unit.file).parent_path().string();
  package.name = package.import_path = fs::path(unit.file).stem().string();
  GoFile callers;
  callers.path = package.directory + "/callers-of-" + package.name + ".go";  // is never opened
  callers.imports_c = true;
  for (const std::string& function : unit.functions) {
    GoReference call;
    call.name = function;
    call.line = call.column = 1;
    call.use = ReferenceUse::kCall;
    callers.references.push_back(std::move(call));
    callers.preamble += "void " + function + "();\n";
  }
  package.cgo_files.push_back(std::move(callers));
  return package;
}

// Findings about calls that nobody makes here become findings about the functions: one for each
// place that blocks.
void take_callers_out(std::vector<Finding>& findings) {
  std::set<std::tuple<std::string, int, int, std::string>> seen;
  std::erase_if(findings, [&](Finding& finding) {
    if (!finding.c || finding.c->file.empty() || finding.bound == Bound::kVariable) return true;
    const CPlace& c = *finding.c;
    if (!seen.insert({c.file, c.line, c.column, c.call}).second) return true;
    if (finding.message.starts_with("C.")) finding.message.erase(0, 2);
    finding.go = {};
    return false;
  });
}

}  // namespace

bool defines_function(std::string_view text, std::string_view name) {
  constexpr std::string_view kBlank = " \t\r\n";
  const auto is_word = [](char byte) {
    return std::isalnum(static_cast<unsigned char>(byte)) != 0 || byte == '_';
  };
  if (name.empty()) return false;
  for (size_t at = text.find(name); at != text.npos; at = text.find(name, at + 1)) {
    if (at > 0 && is_word(text[at - 1])) continue;
    size_t next = text.find_first_not_of(kBlank, at + name.size());
    if (next == text.npos || text[next] != '(') continue;
    // Past the parameters, and words such as const, noexcept and __attribute__((…)).
    int depth = 0;
    for (; next < text.size(); ++next) {
      const char byte = text[next];
      if (byte == '(') ++depth;
      if (byte == ')') --depth;
      const bool may_follow = is_word(byte) || byte == ')' || kBlank.find(byte) != kBlank.npos;
      if (depth < 0 || (depth == 0 && !may_follow)) break;
    }
    if (depth == 0 && next < text.size() && text[next] == '{') return true;
  }
  return false;
}

std::string go_file_of(const std::string& text) {
  constexpr std::string_view kDirective = "\n#line ";
  for (size_t at = text.find(kDirective); at != text.npos; at = text.find(kDirective, at + 1)) {
    const std::string_view line =
        std::string_view(text).substr(at + 1, text.find('\n', at + 1) - at - 1);
    const size_t open = line.find('"');
    const size_t close = line.rfind('"');
    if (open >= close) continue;
    const std::string_view name = line.substr(open + 1, close - open - 1);
    if (name.ends_with(".go")) return std::string(name);
  }
  return "";
}

Result<std::vector<Finding>> lint_unit(const CompiledUnit& unit, const LintOptions& options) {
  const std::string name = fs::path(unit.file).filename().string();
  const bool is_made_by_cgo = name.ends_with(".cgo2.c");
  const std::string go_file = is_made_by_cgo ? go_file_of(unit.text) : "";
  if (is_of_go_itself(unit.file) || is_of_go_itself(go_file)) return std::vector<Finding>{};
  if (name.starts_with("_cgo_") || (is_made_by_cgo && go_file.empty())) {
    return std::vector<Finding>{};  // _cgo_export.c; a file without a preamble
  }
  std::optional<Package> package =
      is_made_by_cgo ? package_of_go_file(go_file) : package_around(unit);
  if (is_made_by_cgo && !package) {
    return Error{"cannot read " + go_file, "cgo's line directive names it, and it is not there",
                 "build without -trimpath"};
  }
  const bool has_go = package.has_value();
  if (!package) {
    if (unit.functions.empty()) return std::vector<Finding>{};
    package = callers_of(unit);
  }
  OtherFiles others = take_other_files(*package, unit.file);
  if (!is_made_by_cgo) (unit.is_cxx ? package->cxx_files : package->c_files).push_back(unit.file);
  give_flags(unit, *package);
  PackageList list;
  list.packages_seen = 1;
  list.packages.push_back(std::move(*package));
  AcrossPackages across;
  auto report = lint_packages(options, std::move(list), across);
  if (!report) return report.error();
  std::vector<Finding> findings = std::move(report->findings);
  std::erase_if(findings, [&](const Finding& finding) {
    // Whether a comment is in use, the whole package decides.
    return finding.rule == "unused-suppression" ||
           (is_made_by_cgo ? others.show(finding) : !leads_through(finding, unit.file)) ||
           (finding.c && others.define(finding.c->call));
  });
  if (!has_go) take_callers_out(findings);
  return findings;
}

}  // namespace cgoscope
