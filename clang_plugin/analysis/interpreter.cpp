#include "clang_plugin/analysis/interpreter.h"

#include <algorithm>

namespace cgoscope {
namespace {

constexpr uint64_t kMaxSteps = 2000000;  // expressions evaluated for one Go call site
constexpr int kMaxTurnsCounted = 1 << 30;
constexpr int64_t kMaxTurnsRun = 64;  // of a loop whose turns differ, each by itself

ExprId strip_casts(const Function& function, ExprId id) {
  while (function.exprs[id].kind == ExprKind::kCast) id = function.exprs[id].operands[0];
  return id;
}

// Without casts, to bool among them.
ExprId strip_truth(const Function& function, ExprId id) {
  id = strip_casts(function, id);
  const Expr& test = function.exprs[id];
  if (test.kind != ExprKind::kBinary || test.op != Op::kNe) return id;
  const Expr& against = function.exprs[strip_casts(function, test.operands[1])];
  return against.kind == ExprKind::kInt && against.value == 0
             ? strip_casts(function, test.operands[0])
             : id;
}

// Evaluating it twice does no harm.
bool is_pure(const Function& function, ExprId id) {
  const Expr& expression = function.exprs[id];
  switch (expression.kind) {
    case ExprKind::kCall:
    case ExprKind::kAssign:
    case ExprKind::kIncrement:
    case ExprKind::kStatement:
    case ExprKind::kUnknown:
      return false;
    default:
      return std::all_of(expression.operands.begin(), expression.operands.end(),
                         [&](ExprId operand) { return is_pure(function, operand); });
  }
}

}  // namespace

Interpreter::Interpreter(Program& program, PackageFacts& facts, ShapeCache& cache)
    : program_(program), facts_(facts), cache_(cache) {}

Interpreter::Outcome Interpreter::run(FunctionId function, const std::vector<Value>& arguments,
                                      HandleStates& handles) {
  seen_.clear();
  entered_again_.clear();
  scanned_.clear();
  events_.clear();
  steps_ = 0;
  exhausted_ = false;
  state_ = State{};
  state_.handles = handles;
  enter(function, arguments, Value::any());
  handles = state_.handles;
  Outcome outcome;
  outcome.complete = !exhausted_;
  for (auto& [key, event] : events_) outcome.events.push_back(std::move(event));
  return outcome;
}

Interpreter::Outcome Interpreter::run_library(const std::string& name,
                                              const std::vector<Value>& arguments,
                                              HandleStates& handles) {
  seen_.clear();
  events_.clear();
  state_ = State{};
  state_.handles = handles;
  call_library(name, arguments, Value::any());
  handles = state_.handles;
  Outcome outcome;
  for (auto& [key, event] : events_) outcome.events.push_back(std::move(event));
  return outcome;
}

Interpreter::State Interpreter::joined(State a, State b) {
  if (!a.reachable) return b;
  if (!b.reachable) return a;
  a.store = PlaceMap::joined(std::move(a.store), b.store);
  const auto merge_handle = [](HandleState x, const HandleState& y) {
    if (x.nonblocking != y.nonblocking) x.nonblocking = Tri::kUnknown;
    if (x.kind != y.kind) x.kind = HandleKind::kUnknown;
    x.ready = x.ready && y.ready;
    const auto merge_timeout = [](std::optional<int64_t>& into,
                                  const std::optional<int64_t>& from) {
      if (into != from) into = kUnknownTimeout;
    };
    merge_timeout(x.read_timeout_ns, y.read_timeout_ns);
    merge_timeout(x.write_timeout_ns, y.write_timeout_ns);
    return x;
  };
  for (auto& [symbol, handle] : a.handles) {
    const auto other = b.handles.find(symbol);
    // A handle that only this side knows was made or first touched here.
    if (other != b.handles.end()) handle = merge_handle(handle, other->second);
  }
  for (const auto& [symbol, handle] : b.handles) a.handles.try_emplace(symbol, handle);
  if (a.locks != b.locks) {
    std::vector<std::string> both;
    for (const std::string& lock : a.locks) {
      if (std::find(b.locks.begin(), b.locks.end(), lock) != b.locks.end()) both.push_back(lock);
    }
    a.locks = std::move(both);
  }
  return a;
}

void Interpreter::merge_into(State& into, State&& from) {
  into = joined(std::move(into), std::move(from));
}

// Expressions.

Value Interpreter::eval(ExprId id) {
  if (++steps_ > kMaxSteps) exhausted_ = true;
  const Function& function = *frames_.back()->function;
  const Expr& expression = function.exprs[id];
  switch (expression.kind) {
    case ExprKind::kInt:
    case ExprKind::kReal:
      return Value::constant(expression.value);
    case ExprKind::kString:
      return Value::pointer(root("\"" + expression.text, ""));
    case ExprKind::kFunction:
      return Value::function(program_.function_id(expression.text));
    case ExprKind::kVariable:
    case ExprKind::kGlobal:
    case ExprKind::kMember:
    case ExprKind::kElement:
    case ExprKind::kDereference:
      eval_places(id);  // an lvalue whose value nobody wants: only its calls count
      return Value::any();
    case ExprKind::kAddress: {
      Value value;
      for (const PlaceId place : eval_places(expression.operands[0]))
        value.pointers.push_back(place);
      return value.pointers.empty() ? Value::any(fresh_symbol()) : value;
    }
    case ExprKind::kLoad: {
      const Places places = eval_places(expression.operands[0]);
      if (expression.is_volatile)
        return convert(Value::any(fresh_symbol()), expression.width, expression.is_signed);
      if (expression.width == 0) return load_record(places);
      std::optional<Value> value;
      for (const PlaceId place : places) {
        const Value one = load(place);
        value = value ? join(*value, one) : one;
      }
      return value ? convert(*value, expression.width, expression.is_signed)
                   : Value::any(fresh_symbol());
    }
    case ExprKind::kUnary:
      return unary(expression.op, eval(expression.operands[0]));
    case ExprKind::kBinary: {
      if (expression.op == Op::kLogicalAnd || expression.op == Op::kLogicalOr)
        return eval_logical(expression);
      const Value left = eval(expression.operands[0]);
      const Value right = eval(expression.operands[1]);
      if (expression.op == Op::kAdd || expression.op == Op::kSub) {
        // A pointer into an object stays one into that object.
        if (!left.pointers.empty() && right.pointers.empty()) return left;
        if (!right.pointers.empty() && left.pointers.empty()) return right;
      }
      if (!clock_tests_.empty() && expression.op >= Op::kEq) note_clock_test(id, left, right);
      const Value result = binary(expression.op, left, right, expression.is_signed);
      return expression.op >= Op::kEq ? result
                                      : convert(result, expression.width, expression.is_signed);
    }
    case ExprKind::kConditional: {
      const Value condition = eval(expression.operands[0]);
      const Tri known = condition.truth();
      if (known != Tri::kUnknown) return eval(expression.operands[known == Tri::kYes ? 1 : 2]);
      State before = state_;
      refine_state(expression.operands[0], true);
      const Value yes = eval(expression.operands[1]);
      std::swap(before, state_);
      refine_state(expression.operands[0], false);
      const Value no = eval(expression.operands[2]);
      merge_into(state_, std::move(before));
      return join(yes, no);
    }
    case ExprKind::kCast:
      return convert(eval(expression.operands[0]), expression.width, expression.is_signed);
    case ExprKind::kAssign: {
      const ExprId target = expression.operands[0], from = expression.operands[1];
      const Expr& source = function.exprs[from];
      const Places places = eval_places(target);
      if (source.kind == ExprKind::kAggregate) {
        for (const PlaceId place : places) store_aggregate(place, function, from, false);
        return Value::any();
      }
      const Value value = eval(from);
      if (source.kind == ExprKind::kLoad && source.width == 0 && value.pointers.size() == 1) {
        for (const PlaceId place : places) copy_children(value.pointers[0], place, 0);
        return value;
      }
      assign(target, from, places, value);
      return value;
    }
    case ExprKind::kIncrement: {
      const Places places = eval_places(expression.operands[0]);
      const Value before = places.empty() ? Value::any() : load(places[0]);
      const Value after =
          !before.pointers.empty()
              ? before
              : convert(binary(Op::kAdd, before, Value::constant(expression.value), true),
                        expression.width, expression.is_signed);
      store(places, after);
      return expression.op == Op::kPost ? before : after;
    }
    case ExprKind::kCall:
      return eval_call(id);
    case ExprKind::kAggregate: {
      const PlaceId place = aggregate_place(id);
      store_aggregate(place, function, id, false);
      return Value::any();
    }
    case ExprKind::kComma:
      eval(expression.operands[0]);
      return eval(expression.operands[1]);
    case ExprKind::kStatement: {
      if (expression.index != kNone) exec(expression.index);
      return expression.operands.empty() ? Value::any() : eval(expression.operands[0]);
    }
    case ExprKind::kUnknown:
      for (const ExprId operand : expression.operands) eval(operand);
      return convert(Value::any(fresh_symbol()), expression.width, expression.is_signed);
  }
  return Value::any();
}

Value Interpreter::eval_logical(const Expr& expression) {
  const bool is_and = expression.op == Op::kLogicalAnd;
  const Tri left = eval(expression.operands[0]).truth();
  if (left == (is_and ? Tri::kNo : Tri::kYes)) return Value::constant(is_and ? 0 : 1);
  State before = state_;
  refine_state(expression.operands[0], is_and);
  const Tri right = eval(expression.operands[1]).truth();
  if (left == Tri::kUnknown) merge_into(state_, std::move(before));
  if (right == (is_and ? Tri::kNo : Tri::kYes)) return Value::constant(is_and ? 0 : 1);
  if (left != Tri::kUnknown && right != Tri::kUnknown) return Value::constant(is_and ? 1 : 0);
  return Value::range(0, 1);
}

Interpreter::Places Interpreter::eval_places(ExprId id) {
  const Function& function = *frames_.back()->function;
  const Expr& expression = function.exprs[id];
  switch (expression.kind) {
    case ExprKind::kVariable:
      return {slot_place(expression.index)};
    case ExprKind::kGlobal: {
      const PlaceId place = root("g" + expression.text,
                                 expression.text.starts_with("capture:") ? "" : expression.text);
      initialise_global(place, expression.text);
      return {place};
    }
    case ExprKind::kMember: {
      Places places;
      for (const PlaceId object : eval_places(expression.operands[0]))
        places.push_back(child(object, expression.text));
      return places;
    }
    case ExprKind::kElement: {
      const Places arrays = eval_places(expression.operands[0]);
      const auto index = eval(expression.operands[1]).as_constant();
      Places places;
      for (const PlaceId array : arrays)
        places.push_back(child(array, index ? "[" + std::to_string(*index) + "]" : "[*]"));
      return places;
    }
    case ExprKind::kDereference: {
      const Value pointer = eval(expression.operands[0]);
      Places places(pointer.pointers.begin(), pointer.pointers.end());
      if (places.empty())
        places.push_back(object_of(pointer.symbol != 0 ? pointer.symbol : fresh_symbol()));
      return places;
    }
    case ExprKind::kComma:
      eval(expression.operands[0]);
      return eval_places(expression.operands[1]);
    case ExprKind::kAssign: {
      eval(id);
      return is_pure(function, expression.operands[0]) ? eval_places(expression.operands[0])
                                                       : Places{};
    }
    case ExprKind::kString:
      return {root("\"" + expression.text, "")};
    case ExprKind::kLoad:
      return eval_places(expression.operands[0]);
    case ExprKind::kCast:
      return eval_places(expression.operands[0]);
    default:
      eval(id);
      return {object_of(fresh_symbol())};
  }
}

// The value of a struct is where it is; an object that stands for a function (a lambda) is that
// function.
Value Interpreter::load_record(const Places& places) {
  if (places.size() != 1) return Value::any(fresh_symbol());
  const Value* known = state_.store.find(places[0]);
  const bool zeroed = known && known->as_constant() == 0 && !known->is_clock();
  if (known && (!known->functions.empty() || known->is_integer()) && !zeroed) return *known;
  return Value::pointer(places[0]);
}

void Interpreter::assign(ExprId target_id, ExprId value_id, const Places& places,
                         const Value& value) {
  const Expr& target = frames_.back()->function->exprs[target_id];
  store(places, value);
  if (!value.functions.empty()) {
    // handlers[n++] = h: whoever calls through the table later may run it.
    const std::string where = stored_name(*frames_.back()->function, target_id);
    if (!where.empty())
      for (const FunctionId function : value.functions) facts_.note_kept(where, function);
  }
  // FD_SET(fd, &set) is set.fds_bits[fd / 64] |= 1 << fd % 64.
  if (target.kind == ExprKind::kElement) {
    const Function& function = *frames_.back()->function;
    const Expr& array = function.exprs[target.operands[0]];
    const Expr& index = function.exprs[strip_casts(function, target.operands[1])];
    const bool bits = array.kind == ExprKind::kMember && array.text.ends_with("fds_bits");
    const Expr& written = function.exprs[strip_casts(function, value_id)];
    const bool sets = written.kind == ExprKind::kBinary && written.op == Op::kOr;
    if (bits && sets && index.kind == ExprKind::kBinary && index.op == Op::kDiv) {
      const SymbolId descriptor = handle_symbol(eval(index.operands[0]));
      for (const PlaceId set : eval_places(array.operands[0])) {
        if (descriptor != 0) descriptor_sets_[set].insert(descriptor);
      }
    }
  }
  // What a handle that many functions share is known to be.
  const SymbolId symbol = handle_symbol(value);
  const auto handle = state_.handles.find(symbol);
  if (symbol == 0 || handle == state_.handles.end() || value.as_constant()) return;
  for (const PlaceId place : places) {
    if (places_[place].identity.empty()) continue;
    symbol_identities_[symbol] = places_[place].identity;
    if (!facts_.handles.contains(places_[place].identity))
      facts_.note_handle(places_[place].identity, handle->second);
  }
}

// Narrows what the state says to the side where `condition` is `holds`.
void Interpreter::refine_state(ExprId condition, bool holds) {
  const Function& function = *frames_.back()->function;
  const Expr& expression = function.exprs[condition];
  switch (expression.kind) {
    case ExprKind::kUnary:
      if (expression.op == Op::kLogicalNot) refine_state(expression.operands[0], !holds);
      return;
    case ExprKind::kCast:
      refine_state(expression.operands[0], holds);
      return;
    case ExprKind::kBinary: {
      if (expression.op == Op::kLogicalAnd || expression.op == Op::kLogicalOr) {
        if ((expression.op == Op::kLogicalAnd) == holds) {
          refine_state(expression.operands[0], holds);
          refine_state(expression.operands[1], holds);
        }
        return;
      }
      if (expression.op < Op::kEq || expression.op > Op::kGe) return;
      const ExprId left = expression.operands[0], right = expression.operands[1];
      if (is_pure(function, right))
        refine_place(left, expression.op, eval(right), holds, expression.is_signed);
      Op flipped = expression.op;
      if (flipped == Op::kLt)
        flipped = Op::kGt;
      else if (flipped == Op::kGt)
        flipped = Op::kLt;
      else if (flipped == Op::kLe)
        flipped = Op::kGe;
      else if (flipped == Op::kGe)
        flipped = Op::kLe;
      if (is_pure(function, left))
        refine_place(right, flipped, eval(left), holds, expression.is_signed);
      return;
    }
    case ExprKind::kLoad:
    case ExprKind::kAssign:
    case ExprKind::kCall:
      refine_place(condition, Op::kNe, Value::constant(0), holds, true);
      return;
    default:
      return;
  }
}

void Interpreter::refine_place(ExprId id, Op op, const Value& against, bool holds, bool is_signed) {
  const Function& function = *frames_.back()->function;
  const ExprId bare = strip_casts(function, id);
  const Expr& expression = function.exprs[bare];
  if (expression.kind == ExprKind::kCall) {  // if (XPending(display) > 0)
    const auto answer = call_answers_.find({frames_.back()->number, bare});
    if (answer != call_answers_.end())
      deny_answer(answer->second, refine(answer->second, op, against, holds, is_signed));
    return;
  }
  if (expression.kind != ExprKind::kLoad && expression.kind != ExprKind::kAssign) return;
  if (expression.kind == ExprKind::kLoad && expression.is_volatile) return;
  if (!is_pure(function, expression.operands[0])) return;
  const Places places = eval_places(expression.operands[0]);
  if (places.size() != 1) return;
  const Value before = load(places[0]);
  if (!before.unknown && before.pointers.empty() && before.functions.empty() &&
      before.ranges.empty())
    return;
  const Value after = refine(before, op, against, holds, is_signed);
  deny_answer(before, after);
  if (!(after == before) && (after.unknown || !after.ranges.empty() || !after.pointers.empty() ||
                             !after.functions.empty())) {
    state_.store.set(places[0], after);
  }
}

// Statements.

bool Interpreter::has_marker(const Function& function, StmtId id) {
  std::vector<int8_t>& known = cache_.markers[&function];
  if (known.size() != function.stmts.size()) known.assign(function.stmts.size(), -1);
  if (known[id] >= 0) return known[id] == 1;
  const Stmt& statement = function.stmts[id];
  bool found = statement.kind == StmtKind::kLabel || statement.kind == StmtKind::kCase;
  for (const StmtId child : statement.children) found = has_marker(function, child) || found;
  if (statement.a != kNone) found = has_marker(function, statement.a) || found;
  if (statement.b != kNone) found = has_marker(function, statement.b) || found;
  known[id] = found ? 1 : 0;
  return found;
}

void Interpreter::exec(StmtId id) {
  const Function& function = *frames_.back()->function;
  const Stmt& statement = function.stmts[id];
  if (exhausted_) return;
  if (!state_.reachable && !has_marker(function, id)) return;
  switch (statement.kind) {
    case StmtKind::kBlock:
      for (const StmtId child : statement.children) exec(child);
      return;
    case StmtKind::kExpr:
      if (state_.reachable && statement.expr != kNone) eval(statement.expr);
      return;
    case StmtKind::kDeclare: {
      if (!state_.reachable) return;
      const PlaceId place = slot_place(statement.slot);
      if (statement.expr == kNone) {
        state_.store.set(place, Value::any(fresh_symbol()));
      } else if (function.exprs[statement.expr].kind == ExprKind::kAggregate) {
        store_aggregate(place, function, statement.expr, false);
      } else {
        const Value value = eval(statement.expr);
        const Expr& source = function.exprs[statement.expr];
        const bool whole_record = function.variables[statement.slot].is_record ||
                                  (source.kind == ExprKind::kLoad && source.width == 0);
        if (whole_record && value.pointers.size() == 1) {
          copy_children(value.pointers[0], place, 0);
        } else {
          state_.store.set(place, value);
        }
      }
      return;
    }
    case StmtKind::kIf:
      exec_if(statement);
      return;
    case StmtKind::kLoop:
      exec_loop(id);
      return;
    case StmtKind::kSwitch:
      exec_switch(statement);
      return;
    case StmtKind::kReturn: {
      if (!state_.reachable) return;
      Frame& frame = *frames_.back();
      // It happens once, however many turns the loops around it make.
      const std::vector<Turns> around(turns_.begin() + static_cast<ptrdiff_t>(frame.outer_turns),
                                      turns_.end());
      turns_.resize(frame.outer_turns);
      const Value value = statement.expr == kNone ? Value::any() : eval(statement.expr);
      if (statement.a != kNone) exec(statement.a);
      turns_.insert(turns_.end(), around.begin(), around.end());
      frame.result = frame.returned.reachable ? join(frame.result, value) : value;
      merge_into(frame.returned, std::move(state_));
      state_ = State{};
      state_.reachable = false;
      return;
    }
    case StmtKind::kBreak:
    case StmtKind::kContinue: {
      if (!state_.reachable) return;
      for (auto target = breakables_.rbegin(); target != breakables_.rend(); ++target) {
        const bool is_continue = statement.kind == StmtKind::kContinue;
        const bool fits = statement.label != kNone
                              ? target->label == statement.label
                              : target->label == kNone && (!is_continue || target->is_loop);
        if (!fits) continue;
        merge_into(is_continue ? target->continued : target->broken, std::move(state_));
        break;
      }
      state_ = State{};
      state_.reachable = false;
      return;
    }
    case StmtKind::kGoto: {
      if (!state_.reachable) return;
      const auto [jump, added] = frames_.back()->jumps.try_emplace(statement.label);
      if (added) jump->second.reachable = false;
      merge_into(jump->second, std::move(state_));
      state_ = State{};
      state_.reachable = false;
      return;
    }
    case StmtKind::kLabel: {
      const auto jump = frames_.back()->jumps.find(statement.label);
      if (jump == frames_.back()->jumps.end()) return;
      merge_into(state_, std::move(jump->second));
      frames_.back()->jumps.erase(jump);
      return;
    }
    case StmtKind::kCase:
      return;  // exec_switch
  }
}

void Interpreter::exec_if(const Stmt& statement) {
  Tri known = Tri::kUnknown;
  if (state_.reachable) known = eval(statement.expr).truth();
  State otherwise = state_;
  if (!state_.reachable) {  // only a label inside can be reached
    if (statement.a != kNone) exec(statement.a);
    if (statement.b != kNone) exec(statement.b);
    return;
  }
  if (known == Tri::kNo) state_.reachable = false;
  if (known == Tri::kYes) otherwise.reachable = false;
  if (state_.reachable) refine_state(statement.expr, true);
  if (statement.a != kNone) exec(statement.a);
  std::swap(state_, otherwise);
  if (state_.reachable) refine_state(statement.expr, false);
  if (statement.b != kNone) exec(statement.b);
  merge_into(state_, std::move(otherwise));
}

Interpreter::Turns Interpreter::turns_of(const LoopShape& shape, const Stmt& loop) {
  if (shape.kind != LoopKind::kCounted) {
    const Tri holds = shape.guard == kNone ? Tri::kUnknown : eval(shape.guard).truth();
    if (holds == Tri::kUnknown) return {shape.kind};
    if ((holds == Tri::kYes) != shape.guard_holds) return {shape.otherwise};
  }
  const Places places = eval_places(shape.counter);
  const auto start = places.size() == 1 ? load(places[0]).as_constant() : std::nullopt;
  const Value limit_value = shape.limit == kNone ? Value::constant(0) : eval(shape.limit);
  const auto limit = shape.limit == kNone ? std::optional<int64_t>(0) : limit_value.highest();
  if (!start || !limit || shape.step == 0) return {LoopKind::kFinite};
  const double distance = static_cast<double>(*limit) - static_cast<double>(*start);
  double turns = distance / static_cast<double>(shape.step);
  if (shape.op == Op::kLe || shape.op == Op::kGe) turns += 1;
  if (loop.test_last && !shape.post) turns = std::max(turns, 1.0);
  if (turns < 0 || turns > kMaxTurnsCounted) return {LoopKind::kFinite};
  const auto whole = static_cast<int64_t>(turns);
  return {LoopKind::kCounted, static_cast<double>(whole) < turns ? whole + 1 : whole};
}

// How long the loop that goes on while `left op right` can last.
void Interpreter::note_clock_test(ExprId id, const Value& left, const Value& right) {
  ClockTests& loop = clock_tests_.back();
  const Frame& frame = *frames_.back();
  const bool in_loop = frame.number == loop.frame;
  // while (!expired(end)), whose body is `return now() >= end`
  const bool in_test =
      !in_loop && frames_.size() > 1 && frames_[frames_.size() - 2]->number == loop.frame &&
      std::any_of(frame.function->stmts.begin(), frame.function->stmts.end(),
                  [&](const Stmt& statement) {
                    return statement.kind == StmtKind::kReturn && statement.expr != kNone &&
                           strip_truth(*frame.function, statement.expr) == id;
                  });
  if (!in_loop && !in_test) return;
  const Function& tested = *(in_loop ? frame : *frames_[frames_.size() - 2]).function;
  const auto test = std::find_if(loop.tests->begin(), loop.tests->end(), [&](const auto& one) {
    if (in_loop) return one.condition == id;
    const Expr& call = tested.exprs[one.condition];
    return call.kind == ExprKind::kCall &&
           tested.calls[call.index].target == frame.function->link_name;
  });
  if (test == loop.tests->end()) return;
  const Op op = frames_.back()->function->exprs[id].op;
  if (op == Op::kEq || op == Op::kNe) return;
  const bool while_less = (op == Op::kLt || op == Op::kLe) == test->while_true;
  const Value& less = while_less ? left : right;
  const Value& more = while_less ? right : left;
  const auto outside = [&](uint32_t read) { return read != 0 && read <= loop.depth + 1; };
  const auto inside = [&](uint32_t read) { return read > loop.depth + 1; };
  std::optional<int64_t> ticks;
  uint32_t read = 0;
  int64_t tick_ns = 0;
  if (inside(less.from_now) && outside(more.from_now)) {  // now < deadline
    read = more.from_now;
    tick_ns = less.tick_ns == more.tick_ns ? less.tick_ns : 0;
    Value by = more, from = less;
    by.from_now = from.from_now = 0;
    ticks = binary(Op::kSub, by, from, true).highest();
  } else if (outside(more.left_until) && !less.is_clock()) {  // 0 < left
    read = more.left_until;
    tick_ns = more.tick_ns;
    ticks = binary(Op::kSub, more, less, true).highest();
  } else if (outside(less.passed_since) && !more.is_clock()) {  // passed < limit
    read = less.passed_since;
    tick_ns = less.tick_ns;
    ticks = binary(Op::kSub, more, less, true).highest();
  } else {
    return;
  }
  Tri counts = Tri::kYes;
  if (test->if_true != kNone) {
    counts =
        in_loop && is_pure(tested, test->if_true) ? eval(test->if_true).truth() : Tri::kUnknown;
    if (counts == Tri::kNo) return;
  }
  loop.clock_read = read;
  loop.limit_ns.reset();
  if (counts == Tri::kUnknown) return;
  if (ticks && tick_ns > 0)
    loop.limit_ns = binary(Op::kMul, Value::constant(std::max<int64_t>(*ticks, 0)),
                           Value::constant(tick_ns), true)
                        .as_constant();
}

// Runs the loop once for what its tests say, and forgets all else that happens on the way. Of
// `times`, those that hold a time afterwards as well stay.
Interpreter::Turns Interpreter::turns_by_clock(const LoopShape& shape, const Stmt& loop,
                                               std::map<PlaceId, Value>& times) {
  Frame& frame = *frames_.back();
  const State before = state_;
  const auto events = events_;
  const auto returned = frame.returned;
  const auto result = frame.result;
  const auto jumps = frame.jumps;
  const auto breakables = breakables_;
  for (const uint32_t slot : shape.assigned_slots) {
    const PlaceId place = slot_place(slot);
    if (state_.store.find(place)) state_.store.set(place, Value::any(fresh_symbol()));
  }
  ClockTests tests;
  tests.frame = frame.number;
  tests.depth = turns_.size();
  tests.tests = &shape.tests;
  clock_tests_.push_back(tests);
  turns_.push_back({LoopKind::kRetry});
  Breakable target;
  target.is_loop = true;
  target.label = loop.label;
  target.broken.reachable = target.continued.reachable = false;
  breakables_.push_back(std::move(target));
  const bool has_test = loop.expr != kNone && loop.label == kNone;
  if (has_test && !loop.test_last) {
    eval(loop.expr);
    refine_state(loop.expr, true);
  }
  if (loop.a != kNone) exec(loop.a);
  merge_into(state_, std::move(breakables_.back().continued));
  if (state_.reachable && loop.b != kNone) exec(loop.b);
  if (state_.reachable && has_test) eval(loop.expr);
  for (auto time = times.begin(); time != times.end();) {
    const Value* after = state_.reachable ? state_.store.find(time->first) : nullptr;
    Value& value = time->second;
    const bool same = after && after->is_integer() && after->is_clock() &&
                      (!value.is_clock() || after->tick_ns == value.tick_ns);
    if (same && value.from_now && after->from_now) {
      // A time that is read again in each turn was read inside.
      Value again = *after;
      value.from_now = again.from_now = std::max(value.from_now, again.from_now);
      value = join(value, again);
    } else if (same && !value.from_now && !after->from_now) {
      value = join(value, *after);
    } else {
      time = times.erase(time);
      continue;
    }
    ++time;
  }
  tests = clock_tests_.back();
  clock_tests_.pop_back();
  turns_.pop_back();
  state_ = before;
  events_ = events;
  frame.returned = returned;
  frame.result = result;
  frame.jumps = jumps;
  breakables_ = breakables;
  if (tests.clock_read == 0) return {LoopKind::kEndless};
  if (!tests.limit_ns) return {LoopKind::kFinite};
  return {LoopKind::kFinite, 0, tests.clock_read, *tests.limit_ns};
}

void Interpreter::exec_loop(StmtId id) {
  const Frame& frame = *frames_.back();
  const Stmt& loop = frame.function->stmts[id];
  const auto shape_key = std::make_pair(frame.function, id);
  auto known = cache_.shapes.find(shape_key);
  if (known == cache_.shapes.end()) {
    known =
        cache_.shapes.emplace(shape_key, classify_loop(program_, *frame.unit, *frame.function, id))
            .first;
  }
  const LoopShape& shape = known->second;
  if (!state_.reachable) {
    if (loop.a != kNone) exec(loop.a);
    return;
  }
  const bool never = loop.expr != kNone && !loop.test_last && loop.label == kNone &&
                     frame.function->exprs[loop.expr].kind == ExprKind::kInt &&
                     frame.function->exprs[loop.expr].value == 0;
  if (never) return;
  const bool has_test =
      loop.expr != kNone && frame.function->exprs[loop.expr].kind != ExprKind::kInt;
  // do { … } while (0) is a macro's way to be one statement.
  const bool once = loop.test_last && !has_test && loop.expr != kNone && loop.label == kNone &&
                    frame.function->exprs[loop.expr].value == 0;
  Turns turns = once ? Turns{LoopKind::kRetry} : turns_of(shape, loop);
  if (turns.kind == LoopKind::kCounted && turns.count == 0 && !loop.test_last &&
      shape.guard == kNone)
    return;
  const bool by_time = std::any_of(turns_.begin(), turns_.end(),
                                   [](const Turns& around) { return around.clock_read != 0; });
  if (shape.compounds && turns.kind == LoopKind::kCounted && turns.count > 1 &&
      turns.count <= kMaxTurnsRun && loop.label == kNone && !by_time) {
    exec_each_turn(loop, turns.count);
    return;
  }
  // Locals that hold a time, or what is left of one, whenever a turn begins.
  std::map<PlaceId, Value> times;
  if (!shape.tests.empty() &&
      (turns.kind == LoopKind::kEndless || (turns.kind == LoopKind::kRetry && !once))) {
    for (const uint32_t slot : shape.assigned_slots) {
      const PlaceId place = slot_place(slot);
      const Value* before = state_.store.find(place);
      if (before && before->is_integer()) times[place] = *before;
    }
    const Turns by_clock = turns_by_clock(shape, loop, times);
    if (turns.kind == LoopKind::kEndless) turns = by_clock;
  }
  Value counter_before;
  Places counter;
  if (turns.kind == LoopKind::kCounted) {
    counter = eval_places(shape.counter);
    if (counter.size() == 1) counter_before = load(counter[0]);
  }
  // Forget what the loop changes; then one turn stands for all of them.
  for (const uint32_t slot : shape.assigned_slots) {
    const PlaceId place = slot_place(slot);
    if (once || !state_.store.find(place)) continue;
    const auto time = times.find(place);
    state_.store.set(place, time != times.end() ? time->second : Value::any(fresh_symbol()));
  }
  if (!once && !shape.assigned_names.empty()) {
    std::vector<PlaceId> changed;
    state_.store.for_each([&](PlaceId place, const Value&) {
      const std::string& key = places_[place].key;
      if (shape.assigned_names.contains(key) ||
          (key[0] == 'g' && shape.assigned_names.contains(key.substr(1)))) {
        changed.push_back(place);
      }
    });
    for (const PlaceId place : changed) state_.store.set(place, Value::any(fresh_symbol()));
  }
  if (counter.size() == 1 && counter_before.is_integer() && turns.kind == LoopKind::kCounted) {
    const int64_t start = counter_before.ranges.front().lo;
    const int64_t last = start + shape.step * turns.count;
    state_.store.set(counter[0], Value::range(std::min(start, last), std::max(start, last)));
  }
  if (!once && (shape.kind == LoopKind::kSpin || shape.kind == LoopKind::kSpinLock)) {
    // while (1) with nothing in it, or a test that only others can change; a test that is decided
    // already does not spin.
    const Tri again = has_test && !loop.test_last ? eval(loop.expr).truth() : Tri::kUnknown;
    if (again != Tri::kNo) note_spin(loop, shape.kind);
  }
  turns_.push_back(turns);
  Breakable target;
  target.is_loop = true;
  target.label = loop.label;
  target.broken.reachable = target.continued.reachable = false;
  breakables_.push_back(std::move(target));

  State left;
  left.reachable = false;
  const bool endless_test =
      loop.expr == kNone || (!has_test && frame.function->exprs[loop.expr].value != 0);
  if (!loop.test_last && has_test) {
    const Tri again = eval(loop.expr).truth();
    left = state_;
    if (again == Tri::kYes) left.reachable = false;
    if (again == Tri::kNo) state_.reachable = false;
    if (state_.reachable) refine_state(loop.expr, true);
    if (left.reachable) {
      std::swap(state_, left);
      refine_state(loop.expr, false);
      std::swap(state_, left);
    }
  }
  if (loop.a != kNone) exec(loop.a);
  if (loop.label == kNone) merge_into(state_, std::move(breakables_.back().continued));
  if (state_.reachable && loop.b != kNone) exec(loop.b);
  if (loop.test_last && has_test && state_.reachable) {
    eval(loop.expr);
    refine_state(loop.expr, false);
    left = std::move(state_);
  } else if (loop.test_last && !endless_test) {
    left = std::move(state_);  // do … while (0), and the loop that a label makes
  } else if (!endless_test && state_.reachable && !loop.test_last) {
    // What the test does, it does in each turn: while (PQisBusy(c)) …
    if (!is_pure(*frame.function, loop.expr)) eval(loop.expr);
    refine_state(loop.expr, false);
    merge_into(left, std::move(state_));
  }
  merge_into(left, std::move(breakables_.back().broken));
  breakables_.pop_back();
  turns_.pop_back();
  state_ = std::move(left);
}

// What a counted loop waits if its turns differ: for (…5 times…) { usleep(d); d *= 2; }
void Interpreter::exec_each_turn(const Stmt& loop, int64_t count) {
  const Function& function = *frames_.back()->function;
  const bool has_test = loop.expr != kNone && function.exprs[loop.expr].kind != ExprKind::kInt;
  State left;
  left.reachable = false;
  const auto test = [&] {
    if (!has_test || !state_.reachable) return;
    const Tri again = eval(loop.expr).truth();
    State out = state_;
    if (again == Tri::kYes) out.reachable = false;
    if (again == Tri::kNo) state_.reachable = false;
    if (state_.reachable) refine_state(loop.expr, true);
    std::swap(state_, out);
    if (state_.reachable) refine_state(loop.expr, false);
    merge_into(left, std::move(state_));
    state_ = std::move(out);
  };
  std::map<std::string, BlockingEvent> before, sum;
  std::swap(before, events_);
  for (int64_t turn = 1; turn <= count && state_.reachable; ++turn) {
    turns_.push_back({LoopKind::kCounted, 1, 0, 0, turn, count});
    Breakable target;
    target.is_loop = true;
    target.broken.reachable = target.continued.reachable = false;
    breakables_.push_back(std::move(target));
    if (!loop.test_last) test();
    if (state_.reachable && loop.a != kNone) exec(loop.a);
    merge_into(state_, std::move(breakables_.back().continued));
    if (state_.reachable && loop.b != kNone) exec(loop.b);
    if (loop.test_last) test();
    merge_into(left, std::move(breakables_.back().broken));
    breakables_.pop_back();
    turns_.pop_back();
    for (auto& [key, event] : events_) {
      const auto [known, added] = sum.try_emplace(key, event);
      if (added) continue;
      if (known->second.bound == Bound::kBounded && event.bound == Bound::kBounded)
        known->second.limit_ns = binary(Op::kAdd, Value::constant(known->second.limit_ns),
                                        Value::constant(event.limit_ns), true)
                                     .as_constant()
                                     .value_or(INT64_MAX / 4);
      else
        keep_worst(sum, key, std::move(event));
    }
    events_.clear();
  }
  std::swap(before, events_);
  for (auto& [key, event] : sum) keep_worst(events_, key, std::move(event));
  if (!loop.test_last) test();
  merge_into(left, std::move(state_));
  state_ = std::move(left);
}

void Interpreter::exec_switch(const Stmt& statement) {
  const Function& function = *frames_.back()->function;
  const Value value = state_.reachable ? eval(statement.expr) : Value::any();
  const State entry = state_;
  Breakable target;
  target.broken.reachable = target.continued.reachable = false;
  breakables_.push_back(std::move(target));
  state_.reachable = false;
  // The cases of this switch, not of one inside it.
  std::vector<StmtId> cases;
  const auto collect = [&](auto&& self, StmtId id) -> void {
    const Stmt& at = function.stmts[id];
    if (at.kind == StmtKind::kCase) cases.push_back(id);
    if (at.kind == StmtKind::kSwitch) return;
    for (const StmtId child : at.children) self(self, child);
    if (at.a != kNone) self(self, at.a);
    if (at.b != kNone) self(self, at.b);
  };
  if (statement.a != kNone) collect(collect, statement.a);
  const auto matches = [&](const Stmt& marker) {
    const Tri low = binary(Op::kGe, value, Value::constant(marker.low), true).truth();
    const Tri high = binary(Op::kLe, value, Value::constant(marker.high), true).truth();
    if (marker.low == marker.high) return value.equals(marker.low);
    if (low == Tri::kNo || high == Tri::kNo) return Tri::kNo;
    return low == Tri::kYes && high == Tri::kYes ? Tri::kYes : Tri::kUnknown;
  };
  bool certain = false, has_default = false;
  for (const StmtId id : cases) {
    if (function.stmts[id].is_default)
      has_default = true;
    else if (matches(function.stmts[id]) == Tri::kYes)
      certain = true;
  }
  const auto run = [&](auto&& self, StmtId id) -> void {
    const Stmt& at = function.stmts[id];
    if (at.kind == StmtKind::kCase) {
      const Tri here = at.is_default ? (certain ? Tri::kNo : Tri::kUnknown) : matches(at);
      if (here != Tri::kNo && entry.reachable) {
        State taken = entry;
        merge_into(state_, std::move(taken));
      }
      return;
    }
    if (at.kind == StmtKind::kBlock) {
      for (const StmtId child : at.children) self(self, child);
      return;
    }
    exec(id);
  };
  if (statement.a != kNone) run(run, statement.a);
  if (!has_default && !certain) {
    State none = entry;
    merge_into(state_, std::move(none));
  }
  merge_into(state_, std::move(breakables_.back().broken));
  breakables_.pop_back();
}

}  // namespace cgoscope
