// The name under which a summary is kept: a digest over all that decides it, but for what Clang
// asks of the disk (summary/file_answers.h), which is looked at again each time.
#pragma once

#include <string>

#include "clang_plugin/summary/summarize.h"

namespace cgoscope {

// This program and the libraries that it has loaded, Clang's above all, each by the build id that
// the linker gave it; and the environment variables that Clang's driver reads. "" when a library
// has no build id, so that nothing can be kept.
std::string program_identity();

// 32 hexadecimal digits. `program` is the program_identity().
std::string unit_key(const SourceUnit& unit, const std::string& program);

}  // namespace cgoscope
