// Each structured binding below names all fields of its struct: one that is added and not written
// does not compile.
#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

#include "clang_plugin/cache/entry.h"
#include "clang_plugin/cache/entry.pb.h"

namespace cgoscope {
namespace {

// kNone becomes 0.
uint32_t plus_one(uint32_t id) { return id + 1; }

void write(const SourcePlace& from, cache::Place* to) {
  const auto& [file, line, column, system] = from;
  to->set_file(plus_one(file));
  to->set_line(line);
  to->set_column(column);
  to->set_system(system);
}

void write(const Expr& from, cache::Expr* to) {
  const auto& [kind, op, width, is_signed, is_volatile, value, index, text, operands, fields] =
      from;
  to->set_kind(static_cast<uint32_t>(kind));
  to->set_op(static_cast<uint32_t>(op));
  to->set_width(width);
  to->set_is_signed(is_signed);
  to->set_is_volatile(is_volatile);
  to->set_value(value);
  to->set_index(plus_one(index));
  to->set_text(text);
  for (const ExprId operand : operands) to->add_operands(plus_one(operand));
  for (const std::string& field : fields) to->add_fields(field);
}

void write(const Call& from, cache::Call* to) {
  const auto& [target, name, macro, callee, object, place, is_virtual, no_return, is_barrier] =
      from;
  to->set_target(target);
  to->set_name(name);
  to->set_macro(macro);
  to->set_callee(plus_one(callee));
  to->set_object(plus_one(object));
  write(place, to->mutable_place());
  to->set_is_virtual(is_virtual);
  to->set_no_return(no_return);
  to->set_is_barrier(is_barrier);
}

void write(const Stmt& from, cache::Stmt* to) {
  const auto& [kind, test_last, is_default, slot, label, expr, a, b, low, high, place, children] =
      from;
  to->set_kind(static_cast<uint32_t>(kind));
  to->set_test_last(test_last);
  to->set_is_default(is_default);
  to->set_slot(plus_one(slot));
  to->set_label(plus_one(label));
  to->set_expr(plus_one(expr));
  to->set_a(plus_one(a));
  to->set_b(plus_one(b));
  to->set_low(low);
  to->set_high(high);
  write(place, to->mutable_place());
  for (const StmtId child : children) to->add_children(plus_one(child));
}

void write(const Variable& from, cache::Variable* to) {
  const auto& [name, parameter, is_static, is_volatile, width, is_signed, is_record, is_real] =
      from;
  to->set_name(name);
  to->set_parameter(parameter);
  to->set_is_static(is_static);
  to->set_is_volatile(is_volatile);
  to->set_width(width);
  to->set_is_signed(is_signed);
  to->set_is_record(is_record);
  to->set_is_real(is_real);
}

void write(const std::string& key, const Function& from, cache::Function* to) {
  const auto& [link_name, name, place, is_static, is_system, has_body, parameters, body, variables,
               exprs, stmts, calls] = from;
  to->set_key(key);
  to->set_link_name(link_name);
  to->set_name(name);
  write(place, to->mutable_place());
  to->set_is_static(is_static);
  to->set_is_system(is_system);
  to->set_has_body(has_body);
  to->set_parameters(parameters);
  to->set_body(plus_one(body));
  for (const Variable& variable : variables) write(variable, to->add_variables());
  for (const Expr& expr : exprs) write(expr, to->add_exprs());
  for (const Stmt& stmt : stmts) write(stmt, to->add_stmts());
  for (const Call& call : calls) write(call, to->add_calls());
}

void write(const std::string& key, const Global& from, cache::Global* to) {
  const auto& [name, is_const, is_static, is_volatile, is_function_pointer, initialiser] = from;
  to->set_key(key);
  to->set_name(name);
  to->set_is_const(is_const);
  to->set_is_static(is_static);
  to->set_is_volatile(is_volatile);
  to->set_is_function_pointer(is_function_pointer);
  to->set_initialiser(plus_one(initialiser));
}

void write(const std::pair<const std::string, std::vector<std::string>>& from, cache::Names* to) {
  to->set_key(from.first);
  for (const std::string& name : from.second) to->add_names(name);
}

void write(const CAllow& from, cache::Allow* to) {
  const auto& [rule, reason, place] = from;
  to->set_rule(rule);
  to->set_reason(reason);
  write(place, to->mutable_place());
}

void write(const Problem& from, cache::Problem* to) {
  const auto& [file, line, message] = from;
  to->set_file(file);
  to->set_line(line);
  to->set_message(message);
}

void write(const TranslationUnit& from, cache::Unit* to) {
  const auto& [main_file, files, functions, initialisers, globals, stored_functions, overriders,
               constants, visible, declared, not_functions, allows, problems, errors] = from;
  to->set_main_file(main_file);
  for (const std::string& file : files) to->add_files(file);
  for (const auto& [key, function] : functions) write(key, function, to->add_functions());
  write("", initialisers, to->mutable_initialisers());
  for (const auto& [key, global] : globals) write(key, global, to->add_globals());
  for (const auto& stored : stored_functions) write(stored, to->add_stored_functions());
  for (const auto& overrider : overriders) write(overrider, to->add_overriders());
  for (const auto& [key, value] : constants) {
    cache::Constant* constant = to->add_constants();
    constant->set_key(key);
    constant->set_value(value);
  }
  for (const auto& [key, link_name] : visible) {
    cache::Visible* seen = to->add_visible();
    seen->set_key(key);
    seen->set_link_name(link_name);
  }
  for (const auto& [key, declaration] : declared) {
    const auto& [name, file] = declaration;
    cache::Declaration* one = to->add_declared();
    one->set_key(key);
    one->set_name(name);
    one->set_file(plus_one(file));
  }
  for (const std::string& name : not_functions) to->add_not_functions(name);
  for (const CAllow& allow : allows) write(allow, to->add_allows());
  for (const Problem& problem : problems) write(problem, to->add_problems());
  to->set_errors(errors);
}

void write(const std::vector<FileAnswer>& answers, cache::Answers* to) {
  std::string_view before;
  std::string text, digests;
  for (const FileAnswer& answer : answers) {
    const auto& [question, path, type, object, digest] = answer;
    const auto shared = static_cast<size_t>(
        std::mismatch(before.begin(), before.end(), path.begin(), path.end()).first -
        before.begin());
    to->add_shared_bytes(static_cast<uint32_t>(shared));
    to->add_text_bytes(static_cast<uint32_t>(path.size() - shared));
    text.append(path, shared, std::string::npos);
    to->add_question(static_cast<uint32_t>(question));
    to->add_type(static_cast<uint32_t>(type));
    to->add_object(object);
    if (question != FileQuestion::kObject) digests.append(digest.begin(), digest.end());
    before = path;
  }
  to->set_text(text);
  to->set_digests(digests);
}

}  // namespace

std::string encode_entry(std::string_view key, const CacheEntry& entry) {
  cache::Entry message;
  message.set_key(key.data(), key.size());
  write(entry.answers, message.mutable_answers());
  write(entry.unit, message.mutable_unit());
  return with_checksum(message.SerializeAsString());
}

std::string with_checksum(std::string_view payload) {
  const Digest checksum = digest_of(payload);
  std::string bytes(checksum.begin(), checksum.end());
  return bytes.append(payload);
}

}  // namespace cgoscope
