#include "clang_plugin/analysis/loops.h"

#include <algorithm>
#include <map>
#include <optional>

namespace cgoscope {
namespace {

constexpr int64_t kEintr = 4;

// How a place is named for asking "does the loop write what its test reads?": "#3" for a local,
// else the global or member.
std::string place_key(const Function& function, ExprId id) {
  const Expr& expression = function.exprs[id];
  switch (expression.kind) {
    case ExprKind::kVariable:
      return "#" + std::to_string(expression.index);
    case ExprKind::kGlobal:
    case ExprKind::kMember:
      return expression.text;
    case ExprKind::kElement:
      return place_key(function, expression.operands[0]);
    case ExprKind::kComma:
      return place_key(function, expression.operands.back());
    default:
      return "";
  }
}

ExprId strip_casts(const Function& function, ExprId id) {
  while (function.exprs[id].kind == ExprKind::kCast) id = function.exprs[id].operands[0];
  return id;
}

bool spin_neutral(const Call& call) {
  const auto starts = [&](const char* prefix) { return call.name.rfind(prefix, 0) == 0; };
  return call.is_barrier || call.name == "sched_yield" || call.name == "pthread_yield" ||
         call.name == "thrd_yield" || call.name == "_mm_pause" ||
         call.name == "std::this_thread::yield" ||
         ((starts("std::atomic") || starts("std::__atomic_base")) &&
          call.name.find("::wait") == std::string::npos);
}

struct Assignment {
  ExprId value = kNone;  // kNone: stepped
  int64_t step = 0;
};

struct Exit {
  ExprId condition = kNone;  // the loop goes on while this is...
  bool while_true = true;
};

class Shaper {
 public:
  Shaper(const Program& program, const TranslationUnit& unit, const Function& function, StmtId loop)
      : program_(program), unit_(unit), function_(function), loop_(function.stmts[loop]) {}

  LoopShape run() {
    if (loop_.expr != kNone && loop_.label == kNone) {
      walk_expr(loop_.expr);
      add_exit(loop_.expr, true);
    }
    if (loop_.a != kNone) walk(loop_.a, 0, 0);
    if (loop_.b != kNone) walk(loop_.b, 0, 0);
    for (const auto& [key, list] : assigned_) {
      if (key.starts_with('#'))
        shape_.assigned_slots.insert(static_cast<uint32_t>(std::stoul(key.substr(1))));
      else
        shape_.assigned_names.insert(key);
    }
    shape_.kind = decide();
    if (shape_.kind == LoopKind::kFinite || shape_.kind == LoopKind::kEndless) take_guarded();
    shape_.compounds = blocks_ && shape_.counter != kNone && compounds();
    if (reads_clock_) {
      for (const Exit& exit : exits_) add_test(exit.condition, exit.while_true, kNone);
    }
    return std::move(shape_);
  }

 private:
  LoopKind decide() {
    if (retries_only() || runs_once() || sleeps_the_rest()) return LoopKind::kRetry;
    bool finite = false;
    for (const Exit& exit : exits_) {
      if (counted(exit)) return LoopKind::kCounted;
      finite = finite || advances(exit.condition);
    }
    if (finite) return LoopKind::kFinite;
    if (has_calls_) return LoopKind::kEndless;
    bool test_and_set = false;
    for (const Exit& exit : exits_) {
      if (!waits_for_memory(exit.condition)) return LoopKind::kEndless;
      test_and_set = test_and_set || takes_lock(exit.condition);
    }
    // Without a test there is nothing another thread could change either.
    if (leaves_otherwise_ && exits_.empty()) return LoopKind::kEndless;
    return test_and_set ? LoopKind::kSpinLock : LoopKind::kSpin;
  }

  // if (!wait && tries-- <= 0) return; while (wait || tries--)
  void take_guarded() {
    for (size_t i = 0; i < exits_.size(); ++i) {
      const Exit exit = exits_[i];
      const Expr& both = function_.exprs[exit.condition];
      if (both.kind != ExprKind::kBinary ||
          both.op != (exit.while_true ? Op::kLogicalOr : Op::kLogicalAnd))
        continue;
      for (const size_t side : {1, 0}) {
        if (!stays(both.operands[1 - side]) || !counted({both.operands[side], exit.while_true}))
          continue;
        shape_.guard = both.operands[1 - side];
        shape_.guard_holds = !exit.while_true;
        exits_.erase(exits_.begin() + static_cast<ptrdiff_t>(i));
        shape_.otherwise = decide();
        exits_.insert(exits_.begin() + static_cast<ptrdiff_t>(i), exit);
        return;
      }
    }
  }

  // Whether `id` has the same value in all turns, and no effect.
  bool stays(ExprId id) const {
    const Expr& expression = function_.exprs[id];
    switch (expression.kind) {
      case ExprKind::kInt:
        return true;
      case ExprKind::kLoad: {
        const std::string key = place_key(function_, expression.operands[0]);
        return !key.empty() && !expression.is_volatile && !assigned_.contains(key);
      }
      case ExprKind::kUnary:
      case ExprKind::kBinary:
      case ExprKind::kCast:
        return std::all_of(expression.operands.begin(), expression.operands.end(),
                           [&](ExprId operand) { return stays(operand); });
      default:
        return false;
    }
  }

  // d *= 2, d <<= 1, d += 100, d = d * 3 / 2; no d++ and no d = next(d). Or usleep(100 << i).
  bool compounds() const {
    const std::string counter = place_key(function_, shape_.counter);
    if (std::any_of(given_to_waits_.begin(), given_to_waits_.end(),
                    [&](ExprId argument) { return reads(argument, counter); }))
      return true;
    return std::any_of(assigned_.begin(), assigned_.end(), [&](const auto& entry) {
      if (entry.first == counter) return false;
      return std::any_of(entry.second.begin(), entry.second.end(), [&](const Assignment& one) {
        return one.value != kNone && reads(one.value, entry.first);
      });
    });
  }

  bool reads(ExprId id, const std::string& key) const {
    const Expr& expression = function_.exprs[id];
    if (expression.kind == ExprKind::kLoad)
      return place_key(function_, expression.operands[0]) == key;
    if (expression.kind != ExprKind::kBinary && expression.kind != ExprKind::kCast &&
        expression.kind != ExprKind::kConditional)
      return false;
    return std::any_of(expression.operands.begin(), expression.operands.end(),
                       [&](ExprId operand) { return reads(operand, key); });
  }

  void add_exit(ExprId condition, bool while_true) {
    const Expr& expression = function_.exprs[condition];
    if (expression.kind == ExprKind::kInt) return;
    const bool splits = expression.kind == ExprKind::kBinary &&
                        expression.op == (while_true ? Op::kLogicalAnd : Op::kLogicalOr);
    if (splits) {
      add_exit(expression.operands[0], while_true);
      add_exit(expression.operands[1], while_true);
      return;
    }
    if (expression.kind == ExprKind::kUnary && expression.op == Op::kLogicalNot) {
      add_exit(expression.operands[0], !while_true);
      return;
    }
    exits_.push_back({condition, while_true});
  }

  void add_test(ExprId condition, bool while_true, ExprId if_true) {
    condition = strip_casts(function_, condition);
    shape_.tests.push_back({condition, while_true, if_true});
    const Expr& expression = function_.exprs[condition];
    if (expression.kind == ExprKind::kConditional) {  // timercmp
      add_test(expression.operands[1], while_true, if_true);
      add_test(expression.operands[2], while_true, if_true);
    } else if (expression.kind == ExprKind::kBinary && expression.op == Op::kLogicalAnd &&
               !while_true && if_true == kNone) {  // if (timeout >= 0 && passed > timeout) break;
      add_test(expression.operands[1], while_true, expression.operands[0]);
    }
  }

  // `inner`: how many real loops or switches `break` would hit first; `inner_loops` the same for
  // `continue`.
  void walk(StmtId id, int inner_breaks, int inner_loops) {
    const Stmt& statement = function_.stmts[id];
    if (statement.expr != kNone) walk_expr(statement.expr);
    switch (statement.kind) {
      case StmtKind::kDeclare:
        if (statement.expr != kNone)
          assigned_["#" + std::to_string(statement.slot)].push_back({statement.expr, 0});
        break;
      case StmtKind::kIf: {
        const bool leaves_then = statement.a != kNone && leaves(statement.a, inner_breaks);
        const bool leaves_else = statement.b != kNone && leaves(statement.b, inner_breaks);
        if (leaves_then) add_exit(statement.expr, false);
        if (leaves_else) add_exit(statement.expr, true);
        const bool interrupted = tests_eintr(statement.expr);
        eintr_depth_ += interrupted ? 1 : 0;
        if (statement.a != kNone) walk(statement.a, inner_breaks, inner_loops);
        eintr_depth_ -= interrupted ? 1 : 0;
        if (statement.b != kNone) walk(statement.b, inner_breaks, inner_loops);
        return;
      }
      case StmtKind::kLoop: {
        const bool real = statement.label == kNone;
        if (statement.a != kNone)
          walk(statement.a, inner_breaks + (real ? 1 : 0), inner_loops + (real ? 1 : 0));
        if (statement.b != kNone)
          walk(statement.b, inner_breaks + (real ? 1 : 0), inner_loops + (real ? 1 : 0));
        return;
      }
      case StmtKind::kSwitch:
        if (statement.a != kNone) walk(statement.a, inner_breaks + 1, inner_loops);
        return;
      case StmtKind::kContinue:
        if (statement.label != kNone ? statement.label == loop_.label
                                     : (inner_loops == 0 && loop_.label == kNone)) {
          if (eintr_depth_ > 0)
            interrupted_back_edge_ = true;
          else
            plain_back_edge_ = true;
        }
        break;
      case StmtKind::kBreak:
        if (inner_breaks == 0 && loop_.label == kNone) leaves_otherwise_ = true;
        break;
      case StmtKind::kReturn:
        leaves_otherwise_ = true;
        if (statement.a != kNone) walk(statement.a, inner_breaks, inner_loops);
        break;
      case StmtKind::kGoto:
        leaves_otherwise_ = true;
        break;
      default:
        break;
    }
    for (const StmtId child : statement.children) walk(child, inner_breaks, inner_loops);
  }

  void walk_expr(ExprId id) {
    const Expr& expression = function_.exprs[id];
    if (expression.kind == ExprKind::kAssign) {
      if (const std::string key = place_key(function_, expression.operands[0]); !key.empty()) {
        assigned_[key].push_back({expression.operands[1], step_of(key, expression.operands[1])});
      }
    } else if (expression.kind == ExprKind::kIncrement) {
      if (const std::string key = place_key(function_, expression.operands[0]); !key.empty()) {
        assigned_[key].push_back({kNone, expression.value});
      }
    } else if (expression.kind == ExprKind::kCall) {
      const Call& call = function_.calls[expression.index];
      if (!spin_neutral(call)) has_calls_ = true;
      reads_clock_ = reads_clock_ || reads_clock(call, 0);
      if (blocks(call))
        given_to_waits_.insert(given_to_waits_.end(), expression.operands.begin(),
                               expression.operands.end());
      blocks_ = blocks_ || blocks(call);
      if (call.no_return) leaves_otherwise_ = true;
      if (call.callee != kNone) walk_expr(call.callee);
      if (call.object != kNone) walk_expr(call.object);
    } else if (expression.kind == ExprKind::kStatement && expression.index != kNone) {
      walk(expression.index, 1, 1);
    }
    for (const ExprId operand : expression.operands) walk_expr(operand);
  }

  // x = x + 3 → 3; anything else → 0.
  int64_t step_of(const std::string& key, ExprId value) const {
    const Expr& sum = function_.exprs[strip_casts(function_, value)];
    if (sum.kind != ExprKind::kBinary || (sum.op != Op::kAdd && sum.op != Op::kSub)) return 0;
    const Expr& left = function_.exprs[strip_casts(function_, sum.operands[0])];
    const Expr& right = function_.exprs[strip_casts(function_, sum.operands[1])];
    if (left.kind != ExprKind::kLoad || place_key(function_, left.operands[0]) != key ||
        right.kind != ExprKind::kInt)
      return 0;
    return sum.op == Op::kAdd ? right.value : -right.value;
  }

  bool tests_eintr(ExprId id) const {
    const Expr& expression = function_.exprs[id];
    if (expression.kind == ExprKind::kBinary &&
        (expression.op == Op::kEq || expression.op == Op::kNe)) {
      for (const ExprId side : expression.operands) {
        const Expr& value = function_.exprs[strip_casts(function_, side)];
        if (value.kind == ExprKind::kInt && (value.value == kEintr || value.value == -kEintr))
          return true;
      }
    }
    return std::any_of(expression.operands.begin(), expression.operands.end(),
                       [&](ExprId operand) { return tests_eintr(operand); });
  }

  // Whether `statement` always leaves the loop: its last act is a break, return or goto.
  bool leaves(StmtId id, int inner_breaks) const {
    const Stmt& statement = function_.stmts[id];
    switch (statement.kind) {
      case StmtKind::kBreak:
        return inner_breaks == 0;
      case StmtKind::kReturn:
      case StmtKind::kGoto:
        return true;
      case StmtKind::kContinue:
        return statement.label != kNone && statement.label != loop_.label;
      case StmtKind::kExpr: {
        if (statement.expr == kNone) return false;
        const Expr& expression = function_.exprs[statement.expr];
        return expression.kind == ExprKind::kCall && function_.calls[expression.index].no_return;
      }
      case StmtKind::kBlock:
        return std::any_of(statement.children.begin(), statement.children.end(),
                           [&](StmtId child) { return leaves(child, inner_breaks); });
      case StmtKind::kIf:
        return statement.b != kNone && statement.a != kNone && leaves(statement.a, inner_breaks) &&
               leaves(statement.b, inner_breaks);
      default:
        return false;
    }
  }

  // for (;;) { …; break; }: however the loop is written, its body runs to its end at most once.
  bool runs_once() const {
    return loop_.label == kNone && loop_.a != kNone && leaves(loop_.a, 0) && !plain_back_edge_ &&
           !interrupted_back_edge_;
  }

  // do { r = f(); } while (r < 0 && errno == EINTR), or its like with goto, continue and break.
  bool retries_only() const {
    if (loop_.label != kNone) return interrupted_back_edge_ && !plain_back_edge_;
    if (loop_.expr != kNone && function_.exprs[loop_.expr].kind != ExprKind::kInt) {
      if (plain_back_edge_) return false;
      if (loop_.a != kNone && !loop_.test_last) {
        if (leaves(loop_.a, 0)) return interrupted_back_edge_;
        if (passes_only_interrupted(loop_.a)) return true;
      }
      return tests_eintr(loop_.expr) && requires_eintr(loop_.expr);
    }
    // for (;;) whose end is never reached without a jump out, or only if errno is EINTR
    if (plain_back_edge_ || loop_.a == kNone) return false;
    if (leaves(loop_.a, 0)) return interrupted_back_edge_;
    return passes_only_interrupted(loop_.a);
  }

  // Whether what stands behind `id` is reached only if errno is EINTR: if (errno != EINTR) break;
  bool passes_only_interrupted(StmtId id) const {
    const Stmt& statement = function_.stmts[id];
    if (statement.kind == StmtKind::kBlock) {
      std::vector<const Stmt*> before;  // which leave the loop if their condition holds
      for (const StmtId child : statement.children) {
        if (passes_only_interrupted(child)) return true;
        const Stmt& inner = only_statement(child);
        if (inner.kind != StmtKind::kIf || inner.a == kNone || !leaves(inner.a, 0)) continue;
        for (const Stmt* other : before) {
          if (together_interrupted(inner.expr, other->expr) ||
              together_interrupted(other->expr, inner.expr))
            return true;
        }
        before.push_back(&inner);
      }
      return false;
    }
    if (statement.kind != StmtKind::kIf || statement.a == kNone) return false;
    const bool then = leaves(statement.a, 0) || requires_eintr(statement.expr) ||
                      passes_only_interrupted(statement.a);
    const bool otherwise =
        holds_unless_eintr(statement.expr) ||
        (statement.b != kNone && (leaves(statement.b, 0) || passes_only_interrupted(statement.b)));
    return then && otherwise;
  }

  const Stmt& only_statement(StmtId id) const {
    const Stmt* statement = &function_.stmts[id];
    while (statement->kind == StmtKind::kBlock && statement->children.size() == 1)
      statement = &function_.stmts[statement->children[0]];
    return *statement;
  }

  // Whether one of the two holds unless errno is EINTR: r < 0 && errno != EINTR, and r >= 0.
  bool together_interrupted(ExprId failed, ExprId succeeded) const {
    const Expr& both = function_.exprs[failed];
    if (both.kind != ExprKind::kBinary || both.op != Op::kLogicalAnd) return false;
    for (const size_t side : {0, 1}) {
      if (holds_unless_eintr(both.operands[side]) &&
          excluded_by(both.operands[1 - side], succeeded))
        return true;
    }
    return false;
  }

  // Whether what does not fail, by `failed`, succeeds: r < 0 or r == -1, and r >= 0, r != -1 or
  // r > -1, of the same place.
  bool excluded_by(ExprId failed, ExprId succeeded) const {
    const auto failure = compared_with_constant(failed),
               success = compared_with_constant(succeeded);
    if (!failure || !success || failure->place.empty() || failure->place != success->place)
      return false;
    const bool negative = (failure->op == Op::kLt && failure->constant == 0) ||
                          (failure->op == Op::kLe && failure->constant == -1) ||
                          (failure->op == Op::kEq && failure->constant == -1);
    const bool other = (success->op == Op::kGe && success->constant == 0) ||
                       (success->op == Op::kGt && success->constant == -1) ||
                       (success->op == Op::kNe && success->constant == -1);
    return negative && other;
  }

  struct Comparison {
    std::string place;
    Op op = Op::kNone;
    int64_t constant = 0;
  };
  std::optional<Comparison> compared_with_constant(ExprId id) const {
    const Expr& test = function_.exprs[id];
    if (test.kind != ExprKind::kBinary || test.op < Op::kEq || test.op > Op::kGe)
      return std::nullopt;
    const Expr& value = function_.exprs[strip_casts(function_, test.operands[0])];
    const Expr* constant = &function_.exprs[strip_casts(function_, test.operands[1])];
    const bool minus = constant->kind == ExprKind::kUnary && constant->op == Op::kNegate;
    if (minus) constant = &function_.exprs[constant->operands[0]];
    if ((value.kind != ExprKind::kLoad && value.kind != ExprKind::kAssign) ||
        constant->kind != ExprKind::kInt)
      return std::nullopt;
    return Comparison{place_key(function_, value.operands[0]), test.op,
                      minus ? -constant->value : constant->value};
  }

  // Whether `id` cannot be false unless errno is EINTR.
  bool holds_unless_eintr(ExprId id) const {
    const Expr& expression = function_.exprs[id];
    if (expression.kind != ExprKind::kBinary) return false;
    if (expression.op == Op::kLogicalOr) {
      return holds_unless_eintr(expression.operands[0]) ||
             holds_unless_eintr(expression.operands[1]);
    }
    return expression.op == Op::kNe && tests_eintr(id);
  }

  // while (left > 0) left = sleep(left): sleep(3) returns what is left of its time.
  bool sleeps_the_rest() {
    for (const Exit& exit : exits_) {
      const Expr* test = &function_.exprs[strip_casts(function_, exit.condition)];
      if (test->kind == ExprKind::kBinary && test->op >= Op::kEq && test->op <= Op::kGe)
        test = &function_.exprs[strip_casts(function_, test->operands[0])];
      const bool assigns = test->kind == ExprKind::kAssign;  // while ((left = sleep(left)) > 0)
      if (!assigns && test->kind != ExprKind::kLoad) continue;
      const std::string key = place_key(function_, test->operands[0]);
      const auto list = assigned_.find(key);
      if (!key.starts_with('#') || list == assigned_.end() || list->second.size() != 1) continue;
      if (list->second[0].value == kNone) continue;
      const Expr& value = function_.exprs[strip_casts(function_, list->second[0].value)];
      if (value.kind != ExprKind::kCall || value.operands.size() != 1 ||
          function_.calls[value.index].name != "sleep")
        continue;
      const Expr& length = function_.exprs[strip_casts(function_, value.operands[0])];
      if (length.kind != ExprKind::kLoad || place_key(function_, length.operands[0]) != key)
        continue;
      shape_.assigned_slots.erase(static_cast<uint32_t>(std::stoul(key.substr(1))));
      return true;
    }
    return false;
  }

  // Whether `id` cannot be true unless errno is EINTR.
  bool requires_eintr(ExprId id) const {
    const Expr& expression = function_.exprs[id];
    if (expression.kind == ExprKind::kBinary && expression.op == Op::kLogicalAnd) {
      return requires_eintr(expression.operands[0]) || requires_eintr(expression.operands[1]);
    }
    if (expression.kind == ExprKind::kBinary && expression.op == Op::kLogicalOr) return false;
    return expression.kind == ExprKind::kBinary && expression.op == Op::kEq && tests_eintr(id);
  }

  bool counted(const Exit& exit) {
    const Expr& test = function_.exprs[strip_casts(function_, exit.condition)];
    const auto only_stepped = [&](const std::string& key) {
      const auto list = assigned_.find(key);
      return !key.empty() && list != assigned_.end() && list->second.size() == 1 &&
             list->second[0].step != 0;
    };
    const auto take = [&](ExprId place, ExprId limit, Op op, bool post) {
      shape_.counter = place;
      shape_.limit = limit;
      shape_.op = op;
      shape_.step = assigned_[place_key(function_, place)][0].step;
      shape_.post = post;
      return true;
    };
    // while (n--), while (n), do … while (--n)
    const Expr* bare = &test;
    ExprId limit = kNone;
    Op op = Op::kNe;
    if (test.kind == ExprKind::kBinary && test.operands.size() == 2 && test.op >= Op::kEq &&
        test.op <= Op::kGe) {
      const Expr& left = function_.exprs[strip_casts(function_, test.operands[0])];
      const Expr& right = function_.exprs[strip_casts(function_, test.operands[1])];
      op = test.op;
      bare = &left;
      limit = test.operands[1];
      const bool right_counts = (right.kind == ExprKind::kLoad &&
                                 only_stepped(place_key(function_, right.operands[0]))) ||
                                right.kind == ExprKind::kIncrement;
      const bool left_counts =
          (left.kind == ExprKind::kLoad && only_stepped(place_key(function_, left.operands[0]))) ||
          left.kind == ExprKind::kIncrement;
      if (right_counts && !left_counts) {
        bare = &right;
        limit = test.operands[0];
        op = op == Op::kLt   ? Op::kGt
             : op == Op::kLe ? Op::kGe
             : op == Op::kGt ? Op::kLt
             : op == Op::kGe ? Op::kLe
                             : op;
      }
    }
    if (!exit.while_true) {
      op = op == Op::kLt   ? Op::kGe
           : op == Op::kLe ? Op::kGt
           : op == Op::kGt ? Op::kLe
           : op == Op::kGe ? Op::kLt
           : op == Op::kEq ? Op::kNe
                           : Op::kEq;
    }
    if (op == Op::kEq) return false;
    if (bare->kind == ExprKind::kIncrement) {
      const std::string key = place_key(function_, bare->operands[0]);
      return only_stepped(key) && take(bare->operands[0], limit, op, bare->op == Op::kPost);
    }
    if (bare->kind != ExprKind::kLoad) return false;
    return only_stepped(place_key(function_, bare->operands[0])) &&
           take(bare->operands[0], limit, op, false);
  }

  // Whether the test reads something that the loop itself moves forward: p = p->next, i = (i + 1) &
  // mask, line = next(file).
  bool advances(ExprId id) const {
    const Expr& expression = function_.exprs[id];
    if (expression.kind == ExprKind::kLoad || expression.kind == ExprKind::kIncrement) {
      const auto list = assigned_.find(place_key(function_, expression.operands[0]));
      if (list != assigned_.end()) {
        for (const Assignment& assignment : list->second) {
          if (assignment.value == kNone || assignment.step != 0) return true;
          if (moves(assignment.value, 0)) return true;
        }
      }
    }
    if (expression.kind == ExprKind::kAssign && moves(expression.operands[1], 0)) return true;
    if (expression.kind == ExprKind::kAssign) return false;
    return std::any_of(expression.operands.begin(), expression.operands.end(),
                       [&](ExprId operand) { return advances(operand); });
  }

  // Whether an assigned value depends on something the loop changes and is not the result of a
  // wait.
  bool moves(ExprId id, int depth) const {
    if (depth > 8) return false;
    const Expr& expression = function_.exprs[id];
    if (expression.kind == ExprKind::kCall) {
      const Call& call = function_.calls[expression.index];
      if (spin_neutral(call) || expression.width < 64 || call.target.empty())
        return false;  // a status, not a next element
      if (reads_clock(call, 0)) return false;
      return !blocks(call);
    }
    if (expression.kind == ExprKind::kLoad) {
      const std::string key = place_key(function_, expression.operands[0]);
      const auto list = assigned_.find(key);
      if (list != assigned_.end()) {
        for (const Assignment& assignment : list->second) {
          if (assignment.value == kNone || assignment.step != 0) return true;
        }
      }
      // p->next of a p that is itself assigned
      ExprId place = expression.operands[0];
      while (!function_.exprs[place].operands.empty() &&
             (function_.exprs[place].kind == ExprKind::kMember ||
              function_.exprs[place].kind == ExprKind::kElement ||
              function_.exprs[place].kind == ExprKind::kDereference)) {
        const Expr& through = function_.exprs[place];
        if (through.kind == ExprKind::kElement && moves(through.operands[1], depth + 1))
          return true;
        place = through.operands[0];
        const Expr& inner = function_.exprs[place];
        if (inner.kind == ExprKind::kLoad &&
            assigned_.contains(place_key(function_, inner.operands[0])))
          return true;
        if (inner.kind == ExprKind::kIncrement) return true;
      }
      return false;
    }
    if (expression.kind == ExprKind::kIncrement) return true;
    return std::any_of(expression.operands.begin(), expression.operands.end(),
                       [&](ExprId operand) { return moves(operand, depth + 1); });
  }

  bool reads_clock(const Call& call, int depth) const {
    const CallEffect* effect = program_.catalogue().find_effect(call.name);
    if (effect) return effect->now != -1;
    const auto body = unit_.functions.find(call.target);
    return depth < 3 && body != unit_.functions.end() && body->second.calls.size() < 16 &&
           std::any_of(
               body->second.calls.begin(), body->second.calls.end(),
               [&](const Call& inner) { return reads_clock(inner, depth + 1); });
  }

  bool blocks(const Call& call) const {
    const BlockingFunction* row = program_.catalogue().find_blocking(call.name);
    if (row && row->severity != CatalogueSeverity::kOff) return true;
    const auto body = unit_.functions.find(call.target);
    if (body == unit_.functions.end()) return false;
    for (const Call& inner : body->second.calls) {
      row = program_.catalogue().find_blocking(inner.name);
      if (row && row->severity != CatalogueSeverity::kOff) return true;
    }
    return false;
  }

  // Whether only another thread's (or a signal handler's) write can change the test: it reads
  // memory, and no local that the loop computes.
  bool waits_for_memory(ExprId id) const { return waits(id, 0); }

  bool waits(ExprId id, int depth) const {
    if (depth > 16) return false;
    const Expr& expression = function_.exprs[id];
    if (expression.kind == ExprKind::kLoad || expression.kind == ExprKind::kIncrement) {
      if (expression.kind == ExprKind::kIncrement) return false;
      const auto list = assigned_.find(place_key(function_, expression.operands[0]));
      if (list != assigned_.end() && !expression.is_volatile) {
        for (const Assignment& assignment : list->second) {
          if (assignment.value == kNone || assignment.step != 0 ||
              !waits(assignment.value, depth + 1))
            return false;
        }
      }
    }
    if (expression.kind == ExprKind::kAssign) return waits(expression.operands[1], depth + 1);
    // A compare-and-swap whose new value the loop computes makes progress on its own.
    if (expression.kind == ExprKind::kUnknown && expression.text == kCompareAndSwap)
      return function_.exprs[strip_casts(function_, expression.operands[2])].kind == ExprKind::kInt;
    if (expression.kind == ExprKind::kUnknown && expression.is_volatile) {
      return std::all_of(
          expression.operands.begin(), expression.operands.end(), [&](ExprId operand) {
            return function_.exprs[operand].kind == ExprKind::kAddress || waits(operand, depth + 1);
          });
    }
    return std::all_of(expression.operands.begin(), expression.operands.end(),
                       [&](ExprId operand) { return waits(operand, depth + 1); });
  }

  // An exchange or test-and-set, which writes what it waits for: a spin lock.
  bool takes_lock(ExprId id) const {
    const Expr& expression = function_.exprs[id];
    if (expression.kind == ExprKind::kUnknown && expression.text == kTestAndSet) return true;
    if (expression.kind == ExprKind::kUnknown && expression.is_volatile &&
        expression.operands.size() >= 3)
      return true;
    if (expression.kind == ExprKind::kUnknown && expression.is_volatile &&
        expression.operands.size() == 2 &&
        function_.exprs[strip_casts(function_, expression.operands[1])].kind == ExprKind::kInt &&
        function_.exprs[strip_casts(function_, expression.operands[1])].value == 1) {
      return true;
    }
    if (expression.kind == ExprKind::kCall) {
      const std::string& name = function_.calls[expression.index].name;
      if (name.find("test_and_set") != std::string::npos ||
          name.find("exchange") != std::string::npos)
        return true;
    }
    return std::any_of(expression.operands.begin(), expression.operands.end(),
                       [&](ExprId operand) { return takes_lock(operand); });
  }

  const Program& program_;
  const TranslationUnit& unit_;
  const Function& function_;
  const Stmt& loop_;
  LoopShape shape_;
  std::map<std::string, std::vector<Assignment>> assigned_;
  std::vector<Exit> exits_;
  int eintr_depth_ = 0;
  bool has_calls_ = false;
  bool reads_clock_ = false;
  bool blocks_ = false;
  std::vector<ExprId> given_to_waits_;  // arguments
  bool leaves_otherwise_ = false;
  bool plain_back_edge_ = false;
  bool interrupted_back_edge_ = false;
};

}  // namespace

LoopShape classify_loop(const Program& program, const TranslationUnit& unit,
                        const Function& function, StmtId loop) {
  return Shaper(program, unit, function, loop).run();
}

}  // namespace cgoscope
