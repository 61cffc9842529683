// JSON that others wrote, before it is parsed: what a line, or brackets inside brackets, could make
// us allocate is bounded first.
#pragma once

#include <cstddef>
#include <cstdint>
#include <istream>
#include <string>
#include <string_view>

namespace cgoscope {

enum class LineEnd : uint8_t { kNewline, kEndOfFile, kTooLong };

// The next line, without its end, into `line`. kTooLong: it has more than `most_bytes`, and `line`
// has the first of them.
LineEnd read_line(std::istream& in, std::string& line, size_t most_bytes);

// Whether brackets stand inside brackets more than `most` deep; none counts within a string. A text
// of "[[[[…" costs many times its length when it is parsed.
bool nests_deeper_than(std::string_view json, int most);

}  // namespace cgoscope
