// Clang's way of showing a place: the source line, and a caret below it.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "clang_plugin/report/chain.h"
#include "clang_plugin/report/report.h"
#include "clang_plugin/report/source_lines.h"
#include "findings/printable.h"

namespace cgoscope {
namespace {

constexpr size_t kMaxShownBytes = 160;  // of a source line

bool is_continuation(char byte) { return (static_cast<unsigned char>(byte) & 0xC0) == 0x80; }

class TextReport {
 public:
  explicit TextReport(const TextStyle& style) : style_(style) {}

  void add(const Finding& finding) {
    const ReportPlace at = place_of(finding);
    const std::string severity(severity_name(finding.severity));
    place(at.file, at.line, at.column);
    out_ += colour(severity_colour(finding.severity), severity + ":") + " " +
            colour(kBold, printable(finding.message)) + " [" + finding.rule + "]\n";
    source(at.file, at.line, at.column);
    for (const ReportPlace& step : chain_of(finding)) {
      place(step.file, step.line, step.column);
      out_ += colour(kCyan, "note:") + " " + printable(step.text) + "\n";
      source(step.file, step.line, step.column);
    }
    if (const std::string seen = seen_text(finding); !seen.empty())
      out_ += "  " + colour(kCyan, "seen:") + " " + seen + "\n";
    out_ += "  " + colour(kCyan, "advice:") + " " + printable(finding.advice) + "\n\n";
  }

  void add(const Problem& problem) {
    place(problem.file, problem.line, 0);
    out_ += colour(kMagenta, "not analysed:") + " " + printable(problem.message) + "\n";
  }

  void add(const std::vector<UnknownFunction>& unknown) {
    if (unknown.empty()) return;
    out_ += "library functions without a row in the catalogue, which count as not blocking:\n";
    const std::string* header = nullptr;
    for (const UnknownFunction& function : unknown) {
      if (!header || *header != function.header) {
        header = &function.header;
        out_ +=
            "  " + colour(kBold, header->empty() ? "declared nowhere" : printable(*header)) +
            (function.library_has_rows || header->empty() ? ""
                                                          : ", of whose library it has nothing") +
            "\n";
      }
      out_ += "    ";
      place(function.go.file, function.go.line, function.go.column);
      out_ += printable(function.go.call);
      if (function.go.call != "C." + function.name) out_ += " reaches " + printable(function.name);
      out_ += "\n";
    }
    out_ += "\n";
  }

  void add_note(const std::string& note) { out_ += "cgoscope-lint: " + printable(note) + "\n"; }

  std::string take() { return std::move(out_); }

 private:
  static constexpr const char* kBold = "1";
  static constexpr const char* kRed = "1;31";
  static constexpr const char* kMagenta = "1;35";
  static constexpr const char* kCyan = "1;36";
  static constexpr const char* kGreen = "1;32";

  static const char* severity_colour(Severity severity) {
    return severity == Severity::kError ? kRed : severity == Severity::kWarning ? kMagenta : kCyan;
  }

  std::string colour(const char* code, const std::string& text) const {
    return style_.colour ? fmt::format("\x1b[{}m{}\x1b[0m", code, text) : text;
  }

  void place(const std::string& file, int line, int column) {
    if (file.empty()) return;
    std::string text = printable(file);
    if (line > 0) text += fmt::format(":{}", line);
    if (line > 0 && column > 0) text += fmt::format(":{}", column);
    out_ += colour(kBold, text + ":") + " ";
  }

  // The line, and a caret under `column` unless that is 0. A long line is cut around the caret.
  void source(const std::string& file, int line, int column) {
    const auto text = lines_.line(file, line);
    if (!text) return;
    const size_t caret = column < 1 ? 0 : std::min(static_cast<size_t>(column) - 1, text->size());
    const auto starts_character = [&](size_t at) {
      return at == 0 || at >= text->size() || !is_continuation((*text)[at]);
    };
    size_t first = caret > kMaxShownBytes - 40 ? caret - 80 : 0;
    size_t last = std::min(first + kMaxShownBytes, text->size());
    // To the ends of characters, of which none has more than four bytes.
    for (int i = 0; i < 3 && !starts_character(first); ++i) --first;
    for (int i = 0; i < 3 && !starts_character(last); ++i) ++last;
    const std::string number = fmt::format("{:>5}", line);
    out_ +=
        fmt::format("{} | {}{}{}\n", number, first > 0 ? "..." : "",
                    printable(text->substr(first, last - first)), last < text->size() ? "..." : "");
    if (column < 1) return;
    std::string under(number.size(), ' ');
    under += first > 0 ? " |    " : " | ";
    for (const char byte : printable(text->substr(first, caret - first))) {
      if (!is_continuation(byte)) under += byte == '\t' ? '\t' : ' ';
    }
    out_ += under + colour(kGreen, "^") + "\n";
  }

  TextStyle style_;
  SourceLines lines_;
  std::string out_;
};

}  // namespace

std::string totals(const LintReport& report) {
  std::array<int, 3> counts{};
  for (const Finding& finding : report.findings) ++counts[static_cast<size_t>(finding.severity)];
  const auto many = [](int count, const char* one, const char* more) {
    return fmt::format("{} {}", count, count == 1 ? one : more);
  };
  const std::string found = report.findings.empty() ? "no findings"
                                                    : many(counts[2], "error", "errors") + ", " +
                                                          many(counts[1], "warning", "warnings") +
                                                          ", " + many(counts[0], "note", "notes");
  const LintStats& stats = report.stats;
  std::string lines =
      fmt::format("{} in {} with cgo: {}, {}, {}; {}.{:03} s\n", found,
                  many(stats.packages, "package", "packages"),
                  many(stats.go_call_sites, "call of C", "calls of C"),
                  many(stats.c_functions, "C function", "C functions"),
                  many(stats.translation_units, "translation unit", "translation units"),
                  stats.elapsed_ms / 1000, stats.elapsed_ms % 1000);
  if (!report.unknown.empty()) {
    const int count = static_cast<int>(report.unknown.size());
    lines += many(count, "library function is", "library functions are") +
             " unknown to the catalogue and " + (count == 1 ? "counts" : "count") +
             " as not blocking" + (report.lists_unknown ? "" : ": --unknown lists them") + "\n";
  }
  if (!report.errors.empty()) {
    lines += many(static_cast<int>(report.errors.size()), "problem", "problems") +
             " left part of the code unjudged (see above)\n";
  }
  return lines;
}

std::string render_text(const LintReport& report, const TextStyle& style) {
  TextReport text(style);
  for (const Finding& finding : report.findings) text.add(finding);
  for (const Problem& problem : report.errors) text.add(problem);
  if (report.lists_unknown) text.add(report.unknown);
  for (const std::string& note : report.notes) text.add_note(note);
  return text.take() + totals(report);
}

}  // namespace cgoscope
