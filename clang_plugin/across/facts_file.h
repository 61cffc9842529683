// BlockingFunctions as the file of facts that go vet hands from a package to its importers (vetx).
// JSON, for our own use only: Go's cache keeps it by the identity of the tool, so that a version
// reads what it wrote itself. A package without blocking functions has an empty file.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "clang_plugin/across/blocking_functions.h"
#include "findings/result.h"

namespace cgoscope {

inline constexpr size_t kMaxFactsBytes = size_t{64} << 20;

// The same functions give the same bytes.
std::string render_facts(const BlockingFunctions& functions);

// Fails for anything that render_facts does not write; the error says what is wrong with `path`.
Result<BlockingFunctions> parse_facts(std::string_view text, const std::string& path);

// Fails too when the file cannot be read, or is larger than kMaxFactsBytes.
Result<BlockingFunctions> read_facts(const std::string& path);

}  // namespace cgoscope
