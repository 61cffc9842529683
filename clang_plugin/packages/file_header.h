// The head of a Go file: build constraint, package clause, imports.
//
// cgo knows an import of C only by the spelling `import "C"`: go list takes `C` in back quotes for
// one too, and cgo then fails with `cannot find import "C"`.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "clang_plugin/packages/go_file.h"
#include "clang_plugin/packages/go_source.h"

namespace cgoscope {

// Reads up to the first declaration that is no import, whose token it returns. Fills package_name,
// imports_c, imports, what add_preamble fills, and problems.
size_t read_file_header(const GoSource& source, GoFile& file);

// The expression of the //go:build line, or of the // +build lines when there is none (go/build,
// parseFileHeader): "linux && !cgo".
// "" when there is neither.
std::string read_build_constraint(std::string_view source);

}  // namespace cgoscope
