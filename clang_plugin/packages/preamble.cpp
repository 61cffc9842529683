#include "clang_plugin/packages/preamble.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <utility>

#include "clang_plugin/packages/allow_comment.h"

namespace cgoscope {
namespace {

// go/scanner's stripCR: a carriage return stays only where dropping it would make "*/" inside a /*
// */ comment.
std::string without_carriage_returns(std::string_view comment) {
  const bool block = comment.starts_with("/*");
  std::string out;
  out.reserve(comment.size());
  for (size_t i = 0; i < comment.size(); ++i) {
    const bool would_close = block && out.size() > 2 && out.back() == '*' &&
                             i + 1 < comment.size() && comment[i + 1] == '/';
    if (comment[i] != '\r' || would_close) out += comment[i];
  }
  return out;
}

// Go's %q, as far as a file name can differ in it: everything beyond ASCII counts as printable.
std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (byte >= 0x20 && byte != 0x7F) {
      out += c;
    } else if (const size_t named = std::string_view("\a\b\f\n\r\t\v").find(c);
               named != std::string_view::npos) {
      out += '\\';
      out += "abfnrtv"[named];
    } else {
      std::array<char, 8> hex{};
      std::snprintf(hex.data(), hex.size(), "\\x%02x", static_cast<unsigned>(byte));
      out += hex.data();
    }
  }
  return out + '"';
}

// The length of the white space, as unicode.IsSpace has it, at the start of `text`; 0 when there is
// none.
size_t space_length(std::string_view text) {
  if (text.empty()) return 0;
  if (std::string_view(" \t\n\v\f\r").find(text.front()) != std::string_view::npos) return 1;
  for (std::string_view space : {"\xC2\x85", "\xC2\xA0", "\xE1\x9A\x80", "\xE2\x80\xA8",
                                 "\xE2\x80\xA9", "\xE2\x80\xAF", "\xE2\x81\x9F", "\xE3\x80\x80"}) {
    if (text.starts_with(space)) return space.size();
  }
  const bool quad = text.size() > 2 && text.starts_with("\xE2\x80") &&
                    static_cast<unsigned char>(text[2]) >= 0x80 &&
                    static_cast<unsigned char>(text[2]) <= 0x8A;
  return quad ? 3 : 0;
}

std::string_view trimmed(std::string_view text) {
  while (const size_t length = space_length(text)) text.remove_prefix(length);
  for (bool more = true; more && !text.empty();) {
    more = false;
    for (size_t length : {size_t{1}, size_t{2}, size_t{3}}) {
      if (text.size() >= length && space_length(text.substr(text.size() - length)) == length) {
        text.remove_suffix(length);
        more = true;
        break;
      }
    }
  }
  return text;
}

// cgo tests the byte behind "#cgo" as if it were a rune, so that two bytes beyond ASCII count as
// white space too.
bool is_cgo_directive(std::string_view line) {
  if (line.size() < 5 || !line.starts_with("#cgo")) return false;
  const char c = line[4];
  return space_length(line.substr(4, 1)) == 1 || c == '\x85' || c == '\xA0';
}

// Joins the comments of one doc and notes where each stretch of the result came from.
class DocText {
 public:
  DocText(const GoTokens& tokens, int first_line) : tokens_(tokens), clang_line_(first_line) {}

  void add(const GoComment& comment, std::string_view source) {
    std::string text = without_carriage_returns(source.substr(comment.offset, comment.length));
    const bool block = text.starts_with("/*");
    if (block && text.size() >= 4 && text.ends_with("*/")) text.resize(text.size() - 2);
    text.erase(0, 2);
    if (!block) text += '\n';
    int go_line = tokens_.line(comment.offset);
    int go_column = tokens_.column(comment.offset) + 2;
    for (size_t start = 0; start < text.size();) {
      const size_t end = text.find('\n', start);
      const int shift = go_column - clang_column_;
      if (go_line != clang_line_ || shift != 0 || clang_column_ != 1) {
        places_.push_back({go_line, shift, clang_line_, clang_column_});
      }
      if (end == std::string::npos) {
        clang_column_ += static_cast<int>(text.size() - start);
        break;
      }
      ++clang_line_;
      clang_column_ = 1;
      ++go_line;
      go_column = 1;
      start = end + 1;
    }
    text_ += text;
  }

  std::string text_;
  std::vector<PreambleLine> places_;

 private:
  const GoTokens& tokens_;
  int clang_line_;
  int clang_column_ = 1;
};

GoPosition position_in(const std::vector<PreambleLine>& places, int line, int column) {
  auto behind = std::upper_bound(places.begin(), places.end(), std::pair(line, column),
                                 [](const auto& wanted, const PreambleLine& place) {
                                   return wanted < std::pair(place.clang_line, place.clang_column);
                                 });
  if (behind == places.begin()) return {line, column};
  const PreambleLine& place = *--behind;
  if (place.clang_line != line) return {line, column};
  return {place.go_line, column + place.column_shift};
}

// Takes the #cgo lines out of `text`, leaving their line ends.
std::string blank_directives(std::string_view text, const std::vector<PreambleLine>& places,
                             int first_line, std::vector<CgoDirective>& directives) {
  std::string out;
  out.reserve(text.size());
  int clang_line = first_line;
  for (size_t start = 0; start <= text.size(); ++clang_line) {
    const size_t end = std::min(text.find('\n', start), text.size());
    const std::string_view line = text.substr(start, end - start);
    const std::string_view words = trimmed(line);
    if (is_cgo_directive(words)) {
      const auto column = static_cast<int>(words.data() - line.data()) + 1;
      directives.push_back(
          {std::string(trimmed(words.substr(5))), position_in(places, clang_line, column).line});
    } else {
      out += line;
    }
    if (end < text.size()) out += '\n';
    start = end + 1;
  }
  return out;
}

}  // namespace

CommentGroup doc_comment(const GoSource& source, size_t token) {
  const GoTokens& tokens = source.tokens();
  const auto& comments = tokens.comments;
  auto by_token = [](const GoComment& comment, size_t wanted) {
    return comment.next_token < wanted;
  };
  const auto found = std::lower_bound(comments.begin(), comments.end(), token, by_token);
  auto next = static_cast<size_t>(found - comments.begin());
  auto first_line = [&](size_t i) { return tokens.line(comments[i].offset); };
  auto last_line = [&](size_t i) {
    return tokens.line(comments[i].offset + std::max<uint32_t>(comments[i].length, 1) - 1);
  };
  auto here = [&](size_t i) { return i < comments.size() && comments[i].next_token == token; };

  // Comments that begin on the line of the token before belong to that one.
  if (here(next) && token > 0 && first_line(next) == source.line(token - 1)) {
    int end = first_line(next);
    while (here(next) && first_line(next) <= end) end = last_line(next++);
  }
  CommentGroup group;
  int end = -1;
  while (here(next)) {
    group.first = next;
    end = first_line(next);
    while (here(next) && first_line(next) <= end + 1) end = last_line(next++);
    group.last = next;
  }
  return end + 1 == source.line(token) ? group : CommentGroup{};
}

void add_preamble(const GoSource& source, const CommentGroup& doc, GoFile& file) {
  if (doc.empty()) return;
  const GoTokens& tokens = source.tokens();
  const int first_line = tokens.line(tokens.comments[doc.first].offset);
  DocText text(tokens, first_line);
  for (size_t i = doc.first; i < doc.last; ++i) text.add(tokens.comments[i], source.whole());

  const std::string c_text =
      blank_directives(text.text_, text.places_, first_line, file.directives);
  file.preamble += "#line " + std::to_string(first_line) + ' ' + quoted(file.path) + '\n';
  file.preamble += c_text + "\n#line 1 \"cgo-generated-wrapper\"\n";
  for (AllowComment& allow : find_allow_comments_in_c(c_text)) {
    const GoPosition place = position_in(text.places_, first_line + allow.line - 1, allow.column);
    allow.line = place.line;
    allow.column = place.column;
    file.allows.push_back(std::move(allow));
  }
  file.preamble_lines.insert(file.preamble_lines.end(), text.places_.begin(), text.places_.end());
}

GoPosition preamble_position(const GoFile& file, int clang_line, int clang_column) {
  return position_in(file.preamble_lines, clang_line, clang_column);
}

}  // namespace cgoscope
