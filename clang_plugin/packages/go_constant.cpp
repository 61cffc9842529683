#include "clang_plugin/packages/go_constant.h"

#include <algorithm>

#include "clang_plugin/packages/go_source.h"
#include "clang_plugin/packages/known_constants.h"

namespace cgoscope {
namespace {

// Constants are defined through each other, so that a few lines can ask for exponentially many
// steps.
constexpr int kMaxSteps = 20'000;
constexpr int kMaxDepth = 120;

int precedence(std::string_view symbol) {
  if (symbol == "||") return 1;
  if (symbol == "&&") return 2;
  if (symbol == "==" || symbol == "!=" || symbol == "<" || symbol == "<=" || symbol == ">" ||
      symbol == ">=")
    return 3;
  if (symbol == "+" || symbol == "-" || symbol == "|" || symbol == "^") return 4;
  if (symbol == "*" || symbol == "/" || symbol == "%" || symbol == "<<" || symbol == ">>" ||
      symbol == "&" || symbol == "&^") {
    return 5;
  }
  return 0;
}

bool contains(const std::vector<std::string>& sorted, std::string_view name) {
  return std::binary_search(sorted.begin(), sorted.end(), name);
}

const GoFunction* function_of(const GoFile& file, int index) {
  if (index < 0 || static_cast<size_t>(index) >= file.functions.size()) return nullptr;
  return &file.functions[static_cast<size_t>(index)];
}

bool is_parameter(const GoFunction& function, std::string_view name) {
  return name == function.receiver ||
         std::find(function.parameters.begin(), function.parameters.end(), name) !=
             function.parameters.end();
}

bool hides(const GoFunction* function, std::string_view name) {
  return function != nullptr && (is_parameter(*function, name) || contains(function->locals, name));
}

const GoImport* find_import(const GoFile& file, std::string_view name) {
  for (const GoImport& import : file.imports) {
    if (import.name == name) return &import;
  }
  return nullptr;
}

}  // namespace

// Evaluates one expression in its place; `iota` is there inside a const declaration.
class GoExpression {
 public:
  struct Place {
    const GoFile* file = nullptr;
    int function_index = -1;
    std::optional<int> iota;
  };

  GoExpression(const GoConstants& constants, std::string_view text, const Place& place, int& steps,
               int depth)
      : constants_(constants), source_(text), place_(place), steps_(steps), depth_(depth) {}

  std::optional<GoValue> evaluate() {
    std::optional<GoValue> value = binary(1);
    while (source_.is_semicolon(next_)) ++next_;
    if (next_ < source_.size() || !source_.tokens().errors.empty()) return std::nullopt;
    return value;
  }

 private:
  const GoFunction* function() const { return function_of(*place_.file, place_.function_index); }

  // Each level of nesting passes here, so that neither depth nor work can run away.
  bool enter() { return ++depth_ <= kMaxDepth && ++steps_ <= kMaxSteps; }

  std::optional<GoValue> binary(int lowest) {
    if (!enter()) return std::nullopt;
    std::optional<GoValue> left = unary();
    while (left && source_.kind(next_) == GoTokenKind::kOperator) {
      const std::string_view symbol = source_.text(next_);
      const int level = precedence(symbol);
      if (level < lowest) break;
      ++next_;
      const std::optional<GoValue> right = binary(level + 1);
      if (!right || ++steps_ > kMaxSteps) return std::nullopt;
      left = apply_binary(symbol, *left, *right);
    }
    --depth_;
    return left;
  }

  std::optional<GoValue> unary() {
    const std::string_view symbol = source_.text(next_);
    if (symbol != "+" && symbol != "-" && symbol != "^" && symbol != "!") return primary();
    if (!enter()) return std::nullopt;
    ++next_;
    const std::optional<GoValue> operand = unary();
    --depth_;
    if (!operand) return std::nullopt;
    return apply_unary(symbol, *operand);
  }

  std::optional<GoValue> primary() {
    std::optional<GoValue> value;
    switch (source_.kind(next_)) {
      case GoTokenKind::kInteger:
        value = parse_integer(source_.text(next_++));
        break;
      case GoTokenKind::kFloat:
        value = parse_float(source_.text(next_++));
        break;
      case GoTokenKind::kRune:
        value = parse_rune(source_.text(next_++));
        break;
      case GoTokenKind::kIdentifier:
        value = named();
        break;
      default:
        if (source_.is(next_, "(")) value = parenthesised();
        break;
    }
    while (value && source_.is(next_, ".")) value = duration_method(*value);
    return value;
  }

  std::optional<GoValue> parenthesised() {
    const size_t open = next_;
    const size_t close = source_.partner(open);
    if (close == GoSource::kNone) return std::nullopt;
    if (source_.is(open + 1, "*") && source_.is(close + 1, "(")) return null_pointer(open, close);
    ++next_;
    std::optional<GoValue> value = binary(1);
    if (next_ != close) return std::nullopt;
    ++next_;
    return value;
  }

  // (*C.char)(nil)
  std::optional<GoValue> null_pointer(size_t open, size_t close) {
    size_t type = open + 1;
    while (source_.is(type, "*")) ++type;
    if (!is_type({type, close})) return std::nullopt;
    next_ = close + 1;
    return conversion(GoType{GoType::Kind::kPointer, true, false, 64});
  }

  // Not a call through a pointer to a function: C.x is a type behind `*` in a conversion, since cgo
  // knows no such calls.
  bool is_type(TokenRange range) const {
    if (!source_.is_identifier(range.first)) return false;
    const std::string_view first = source_.text(range.first);
    if (range.last == range.first + 1) return find_type(first) && !is_declared(first);
    if (range.last != range.first + 3 || !source_.is(range.first + 1, ".")) return false;
    return first == "C" || (first == "unsafe" && source_.is(range.first + 2, "Pointer"));
  }

  // T(x), from the parenthesis on.
  std::optional<GoValue> conversion(const GoType& type) {
    const size_t close = source_.partner(next_);
    if (close == GoSource::kNone) return std::nullopt;
    ++next_;
    const std::optional<GoValue> value = binary(1);
    if (source_.is(next_, ",")) ++next_;
    if (!value || next_ != close) return std::nullopt;
    ++next_;
    return convert(*value, type);
  }

  bool is_declared(std::string_view name) const {
    return hides(function(), name) || constants_.package_names_.contains(name);
  }

  std::optional<GoValue> named() {
    const size_t token = next_;
    const std::string_view name = source_.text(token);
    const bool qualified = source_.is(token + 1, ".") && source_.is_identifier(token + 2);
    if (qualified && name == "C") return of_c(token);
    if (qualified && !hides(function(), name)) {
      if (const GoImport* import = find_import(*place_.file, name))
        return of_package(*import, token);
    }
    ++next_;
    if (source_.is(next_, "(")) {
      const std::optional<GoType> type = type_named(name);
      return type ? conversion(*type) : std::nullopt;
    }
    return lookup(name);
  }

  std::optional<GoValue> of_c(size_t token) {
    const std::string_view name = source_.text(token + 2);
    next_ = token + 3;
    if (source_.is(next_, "(")) {
      if (name == "char") return plain_char();
      const std::optional<GoType> type = find_type("C." + std::string(name));
      return type ? conversion(*type) : std::nullopt;
    }
    const auto file = constants_.c_constants_.find(place_.file);
    if (file == constants_.c_constants_.end()) return std::nullopt;
    const auto found = file->second.find(name);
    if (found == file->second.end()) return std::nullopt;
    return GoValue::untyped_integer(found->second);
  }

  std::optional<GoValue> plain_char() {
    std::optional<GoValue> value = conversion(*find_type("C.schar"));
    if (value && value->integer < 0) return std::nullopt;
    return value;
  }

  std::optional<GoValue> of_package(const GoImport& import, size_t token) {
    const std::string_view name = source_.text(token + 2);
    next_ = token + 3;
    if (!source_.is(next_, "(")) return find_package_constant(import.path, name);
    const bool type = (import.path == "time" && name == "Duration") ||
                      (import.path == "unsafe" && name == "Pointer");
    if (!type) return std::nullopt;
    return conversion(*find_type(import.path + "." + std::string(name)));
  }

  std::optional<GoType> type_named(std::string_view name) const {
    std::string wanted(name);
    for (int hops = 0; hops < 10; ++hops) {
      if (hides(function(), wanted)) return std::nullopt;
      const auto found = constants_.package_types_.find(wanted);
      if (found != constants_.package_types_.end()) {
        wanted = found->second;
      } else if (constants_.package_names_.contains(wanted)) {
        return std::nullopt;
      } else {
        return find_type(wanted);
      }
    }
    return std::nullopt;
  }

  std::optional<GoValue> lookup(std::string_view name) {
    if (hides(function(), name)) return local(name);
    const auto found = constants_.package_constants_.find(name);
    if (found != constants_.package_constants_.end()) {
      if (!found->second) return std::nullopt;
      const auto& [binding, file] = *found->second;
      return value_of(binding, {file, -1, binding.iota});
    }
    if (constants_.package_names_.contains(name)) return std::nullopt;
    if (name == "iota" && place_.iota) return GoValue::untyped_integer(*place_.iota);
    if (name == "true" || name == "false") return GoValue::boolean(name == "true");
    if (name == "nil") return GoValue::nil();
    return std::nullopt;
  }

  // Where a name is both the function's and the package's, only its place in the function would
  // tell which is meant.
  std::optional<GoValue> local(std::string_view name) {
    if (constants_.package_names_.contains(name) || find_import(*place_.file, name) != nullptr)
      return std::nullopt;
    const auto file = constants_.local_bindings_.find(place_.file);
    if (file == constants_.local_bindings_.end()) return std::nullopt;
    const auto found = file->second.find({place_.function_index, std::string(name)});
    if (found == file->second.end()) return std::nullopt;
    Place place = place_;
    place.iota = found->second.iota;
    return value_of(found->second, place);
  }

  std::optional<GoValue> value_of(const GoBinding& binding, const Place& place) {
    if (!enter()) return std::nullopt;
    std::optional<GoValue> value =
        GoExpression(constants_, binding.expression, place, steps_, depth_).evaluate();
    --depth_;
    if (value && !binding.is_const) return with_default_type(*value);
    return value;
  }

  // d.Milliseconds(): whatever has these methods and a known value is a time.Duration.
  std::optional<GoValue> duration_method(const GoValue& duration) {
    const std::string_view name = source_.text(next_ + 1);
    if (!source_.is(next_ + 2, "(") || !source_.is(next_ + 3, ")") ||
        duration.type != *find_type("time.Duration")) {
      return std::nullopt;
    }
    next_ += 4;
    const auto divided = [&](Int128 unit) {
      return GoValue{duration.type, duration.integer / unit, 0};
    };
    if (name == "Nanoseconds") return divided(1);
    if (name == "Microseconds") return divided(1'000);
    if (name == "Milliseconds") return divided(1'000'000);
    const long double unit = name == "Seconds"   ? 1e9L
                             : name == "Minutes" ? 60e9L
                             : name == "Hours"   ? 3600e9L
                                                 : 0;
    if (unit == 0) return std::nullopt;
    return GoValue{*find_type("float64"), 0, static_cast<long double>(duration.integer) / unit};
  }

  const GoConstants& constants_;
  const GoSource source_;
  const Place place_;
  int& steps_;
  int depth_;
  size_t next_ = 0;
};

GoConstants::GoConstants(const Package& package) {
  auto add = [&](const GoFile& file) {
    package_names_.insert(file.package_names.begin(), file.package_names.end());
    for (const GoTypeName& type : file.types) package_types_.emplace(type.name, type.underlying);
    for (const GoBinding& binding : file.bindings) {
      if (binding.function_index >= 0) {
        local_bindings_[&file].emplace(std::pair(binding.function_index, binding.name), binding);
        continue;
      }
      const auto [entry, added] =
          package_constants_.try_emplace(binding.name, PackageConstant{binding, &file});
      if (!added) entry->second.reset();
    }
  };
  for (const GoFile& file : package.cgo_files) add(file);
  for (const GoFile& file : package.go_files) add(file);
}

void GoConstants::set_c_constant(const GoFile& file, const std::string& name, int64_t value) {
  c_constants_[&file][name] = value;
}

std::optional<int64_t> GoConstants::evaluate(std::string_view expression, const GoFile& file,
                                             int function_index) const {
  int steps = 0;
  const auto value =
      GoExpression(*this, expression, {&file, function_index, {}}, steps, 0).evaluate();
  return value ? to_int64(*value) : std::nullopt;
}

std::optional<double> GoConstants::evaluate_double(std::string_view expression, const GoFile& file,
                                                   int function_index) const {
  int steps = 0;
  const auto value =
      GoExpression(*this, expression, {&file, function_index, {}}, steps, 0).evaluate();
  if (!value) return std::nullopt;
  if (value->type.kind == GoType::Kind::kFloat) return static_cast<double>(value->number);
  if (value->type.kind == GoType::Kind::kInteger) return static_cast<double>(value->integer);
  return std::nullopt;
}

namespace {

// The tokens inside the parentheses of a conversion or a mere pair of them, or behind an &; `range`
// itself when it is none.
TokenRange without_wrapping(const GoSource& source, TokenRange range) {
  if (source.is(range.first, "&")) return {range.first + 1, range.last};
  const size_t open = source.partner(range.last - 1);
  if (open == GoSource::kNone || open < range.first || !source.is(open, "(")) return range;
  const TokenRange inner = {open + 1, range.last - 1};
  if (open == range.first) return inner;
  if (source.split_at_commas(inner).size() != 1) return range;
  if (source.is(range.first, "(") && source.is(range.first + 1, "*") &&
      source.partner(range.first) == open - 1)
    return inner;
  const std::string type = source.joined({range.first, open});
  const bool c_typedef = type.starts_with("C.") && (type.ends_with("_t") || type == "C.char");
  return find_type(type) || c_typedef ? inner : range;
}

}  // namespace

std::string go_object_name(std::string_view expression, const GoFile& file, int function_index) {
  const GoSource source(expression);
  TokenRange range = {0, source.size()};
  while (range.last > range.first && source.is_semicolon(range.last - 1)) --range.last;
  for (;;) {
    if (range.empty()) return {};
    const TokenRange inner = without_wrapping(source, range);
    if (inner.first == range.first && inner.last == range.last) break;
    range = inner;
  }
  if (!source.is_identifier(range.first)) return {};
  const std::string_view first = source.text(range.first);
  if (first == "nil" || first == "true" || first == "false" || first == "iota") return {};
  const GoFunction* function = function_of(file, function_index);
  const bool receiver =
      function != nullptr && first == function->receiver && !contains(function->locals, first);
  std::string name(receiver ? function->receiver_type : first);
  const bool has_field = range.last > range.first + 1;
  for (const GoRecordVariable& variable : file.record_variables) {
    if (has_field && variable.function_index == function_index && variable.name == first)
      name = variable.type;
  }
  for (size_t i = range.first + 1; i < range.last;) {
    if (source.is(i, ".") && source.is_identifier(i + 1)) {
      name += '.';
      name += source.text(i + 1);
      i += 2;
    } else if (source.is(i, "[") && source.kind(i + 1) == GoTokenKind::kInteger &&
               source.is(i + 2, "]")) {
      name += '[';
      name += source.text(i + 1);
      name += ']';
      i += 3;
    } else {
      return {};
    }
  }
  return name;
}

}  // namespace cgoscope
