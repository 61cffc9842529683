#include "tests/lint/expectations.h"

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <regex>
#include <set>
#include <sstream>

#include "findings/duration.h"

namespace cgoscope {
namespace {

namespace fs = std::filesystem;

std::vector<std::string> lines_of(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);) {
    if (line.ends_with('\r')) line.pop_back();
    lines.push_back(std::move(line));
  }
  return lines;
}

std::string trimmed(std::string text) {
  const size_t first = text.find_first_not_of(" \t");
  if (first == std::string::npos) return "";
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

std::vector<std::string> split(const std::string& text, char at) {
  std::vector<std::string> parts;
  std::istringstream stream(text);
  for (std::string part; std::getline(stream, part, at);) parts.push_back(trimmed(part));
  return parts;
}

// Cuts ` word rest` off the end of `text`.
std::string take_clause(std::string& text, const std::string& word) {
  const size_t at = text.find(" " + word + " ");
  if (at == std::string::npos) return "";
  std::string rest = trimmed(text.substr(at + word.size() + 2));
  text.resize(at);
  return rest;
}

class MarkerReader {
 public:
  MarkerReader(Expectations& into, fs::path root) : into_(into), root_(std::move(root)) {}

  void read(const fs::path& path) {
    file_ = path.lexically_relative(root_).string();
    const std::vector<std::string> lines = lines_of(path);
    for (size_t i = 0; i < lines.size(); ++i) {
      // Only a line with a marker is given to the regular expression: others may be of any length.
      if (lines[i].find(" expect") == std::string::npos &&
          lines[i].find("// lint: ") == std::string::npos)
        continue;
      if (lines[i].size() < 2000) read_line(lines[i], static_cast<int>(i) + 1);
    }
  }

 private:
  void read_line(const std::string& text, int line) {
    static const std::regex kMarker(
        R"((?://|#) (expect|expect-error|expect-note|expect-unknown|lint)(@[+-][0-9]+)?(\([^)]*\))?: (.*))");
    std::smatch match;
    if (!std::regex_search(text, match, kMarker)) {
      if (text.find("// expect") != std::string::npos) malformed(text, line);
      return;
    }
    if (match[2].matched) line += std::stoi(match.str(2).substr(1));
    const std::string kind = match.str(1);
    if (kind == "expect") {
      for (const std::string& one : split(match.str(4), '|')) add_finding(one, line);
    } else if (kind == "expect-unknown") {
      for (const std::string& one : split(match.str(4), '|'))
        into_.unknown.push_back({file_, line, one});
    } else if (kind == "expect-note") {
      into_.notes.push_back(match.str(4));
    } else if (kind == "lint") {
      for (const std::string& option : split(match.str(4), ' ')) set_option(option, line);
    } else if (match[3].matched) {
      std::string name = match.str(3);
      name = name.substr(1, name.size() - 2);
      into_.errors.push_back({name, 0, trimmed(match.str(4))});
    } else {
      into_.errors.push_back({file_, line, trimmed(match.str(4))});
    }
  }

  void add_finding(std::string text, int line) {
    ExpectedFinding finding;
    finding.file = file_;
    finding.line = line;
    finding.path = take_clause(text, "via");
    finding.function = take_clause(text, "from");
    finding.text = text;
    static const std::regex kText(
        R"((\w+\.)?\w+ [\w:~-]+ (unbounded|variable|bounded [0-9a-z.]+) (error|warning|note)|unused-suppression (error|warning|note))");
    if (!std::regex_match(text, kText)) return malformed(text, line);
    into_.findings.push_back(std::move(finding));
  }

  void set_option(const std::string& option, int line) {
    const size_t equals = option.find('=');
    const std::string name = option.substr(0, equals);
    const std::string value = equals == std::string::npos ? "" : option.substr(equals + 1);
    if (name == "go") {
      into_.needs_go = true;
    } else if (name == "across") {
      into_.options.across_packages = true;
    } else if (name == "tags") {
      into_.options.tags = split(value, ',');
    } else if (name == "catalogue") {
      into_.options.catalogue.push_back((root_ / value).string());
    } else if (name == "threshold") {
      const auto duration = parse_duration_ns(value);
      if (!duration) return malformed(option, line);
      into_.options.threshold_ns = *duration;
    } else {
      malformed(option, line);
    }
  }

  void malformed(const std::string& text, int line) {
    into_.malformed.push_back(file_ + ":" + std::to_string(line) + ": not understood: " + text);
  }

  Expectations& into_;
  fs::path root_;
  std::string file_;
};

// As the markers name it: relative to the fixture's folder.
std::string shown_file(const std::string& reported, const std::string& root) {
  if (reported.empty()) return "";
  return fs::absolute(reported).lexically_normal().lexically_relative(root).string();
}

struct Place {
  std::string file;
  int line = 0;
  int column = 0;
};

// Where the marker stands that expects `finding`.
Place marked_place(const Finding& finding) {
  if (finding.c && !finding.c->file.empty())
    return {finding.c->file, finding.c->line, finding.c->column};
  return {finding.go.file, finding.go.line, finding.go.column};
}

std::string path_text(const Finding& finding) {
  std::string text;
  for (const PathStep& step : finding.path) text += (text.empty() ? "" : " > ") + step.function;
  return text;
}

bool fits(const ExpectedFinding& expected, const Finding& finding, const std::string& root) {
  const Place place = marked_place(finding);
  if (expected.line != place.line || expected.text != expectation_text(finding)) return false;
  if (expected.file != shown_file(place.file, root)) return false;
  if (!expected.function.empty() && !finding.go.function.ends_with("." + expected.function))
    return false;
  return expected.path.empty() || expected.path == path_text(finding);
}

bool fits(const ExpectedError& expected, const Problem& problem, const std::string& root) {
  const bool line_fits = expected.line == 0 || problem.line == 0 || problem.line == expected.line;
  return line_fits && shown_file(problem.file, root) == expected.file &&
         problem.message.find(expected.text) != std::string::npos;
}

bool fits(const Expectations::Unknown& expected, const UnknownFunction& found,
          const std::string& root) {
  const std::string header = found.header.find(expected.file) == std::string::npos
                                 ? found.header
                                 : shown_file(found.header, root);
  return expected.line == found.go.line && expected.file == shown_file(found.go.file, root) &&
         expected.text == found.name + " " + header + (found.library_has_rows ? " known" : "");
}

bool is_name_byte(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

// The places, 1-based, at which `name` stands in `text` as a whole word, before any marker.
std::set<int> columns_of(const std::string& text, const std::string& name) {
  std::set<int> columns;
  const std::string line = text.substr(0, text.find("// expect"));
  for (size_t at = line.find(name); !name.empty() && at != std::string::npos;
       at = line.find(name, at + 1)) {
    const bool starts = at == 0 || !is_name_byte(line[at - 1]);
    const bool ends = at + name.size() >= line.size() || !is_name_byte(line[at + name.size()]);
    if (starts && ends) columns.insert(static_cast<int>(at) + 1);
  }
  return columns;
}

// What is wrong with a place at which `name` is called; `name` may stand elsewhere: behind a macro,
// a function pointer, a destructor.
std::string wrong_place(const Place& place, const std::string& name, bool must_stand_there) {
  const std::string shown =
      place.file + ":" + std::to_string(place.line) + ":" + std::to_string(place.column);
  const std::vector<std::string> lines = lines_of(place.file);
  if (place.line < 1 || static_cast<size_t>(place.line) > lines.size())
    return shown + ": no such line\n";
  const std::string& line = lines[static_cast<size_t>(place.line) - 1];
  if (place.column < 1 || static_cast<size_t>(place.column) > line.size())
    return shown + ": no such column\n";
  const std::set<int> columns = columns_of(line, name);
  if (columns.contains(place.column) || (columns.empty() && !must_stand_there)) return "";
  return shown + ": " + name + " does not stand at this column of: " + line + "\n";
}

}  // namespace

Expectations read_expectations(const std::string& fixture) {
  Expectations expectations;
  const fs::path path(fixture);
  if (!fs::is_directory(path)) {
    MarkerReader(expectations, path.parent_path()).read(path);
    return expectations;
  }
  MarkerReader reader(expectations, path);
  std::vector<fs::path> files;
  for (const auto& entry : fs::recursive_directory_iterator(path)) {
    if (entry.is_regular_file() && !entry.is_symlink()) files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  for (const fs::path& file : files) reader.read(file);
  return expectations;
}

std::string expectation_text(const Finding& finding) {
  const std::string severity(severity_name(finding.severity));
  if (finding.rule == "unused-suppression") return finding.rule + " " + severity;
  const std::string call = finding.rule == "busy-wait" ? finding.rule
                           : finding.c                 ? finding.c->call
                                                       : "?";
  std::string text = finding.go.call + " " + call + " " +
                     (finding.bound ? std::string(bound_name(*finding.bound)) : "?");
  if (finding.bound_ms) text += " " + format_duration_ns(*finding.bound_ms * 1000000);
  return text + " " + severity;
}

std::string differences(const Expectations& expected, const LintReport& report,
                        const std::string& root) {
  std::ostringstream out;
  for (const std::string& text : expected.malformed) out << text << "\n";
  const auto at = [](const std::string& file, int line) {
    return file + ":" + std::to_string(line) + ": ";
  };

  std::vector<const Finding*> left;
  for (const Finding& finding : report.findings) left.push_back(&finding);
  for (const ExpectedFinding& one : expected.findings) {
    const auto found = std::find_if(left.begin(), left.end(), [&](const Finding* finding) {
      return fits(one, *finding, root);
    });
    if (found != left.end()) {
      left.erase(found);
      continue;
    }
    out << "- " << at(one.file, one.line) << one.text
        << (one.function.empty() ? "" : " from " + one.function)
        << (one.path.empty() ? "" : " via " + one.path) << "\n";
  }
  for (const Finding* finding : left) {
    const Place place = marked_place(*finding);
    out << "+ " << at(shown_file(place.file, root), place.line) << expectation_text(*finding)
        << " from " << finding->go.function << " via " << path_text(*finding) << " (Go line "
        << finding->go.line << ")\n";
  }

  std::vector<const Problem*> problems;
  for (const Problem& problem : report.errors) problems.push_back(&problem);
  for (const ExpectedError& one : expected.errors) {
    const auto found = std::find_if(problems.begin(), problems.end(), [&](const Problem* problem) {
      return fits(one, *problem, root);
    });
    if (found != problems.end())
      problems.erase(found);
    else
      out << "- error: " << at(one.file, one.line) << one.text << "\n";
  }
  for (const Problem* problem : problems) {
    out << "+ error: " << at(shown_file(problem->file, root), problem->line) << problem->message
        << "\n";
  }
  if (!expected.unknown.empty()) {
    std::vector<UnknownFunction> unknown = report.unknown;
    for (const Expectations::Unknown& one : expected.unknown) {
      const auto found = std::find_if(unknown.begin(), unknown.end(), [&](const auto& function) {
        return fits(one, function, root);
      });
      if (found != unknown.end())
        unknown.erase(found);
      else
        out << "- unknown: " << at(one.file, one.line) << one.text << "\n";
    }
    for (const UnknownFunction& one : unknown)
      out << "+ unknown: " << at(shown_file(one.go.file, root), one.go.line) << one.name << " "
          << one.header << (one.library_has_rows ? " known" : "") << "\n";
  }
  for (const std::string& note : expected.notes) {
    const bool found =
        std::any_of(report.notes.begin(), report.notes.end(),
                    [&](const std::string& said) { return said.find(note) != std::string::npos; });
    if (!found) out << "- note: " << note << "\n";
  }
  return out.str();
}

std::string malformed_findings(const LintReport& report) {
  std::string wrong;
  std::set<std::string> ids;
  for (const Finding& finding : report.findings) {
    const std::string shown = expectation_text(finding);
    if (!ids.insert(finding.id).second)
      wrong += shown + ": its id is another's, " + finding.id + "\n";
    if (finding.message.empty() || finding.advice.empty())
      wrong += shown + ": no message or no advice\n";
    if (finding.rule == "unused-suppression") {
      const Place place = marked_place(finding);
      const std::vector<std::string> lines = lines_of(place.file);
      const auto line = static_cast<size_t>(place.line);
      if (place.line < 1 || line > lines.size() || place.column < 1 ||
          lines[line - 1].rfind("//", lines[line - 1].find("cgoscope:allow")) !=
              static_cast<size_t>(place.column) - 1)
        wrong += shown + ": not the place of a //cgoscope:allow\n";
      continue;
    }
    wrong += wrong_place({finding.go.file, finding.go.line, finding.go.column},
                         finding.go.call.substr(0, finding.go.call.find('.')), true);
    if (finding.bound_ms.has_value() != (finding.bound == Bound::kBounded))
      wrong += shown + ": its bound and duration do not agree\n";
    if (!finding.c || finding.c->file.empty()) continue;
    const std::string& call = finding.c->call;
    const size_t colons = call.rfind("::");
    wrong += wrong_place({finding.c->file, finding.c->line, finding.c->column},
                         colons == std::string::npos ? call : call.substr(colons + 2), false);
    if (finding.path.empty() || finding.path.back().function != finding.c->function)
      wrong += shown + ": its path does not end in its place\n";
  }
  return wrong;
}

}  // namespace cgoscope
