// What holds for a whole build, whichever packages it takes: tags, the flags of the environment,
// the machine that C is compiled for.
#pragma once

#include <string>
#include <vector>

#include "clang_plugin/packages/build_constraint.h"
#include "clang_plugin/packages/go_command.h"
#include "clang_plugin/packages/package_flags.h"

namespace cgoscope {

struct BuildEnvironment {
  GoSettings settings;
  std::vector<std::string> tags;  // those asked for, else those of GOFLAGS
  BuildContext context;
  CgoEnvironment cgo;
  std::string machine;  // Package::machine
  // Why C is not read for the machine of GOOS and GOARCH; "" when it is.
  std::string target_note;
};

// `tags` are those of an option; none: GOFLAGS counts. What is refused in CGO_CFLAGS and its like
// is named in `problems`.
BuildEnvironment build_environment(GoSettings settings, const std::vector<std::string>& tags,
                                   std::vector<Problem>& problems);

}  // namespace cgoscope
