#include "clang_plugin/known_findings/git_tree.h"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <string_view>

#include "clang_plugin/packages/subprocess.h"

namespace cgoscope {
namespace {

namespace fs = std::filesystem;

constexpr int kTimeoutS = 600;

// Under a hook of git's, variables point it at another index or another repository: those of `git
// rev-parse --local-env-vars` are taken out.
std::vector<std::string> environment_for_git(const std::string& index) {
  std::vector<std::string> environment = {
      "GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_CONFIG", "GIT_CONFIG_PARAMETERS", "GIT_CONFIG_COUNT",
      "GIT_OBJECT_DIRECTORY", "GIT_DIR", "GIT_WORK_TREE", "GIT_IMPLICIT_WORK_TREE",
      "GIT_GRAFT_FILE", "GIT_NO_REPLACE_OBJECTS", "GIT_REPLACE_REF_BASE", "GIT_PREFIX",
      "GIT_SHALLOW_FILE", "GIT_COMMON_DIR", "GIT_EXTERNAL_DIFF", "GIT_DIFF_OPTS",
      // Nothing is asked, locked, fetched or taken for a glob.
      "GIT_TERMINAL_PROMPT=0", "GIT_OPTIONAL_LOCKS=0", "GIT_NO_LAZY_FETCH=1",
      "GIT_LFS_SKIP_SMUDGE=1", "GIT_LITERAL_PATHSPECS=1", "LC_ALL=C"};
  environment.push_back(index.empty() ? "GIT_INDEX_FILE" : "GIT_INDEX_FILE=" + index);
  return environment;
}

std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

// What git prints; an error with git's own words when it fails.
Result<std::string> git(const std::string& directory, std::vector<std::string> arguments,
                        const std::string& index = "") {
  const std::string what = "git " + arguments.front() + " failed in " + directory;
  arguments.insert(arguments.begin(), {"git", "-c", "core.fsmonitor=false", "-c",
                                       "core.hooksPath=/dev/null", "-C", directory});
  auto output = run_process(arguments, directory, environment_for_git(index), kTimeoutS);
  if (!output) return output.error();
  if (output->status != 0) {
    const std::string why = first_line(output->err);
    return Error{what, why.empty() ? "status " + std::to_string(output->status) : why, ""};
  }
  return std::move(output->out);
}

std::vector<std::string> split_at_nul(const std::string& text) {
  std::vector<std::string> parts;
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find('\0', at), text.size());
    parts.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return parts;
}

struct Submodule {
  std::string commit;
  std::string path;
};

std::optional<Error> write_tree(const std::string& root, const std::string& commit,
                                const std::string& target, const std::string& index);

// A link in place of `target`/`name`, unless something stands there.
void link_to_now(const std::string& root, const std::string& name, const std::string& target) {
  std::error_code error;
  const fs::path link = fs::path(target) / name;
  if (fs::is_empty(link, error) && fs::is_directory(link, error)) fs::remove(link, error);
  if (fs::symlink_status(link, error).type() != fs::file_type::not_found) return;
  fs::create_directories(link.parent_path(), error);
  fs::create_symlink(fs::path(root) / name, link, error);
}

std::optional<Error> write_submodule(const std::string& root, const Submodule& submodule,
                                     const std::string& target, const std::string& index) {
  const std::string here = root + "/" + submodule.path;
  std::error_code ignored;
  if (!fs::exists(here + "/.git", ignored)) return std::nullopt;  // not checked out now either
  if (git(here, {"cat-file", "-e", submodule.commit + "^{commit}"}))
    return write_tree(here, submodule.commit, target + "/" + submodule.path, index + ".sub");
  link_to_now(root, submodule.path, target);
  return std::nullopt;
}

std::optional<Error> write_tree(const std::string& root, const std::string& commit,
                                const std::string& target, const std::string& index) {
  if (const auto read = git(root, {"read-tree", commit}, index); !read) return read.error();
  const auto written = git(
      root, {"checkout-index", "--all", "--force", "--quiet", "--prefix=" + target + "/"}, index);
  if (!written) return written.error();
  const auto staged = git(root, {"ls-files", "--stage", "-z"}, index);
  if (!staged) return staged.error();
  for (const std::string& entry : split_at_nul(*staged)) {  // "160000 HASH 0\tPATH"
    const size_t hash = entry.find(' ') + 1, tab = entry.find('\t');
    if (!entry.starts_with("160000 ") || tab == entry.npos) continue;
    const Submodule submodule = {entry.substr(hash, entry.find(' ', hash) - hash),
                                 entry.substr(tab + 1)};
    if (auto error = write_submodule(root, submodule, target, index)) return error;
  }
  const auto built =
      git(root, {"ls-files", "-z", "--others", "--ignored", "--exclude-standard", "--directory"});
  if (!built) return built.error();
  for (std::string name : split_at_nul(*built)) {
    while (name.ends_with('/')) name.pop_back();
    link_to_now(root, name, target);
  }
  return std::nullopt;
}

}  // namespace

Result<GitTree> GitTree::around(const std::string& directory) {
  if (find_program("git").empty())
    return Error{"cannot ask git what changed", "no git program in PATH",
                 "install git, or use --baseline, which needs none"};
  auto root = git(directory, {"rev-parse", "--show-toplevel"});
  if (!root) {
    const bool is_foreign = root.error().why.find("dubious ownership") != std::string::npos;
    return Error{"cannot ask git what changed", root.error().why,
                 is_foreign
                     ? "if you trust it: git config --global --add safe.directory " + directory
                     : "run in a work tree of git, or use --baseline, which needs none"};
  }
  if (root->ends_with('\n')) root->pop_back();
  return GitTree(std::move(*root));
}

Result<std::string> GitTree::commit(const std::string& revision) const {
  const std::string what = "no commit '" + revision + "'";
  if (revision.empty() || revision.starts_with('-'))
    return Error{what, revision.empty() ? "it is empty" : "no revision begins with '-'",
                 "name one as for git: main, HEAD~3, a tag, a hash"};
  auto hash = git(root_, {"rev-parse", "--verify", "--quiet", revision + "^{commit}"});
  if (!hash) {
    return Error{what, "git knows no such commit in " + root_,
                 "name one as for git: main, HEAD~3, a tag, a hash; in a shallow clone, fetch it "
                 "first"};
  }
  return first_line(*hash);
}

std::optional<Error> GitTree::write_files(const std::string& commit,
                                          const std::string& target) const {
  auto error = write_tree(root_, commit, target, target + ".index");
  if (error) error->hint = "the files as of the commit are needed to see which findings are new";
  return error;
}

Result<std::map<std::string, std::string>> GitTree::renamed_since(const std::string& commit) const {
  const auto output = git(root_, {"diff", "--no-ext-diff", "--no-textconv", "--name-status", "-M",
                                  "-z", "--diff-filter=R", commit, "--"});
  if (!output) return output.error();
  std::map<std::string, std::string> names;
  const std::vector<std::string> parts = split_at_nul(*output);  // "R087", old, new
  for (size_t i = 0; i + 2 < parts.size(); i += 3) names[parts[i + 2]] = parts[i + 1];
  return names;
}

Result<std::vector<std::pair<int, int>>> GitTree::lines_added_since(const std::string& commit,
                                                                    const std::string& file) const {
  const auto output = git(root_, {"diff", "--no-ext-diff", "--no-textconv", "--no-color", "-U0",
                                  "--inter-hunk-context=0", commit, "--", file});
  if (!output) return output.error();
  std::vector<std::pair<int, int>> ranges;
  std::string_view rest = *output;
  while (!rest.empty()) {  // "@@ -3,0 +4,2 @@"; a count that is left out is 1
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(rest.size(), line.size() + 1));
    const size_t plus = line.find(" +");
    if (!line.starts_with("@@ -") || plus == line.npos) continue;
    int first = 0, count = 1;
    const char* end = line.data() + line.size();
    const auto read = std::from_chars(line.data() + plus + 2, end, first);
    if (read.ptr != end && *read.ptr == ',') std::from_chars(read.ptr + 1, end, count);
    if (count > 0) ranges.emplace_back(first, first + count - 1);
  }
  return ranges;
}

}  // namespace cgoscope
