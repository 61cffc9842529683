// Follows go/scanner of Go 1.27. Between Go versions only one thing here has changed that cgo can
// see: since 1.20 a general comment that holds a line end comes before the automatic semicolon that
// it causes, until then behind it.
#include "clang_plugin/packages/go_lexer.h"

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

namespace cgoscope {
namespace {

constexpr std::array<std::string_view, 25> kKeywords = {
    "break",  "case",        "chan", "const",   "continue", "default", "defer",
    "else",   "fallthrough", "for",  "func",    "go",       "goto",    "if",
    "import", "interface",   "map",  "package", "range",    "return",  "select",
    "struct", "switch",      "type", "var"};

// Longest first, so that the first that fits is the token.
constexpr std::array<std::string_view, 25> kLongOperators = {
    "<<=", ">>=", "&^=", "...", "&&", "||", "<-", "++", "--", "==", "!=", "<=", ">=",
    ":=",  "+=",  "-=",  "*=",  "/=", "%=", "&=", "|=", "^=", "<<", ">>", "&^"};

constexpr std::string_view kShortOperators = "+-*/%&|^<>=!()[]{},.:~";

bool is_decimal(char c) { return c >= '0' && c <= '9'; }
bool is_hexadecimal(char c) {
  return is_decimal(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}
// Go's letters beyond ASCII need Unicode's tables; a non-letter there is an error to Go, so that
// taking it for a letter changes no program that cgo accepts.
bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
         static_cast<unsigned char>(c) >= 0x80;
}

// The length of the UTF-8 sequence at `text`, 0 when it is not one that Go accepts.
size_t utf8_length(std::string_view text) {
  auto byte = [&](size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u; };
  auto continues = [&](size_t i) { return (byte(i) & 0xC0u) == 0x80u; };
  const unsigned first = byte(0);
  if (first < 0x80) return 1;
  if (first >= 0xC2 && first <= 0xDF) return continues(1) ? 2 : 0;
  if (first >= 0xE0 && first <= 0xEF) {
    if (!continues(1) || !continues(2)) return 0;
    if (first == 0xE0 && byte(1) < 0xA0) return 0;
    if (first == 0xED && byte(1) > 0x9F) return 0;
    return 3;
  }
  if (first >= 0xF0 && first <= 0xF4) {
    if (!continues(1) || !continues(2) || !continues(3)) return 0;
    if (first == 0xF0 && byte(1) < 0x90) return 0;
    if (first == 0xF4 && byte(1) > 0x8F) return 0;
    return 4;
  }
  return 0;
}

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

class Lexer {
 public:
  explicit Lexer(std::string_view source) : source_(source) {}

  GoTokens run() {
    if (source_.size() >= std::numeric_limits<uint32_t>::max()) {
      out_.line_starts.push_back(0);
      error(0, "the file is too large to read");
      add(GoTokenKind::kEnd, 0);
      return std::move(out_);
    }
    index_lines_and_bytes();
    if (source_.substr(0, 3) == kByteOrderMark) position_ = 3;
    while (step()) {
    }
    return std::move(out_);
  }

 private:
  char at(size_t i) const { return i < source_.size() ? source_[i] : '\0'; }
  bool ended() const { return position_ >= source_.size(); }

  void error(size_t offset, std::string message) {
    if (out_.errors.size() < kMaxGoLexErrors) {
      out_.errors.push_back({static_cast<uint32_t>(offset), std::move(message)});
    }
  }

  void add(GoTokenKind kind, size_t start) {
    const size_t length = position_ > start ? position_ - start : 0;
    out_.tokens.push_back({static_cast<uint32_t>(start), static_cast<uint32_t>(length), kind});
  }

  // Go's scanner refuses NUL, bad UTF-8 and a byte order mark anywhere, comments and literals
  // included.
  void index_lines_and_bytes() {
    out_.line_starts.push_back(0);
    for (size_t i = 0; i < source_.size();) {
      const char c = source_[i];
      if (c == '\n') out_.line_starts.push_back(static_cast<uint32_t>(i + 1));
      if (c == '\0') error(i, "illegal character NUL");
      if (static_cast<unsigned char>(c) < 0x80) {
        ++i;
        continue;
      }
      const size_t length = utf8_length(source_.substr(i, 4));
      if (length == 0) error(i, "illegal UTF-8 encoding");
      if (i > 0 && source_.substr(i, 3) == kByteOrderMark) error(i, "illegal byte order mark");
      i += std::max<size_t>(length, 1);
    }
  }

  void add_automatic_semicolon(size_t offset) {
    out_.tokens.push_back({static_cast<uint32_t>(offset), 0, GoTokenKind::kSemicolon});
    needs_semicolon_ = false;
  }

  bool step() {
    skip_spaces();
    if (out_.tokens.size() + 2 >= kMaxGoTokens) {
      error(position_, "more tokens than any real file has; the rest is not read");
      position_ = source_.size();
    }
    if (ended()) {
      if (needs_semicolon_) add_automatic_semicolon(source_.size());
      add(GoTokenKind::kEnd, source_.size());
      return false;
    }
    const char c = source_[position_];
    if (c == '\n') {
      add_automatic_semicolon(position_++);
    } else if (c == '/' && (at(position_ + 1) == '/' || at(position_ + 1) == '*')) {
      scan_comment();
    } else {
      scan_token(c);
    }
    return true;
  }

  // A line end is a token when it stands for a semicolon.
  void skip_spaces() {
    while (!ended()) {
      const char c = source_[position_];
      if (c != ' ' && c != '\t' && c != '\r' && (c != '\n' || needs_semicolon_)) return;
      ++position_;
    }
  }

  void scan_comment() {
    const size_t start = position_;
    size_t end = 0;
    size_t line_end = std::string_view::npos;
    if (source_[start + 1] == '/') {
      end = std::min(source_.find('\n', start), source_.size());
    } else {
      const size_t close = source_.find("*/", start + 2);
      if (close == std::string_view::npos) error(start, "comment not terminated");
      end = close == std::string_view::npos ? source_.size() : close + 2;
      line_end = source_.substr(0, end).find('\n', start);
    }
    out_.comments.push_back({static_cast<uint32_t>(start), static_cast<uint32_t>(end - start),
                             static_cast<uint32_t>(out_.tokens.size())});
    position_ = end;
    if (needs_semicolon_ && line_end != std::string_view::npos) add_automatic_semicolon(line_end);
  }

  void scan_token(char c) {
    const size_t start = position_;
    GoTokenKind kind = GoTokenKind::kInvalid;
    bool ends_operand = true;
    if (is_letter(c)) {
      while (is_letter(at(position_)) || is_decimal(at(position_))) ++position_;
      const std::string_view word = source_.substr(start, position_ - start);
      const bool keyword = std::find(kKeywords.begin(), kKeywords.end(), word) != kKeywords.end();
      kind = keyword ? GoTokenKind::kKeyword : GoTokenKind::kIdentifier;
      ends_operand = !keyword || word == "break" || word == "continue" || word == "fallthrough" ||
                     word == "return";
    } else if (is_decimal(c) || (c == '.' && is_decimal(at(position_ + 1)))) {
      kind = scan_number();
    } else if (c == '"' || c == '\'') {
      scan_quoted(c);
      kind = c == '"' ? GoTokenKind::kString : GoTokenKind::kRune;
    } else if (c == '`') {
      scan_raw_string();
      kind = GoTokenKind::kString;
    } else if (c == ';') {
      ++position_;
      kind = GoTokenKind::kSemicolon;
      ends_operand = false;
    } else if (const size_t length = operator_length(); length > 0) {
      position_ += length;
      kind = GoTokenKind::kOperator;
      const std::string_view text = source_.substr(start, length);
      ends_operand = text == ")" || text == "]" || text == "}" || text == "++" || text == "--";
    } else {
      ++position_;
      error(start, "illegal character");
      ends_operand = needs_semicolon_;
    }
    add(kind, start);
    needs_semicolon_ = ends_operand;
  }

  size_t operator_length() const {
    const std::string_view rest = source_.substr(position_, 3);
    for (std::string_view text : kLongOperators) {
      if (rest.starts_with(text)) return text.size();
    }
    return kShortOperators.find(rest.front()) == std::string_view::npos ? 0 : 1;
  }

  void skip_digits(bool hexadecimal) {
    while (at(position_) == '_' ||
           (hexadecimal ? is_hexadecimal(at(position_)) : is_decimal(at(position_)))) {
      ++position_;
    }
  }

  GoTokenKind scan_number() {
    GoTokenKind kind = GoTokenKind::kInteger;
    bool hexadecimal = false;
    if (at(position_) == '0') {
      const char mark = static_cast<char>(at(position_ + 1) | 0x20);
      hexadecimal = mark == 'x';
      if (mark == 'x' || mark == 'o' || mark == 'b') position_ += 2;
    }
    skip_digits(hexadecimal);
    if (at(position_) == '.') {
      kind = GoTokenKind::kFloat;
      ++position_;
      skip_digits(hexadecimal);
    }
    const char exponent = static_cast<char>(at(position_) | 0x20);
    if (exponent == 'e' || exponent == 'p') {
      kind = GoTokenKind::kFloat;
      ++position_;
      if (at(position_) == '+' || at(position_) == '-') ++position_;
      skip_digits(false);
    }
    if (at(position_) == 'i') {
      kind = GoTokenKind::kImaginary;
      ++position_;
    }
    return kind;
  }

  void scan_quoted(char quote) {
    const size_t start = position_++;
    for (; !ended() && source_[position_] != '\n'; ++position_) {
      if (source_[position_] == quote) {
        ++position_;
        return;
      }
      if (source_[position_] == '\\' && position_ + 1 < source_.size() &&
          at(position_ + 1) != '\n') {
        ++position_;
      }
    }
    error(start, quote == '"' ? "string literal not terminated" : "rune literal not terminated");
  }

  void scan_raw_string() {
    const size_t start = position_;
    const size_t close = source_.find('`', start + 1);
    if (close == std::string_view::npos) error(start, "raw string literal not terminated");
    position_ = close == std::string_view::npos ? source_.size() : close + 1;
  }

  std::string_view source_;
  size_t position_ = 0;
  bool needs_semicolon_ = false;
  GoTokens out_;
};

}  // namespace

int GoTokens::line(uint32_t offset) const {
  const auto next = std::upper_bound(line_starts.begin(), line_starts.end(), offset);
  return static_cast<int>(next - line_starts.begin());
}

int GoTokens::column(uint32_t offset) const {
  const int row = line(offset);
  if (row < 1) return 1;
  return static_cast<int>(offset - line_starts[static_cast<size_t>(row) - 1]) + 1;
}

GoTokens lex_go(std::string_view source) { return Lexer(source).run(); }

}  // namespace cgoscope
