// `cgoscope inspect`: what is known of a binary, and what of it could be watched.
#pragma once

#include <ostream>
#include <string>

#include "findings/result.h"

namespace cgoscope {

// `subject` is a pid or a path. For a pid the layout is also held against the live process.
// Exit status 0; or 4 when the live process does not fit what its binary says.
Result<int> inspect(const std::string& subject, bool json, std::ostream& out);

}  // namespace cgoscope
