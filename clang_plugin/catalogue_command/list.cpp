#include "clang_plugin/catalogue_command/list.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "clang_plugin/catalogue/catalogue_words.h"
#include "clang_plugin/catalogue/near_word.h"
#include "clang_plugin/catalogue_command/row_words.h"
#include "findings/glob.h"
#include "findings/printable.h"

namespace cgoscope {
namespace {

using Json = nlohmann::ordered_json;

// The row's severity, or what .cgoscope.yaml makes of it: its words are those of findings.
std::string severity_in_force(const RowsInForce& rows, const BlockingFunction& row) {
  const auto as_error = severity_under(rows.settings, "blocking-call", row.name, Severity::kError);
  const auto as_note = severity_under(rows.settings, "blocking-call", row.name, Severity::kNote);
  if (as_error != as_note) return severity_word(row.severity);  // nothing is said of it
  return as_error ? std::string(severity_name(*as_error)) : "off";
}

Json words(const std::vector<Condition>& conditions) {
  Json list = Json::array();
  for (const Condition& condition : conditions)
    list.push_back(condition_in_words(condition, nullptr));
  return list;
}

Json argument(int number) {
  if (number == kThisObject) return "this";
  if (number == kResult) return "result";
  if (number == kOneOfAKind) return "the-one";
  return number < 0 ? Json() : Json(number);
}

Json as_json(const RowsInForce& rows, const BlockingFunction& row) {
  const bool timed = row.waits != Waits::kAlways && row.waits != Waits::kLimited;
  Json json;
  json["function"] = row.name;
  json["library"] = row.library;
  json["header"] = row.header;
  json["category"] = row.category;
  json["severity"] = severity_in_force(rows, row);
  json["wait"] = wait_word(row.waits);
  json["argument"] = timed ? Json(row.argument) : Json();
  json["unit"] = timed ? Json(unit_word(row.unit, row.unit_ns)) : Json();
  json["limit_ms"] = row.limit_ms > 0 ? Json(row.limit_ms) : Json();
  json["infinite"] = words(row.infinite);
  json["blocking"] = words(row.blocking);
  json["nonblocking"] = words(row.nonblocking);
  json["handle"] = argument(row.handle);
  json["lock"] = argument(row.lock);
  json["instead"] = row.instead;
  json["source"] = row.source;
  json["file"] = row.place.file;
  json["line"] = row.place.line;
  return json;
}

std::string as_table(const RowsInForce& rows, const std::vector<const BlockingFunction*>& chosen) {
  size_t names = 8, libraries = 7, severities = 8;
  for (const BlockingFunction* row : chosen) {
    names = std::max(names, row->name.size());
    libraries = std::max(libraries, row->library.size());
    severities = std::max(severities, severity_in_force(rows, *row).size());
  }
  const auto line = [&](const std::string& name, const std::string& library,
                        const std::string& severity, const std::string& wait) {
    return fmt::format("{:<{}}  {:<{}}  {:<{}}  {}\n", printable(name), names, printable(library),
                       libraries, printable(severity), severities, printable(wait));
  };
  std::string text = line("FUNCTION", "LIBRARY", "SEVERITY", "WAITS");
  for (const BlockingFunction* row : chosen)
    text += line(row->name, row->library, severity_in_force(rows, *row), wait_in_short(*row));
  return text;
}

Error nothing_chosen(const RowsInForce& rows, const ListChoice& choice) {
  std::set<std::string> libraries, names;
  for (const BlockingFunction& row : rows.catalogue().blocking()) {
    libraries.insert(row.library);
    names.insert(row.name);
  }
  const bool library_known = std::any_of(
      libraries.begin(), libraries.end(),
      [&](const std::string& library) { return glob_matches(choice.library, library); });
  if (!library_known) {
    std::string all;
    for (const std::string& library : libraries) all += (all.empty() ? "" : ", ") + library;
    return {"--library " + choice.library, "no row is of such a library", "there are " + all};
  }
  const std::string near = near_word(choice.name, {names.begin(), names.end()});
  return {choice.name,
          choice.library == "*" ? "no row's name fits this"
                                : "no row of the library " + choice.library + " fits this",
          near.empty() ? "a glob has * for any text and ? for one character"
                       : "did you mean " + near + "?"};
}

}  // namespace

Result<std::string> list_rows(const RowsInForce& rows, const ListChoice& choice) {
  std::vector<const BlockingFunction*> chosen;
  for (const BlockingFunction& row : rows.catalogue().blocking()) {
    if (glob_matches(choice.name, row.name) && glob_matches(choice.library, row.library))
      chosen.push_back(&row);
  }
  if (chosen.empty()) return nothing_chosen(rows, choice);
  std::sort(chosen.begin(), chosen.end(), [](const auto* left, const auto* right) {
    return std::tie(left->library, left->name) < std::tie(right->library, right->name);
  });
  if (!choice.json) return as_table(rows, chosen);
  Json json;
  json["schema"] = "cgoscope/catalogue/1";
  json["tool"] = {{"name", "cgoscope-lint"}, {"version", CGOSCOPE_VERSION}};
  json["functions"] = Json::array();
  for (const BlockingFunction* row : chosen) json["functions"].push_back(as_json(rows, *row));
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace cgoscope
