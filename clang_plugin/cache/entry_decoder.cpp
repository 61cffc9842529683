#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

#include "clang_plugin/cache/entry.h"
#include "clang_plugin/cache/entry.pb.h"
#include "clang_plugin/cache/sound_trees.h"

namespace cgoscope {
namespace {

// 0 becomes kNone.
uint32_t minus_one(uint32_t number) { return number - 1; }

SourcePlace read(const cache::Place& from) {
  return {minus_one(from.file()), from.line(), from.column(), from.system()};
}

Expr read(const cache::Expr& from) {
  Expr to;
  to.kind = static_cast<ExprKind>(from.kind());
  to.op = static_cast<Op>(from.op());
  to.width = static_cast<uint8_t>(from.width());
  to.is_signed = from.is_signed();
  to.is_volatile = from.is_volatile();
  to.value = from.value();
  to.index = minus_one(from.index());
  to.text = from.text();
  to.operands.reserve(static_cast<size_t>(from.operands_size()));
  for (const uint32_t operand : from.operands()) to.operands.push_back(minus_one(operand));
  to.fields.assign(from.fields().begin(), from.fields().end());
  return to;
}

Call read(const cache::Call& from) {
  Call to;
  to.target = from.target();
  to.name = from.name();
  to.macro = from.macro();
  to.callee = minus_one(from.callee());
  to.object = minus_one(from.object());
  to.place = read(from.place());
  to.is_virtual = from.is_virtual();
  to.no_return = from.no_return();
  to.is_barrier = from.is_barrier();
  return to;
}

Stmt read(const cache::Stmt& from) {
  Stmt to;
  to.kind = static_cast<StmtKind>(from.kind());
  to.test_last = from.test_last();
  to.is_default = from.is_default();
  to.slot = minus_one(from.slot());
  to.label = minus_one(from.label());
  to.expr = minus_one(from.expr());
  to.a = minus_one(from.a());
  to.b = minus_one(from.b());
  to.low = from.low();
  to.high = from.high();
  to.place = read(from.place());
  to.children.reserve(static_cast<size_t>(from.children_size()));
  for (const uint32_t child : from.children()) to.children.push_back(minus_one(child));
  return to;
}

Variable read(const cache::Variable& from) {
  return {from.name(),
          from.parameter(),
          from.is_static(),
          from.is_volatile(),
          static_cast<uint8_t>(from.width()),
          from.is_signed(),
          from.is_record(),
          from.is_real()};
}

CAllow read(const cache::Allow& from) { return {from.rule(), from.reason(), read(from.place())}; }

Problem read(const cache::Problem& from) { return {from.file(), from.line(), from.message()}; }

template <typename To, typename List>
void read_all(const List& from, std::vector<To>& to) {
  to.reserve(static_cast<size_t>(from.size()));
  for (const auto& message : from) to.push_back(read(message));
}

// What a static_cast above would cut off.
bool fits(const cache::Function& from) {
  constexpr uint32_t kMaxWidth = 255;
  return std::all_of(from.exprs().begin(), from.exprs().end(),
                     [](const cache::Expr& expr) {
                       return expr.kind() <= static_cast<uint32_t>(ExprKind::kStatement) &&
                              expr.op() <= static_cast<uint32_t>(Op::kPost) &&
                              expr.width() <= kMaxWidth;
                     }) &&
         std::all_of(from.stmts().begin(), from.stmts().end(),
                     [](const cache::Stmt& stmt) {
                       return stmt.kind() <= static_cast<uint32_t>(StmtKind::kCase);
                     }) &&
         std::all_of(from.variables().begin(), from.variables().end(),
                     [](const cache::Variable& variable) { return variable.width() <= kMaxWidth; });
}

Function read(const cache::Function& from) {
  Function to;
  to.link_name = from.link_name();
  to.name = from.name();
  to.place = read(from.place());
  to.is_static = from.is_static();
  to.is_system = from.is_system();
  to.has_body = from.has_body();
  to.parameters = from.parameters();
  to.body = minus_one(from.body());
  read_all(from.variables(), to.variables);
  read_all(from.exprs(), to.exprs);
  read_all(from.stmts(), to.stmts);
  read_all(from.calls(), to.calls);
  return to;
}

Global read(const cache::Global& from) {
  return {from.name(),
          from.is_const(),
          from.is_static(),
          from.is_volatile(),
          from.is_function_pointer(),
          minus_one(from.initialiser())};
}

template <typename List>
void read_names(const List& from, std::map<std::string, std::vector<std::string>>& to) {
  for (const cache::Names& names : from)
    to[names.key()].assign(names.names().begin(), names.names().end());
}

TranslationUnit read(const cache::Unit& from) {
  TranslationUnit to;
  to.main_file = from.main_file();
  to.files.assign(from.files().begin(), from.files().end());
  for (const cache::Function& function : from.functions())
    to.functions.insert_or_assign(to.functions.end(), function.key(), read(function));
  to.initialisers = read(from.initialisers());
  for (const cache::Global& global : from.globals())
    to.globals.insert_or_assign(to.globals.end(), global.key(), read(global));
  read_names(from.stored_functions(), to.stored_functions);
  read_names(from.overriders(), to.overriders);
  for (const cache::Constant& constant : from.constants())
    to.constants.insert_or_assign(to.constants.end(), constant.key(), constant.value());
  for (const cache::Visible& visible : from.visible())
    to.visible.insert_or_assign(to.visible.end(), visible.key(), visible.link_name());
  for (const cache::Declaration& declaration : from.declared())
    to.declared.insert_or_assign(to.declared.end(), declaration.key(),
                                 Declaration{declaration.name(), minus_one(declaration.file())});
  to.not_functions.insert(from.not_functions().begin(), from.not_functions().end());
  read_all(from.allows(), to.allows);
  read_all(from.problems(), to.problems);
  to.errors = from.errors();
  return to;
}

std::optional<std::vector<FileAnswer>> read(const cache::Answers& from) {
  const int count = from.question_size();
  if (from.shared_bytes_size() != count || from.text_bytes_size() != count ||
      from.type_size() != count || from.object_size() != count) {
    return std::nullopt;
  }
  std::vector<FileAnswer> answers;
  answers.reserve(static_cast<size_t>(count));
  std::string_view text = from.text(), digests = from.digests();
  std::string path;
  for (int i = 0; i < count; ++i) {
    FileAnswer& answer = answers.emplace_back();
    const size_t shared = from.shared_bytes(i), added = from.text_bytes(i);
    if (shared > path.size() || added > text.size() ||
        from.question(i) > static_cast<uint32_t>(FileQuestion::kRealPath) ||
        from.type(i) > static_cast<uint32_t>(FileType::kOther)) {
      return std::nullopt;
    }
    path.resize(shared);
    path += text.substr(0, added);
    text.remove_prefix(added);
    answer.path = path;
    answer.question = static_cast<FileQuestion>(from.question(i));
    answer.type = static_cast<FileType>(from.type(i));
    answer.object = from.object(i);
    if (answer.question == FileQuestion::kObject) continue;
    if (digests.size() < answer.digest.size()) return std::nullopt;
    std::copy_n(digests.begin(), answer.digest.size(), answer.digest.begin());
    digests.remove_prefix(answer.digest.size());
  }
  return answers;
}

}  // namespace

std::optional<CacheEntry> decode_checked(std::string_view key, std::string_view payload) {
  cache::Entry message;
  if (!message.ParseFromArray(payload.data(), static_cast<int>(payload.size())) ||
      message.key() != key) {
    return std::nullopt;
  }
  const cache::Unit& unit = message.unit();
  if (!std::all_of(unit.functions().begin(), unit.functions().end(), fits) ||
      !fits(unit.initialisers())) {
    return std::nullopt;
  }
  auto answers = read(message.answers());
  if (!answers) return std::nullopt;
  CacheEntry entry{std::move(*answers), read(unit)};
  if (!has_sound_trees(entry.unit)) return std::nullopt;
  return entry;
}

std::optional<std::string_view> checked_payload(std::string_view bytes) {
  const size_t checksum_bytes = sizeof(Digest);
  if (bytes.size() < checksum_bytes || bytes.size() > kMaxEntryBytes) return std::nullopt;
  const std::string_view payload = bytes.substr(checksum_bytes);
  const Digest checksum = digest_of(payload);
  if (!std::equal(checksum.begin(), checksum.end(), bytes.begin(),
                  [](uint8_t a, char b) { return a == static_cast<uint8_t>(b); })) {
    return std::nullopt;
  }
  return payload;
}

std::optional<CacheEntry> decode_entry(std::string_view key, std::string_view bytes) {
  const auto payload = checked_payload(bytes);
  return payload ? decode_checked(key, *payload) : std::nullopt;
}

}  // namespace cgoscope
