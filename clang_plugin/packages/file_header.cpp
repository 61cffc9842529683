#include "clang_plugin/packages/file_header.h"

#include <algorithm>
#include <vector>

#include "clang_plugin/packages/preamble.h"

namespace cgoscope {
namespace {

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\r\n\v\f";
  const size_t first = text.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

std::vector<std::string_view> words_of(std::string_view text) {
  std::vector<std::string_view> words;
  for (text = trimmed(text); !text.empty(); text = trimmed(text)) {
    words.push_back(text.substr(0, text.find_first_of(" \t\r\v\f")));
    text.remove_prefix(words.back().size());
  }
  return words;
}

struct ImportSpec {
  size_t first_token = 0;
  size_t path_token = GoSource::kNone;
  std::string_view name;
};

std::string package_name_of(std::string_view path) {
  auto last_element = [](std::string_view of) { return of.substr(of.rfind('/') + 1); };
  std::string_view last = last_element(path);
  const bool version = last.size() > 1 && last[0] == 'v' &&
                       last.find_first_not_of("0123456789", 1) == std::string_view::npos;
  if (version && last.size() < path.size()) {
    last = last_element(path.substr(0, path.size() - last.size() - 1));
  }
  return std::string(last);
}

class HeaderReader {
 public:
  HeaderReader(const GoSource& source, GoFile& file) : source_(source), file_(file) {}

  size_t read() {
    if (source_.is(0, "package") && source_.is_identifier(1)) {
      file_.package_name = source_.text(1);
      next_ = 2;
    } else {
      complain(0, "no package clause");
    }
    skip_semicolons();
    while (source_.is(next_, "import")) {
      read_declaration();
      skip_semicolons();
    }
    return next_;
  }

 private:
  void complain(size_t token, std::string message) {
    file_.problems.push_back({file_.path, source_.line(token), std::move(message)});
  }
  void skip_semicolons() {
    while (source_.is_semicolon(next_)) ++next_;
  }

  // Takes one spec in front of `end` and what trails it up to the semicolon.
  ImportSpec read_spec(size_t end) {
    ImportSpec spec;
    spec.first_token = next_;
    if (source_.is_identifier(next_) || source_.is(next_, ".")) spec.name = source_.text(next_++);
    if (source_.kind(next_) == GoTokenKind::kString) spec.path_token = next_++;
    if (spec.path_token == GoSource::kNone) complain(next_, "an import without a path");
    while (next_ < end && !source_.is_semicolon(next_)) ++next_;
    return spec;
  }

  void read_declaration() {
    const size_t keyword = next_++;
    std::vector<ImportSpec> specs;
    const bool grouped = source_.is(next_, "(");
    if (grouped) {
      const size_t behind = source_.behind_group(next_++);
      const size_t close = source_.is(behind - 1, ")") ? behind - 1 : behind;
      for (skip_semicolons(); next_ < close; skip_semicolons()) specs.push_back(read_spec(close));
      next_ = behind;
    } else {
      specs.push_back(read_spec(source_.size()));
    }
    for (const ImportSpec& spec : specs) {
      if (spec.path_token != GoSource::kNone) take(spec, keyword, grouped, specs.size() == 1);
    }
  }

  void take(const ImportSpec& spec, size_t keyword, bool grouped, bool alone) {
    const std::string_view literal = source_.text(spec.path_token);
    const bool closed = literal.size() >= 2 && literal.front() == literal.back();
    const std::string path(closed ? literal.substr(1, literal.size() - 2) : literal.substr(1));
    file_.imports.push_back({spec.name.empty() ? package_name_of(path) : std::string(spec.name),
                             path, source_.line(spec.path_token), !spec.name.empty()});
    if (literal != "\"C\"") {
      if (literal == "`C`")
        complain(spec.path_token, "cgo takes only import \"C\" in double quotes");
      return;
    }
    file_.imports_c = true;
    if (!spec.name.empty()) complain(spec.path_token, "import \"C\" cannot be renamed");
    CommentGroup doc;
    if (grouped) doc = doc_comment(source_, spec.first_token);
    if (doc.empty() && alone) doc = doc_comment(source_, keyword);
    add_preamble(source_, doc, file_);
  }

  const GoSource& source_;
  GoFile& file_;
  size_t next_ = 0;
};

// "linux,386 darwin,!cgo" says (linux && 386) || (darwin && !cgo).
std::string plus_build_expression(std::string_view options) {
  std::string any;
  for (std::string_view option : words_of(options)) {
    std::string all;
    for (size_t start = 0; start <= option.size();) {
      const size_t comma = std::min(option.find(',', start), option.size());
      if (!all.empty()) all += " && ";
      all += option.substr(start, comma - start);
      start = comma + 1;
    }
    if (!any.empty()) any += " || ";
    any += "(" + all + ")";
  }
  return any.empty() ? any : "(" + any + ")";
}

}  // namespace

size_t read_file_header(const GoSource& source, GoFile& file) {
  return HeaderReader(source, file).read();
}

// //go:build may stand anywhere before the package clause; // +build only above the last blank line
// of the comments there.
std::string read_build_constraint(std::string_view source) {
  if (source.starts_with("\xEF\xBB\xBF")) source.remove_prefix(3);
  std::string plus_build;
  std::string pending;  // +build lines that no blank line follows yet
  auto conjoin = [](std::string& to, const std::string& more) {
    if (!to.empty() && !more.empty()) to += " && ";
    to += more;
  };
  bool plus_build_over = false;
  bool in_block = false;
  for (size_t start = 0; start < source.size();) {
    const size_t end = std::min(source.find('\n', start), source.size());
    std::string_view line = trimmed(source.substr(start, end - start));
    start = end + 1;
    if (line.empty() && !in_block) {
      if (!plus_build_over) conjoin(plus_build, pending);
      pending.clear();
      continue;
    }
    if (!in_block && line.starts_with("//")) {
      constexpr std::string_view kGoBuild = "//go:build";
      if (line.starts_with(kGoBuild) && line.size() > kGoBuild.size() &&
          (line[kGoBuild.size()] == ' ' || line[kGoBuild.size()] == '\t')) {
        return std::string(trimmed(line.substr(kGoBuild.size())));
      }
      const std::string_view words = trimmed(line.substr(2));
      if (words.starts_with("+build") && words.size() > 6 &&
          (words[6] == ' ' || words[6] == '\t')) {
        conjoin(pending, plus_build_expression(words.substr(6)));
      }
      continue;
    }
    pending.clear();
    plus_build_over = true;
    while (!line.empty()) {
      if (in_block) {
        const size_t close = line.find("*/");
        if (close == std::string_view::npos) break;
        in_block = false;
        line = trimmed(line.substr(close + 2));
      } else if (line.starts_with("/*")) {
        in_block = true;
        line.remove_prefix(2);
      } else if (line.starts_with("//")) {
        break;
      } else {
        return plus_build;
      }
    }
  }
  return plus_build;
}

}  // namespace cgoscope
