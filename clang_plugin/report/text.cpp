// Clang's way of showing a place: the source line, and a caret below it. The names of files come
// from #line lines too, so a name may be any: only regular files are opened (opening a fifo would
// wait for ever, opening a watchdog's device would start it).
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <map>
#include <optional>

#include "clang_plugin/report/report.h"
#include "findings/printable.h"

namespace cgoscope {
namespace {

constexpr size_t kMaxFileBytes = size_t{64} << 20;
constexpr size_t kMaxCacheBytes = size_t{128} << 20;
constexpr size_t kMaxShownBytes = 160;  // of a source line

bool is_continuation(char byte) { return (static_cast<unsigned char>(byte) & 0xC0) == 0x80; }

// The lines of the files that findings are in.
class SourceLines {
 public:
  std::optional<std::string_view> line(const std::string& path, int number) {
    if (path.empty() || number < 1) return std::nullopt;
    const File& file = open(path);
    const auto index = static_cast<size_t>(number) - 1;
    if (index >= file.starts.size()) return std::nullopt;
    const size_t start = file.starts[index];
    const size_t end = std::min(file.text.find('\n', start), file.text.size());
    std::string_view line = std::string_view(file.text).substr(start, end - start);
    if (line.ends_with('\r')) line.remove_suffix(1);
    return line;
  }

 private:
  struct File {
    std::string text;
    std::vector<size_t> starts;
  };

  const File& open(const std::string& path) {
    if (const auto known = files_.find(path); known != files_.end()) return known->second;
    if (cached_bytes_ > kMaxCacheBytes) {
      files_.clear();
      cached_bytes_ = 0;
    }
    File file;
    std::error_code ignored;
    std::ifstream stream;
    if (std::filesystem::is_regular_file(path, ignored))
      stream.open(path, std::ios::binary | std::ios::ate);
    const auto size = stream.is_open() ? static_cast<std::streamoff>(stream.tellg()) : 0;
    if (size > 0 && static_cast<size_t>(size) <= kMaxFileBytes) {
      file.text.resize(static_cast<size_t>(size));
      stream.seekg(0);
      stream.read(file.text.data(), size);
      file.text.resize(static_cast<size_t>(std::max<std::streamsize>(stream.gcount(), 0)));
    }
    if (!file.text.empty()) file.starts.push_back(0);
    for (size_t at = file.text.find('\n'); at != std::string::npos;
         at = file.text.find('\n', at + 1)) {
      if (at + 1 < file.text.size()) file.starts.push_back(at + 1);
    }
    cached_bytes_ += file.text.size();
    return files_.emplace(path, std::move(file)).first->second;
  }

  std::map<std::string, File> files_;
  size_t cached_bytes_ = 0;
};

class TextReport {
 public:
  explicit TextReport(const TextStyle& style) : style_(style) {}

  void add(const Finding& finding) {
    const bool in_go = !finding.go.file.empty();
    const CPlace c = finding.c.value_or(CPlace{});
    const std::string& file = in_go ? finding.go.file : c.file;
    const int line = in_go ? finding.go.line : c.line;
    const int column = in_go ? finding.go.column : c.column;
    const std::string severity(severity_name(finding.severity));
    place(file, line, column);
    out_ += colour(severity_colour(finding.severity), severity + ":") + " " +
            colour(kBold, printable(finding.message)) + " [" + finding.rule + "]\n";
    source(file, line, column);
    for (size_t i = 0; i < finding.path.size(); ++i) {
      const PathStep& step = finding.path[i];
      const bool last = i + 1 == finding.path.size();
      const int step_column = last ? c.column : 0;
      place(step.file, step.line, step_column);
      std::string what =
          step.function +
          (last ? finding.rule == "busy-wait" ? " spins here" : " calls " + c.call + " here"
                : " calls " + finding.path[i + 1].function + " here");
      out_ += colour(kCyan, "note:") + " " + printable(what) + "\n";
      source(step.file, step.line, step_column);
    }
    out_ += "  " + colour(kCyan, "advice:") + " " + printable(finding.advice) + "\n\n";
  }

  void add(const Problem& problem) {
    place(problem.file, problem.line, 0);
    out_ += colour(kMagenta, "not analysed:") + " " + printable(problem.message) + "\n";
  }

  void add_note(const std::string& note) { out_ += "cgoscope-lint: " + printable(note) + "\n"; }

  void totals(const LintReport& report) {
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
    out_ += fmt::format("{} in {} with cgo: {}, {}, {}; {}.{:03} s\n", found,
                        many(stats.packages, "package", "packages"),
                        many(stats.go_call_sites, "call of C", "calls of C"),
                        many(stats.c_functions, "C function", "C functions"),
                        many(stats.translation_units, "translation unit", "translation units"),
                        stats.elapsed_ms / 1000, stats.elapsed_ms % 1000);
    if (!report.errors.empty()) {
      out_ += many(static_cast<int>(report.errors.size()), "problem", "problems") +
              " left part of the code unjudged (see above)\n";
    }
  }

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

std::string render_text(const LintReport& report, const TextStyle& style) {
  TextReport text(style);
  for (const Finding& finding : report.findings) text.add(finding);
  for (const Problem& problem : report.errors) text.add(problem);
  for (const std::string& note : report.notes) text.add_note(note);
  text.totals(report);
  return text.take();
}

}  // namespace cgoscope
