#include "clang_plugin/analysis/program.h"

#include <algorithm>
#include <set>

namespace cgoscope {
namespace {

// The global or member at the root of an lvalue, "" when it is neither.
std::string root_name(const Function& function, ExprId id) {
  while (true) {
    const Expr& expression = function.exprs[id];
    if (expression.kind == ExprKind::kGlobal) return expression.text;
    if (expression.kind != ExprKind::kMember && expression.kind != ExprKind::kElement) return "";
    id = expression.operands[0];
  }
}

}  // namespace

Program::Program(const std::vector<TranslationUnit>& units, const Catalogue& catalogue,
                 std::vector<std::string> exports)
    : units_(units), catalogue_(catalogue), exports_(std::move(exports)) {
  std::sort(exports_.begin(), exports_.end());
  for (const TranslationUnit& unit : units_) {
    for (const auto& [name, body] : unit.functions) {
      LinkedFunction& linked = functions_[function_id(name)];
      if (linked.body && (!linked.body->is_system || body.is_system)) continue;
      linked.body = &body;
      linked.unit = &unit;
    }
    for (const auto& [name, global] : unit.globals) {
      LinkedGlobal& linked = globals_[name];
      if (linked.global && (linked.global->initialiser != kNone || global.initialiser == kNone))
        continue;
      linked.global = &global;
      linked.unit = &unit;
    }
  }
  for (const TranslationUnit& unit : units_) {
    for (const auto& [name, body] : unit.functions) {
      for (const Expr& expression : body.exprs) {
        const bool writes = expression.kind == ExprKind::kAssign ||
                            expression.kind == ExprKind::kIncrement ||
                            expression.kind == ExprKind::kAddress;
        if (!writes || expression.operands.empty()) continue;
        const auto global = globals_.find(root_name(body, expression.operands[0]));
        if (global != globals_.end()) global->second.written = true;
      }
    }
  }
  find_relevant();
}

FunctionId Program::function_id(std::string_view link_name) {
  const auto known = ids_.find(link_name);
  if (known != ids_.end()) return known->second;
  const auto id = static_cast<FunctionId>(functions_.size());
  functions_.push_back({std::string(link_name), nullptr, nullptr, false, false});
  ids_.emplace(std::string(link_name), id);
  return id;
}

const Program::LinkedGlobal* Program::find_global(std::string_view link_name) const {
  const auto found = globals_.find(link_name);
  return found == globals_.end() ? nullptr : &found->second;
}

std::vector<FunctionId> Program::stored_functions(const std::string& where) {
  std::set<FunctionId> found;
  for (const TranslationUnit& unit : units_) {
    const auto stored = unit.stored_functions.find(where);
    if (stored == unit.stored_functions.end()) continue;
    for (const std::string& name : stored->second) found.insert(function_id(name));
  }
  return {found.begin(), found.end()};
}

std::vector<FunctionId> Program::overriders(const std::string& link_name) {
  std::set<FunctionId> found;
  for (const TranslationUnit& unit : units_) {
    const auto overriding = unit.overriders.find(link_name);
    if (overriding == unit.overriders.end()) continue;
    for (const std::string& name : overriding->second) found.insert(function_id(name));
  }
  return {found.begin(), found.end()};
}

bool Program::is_export(std::string_view name) const {
  return std::binary_search(exports_.begin(), exports_.end(), name, std::less<>{});
}

void Program::find_relevant() {
  struct Known {
    bool relevant = false, blocks = false;
  };
  std::map<std::string, Known> by_name;
  const auto known = [&](const std::string& name) -> const Known& {
    const auto [entry, added] = by_name.try_emplace(name);
    if (!added) return entry->second;
    const BlockingFunction* row = catalogue_.find_blocking(name);
    if (!row) row = catalogue_.find_blocking("syscall:" + name);
    const bool handles = catalogue_.find_maker(name) || !catalogue_.find_options(name).empty();
    has_handle_options_ = has_handle_options_ || handles;
    entry->second.blocks = (row && row->severity != CatalogueSeverity::kOff) || name == "syscall";
    entry->second.relevant = entry->second.blocks || row || handles || catalogue_.find_effect(name);
    return entry->second;
  };
  // Callers of each function, so that what a callee is flows up once.
  std::map<FunctionId, std::vector<FunctionId>> callers;
  std::vector<FunctionId> changed;
  const size_t count = functions_.size();
  for (FunctionId id = 0; id < count; ++id) {
    const Function* body = functions_[id].body;
    if (!body) continue;
    bool relevant = false, blocks = false;
    const bool loops = std::any_of(body->stmts.begin(), body->stmts.end(),
                                   [](const Stmt& s) { return s.kind == StmtKind::kLoop; });
    for (const Call& call : body->calls) {
      for (const std::string& name : {call.name, call.macro}) {
        if (name.empty()) continue;
        relevant = relevant || known(name).relevant;
        blocks = blocks || known(name).blocks;
      }
      std::vector<FunctionId> targets;
      if (!call.target.empty()) targets.push_back(function_id(call.target));
      if (call.is_virtual) {
        for (const FunctionId overrider : overriders(call.target)) targets.push_back(overrider);
      }
      if (call.callee != kNone) {
        std::string where = call.name;
        if (const size_t colons = where.rfind("::"); colons != std::string::npos)
          where.replace(colons, 2, ".");
        for (const FunctionId stored : stored_functions(where)) targets.push_back(stored);
        relevant = true;
      }
      for (const FunctionId target : targets) callers[target].push_back(id);
    }
    for (const Expr& expression :
         body->exprs) {  // a callback that is handed on may be run by whoever gets it
      if (expression.kind == ExprKind::kFunction)
        callers[function_id(expression.text)].push_back(id);
    }
    if (loops) relevant = blocks = true;  // it may spin
    functions_[id].relevant = relevant || blocks;
    functions_[id].may_block = blocks;
    if (functions_[id].relevant) changed.push_back(id);
  }
  for (const auto& [id, list] : callers) {  // a library function whose address is taken
    if (functions_[id].body) continue;
    const Known& library = known(functions_[id].link_name);
    if (!library.relevant) continue;
    functions_[id].relevant = true;
    functions_[id].may_block = library.blocks;
    changed.push_back(id);
  }
  while (!changed.empty()) {
    const FunctionId id = changed.back();
    changed.pop_back();
    const auto list = callers.find(id);
    if (list == callers.end()) continue;
    for (const FunctionId caller : list->second) {
      LinkedFunction& linked = functions_[caller];
      const bool before_relevant = linked.relevant, before_block = linked.may_block;
      linked.relevant = true;
      linked.may_block = linked.may_block || functions_[id].may_block;
      if (linked.relevant != before_relevant || linked.may_block != before_block)
        changed.push_back(caller);
    }
  }
}

}  // namespace cgoscope
