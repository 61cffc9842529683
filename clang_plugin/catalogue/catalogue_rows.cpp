// The rows of a file: functions that block, makers and options of handles, effects.
#include <type_traits>
#include <utility>

#include "clang_plugin/catalogue/catalogue_reader.h"

namespace cgoscope {
namespace {

constexpr int kMaxGroupDepth = 4;

// Floating-point arguments are known in millionths, so what they are compared with is too.
void to_unit(Unit unit, std::vector<Condition>& of_values) {
  constexpr int64_t kMillion = 1000000;
  if (unit != Unit::kSecondsDouble) return;
  for (Condition& condition : of_values) {
    for (int64_t& value : condition.values) {
      if (value > -kMillion * kMillion && value < kMillion * kMillion) value *= kMillion;
    }
  }
}

// No bit of it is looked at.
Condition always() {
  Condition condition;
  condition.mask = 0;
  condition.values = {0};
  return condition;
}

}  // namespace

RowPlace CatalogueReader::place_of(const Node* node) const {
  const auto [line, column] = position_of(node);
  return {shown_as(), line, column};
}

bool CatalogueReader::read_blocking(Node* node, const BlockingFunction& defaults, int depth) {
  if (depth > kMaxGroupDepth) return fail(node, "groups of rows are nested too deeply");
  return read_list(node, depth == 0 ? "blocking" : "rows", false,
                   [&](Node* item) { return read_blocking_row(item, defaults, depth); });
}

// A row, or a group: what its rows share, and then `rows`.
bool CatalogueReader::read_blocking_row(Node* node, BlockingFunction row, int depth) {
  std::vector<std::string> names;
  row.place = place_of(node);
  bool group = false;
  bool says_how = false;  // of this row alone: it may say otherwise than its group
  const auto waits = [&](Node* value, Waits how) {
    if (says_how) {
      return fail(value, "a row has one of 'always', 'duration', 'timeout' and 'deadline'");
    }
    says_how = true;
    row.waits = how;
    return true;
  };
  const auto timed = [&](Node* value, Waits how) {
    return waits(value, how) && read_argument(value, row.argument);
  };
  const bool read = read_map(node, "a row", [&](const std::string& key, Node* value) {
    if (group) return fail(value, "'rows' comes last: what stands before it is shared by them");
    if (key == "rows") {
      if (!names.empty()) return fail(value, "a row has a 'name' or 'rows', not both");
      group = true;
      return read_blocking(value, row, depth + 1);
    }
    if (key == "name") return read_names(value, names);
    if (key == "header") return read_text(value, row.header);
    if (key == "category") return read_text(value, row.category);
    if (key == "always") {
      bool on = false;
      row.limit_ms = 0;
      return waits(value, Waits::kAlways) && read_flag(value, on) &&
             (on || fail(value, "'always' can only be true"));
    }
    if (key == "duration") return timed(value, Waits::kDuration);
    if (key == "timeout") return timed(value, Waits::kTimeout);
    if (key == "deadline") return timed(value, Waits::kDeadline);
    if (key == "limit_ms") {
      if (row.waits == Waits::kAlways) row.waits = Waits::kLimited;
      if (!read_integer(value, row.limit_ms)) return false;
      return (row.limit_ms > 0 && row.limit_ms < int64_t{1} << 40) ||
             fail(value, "a limit is a number of milliseconds");
    }
    if (key == "unit") return read_unit(value, row.unit, row.unit_ns);
    if (key == "infinite") return read_values(value, row.infinite);
    if (key == "library_limit") return read_values(value, row.library_limit);
    if (key == "absolute") return read_conditions(value, row.absolute);
    if (key == "nonblocking") return read_conditions(value, row.nonblocking);
    if (key == "blocking") return read_conditions(value, row.blocking);
    if (key == "handle") {
      if (!is_word(value, "none")) return read_argument(value, row.handle);
      row.handle = -1;
      row.unknown_handle = UnknownHandle::kBlocks;
      return true;
    }
    if (key == "direction") return read_word(value, kDirections, row.direction);
    if (key == "unknown_handle") return read_word(value, kUnknownHandles, row.unknown_handle);
    if (key == "lock") return read_argument(value, row.lock);
    if (key == "waits_with") return read_argument(value, row.waits_with);
    if (key == "polls") return read_argument(value, row.polls);
    if (key == "severity") return read_word(value, kSeverities, row.severity);
    if (key == "instead") return read_text(value, row.instead);
    if (key == "source") return read_text(value, row.source);
    return unknown_key(
        value, key, "a row of 'blocking'",
        {"name",     "rows",     "always",    "duration",       "timeout",       "deadline",
         "unit",     "infinite", "absolute",  "limit_ms",       "library_limit", "nonblocking",
         "blocking", "handle",   "direction", "unknown_handle", "lock",          "waits_with",
         "polls",    "severity", "instead",   "header",         "category",      "source"});
  });
  if (!read) return false;
  if (group) return true;
  return finish_blocking(node, row) && note_names(node, names, row, blocking_);
}

bool CatalogueReader::finish_blocking(const Node* node, BlockingFunction& row) {
  const bool timed = row.waits == Waits::kDuration || row.waits == Waits::kTimeout ||
                     row.waits == Waits::kDeadline;
  if (timed && row.unit == Unit::kNone)
    return fail(node, "a duration, timeout or deadline needs a 'unit'",
                "name it: unit: s, ms, us, ns, timespec, ...");
  if (timed && row.argument < 0)
    return fail(node, "a duration, timeout or deadline is an argument");
  if (!timed && (row.unit != Unit::kNone || !row.infinite.empty() || !row.absolute.empty())) {
    return fail(node,
                "'unit', 'infinite' and 'absolute' need a 'duration', 'timeout' or 'deadline'");
  }
  if (!row.library_limit.empty() && (row.limit_ms == 0 || !timed)) {
    return fail(node, "'library_limit' says at which 'timeout' the limit is the 'limit_ms'");
  }
  if (timed && row.limit_ms != 0 && row.library_limit.empty()) {
    return fail(node,
                "'limit_ms' beside a 'timeout' needs 'library_limit', which says when it holds");
  }
  if (row.unknown_handle != UnknownHandle::kBlocks && row.handle == -1) {
    return fail(node, "'unknown_handle' needs a 'handle'");
  }
  for (Condition& condition : row.infinite) condition.argument = row.argument;
  for (Condition& condition : row.library_limit) condition.argument = row.argument;
  to_unit(row.unit, row.infinite);
  to_unit(row.unit, row.library_limit);
  return true;
}

bool CatalogueReader::read_maker(Node* node) {
  HandleMaker row;
  row.place = place_of(node);
  std::vector<std::string> names;
  const bool read = read_map(node, "a maker", [&](const std::string& key, Node* value) {
    if (key == "name") return read_names(value, names);
    if (key == "handle") return read_argument(value, row.handle);
    if (key == "kind") return read_word(value, kKinds, row.kind);
    if (key == "path") return read_argument(value, row.path);
    if (key == "from") return read_argument(value, row.from);
    if (key == "nonblocking") {
      if (is_word(value, "always")) {
        row.always_nonblocking = true;
        return true;
      }
      return read_conditions(value, row.nonblocking);
    }
    if (key == "sends_at_once") {
      if (is_word(value, "always")) {
        row.sends_at_once = {always()};
        return true;
      }
      return read_conditions(value, row.sends_at_once);
    }
    return unknown_key(value, key, "a row of 'makers'",
                       {"name", "handle", "kind", "sends_at_once", "path", "from", "nonblocking"});
  });
  return read && note_names(node, names, row, makers_);
}

bool CatalogueReader::read_option(Node* node) {
  HandleOption row;
  row.place = place_of(node);
  std::vector<std::string> names;
  int effects = 0;
  const bool read = read_map(node, "an option", [&](const std::string& key, Node* value) {
    if (key == "name") return read_names(value, names);
    if (key == "handle") return read_argument(value, row.handle);
    if (key == "when") return read_conditions(value, row.when);
    if (key == "nonblocking") {
      ++effects;
      row.effect = HandleOption::Effect::kNonblocking;
      if (is_word(value, "always")) {
        return true;
      }
      if (!read_condition(value, row.on, &row.value_is_pointer)) return false;
      row.value = row.on.argument;
      return true;
    }
    if (key == "timeout" || key == "timeout_pointer" || key == "uses") {
      ++effects;
      row.effect = key == "uses" ? HandleOption::Effect::kUses : HandleOption::Effect::kTimeout;
      row.value_is_pointer = key == "timeout_pointer";
      return read_argument(value, row.value);
    }
    if (key == "kind") return read_word(value, kKinds, row.kind);
    if (key == "unit") return read_unit(value, row.unit, row.unit_ns);
    if (key == "infinite") return read_values(value, row.infinite);
    if (key == "direction") return read_word(value, kDirections, row.direction);
    return unknown_key(value, key, "a row of 'options'",
                       {"name", "handle", "when", "nonblocking", "timeout", "timeout_pointer",
                        "unit", "infinite", "direction", "uses", "kind"});
  });
  if (!read) return false;
  if (effects != 1)
    return fail(node,
                "an option has one of 'nonblocking', 'timeout', 'timeout_pointer' and 'uses'");
  if (row.effect == HandleOption::Effect::kTimeout && row.unit == Unit::kNone)
    return fail(node, "a timeout needs a 'unit'", "name it: unit: s, ms, us, ns, timespec, ...");
  for (Condition& condition : row.infinite) condition.argument = row.value;
  to_unit(row.unit, row.infinite);
  return note_names(node, names, row, options_);
}

bool CatalogueReader::read_effect(Node* node) {
  CallEffect row;
  row.place = place_of(node);
  std::vector<std::string> names;
  bool says_ready = false;
  const bool read = read_map(node, "an effect", [&](const std::string& key, Node* value) {
    if (key == "name") return read_names(value, names);
    if (key == "runs") {
      return read_list(value, "runs", true, [&](Node* item) {
        int argument = 0;
        if (!read_argument(item, argument)) return false;
        row.runs.push_back(argument);
        return true;
      });
    }
    if (key == "forks") return read_flag(value, row.forks);
    if (key == "not_run") return read_flag(value, row.not_run);
    if (key == "unlocks") return read_argument(value, row.unlocks);
    if (key == "shares_lock") return read_argument(value, row.shares_lock);
    if (key == "shared_like") return read_argument(value, row.shared_like);
    if (key == "polls") return read_argument(value, row.polls);
    if (key == "ready") {
      says_ready = true;
      return read_word(value, kReadyAnswers, row.ready);
    }
    if (key == "when") return read_conditions(value, row.when);
    if (key == "now") return read_argument(value, row.now);
    if (key == "unit") {
      int64_t unit_ns = 0;
      return read_unit(value, row.unit, unit_ns) &&
             (row.unit != Unit::kScaled ||
              fail(value, "a time is in one of " + joined(words_of(kUnits))));
    }
    return unknown_key(value, key, "a row of 'effects'",
                       {"name", "runs", "not_run", "forks", "unlocks", "shares_lock", "shared_like",
                        "polls", "ready", "when", "now", "unit"});
  });
  if (!read) return false;
  if (row.now != -1 && row.unit == Unit::kNone) return fail(node, "'now' needs a 'unit'");
  if (says_ready && row.polls == -1)
    return fail(node, "'ready' says what 'polls' answers, and there is no 'polls'");
  return note_names(node, names, row, effects_);
}

template <typename Row>
bool CatalogueReader::note_names(const Node* node, const std::vector<std::string>& names,
                                 const Row& row, std::vector<Row>& into) {
  if (names.empty()) return fail(node, "a row needs a 'name'");
  for (const std::string& name : names) {
    if constexpr (!std::is_same_v<Row, HandleOption>) {
      const std::string list = std::is_same_v<Row, BlockingFunction> ? "b "
                               : std::is_same_v<Row, HandleMaker>    ? "m "
                                                                     : "e ";
      if (++seen_[list + name] > 1) return fail(node, "'" + name + "' has two rows in this file");
    }
    if constexpr (!std::is_same_v<Row, BlockingFunction>) {
      if (is_glob(name))
        return fail(node, "'" + name + "': only rows of 'blocking' may have * or ? in their names");
    }
    into.push_back(row);
    into.back().name = name;
  }
  return true;
}

}  // namespace cgoscope
