// A #cgo line reads `#cgo [condition...] VARIABLE: words`. The words are split like shell words but
// never see a shell, and go/build refuses characters outside a short list in them, as it did when
// they once might have. The rules are those of go/build/build.go: saveCgo, expandSrcDir,
// makePathsAbsolute.
#include "clang_plugin/packages/cgo_flags.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <optional>

namespace cgoscope {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kSpace = " \t\n\v\f\r";

// go/build's safeString; bytes of multi-byte characters are allowed besides.
constexpr std::string_view kAllowed =
    "+-.,/0123456789=ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz:$@%! ~^";

bool is_allowed_word(std::string_view word) {
  return !word.empty() && std::all_of(word.begin(), word.end(), [](char byte) {
    return static_cast<unsigned char>(byte) >= 0x80 || kAllowed.find(byte) != kAllowed.npos;
  });
}

std::vector<std::string> fields(std::string_view text) {
  std::vector<std::string> words;
  while (true) {
    const size_t start = text.find_first_not_of(kSpace);
    if (start == text.npos) return words;
    text.remove_prefix(start);
    const size_t length = std::min(text.find_first_of(kSpace), text.size());
    words.emplace_back(text.substr(0, length));
    text.remove_prefix(length);
  }
}

struct SplitWords {
  std::vector<std::string> words;
  bool closed = true;  // false: a quote or a backslash is left open
};

SplitWords split_words(std::string_view text) {
  SplitWords split;
  std::string word;
  bool in_word = false;  // tells an empty quoted word from none
  char quote = '\0';
  bool escaped = false;
  for (const char byte : text) {
    if (escaped) {
      escaped = false;
    } else if (byte == '\\') {
      escaped = true;
      continue;
    } else if (quote != '\0') {
      if (byte == quote) {
        quote = '\0';
        continue;
      }
    } else if (byte == '"' || byte == '\'') {
      in_word = true;
      quote = byte;
      continue;
    } else if (kSpace.find(byte) != kSpace.npos) {
      if (in_word) split.words.push_back(std::move(word));
      word.clear();
      in_word = false;
      continue;
    }
    word += byte;
    in_word = true;
  }
  if (in_word) split.words.push_back(std::move(word));
  split.closed = quote == '\0' && !escaped;
  return split;
}

// The word with ${SRCDIR} replaced; nullopt when it holds a character that go/build refuses.
std::optional<std::string> expand_source_directory(std::string_view word,
                                                   const std::string& directory) {
  constexpr std::string_view kVariable = "${SRCDIR}";
  std::string expanded;
  bool replaced = false;
  while (true) {
    const size_t at = word.find(kVariable);
    const std::string_view chunk = word.substr(0, at);
    if (!chunk.empty() && !is_allowed_word(chunk)) return std::nullopt;
    expanded += chunk;
    if (at == word.npos) break;
    replaced = true;
    expanded += directory;
    word.remove_prefix(at + kVariable.size());
  }
  if (replaced && !is_allowed_word(directory)) return std::nullopt;
  return expanded.empty() ? std::nullopt : std::optional(expanded);
}

std::string below(const std::string& directory, std::string_view path) {
  return path.starts_with('/') ? std::string(path)
                               : (fs::path(directory) / path).lexically_normal().string();
}

// -I and -L only, as in go/build: since Go 1.9 the compiler runs elsewhere.
void make_paths_absolute(std::vector<std::string>& arguments, const std::string& directory) {
  bool is_path = false;
  for (std::string& argument : arguments) {
    if (is_path) {
      argument = below(directory, argument);
      is_path = false;
    } else if (argument == "-I" || argument == "-L") {
      is_path = true;
    } else if (argument.starts_with("-I") || argument.starts_with("-L")) {
      argument = argument.substr(0, 2) + below(directory, std::string_view(argument).substr(2));
    }
  }
}

bool is_variable(std::string_view name) {
  constexpr std::array<std::string_view, 6> kVariables = {"CFLAGS", "CPPFLAGS", "CXXFLAGS",
                                                          "FFLAGS", "LDFLAGS",  "pkg-config"};
  return std::find(kVariables.begin(), kVariables.end(), name) != kVariables.end();
}

// `#cgo noescape f` and `#cgo nocallback f` (Go 1.24) say how a function behaves; they have no
// flags.
bool is_function_note(const std::vector<std::string>& words) {
  return !words.empty() && (words[0] == "noescape" || words[0] == "nocallback");
}

}  // namespace

std::vector<CgoLine> cgo_lines(const GoFile& file, std::vector<Problem>& problems) {
  const std::string directory = fs::path(file.path).parent_path().string();
  std::vector<CgoLine> lines;
  for (const CgoDirective& directive : file.directives) {
    const std::string_view text = directive.text;
    const size_t colon = text.find(':');
    std::vector<std::string> head = fields(text.substr(0, colon));
    if (colon == text.npos && is_function_note(head)) continue;
    const auto refuse = [&](const std::string& why) {
      problems.push_back({file.path, directive.line, "invalid #cgo line: " + why});
    };
    if (colon == text.npos || head.empty()) {
      refuse("expected `#cgo [condition...] CFLAGS: flags`");
      continue;
    }
    CgoLine line{{}, std::move(head.back()), {}, file.path, directive.line};
    head.pop_back();
    line.conditions = std::move(head);
    if (!is_variable(line.variable)) {
      refuse("unknown variable " + line.variable);
      continue;
    }
    SplitWords split = split_words(text.substr(colon + 1));
    if (!split.closed) {
      refuse("a quote or a backslash is not closed");
      continue;
    }
    for (const std::string& word : split.words) {
      std::optional<std::string> expanded = expand_source_directory(word, directory);
      if (expanded) {
        line.arguments.push_back(std::move(*expanded));
      } else {
        refuse("malformed argument " + word);
      }
    }
    if (line.variable != "pkg-config") make_paths_absolute(line.arguments, directory);
    lines.push_back(std::move(line));
  }
  return lines;
}

bool conditions_hold(const CgoLine& line, const BuildContext& context) {
  return line.conditions.empty() ||
         std::any_of(line.conditions.begin(), line.conditions.end(), [&](const std::string& word) {
           return word.find_first_of("&|()") == std::string::npos
                      ? old_style_word_holds(word, context)
                      : constraint_holds(word, context);
         });
}

std::vector<std::string> split_quoted(std::string_view text) { return split_words(text).words; }

}  // namespace cgoscope
