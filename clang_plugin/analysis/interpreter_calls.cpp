// Calls: into functions with a body, and of library functions, which the catalogue knows by name.
#include <algorithm>

#include "clang_plugin/analysis/interpreter.h"

namespace cgoscope {
namespace {

constexpr size_t kMaxDepth = 64;
constexpr size_t kMostStatementsAgain =
    200;  // of a function that is run once more for calling itself
constexpr size_t kShortFunction =
    40;  // statements; what is longer and cannot matter is not entered
constexpr SymbolId kConstantHandle = 0x80000000;  // + the integer: descriptors 0, 1, 2
constexpr SymbolId kPointerHandle = 0xC0000000;   // + the place a handle's pointer points at
// The handle that a library has once in a process (its event queue). Two such libraries in one
// function would share it: nobody waits for both.
constexpr SymbolId kTheOneHandle = 0xBFFFFFFF;
constexpr int64_t kLongWait = INT64_MAX / 4;

int64_t in_all_turns(int64_t ns, int64_t turns) {
  return ns > kLongWait / std::max<int64_t>(turns, 1) ? kLongWait : ns * turns;
}

// The argument that is the text or format of what the first one is written, by functions that write
// text.
int text_argument(const std::string& name) {
  if (name == "snprintf") return 2;
  const bool other = name == "sprintf" || name == "asprintf" || name == "strcpy" ||
                     name == "stpcpy" || name == "strncpy" || name == "strlcpy";
  return other ? 1 : -1;
}

bool starts_with_dev(const std::string& path) { return path.starts_with("/dev/"); }
bool never_waits(const std::string& path) {
  return path == "/dev/null" || path == "/dev/zero" || path == "/dev/urandom" ||
         path == "/dev/random" || path == "/dev/full" || path.starts_with("/dev/shm/");
}

}  // namespace

SymbolId Interpreter::handle_symbol(const Value& value) {
  if (value.symbol != 0) return value.symbol;
  if (const auto constant = value.as_constant())
    return kConstantHandle + (static_cast<uint32_t>(*constant) & 0xffffff);
  if (value.pointers.size() != 1) return 0;
  // A handle that is passed by address, as a C++ object is.
  const Value* held = state_.store.find(value.pointers[0]);
  if (held && held->symbol != 0 && state_.handles.contains(held->symbol)) return held->symbol;
  return kPointerHandle + value.pointers[0];
}

std::string Interpreter::handle_identity(const Value& value) {
  const SymbolId symbol = handle_symbol(value);
  if (const auto known = symbol_identities_.find(symbol); known != symbol_identities_.end())
    return known->second;
  // The first content of a place that has a name: conn->fd, a global.
  if (symbol >= kContents && symbol < kConstantHandle && symbol - kContents < places_.size()) {
    return places_[symbol - kContents].identity;
  }
  if (value.pointers.size() == 1) return places_[value.pointers[0]].identity;
  return "";
}

HandleState Interpreter::handle_state(const Value& value) {
  const SymbolId symbol = handle_symbol(value);
  if (const auto known = state_.handles.find(symbol); symbol != 0 && known != state_.handles.end())
    return known->second;
  if (const auto identity = handle_identity(value); !identity.empty()) {
    if (const auto fact = facts_.handles.find(identity); fact != facts_.handles.end())
      return fact->second;
    if (identity == "stdin") return {Tri::kNo, HandleKind::kWaits, false, {}, {}};
  }
  return {};
}

CallView Interpreter::view(const std::vector<Value>& arguments, const Value& object) {
  CallView call;
  // `arguments` and `object` outlive the view: both live in the frame of the call that is being
  // judged.
  call.argument = [&arguments, &object](int index) {
    if (index == kThisObject) return object;
    if (index == kOneOfAKind) return Value::any(kTheOneHandle);
    const auto at = static_cast<size_t>(index);
    return index >= 0 && at < arguments.size() ? arguments[at] : Value::any();
  };
  const auto argument = call.argument;
  call.pointee = [this, argument](int index) {
    const Value pointer = argument(index);
    return pointer.pointers.size() == 1 ? load(pointer.pointers[0]) : Value::any();
  };
  call.field = [this, argument](int index, const char* field) {
    const Value pointer = argument(index);
    if (pointer.as_constant() == 0) return pointer;  // no struct, so nothing is asked for
    if (pointer.pointers.size() != 1) return Value::any();
    const std::string suffix = std::string(".") + field;
    const PlaceId object_place = pointer.pointers[0];
    std::optional<Value> found;
    for (const PlaceId part : places_[object_place].children) {
      if (!places_[part].key.ends_with(suffix)) continue;
      if (const auto first = initial_.find(part); first != initial_.end()) found = first->second;
      if (const Value* value = state_.store.find(part)) found = *value;
    }
    if (found) return *found;
    return load(child(object_place, "?" + suffix));
  };
  call.handle = [this, argument](int index) { return handle_state(argument(index)); };
  return call;
}

std::string Interpreter::place_identity(const Value& pointer) {
  if (pointer.pointers.size() == 1) return places_[pointer.pointers[0]].identity;
  return handle_identity(pointer);
}

// The lock that a condition variable's wait gives back: in C++ it is handed over in a
// std::unique_lock.
std::string Interpreter::lock_identity(const Value& pointer) {
  if (pointer.pointers.size() == 1) {
    for (const PlaceId part : places_[pointer.pointers[0]].children) {
      if (places_[part].key == "unique_lock._M_device") return place_identity(load(part));
    }
  }
  return place_identity(pointer);
}

// Events.

void Interpreter::record(BlockingEvent event) {
  std::string key = event.row ? event.name : std::string("(spin)");
  for (size_t i = 0; i < frames_.size(); ++i) {
    const Frame& frame = *frames_[i];
    if (!frame.function || frame.function->stmts.empty()) continue;
    event.trace.push_back({frame.id, frame.call_place, frame.unit});
  }
  if (!event.trace.empty()) {
    const TraceStep& last = event.trace.back();
    key += "@" + std::to_string(last.function) + ":" + std::to_string(last.place.file) + ":" +
           std::to_string(last.place.line) + ":" + std::to_string(last.place.column);
  }
  keep_worst(events_, key, std::move(event));
}

void Interpreter::keep_worst(std::map<std::string, BlockingEvent>& events, const std::string& key,
                             BlockingEvent event) {
  const auto [known, added] = events.try_emplace(key, event);
  if (added) return;
  const auto rank = [](const BlockingEvent& e) {
    return e.bound == Bound::kUnbounded ? 2 : e.bound == Bound::kVariable ? 1 : 0;
  };
  BlockingEvent& old = known->second;
  if (rank(event) > rank(old) || (rank(event) == rank(old) && event.limit_ns > old.limit_ns))
    old = std::move(event);
}

void Interpreter::note_wait(const BlockingFunction& row, const std::string& name, const Wait& wait,
                            const CallView& call) {
  if (wait.length == Wait::Length::kNone || row.severity == CatalogueSeverity::kOff) return;
  BlockingEvent event;
  event.row = &row;
  event.name = name;
  switch (wait.length) {
    case Wait::Length::kLimited:
      event.bound = Bound::kBounded;
      event.limit_ns = wait.limit_ns;
      break;
    case Wait::Length::kVariable:
      event.bound = Bound::kVariable;
      break;
    default:
      event.bound = Bound::kUnbounded;
      break;
  }
  int64_t at_most_ns = wait.length == Wait::Length::kVariable ? wait.limit_ns : 0;
  const size_t adding_up =
      wait.clock_read != 0 ? std::min<size_t>(turns_.size(), wait.clock_read - 1) : turns_.size();
  for (size_t i = turns_.size(); i-- > 0;) {
    const Turns* turns = &turns_[i];
    if (i >= adding_up && turns->clock_read == 0) continue;
    if (event.bound == Bound::kUnbounded) break;
    if (turns->clock_read != 0) {
      event.limit_ns = std::max(event.limit_ns, turns->limit_ns);
      at_most_ns = std::max(at_most_ns, turns->limit_ns);
      i = std::min<size_t>(i, turns->clock_read - 1);
      continue;
    }
    switch (turns->kind) {
      case LoopKind::kRetry:
        break;
      case LoopKind::kCounted:
        if (event.bound == Bound::kBounded)
          event.limit_ns = in_all_turns(event.limit_ns, turns->count);
        at_most_ns = in_all_turns(at_most_ns, std::max(turns->count, turns->of));
        break;
      case LoopKind::kFinite:
        at_most_ns = 0;
        if (event.bound == Bound::kBounded) event.bound = Bound::kVariable;
        break;
      default:
        at_most_ns = 0;
        if (event.bound == Bound::kBounded || wait.only_length_unknown) {
          event.bound = Bound::kUnbounded;
          event.in_endless_loop = true;
        }
        break;
    }
  }
  // Whether it waits is not known, but it would be short.
  if (event.bound == Bound::kVariable && at_most_ns > 0 && at_most_ns < facts_.threshold_ns) return;
  if (row.lock != -1) {
    event.lock = place_identity(call.argument(row.lock));
  } else {
    const std::string given_back =
        row.waits_with != -1 ? lock_identity(call.argument(row.waits_with)) : "";
    event.waits_with = given_back;
    const bool long_enough =
        event.bound != Bound::kBounded || event.limit_ns >= facts_.threshold_ns;
    for (const std::string& lock : state_.locks) {
      if (long_enough && !lock.empty() && lock != given_back)
        facts_.locks_held_while_blocking.insert(lock);
    }
  }
  const std::string lock = event.lock;
  const bool is_lock = row.lock != -1;
  record(std::move(event));
  if (is_lock) state_.locks.push_back(lock);
}

void Interpreter::note_spin(const Stmt& loop, LoopKind kind) {
  BlockingEvent event;
  event.spin_lock = kind == LoopKind::kSpinLock;
  frames_.back()->call_place = loop.place;
  record(std::move(event));
}

// Calls.

// Where the pointer of an indirect call was read from: "record.field" or a global; "" when it is
// neither.
std::string Interpreter::pointer_name(const Function& function, const Call& call) {
  if (call.callee == kNone) return "";
  const Expr& pointer = function.exprs[call.callee];
  return pointer.kind == ExprKind::kLoad ? stored_name(function, pointer.operands[0]) : "";
}

std::string Interpreter::stored_name(const Function& function, ExprId place) {
  const Expr* at = &function.exprs[place];
  if (at->kind == ExprKind::kElement) at = &function.exprs[at->operands[0]];
  return at->kind == ExprKind::kMember || at->kind == ExprKind::kGlobal ? at->text : "";
}

Value Interpreter::eval_call(ExprId id) {
  const Function& function = *frames_.back()->function;
  const Expr& expression = function.exprs[id];
  const Call& call = function.calls[expression.index];
  Value callee;
  if (call.callee != kNone) callee = eval(call.callee);
  Value object = call.object != kNone ? eval(call.object) : Value::any();
  std::vector<Value> arguments;
  arguments.reserve(expression.operands.size());
  for (const ExprId operand : expression.operands) {
    const Expr& argument = function.exprs[operand];
    if (argument.kind == ExprKind::kAggregate) {
      const PlaceId place = aggregate_place(operand);
      store_aggregate(place, function, operand, false);
      arguments.push_back(Value::pointer(place));
    } else {
      arguments.push_back(eval(operand));
    }
  }
  frames_.back()->call_place = call.place;
  std::vector<FunctionId> targets;
  if (!call.target.empty()) {
    targets.push_back(program_.function_id(call.target));
    if (call.is_virtual) {
      for (const FunctionId overrider : program_.overriders(call.target))
        targets.push_back(overrider);
    }
  } else {
    targets.assign(callee.functions.begin(), callee.functions.end());
    const std::string where = targets.empty() ? pointer_name(function, call) : "";
    if (!where.empty()) {
      targets = program_.stored_functions(where);
      const auto kept = facts_.kept_functions.find(where);
      if (targets.empty() && kept != facts_.kept_functions.end())
        targets.assign(kept->second.begin(), kept->second.end());
    }
  }
  Value result = Value::any(fresh_symbol());
  if (targets.empty()) {
    result = call_library(call.name, arguments, object);
  } else if (targets.size() == 1) {
    result = call_function(targets[0], &call, arguments, object);
  } else {
    const State before = state_;
    State after;
    after.reachable = false;
    std::optional<Value> all;
    for (const FunctionId target : targets) {
      state_ = before;
      const Value one = call_function(target, &call, arguments, object);
      all = all ? join(*all, one) : one;
      merge_into(after, std::move(state_));
    }
    state_ = std::move(after);
    result = *all;
  }
  if (call.no_return) state_.reachable = false;
  if (answers_.contains(result.symbol)) call_answers_[{frames_.back()->number, id}] = result;
  return convert(result, expression.width, expression.is_signed);
}

Value Interpreter::call_function(FunctionId id, const Call* call,
                                 const std::vector<Value>& arguments, const Value& object) {
  const LinkedFunction linked = program_.function(id);
  // A function of the user's is what its body says, whatever its name; a system header's is what
  // the catalogue says, if it is there.
  const bool direct = call && call->target == linked.link_name;
  const std::string name = direct ? call->name : linked.body ? linked.body->name : linked.link_name;
  const Catalogue& catalogue = program_.catalogue();
  const bool known = catalogue.find_blocking(name) || catalogue.find_effect(name) ||
                     catalogue.find_maker(name) || !catalogue.find_options(name).empty();
  if (linked.body && (!linked.body->is_system || !known)) return enter(id, arguments, object);
  // Go's own code is not followed: what it calls of C is judged there.
  if (program_.is_export(name)) {
    forget_arguments(arguments);
    return Value::any(fresh_symbol());
  }
  if (!known && direct && !call->macro.empty() && catalogue.find_blocking(call->macro)) {
    return call_library(call->macro, arguments, object);
  }
  return call_library(name, arguments, object);
}

// Two calls with the same fingerprint would find the same.
std::string Interpreter::fingerprint(FunctionId id, const std::vector<Value>& arguments,
                                     const Value& object) {
  std::string key = std::to_string(id);
  const auto describe = [&](auto&& self, const Value& value, int depth) -> void {
    key += value.unknown ? "?" : "(";
    for (const Range& range : value.ranges)
      key += std::to_string(range.lo) + ".." + std::to_string(range.hi) + ",";
    if (value.is_clock()) {
      for (const int64_t part : {int64_t{value.from_now}, int64_t{value.left_until},
                                 int64_t{value.passed_since}, value.tick_ns})
        key += "t" + std::to_string(part);
    }
    if (value.unknown && value.ones) key += "+" + std::to_string(value.ones);
    for (const FunctionId function : value.functions) key += "f" + std::to_string(function);
    for (const PlaceId place : value.pointers) {
      key += "p" + std::to_string(place);
      if (depth > 1) continue;
      if (const Value* content = state_.store.find(place)) self(self, *content, depth + 1);
      for (const PlaceId part : places_[place].children) {
        const Value* content = state_.store.find(part);
        if (!content) continue;
        key += "." + std::to_string(part);
        self(self, *content, depth + 1);
      }
    }
    if (value.symbol != 0) {
      key += "s" + std::to_string(value.symbol);
      const auto handle = state_.handles.find(value.symbol);
      if (handle != state_.handles.end()) {
        key += "h" + std::to_string(static_cast<int>(handle->second.nonblocking)) +
               (handle->second.ready ? "r" : "");
      }
    }
    key += ';';
  };
  for (const Value& argument : arguments) describe(describe, argument, 0);
  describe(describe, object, 0);
  for (const Turns& turns : turns_)
    key += "L" + std::to_string(static_cast<int>(turns.kind)) + "x" + std::to_string(turns.count) +
           "n" + std::to_string(turns.number) + "c" + std::to_string(turns.clock_read) + "x" +
           std::to_string(turns.limit_ns);
  for (const std::string& lock : state_.locks) key += "k" + lock;
  return key;
}

Value Interpreter::enter(FunctionId id, const std::vector<Value>& arguments, const Value& object,
                         bool again) {
  const LinkedFunction linked = program_.function(id);
  const Function& function = *linked.body;
  const auto times_entered = std::count_if(frames_.begin(), frames_.end(), [&](const auto& frame) {
    return frame->function == &function;
  });
  if (times_entered > 1 || frames_.size() >= kMaxDepth) return Value::any(fresh_symbol());
  if (times_entered == 1 && !again) {
    // Once for a Go call site, with anything: that stands for all depths. It tells something new
    // only where the first time a known argument decided the way. Through other functions it costs
    // many times more, and found nothing further in the labelled packages.
    const Frame& caller = *frames_.back();
    const bool worth_it = caller.function == &function && caller.knew_arguments &&
                          linked.may_block && function.stmts.size() <= kMostStatementsAgain;
    if (!worth_it || !entered_again_.insert(id).second) return Value::any(fresh_symbol());
    return enter(id, std::vector<Value>(arguments.size(), Value::any()), object, true);
  }
  if (exhausted_) {
    scan_without_values(id);
    return Value::any(fresh_symbol());
  }
  if (!linked.relevant && function.stmts.size() > kShortFunction) {
    forget_arguments(arguments);
    return Value::any(fresh_symbol());
  }
  const std::string key = fingerprint(id, arguments, object);
  if (const auto seen = seen_.find(key); seen != seen_.end()) return seen->second;
  seen_.emplace(key, Value::any(fresh_symbol()));

  auto frame = std::make_unique<Frame>();
  frame->id = id;
  frame->function = &function;
  frame->unit = linked.unit;
  frame->number = next_frame_++;
  frame->returned.reachable = false;
  frame->outer_turns = turns_.size();
  frame->knew_arguments = std::any_of(
      arguments.begin(), arguments.end(),
      [](const Value& argument) { return argument.is_integer() || !argument.functions.empty(); });
  frames_.push_back(std::move(frame));
  for (uint32_t slot = 0; slot < function.variables.size(); ++slot) {
    const Variable& variable = function.variables[slot];
    if (variable.parameter == -1) continue;
    const PlaceId place = slot_place(slot);
    Value value = Value::any(fresh_symbol());
    if (variable.parameter == kObjectParameter)
      value = object;
    else if (static_cast<size_t>(variable.parameter) < arguments.size())
      value = arguments[static_cast<size_t>(variable.parameter)];
    if (variable.is_record && value.pointers.size() == 1) {
      copy_children(value.pointers[0], place, 0);
    } else {
      state_.store.set(place, convert(value, variable.width, variable.is_signed));
    }
  }
  std::vector<Breakable> outer_breakables;
  std::swap(outer_breakables, breakables_);
  if (function.body != kNone) exec(function.body);
  if (exhausted_ && function.body != kNone) scan_without_values(id);
  std::swap(outer_breakables, breakables_);
  Frame& done = *frames_.back();
  Value result = done.returned.reachable ? done.result : Value::any(fresh_symbol());
  if (done.returned.reachable) merge_into(state_, std::move(done.returned));
  if (result.pointers.size() == 1 && frames_.size() > 1) {
    // A struct that is returned by value outlives the local it was made in.
    PlaceId top = result.pointers[0];
    while (places_[top].parent != kNone) top = places_[top].parent;
    if (std::find(done.roots.begin(), done.roots.end(), top) != done.roots.end()) {
      Frame& caller = *frames_[frames_.size() - 2];
      const PlaceId copy = local_root(
          caller, "a" + std::to_string(caller.number) + ":r" + std::to_string(done.number));
      copy_children(result.pointers[0], copy, 0);
      result.pointers[0] = copy;
    }
  }
  for (const PlaceId local : done.roots) erase_below(local);
  frames_.pop_back();
  seen_[key] = result;
  return result;
}

// The limit on steps was reached: every catalogued call below `id` counts, with nothing known of
// its arguments.
void Interpreter::scan_without_values(FunctionId id) {
  std::vector<FunctionId> todo{id};
  const std::vector<Value> nothing;
  const Value unknown_object = Value::any();
  while (!todo.empty()) {
    const FunctionId next = todo.back();
    todo.pop_back();
    if (!scanned_.insert(next).second) continue;
    const LinkedFunction linked = program_.function(next);
    if (!linked.body || !linked.may_block) continue;
    auto frame = std::make_unique<Frame>();
    frame->id = next;
    frame->function = linked.body;
    frame->unit = linked.unit;
    frames_.push_back(std::move(frame));
    for (const Call& call : linked.body->calls) {
      frames_.back()->call_place = call.place;
      const FunctionId target = call.target.empty() ? kNone : program_.function_id(call.target);
      if (target != kNone && program_.function(target).body) {
        todo.push_back(target);
        continue;
      }
      const BlockingFunction* row = program_.catalogue().find_blocking(call.name);
      if (!row) continue;
      const CallView view_of_nothing = view(nothing, unknown_object);
      note_wait(*row, call.name, judge(*row, view_of_nothing), view_of_nothing);
    }
    frames_.pop_back();
  }
}

Value Interpreter::call_library(const std::string& name, const std::vector<Value>& arguments,
                                const Value& object) {
  const Catalogue& catalogue = program_.catalogue();
  if (name == "syscall" && !arguments.empty()) {
    if (const auto number = arguments[0].as_constant()) {
      const std::string_view called = catalogue.system_call_name(facts_.machine, *number);
      if (called.empty()) return Value::any(fresh_symbol());
      const std::string raw = "syscall:" + std::string(called);
      const std::vector<Value> rest(arguments.begin() + 1, arguments.end());
      return call_library(catalogue.find_blocking(raw) ? raw : std::string(called), rest, object);
    }
  }
  const CallView call = view(arguments, object);
  if (const BlockingFunction* row = catalogue.find_blocking(name)) {
    note_wait(*row, name, judge(*row, call), call);
    take_ready(*row, call);
    if (row->polls != -1) mark_ready(call.argument(row->polls), true);
    for (const Value& value : arguments) {
      if (value.pointers.size() == 1 && descriptor_sets_.contains(value.pointers[0]))
        mark_ready(value, true);
    }
  }
  Value result = Value::any(fresh_symbol());
  bool known = catalogue.find_blocking(name) != nullptr;
  for (const HandleOption* option : catalogue.find_options(name)) {
    known = true;
    apply_option(*option, call);
  }
  if (const HandleMaker* maker = catalogue.find_maker(name)) {
    known = true;
    result = make_handle(*maker, call);
  }
  if (const CallEffect* effect = catalogue.find_effect(name)) {
    known = true;
    apply_effect(*effect, call, result);
  }
  if (known) return result;
  if (name == "__errno_location") {
    // The next failure sets it anew; it is never negative.
    const PlaceId place = root("errno", "");
    state_.store.set(place, Value::range(0, 4095));
    return Value::pointer(place);
  }
  if ((name == "memset" || name == "bzero" || name == "explicit_bzero") && !arguments.empty()) {
    const bool zero = name != "memset" || call.argument(1).as_constant() == 0;
    for (const PlaceId place : arguments[0].pointers) {
      forget(place);
      if (zero) state_.store.set(place, Value::constant(0));
    }
    return arguments[0];
  }
  if ((name == "memcpy" || name == "memmove") && arguments.size() >= 2) {
    for (const PlaceId place : arguments[0].pointers) {
      forget(place);
      if (arguments[1].pointers.size() == 1) copy_children(arguments[1].pointers[0], place, 0);
    }
    return arguments[0];
  }
  forget_arguments(arguments);
  if (const int text = text_argument(name);
      text != -1 && static_cast<size_t>(text) < arguments.size())
    keep_text(name, arguments[0], text_of(arguments[static_cast<size_t>(text)]));
  return result;
}

// The text that `pointer` points at, or how it begins; "" where that is not known.
std::string Interpreter::text_of(const Value& pointer) {
  if (pointer.pointers.size() != 1) return "";
  PlaceId place = pointer.pointers[0];
  if (const Value* written = state_.store.find(child(place, "?text"));
      written && written->pointers.size() == 1)
    place = written->pointers[0];
  const std::string& key = places_[place].key;
  return key.starts_with('"') ? key.substr(1) : "";
}

// snprintf(path, n, "/proc/%d/stat", pid): what the text begins with is known.
void Interpreter::keep_text(const std::string& name, const Value& to, std::string text) {
  if (name.ends_with("printf") && text.find('%') != std::string::npos) {
    text.resize(text.find('%'));
    if (text.rfind('/') == 0) text.clear();  // below which folder is not known
  }
  if (to.pointers.size() != 1) return;
  PlaceId place = to.pointers[0];
  if (name == "asprintf") {
    const PlaceId made = object_of(fresh_symbol());
    state_.store.set(place, Value::pointer(made));
    place = made;
  }
  if (!text.empty()) state_.store.set(child(place, "?text"), Value::pointer(root("\"" + text, "")));
}

void Interpreter::mark_ready(const Value& polled, bool ready) {
  for (const PlaceId place : polled.pointers) {
    if (const auto set = descriptor_sets_.find(place); set != descriptor_sets_.end()) {
      for (const SymbolId symbol : set->second) state_.handles[symbol].ready = ready;
      continue;
    }
    std::vector<Value> descriptors;
    // struct pollfd, or an array of them
    const auto collect = [&](auto&& self, PlaceId at, int depth) -> void {
      for (const PlaceId part : places_[at].children) {
        const Value* value = state_.store.find(part);
        if (value && places_[part].key == "pollfd.fd") descriptors.push_back(*value);
        if (depth < 1) self(self, part, depth + 1);
      }
    };
    collect(collect, place, 0);
    for (const Value& descriptor : descriptors) {
      if (const SymbolId symbol = handle_symbol(descriptor)) state_.handles[symbol].ready = ready;
    }
  }
  if (const SymbolId symbol = handle_symbol(polled)) {
    HandleState handle = handle_state(polled);
    handle.ready = ready;
    state_.handles[symbol] = handle;
  }
}

// On the side of a branch where the answer to "is there something to read?" is known to be `after`:
// it may be none.
void Interpreter::deny_answer(const Value& answer, const Value& after) {
  const auto asked = answers_.find(answer.symbol);
  if (asked == answers_.end()) return;
  const auto most = after.highest();
  const bool none =
      asked->second.ready == ReadyAnswer::kZero ? after.equals(0) == Tri::kNo : most && *most <= 0;
  if (none) mark_ready(asked->second.handle, false);
}

// A read after a poll does not wait; the next one may.
void Interpreter::take_ready(const BlockingFunction& row, const CallView& call) {
  if (row.handle == -1) return;
  const SymbolId symbol = handle_symbol(call.argument(row.handle));
  if (const auto known = state_.handles.find(symbol); known != state_.handles.end())
    known->second.ready = false;
}

Value Interpreter::make_handle(const HandleMaker& maker, const CallView& call) {
  HandleState handle;
  if (maker.from != -1) handle = call.handle(maker.from);
  if (handle.kind == HandleKind::kUnknown) handle.kind = maker.kind;
  Tri nonblocking = maker.always_nonblocking ? Tri::kYes : handle.nonblocking;
  for (const Condition& condition : maker.nonblocking) {
    const Tri one = holds(condition, call);
    if (one == Tri::kYes)
      nonblocking = Tri::kYes;
    else if (one == Tri::kUnknown && nonblocking == Tri::kNo)
      nonblocking = Tri::kUnknown;
  }
  handle.nonblocking = nonblocking;
  for (const Condition& condition : maker.sends_at_once) {
    if (holds(condition, call) == Tri::kYes) handle.write_timeout_ns = 0;
  }
  if (maker.path >= 0) {
    const std::string text = text_of(call.argument(maker.path));
    if (!text.empty())
      handle.kind =
          starts_with_dev(text) && !never_waits(text) ? HandleKind::kWaits : HandleKind::kFile;
  }
  Value made = Value::any(fresh_symbol());
  state_.handles[made.symbol] = handle;
  if (maker.handle == kResult) return made;
  const Value out = call.argument(maker.handle);
  Places places(out.pointers.begin(), out.pointers.end());
  if (places.empty() && out.symbol != 0) places.push_back(object_of(out.symbol));
  for (const PlaceId place : places) {
    forget(place);
    // An array of two descriptors, or one handle: element 0 is the place itself.
    const PlaceId second = child(place, "[1]");
    state_.store.set(place, made);
    Value other = Value::any(fresh_symbol());
    state_.handles[other.symbol] = handle;
    state_.store.set(second, other);
    // For functions that Go calls later, and for the whole package.
    for (const PlaceId element : {place, second}) state_.handles[kContents + element] = handle;
    const std::string& identity = places_[place].identity;
    if (!identity.empty() && !facts_.handles.contains(identity))
      facts_.note_handle(identity, handle);
  }
  return Value::any(fresh_symbol());
}

void Interpreter::apply_option(const HandleOption& option, const CallView& call) {
  for (const Condition& condition : option.when) {
    if (holds(condition, call) != Tri::kYes) return;
  }
  const Value handle = call.argument(option.handle);
  const SymbolId symbol = handle_symbol(handle);
  if (symbol == 0) return;
  HandleState state = handle_state(handle);
  if (option.effect == HandleOption::Effect::kUses) {
    state = call.handle(option.value);
    if (state.kind == HandleKind::kUnknown) state.kind = option.kind;
  } else if (option.effect == HandleOption::Effect::kNonblocking) {
    Tri nonblocking = Tri::kYes;
    if (option.value != -1) {
      CallView value_view = call;
      if (option.value_is_pointer) value_view.argument = call.pointee;
      Condition on = option.on;
      on.argument = option.value;
      nonblocking = holds(on, value_view);
    }
    std::optional<int64_t> timeout;  // of the one direction that does not wait
    if (nonblocking == Tri::kYes) timeout = 0;
    if (nonblocking == Tri::kUnknown) timeout = kUnknownTimeout;
    if (option.direction == Direction::kBoth) state.nonblocking = nonblocking;
    if (option.direction == Direction::kRead) state.read_timeout_ns = timeout;
    if (option.direction == Direction::kWrite) state.write_timeout_ns = timeout;
  } else {
    CallView value_view = call;
    if (option.value_is_pointer) value_view.argument = call.pointee;
    Tri infinite = Tri::kNo;
    for (const Condition& condition : option.infinite) {
      if (holds(condition, value_view) != Tri::kNo) infinite = holds(condition, value_view);
    }
    const auto most = duration_ns(option.unit, option.unit_ns, option.value, value_view).highest();
    std::optional<int64_t> timeout;
    // A struct of zeros is no timeout (SO_RCVTIMEO); an integer 0 is none only where `infinite`
    // says so, and else means that nothing waits (ZMQ_RCVTIMEO).
    const bool integer = option.unit != Unit::kTimespec && option.unit != Unit::kTimeval &&
                         option.unit != Unit::kTimevalValue;
    if (infinite != Tri::kYes && most && (*most > 0 || (*most == 0 && integer)))
      timeout = *most;
    else if (infinite != Tri::kYes && !most)
      timeout = kUnknownTimeout;
    if (option.direction != Direction::kWrite) state.read_timeout_ns = timeout;
    if (option.direction != Direction::kRead) state.write_timeout_ns = timeout;
  }
  state_.handles[symbol] = state;
  if (const std::string identity = handle_identity(handle); !identity.empty())
    facts_.note_handle(identity, state);
}

void Interpreter::apply_effect(const CallEffect& effect, const CallView& call, Value& result) {
  for (const Condition& condition : effect.when) {
    if (holds(condition, call) != Tri::kYes) return;
  }
  if (effect.forks) result = Value::range(1, INT32_MAX);  // what the parent sees
  for (const int index : effect.runs) {
    Value callback = call.argument(index);
    if (callback.functions.empty()) callback = call.pointee(index);  // std::call_once(flag, [&] {})
    for (const FunctionId function : callback.functions)
      call_function(function, nullptr, {}, Value::any());
  }
  if (effect.unlocks != -1) {
    const std::string lock = place_identity(call.argument(effect.unlocks));
    const auto held = std::find(state_.locks.rbegin(), state_.locks.rend(), lock);
    if (held != state_.locks.rend())
      state_.locks.erase(std::next(held).base());
    else if (lock.empty() && !state_.locks.empty())
      state_.locks.pop_back();
  }
  if (effect.polls != -1) {
    // Ready until a branch says otherwise.
    const Value polled = call.argument(effect.polls);
    answers_[result.symbol] = {polled, effect.ready};
    mark_ready(polled, true);
  }
  if (effect.shares_lock != -1) share_lock(effect, call);
  if (effect.now == kResult) {
    result = Value::constant(0);
    result.from_now = 1 + static_cast<uint32_t>(turns_.size());
    result.tick_ns = effect.unit == Unit::kSeconds        ? 1000000000
                     : effect.unit == Unit::kMilliseconds ? 1000000
                     : effect.unit == Unit::kMicroseconds ? 1000
                                                          : 1;
  } else if (effect.now >= 0) {
    Value now = Value::constant(0);
    now.from_now = 1 + static_cast<uint32_t>(turns_.size());
    now.tick_ns = 1000000000;
    for (const PlaceId place : call.argument(effect.now).pointers) {
      forget(place);
      const bool timeval = effect.unit == Unit::kTimeval || effect.unit == Unit::kTimevalValue;
      const std::string record = timeval ? "timeval" : "timespec";
      state_.store.set(child(place, record + ".tv_sec"), now);
      state_.store.set(child(place, record + (timeval ? ".tv_usec" : ".tv_nsec")),
                       Value::constant(0));
    }
  }
}

// A lock, or the attribute that locks are made from, can be used by other processes.
void Interpreter::share_lock(const CallEffect& effect, const CallView& call) {
  if (effect.shared_like != -1) {
    const Value attribute = call.argument(effect.shared_like);
    const std::string identity = place_identity(attribute);
    const bool shared = (!identity.empty() && facts_.shared_locks.contains(identity)) ||
                        std::any_of(attribute.pointers.begin(), attribute.pointers.end(),
                                    [&](PlaceId place) { return shared_places_.contains(place); });
    if (!shared) return;
  }
  const Value lock = call.argument(effect.shares_lock);
  if (const std::string identity = place_identity(lock); !identity.empty())
    facts_.note_shared_lock(identity);
  shared_places_.insert(lock.pointers.begin(), lock.pointers.end());
}

}  // namespace cgoscope
