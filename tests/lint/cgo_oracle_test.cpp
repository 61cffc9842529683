// Judges our reading of Go files by cgo itself: for every fixture in cgo_oracle/, and every Go
// toolchain at hand, `go tool cgo` must find the same references and take the same preamble.
//
// cgo marks what it rewrites in X.cgo1.go. A reference becomes `/*line :L:C*/_Cfunc_f /*line
// :L:C*/`, with the place of its first byte and of the byte behind it. But inside the function
// literal that cgo puts around a call that passes pointers, a reference has only the second mark,
// and the called function itself, `/*line :L:C*/_Cfunc_g(_cgo0, _cgo1)`, only the place of the byte
// behind the call. The preamble stands in X.cgo2.c between cgo's own prologs.
//
// The environment may name, separated by colons:
//   CGOSCOPE_GO_ROOTS     the GOROOTs to use instead of `go` in PATH and /usr/lib/go-*
//   CGOSCOPE_ORACLE_DIRS  trees of real packages to compare as well. A package that cgo cannot
//                         process, mostly for want of a C header, is counted and not compared.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <map>
#include <string>
#include <vector>

#include "clang_plugin/packages/build_constraint.h"
#include "clang_plugin/packages/cgo_flags.h"
#include "clang_plugin/packages/go_file.h"
#include "clang_plugin/packages/go_source.h"
#include "clang_plugin/packages/subprocess.h"

namespace cgoscope {
namespace {

namespace fs = std::filesystem;

std::string read_file(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::vector<std::string> environment_list(const char* name) {
  std::vector<std::string> parts;
  const char* value = std::getenv(name);
  for (std::string_view rest = value == nullptr ? "" : value; !rest.empty();) {
    const size_t colon = std::min(rest.find(':'), rest.size());
    if (colon > 0) parts.emplace_back(rest.substr(0, colon));
    rest.remove_prefix(std::min(colon + 1, rest.size()));
  }
  return parts;
}

struct Toolchain {
  std::string go;  // the go command
  std::string version;
};

// A directory of its own that goes away with it.
class ScratchDirectory {
 public:
  ScratchDirectory() {
    std::string name = (fs::temp_directory_path() / "cgo_oracle_XXXXXX").string();
    if (mkdtemp(name.data()) != nullptr) path_ = name;
  }
  ~ScratchDirectory() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  ScratchDirectory(const ScratchDirectory&) = delete;
  ScratchDirectory& operator=(const ScratchDirectory&) = delete;
  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

const std::vector<std::string>& go_environment() {
  static const ScratchDirectory cache;
  static const std::vector<std::string> kEnvironment = {
      "GOTOOLCHAIN=local", "GOFLAGS=", "GO111MODULE=off",
      "CGO_ENABLED=1",     "CC=cc",    "GOCACHE=" + cache.path().string()};
  return kEnvironment;
}

std::vector<Toolchain> find_toolchains() {
  std::vector<std::string> commands;
  for (const std::string& root : environment_list("CGOSCOPE_GO_ROOTS"))
    commands.push_back(root + "/bin/go");
  if (commands.empty()) {
    commands.emplace_back("go");
    std::error_code ignored;
    for (const auto& entry : fs::directory_iterator("/usr/lib", ignored)) {
      if (entry.path().filename().string().starts_with("go-"))
        commands.push_back(entry.path() / "bin/go");
    }
  }
  std::vector<Toolchain> found;
  for (const std::string& go : commands) {
    const auto output = run_process({go, "version"}, "/", go_environment(), 60);
    if (!output || output->status != 0) {
      std::cout << "not used: " << go << ": " << (output ? output->err : output.error().message())
                << "\n";
      continue;
    }
    found.push_back({go, output->out.substr(0, output->out.find('\n'))});
  }
  return found;
}

// What cgo tells of one reference; a place that it does not tell is 0:0.
struct Mark {
  std::string name;
  GoPosition first, end, call_end;
};

// Reads the mark that starts at `at`, or ends there when `backwards`.
GoPosition read_mark(std::string_view text, size_t at, bool backwards) {
  constexpr std::string_view kStart = "/*line :";
  if (backwards) {
    if (at < 2 || text.substr(at - 2, 2) != "*/") return {};
    at = text.rfind(kStart, at - 2);
  }
  if (at == std::string_view::npos || !text.substr(at).starts_with(kStart)) return {};
  GoPosition position;
  if (std::sscanf(std::string(text.substr(at + kStart.size(), 32)).c_str(), "%d:%d*/",
                  &position.line, &position.column) != 2)
    return {};
  return position;
}

// "_Cfunc_f" → "f", "" for what is no reference.
std::string reference_name(std::string_view mangled) {
  for (std::string_view prefix : {"_Cfpvar_fp_", "_Ciconst_", "_Cfconst_", "_Csconst_", "_C2func_",
                                  "_Cfunc_", "_Ctype_", "_Cmacro_", "_Cvar_"}) {
    if (!mangled.starts_with(prefix)) continue;
    const std::string_view name = mangled.substr(prefix.size());
    return std::string(name == "_CMalloc" ? "malloc" : name);
  }
  return {};
}

bool is_name_byte(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         static_cast<unsigned char>(c) >= 0x80;
}

std::vector<Mark> read_marks(std::string_view text) {
  std::vector<Mark> marks;
  for (size_t at = text.find("_C"); at != std::string_view::npos; at = text.find("_C", at + 1)) {
    if (at > 0 && is_name_byte(text[at - 1])) continue;
    size_t end = at;
    while (end < text.size() && is_name_byte(text[end])) ++end;
    Mark mark;
    mark.name = reference_name(text.substr(at, end - at));
    if (mark.name.empty()) continue;
    size_t before = at;
    if (text.substr(0, before).ends_with("_Cgo_ptr(")) before -= 9;
    if (text.substr(0, before).ends_with("*/*")) --before;  // *_Cvar_x
    mark.first = read_mark(text, before, true);
    size_t behind = end;
    if (text.substr(behind).starts_with(")") && before < at) ++behind;
    if (text.substr(behind).starts_with("()")) behind += 2;
    if (text.substr(behind).starts_with(" ")) mark.end = read_mark(text, behind + 1, false);
    // In "( /*line :L:C*/_Cfunc_f /*line :L:C*/)" the second mark makes up for the parenthesis.
    const size_t first_mark = mark.first.line == 0 ? 0 : text.rfind("/*line", before - 2);
    const bool is_type = text.substr(at).starts_with("_Ctype_");
    if (!is_type && text.substr(0, first_mark).ends_with("( ")) ++mark.end.column;
    if (mark.end.line == 0 && text.substr(end).starts_with("(_cgo"))
      std::swap(mark.first, mark.call_end);
    // Types of the variables that cgo declares for the arguments are written without marks.
    if (mark.first.line != 0 || mark.end.line != 0 || mark.call_end.line != 0)
      marks.push_back(mark);
  }
  return marks;
}

// The same from our side, with the ends that GoReference does not keep.
std::vector<Mark> our_marks(const GoFile& file, std::string_view text) {
  const GoSource source(text);
  std::map<GoPosition, size_t> tokens;
  for (size_t i = 0; i < source.size(); ++i) {
    if (source.is(i, "C")) tokens[{source.line(i), source.column(i)}] = i;
  }
  auto behind = [&](size_t token) {
    const uint32_t offset =
        source.tokens().tokens[token].offset + source.tokens().tokens[token].length;
    return GoPosition{source.tokens().line(offset), source.tokens().column(offset)};
  };
  std::vector<Mark> marks;
  for (const GoReference& reference : file.references) {
    Mark mark;
    mark.name = reference.name;
    mark.first = {reference.line, reference.column};
    const auto found = tokens.find(mark.first);
    if (found == tokens.end()) {
      ADD_FAILURE() << file.path << ": no C at " << reference.line << ":" << reference.column;
      continue;
    }
    mark.end = behind(found->second + 2);
    size_t call = found->second + 3;
    while (source.is(call, ")")) ++call;
    if (source.is(call, "(") && source.partner(call) != GoSource::kNone)
      mark.call_end = behind(source.partner(call));
    marks.push_back(mark);
  }
  return marks;
}

std::string described(const Mark& mark) {
  auto place = [](const GoPosition& at) {
    return std::to_string(at.line) + ":" + std::to_string(at.column);
  };
  return "C." + mark.name + " at " + place(mark.first) + ", ends " + place(mark.end) +
         ", call ends " + place(mark.call_end);
}

// Each of cgo's marks must be one of ours, and none of ours may be left.
std::string compare(std::vector<Mark> ours, const std::vector<Mark>& theirs) {
  std::string differences;
  for (const Mark& mark : theirs) {
    auto fits = [&](const Mark& candidate) {
      auto agrees = [](const GoPosition& a, const GoPosition& b) { return a.line == 0 || a == b; };
      return candidate.name == mark.name && agrees(mark.first, candidate.first) &&
             agrees(mark.end, candidate.end) && agrees(mark.call_end, candidate.call_end);
    };
    const auto found = std::find_if(ours.begin(), ours.end(), fits);
    if (found == ours.end()) {
      differences += "  only cgo: " + described(mark) + "\n";
    } else {
      ours.erase(found);
    }
  }
  for (const Mark& mark : ours) differences += "  only ours: " + described(mark) + "\n";
  return differences;
}

// cgo writes the preamble between two prologs of its own, with a line end before and behind.
std::string preamble_in(std::string_view c_file) {
  constexpr std::string_view kBefore = "return s.p; }\n\n";
  constexpr std::string_view kBehind = "\n\n#line 1 \"cgo-gcc-prolog\"";
  const size_t start = c_file.find(kBefore);
  const size_t end = c_file.find(kBehind);
  if (start == std::string_view::npos || end == std::string_view::npos) return "no preamble found";
  return std::string(c_file.substr(start + kBefore.size(), end - start - kBefore.size()));
}

// A //line directive shifts cgo's positions, and without a column in it cgo writes none; ours are
// those of the file. Then only the names are compared, and the preamble but for the numbers of its
// #line lines.
bool has_line_directive(std::string_view text) {
  return text.starts_with("//line ") || text.find("\n//line ") != std::string_view::npos ||
         text.find("/*line ") != std::string_view::npos;
}

void drop_places(std::vector<Mark>& marks) {
  for (Mark& mark : marks) mark.first = mark.end = mark.call_end = {};
}

std::string without_line_numbers(std::string text) {
  for (size_t at = text.find("#line "); at != std::string::npos; at = text.find("#line ", at + 1)) {
    size_t end = at + 6;
    while (end < text.size() && text[end] >= '0' && text[end] <= '9') ++end;
    text.erase(at + 6, end - at - 6);
  }
  return text;
}

struct Tally {
  size_t packages = 0, failed = 0, files = 0, references = 0, different = 0;
  std::string first_failure;
};

void compare_package(const Toolchain& toolchain, const std::vector<fs::path>& files,
                     const std::vector<std::string>& flags, bool must_work, Tally& tally) {
  const ScratchDirectory objects;
  std::vector<std::string> command = {
      toolchain.go, "tool", "cgo", "-objdir", objects.path().string(), "-importpath", "p", "--"};
  command.insert(command.end(), flags.begin(), flags.end());
  for (const fs::path& file : files) command.push_back(file.string());
  const auto output =
      run_process(command, files.front().parent_path().string(), go_environment(), 120);
  ++tally.packages;
  if (!output || output->status != 0) {
    ++tally.failed;
    const std::string why = output ? output->err.substr(0, 500) : output.error().message();
    if (tally.first_failure.empty()) tally.first_failure = why;
    if (must_work)
      ADD_FAILURE() << toolchain.version << ": cgo fails on " << files.front() << ": " << why;
    return;
  }
  for (const fs::path& path : files) {
    const std::string text = read_file(path);
    const GoFile file = parse_go_file(path.string(), text);
    std::vector<Mark> ours = our_marks(file, text);
    std::vector<Mark> theirs =
        read_marks(read_file(objects.path() / (path.stem().string() + ".cgo1.go")));
    std::string our_preamble = file.preamble;
    std::string their_preamble =
        preamble_in(read_file(objects.path() / (path.stem().string() + ".cgo2.c")));
    if (has_line_directive(text)) {
      drop_places(ours);
      drop_places(theirs);
      our_preamble = without_line_numbers(our_preamble);
      their_preamble = without_line_numbers(their_preamble);
    }
    ++tally.files;
    tally.references += theirs.size();
    const std::string differences = compare(ours, theirs);
    tally.different += differences.empty() && our_preamble == their_preamble ? 0 : 1;
    EXPECT_EQ(differences, "") << toolchain.version << ": " << path;
    EXPECT_EQ(our_preamble, their_preamble) << toolchain.version << ": " << path;
  }
}

TEST(CgoOracle, Fixtures) {
  const std::vector<Toolchain> toolchains = find_toolchains();
  if (toolchains.empty())
    GTEST_SKIP() << "no Go toolchain: none in CGOSCOPE_GO_ROOTS, PATH or /usr/lib/go-*";
  std::vector<fs::path> fixtures;
  for (const auto& entry : fs::directory_iterator(CGO_ORACLE_FIXTURES)) {
    if (entry.path().extension() == ".go") fixtures.push_back(entry.path());
  }
  std::sort(fixtures.begin(), fixtures.end());
  ASSERT_FALSE(fixtures.empty());
  for (const Toolchain& toolchain : toolchains) {
    Tally tally;
    for (const fs::path& fixture : fixtures) compare_package(toolchain, {fixture}, {}, true, tally);
    std::cout << toolchain.version << ": " << tally.files << " files, " << tally.references
              << " references, " << tally.different << " files differ\n";
  }
}

// The files that a package's cgo step would get: they import "C", are no tests, and their
// constraints hold.
std::map<fs::path, std::vector<fs::path>> cgo_packages_below(const std::string& root) {
  std::map<fs::path, std::vector<fs::path>> packages;
  const BuildContext context = host_build_context({});
  std::error_code ignored;
  for (auto it = fs::recursive_directory_iterator(
           root, fs::directory_options::skip_permission_denied, ignored);
       it != fs::recursive_directory_iterator(); it.increment(ignored)) {
    const fs::path& path = it->path();
    if (path.extension() != ".go" || !it->is_regular_file(ignored)) continue;
    if (!file_name_fits(path.filename().string(), context)) continue;
    const GoFile file = parse_go_file(path.string(), read_file(path));
    if (file.imports_c && constraint_holds(file.build_constraint, context))
      packages[path.parent_path()].push_back(path);
  }
  for (auto& [directory, files] : packages) std::sort(files.begin(), files.end());
  return packages;
}

// What `go build` would pass to the C compiler, unfiltered: these trees are ours to trust.
std::vector<std::string> c_flags_of(const fs::path& directory, const std::vector<fs::path>& files) {
  const BuildContext context = host_build_context({});
  std::vector<std::string> flags = {"-I" + directory.string()};
  std::vector<Problem> problems;
  for (const fs::path& path : files) {
    for (const CgoLine& line : cgo_lines(parse_go_file(path.string(), read_file(path)), problems)) {
      if (!conditions_hold(line, context)) continue;
      if (line.variable == "CFLAGS" || line.variable == "CPPFLAGS") {
        flags.insert(flags.end(), line.arguments.begin(), line.arguments.end());
      } else if (line.variable == "pkg-config") {
        std::vector<std::string> command = {"pkg-config", "--cflags"};
        command.insert(command.end(), line.arguments.begin(), line.arguments.end());
        const auto output = run_process(command, "/", {}, 60);
        if (!output || output->status != 0) continue;
        const std::vector<std::string> more = split_quoted(output->out);
        flags.insert(flags.end(), more.begin(), more.end());
      }
    }
  }
  return flags;
}

TEST(CgoOracle, RealPackages) {
  const std::vector<std::string> roots = environment_list("CGOSCOPE_ORACLE_DIRS");
  if (roots.empty()) GTEST_SKIP() << "CGOSCOPE_ORACLE_DIRS names no trees";
  const std::vector<Toolchain> toolchains = find_toolchains();
  if (toolchains.empty())
    GTEST_SKIP() << "no Go toolchain: none in CGOSCOPE_GO_ROOTS, PATH or /usr/lib/go-*";
  for (const Toolchain& toolchain : toolchains) {
    Tally tally;
    for (const std::string& root : roots) {
      for (const auto& [directory, files] : cgo_packages_below(root)) {
        compare_package(toolchain, files, c_flags_of(directory, files), false, tally);
      }
    }
    std::cout << toolchain.version << ": " << tally.packages << " packages, " << tally.failed
              << " of which cgo could not process, not compared (the first: " << tally.first_failure
              << "); " << tally.files << " files, " << tally.references << " references, "
              << tally.different << " files differ\n";
  }
}

}  // namespace
}  // namespace cgoscope
