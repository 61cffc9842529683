// Which names of a Go file stand for one value all the time.
//
// Constants do; so does a local variable that its function declares once and never changes. Without
// scopes, "once" is taken over the whole body, closures included: a name that a function declares
// twice has no known value anywhere in it.
#pragma once

#include <cstddef>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "clang_plugin/packages/go_file.h"
#include "clang_plugin/packages/go_source.h"

namespace cgoscope {

// One line of a var or const declaration. A const line without values has those of the line before
// it, and their type.
struct ValueSpec {
  std::vector<size_t> names;  // tokens
  TokenRange type;
  std::vector<TokenRange> values;
  int iota = 0;
  bool is_const = false;
  size_t equals = GoSource::kNone;  // the `=` token
};

// Reads the declaration that begins with `var` or `const` at `keyword`.
std::vector<ValueSpec> read_value_specs(const GoSource& source, size_t keyword);

struct TypeSpec {
  size_t name = 0;        // token
  TokenRange underlying;  // empty when it is more than a name
};
std::vector<TypeSpec> read_type_specs(const GoSource& source, size_t keyword);

// The expressions behind the `:=` at `token` with the names in front of it; no expressions when
// what stands there has no value of its own (range, a type switch, a composite or function
// literal).
struct Definition {
  std::vector<size_t> names;
  std::vector<TokenRange> values;
  size_t record_type = GoSource::kNone;  // the token T of T{…} or &T{…}, when that is all there is
};
Definition read_definition(const GoSource& source, size_t token);

// The plain names that an assignment or an increment changes, whose operator stands at `token`:
// more rather than fewer.
std::vector<std::string_view> assigned_names(const GoSource& source, size_t token);

// What one function declares.
class LocalNames {
 public:
  void declare_parameter(std::string_view name) { ++names_[name].declarations; }
  void declare(std::string_view name) {
    Name& entry = names_[name];
    ++entry.declarations;
    entry.in_body = true;
  }
  void bind(GoBinding binding) { bindings_.push_back(std::move(binding)); }
  void bind(GoRecordVariable variable) { record_variables_.push_back(std::move(variable)); }
  // The name is assigned to, or something may do so through its address.
  void spoil(std::string_view name) { names_[name].spoiled = true; }

  // Moves what holds into `file`, and the names into `function`.
  void finish(GoFile& file, GoFunction& function);

 private:
  struct Name {
    int declarations = 0;
    bool in_body = false;
    bool spoiled = false;
  };
  std::unordered_map<std::string_view, Name> names_;
  // Whether `name` stands for one thing in the whole function.
  bool holds(const std::string& name) const;

  std::vector<GoBinding> bindings_;
  std::vector<GoRecordVariable> record_variables_;
};

}  // namespace cgoscope
