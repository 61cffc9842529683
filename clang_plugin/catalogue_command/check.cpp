#include "clang_plugin/catalogue_command/check.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "clang_plugin/catalogue/near_word.h"
#include "clang_plugin/catalogue_command/header_check.h"
#include "clang_plugin/catalogue_command/row_words.h"
#include "findings/glob.h"
#include "findings/printable.h"

namespace cgoscope {
namespace {

constexpr size_t kMaxShownNames = 5;
constexpr std::string_view kSystemCall = "syscall:";

// "a, b, c and 4 more"
std::string some_of(const std::vector<std::string>& names) {
  std::string text;
  for (size_t i = 0; i < std::min(names.size(), kMaxShownNames); ++i)
    text += (i > 0 ? ", " : "") + names[i];
  if (names.size() > kMaxShownNames)
    text += " and " + std::to_string(names.size() - kMaxShownNames) + " more";
  return text;
}

// Looks at the rows that one file has added.
class FileCheck {
 public:
  FileCheck(const Catalogue& before, const Catalogue& after, std::string path,
            const std::vector<std::string>& folders)
      : before_(before), after_(after), path_(std::move(path)), folders_(folders) {}

  CheckedFile run() {
    check_rows(after_.makers(),
               [&](const auto& row) { note_replaced(row, before_.find_maker(row.name)); });
    check_rows(after_.effects(),
               [&](const auto& row) { note_replaced(row, before_.find_effect(row.name)); });
    check_rows(after_.options(), [](const auto&) {});
    check_rows(after_.blocking(), [&](const BlockingFunction& row) { check_blocking(row); });
    if (result_.rows == 0)
      remark(Severity::kWarning, {path_, 0, 0}, "it adds no row",
             "a row of 'blocking' says how a function waits");
    check_headers();
    std::stable_sort(
        result_.remarks.begin(), result_.remarks.end(),
        [](const Remark& left, const Remark& right) { return left.line < right.line; });
    return std::move(result_);
  }

 private:
  template <typename Row, typename Check>
  void check_rows(const std::vector<Row>& rows, Check check) {
    for (const Row& row : rows) {
      if (row.place.file != path_) continue;
      ++result_.rows;
      check(row);
    }
  }

  void remark(Severity severity, const RowPlace& place, std::string message,
              std::string advice = "") {
    result_.remarks.push_back(
        {severity, place.file, place.line, place.column, std::move(message), std::move(advice)});
  }

  template <typename Row>
  void note_replaced(const Row& row, const Row* earlier) {
    if (!earlier || earlier->name != row.name) return;
    remark(Severity::kNote, row.place,
           row.name + " replaces the row of " + place_in_words(earlier->place));
  }

  void check_blocking(const BlockingFunction& row) {
    note_replaced(row, before_.find_blocking(row.name));
    if (is_glob(row.name)) {
      check_glob(row);
    } else if (row.name.starts_with(kSystemCall)) {
      check_system_call(row);
    }
    if (row.header.empty()) return;
    if (!is_header_name(row.header)) {
      remark(Severity::kWarning, row.place, "'" + row.header + "' is no header's name",
             "name it as #include does between < and >");
      return;
    }
    by_header_[{row.header, is_cxx_name(row.name)}].push_back(&row);
  }

  // A glob yields to whole names and to later globs.
  void check_glob(const BlockingFunction& row) {
    std::vector<std::string> exact;
    for (const BlockingFunction& other : after_.blocking()) {
      if (&other == &row || !glob_matches(row.name, other.name)) continue;
      if (!is_glob(other.name)) exact.push_back(other.name);
    }
    for (const BlockingFunction& other : after_.blocking()) {
      // What has no '?' and fits a glob's own text fits all that the glob fits.
      const bool covers = &other != &row && is_glob(other.name) &&
                          other.name.find('?') == std::string::npos &&
                          glob_matches(other.name, row.name) && &other > &row;
      if (!covers) continue;
      remark(Severity::kWarning, row.place,
             row.name + " is never used: the later row " + other.name + " (" +
                 place_in_words(other.place) + ") fits all that it fits",
             "put the narrower glob behind the wider one");
      return;
    }
    if (!exact.empty())
      remark(Severity::kNote, row.place,
             "rows of whole names win over " + row.name + ": " + some_of(exact));
  }

  void check_system_call(const BlockingFunction& row) {
    const std::string name = row.name.substr(kSystemCall.size());
    std::vector<std::string> known;
    for (const auto& [architecture, calls] : after_.system_calls()) {
      for (const auto& [number, call] : calls) {
        if (call == name) return;
        known.push_back(call);
      }
    }
    const std::string near = near_word(name, known);
    remark(Severity::kWarning, row.place, row.name + " is never used: no number is listed for it",
           near.empty() ? "list it under 'system_calls'" : "did you mean syscall:" + near + "?");
  }

  void check_headers() {
    std::map<std::string, std::vector<std::string>> constants;
    for (const auto& [name, constant] : after_.constants()) {
      const bool own = !before_.constants().contains(name);
      const bool plain = std::all_of(name.begin(), name.end(), [](unsigned char byte) {
        return std::isalnum(byte) || byte == '_';
      });
      if (own && plain && is_header_name(constant.header)) {
        constants[constant.header].push_back(name);
        by_header_[{constant.header, false}];
      }
    }
    for (const auto& [header, rows] : by_header_) {
      HeaderQuestions questions;
      questions.header = header.first;
      questions.is_cxx = header.second;
      questions.folders = folders_;
      questions.before = included_before(header.first);
      for (const BlockingFunction* row : rows) questions.functions.insert(row->name);
      if (!header.second) questions.constants = constants[header.first];
      const HeaderDeclarations found = read_header(questions);
      if (!found.is_there) {
        remark(Severity::kNote, rows.empty() ? RowPlace{path_, 0, 0} : rows.front()->place,
               "<" + header.first +
                   "> was not found or cannot be read, so nothing was compared "
                   "with it",
               "name its folder with -I");
        continue;
      }
      for (const BlockingFunction* row : rows) compare(*row, header.first, found);
      for (const std::string& name : questions.constants) compare(name, header.first, found);
    }
  }

  void compare(const BlockingFunction& row, const std::string& header,
               const HeaderDeclarations& found) {
    ++result_.compared;
    if (is_glob(row.name)) {
      const bool fits = std::any_of(found.names.begin(), found.names.end(),
                                    [&](const auto& name) { return glob_matches(row.name, name); });
      if (!fits)
        remark(Severity::kWarning, row.place, row.name + " fits no function of <" + header + ">",
               "check the glob: * is any text, ? one character");
      return;
    }
    const std::string wrong = mismatch(row, found);
    if (wrong.empty()) return;
    const std::string near = near_word(row.name, {found.names.begin(), found.names.end()});
    const bool absent = !found.functions.contains(row.name) && !near.empty();
    remark(Severity::kWarning, row.place, row.name + " of <" + header + ">: " + wrong,
           absent ? "did you mean " + near + "?" : "");
  }

  void compare(const std::string& name, const std::string& header,
               const HeaderDeclarations& found) {
    const auto value = found.constants.find(name);
    const int64_t listed = after_.constants().at(name).value;
    if (value == found.constants.end()) {
      remark(Severity::kWarning, {path_, 0, 0}, name + " has no value in <" + header + ">");
    } else if (static_cast<int64_t>(value->second) != listed) {
      remark(Severity::kWarning, {path_, 0, 0},
             name + " is " + std::to_string(static_cast<int64_t>(value->second)) + " in <" +
                 header + ">, and " + std::to_string(listed) + " here");
    }
  }

  const Catalogue& before_;
  const Catalogue& after_;
  std::string path_;
  const std::vector<std::string>& folders_;
  std::map<std::pair<std::string, bool>, std::vector<const BlockingFunction*>> by_header_;
  CheckedFile result_;
};

}  // namespace

Result<CheckedFile> check_file(const std::string& path, Catalogue& catalogue,
                               const std::vector<std::string>& folders) {
  const auto text = Catalogue::read_text(path);
  if (!text) return text.error();
  const Catalogue before = catalogue;
  std::vector<FileError> errors;
  if (const auto error = catalogue.add_text(*text, path, &errors)) {
    CheckedFile checked;
    for (const FileError& one : errors)
      checked.remarks.push_back({Severity::kError, path, one.line, one.column, one.why, one.mend});
    if (errors.empty()) return *error;
    return checked;
  }
  return FileCheck(before, catalogue, path, folders).run();
}

std::string render(const Remark& remark) {
  std::string text = printable(remark.file);
  if (remark.line > 0) text += ":" + std::to_string(remark.line);
  if (remark.line > 0 && remark.column > 0) text += ":" + std::to_string(remark.column);
  text +=
      ": " + std::string(severity_name(remark.severity)) + ": " + printable(remark.message) + "\n";
  if (!remark.advice.empty()) text += "  advice: " + printable(remark.advice) + "\n";
  return text;
}

}  // namespace cgoscope
