// --changed-since: of a report, what a change added.
//
// A diff's lines alone cannot say that: a flag O_NONBLOCK that is taken out, or a constant that is
// raised, makes a call block whose own line and way through C did not change. So the code as of the
// revision is analysed too, and compared. Only packages that have findings now are, in a copy of
// the tree in the temporary folder.
#pragma once

#include <string>

#include "clang_plugin/known_findings/git_tree.h"
#include "clang_plugin/lint.h"
#include "findings/result.h"

namespace cgoscope {

// Takes out of `report`, which `options` gave in the current directory, the findings that the code
// as of `commit` of `tree` has too, and those outside the work tree, and notes how many they are.
// What is taken out is not in `report.suppressed` either. The current directory is another while it
// runs: call it with no other thread about. Fails when the tree cannot be written.
std::optional<Error> keep_added(const GitTree& tree, const std::string& commit,
                                const std::string& revision, const LintOptions& options,
                                LintReport& report);

}  // namespace cgoscope
