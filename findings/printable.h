// Text of strangers on its way to a terminal.
//
// File names, source lines and messages come from whoever wrote the package. What a terminal obeys
// instead of showing it could move the cursor, hide a line or rewrite what was said: the control
// characters C0 and C1 (0x9B alone is an escape sequence on an 8-bit terminal, and so is a byte
// that is not UTF-8), the marks that turn the direction of writing (U+202A to U+202E, U+2066 to
// U+2069: "Trojan Source", CVE-2021-42574), and the separators U+2028 and U+2029.
#pragma once

#include <string>
#include <string_view>

namespace cgoscope {

// `text` as valid UTF-8 on one line, with '?' for each character or byte that is not to be shown.
// Tabs stay.
std::string printable(std::string_view text);

}  // namespace cgoscope
