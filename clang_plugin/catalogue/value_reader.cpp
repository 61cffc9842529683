#include "clang_plugin/catalogue/value_reader.h"

#include <charconv>
#include <utility>

#include "findings/duration.h"
#include "llvm/Support/Casting.h"

namespace cgoscope {
namespace {

namespace yaml = llvm::yaml;

constexpr int kMaxArgument = 31;
constexpr size_t kMaxNameBytes = 512;

}  // namespace

ValueReader::ValueReader(std::string_view yaml_text, std::string shown_as, const Constants& earlier)
    : YamlReader(yaml_text, std::move(shown_as), "see docs/catalogue.md"), earlier_(earlier) {}

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : ", ") + word;
  return text;
}

bool ValueReader::is_word(Node* node, const char* word) {
  auto* scalar = llvm::dyn_cast_or_null<yaml::ScalarNode>(node);
  return scalar && scalar->getRawValue() == word;
}

// A number, the name of a constant, "null", or several of these joined by "|". Numbers are decimal
// or hexadecimal, up to 64 bits either signed or not.
bool ValueReader::read_integer(Node* node, int64_t& into, std::string* written) {
  if (llvm::isa_and_nonnull<yaml::NullNode>(node)) {
    if (written) *written = "null";
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
    } else if (const auto known = earlier_.find(part); known != earlier_.end()) {
      one = static_cast<uint64_t>(known->second.value);
    } else {
      return fail(
          node,
          "'" + std::string(part) + "' is neither a number nor a constant listed under 'constants'",
          mend_for_constant(part));
    }
    value |= one;
    if (bar == std::string_view::npos) break;
    rest = rest.substr(bar + 1);
  }
  if (written) *written = text;
  into = static_cast<int64_t>(value);
  return true;
}

std::string ValueReader::mend_for_constant(std::string_view name) const {
  std::vector<std::string> names;
  for (const auto* constants : {&constants_, &earlier_}) {
    for (const auto& constant : *constants) names.push_back(constant.first);
  }
  const std::string near = near_word(name, names);
  if (!near.empty()) return "did you mean '" + near + "'?";
  return "write its value, or list it above: constants: {HEADER: {NAME: VALUE}}";
}

bool ValueReader::read_argument(Node* node, int& into) {
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

bool ValueReader::read_names(Node* node, std::vector<std::string>& into) {
  return read_list(node, "name", true, [&](Node* item) {
    std::string name;
    if (!read_text(item, name)) return false;
    if (name.empty() || name.size() > kMaxNameBytes)
      return fail(item, "a name has 1 to 512 characters");
    into.push_back(std::move(name));
    return true;
  });
}

// One of kUnits, or how long one is: "1280ms".
bool ValueReader::read_unit(Node* node, Unit& unit, int64_t& unit_ns) {
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
    return fail(node, "'" + text + "' is neither a duration like 100ns nor one of " +
                          joined(words_of(kUnits)));
  }
  unit = Unit::kScaled;
  unit_ns = *scale;
  return true;
}

// {argument: 2, bit: FLAG} {argument: 1, equals: [A, B], mask: M} {argument: 2, negative: true}
// {argument: 1, nonzero: true}; with `is_pointer` also {pointer: 2, …}, for a value that the
// argument points at.
bool ValueReader::read_condition(Node* node, Condition& into, bool* is_pointer) {
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
      if (!read_integer(value, mask, &into.written)) return false;
      into.mask = static_cast<uint64_t>(mask);
      return true;
    }
    if (key == "equals") {
      ++tests;
      into.test = Condition::Test::kEquals;
      return read_list(value, "equals", true, [&](Node* item) {
        int64_t one = 0;
        into.is_null = is_word(item, "null") || llvm::isa_and_nonnull<yaml::NullNode>(item);
        std::string written;
        if (!read_integer(item, one, &written)) return false;
        into.values.push_back(one);
        into.written += (into.written.empty() ? "" : ", ") + written;
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
    return unknown_key(value, key, "a condition",
                       {"argument", "field", "mask", "bit", "equals", "negative", "nonzero"});
  });
  if (!read) return false;
  if (!has_argument) return fail(node, "a condition needs an 'argument'");
  if (tests != 1)
    return fail(node, "a condition has one of 'bit', 'equals', 'negative' and 'nonzero'");
  return true;
}

bool ValueReader::read_conditions(Node* node, std::vector<Condition>& into) {
  into.clear();
  return read_list(node, "conditions", true, [&](Node* item) {
    Condition condition;
    if (!read_condition(item, condition, nullptr)) return false;
    into.push_back(std::move(condition));
    return true;
  });
}

// Values of the timeout itself: "negative", or integers.
bool ValueReader::read_values(Node* node, std::vector<Condition>& into) {
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
    std::string written;
    if (!read_integer(item, one, &written)) return false;
    equals.values.push_back(one);
    equals.written += (equals.written.empty() ? "" : ", ") + written;
    return true;
  });
  if (!equals.values.empty()) into.push_back(std::move(equals));
  return read;
}

bool ValueReader::read_constants(Node* node) {
  return read_map(node, "constants", [&](const std::string& header, Node* of_header) {
    return read_map(of_header, "a header's constants", [&](const std::string& name, Node* value) {
      int64_t number = 0;
      if (!read_integer(value, number)) return false;
      const auto known = earlier_.find(name);
      if (constants_.contains(name) || (known != earlier_.end() && known->second.value != number)) {
        return fail(value, "the constant " + name + " already has a value",
                    constants_.contains(name)
                        ? "list it once"
                        : "its value in <" + known->second.header + "> is " +
                              std::to_string(known->second.value) + ": use that, or another name");
      }
      constants_[name] = {number, header};
      return true;
    });
  });
}

}  // namespace cgoscope
