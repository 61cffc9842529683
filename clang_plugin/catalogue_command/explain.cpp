#include "clang_plugin/catalogue_command/explain.h"

#include <algorithm>

#include "clang_plugin/catalogue/near_word.h"
#include "clang_plugin/catalogue_command/header_check.h"
#include "clang_plugin/catalogue_command/row_words.h"
#include "findings/printable.h"

namespace cgoscope {
namespace {

constexpr size_t kMaxNearNames = 5;

// The rows of `name` that later files replaced, the latest first.
template <typename Row, typename Find>
std::string replaced(const RowsInForce& rows, const Row& in_force, Find find) {
  std::string text;
  RowPlace last = in_force.place;
  for (size_t i = rows.stages.size(); i-- > 0;) {
    const Row* row = find(rows.stages[i]);
    if (!row || (row->place.file == last.file && row->place.line == last.line)) continue;
    text += "  Replaces the row of " + place_in_words(row->place) + ": " +
            sentences(*row, nullptr).front() + "\n";
    last = row->place;
  }
  return text;
}

std::string lines(const std::vector<std::string>& sentences) {
  std::string text;
  for (const std::string& sentence : sentences) text += "  " + sentence + "\n";
  return text;
}

std::string settings_say(const RowsInForce& rows, const std::string& name) {
  const auto as_error = severity_under(rows.settings, "blocking-call", name, Severity::kError);
  const auto as_note = severity_under(rows.settings, "blocking-call", name, Severity::kNote);
  if (as_error != as_note) return "";
  return std::string("  .cgoscope.yaml sets its severity to ") +
         (as_error ? std::string(severity_name(*as_error)) : "off") + ".\n";
}

std::string blocking_part(const RowsInForce& rows, const std::string& name,
                          const BlockingFunction& row, const Prototype* prototype) {
  std::string text = lines(sentences(row, prototype)) + settings_say(rows, name);
  if (!row.instead.empty()) text += "  Advice: " + row.instead + ".\n";
  text += "  From " + place_in_words(row.place);
  if (row.name != name) text += ", by the glob " + row.name;
  if (!row.library.empty()) text += "; library " + row.library;
  if (!row.source.empty()) text += "; source: " + row.source;
  text += ".\n";
  return text + replaced(rows, row,
                         [&](const Catalogue& catalogue) { return catalogue.find_blocking(name); });
}

}  // namespace

std::optional<std::string> explain(const RowsInForce& rows, const std::string& name,
                                   const std::vector<std::string>& folders) {
  const Catalogue& catalogue = rows.catalogue();
  const BlockingFunction* blocking = catalogue.find_blocking(name);
  const HandleMaker* maker = catalogue.find_maker(name);
  const auto options = catalogue.find_options(name);
  const CallEffect* effect = catalogue.find_effect(name);
  if (!blocking && !maker && options.empty() && !effect) return std::nullopt;

  std::optional<Prototype> prototype;
  std::string declared;
  if (blocking && !blocking->header.empty()) {
    prototype = prototype_in(blocking->header, name, folders);
    if (prototype) declared = ": " + prototype->text + "  <" + blocking->header + ">";
  }
  const Prototype* shown = prototype ? &*prototype : nullptr;
  std::string text = name + declared + "\n";
  if (blocking) text += blocking_part(rows, name, *blocking, shown);
  if (maker) {
    text += lines(sentences(*maker, shown)) + "  From " + place_in_words(maker->place) + ".\n";
    text += replaced(rows, *maker, [&](const Catalogue& one) { return one.find_maker(name); });
  }
  for (const HandleOption* option : options)
    text += lines(sentences(*option, shown)) + "  From " + place_in_words(option->place) + ".\n";
  if (effect) {
    text += lines(sentences(*effect, shown)) + "  From " + place_in_words(effect->place) + ".\n";
    text += replaced(rows, *effect, [&](const Catalogue& one) { return one.find_effect(name); });
  }
  return text;
}

Error not_explained(const RowsInForce& rows, const std::string& name) {
  const std::vector<std::string> names = names_of(rows.catalogue());
  const std::string nearest = near_word(name, names);
  std::vector<std::string> near;
  if (!nearest.empty()) near.push_back(nearest);
  for (const std::string& one : names) {  // "mutex_lock" for pthread_mutex_lock
    if (near.size() >= kMaxNearNames || name.size() < 4) break;
    if (one != nearest && one.find(name) != std::string::npos) near.push_back(one);
  }
  std::string hint;
  for (const std::string& one : near) hint += (hint.empty() ? "" : ", ") + one;
  return {name, "no row is about it, so it counts as a function that does not block",
          hint.empty() ? "docs/catalogue.md says how to add a row" : "names near it: " + hint};
}

}  // namespace cgoscope
