// A Go file's tokens with what every reader of them asks: text, place, and the bracket that closes
// another.
//
// Knowing each bracket's partner beforehand lets a reader step over a whole body in one move, so
// that reading stays linear and needs no recursion however deep a hostile file nests.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "clang_plugin/packages/go_lexer.h"

namespace cgoscope {

// A run of tokens, [first, last).
struct TokenRange {
  size_t first = 0;
  size_t last = 0;
  bool empty() const { return first >= last; }
};

class GoSource {
 public:
  static constexpr size_t kNone = static_cast<size_t>(-1);

  // `text` must outlive this.
  explicit GoSource(std::string_view text);

  // Every index up to and beyond size() may be asked: past the last token stands kEnd for ever.
  size_t size() const { return tokens_.tokens.size() - 1; }  // without kEnd
  GoTokenKind kind(size_t token) const { return at(token).kind; }
  std::string_view text(size_t token) const;  // "" for an automatic semicolon
  bool is(size_t token, std::string_view text) const { return this->text(token) == text; }
  bool is_identifier(size_t token) const { return kind(token) == GoTokenKind::kIdentifier; }
  bool is_semicolon(size_t token) const { return kind(token) == GoTokenKind::kSemicolon; }
  int line(size_t token) const { return tokens_.line(at(token).offset); }
  int column(size_t token) const { return tokens_.column(at(token).offset); }

  // The other half of a bracket, kNone when it has none or the token is no bracket.
  size_t partner(size_t token) const;
  // The token behind a bracketed group that opens at `open`; the end of the file when nothing
  // closes it.
  size_t behind_group(size_t open) const;
  // True when an operand can end with this token, so that an operator behind it has two operands
  // and a `(` is a call.
  bool ends_operand(size_t token) const;

  // The source text of `range`, with one space for whatever stood between two tokens.
  std::string joined(TokenRange range) const;
  // Splits at the commas that stand in no bracket; a comma at the end starts no further part.
  // `range` must be balanced.
  std::vector<TokenRange> split_at_commas(TokenRange range) const;

  const GoTokens& tokens() const { return tokens_; }
  std::string_view whole() const { return text_; }
  // The first bracket that nothing closes, or that closes nothing; kNone when all are paired.
  size_t unbalanced() const { return unbalanced_; }

 private:
  const GoToken& at(size_t token) const {
    return token < tokens_.tokens.size() ? tokens_.tokens[token] : tokens_.tokens.back();
  }
  void pair_brackets();

  std::string_view text_;
  GoTokens tokens_;
  std::vector<uint32_t> partner_;
  size_t unbalanced_ = kNone;
};

}  // namespace cgoscope
