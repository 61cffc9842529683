// Go's tokens, exactly as go/scanner cuts them, for any bytes.
//
// cgo's idea of a reference is a matter of tokens: `C . f` across a comment or a line end is one,
// the same text in a comment, a raw string or a rune literal is none. What makes the cut hard are
// the automatic semicolons (a line end after an operand, or a general comment that holds a line
// end) and the comments, whose place decides which of them is cgo's preamble. Checked against `go
// tool cgo` by tests/lint/cgo_oracle_test.cpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace cgoscope {

enum class GoTokenKind : uint8_t {
  kEnd,  // always the last token
  kIdentifier,
  kKeyword,
  kInteger,
  kFloat,
  kImaginary,
  kRune,
  kString,
  kOperator,   // brackets too
  kSemicolon,  // also an automatic one: length 0, at the line end that stands for it
  kInvalid,    // a byte that no Go token begins with
};

struct GoToken {
  uint32_t offset = 0;
  uint32_t length = 0;
  GoTokenKind kind = GoTokenKind::kEnd;
};

struct GoComment {
  uint32_t offset = 0;
  uint32_t length = 0;      // with its markers, without the line end of a // comment
  uint32_t next_token = 0;  // index of the first token behind it
};

struct GoLexError {
  uint32_t offset = 0;
  std::string message;
};

struct GoTokens {
  std::vector<GoToken> tokens;
  std::vector<GoComment> comments;
  std::vector<uint32_t> line_starts;  // offsets, ascending, the first is 0
  std::vector<GoLexError> errors;     // at most kMaxGoLexErrors; later ones are not kept

  // Both 1-based; the column counts bytes. `offset` may be the end of the source.
  int line(uint32_t offset) const;
  int column(uint32_t offset) const;
};

inline constexpr size_t kMaxGoLexErrors = 50;
// Twelve bytes each, so this bounds the memory that a hostile file can take. A real file of 64 MiB
// has about ten million.
inline constexpr size_t kMaxGoTokens = size_t{1} << 24;

// Never fails: an unterminated literal or comment ends where Go would end it, and is an error in
// the list. Reading stops at kMaxGoTokens, or at once for 4 GiB and more, with an error.
GoTokens lex_go(std::string_view source);

}  // namespace cgoscope
