// Globs over names and paths, as catalogue rows, .cgoscope.yaml and options take them.
#pragma once

#include <string_view>

namespace cgoscope {

// Whether all of `name` fits `glob`: "*" is any text, slashes included, and "?" one byte. There are
// no brackets and no escapes.
bool glob_matches(std::string_view glob, std::string_view name);

}  // namespace cgoscope
