#include "clang_plugin/packages/go_functions.h"

#include <algorithm>
#include <array>
#include <set>
#include <string>
#include <unordered_set>
#include <utility>

#include "clang_plugin/packages/go_bindings.h"
#include "clang_plugin/packages/package_numbers.h"
#include "clang_plugin/packages/preamble.h"
#include "clang_plugin/packages/signature.h"

namespace cgoscope {
namespace {

// Closures nested deeper have the name of the one at this depth, and longer names are cut, lest
// names grow as the square.
constexpr size_t kMaxNamedDepth = 100;
constexpr size_t kMaxNameBytes = 1024;
// Over all expressions and names that one file's results hold.
constexpr size_t kMaxTextBytes = size_t{128} << 20;

bool reads_only(std::string_view method) {
  constexpr std::array<std::string_view, 9> kMethods = {
      "Nanoseconds", "Microseconds", "Milliseconds", "Seconds", "Minutes",
      "Hours",       "Round",        "Truncate",     "String"};
  return std::find(kMethods.begin(), kMethods.end(), method) != kMethods.end();
}

class FunctionReader {
 public:
  FunctionReader(const GoSource& source, size_t start, GoCalls calls, GoFile& file)
      : source_(source), start_(start), calls_(calls), file_(file) {
    for (const GoImport& import : file.imports) {
      if (import.path == "syscall" || import.path == "golang.org/x/sys/unix") {
        nonblock_packages_.insert(import.name);
      }
    }
  }

  void read() {
    for (size_t i = start_; i < source_.size(); ++i) {
      visit(i);
      const size_t other = source_.partner(i);
      if (other != GoSource::kNone) depth_ += other > i ? 1 : -1;
      while (!frames_.empty() && i >= frames_.back().close) pop_frame();
    }
    while (!frames_.empty()) pop_frame();
    std::sort(file_.package_names.begin(), file_.package_names.end());
  }

 private:
  struct Frame {
    std::string name;
    size_t close = 0;  // the `}` of its body
    int closures = 0;
  };

  bool in_function() const { return !frames_.empty(); }
  int function_index() const {
    return in_function() ? static_cast<int>(file_.functions.size()) - 1 : -1;
  }
  bool starts_declaration(size_t i) const {
    return !in_function() && depth_ == 0 &&
           (i == start_ || source_.is_semicolon(i - 1) || source_.is(i - 1, "}"));
  }

  // False once the file's texts are used up.
  bool spend(size_t bytes) {
    if (bytes <= text_left_) {
      text_left_ -= bytes;
      return true;
    }
    if (text_left_ > 0) {
      file_.problems.push_back(
          {file_.path, 0, "more expressions than can be kept; the rest is not analysed"});
    }
    text_left_ = 0;
    return false;
  }

  // "" when it is too long to keep.
  std::string expression(TokenRange range) {
    if (range.empty()) return {};
    const GoToken& first = source_.tokens().tokens[range.first];
    const GoToken& last = source_.tokens().tokens[std::min(range.last, source_.size()) - 1];
    const size_t bytes = last.offset + last.length - first.offset;
    if (bytes > kMaxExpressionBytes || !spend(bytes)) return {};
    return source_.joined(range);
  }

  void visit(size_t i) {
    switch (source_.kind(i)) {
      case GoTokenKind::kIdentifier:
        if (i == start_ || !source_.is(i - 1, ".")) visit_identifier(i);
        break;
      case GoTokenKind::kKeyword:
        visit_keyword(i);
        break;
      case GoTokenKind::kOperator:
        if (in_function()) visit_operator(i);
        break;
      default:
        break;
    }
  }

  void visit_keyword(size_t i) {
    const std::string_view word = source_.text(i);
    if (word == "func") {
      if (i >= signature_end_) read_function(i);
    } else if (word == "var" || word == "const") {
      if (in_function() || starts_declaration(i)) read_values(i);
    } else if (word == "type") {
      if (!source_.is(i + 1, ")") && (in_function() || starts_declaration(i))) read_types(i);
    } else if (word == "interface") {
      if (source_.is(i + 1, "{"))
        interface_end_ = std::max(interface_end_, source_.behind_group(i + 1));
    } else if (word == "import" && starts_declaration(i)) {
      file_.problems.push_back(
          {file_.path, source_.line(i), "an import behind other declarations"});
    }
  }

  void visit_identifier(size_t i) {
    if (calls_ == GoCalls::kRead) add_call(i);
    if (!source_.is(i + 1, ".") || !source_.is_identifier(i + 2)) return;
    const std::string_view name = source_.text(i);
    if (name == "C") add_reference(i);
    if (!source_.is(i + 3, "(")) return;
    if (in_function() && !reads_only(source_.text(i + 2))) locals_.spoil(name);
    if (source_.is(i + 2, "SetNonblock") && nonblock_packages_.contains(name)) {
      const std::vector<TokenRange> arguments = arguments_of(i + 3);
      if (arguments.size() != 2) return;
      file_.set_nonblock.push_back(
          {expression(arguments[0]), expression(arguments[1]), function_index(), source_.line(i)});
    }
  }

  void visit_operator(size_t i) {
    const std::string_view text = source_.text(i);
    if (text == ":=") {
      define(i);
    } else if (text == "&") {
      if (source_.ends_operand(i - 1)) return;
      size_t operand = i + 1;
      while (source_.is(operand, "(")) ++operand;
      if (source_.is_identifier(operand)) locals_.spoil(source_.text(operand));
    } else if (text == "++" || text == "--" || is_plain_assignment(i, text)) {
      for (std::string_view name : assigned_names(source_, i)) locals_.spoil(name);
    }
  }

  // An `=` of a declaration gives a name its first value; that is no assignment.
  bool is_plain_assignment(size_t i, std::string_view text) {
    if (text.empty() || text.back() != '=') return false;
    if (text == "==" || text == "!=" || text == "<=" || text == ">=") return false;
    return declaration_equals_.erase(i) == 0;
  }

  std::vector<TokenRange> arguments_of(size_t open) const {
    const size_t close = source_.partner(open);
    if (close == GoSource::kNone) return {};
    return source_.split_at_commas({open + 1, close});
  }

  // What stands in a signature or an interface declares functions, and calls none.
  void add_call(size_t i) {
    if (i < signature_end_ || i < interface_end_) return;
    const bool is_qualified = source_.is(i + 1, ".") && source_.is_identifier(i + 2);
    if (is_qualified && source_.is(i, "C")) return;
    const size_t name = is_qualified ? i + 2 : i;
    size_t behind = name + 1;
    if (source_.is(behind, "[")) behind = source_.behind_group(behind);
    if (!source_.is(behind, "(")) return;
    const std::string function = in_function() ? frames_.back().name : std::string();
    if (!spend(source_.text(i).size() + source_.text(name).size() + function.size())) return;
    file_.calls.push_back({std::string(is_qualified ? source_.text(i) : ""),
                           std::string(source_.text(name)), source_.line(i), source_.column(i),
                           function, function_index()});
  }

  void add_reference(size_t i) {
    const std::string_view name = source_.text(i + 2);
    const std::string function = in_function() ? frames_.back().name : std::string();
    if (!spend(name.size() + function.size())) return;
    GoReference reference;
    reference.name = name;
    reference.line = source_.line(i);
    reference.column = source_.column(i);
    reference.function = function;
    reference.function_index = function_index();
    size_t first = i;
    size_t behind = i + 3;
    // (C.f)(x) calls C.f; g(C.f)(x) and func(C.t)(x) do not.
    while (first > start_ && source_.is(first - 1, "(") && source_.partner(first - 1) == behind &&
           !(first - 1 > start_ &&
             (source_.ends_operand(first - 2) || source_.is(first - 2, "func")))) {
      --first;
      ++behind;
    }
    if (source_.is(behind, "(")) {
      reference.use = ReferenceUse::kCall;
      for (const TokenRange& argument : arguments_of(behind)) {
        reference.arguments.push_back(expression(argument));
      }
    }
    file_.references.push_back(std::move(reference));
  }

  void add_binding(const ValueSpec& spec, size_t index) {
    if (spec.values.size() != spec.names.size()) return;
    std::string text = expression(spec.values[index]);
    if (text.empty()) return;
    if (!spec.type.empty()) {
      const std::string type = expression(spec.type);
      if (type.empty()) return;
      text = type + "(" + text + ")";
    }
    const size_t name = spec.names[index];
    if (!spend(source_.text(name).size())) return;
    GoBinding binding{std::string(source_.text(name)),
                      std::move(text),
                      spec.iota,
                      spec.is_const,
                      function_index(),
                      source_.line(name)};
    if (in_function()) {
      locals_.bind(std::move(binding));
    } else {
      file_.bindings.push_back(std::move(binding));
    }
  }

  void read_values(size_t keyword) {
    const bool is_const = source_.is(keyword, "const");
    for (const ValueSpec& spec : read_value_specs(source_, keyword)) {
      if (in_function() && spec.equals != GoSource::kNone) declaration_equals_.insert(spec.equals);
      for (size_t index = 0; index < spec.names.size(); ++index) {
        declare(spec.names[index]);
        // A package's variables can change in any file.
        if (is_const || in_function()) add_binding(spec, index);
      }
    }
  }

  void read_types(size_t keyword) {
    for (const TypeSpec& spec : read_type_specs(source_, keyword)) {
      if (!source_.is_identifier(spec.name)) continue;
      declare(spec.name);
      if (in_function() || spec.underlying.empty()) continue;
      const std::string underlying = expression(spec.underlying);
      if (!underlying.empty())
        file_.types.push_back({std::string(source_.text(spec.name)), underlying});
    }
  }

  void declare(size_t name) {
    if (in_function()) {
      locals_.declare(source_.text(name));
    } else {
      file_.package_names.emplace_back(source_.text(name));
    }
  }

  void define(size_t i) {
    const Definition definition = read_definition(source_, i);
    ValueSpec spec;
    spec.names = definition.names;
    spec.values = definition.values;
    for (size_t index = 0; index < spec.names.size(); ++index) {
      declare(spec.names[index]);
      add_binding(spec, index);
    }
    if (definition.record_type == GoSource::kNone || !in_function()) return;
    const std::string_view name = source_.text(spec.names[0]);
    const std::string_view type = source_.text(definition.record_type);
    if (!spend(name.size() + type.size())) return;
    locals_.bind(GoRecordVariable{std::string(name), std::string(type), function_index()});
  }

  void read_function(size_t keyword) {
    const bool declaration = starts_declaration(keyword);
    GoFunction function;
    Receiver receiver;
    size_t name_token = GoSource::kNone;
    TokenRange type_parameters;
    size_t next = keyword + 1;
    if (declaration) {
      if (source_.is(next, "(")) {
        receiver = read_receiver(source_, {next + 1, source_.behind_group(next) - 1});
        for (std::string_view name : receiver.type_parameters) locals_.declare(name);
        next = source_.behind_group(next);
      }
      if (source_.is_identifier(next)) name_token = next++;
      if (source_.is(next, "[")) {
        type_parameters = {next + 1, source_.behind_group(next) - 1};
        next = source_.behind_group(next);
      }
    }
    const bool takes_body = declaration || !is_element_type(source_, keyword);
    const Signature signature = read_signature(source_, next, takes_body);
    signature_end_ = std::max(signature_end_, signature.end);
    if (name_token != GoSource::kNone && receiver.type.empty()) declare(name_token);
    if (signature.body == GoSource::kNone) return;

    Frame frame;
    frame.name = declaration ? declared_name(name_token, receiver, !type_parameters.empty())
                             : closure_name();
    frame.close = source_.behind_group(signature.body) - 1;
    if (!in_function()) {
      function.name = frame.name;
      function.receiver = receiver.name;
      function.receiver_type = receiver.type;
      function.line = source_.line(keyword);
      function.end_line = source_.line(frame.close);
      for (TokenRange list : {signature.parameters, named_results(signature)}) {
        for (std::string_view name : parameter_names(source_, list)) {
          function.parameters.emplace_back(name);
          locals_.declare_parameter(name);
        }
      }
      if (!receiver.name.empty()) locals_.declare_parameter(receiver.name);
      file_.functions.push_back(std::move(function));
      if (declaration) add_exports(keyword, signature);
    } else {
      for (TokenRange list : {signature.parameters, named_results(signature)}) {
        for (std::string_view name : parameter_names(source_, list)) locals_.declare(name);
      }
    }
    for (std::string_view name : parameter_names(source_, type_parameters)) locals_.declare(name);
    if (!in_function()) outermost_is_closure_ = !declaration;
    frames_.push_back(std::move(frame));
  }

  static TokenRange named_results(const Signature& signature) {
    return signature.has_parentheses ? signature.results : TokenRange{};
  }

  std::string declared_name(size_t name_token, const Receiver& receiver, bool generic) {
    std::string name(source_.text(name_token).substr(0, kMaxNameBytes));
    if (receiver.type.empty()) {
      if (name == "init") return std::string(kInitFunction) + std::to_string(init_functions_++);
      return generic ? name + "[...]" : name;
    }
    std::string type(receiver.type.substr(0, kMaxNameBytes));
    if (receiver.generic) type += "[...]";
    return (receiver.pointer ? "(*" + type + ")" : type) + '.' + name;
  }

  std::string closure_name() {
    if (frames_.empty()) {
      return std::string(kPackageClosure) + std::to_string(++package_closures_);
    }
    Frame& outer = frames_.back();
    if (frames_.size() >= kMaxNamedDepth) return outer.name;
    const bool nested = frames_.size() > 1 || outermost_is_closure_;
    return outer.name + (nested ? "." : ".func") + std::to_string(++outer.closures);
  }

  void pop_frame() {
    frames_.pop_back();
    if (frames_.empty()) locals_.finish(file_, file_.functions.back());
  }

  void add_exports(size_t keyword, const Signature& signature) {
    constexpr std::string_view kExport = "//export ";
    const CommentGroup doc = doc_comment(source_, keyword);
    for (size_t i = doc.first; i < doc.last; ++i) {
      const GoComment& comment = source_.tokens().comments[i];
      std::string_view text = source_.whole().substr(comment.offset, comment.length);
      if (!text.starts_with(kExport)) continue;
      text.remove_prefix(kExport.size());
      const size_t first = text.find_first_not_of(" \t\r");
      if (first == std::string_view::npos) continue;
      text = text.substr(first, text.find_last_not_of(" \t\r") - first + 1);
      file_.exports.push_back({std::string(text), file_.functions.back().name,
                               expression(signature.parameters), expression(signature.results),
                               source_.line(keyword)});
      return;
    }
  }

  const GoSource& source_;
  const size_t start_;
  const GoCalls calls_;
  GoFile& file_;
  std::set<std::string, std::less<>> nonblock_packages_;
  std::vector<Frame> frames_;
  LocalNames locals_;
  std::unordered_set<size_t> declaration_equals_;
  size_t signature_end_ = 0;
  size_t interface_end_ = 0;  // of the last interface type
  size_t text_left_ = kMaxTextBytes;
  int depth_ = 0;
  int init_functions_ = 0;
  int package_closures_ = 0;
  bool outermost_is_closure_ = false;
};

}  // namespace

void read_functions(const GoSource& source, size_t start, GoCalls calls, GoFile& file) {
  FunctionReader(source, start, calls, file).read();
}

}  // namespace cgoscope
