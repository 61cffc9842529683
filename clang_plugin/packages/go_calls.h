// Which functions of Go the files of a package call: what links packages to one another.
#pragma once

#include "clang_plugin/packages/package.h"

namespace cgoscope {

// Fills GoFile::calls of the package's files, which it reads once more. Calls without a qualifier
// that cannot be of a function of the package or of a dot import are left out. A file that cannot
// be read any longer has no calls.
void read_calls(Package& package);

}  // namespace cgoscope
