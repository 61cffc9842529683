// The head of a function: receiver, name, parameters, and where its body begins.
//
// What begins with `func` is a literal only if a body follows its signature, and `{` alone does not
// tell: []func(){f, g} is a slice of two, func() []T {…} a function. So the result type has to be
// read.
#pragma once

#include <string_view>
#include <vector>

#include "clang_plugin/packages/go_source.h"

namespace cgoscope {

struct Signature {
  TokenRange parameters;  // between the parentheses
  TokenRange results;     // without their parentheses
  bool has_parentheses = false;
  size_t end = 0;                 // the token behind the signature
  size_t body = GoSource::kNone;  // its `{`; kNone for a type or a function without a body
};

// Reads from the `(` of the parameters at `token`. `takes_body` is false where a `{` behind belongs
// to something else.
Signature read_signature(const GoSource& source, size_t token, bool takes_body);

// True when the `func` at `token` is the element of a composite literal's type, whose `{` is not a
// body.
bool is_element_type(const GoSource& source, size_t token);

// The token behind the type at `token`, which is returned itself when no type begins there.
size_t behind_type(const GoSource& source, size_t token);

struct Receiver {
  std::string_view name;  // "" when absent
  std::string_view type;
  bool pointer = false;
  bool generic = false;
  std::vector<std::string_view> type_parameters;  // as the method calls them
};
// `range` is between the receiver's parentheses.
Receiver read_receiver(const GoSource& source, TokenRange range);

// The names of a parameter, result or type parameter list; none when it lists only types.
std::vector<std::string_view> parameter_names(const GoSource& source, TokenRange range);

}  // namespace cgoscope
