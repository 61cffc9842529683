#include "clang_plugin/catalogue/catalogue_reader.h"

#include <utility>

namespace cgoscope {

CatalogueReader::CatalogueReader(Catalogue& catalogue, std::string_view yaml, std::string shown_as)
    : ValueReader(yaml, std::move(shown_as), catalogue.constants()), catalogue_(catalogue) {}

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
    return unknown_key(
        value, key, "a catalogue",
        {"library", "constants", "system_calls", "blocking", "makers", "options", "effects"});
  };
  if (auto error = read_document("a catalogue", on_key)) {
    if (const size_t more = errors().size() - 1; more > 0) {
      error->hint += "; `cgoscope-lint catalogue check` tells " +
                     (more == 1 ? "one more error" : std::to_string(more) + " more errors") +
                     " of this file";
    }
    return error;
  }
  commit();
  return std::nullopt;
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
