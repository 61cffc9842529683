#include "clang_plugin/catalogue/catalogue_reader.h"

#include <charconv>
#include <utility>

#include "findings/duration.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/Support/Casting.h"

namespace cgoscope {
namespace {

namespace yaml = llvm::yaml;

constexpr int kMaxArgument = 31;
constexpr size_t kMaxNameBytes = 512;
constexpr int kMaxGroupDepth = 4;

constexpr std::pair<const char*, CatalogueSeverity> kSeverities[] = {
    {"off", CatalogueSeverity::kOff},
    {"low", CatalogueSeverity::kLow},
    {"medium", CatalogueSeverity::kMedium},
    {"high", CatalogueSeverity::kHigh},
    {"by-argument", CatalogueSeverity::kByArgument},
};
constexpr std::pair<const char*, Direction> kDirections[] = {
    {"both", Direction::kBoth}, {"read", Direction::kRead}, {"write", Direction::kWrite}};
constexpr std::pair<const char*, UnknownHandle> kUnknownHandles[] = {
    {"blocks", UnknownHandle::kBlocks},
    {"variable", UnknownHandle::kVariable},
    {"silent", UnknownHandle::kSilent},
};
constexpr std::pair<const char*, HandleKind> kKinds[] = {
    {"unknown", HandleKind::kUnknown},
    {"file", HandleKind::kFile},
    {"waits", HandleKind::kWaits},
    {"memory", HandleKind::kMemory},
};
constexpr std::pair<const char*, Unit> kUnits[] = {
    {"s", Unit::kSeconds},
    {"ms", Unit::kMilliseconds},
    {"us", Unit::kMicroseconds},
    {"ns", Unit::kNanoseconds},
    {"s-double", Unit::kSecondsDouble},
    {"timespec", Unit::kTimespec},
    {"timeval", Unit::kTimeval},
    {"timeval-value", Unit::kTimevalValue},
    {"chrono", Unit::kChrono},
};

template <typename Enum, size_t kCount>
std::string words_of(const std::pair<const char*, Enum> (&words)[kCount]) {
  std::string text;
  for (const auto& word : words) text += (text.empty() ? "" : ", ") + std::string(word.first);
  return text;
}

bool is_word(yaml::Node* node, const char* word) {
  auto* scalar = llvm::dyn_cast_or_null<yaml::ScalarNode>(node);
  return scalar && scalar->getRawValue() == word;
}

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

bool is_glob(std::string_view name) { return name.find_first_of("*?") != std::string_view::npos; }

}  // namespace

CatalogueReader::CatalogueReader(Catalogue& catalogue, std::string_view yaml_text,
                                 std::string shown_as)
    : YamlReader(yaml_text, std::move(shown_as), "see docs/catalogue.md"), catalogue_(catalogue) {}

std::optional<Error> CatalogueReader::read() {
  const auto on_key = [&](const std::string& key, Node* value) {
    if (key == "library") return read_text(value, library_);
    if (key == "constants") return read_constants(value);
    if (key == "system_calls") return read_system_calls(value);
    if (key == "blocking") {
      BlockingFunction defaults;
      defaults.library = library_;
      return read_blocking(value, defaults, 0);
    }
    if (key == "makers") {
      return read_list(value, "makers", false, [&](Node* item) { return read_maker(item); });
    }
    if (key == "options") {
      return read_list(value, "options", false, [&](Node* item) { return read_option(item); });
    }
    if (key == "effects") {
      return read_list(value, "effects", false, [&](Node* item) { return read_effect(item); });
    }
    return unknown_key(value, key, "a catalogue");
  };
  if (auto error = read_document("a catalogue", on_key)) return error;
  commit();
  return std::nullopt;
}

// A number, the name of a constant, "null", or several of these joined by "|". Numbers are decimal
// or hexadecimal, up to 64 bits either signed or not.
bool CatalogueReader::read_integer(Node* node, int64_t& into) {
  if (llvm::isa_and_nonnull<yaml::NullNode>(node)) {
    into = 0;
    return true;
  }
  std::string text;
  if (!read_text(node, text)) return false;
  uint64_t value = 0;
  std::string_view rest = text;
  while (true) {
    const size_t bar = rest.find('|');
    std::string_view part = rest.substr(0, bar);
    while (!part.empty() && part.front() == ' ') part.remove_prefix(1);
    while (!part.empty() && part.back() == ' ') part.remove_suffix(1);
    const bool minus = part.starts_with('-');
    std::string_view digits = part.substr(minus ? 1 : 0);
    const int base = digits.starts_with("0x") ? 16 : 10;
    if (base == 16) digits.remove_prefix(2);
    uint64_t one = 0;
    const auto [end, status] =
        std::from_chars(digits.data(), digits.data() + digits.size(), one, base);
    if (part == "null") {
      one = 0;
    } else if (status == std::errc() && end == digits.data() + digits.size()) {
      if (minus && one > uint64_t{1} << 63) return fail(node, "'" + text + "' is too small");
      if (minus) one = ~one + 1;
    } else if (const auto own = constants_.find(part); own != constants_.end()) {
      one = static_cast<uint64_t>(own->second.value);
    } else if (const auto known = catalogue_.constants_.find(part);
               known != catalogue_.constants_.end()) {
      one = static_cast<uint64_t>(known->second.value);
    } else {
      return fail(node, "'" + std::string(part) +
                            "' is neither a number nor a constant listed under 'constants'");
    }
    value |= one;
    if (bar == std::string_view::npos) break;
    rest = rest.substr(bar + 1);
  }
  into = static_cast<int64_t>(value);
  return true;
}

bool CatalogueReader::read_argument(Node* node, int& into) {
  std::string text;
  if (!read_text(node, text)) return false;
  if (text == "this") {
    into = kThisObject;
  } else if (text == "result") {
    into = kResult;
  } else if (text == "the-one") {
    into = kOneOfAKind;
  } else {
    int number = -1;
    const auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (status != std::errc() || end != text.data() + text.size() || number < 0 ||
        number > kMaxArgument) {
      return fail(node,
                  "an argument is its position counted from 0 (at most 31), or 'this', 'result' or "
                  "'the-one'");
    }
    into = number;
  }
  return true;
}

bool CatalogueReader::read_names(Node* node, std::vector<std::string>& into) {
  return read_list(node, "name", true, [&](Node* item) {
    std::string name;
    if (!read_text(item, name)) return false;
    if (name.empty() || name.size() > kMaxNameBytes)
      return fail(item, "a name has 1 to 512 characters");
    into.push_back(std::move(name));
    return true;
  });
}

template <typename Enum, size_t kCount>
bool CatalogueReader::read_word(Node* node, const std::pair<const char*, Enum> (&words)[kCount],
                                Enum& into) {
  std::string text;
  if (!read_text(node, text)) return false;
  for (const auto& [word, value] : words) {
    if (text == word) {
      into = value;
      return true;
    }
  }
  return fail(node, "'" + text + "' is none of " + words_of(words));
}

// One of kUnits, or how long one is: "1280ms".
bool CatalogueReader::read_unit(Node* node, Unit& unit, int64_t& unit_ns) {
  std::string text;
  if (!read_text(node, text)) return false;
  for (const auto& [word, value] : kUnits) {
    if (text == word) {
      unit = value;
      return true;
    }
  }
  const auto scale = parse_duration_ns(text);
  if (!scale || *scale <= 0) {
    return fail(node,
                "'" + text + "' is neither a duration like 100ns nor one of " + words_of(kUnits));
  }
  unit = Unit::kScaled;
  unit_ns = *scale;
  return true;
}

// {argument: 2, bit: FLAG} {argument: 1, equals: [A, B], mask: M} {argument: 2, negative: true}
// {argument: 1, nonzero: true}; with `is_pointer` also {pointer: 2, …}, for a value that the
// argument points at.
bool CatalogueReader::read_condition(Node* node, Condition& into, bool* is_pointer) {
  bool has_argument = false;
  int tests = 0;
  const bool read = read_map(node, "a condition", [&](const std::string& key, Node* value) {
    if (key == "argument" || (key == "pointer" && is_pointer)) {
      if (has_argument) return fail(value, "a condition has one argument");
      has_argument = true;
      if (is_pointer) *is_pointer = key == "pointer";
      return read_argument(value, into.argument);
    }
    if (key == "field") return read_text(value, into.field);
    if (key == "mask") {
      int64_t mask = 0;
      if (!read_integer(value, mask)) return false;
      into.mask = static_cast<uint64_t>(mask);
      return true;
    }
    if (key == "bit") {
      ++tests;
      into.test = Condition::Test::kAnyBit;
      int64_t mask = 0;
      if (!read_integer(value, mask)) return false;
      into.mask = static_cast<uint64_t>(mask);
      return true;
    }
    if (key == "equals") {
      ++tests;
      into.test = Condition::Test::kEquals;
      return read_list(value, "equals", true, [&](Node* item) {
        int64_t one = 0;
        into.is_null = is_word(item, "null") || llvm::isa_and_nonnull<yaml::NullNode>(item);
        if (!read_integer(item, one)) return false;
        into.values.push_back(one);
        return true;
      });
    }
    if (key == "negative" || key == "nonzero") {
      ++tests;
      bool on = false;
      if (!read_flag(value, on)) return false;
      if (!on) return fail(value, "'" + key + "' can only be true");
      into.test = key == "negative" ? Condition::Test::kNegative : Condition::Test::kAnyBit;
      return true;
    }
    return unknown_key(value, key, "a condition");
  });
  if (!read) return false;
  if (!has_argument) return fail(node, "a condition needs an 'argument'");
  if (tests != 1)
    return fail(node, "a condition has one of 'bit', 'equals', 'negative' and 'nonzero'");
  return true;
}

bool CatalogueReader::read_conditions(Node* node, std::vector<Condition>& into) {
  into.clear();
  return read_list(node, "conditions", true, [&](Node* item) {
    Condition condition;
    if (!read_condition(item, condition, nullptr)) return false;
    into.push_back(std::move(condition));
    return true;
  });
}

// Values of the timeout itself: "negative", or integers.
bool CatalogueReader::read_values(Node* node, std::vector<Condition>& into) {
  into.clear();
  Condition equals;
  const bool read = read_list(node, "values", true, [&](Node* item) {
    if (is_word(item, "negative")) {
      Condition negative;
      negative.test = Condition::Test::kNegative;
      into.push_back(negative);
      return true;
    }
    int64_t one = 0;
    if (!read_integer(item, one)) return false;
    equals.values.push_back(one);
    return true;
  });
  if (!equals.values.empty()) into.push_back(std::move(equals));
  return read;
}

bool CatalogueReader::read_constants(Node* node) {
  return read_map(node, "constants", [&](const std::string& header, Node* of_header) {
    return read_map(of_header, "a header's constants", [&](const std::string& name, Node* value) {
      int64_t number = 0;
      if (!read_integer(value, number)) return false;
      const auto known = catalogue_.constants_.find(name);
      if (constants_.contains(name) ||
          (known != catalogue_.constants_.end() && known->second.value != number)) {
        return fail(value, "the constant " + name + " already has a value");
      }
      constants_[name] = {number, header};
      return true;
    });
  });
}

bool CatalogueReader::read_system_calls(Node* node) {
  return read_map(node, "system_calls", [&](const std::string& architecture, Node* table) {
    if (architecture != "x86_64" && architecture != "aarch64") {
      return fail(table, "'" + architecture + "' is neither x86_64 nor aarch64");
    }
    return read_map(
        table, "an architecture's system calls", [&](const std::string& name, Node* value) {
          int64_t number = 0;
          if (!read_integer(value, number)) return false;
          if (!system_calls_[architecture].try_emplace(number, name).second) {
            return fail(value, "two system calls have number " + std::to_string(number));
          }
          return true;
        });
  });
}

bool CatalogueReader::read_blocking(Node* node, const BlockingFunction& defaults, int depth) {
  if (depth > kMaxGroupDepth) return fail(node, "groups of rows are nested too deeply");
  return read_list(node, depth == 0 ? "blocking" : "rows", false,
                   [&](Node* item) { return read_blocking_row(item, defaults, depth); });
}

// A row, or a group: what its rows share, and then `rows`.
bool CatalogueReader::read_blocking_row(Node* node, BlockingFunction row, int depth) {
  std::vector<std::string> names;
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
    return unknown_key(value, key, "a row of 'blocking'");
  });
  if (!read) return false;
  if (group) return true;
  return finish_blocking(node, row) && note_names(node, names, row, blocking_);
}

bool CatalogueReader::finish_blocking(const Node* node, BlockingFunction& row) {
  const bool timed = row.waits == Waits::kDuration || row.waits == Waits::kTimeout ||
                     row.waits == Waits::kDeadline;
  if (timed && row.unit == Unit::kNone)
    return fail(node, "a duration, timeout or deadline needs a 'unit'");
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
    if (key == "sends_at_once") return read_conditions(value, row.sends_at_once);
    return unknown_key(value, key, "a row of 'makers'");
  });
  return read && note_names(node, names, row, makers_);
}

bool CatalogueReader::read_option(Node* node) {
  HandleOption row;
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
    return unknown_key(value, key, "a row of 'options'");
  });
  if (!read) return false;
  if (effects != 1)
    return fail(node,
                "an option has one of 'nonblocking', 'timeout', 'timeout_pointer' and 'uses'");
  if (row.effect == HandleOption::Effect::kTimeout && row.unit == Unit::kNone)
    return fail(node, "a timeout needs a 'unit'");
  for (Condition& condition : row.infinite) condition.argument = row.value;
  to_unit(row.unit, row.infinite);
  return note_names(node, names, row, options_);
}

bool CatalogueReader::read_effect(Node* node) {
  CallEffect row;
  std::vector<std::string> names;
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
    if (key == "when") return read_conditions(value, row.when);
    if (key == "now") return read_argument(value, row.now);
    if (key == "unit") {
      int64_t unit_ns = 0;
      return read_unit(value, row.unit, unit_ns) &&
             (row.unit != Unit::kScaled || fail(value, "a time is in one of " + words_of(kUnits)));
    }
    return unknown_key(value, key, "a row of 'effects'");
  });
  if (!read) return false;
  if (row.now != -1 && row.unit == Unit::kNone) return fail(node, "'now' needs a 'unit'");
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

void CatalogueReader::commit() {
  for (auto& [name, constant] : constants_) catalogue_.constants_[name] = std::move(constant);
  for (auto& [architecture, table] : system_calls_) {
    for (auto& [number, name] : table)
      catalogue_.system_calls_[architecture][number] = std::move(name);
  }
  const auto put = [](auto& row, auto& rows, auto& by_name) {
    const auto [entry, added] = by_name.try_emplace(row.name, rows.size());
    if (added) {
      rows.push_back(std::move(row));
    } else {
      rows[entry->second] = std::move(row);
    }
    return added;
  };
  for (BlockingFunction& row : blocking_) {
    const bool glob = is_glob(row.name);
    // An overridden glob keeps its place: what a later file says more narrowly still wins.
    if (put(row, catalogue_.blocking_, catalogue_.by_name_) && glob) {
      catalogue_.globs_.push_back(catalogue_.blocking_.size() - 1);
    }
  }
  for (HandleMaker& row : makers_) put(row, catalogue_.makers_, catalogue_.makers_by_name_);
  for (CallEffect& row : effects_) put(row, catalogue_.effects_, catalogue_.effects_by_name_);
  for (HandleOption& row : options_) {
    catalogue_.options_by_name_.emplace(row.name, catalogue_.options_.size());
    catalogue_.options_.push_back(std::move(row));
  }
}

}  // namespace cgoscope
