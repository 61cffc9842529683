#include "clang_plugin/packages/allow_comment.h"

namespace cgoscope {
namespace {

constexpr std::string_view kMarker = "cgoscope:allow";
constexpr std::string_view kBlanks = " \t\r\n\v\f";

std::string_view trimmed(std::string_view text) {
  const size_t first = text.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

}  // namespace

std::optional<AllowComment> parse_allow_comment(std::string_view comment, int line, int column) {
  if (!comment.starts_with("//")) return std::nullopt;
  std::string_view rest = comment.substr(2);
  const bool is_spaced = rest.starts_with(' ');
  if (is_spaced) rest.remove_prefix(1);
  if (!rest.starts_with(kMarker)) return std::nullopt;
  rest.remove_prefix(kMarker.size());
  if (!rest.empty() && kBlanks.find(rest.front()) == std::string_view::npos) return std::nullopt;
  rest = trimmed(rest);
  const std::string_view rule = rest.substr(0, rest.find_first_of(kBlanks));
  return AllowComment{(is_spaced ? " " : "") + std::string(rule),
                      std::string(trimmed(rest.substr(rule.size()))), line, column};
}

std::vector<AllowComment> find_allow_comments_in_c(std::string_view text) {
  std::vector<AllowComment> found;
  int line = 1;
  size_t line_start = 0;
  const auto end_line = [&](size_t at) {
    ++line;
    line_start = at + 1;
  };
  auto at = [&](size_t i) { return i < text.size() ? text[i] : '\0'; };
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '\n') {
      end_line(i);
    } else if (c == '"' || c == '\'') {
      // A quote that its line does not close (an apostrophe in an #error line) ends there.
      for (++i; i < text.size() && text[i] != c && text[i] != '\n'; ++i) {
        if (text[i] == '\\' && at(i + 1) != '\0') {
          ++i;
          if (text[i] == '\n') end_line(i);
        }
      }
      if (at(i) == '\n') end_line(i);
    } else if (c == '/' && at(i + 1) == '*') {
      for (i += 2; i < text.size() && !(text[i] == '*' && at(i + 1) == '/'); ++i) {
        if (text[i] == '\n') end_line(i);
      }
      ++i;
    } else if (c == '/' && at(i + 1) == '/') {
      const size_t start = i;
      const int first_line = line, column = static_cast<int>(start - line_start) + 1;
      for (; i < text.size() && text[i] != '\n'; ++i) {
        if (text[i] == '\\' && at(i + 1) == '\n') {
          end_line(++i);
        }
      }
      if (auto allow = parse_allow_comment(text.substr(start, i - start), first_line, column))
        found.push_back(std::move(*allow));
      if (i < text.size()) end_line(i);
    }
  }
  return found;
}

}  // namespace cgoscope
