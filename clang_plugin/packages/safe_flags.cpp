// A #cgo line comes with the source, so it is input from a stranger, and a compiler flag can run
// code: -fplugin=x.so loads a library from the same repository. `go build` passes only flags of an
// allow-list, but `go list` prints them all. Here nothing reaches Clang that known_flags.h does not
// name, whoever allowed it. Clang adds a trap of its own: for `-include x.h` it loads x.h.pch when
// that exists, and a precompiled header is a memory image that is trusted unread (clang 19).
#include "clang_plugin/packages/safe_flags.h"

#include <regex.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdlib>
#include <filesystem>
#include <string_view>

#include "clang_plugin/packages/known_flags.h"

namespace cgoscope {
namespace {

namespace fs = std::filesystem;

// Longer words occur in no build; a pattern of the user's may take quadratic time over them.
constexpr size_t kMaxFlagBytes = 4096;

// cmd/go's load.SafeArg: what a word that stands for a value may begin with.
bool is_safe_value(std::string_view value) {
  if (value.empty()) return false;
  const auto first = static_cast<unsigned char>(value.front());
  return std::isalnum(first) != 0 || first == '.' || first == '_' || first == '/' || first >= 0x80;
}

// NAME or NAME=value. A "@" or "-" in the value is refused by cmd/go.
bool is_macro(std::string_view text, bool vouched) {
  const size_t equals = text.find('=');
  const std::string_view name = text.substr(0, equals);
  const auto is_name_byte = [](char byte) {
    return std::isalnum(static_cast<unsigned char>(byte)) != 0 || byte == '_';
  };
  if (name.empty() || std::isdigit(static_cast<unsigned char>(name.front())) != 0 ||
      !std::all_of(name.begin(), name.end(), is_name_byte)) {
    return vouched && equals != text.npos && equals > 0;  // -D'f(x)=x'
  }
  return equals == text.npos || vouched || text.find_first_of("@-", equals) == text.npos;
}

bool matches(const FlagRule& rule, std::string_view flag, bool vouched) {
  if (rule.shape == FlagShape::kToggle) {
    if (flag == rule.name) return true;
    return flag.substr(0, 2) == rule.name.substr(0, 2) && flag.substr(2).starts_with("no-") &&
           flag.substr(5) == rule.name.substr(2);
  }
  if (!flag.starts_with(rule.name)) return false;
  const std::string_view rest = flag.substr(rule.name.size());
  switch (rule.shape) {
    case FlagShape::kExact:
    case FlagShape::kNext:
      return rest.empty();
    case FlagShape::kJoined:
      return !rest.empty() && rest.front() != '@' && rest.front() != '-';
    case FlagShape::kMacro:
      return is_macro(rest, vouched);
    default:
      return true;
  }
}

// -Wall and -Wno-x, but not -Wa,x, which speaks to another program.
bool is_warning(std::string_view flag) {
  return flag.starts_with("-W") && flag.find_first_of("@,") == flag.npos;
}

bool is_plain_language(std::string_view language) {
  return language == "c" || language == "c++" || language == "objective-c" ||
         language == "objective-c++";
}

// One of the user's CGO_<variable>_ALLOW and _DISALLOW: a regular expression for whole flags. Go's
// syntax has more than the POSIX one it is read in here ("\\d", "(?:"); what both have means the
// same.
class UserPattern {
 public:
  UserPattern(const FlagOrigin& origin, std::string_view ending, std::vector<Problem>& problems) {
    const std::string name = "CGO_" + origin.variable + std::string(ending);
    const char* text = std::getenv(name.c_str());
    if (text == nullptr || *text == '\0') return;
    const std::string whole = "^(" + std::string(text) + ")$";
    const int error = regcomp(&pattern_, whole.c_str(), REG_EXTENDED | REG_NOSUB);
    is_set_ = error == 0;
    if (is_set_) return;
    std::array<char, 200> why{};
    regerror(error, &pattern_, why.data(), why.size());
    problems.push_back(
        {origin.file, origin.line, "cannot read the pattern in " + name + ": " + why.data()});
  }
  ~UserPattern() {
    if (is_set_) regfree(&pattern_);
  }
  UserPattern(const UserPattern&) = delete;
  UserPattern& operator=(const UserPattern&) = delete;

  bool matches(const std::string& flag) const {
    return is_set_ && regexec(&pattern_, flag.c_str(), 0, nullptr, 0) == 0;
  }

 private:
  regex_t pattern_{};
  bool is_set_ = false;
};

class FlagFilter {
 public:
  FlagFilter(const std::vector<std::string>& flags, const FlagOrigin& origin,
             std::vector<Problem>& problems)
      : flags_(flags),
        origin_(origin),
        problems_(problems),
        allow_(origin, "_ALLOW", problems),
        disallow_(origin, "_DISALLOW", problems) {}

  std::vector<std::string> run() {
    for (at_ = 0; at_ < flags_.size(); ++at_) judge(flags_[at_]);
    return std::move(passed_);
  }

 private:
  void judge(const std::string& flag) {
    if (flag.size() > kMaxFlagBytes) return refuse(flag, "it is over 4096 bytes long");
    if (flag.find('\0') != flag.npos) return refuse(flag.c_str(), "it holds a zero byte");
    if (std::any_of(kNeverPassed.begin(), kNeverPassed.end(),
                    [&](std::string_view start) { return flag.starts_with(start); })) {
      return refuse(flag, "it could load or run code in the compiler, or write files");
    }
    if (!origin_.from_user && disallow_.matches(flag)) {
      return refuse(flag, "CGO_" + origin_.variable + "_DISALLOW matches it");
    }
    const bool vouched = origin_.from_user || allow_.matches(flag);
    if (flag.size() > 6 && (flag.starts_with("-Wp,-D") || flag.starts_with("-Wp,-U"))) {
      return judge(flag.substr(4));
    }
    const auto* rule =
        std::find_if(kFlagRules.begin(), kFlagRules.end(),
                     [&](const FlagRule& candidate) { return matches(candidate, flag, vouched); });
    if (rule == kFlagRules.end()) {
      if (!vouched && !is_warning(flag)) refuse(flag, not_accepted());
      return;
    }
    if (rule->fate == FlagFate::kPassIfVouched && !vouched) return refuse(flag, not_accepted());
    if (rule->shape == FlagShape::kNext) return judge_pair(*rule, flag, vouched);
    if (rule->fate == FlagFate::kLeaveOut) return;
    if (rule->name == "-x" && !is_plain_language(flag.substr(2))) {
      return refuse(flag, "only C and C++ sources are read");
    }
    // GCC also takes --std= and --stdlib=, Clang only one dash.
    passed_.push_back(flag.starts_with("--std") ? flag.substr(1) : flag);
  }

  void judge_pair(const FlagRule& rule, const std::string& flag, bool vouched) {
    if (at_ + 1 == flags_.size()) return refuse(flag, "its argument is missing");
    const std::string& value = flags_[++at_];
    const std::string both = flag + " " + value;
    const bool in_sysroot =
        flag == "-I" && (value.starts_with('=') || value.starts_with("$SYSROOT"));
    const bool safe = is_safe_value(value) || in_sysroot ||
                      (vouched && !value.empty() && value.front() != '@' && value.front() != '-');
    if (!safe || value.size() > kMaxFlagBytes) return refuse(both, not_accepted());
    if (rule.fate == FlagFate::kLeaveOut) return;
    if (flag == "-x" && !is_plain_language(value)) {
      return refuse(both, "only C and C++ sources are read");
    }
    if (flag == "-include" || flag == "-imacros") {
      if (has_precompiled_twin(value)) {
        return refuse(both,
                      "a precompiled header stands beside it, which Clang would load instead");
      }
      std::error_code missing;
      const fs::file_type type = fs::status(beside_origin(value), missing).type();
      if (!missing && type != fs::file_type::regular && type != fs::file_type::not_found) {
        return refuse(both, "it is no regular file");  // Clang would wait at a FIFO
      }
    }
    passed_.push_back(flag);
    passed_.push_back(value);
  }

  // `header` as the compiler takes it, which runs in the package's directory.
  fs::path beside_origin(const std::string& header) const {
    const fs::path origin = origin_.file;
    std::error_code ignored;
    return (fs::is_directory(origin, ignored) ? origin : origin.parent_path()) / header;
  }

  bool has_precompiled_twin(const std::string& header) const {
    const fs::path path = beside_origin(header);
    std::error_code ignored;
    return fs::exists(path.string() + ".pch", ignored) ||
           fs::exists(path.string() + ".gch", ignored);
  }

  std::string not_accepted() const {
    return "the go command does not accept it either; CGO_" + origin_.variable +
           "_ALLOW can vouch for it";
  }

  void refuse(const std::string& flag, const std::string& why) {
    const std::string shown = flag.size() <= 200 ? flag : flag.substr(0, 200) + "…";
    problems_.push_back(
        {origin_.file, origin_.line, "refused " + shown + " in " + origin_.text + ": " + why});
  }

  const std::vector<std::string>& flags_;
  const FlagOrigin& origin_;
  std::vector<Problem>& problems_;
  UserPattern allow_;
  UserPattern disallow_;
  std::vector<std::string> passed_;
  size_t at_ = 0;
};

}  // namespace

std::vector<std::string> safe_clang_flags(const std::vector<std::string>& flags,
                                          const FlagOrigin& origin,
                                          std::vector<Problem>& problems) {
  return FlagFilter(flags, origin, problems).run();
}

}  // namespace cgoscope
