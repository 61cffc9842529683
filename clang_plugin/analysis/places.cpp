// Memory, as the interpreter sees it: objects and the paths into them. Element 0 of an array is the
// array itself, so that a pointer to an array and one to its first element agree.
#include <algorithm>

#include "clang_plugin/analysis/interpreter.h"

namespace cgoscope {
namespace {

constexpr size_t kMaxPlaces = 1u << 20;

}  // namespace

// An object that ends when `owner` does.
PlaceId Interpreter::local_root(Frame& owner, const std::string& key) {
  const auto [entry, added] = place_ids_.try_emplace(key, static_cast<PlaceId>(places_.size()));
  if (added) {
    places_.push_back({kNone, key, "", {}});
    owner.roots.push_back(entry->second);
  }
  return entry->second;
}

PlaceId Interpreter::root(const std::string& key, const std::string& identity) {
  const auto [entry, added] = place_ids_.try_emplace(key, static_cast<PlaceId>(places_.size()));
  if (added) places_.push_back({kNone, key, identity, {}});
  return entry->second;
}

PlaceId Interpreter::child(PlaceId parent, const std::string& key) {
  if (key == "[0]" || places_.size() > kMaxPlaces) return parent;
  const std::string name = std::to_string(parent) + "/" + key;
  const auto [entry, added] = place_ids_.try_emplace(name, static_cast<PlaceId>(places_.size()));
  if (added) {
    std::string identity;
    if (key[0] != '[') {
      // A field of a global is known by the global, any other by its record, whichever object it is
      // in.
      const std::string& owner = places_[parent].identity;
      const bool global = !owner.empty() && places_[parent].parent == kNone;
      identity = global ? owner + "." + key.substr(key.find('.') + 1) : key;
    } else {
      identity = places_[parent].identity;
    }
    places_.push_back({parent, key, identity, {}});
    places_[parent].children.push_back(entry->second);
  }
  return entry->second;
}

PlaceId Interpreter::slot_place(uint32_t slot) {
  Frame& frame = *frames_.back();
  return local_root(frame, "f" + std::to_string(frame.number) + ":" + std::to_string(slot));
}

PlaceId Interpreter::aggregate_place(ExprId aggregate) {
  Frame& frame = *frames_.back();
  return local_root(frame, "a" + std::to_string(frame.number) + ":" + std::to_string(aggregate));
}

PlaceId Interpreter::object_of(SymbolId symbol) { return root("s" + std::to_string(symbol), ""); }

SymbolId Interpreter::fresh_symbol() { return next_symbol_++; }

SymbolId Interpreter::symbol_for(const std::string& name, const std::string& identity) {
  const auto [entry, added] = named_symbols_.try_emplace(name, 0);
  if (added) entry->second = fresh_symbol();
  if (!identity.empty()) symbol_identities_[entry->second] = identity;
  return entry->second;
}

Value Interpreter::initial(PlaceId place) {
  // Below a place that was cleared or initialised as a whole, what is not named is zero.
  for (PlaceId at = place; at != kNone; at = places_[at].parent) {
    const auto known = initial_.find(at);
    if (known == initial_.end()) {
      // What is zero in an array's first element, which is the array's place, says nothing of
      // others.
      if (places_[at].key == "[*]") break;
      continue;
    }
    if (at == place) return known->second;
    if (known->second.as_constant() == 0 && places_[place].key[0] != '[') return Value::constant(0);
    break;
  }
  return Value::any(kContents + place);
}

Value Interpreter::load(PlaceId place) {
  bool of_any_element = false;
  for (PlaceId at = place; at != kNone; at = places_[at].parent) {
    const Value* known = state_.store.find(at);
    if (!known) {
      of_any_element = of_any_element || (at != place && places_[at].key == "[*]");
      continue;
    }
    if (at == place) {
      Value value = *known;
      if (value.unknown && value.symbol == 0 && value.pointers.empty())
        value.symbol = kContents + place;
      return value;
    }
    // An ancestor was written as a whole: zeroed, or overwritten by something unknown.
    if (of_any_element && known->as_constant() == 0 && has_elements(at)) break;
    if (known->as_constant() == 0) return Value::constant(0);
    if (known->unknown) return Value::any(kContents + place);
    break;
  }
  if (places_[place].key == "[*]") {  // any element: what all known ones can be
    std::optional<Value> all;
    const PlaceId array = places_[place].parent;
    const auto add = [&](PlaceId at) {
      const auto first = initial_.find(at);
      const Value* value = state_.store.find(at);
      if (first != initial_.end()) all = all ? join(*all, first->second) : first->second;
      if (value) all = all ? join(*all, *value) : *value;
    };
    add(array);
    for (const PlaceId element : places_[array].children) add(element);
    if (all) return *all;
  }
  if (const Value any = function_of_any_element(place); !any.functions.empty()) return any;
  return initial(place);
}

// Whether something is known of elements behind the first one.
bool Interpreter::has_elements(PlaceId array) const {
  const auto& parts = places_[array].children;
  return std::any_of(parts.begin(), parts.end(), [&](PlaceId part) {
    const std::string& key = places_[part].key;
    return key[0] == '[' && key != "[*]" &&
           (state_.store.find(part) ||
            std::any_of(places_[part].children.begin(), places_[part].children.end(),
                        [&](PlaceId inner) { return state_.store.find(inner) != nullptr; }));
  });
}

// commands[i].run: what that is in any element of the table.
Value Interpreter::function_of_any_element(PlaceId place) const {
  std::vector<PlaceId> path;
  PlaceId any = place;
  for (; any != kNone && places_[any].key != "[*]"; any = places_[any].parent) path.push_back(any);
  Value all;
  if (any == kNone || path.empty() || path.size() > 3) return all;
  const PlaceId array = places_[any].parent;
  std::vector<PlaceId> elements = {array};
  for (const PlaceId part : places_[array].children)
    if (part != any && places_[part].key[0] == '[') elements.push_back(part);
  for (PlaceId at : elements) {
    for (auto step = path.rbegin(); step != path.rend() && at != kNone; ++step) {
      const auto part = place_ids_.find(std::to_string(at) + "/" + places_[*step].key);
      at = part != place_ids_.end() ? part->second : kNone;
    }
    if (at == kNone) continue;
    const auto first = initial_.find(at);
    const Value* known = state_.store.find(at);
    if (known || first != initial_.end()) all = join(all, known ? *known : first->second);
  }
  return all;
}

void Interpreter::store(const Places& places, const Value& value) {
  for (const PlaceId place : places) {
    if (places.size() == 1) {
      state_.store.set(place, value);
    } else {
      state_.store.set(place, join(load(place), value));
    }
  }
}

void Interpreter::copy_children(PlaceId from, PlaceId to, int depth) {
  if (depth > 4 || from == to) return;
  if (const Value* whole = state_.store.find(from))
    state_.store.set(to, *whole);
  else if (const auto first = initial_.find(from); first != initial_.end())
    state_.store.set(to, first->second);
  const std::vector<PlaceId> parts = places_[from].children;
  for (const PlaceId part : parts) {
    const PlaceId target = child(to, places_[part].key);
    if (target == to) continue;
    if (const Value* value = state_.store.find(part))
      state_.store.set(target, *value);
    else if (const auto first = initial_.find(part); first != initial_.end())
      state_.store.set(target, first->second);
    copy_children(part, target, depth + 1);
  }
}

void Interpreter::erase_below(PlaceId place) {
  state_.store.erase(place);
  for (const PlaceId part : places_[place].children) erase_below(part);
}

void Interpreter::forget(PlaceId place) {
  erase_below(place);
  state_.store.set(place, Value::any(fresh_symbol()));
}

// A function that is not looked into may have written to whatever it was given the address of.
void Interpreter::forget_arguments(const std::vector<Value>& arguments) {
  for (const Value& argument : arguments) {
    for (const PlaceId place : argument.pointers) forget(place);
  }
}

void Interpreter::initialise_global(PlaceId place, const std::string& name) {
  if (!initialised_.insert(place).second) return;
  const Program::LinkedGlobal* global = program_.find_global(name);
  if (!global || global->global->initialiser == kNone || global->global->is_volatile) return;
  if (global->written && !global->global->is_const) return;
  // The initialiser's expressions belong to a pseudo-function of the unit.
  auto frame = std::make_unique<Frame>();
  frame->function = &global->unit->initialisers;
  frame->unit = global->unit;
  frame->number = next_frame_++;
  frames_.push_back(std::move(frame));
  const ExprId initialiser = global->global->initialiser;
  if (global->unit->initialisers.exprs[initialiser].kind == ExprKind::kAggregate) {
    store_aggregate(place, global->unit->initialisers, initialiser, true);
  } else {
    initial_[place] = eval(initialiser);
  }
  frames_.pop_back();
}

void Interpreter::store_aggregate(PlaceId place, const Function& function, ExprId aggregate,
                                  bool initial) {
  const Expr& list = function.exprs[aggregate];
  const auto set = [&](PlaceId at, Value value) {
    if (initial)
      initial_[at] = std::move(value);
    else
      state_.store.set(at, std::move(value));
  };
  if (list.fields.empty() || list.fields[0] != "[0]") set(place, Value::constant(0));
  for (size_t i = 0; i < list.operands.size(); ++i) {
    const PlaceId part = child(place, list.fields[i]);
    if (function.exprs[list.operands[i]].kind == ExprKind::kAggregate) {
      store_aggregate(part, function, list.operands[i], initial);
    } else {
      set(part, eval(list.operands[i]));
    }
  }
}

}  // namespace cgoscope
