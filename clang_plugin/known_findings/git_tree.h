// What git says of the work tree we are in.
//
// git runs programs that the repository's own configuration names: hooks, file-system monitors,
// external diffs. Where an option turns them off, it is given; filters of .gitattributes (git-lfs)
// do run, for without them a file is not what it was. Names of files are exchanged with NUL bytes
// between them, which is the one form that git does not quote.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "findings/result.h"

namespace cgoscope {

class GitTree {
 public:
  // The work tree around `directory` (absolute). Fails without a git program, and outside a work
  // tree.
  static Result<GitTree> around(const std::string& directory);

  const std::string& root() const { return root_; }  // absolute

  // The full hash of the commit that `revision` names. Fails when it names none; what begins with
  // '-' is never handed to git.
  Result<std::string> commit(const std::string& revision) const;

  // Writes the files of `commit` into `target`, an absolute path of a directory that exists and is
  // empty. Submodules are written as of the commit that it names; where that is not here, and for
  // files that git ignores (built headers, say), `target` gets links to what stands in the work
  // tree now.
  std::optional<Error> write_files(const std::string& commit, const std::string& target) const;

  // From names that files have now to those in `commit`, for files that were renamed, as git
  // guesses it. Relative to the root.
  Result<std::map<std::string, std::string>> renamed_since(const std::string& commit) const;

  // The ranges of lines, first and last, that a file (relative to the root) has and the one of that
  // name in `commit` has not.
  Result<std::vector<std::pair<int, int>>> lines_added_since(const std::string& commit,
                                                             const std::string& file) const;

 private:
  explicit GitTree(std::string root) : root_(std::move(root)) {}

  std::string root_;
};

}  // namespace cgoscope
