// From the calls of C that block in a package to those who call its functions.
//
// There is no type checker here. What is followed are calls of package-level functions by their
// name: f() in the package, p.F() and those of dot imports elsewhere. A name that the calling
// function declares anywhere, a parameter say, counts as that everywhere in it. Methods and values
// of function type are not followed.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "clang_plugin/across/blocking_functions.h"
#include "clang_plugin/packages/package.h"
#include "clang_plugin/settings.h"
#include "clang_plugin/suppressions.h"

namespace cgoscope {

struct FollowedCalls {
  // At the calls of functions of other packages, without ids. Then those that stand for a comment
  // which covers a call inside the package: `dropped` in their places.
  std::vector<Finding> findings;
  std::vector<SuppressiblePlaces> places;  // parallel
  BlockingFunctions functions;
};

// What is known of the package that an import declaration names; null when nothing is.
using KnownFunctions = std::function<const BlockingFunctions*(const std::string& path)>;

// `own`: the findings at the package's calls of C that comments and settings leave. Needs
// GoFile::calls. A call that a //cgoscope:allow covers, or that `settings` take out, hands nothing
// on.
FollowedCalls follow_calls(const Package& package, const Settings& settings,
                           const std::vector<Finding>& own, const KnownFunctions& known,
                           std::string (*display)(const std::string& path));

}  // namespace cgoscope
