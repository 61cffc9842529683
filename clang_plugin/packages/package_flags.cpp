// cmd/go (work/exec.go, CFlags and cgo) lines up: CGO_CPPFLAGS, #cgo CPPFLAGS, pkg-config, then
// CGO_CFLAGS and #cgo CFLAGS, or the same with CXXFLAGS for C++. The compiler runs in the package's
// directory with -I of it. pkg-config takes options from the source too, and pkgconf has one that
// writes a file (--log-file; Go 1.27 refuses it), so only options that are known
// pass.
#include "clang_plugin/packages/package_flags.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <string_view>
#include <utility>

#include "clang_plugin/packages/safe_flags.h"
#include "clang_plugin/packages/subprocess.h"

namespace cgoscope {
namespace {

constexpr int kPkgConfigTimeoutS = 30;

// A word of a `#cgo pkg-config:` line and its place.
struct PlacedWord {
  std::string word;
  std::string file;
  int line = 0;
};

// Those of cmd/go's list (security.go, validPkgConfigFlags) that leave the output a list of flags.
bool is_known_option(std::string_view option) {
  constexpr std::array<std::string_view, 18> kOptions = {"--static",
                                                         "--shared",
                                                         "--pure",
                                                         "--cflags",
                                                         "--cflags-only-I",
                                                         "--libs",
                                                         "--libs-only-l",
                                                         "--libs-only-L",
                                                         "--keep-system-cflags",
                                                         "--define-prefix",
                                                         "--dont-define-prefix",
                                                         "--keep-system-libs",
                                                         "--env-only",
                                                         "--no-uninstalled",
                                                         "--no-cache",
                                                         "--no-provides",
                                                         "--print-errors",
                                                         "--ignore-conflicts"};
  return std::find(kOptions.begin(), kOptions.end(), option) != kOptions.end() ||
         option.starts_with("--define-variable=");
}

// What cmd/go takes for a package's name (load.SafeArg).
bool is_package_name(std::string_view word) {
  const auto first = static_cast<unsigned char>(word.empty() ? ' ' : word.front());
  return std::isalnum(first) != 0 || first == '.' || first == '_' || first == '/' || first >= 0x80;
}

std::string first_line(std::string_view text) {
  const size_t start = text.find_first_not_of(" \t\r\n");
  if (start == text.npos) return "";
  text.remove_prefix(start);
  return std::string(text.substr(0, text.find_first_of("\r\n")));
}

// Asks pkg-config for a package's flags; what it cannot tell becomes a problem.
class PkgConfigQuery {
 public:
  PkgConfigQuery(Package& package, const std::string& program)
      : package_(package), program_(program) {}

  std::vector<std::string> run(const std::vector<CgoLine>& lines) {
    for (const CgoLine& line : lines) {
      if (line.variable == "pkg-config") sort_out(line);
    }
    if (names_.empty()) return {};
    std::string answer;
    if (ask(names_, answer, /*report=*/names_.size() == 1)) return filter(answer, names_.front());
    if (names_.size() == 1 || stopped_) return {};
    // One unknown name fails them all, as it fails the build; the flags of the others are still
    // good.
    std::vector<std::string> flags;
    for (const PlacedWord& name : names_) {
      answer.clear();
      if (!ask({name}, answer, /*report=*/true)) continue;
      for (std::string& flag : filter(answer, name)) flags.push_back(std::move(flag));
    }
    return flags;
  }

 private:
  void sort_out(const CgoLine& line) {
    for (const std::string& word : line.arguments) {
      const PlacedWord placed = {word, line.file, line.line};
      if (word == "--") continue;
      if (is_known_option(word)) {
        options_.push_back(word);
      } else if (is_package_name(word)) {
        const bool known = std::any_of(names_.begin(), names_.end(),
                                       [&](const PlacedWord& name) { return name.word == word; });
        if (!known) names_.push_back(placed);
      } else {
        report(placed, "refused " + word +
                           " in #cgo pkg-config: it is neither a package's name nor an option that "
                           "only selects flags");
      }
    }
  }

  bool ask(const std::vector<PlacedWord>& names, std::string& answer, bool report_failure) {
    std::vector<std::string> arguments = {program_, "--cflags"};
    arguments.insert(arguments.end(), options_.begin(), options_.end());
    arguments.emplace_back("--");
    for (const PlacedWord& name : names) arguments.push_back(name.word);
    Result<ProcessOutput> output =
        run_process(arguments, package_.directory, {}, kPkgConfigTimeoutS);
    if (!output) {
      stopped_ = true;  // the next call would fail alike
      report(names.front(),
             "the flags of " + names.front().word + " are unknown: " + output.error().message());
      return false;
    }
    if (output->status == 0) {
      answer = std::move(output->out);
      return true;
    }
    if (report_failure) {
      report(names.front(),
             "pkg-config knows no flags of " + names.front().word + ": " + first_line(output->err));
    }
    return false;
  }

  // The output is made for a shell; its quoting differs from a #cgo line's only in corners.
  std::vector<std::string> filter(const std::string& answer, const PlacedWord& place) {
    const FlagOrigin origin = {"pkg-config --cflags " + place.word, "CFLAGS", place.file,
                               place.line};
    return safe_clang_flags(split_quoted(answer), origin, package_.problems);
  }

  void report(const PlacedWord& place, std::string message) {
    package_.problems.push_back({place.file, place.line, std::move(message)});
  }

  Package& package_;
  const std::string& program_;
  std::vector<std::string> options_;
  std::vector<PlacedWord> names_;
  bool stopped_ = false;
};

// Adds flags of one language. A standard of the other language is left out: GCC only warns of
// -std=c++11 for a C file, Clang stops.
void append(std::vector<std::string>& to, const std::vector<std::string>& flags, bool cxx) {
  for (const std::string& flag : flags) {
    const bool is_standard = flag.starts_with("-std=");
    const bool is_cxx_standard = flag.find("++") != std::string::npos;
    if (!is_standard || is_cxx_standard == cxx) to.push_back(flag);
  }
}

}  // namespace

CgoEnvironment cgo_environment(const std::string& cflags, const std::string& cppflags,
                               const std::string& cxxflags, const std::string& pkg_config,
                               std::vector<Problem>& problems) {
  const auto filter = [&](const std::string& text, const std::string& variable) {
    const FlagOrigin origin = {"CGO_" + variable, variable, "", 0, /*from_user=*/true};
    return safe_clang_flags(split_quoted(text), origin, problems);
  };
  CgoEnvironment environment;
  environment.cflags = filter(cflags, "CFLAGS");
  environment.cppflags = filter(cppflags, "CPPFLAGS");
  environment.cxxflags = filter(cxxflags, "CXXFLAGS");
  // Only the first word is the program (cmd/go, PkgconfigCmd).
  const std::vector<std::string> words = split_quoted(pkg_config);
  if (!words.empty()) environment.pkg_config = words.front();
  return environment;
}

std::vector<CgoLine> cgo_lines_in_effect(Package& package, const BuildContext& context) {
  std::vector<CgoLine> in_effect;
  for (const GoFile& file : package.cgo_files) {
    for (CgoLine& line : cgo_lines(file, package.problems)) {
      if (conditions_hold(line, context)) in_effect.push_back(std::move(line));
    }
  }
  return in_effect;
}

void resolve_flags(Package& package, const std::vector<CgoLine>& lines,
                   const CgoEnvironment& environment) {
  std::vector<std::string> cppflags, cflags, cxxflags;
  for (const CgoLine& line : lines) {
    std::vector<std::string>* target = line.variable == "CPPFLAGS"   ? &cppflags
                                       : line.variable == "CFLAGS"   ? &cflags
                                       : line.variable == "CXXFLAGS" ? &cxxflags
                                                                     : nullptr;
    if (target == nullptr) continue;
    const FlagOrigin origin = {"#cgo " + line.variable, line.variable, line.file, line.line};
    for (std::string& flag : safe_clang_flags(line.arguments, origin, package.problems)) {
      target->push_back(std::move(flag));
    }
  }
  const std::vector<std::string> from_pkg_config =
      PkgConfigQuery(package, environment.pkg_config).run(lines);

  for (const bool cxx : {false, true}) {
    std::vector<std::string>& flags = cxx ? package.cxx_flags : package.c_flags;
    flags = environment.target;
    flags.insert(flags.end(), {"-I", package.directory});
    append(flags, environment.cppflags, cxx);
    append(flags, cppflags, cxx);
    append(flags, from_pkg_config, cxx);
    append(flags, cxx ? environment.cxxflags : environment.cflags, cxx);
    append(flags, cxx ? cxxflags : cflags, cxx);
  }
}

}  // namespace cgoscope
