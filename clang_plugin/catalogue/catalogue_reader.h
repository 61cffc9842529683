// Reads one YAML file of rows into a catalogue. docs/catalogue.md describes the keys.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "clang_plugin/catalogue/catalogue.h"
#include "clang_plugin/catalogue/value_reader.h"
#include "findings/result.h"

namespace cgoscope {

class CatalogueReader : private ValueReader {
 public:
  CatalogueReader(Catalogue& catalogue, std::string_view yaml, std::string shown_as);
  // Adds everything, or nothing and says what is wrong with the first wrong thing; errors()
  // has all of them.
  std::optional<Error> read();
  using ValueReader::errors;

 private:
  RowPlace place_of(const Node* node) const;
  bool read_system_calls(Node* node);
  bool read_blocking(Node* node, const BlockingFunction& defaults, int depth);
  bool read_blocking_row(Node* node, BlockingFunction row, int depth);
  bool finish_blocking(const Node* node, BlockingFunction& row);
  bool read_maker(Node* node);
  bool read_option(Node* node);
  bool read_effect(Node* node);

  template <typename Row>
  bool note_names(const Node* node, const std::vector<std::string>& names, const Row& row,
                  std::vector<Row>& into);
  void commit();

  Catalogue& catalogue_;
  std::string library_;

  // What the file adds.
  std::map<std::string, std::map<int64_t, std::string>, std::less<>> system_calls_;
  std::vector<BlockingFunction> blocking_;
  std::vector<HandleMaker> makers_;
  std::vector<HandleOption> options_;
  std::vector<CallEffect> effects_;
  std::map<std::string, int, std::less<>>
      seen_;  // "blocking read" → 1: a name twice in a list of one file is a mistake
};

}  // namespace cgoscope
