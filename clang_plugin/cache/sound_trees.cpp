#include "clang_plugin/cache/sound_trees.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace cgoscope {
namespace {

size_t least_operands(ExprKind kind) {
  switch (kind) {
    case ExprKind::kMember:
    case ExprKind::kDereference:
    case ExprKind::kAddress:
    case ExprKind::kLoad:
    case ExprKind::kUnary:
    case ExprKind::kCast:
    case ExprKind::kIncrement:
      return 1;
    case ExprKind::kElement:
    case ExprKind::kBinary:
    case ExprKind::kAssign:
    case ExprKind::kComma:
      return 2;
    case ExprKind::kConditional:
      return 3;
    default:
      return 0;
  }
}

bool is_none_or_below(uint32_t id, size_t size) { return id == kNone || id < size; }

class FunctionTrees {
 public:
  explicit FunctionTrees(const Function& function) : function_(function) {}

  bool sound() {
    const auto& exprs = function_.exprs;
    const auto& stmts = function_.stmts;
    return is_none_or_below(function_.body, stmts.size()) &&
           std::all_of(exprs.begin(), exprs.end(), [&](const Expr& expr) { return fits(expr); }) &&
           std::all_of(stmts.begin(), stmts.end(), [&](const Stmt& stmt) { return fits(stmt); }) &&
           std::all_of(function_.calls.begin(), function_.calls.end(),
                       [&](const Call& call) {
                         return is_none_or_below(call.callee, exprs.size()) &&
                                is_none_or_below(call.object, exprs.size());
                       }) &&
           !holds_itself();
  }

 private:
  bool fits(const Expr& expr) const {
    const size_t exprs = function_.exprs.size();
    if (!std::all_of(expr.operands.begin(), expr.operands.end(),
                     [&](ExprId operand) { return operand < exprs; }) ||
        expr.operands.size() < least_operands(expr.kind)) {
      return false;
    }
    switch (expr.kind) {
      case ExprKind::kVariable:
        return expr.index < function_.variables.size();
      case ExprKind::kCall:
        return expr.index < function_.calls.size();
      case ExprKind::kStatement:
        return is_none_or_below(expr.index, function_.stmts.size());
      case ExprKind::kAggregate:
        return expr.fields.size() == expr.operands.size();
      default:
        return true;
    }
  }

  bool fits(const Stmt& stmt) const {
    const size_t exprs = function_.exprs.size(), stmts = function_.stmts.size();
    const bool needs_expr = stmt.kind == StmtKind::kExpr || stmt.kind == StmtKind::kIf ||
                            stmt.kind == StmtKind::kSwitch;
    return (needs_expr ? stmt.expr < exprs : is_none_or_below(stmt.expr, exprs)) &&
           is_none_or_below(stmt.a, stmts) && is_none_or_below(stmt.b, stmts) &&
           (stmt.kind != StmtKind::kDeclare || stmt.slot < function_.variables.size()) &&
           std::all_of(stmt.children.begin(), stmt.children.end(),
                       [&](StmtId child) { return child < stmts; });
  }

  // Statements count on from the expressions.
  void list_parts(size_t node, std::vector<size_t>& parts) const {
    const size_t exprs = function_.exprs.size();
    const auto add_expr = [&](ExprId id) {
      if (id != kNone) parts.push_back(id);
    };
    const auto add_stmt = [&](StmtId id) {
      if (id != kNone) parts.push_back(exprs + id);
    };
    if (node < exprs) {
      const Expr& expr = function_.exprs[node];
      parts.insert(parts.end(), expr.operands.begin(), expr.operands.end());
      if (expr.kind == ExprKind::kStatement) add_stmt(expr.index);
      if (expr.kind != ExprKind::kCall) return;
      add_expr(function_.calls[expr.index].callee);
      add_expr(function_.calls[expr.index].object);
      return;
    }
    const Stmt& stmt = function_.stmts[node - exprs];
    add_expr(stmt.expr);
    add_stmt(stmt.a);
    add_stmt(stmt.b);
    for (const StmtId child : stmt.children) add_stmt(child);
  }

  // Depth first; a node that is met again while its own parts are being visited holds itself.
  bool holds_itself() const {
    enum class State : uint8_t { kNew, kOpen, kDone };
    std::vector<State> states(function_.exprs.size() + function_.stmts.size(), State::kNew);
    std::vector<size_t> stack, parts;
    for (size_t root = 0; root < states.size(); ++root) {
      if (states[root] == State::kNew) stack.push_back(root);
      while (!stack.empty()) {
        const size_t node = stack.back();
        if (states[node] != State::kNew) {  // its parts are done, or it was on the stack twice
          states[node] = State::kDone;
          stack.pop_back();
          continue;
        }
        states[node] = State::kOpen;
        parts.clear();
        list_parts(node, parts);
        for (const size_t part : parts) {
          if (states[part] == State::kOpen) return true;
          if (states[part] == State::kNew) stack.push_back(part);
        }
      }
    }
    return false;
  }

  const Function& function_;
};

}  // namespace

bool has_sound_trees(const TranslationUnit& unit) {
  return std::all_of(unit.functions.begin(), unit.functions.end(),
                     [](const auto& named) { return FunctionTrees(named.second).sound(); }) &&
         FunctionTrees(unit.initialisers).sound() &&
         std::all_of(unit.globals.begin(), unit.globals.end(),
                     [&](const auto& named) {
                       return is_none_or_below(named.second.initialiser,
                                               unit.initialisers.exprs.size());
                     }) &&
         std::all_of(unit.declared.begin(), unit.declared.end(),
                     [&](const auto& named) {
                       return is_none_or_below(named.second.file, unit.files.size());
                     }) &&
         std::all_of(unit.allows.begin(), unit.allows.end(),
                     [&](const CAllow& allow) { return allow.place.file < unit.files.size(); });
}

}  // namespace cgoscope
