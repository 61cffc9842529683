#include "clang_plugin/packages/go_source.h"

#include <algorithm>
#include <array>

namespace cgoscope {
namespace {

constexpr uint32_t kNoPartner = 0xFFFFFFFFu;

int bracket_kind(char c) {
  switch (c) {
    case '(':
    case ')':
      return 0;
    case '[':
    case ']':
      return 1;
    case '{':
    case '}':
      return 2;
    default:
      return -1;
  }
}

}  // namespace

GoSource::GoSource(std::string_view text) : text_(text), tokens_(lex_go(text)) { pair_brackets(); }

std::string_view GoSource::text(size_t token) const {
  const GoToken& found = at(token);
  return text_.substr(found.offset, found.length);
}

// A closing bracket that fits no open one is ignored; one that fits an outer one closes what is
// open in between without a partner.
void GoSource::pair_brackets() {
  partner_.assign(tokens_.tokens.size(), kNoPartner);
  std::vector<uint32_t> open;
  std::array<size_t, 3> open_of_kind{};
  auto complain = [&](size_t token) { unbalanced_ = std::min(unbalanced_, token); };
  for (size_t i = 0; i < size(); ++i) {
    if (tokens_.tokens[i].kind != GoTokenKind::kOperator || tokens_.tokens[i].length != 1) continue;
    const char c = text_[tokens_.tokens[i].offset];
    const int kind = bracket_kind(c);
    if (kind < 0) continue;
    const auto index = static_cast<size_t>(kind);
    if (c == '(' || c == '[' || c == '{') {
      open.push_back(static_cast<uint32_t>(i));
      ++open_of_kind[index];
      continue;
    }
    if (open_of_kind[index] == 0) {
      complain(i);
      continue;
    }
    for (bool found = false; !found;) {
      const uint32_t candidate = open.back();
      open.pop_back();
      const auto candidate_kind =
          static_cast<size_t>(bracket_kind(text_[tokens_.tokens[candidate].offset]));
      --open_of_kind[candidate_kind];
      found = candidate_kind == index;
      if (found) {
        partner_[i] = candidate;
        partner_[candidate] = static_cast<uint32_t>(i);
      } else {
        complain(candidate);
      }
    }
  }
  if (!open.empty()) complain(open.front());
}

size_t GoSource::partner(size_t token) const {
  if (token >= partner_.size() || partner_[token] == kNoPartner) return kNone;
  return partner_[token];
}

size_t GoSource::behind_group(size_t open) const {
  const size_t close = partner(open);
  return close == kNone || close < open ? size() : close + 1;
}

bool GoSource::ends_operand(size_t token) const {
  switch (kind(token)) {
    case GoTokenKind::kIdentifier:
    case GoTokenKind::kInteger:
    case GoTokenKind::kFloat:
    case GoTokenKind::kImaginary:
    case GoTokenKind::kRune:
    case GoTokenKind::kString:
      return true;
    case GoTokenKind::kOperator:
      return is(token, ")") || is(token, "]") || is(token, "}");
    default:
      return false;
  }
}

std::string GoSource::joined(TokenRange range) const {
  std::string out;
  size_t end = 0;
  for (size_t i = range.first; i < std::min(range.last, size()); ++i) {
    const GoToken& token = at(i);
    if (token.length == 0) {  // an automatic semicolon
      out += ';';
      continue;
    }
    if (!out.empty() && token.offset != end) out += ' ';
    out += text(i);
    end = token.offset + token.length;
  }
  return out;
}

std::vector<TokenRange> GoSource::split_at_commas(TokenRange range) const {
  std::vector<TokenRange> parts;
  const size_t last = std::min(range.last, size());
  size_t start = range.first;
  for (size_t i = range.first; i < last;) {
    if (is(i, ",")) {
      parts.push_back({start, i});
      start = i + 1;
    }
    const size_t close = partner(i);
    i = close != kNone && close > i ? close + 1 : i + 1;
  }
  if (start < last) parts.push_back({start, last});
  return parts;
}

}  // namespace cgoscope
