// The _cgo_export.h that cgo would write for a package, so that C files which include it parse
// before cgo has run.
//
// cgo puts there the preambles of the files with //export functions, Go's basic types, and a
// prototype for each such function, whose C types it takes from Go's type checker. Here they come
// from the signature's text; a Go type that the text does not name becomes void*.
#pragma once

#include <string>

#include "clang_plugin/packages/package.h"

namespace cgoscope {

// The header's text; for a package without exports too (it is then only the basic types).
std::string export_header(const Package& package);

}  // namespace cgoscope
