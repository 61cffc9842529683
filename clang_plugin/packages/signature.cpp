#include "clang_plugin/packages/signature.h"

namespace cgoscope {

size_t behind_type(const GoSource& source, size_t token) {
  for (size_t i = token;;) {
    if (source.is(i, "*") || source.is(i, "<-") || source.is(i, "chan")) {
      ++i;
    } else if (source.is(i, "[")) {
      i = source.behind_group(i);
    } else if (source.is(i, "map") && source.is(i + 1, "[")) {
      i = source.behind_group(i + 1);
    } else if (source.is(i, "func") && source.is(i + 1, "(")) {
      const size_t results = source.behind_group(i + 1);
      // A function type ends behind its parameters, or behind a result type, which may be another
      // one.
      if (source.is(results, "(")) return source.behind_group(results);
      const bool more = source.is(results, "*") || source.is(results, "<-") ||
                        source.is(results, "chan") || source.is(results, "[") ||
                        source.is(results, "map") || source.is(results, "func") ||
                        source.is(results, "struct") || source.is(results, "interface") ||
                        source.is_identifier(results);
      if (!more) return results;
      i = results;
    } else if (source.is(i, "struct") || source.is(i, "interface")) {
      return source.is(i + 1, "{") ? source.behind_group(i + 1) : i + 1;
    } else if (source.is(i, "(")) {
      return source.behind_group(i);
    } else if (source.is_identifier(i)) {
      if (source.is(i + 1, ".") && source.is_identifier(i + 2)) i += 2;
      return source.is(i + 1, "[") ? source.behind_group(i + 1) : i + 1;
    } else {
      return i;
    }
  }
}

Signature read_signature(const GoSource& source, size_t token, bool takes_body) {
  Signature out;
  out.end = token;
  if (!source.is(token, "(")) return out;
  out.end = source.behind_group(token);
  out.parameters = {token + 1, out.end - (source.partner(token) == GoSource::kNone ? 0 : 1)};
  const size_t results = out.end;
  if (source.is(results, "(")) {
    out.has_parentheses = true;
    out.end = source.behind_group(results);
    out.results = {results + 1, out.end - (source.partner(results) == GoSource::kNone ? 0 : 1)};
  } else {
    out.end = behind_type(source, results);
    out.results = {results, out.end};
  }
  if (takes_body && source.is(out.end, "{")) out.body = out.end;
  return out;
}

bool is_element_type(const GoSource& source, size_t token) {
  while (token > 0 && (source.is(token - 1, "*") || source.is(token - 1, "<-"))) {
    if (source.is(token - 1, "<-") && (token < 2 || !source.is(token - 2, "chan"))) return false;
    --token;
  }
  return token > 0 && (source.is(token - 1, "]") || source.is(token - 1, "chan"));
}

Receiver read_receiver(const GoSource& source, TokenRange range) {
  Receiver out;
  size_t i = range.first;
  if (source.is_identifier(i) && i + 1 < range.last &&
      (source.is_identifier(i + 1) || source.is(i + 1, "*") || source.is(i + 1, "("))) {
    out.name = source.text(i++);
  }
  for (; i < range.last; ++i) {
    if (source.is(i, "*")) out.pointer = true;
    if (!source.is_identifier(i)) continue;
    out.type = source.text(i);
    out.generic = source.is(i + 1, "[");
    for (++i; i < range.last; ++i) {
      if (source.is_identifier(i)) out.type_parameters.push_back(source.text(i));
    }
  }
  return out;
}

std::vector<std::string_view> parameter_names(const GoSource& source, TokenRange range) {
  const std::vector<TokenRange> parts = source.split_at_commas(range);
  auto is_named = [&](const TokenRange& part) {
    const size_t first = part.first;
    if (part.last - first < 2 || !source.is_identifier(first) || source.is(first + 1, "."))
      return false;
    // `a []T` is a name and a type, `T[int]` a type alone.
    return !source.is(first + 1, "[") || source.behind_group(first + 1) < part.last;
  };
  bool named = false;
  for (const TokenRange& part : parts) named = named || is_named(part);
  std::vector<std::string_view> names;
  if (!named) return names;
  for (const TokenRange& part : parts) {
    if (!part.empty() && source.is_identifier(part.first)) names.push_back(source.text(part.first));
  }
  return names;
}

}  // namespace cgoscope
