#include "clang_plugin/across/across_packages.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "clang_plugin/across/callers.h"

namespace cgoscope {
namespace {

class PackagesInOrder {
 public:
  PackagesInOrder(const std::vector<CallingPackage>& packages, RunFindings& run,
                  AcrossPackages& across, std::string (*display)(const std::string&))
      : packages_(packages), run_(run), across_(across), display_(display) {}

  void run() {
    for (size_t i = 0; i < packages_.size(); ++i)
      by_path_.emplace(packages_[i].package->import_path, i);
    sort_out_findings();
    states_.resize(packages_.size());
    for (size_t i = 0; i < packages_.size(); ++i) visit(i);
  }

 private:
  // What comments and settings leave, by package.
  void sort_out_findings() {
    std::map<std::string, size_t> package_of_file;
    for (size_t i = 0; i < packages_.size(); ++i) {
      for (const GoFile& file : packages_[i].package->cgo_files)
        package_of_file.emplace(display_(file.path), i);
    }
    std::vector<Finding> left = run_.findings;
    std::vector<SuppressiblePlaces> places = run_.places;
    apply_suppressions(run_.suppressions, left, places, display_);
    own_.resize(packages_.size());
    for (Finding& finding : left) {
      const auto package = package_of_file.find(finding.go.file);
      if (finding.rule != "unused-suppression" && package != package_of_file.end())
        own_[package->second].push_back(std::move(finding));
    }
  }

  static std::string imported_path(const Package& package, const std::string& path) {
    const auto mapped = package.import_map.find(path);
    return mapped == package.import_map.end() ? path : mapped->second;
  }

  // The packages of the run that `package` imports.
  std::vector<size_t> imports_of(const Package& package) const {
    std::set<size_t> imports;
    for (const std::vector<GoFile>* files : {&package.cgo_files, &package.go_files}) {
      for (const GoFile& file : *files) {
        for (const GoImport& import : file.imports) {
          const auto known = by_path_.find(imported_path(package, import.path));
          if (known != by_path_.end()) imports.insert(known->second);
        }
      }
    }
    return {imports.begin(), imports.end()};
  }

  // Judges `first` behind all that it imports. Go refuses a ring of imports; what closes one here
  // is not followed.
  void visit(size_t first) {
    struct Open {
      size_t package;
      std::vector<size_t> imports;
      size_t next = 0;
    };
    if (states_[first] != State::kNew) return;
    std::vector<Open> open;
    const auto enter = [&](size_t package) {
      states_[package] = State::kSeen;
      open.push_back({package, imports_of(*packages_[package].package)});
    };
    enter(first);
    while (!open.empty()) {
      Open& last = open.back();
      if (last.next < last.imports.size()) {
        const size_t import = last.imports[last.next++];
        if (states_[import] == State::kNew) enter(import);
        continue;
      }
      judge(last.package);
      open.pop_back();
    }
  }

  const BlockingFunctions* known_of(const Package& package, const std::string& path) const {
    const std::string imported = imported_path(package, path);
    for (const BlockingFunctionsByPackage* where : {&across_.found, &across_.known}) {
      const auto known = where->find(imported);
      if (known != where->end() && !known->second.empty()) return &known->second;
    }
    return nullptr;
  }

  void judge(size_t index) {
    const CallingPackage& one = packages_[index];
    const Package& package = *one.package;
    const auto known = [&](const std::string& path) { return known_of(package, path); };
    if (package.cgo_files.empty() &&
        std::none_of(package.go_files.begin(), package.go_files.end(), [&](const GoFile& file) {
          return std::any_of(file.imports.begin(), file.imports.end(),
                             [&](const GoImport& import) { return known(import.path) != nullptr; });
        }))
      return;
    FollowedCalls followed = follow_calls(package, *one.settings, own_[index], known, display_);
    std::move(followed.findings.begin(), followed.findings.end(),
              std::back_inserter(run_.findings));
    std::move(followed.places.begin(), followed.places.end(), std::back_inserter(run_.places));
    if (!package.is_standard)
      across_.found.emplace(package.import_path, std::move(followed.functions));
    for (const GoFile& file : package.go_files) add_suppressions(one, file);
  }

  void add_suppressions(const CallingPackage& one, const GoFile& file) {
    auto severity = severity_under(*one.settings, "unused-suppression", "", Severity::kNote);
    if (one.is_dependency || is_excluded(*one.settings, file.path)) severity.reset();
    for (const AllowComment& allow : file.allows) {
      run_.suppressions.push_back({file.path, allow.line, allow.column, allow.rule, allow.reason,
                                   true, one.package->import_path, "", severity});
    }
  }

  enum class State : uint8_t { kNew, kSeen };

  const std::vector<CallingPackage>& packages_;
  RunFindings& run_;
  AcrossPackages& across_;
  std::string (*display_)(const std::string&);
  std::map<std::string, size_t> by_path_;
  std::vector<std::vector<Finding>> own_;  // by package
  std::vector<State> states_;
};

}  // namespace

void add_findings_across(const std::vector<CallingPackage>& packages, RunFindings& run,
                         AcrossPackages& across, std::string (*display)(const std::string& path)) {
  PackagesInOrder(packages, run, across, display).run();
}

}  // namespace cgoscope
