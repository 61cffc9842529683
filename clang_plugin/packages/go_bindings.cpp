#include "clang_plugin/packages/go_bindings.h"

#include <algorithm>
#include <array>

namespace cgoscope {
namespace {

bool is_assignment(std::string_view text) {
  constexpr std::array<std::string_view, 15> kOperators = {
      "=", ":=", "+=", "-=", "*=", "/=", "%=", "&=", "|=", "^=", "<<=", ">>=", "&^=", "++", "--"};
  return std::find(kOperators.begin(), kOperators.end(), text) != kOperators.end();
}

// The end of what begins at `token`: the first of a semicolon, another declaration, a bracket that
// closes more than was opened, and `stops`, that stands in no bracket.
template <typename Stop>
size_t end_of(const GoSource& source, size_t token, Stop stops) {
  size_t i = token;
  auto declares = [&](size_t at) {
    return source.is(at, "var") || source.is(at, "const") || source.is(at, "type");
  };
  while (i < source.size() && !source.is_semicolon(i) && !declares(i) && !stops(i)) {
    const size_t close = source.partner(i);
    if (close != GoSource::kNone && close < i) break;
    i = close != GoSource::kNone ? close + 1 : i + 1;
  }
  return std::min(i, source.size());
}

// Calls `read(token)` for the start of every spec of the declaration; it returns the spec's end.
template <typename Read>
void for_each_spec(const GoSource& source, size_t keyword, Read read) {
  size_t i = keyword + 1;
  if (!source.is(i, "(")) {
    read(i);
    return;
  }
  if (source.partner(i) == GoSource::kNone) return;
  const size_t end = source.behind_group(i++);
  while (i < end && !source.is(i, ")")) {
    if (source.is_semicolon(i)) {
      ++i;
      continue;
    }
    i = std::max(read(i), i + 1);
  }
}

}  // namespace

std::vector<ValueSpec> read_value_specs(const GoSource& source, size_t keyword) {
  const bool is_const = source.is(keyword, "const");
  std::vector<ValueSpec> specs;
  for_each_spec(source, keyword, [&](size_t i) {
    ValueSpec spec;
    spec.iota = static_cast<int>(specs.size());
    spec.is_const = is_const;
    while (source.is_identifier(i)) {
      spec.names.push_back(i++);
      if (!source.is(i, ",")) break;
      ++i;
    }
    const size_t type_end = end_of(source, i, [&](size_t at) { return source.is(at, "="); });
    spec.type = {i, type_end};
    size_t end = type_end;
    if (source.is(type_end, "=")) {
      spec.equals = type_end;
      end = end_of(source, type_end + 1, [&](size_t at) { return source.is(at, "="); });
      spec.values = source.split_at_commas({type_end + 1, end});
    } else if (is_const && spec.type.empty() && !specs.empty()) {
      const std::vector<TokenRange>& above = specs.back().values;
      const size_t count = std::min(above.size(), spec.names.size());
      spec.values.assign(above.begin(), above.begin() + static_cast<std::ptrdiff_t>(count));
      spec.type = specs.back().type;
    }
    specs.push_back(std::move(spec));
    return end;
  });
  return specs;
}

std::vector<TypeSpec> read_type_specs(const GoSource& source, size_t keyword) {
  std::vector<TypeSpec> specs;
  for_each_spec(source, keyword, [&](size_t i) {
    const size_t end = end_of(source, i, [](size_t) { return false; });
    if (!source.is_identifier(i)) return end;
    TypeSpec spec;
    spec.name = i;
    const size_t type = source.is(i + 1, "=") ? i + 2 : i + 1;
    const bool plain = end == type + 1 && source.is_identifier(type);
    const bool qualified = end == type + 3 && source.is_identifier(type) &&
                           source.is(type + 1, ".") && source.is_identifier(type + 2);
    if (plain || qualified) spec.underlying = {type, end};
    specs.push_back(spec);
    return end;
  });
  return specs;
}

Definition read_definition(const GoSource& source, size_t token) {
  Definition out;
  for (size_t i = token; i > 0 && source.is_identifier(i - 1);) {
    out.names.push_back(i - 1);
    if (i < 2 || !source.is(i - 2, ",")) break;
    i -= 2;
  }
  std::reverse(out.names.begin(), out.names.end());
  if (source.is(token + 1, "range")) return out;
  const size_t end = end_of(source, token + 1, [&](size_t at) {
    return source.is(at, "{") || source.is(at, ":") || is_assignment(source.text(at));
  });
  if (source.is(end, "{")) {
    // c := &Conn{…} tells the type; the value stays unknown.
    const size_t type = source.is(token + 1, "&") ? token + 2 : token + 1;
    if (out.names.size() == 1 && source.is_identifier(type) && type + 1 == end)
      out.record_type = type;
    return out;
  }
  out.values = source.split_at_commas({token + 1, end});
  return out;
}

std::vector<std::string_view> assigned_names(const GoSource& source, size_t token) {
  std::vector<std::string_view> names;
  for (size_t i = token; i > 0;) {
    --i;
    if (source.is_semicolon(i) || source.kind(i) == GoTokenKind::kKeyword || source.is(i, ":") ||
        is_assignment(source.text(i))) {
      break;
    }
    const size_t open = source.partner(i);
    if (open != GoSource::kNone) {
      if (open > i) break;
      i = open;
    } else if (source.is_identifier(i) && (i == 0 || !source.is(i - 1, "."))) {
      names.push_back(source.text(i));
    }
  }
  return names;
}

void LocalNames::finish(GoFile& file, GoFunction& function) {
  for (GoBinding& binding : bindings_) {
    if (holds(binding.name)) file.bindings.push_back(std::move(binding));
  }
  for (GoRecordVariable& variable : record_variables_) {
    if (holds(variable.name)) file.record_variables.push_back(std::move(variable));
  }
  for (const auto& [name, entry] : names_) {
    if (entry.in_body && name != "_") function.locals.emplace_back(name);
  }
  std::sort(function.locals.begin(), function.locals.end());
  names_.clear();
  bindings_.clear();
  record_variables_.clear();
}

bool LocalNames::holds(const std::string& name) const {
  const auto found = names_.find(name);
  return found != names_.end() && found->second.declarations == 1 && !found->second.spoiled;
}

}  // namespace cgoscope
