// Go decides file by file what is in a build, twice: by the ending of the name (x_linux_arm64.go)
// and by a boolean expression over tags. The rules here are those of go/build (build.go:
// goodOSArchFile, matchTag) and go/build/constraint (expr.go) of Go 1.19 to 1.27. The lists of
// systems and processors are frozen history: Go never removes a name, because file names of old
// packages depend on it.
#include "clang_plugin/packages/build_constraint.h"

#include <sys/utsname.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <cstdlib>
#include <optional>
#include <vector>

namespace cgoscope {
namespace {

// internal/syslist/syslist.go; `is_unix` marks those that the tag "unix" covers.
struct System {
  std::string_view name;
  bool is_unix;
};
constexpr std::array kSystems = {
    System{"aix", true},       System{"android", true},  System{"darwin", true},
    System{"dragonfly", true}, System{"freebsd", true},  System{"hurd", true},
    System{"illumos", true},   System{"ios", true},      System{"js", false},
    System{"linux", true},     System{"nacl", false},    System{"netbsd", true},
    System{"openbsd", true},   System{"plan9", false},   System{"solaris", true},
    System{"wasip1", false},   System{"windows", false}, System{"zos", false},
};
constexpr std::array<std::string_view, 24> kProcessors = {
    "386",     "amd64",  "amd64p32", "arm",      "armbe",     "arm64",       "arm64be", "loong64",
    "mips",    "mipsle", "mips64",   "mips64le", "mips64p32", "mips64p32le", "ppc",     "ppc64",
    "ppc64le", "riscv",  "riscv64",  "s390",     "s390x",     "sparc",       "sparc64", "wasm"};

const System* find_system(std::string_view name) {
  const auto* found = std::find_if(kSystems.begin(), kSystems.end(),
                                   [&](const System& system) { return system.name == name; });
  return found == kSystems.end() ? nullptr : found;
}

bool is_processor(std::string_view name) {
  return std::find(kProcessors.begin(), kProcessors.end(), name) != kProcessors.end();
}

// A system's files are also built for the systems derived from it.
bool system_covers(std::string_view tag, std::string_view goos) {
  return tag == goos || (tag == "linux" && goos == "android") ||
         (tag == "solaris" && goos == "illumos") || (tag == "darwin" && goos == "ios");
}

// "go1.N" holds from that version on; N must be a plain number.
bool is_reached_version(std::string_view tag, int go_minor) {
  if (!tag.starts_with("go1.")) return false;
  tag.remove_prefix(4);
  int minor = 0;
  const auto [end, error] = std::from_chars(tag.data(), tag.data() + tag.size(), minor);
  return error == std::errc() && end == tag.data() + tag.size() && tag.front() != '0' &&
         minor <= go_minor;
}

// Go allows letters and digits of any script; every byte of a multi-byte character counts as one
// here.
bool is_tag_byte(char byte) {
  const auto value = static_cast<unsigned char>(byte);
  return std::isalnum(value) != 0 || byte == '_' || byte == '.' || value >= 0x80;
}

// Evaluates while it parses; nullopt is a syntax error. Deeper nesting than kMaxDepth is one too,
// so that a hostile file cannot exhaust the stack (go/build/constraint bounds the size of an
// expression the same way).
class ExpressionParser {
 public:
  ExpressionParser(std::string_view text, const BuildContext& context)
      : text_(text), context_(context) {}

  std::optional<bool> parse() {
    advance();
    const std::optional<bool> value = parse_or();
    return token_.empty() && !failed_ ? value : std::nullopt;
  }

 private:
  static constexpr int kMaxDepth = 500;

  std::optional<bool> parse_or() {
    std::optional<bool> value = parse_and();
    while (value && token_ == "||") {
      advance();
      const std::optional<bool> right = parse_and();
      value = right ? std::optional(*value || *right) : std::nullopt;
    }
    return value;
  }

  std::optional<bool> parse_and() {
    std::optional<bool> value = parse_not();
    while (value && token_ == "&&") {
      advance();
      const std::optional<bool> right = parse_not();
      value = right ? std::optional(*value && *right) : std::nullopt;
    }
    return value;
  }

  std::optional<bool> parse_not() {
    if (token_ != "!") return parse_atom();
    advance();
    const std::optional<bool> value = parse_atom();  // a second "!" is no atom: Go refuses it too
    return value ? std::optional(!*value) : std::nullopt;
  }

  std::optional<bool> parse_atom() {
    if (token_ == "(") {
      if (++depth_ > kMaxDepth) return std::nullopt;
      advance();
      const std::optional<bool> value = parse_or();
      if (token_ != ")") return std::nullopt;
      --depth_;
      advance();
      return value;
    }
    if (token_.empty() || !is_tag_byte(token_.front())) return std::nullopt;
    const bool value = tag_holds(token_, context_);
    advance();
    return value;
  }

  void advance() {
    while (!text_.empty() && (text_.front() == ' ' || text_.front() == '\t')) {
      text_.remove_prefix(1);
    }
    size_t length = 0;
    if (!text_.empty()) {
      const char first = text_.front();
      if (first == '(' || first == ')' || first == '!') {
        length = 1;
      } else if (text_.starts_with("&&") || text_.starts_with("||")) {
        length = 2;
      } else {
        while (length < text_.size() && is_tag_byte(text_[length])) ++length;
        failed_ = failed_ || length == 0;
      }
    }
    token_ = text_.substr(0, length);
    text_.remove_prefix(failed_ ? text_.size() : length);
  }

  std::string_view text_;
  const BuildContext& context_;
  std::string_view token_;
  int depth_ = 0;
  bool failed_ = false;
};

std::string environment_or(const char* name, std::string otherwise) {
  const char* value = std::getenv(name);
  return value != nullptr && *value != '\0' ? value : std::move(otherwise);
}

}  // namespace

std::string host_goarch() {
  utsname names{};
  if (uname(&names) != 0) return "amd64";
  const std::string_view machine = names.machine;
  if (machine == "x86_64") return "amd64";
  if (machine == "aarch64") return "arm64";
  if (machine == "loongarch64") return "loong64";
  if (machine.starts_with("arm")) return "arm";
  if (machine.size() == 4 && machine[0] == 'i' && machine.ends_with("86")) return "386";
  return std::string(machine);  // ppc64le, riscv64, s390x, mips64
}

BuildContext host_build_context(const std::set<std::string>& tags) {
  BuildContext context;
  context.goos = environment_or("GOOS", "linux");
  context.goarch = environment_or("GOARCH", host_goarch());
  context.tags = tags;
  if (context.goarch == "amd64") {
    // Since Go 1.18 level N has the tags amd64.v1 to amd64.vN.
    const std::string level = environment_or("GOAMD64", "v1");
    for (const std::string_view each : {"v1", "v2", "v3", "v4"}) {
      if (each <= level) context.tags.insert("amd64." + std::string(each));
    }
  }
  return context;
}

bool tag_holds(std::string_view tag, const BuildContext& context) {
  if (tag == "cgo" || tag == "gc" || tag == context.goarch) return true;
  if (system_covers(tag, context.goos)) return true;
  if (tag == "unix") {
    const System* system = find_system(context.goos);
    return system != nullptr && system->is_unix;
  }
  return is_reached_version(tag, context.go_minor) || context.tags.contains(std::string(tag));
}

bool constraint_holds(std::string_view expression, const BuildContext& context) {
  if (expression.find_first_not_of(" \t\r\n") == std::string_view::npos) return true;
  while (expression.ends_with('\r') || expression.ends_with('\n')) expression.remove_suffix(1);
  return ExpressionParser(expression, context).parse().value_or(false);
}

bool old_style_word_holds(std::string_view word, const BuildContext& context) {
  while (true) {
    const size_t comma = word.find(',');
    std::string_view literal = word.substr(0, comma);
    const bool negated = literal.starts_with('!');
    if (negated) literal.remove_prefix(1);
    // What is no tag stands for one that nobody sets; "!" and "!!x" are no tags, negated or not.
    const bool is_tag =
        !literal.empty() && std::all_of(literal.begin(), literal.end(), is_tag_byte);
    const bool malformed_not = negated && (literal.empty() || literal.starts_with('!'));
    const bool holds = is_tag && tag_holds(literal, context);
    if (malformed_not || holds == negated) return false;
    if (comma == std::string_view::npos) return true;
    word.remove_prefix(comma + 1);
  }
}

bool file_name_fits(std::string_view file_name, const BuildContext& context) {
  if (file_name.empty() || file_name.front() == '_' || file_name.front() == '.') return false;
  std::string_view stem = file_name.substr(0, file_name.find('.'));
  if (stem.ends_with("_test")) stem.remove_suffix(5);

  // Only what stands behind the first "_" counts, so that linux.go is built everywhere.
  const size_t last = stem.rfind('_');
  if (last == std::string_view::npos) return true;
  const std::string_view ending = stem.substr(last + 1);
  if (find_system(ending) != nullptr) return tag_holds(ending, context);
  if (!is_processor(ending)) return true;

  const std::string_view before = stem.substr(0, last);
  const size_t previous = before.rfind('_');
  if (previous != std::string_view::npos) {
    const std::string_view system = before.substr(previous + 1);
    if (find_system(system) != nullptr && !tag_holds(system, context)) return false;
  }
  return tag_holds(ending, context);
}

}  // namespace cgoscope
