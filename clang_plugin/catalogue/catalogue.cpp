#include "clang_plugin/catalogue/catalogue.h"

#include <fstream>
#include <sstream>
#include <utility>

#include "clang_plugin/catalogue/built_in_rows.h"
#include "clang_plugin/catalogue/catalogue_reader.h"
#include "findings/glob.h"

namespace cgoscope {
namespace {

// A catalogue of a thousand functions is 200 kB; more than this is not one.
constexpr size_t kMaxFileBytes = size_t{4} << 20;

template <typename Row>
const Row* find_row(const std::vector<Row>& rows,
                    const std::map<std::string, size_t, std::less<>>& by_name,
                    std::string_view name) {
  const auto found = by_name.find(name);
  return found == by_name.end() ? nullptr : &rows[found->second];
}

}  // namespace

bool is_glob(std::string_view name) { return name.find_first_of("*?") != std::string_view::npos; }

Result<Catalogue> Catalogue::built_in() {
  Catalogue catalogue;
  for (const BuiltInRows& rows : built_in_rows()) {
    if (auto error = catalogue.add_text(rows.text, std::string(rows.file))) return *error;
  }
  return catalogue;
}

Result<std::string> Catalogue::read_text(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    return Error{"cannot open the catalogue " + path, "it is missing or not readable",
                 "check the path"};
  }
  std::string text;
  char buffer[65536];
  while (file.read(buffer, sizeof buffer) || file.gcount() > 0) {
    text.append(buffer, static_cast<size_t>(file.gcount()));
    if (text.size() > kMaxFileBytes) break;  // add_text refuses it
  }
  if (file.bad() || text.empty()) {
    return Error{"cannot read the catalogue " + path, "it is empty or not a file",
                 "check the path"};
  }
  return text;
}

std::optional<Error> Catalogue::add_file(const std::string& path, const std::string& named_in) {
  const auto text = read_text(path);
  if (!text) {
    Error error = text.error();
    error.hint += named_in.empty() ? " given to --catalogue" : " in " + named_in;
    return error;
  }
  auto error = add_text(*text, path);
  if (error && !named_in.empty()) error->hint += "; it is named in " + named_in;
  return error;
}

std::optional<Error> Catalogue::add_text(std::string_view yaml, const std::string& shown_as,
                                         std::vector<FileError>* all) {
  if (yaml.size() > kMaxFileBytes) {
    return Error{"cannot read the catalogue " + shown_as, "it is larger than 4 MiB",
                 "split it into several files"};
  }
  CatalogueReader reader(*this, yaml, shown_as);
  auto error = reader.read();
  if (all) *all = reader.errors();
  return error;
}

const BlockingFunction* Catalogue::find_blocking(std::string_view name) const {
  if (const auto* row = find_row(blocking_, by_name_, name)) return row;
  for (size_t i = globs_.size(); i-- > 0;) {
    const BlockingFunction& row = blocking_[globs_[i]];
    if (glob_matches(row.name, name)) return &row;
  }
  return nullptr;
}

const HandleMaker* Catalogue::find_maker(std::string_view name) const {
  return find_row(makers_, makers_by_name_, name);
}

std::vector<const HandleOption*> Catalogue::find_options(std::string_view name) const {
  std::vector<const HandleOption*> found;
  const auto [first, last] = options_by_name_.equal_range(name);
  for (auto at = first; at != last; ++at) found.push_back(&options_[at->second]);
  return found;
}

const CallEffect* Catalogue::find_effect(std::string_view name) const {
  return find_row(effects_, effects_by_name_, name);
}

std::string_view Catalogue::system_call_name(std::string_view architecture, int64_t number) const {
  const auto table = system_calls_.find(architecture);
  if (table == system_calls_.end()) return "";
  const auto name = table->second.find(number);
  return name == table->second.end() ? std::string_view() : name->second;
}

}  // namespace cgoscope
