// Reads the values of a file of rows: integers and names of constants, arguments, units, words,
// conditions. docs/catalogue.md describes them.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "clang_plugin/catalogue/catalogue.h"
#include "clang_plugin/catalogue/catalogue_words.h"
#include "clang_plugin/catalogue/near_word.h"
#include "clang_plugin/catalogue/yaml_reader.h"

namespace cgoscope {

class ValueReader : public YamlReader {
 public:
  using Constants = std::map<std::string, Constant, std::less<>>;
  // `earlier`: the constants of the files before this one. It must outlive this.
  ValueReader(std::string_view yaml, std::string shown_as, const Constants& earlier);

 protected:
  // `written`: is set to the text of it.
  bool read_integer(Node* node, int64_t& into, std::string* written = nullptr);
  bool read_argument(Node* node, int& into);
  bool read_names(Node* node, std::vector<std::string>& into);
  bool read_unit(Node* node, Unit& unit, int64_t& unit_ns);
  bool read_conditions(Node* node, std::vector<Condition>& into);
  bool read_condition(Node* node, Condition& into, bool* is_pointer);
  bool read_values(Node* node, std::vector<Condition>& into);
  bool read_constants(Node* node);
  template <typename Enum, size_t kCount>
  bool read_word(Node* node, const std::pair<const char*, Enum> (&words)[kCount], Enum& into);

  static bool is_word(Node* node, const char* word);

  Constants constants_;  // of this file

 private:
  std::string mend_for_constant(std::string_view name) const;

  const Constants& earlier_;
};

// "a, b, c"
std::string joined(const std::vector<std::string>& words);

template <typename Enum, size_t kCount>
bool ValueReader::read_word(Node* node, const std::pair<const char*, Enum> (&words)[kCount],
                            Enum& into) {
  std::string text;
  if (!read_text(node, text)) return false;
  for (const auto& [word, value] : words) {
    if (text == word) {
      into = value;
      return true;
    }
  }
  const std::vector<std::string> known = words_of(words);
  const std::string near = near_word(text, known);
  return fail(node, "'" + text + "' is none of " + joined(known),
              near.empty() ? "" : "did you mean '" + near + "'?");
}

}  // namespace cgoscope
