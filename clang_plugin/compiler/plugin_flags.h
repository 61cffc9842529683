// The flags with which Clang loads the plugin, for CGO_CFLAGS and CGO_CXXFLAGS.
#pragma once

#include <string>

#include "findings/result.h"

namespace cgoscope {

// "-fplugin=PATH -fplugin-arg-cgoscope-id=…". Go's build cache knows the flags of a compilation,
// not the files that they name; the id changes with the plugin and with each .cgoscope.yaml and
// catalogue that a build in `directory` can use, so that a change compiles again. Fails when the
// plugin is not where it is installed beside this program.
Result<std::string> plugin_flags(const std::string& directory);

}  // namespace cgoscope
