// GitHub's runner takes lines of a step's output that begin with "::" as commands, and shows
// ::error, ::warning and ::notice beside the code, ten of each for a step. In the text behind the
// second "::", percent signs and line ends are written as %25, %0D, %0A; in the properties before
// it, colons and commas too. (docs.github.com, "Workflow commands for GitHub Actions"; the escapes
// are those of @actions/core's command.ts.)
#include <fmt/format.h>

#include <string>
#include <string_view>

#include "clang_plugin/report/chain.h"
#include "clang_plugin/report/report.h"
#include "clang_plugin/report/source_lines.h"
#include "findings/printable.h"

namespace cgoscope {
namespace {

std::string escaped(std::string_view text, std::string_view special) {
  std::string result;
  for (const char byte : text) {
    if (special.find(byte) != special.npos) {
      result += fmt::format("%{:02X}", static_cast<unsigned char>(byte));
    } else {
      result += byte;
    }
  }
  return printable(result);  // the log is read on terminals too
}

std::string text_of(std::string_view text) { return escaped(text, "%\r\n"); }

std::string command(const char* name, const std::string& properties, const std::string& text) {
  return fmt::format("::{}{}{}::{}\n", name, properties.empty() ? "" : " ", properties, text);
}

void add_property(std::string& properties, const char* name, const std::string& value) {
  properties +=
      fmt::format("{}{}={}", properties.empty() ? "" : ",", name, escaped(value, "%\r\n:,"));
}

std::string properties_of(const ReportPlace& place, const std::string& title, SourceLines& lines) {
  std::string properties;
  if (!place.file.empty()) add_property(properties, "file", place.file);
  if (!place.file.empty() && place.line > 0) {
    const Columns columns = columns_of(place, lines);
    add_property(properties, "line", std::to_string(place.line));
    add_property(properties, "endLine", std::to_string(place.line));
    if (columns.first > 0) add_property(properties, "col", std::to_string(columns.first));
    if (columns.behind > 0) add_property(properties, "endColumn", std::to_string(columns.behind));
  }
  add_property(properties, "title", title);
  return properties;
}

const char* command_for(Severity severity) {
  switch (severity) {
    case Severity::kNote:
      return "notice";
    case Severity::kWarning:
      return "warning";
    case Severity::kError:
      break;
  }
  return "error";
}

std::string text_of(const Finding& finding) {
  std::string text = finding.message;
  for (const ReportPlace& step : chain_of(finding))
    text += fmt::format("\n{}:{}: {}", step.file, step.line, step.text);
  if (const std::string seen = seen_text(finding); !seen.empty()) text += "\nseen: " + seen;
  return text_of(text + "\nadvice: " + finding.advice);
}

}  // namespace

std::string render_github(const LintReport& report) {
  SourceLines lines;
  std::string out;
  for (const Finding& finding : report.findings) {
    const std::string title = "cgoscope-lint " + finding.rule;
    out += command(command_for(finding.severity), properties_of(place_of(finding), title, lines),
                   text_of(finding));
  }
  for (const Problem& problem : report.errors) {
    const ReportPlace place{problem.file, problem.line, 0, "", "", ""};
    out += command("warning", properties_of(place, "cgoscope-lint not analysed", lines),
                   text_of(problem.message));
  }
  for (const std::string& note : report.notes)
    out += command("notice", "title=cgoscope-lint", text_of(note));
  return out + totals(report);
}

}  // namespace cgoscope
