#include "clang_plugin/known_findings/changed_since.h"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <set>
#include <system_error>
#include <utility>

#include "clang_plugin/known_findings/comparison.h"
#include "clang_plugin/packages/source_tree.h"
#include "clang_plugin/report/chain.h"
#include "findings/plural.h"

namespace cgoscope {
namespace {

namespace fs = std::filesystem;

class TemporaryDirectory {
 public:
  // The same name for the same `purpose`, so that the cache knows the files in it again; another
  // where that is taken, by a run beside this one or a stranger.
  explicit TemporaryDirectory(const std::string& purpose) {
    std::error_code error;
    const std::string start = (fs::temp_directory_path(error) / "cgoscope-lint-").string();
    std::string name = start + stable_id({purpose});
    if (!error && mkdir(name.c_str(), S_IRWXU) != 0) {
      name = start + "XXXXXX";
      if (mkdtemp(name.data()) == nullptr) error = std::error_code(errno, std::generic_category());
    }
    if (!error) path_ = fs::canonical(name, error).string();
    why_not_ = error.message();
  }
  ~TemporaryDirectory() {
    std::error_code ignored;
    if (!path_.empty()) fs::remove_all(path_, ignored);
  }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;

  const std::string& path() const { return path_; }  // "" when it could not be made
  const std::string& why_not() const { return why_not_; }

 private:
  std::string path_;
  std::string why_not_;
};

class InDirectory {
 public:
  explicit InDirectory(const std::string& directory) : before_(fs::current_path()) {
    std::error_code ignored;
    fs::current_path(directory, ignored);
  }
  ~InDirectory() {
    std::error_code ignored;
    fs::current_path(before_, ignored);
  }
  InDirectory(const InDirectory&) = delete;
  InDirectory& operator=(const InDirectory&) = delete;

 private:
  fs::path before_;
};

// "sub/p" of "/root/sub/p", "." of the root itself, "" outside.
std::string below(const std::string& root, const std::string& path) {
  const std::string relative = fs::path(path).lexically_relative(root).string();
  return relative == ".." || relative.starts_with("../") ? "" : relative;
}

// The folders of a report's packages, relative to `root`. Packages in no module may share an import
// path; then the file tells.
class Folders {
 public:
  Folders(const LintReport& report, const std::string& root, std::string here)
      : here_(std::move(here)) {
    for (const AnalysedPackage& package : report.packages) {
      std::error_code ignored;
      const std::string real = fs::weakly_canonical(package.directory, ignored).string();
      folders_[package.import_path].emplace_back(package.directory, below(root, real));
    }
  }

  // "" for one outside the root.
  std::string of(const Finding& finding) const {
    const auto known = folders_.find(finding.go.package);
    if (known == folders_.end()) return "";
    const std::string directory = (fs::path(here_) / finding.go.file).parent_path().string();
    for (const auto& [absolute, folder] : known->second) {
      if (absolute == directory) return folder;
    }
    return known->second.front().second;
  }

  // Of all packages, without those outside the root.
  std::set<std::string> all() const {
    std::set<std::string> folders;
    for (const auto& [import_path, places] : folders_) {
      for (const auto& [absolute, folder] : places) {
        if (!folder.empty()) folders.insert(folder);
      }
    }
    return folders;
  }

 private:
  std::string here_;  // what relative names of files start from
  std::map<std::string, std::vector<std::pair<std::string, std::string>>> folders_;
};

bool holds_go_files(const std::string& folder) {
  std::error_code ignored;
  return std::any_of(fs::directory_iterator(folder, ignored), fs::directory_iterator(),
                     [](const auto& entry) { return entry.path().extension() == ".go"; });
}

// Where the folders of now were before, for those whose Go files were moved together.
std::map<std::string, std::string> moved_folders(
    const std::map<std::string, std::string>& renamed_files) {
  std::map<std::string, std::map<std::string, int>> votes;
  const auto folder_of = [](const std::string& file) {
    const std::string folder = fs::path(file).parent_path().string();
    return folder.empty() ? "." : folder;
  };
  for (const auto& [now, before] : renamed_files) {
    if (now.ends_with(".go") && folder_of(now) != folder_of(before))
      ++votes[folder_of(now)][folder_of(before)];
  }
  std::map<std::string, std::string> folders;
  for (const auto& [now, candidates] : votes) {
    folders[now] =
        std::max_element(candidates.begin(), candidates.end(), [](const auto& a, const auto& b) {
          return a.second < b.second;
        })->first;
  }
  return folders;
}

class Comparison {
 public:
  Comparison(const GitTree& tree, std::string commit, const LintOptions& options,
             LintReport& report)
      : tree_(tree),
        commit_(std::move(commit)),
        options_(options),
        report_(report),
        here_(fs::current_path().string()),
        folders_(report, tree.root(), here_),
        temporary_(commit_ + " of " + tree.root()) {}

  std::optional<Error> run() {
    drop_outside();
    if (report_.findings.empty()) return std::nullopt;
    auto renamed = tree_.renamed_since(commit_);
    if (!renamed) return renamed.error();
    renamed_ = std::move(*renamed);
    if (auto error = write_before()) return error;
    for (const auto& [now, then] : moved_folders(renamed_)) {
      if (!fs::is_directory(before_ + "/" + now)) moved_[now] = then;
    }
    analyse_before();
    drop_known();
    return std::nullopt;
  }

  void note_what_is_left_out(const std::string& revision) {
    report_.notes.push_back(plural(static_cast<int64_t>(known_before_), "finding") +
                            " that the code as of " + revision + " has too: not shown");
    if (outside_ > 0) {
      report_.notes.push_back(plural(static_cast<int64_t>(outside_), "finding") +
                              " outside the work tree " + tree_.root() + ": not shown");
    }
  }

 private:
  void drop_outside() {
    outside_ = std::erase_if(report_.findings,
                             [&](const Finding& finding) { return folders_.of(finding).empty(); });
  }

  // The tree as of the commit, below a folder of the name that it has here.
  std::optional<Error> write_before() {
    const std::string what = "cannot write the files as of " + commit_;
    if (temporary_.path().empty())
      return Error{what, temporary_.why_not(), "set TMPDIR to a folder that can be written"};
    before_ = temporary_.path() + "/" + fs::path(tree_.root()).filename().string();
    std::error_code error;
    fs::create_directories(before_, error);
    if (error) return Error{what, error.message(), "set TMPDIR to a folder that can be written"};
    if (auto failed = tree_.write_files(commit_, before_)) return failed;
    // Where .cgoscope.yaml is looked for ends at the repository.
    fs::create_directory(before_ + "/.git", error);
    return std::nullopt;
  }

  std::string folder_before(const std::string& folder) const {
    const auto moved = moved_.find(folder);
    return moved == moved_.end() ? folder : moved->second;
  }

  // Where a path of the work tree was in the tree before; "" where it was not.
  std::string path_before(const std::string& path) const {
    std::error_code ignored;
    std::string relative = below(tree_.root(), fs::weakly_canonical(path, ignored).string());
    if (const auto renamed = renamed_.find(relative); renamed != renamed_.end())
      relative = renamed->second;
    else
      relative = folder_before(relative);
    const std::string then = before_ + "/" + relative;
    return !relative.empty() && fs::exists(then, ignored) ? then : "";
  }

  // The folders of packages that have findings, or of all when they hand on what blocks; where
  // single files were named, what was named.
  std::set<std::string> patterns_before() const {
    std::set<std::string> patterns;
    std::error_code ignored;
    const bool files = std::any_of(
        options_.patterns.begin(), options_.patterns.end(), [&](const std::string& pattern) {
          return pattern.ends_with(".go") && !fs::is_directory(pattern, ignored);
        });
    if (!files) {
      std::set<std::string> now;
      if (options_.across_packages) now = folders_.all();
      for (const Finding& finding : report_.findings) now.insert(folders_.of(finding));
      for (const std::string& one : now) {
        const std::string folder = before_ + "/" + folder_before(one);
        if (holds_go_files(folder)) patterns.insert(folder);
      }
      return patterns;
    }
    for (const std::string& pattern : options_.patterns) {
      const bool exists = fs::exists(pattern, ignored);
      const std::string then = exists ? path_before(pattern) : pattern;
      if (!then.empty()) patterns.insert(then);
    }
    return patterns;
  }

  void analyse_before() {
    const std::set<std::string> patterns = patterns_before();
    if (patterns.empty()) return;
    LintOptions options = options_;
    options.patterns.assign(patterns.begin(), patterns.end());
    options.progress = nullptr;
    for (std::string& path : options.catalogue) path = absolute_path(path);
    std::error_code ignored;
    const std::string there = before_ + "/" + below(tree_.root(), here_);
    fs::create_directories(there, ignored);
    const InDirectory in_it(there);
    auto before = run_lint(options);
    if (!before) {
      report_.notes.push_back(
          "all findings count as added, for the code before could not be analysed: " +
          before.error().message());
      return;
    }
    if (before->errors.size() > report_.errors.size()) {
      report_.notes.push_back(
          "part of the code before could not be analysed, so findings may count as added that are "
          "not: " +
          before->errors.front().file + ": " + before->errors.front().message);
    }
    const Folders folders(*before, before_, here_);
    for (const Finding& finding : before->findings)
      known_.push_back(compared(finding, folders.of(finding)));
  }

  static ComparedFinding compared(const Finding& finding, const std::string& folder) {
    return {comparison_key(finding, folder), finding.severity, finding.bound == Bound::kUnbounded};
  }

  // Whether the finding's own line is one that the change added.
  bool touched(const Finding& finding) {
    const ReportPlace at = place_of(finding);
    const auto [known, is_new] = added_lines_.try_emplace(at.file);
    if (is_new) {
      std::error_code ignored;
      const std::string path = fs::weakly_canonical(at.file, ignored).string();
      if (auto lines = tree_.lines_added_since(commit_, below(tree_.root(), path)))
        known->second = std::move(*lines);
    }
    return std::any_of(known->second.begin(), known->second.end(), [&](const auto& range) {
      return range.first <= at.line && at.line <= range.second;
    });
  }

  void drop_known() {
    std::vector<ComparedFinding> now;
    now.reserve(report_.findings.size());
    for (const Finding& finding : report_.findings)
      now.push_back(compared(finding, folder_before(folders_.of(finding))));
    const std::vector<bool> added =
        added_findings(now, known_, [&](size_t i) { return touched(report_.findings[i]); });
    std::vector<Finding> kept;
    for (size_t i = 0; i < added.size(); ++i) {
      if (added[i]) kept.push_back(std::move(report_.findings[i]));
    }
    known_before_ = added.size() - kept.size();
    report_.findings = std::move(kept);
  }

  const GitTree& tree_;
  std::string commit_;
  const LintOptions& options_;
  LintReport& report_;
  std::string here_;  // the current directory
  Folders folders_;   // of now's packages
  TemporaryDirectory temporary_;
  std::string before_;                          // where the tree as of the commit is
  std::map<std::string, std::string> renamed_;  // files, from now to before
  std::map<std::string, std::string> moved_;    // folders, from now to before
  std::vector<ComparedFinding> known_;
  std::map<std::string, std::vector<std::pair<int, int>>> added_lines_;  // by file as displayed
  size_t known_before_ = 0, outside_ = 0;
};

}  // namespace

std::optional<Error> keep_added(const GitTree& tree, const std::string& commit,
                                const std::string& revision, const LintOptions& options,
                                LintReport& report) {
  Comparison comparison(tree, commit, options, report);
  if (auto error = comparison.run()) return error;
  comparison.note_what_is_left_out(revision);
  return std::nullopt;
}

}  // namespace cgoscope
