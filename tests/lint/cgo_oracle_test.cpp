// Judges our reading of Go files by cgo itself: `go tool cgo` of every Go toolchain at hand must
// find the same references and take the same preamble in every fixture in cgo_oracle/, in every cgo
// package that comes with that Go (its own tests of cgo, std, the runtime's test programs), and in
// real packages.
//
// cgo marks what it rewrites in X.cgo1.go. A reference becomes `/*line :L:C*/_Cfunc_f /*line
// :L:C*/`, with the place of its first byte and of the byte behind it. But inside the function
// literal that cgo puts around a call that passes pointers, a reference has only the second mark,
// and the called function itself, `/*line :L:C*/_Cfunc_g(_cgo0, _cgo1)`, only the place of the byte
// behind the call. The preamble stands in X.cgo2.c between cgo's own prologs.
//
// What cgo cannot process, because it is meant to fail or for want of a C header, is named and not
// compared.
//
// The environment may name, separated by colons:
//   CGOSCOPE_GO_ROOTS     the GOROOTs to use instead of `go` in PATH
//   CGOSCOPE_ORACLE_DIRS  trees of real packages to compare as well (tests/corpus/fetch makes some)
// CGO_CFLAGS and PKG_CONFIG_PATH count, as for go build.
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
#include "tests/go_toolchains.h"

namespace cgoscope {
namespace {

namespace fs = std::filesystem;

std::string read_file(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

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

// True when the token stands in the type parameters of a function: `func f[T C.int]()`.
bool in_function_type_parameters(const GoSource& source, size_t token) {
  for (size_t open = token; open-- > 2;) {
    const bool encloses = source.is(open, "[") && source.partner(open) != GoSource::kNone &&
                          source.partner(open) > token;
    if (encloses && source.is(open - 2, "func")) return true;
  }
  return false;
}

// The same from our side, with the ends that GoReference does not keep. cgo of Go 1.19 forgets the
// type parameters of functions, so that what it writes does not compile.
std::vector<Mark> our_marks(const GoFile& file, std::string_view text,
                            bool forgets_type_parameters) {
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
    if (forgets_type_parameters && in_function_type_parameters(source, found->second)) continue;
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

// What `go build` would pass to the C compiler, unfiltered: these trees are ours to trust. But
// without sanitizers, which GCC has fewer of than Clang.
std::vector<std::string> c_flags_of(const std::vector<fs::path>& files) {
  const BuildContext context = host_build_context({});
  std::vector<std::string> flags = {"-I" + files.front().parent_path().string()};
  const char* cflags = std::getenv("CGO_CFLAGS");
  for (std::string& flag : split_quoted(cflags == nullptr ? "" : cflags))
    flags.push_back(std::move(flag));
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
  std::erase_if(flags, [](const std::string& flag) { return flag.starts_with("-fsanitize="); });
  return flags;
}

struct Tally {
  size_t packages = 0, files = 0, references = 0, different = 0;
  std::vector<std::string> not_compared;  // the first file, and why
};

std::string first_line(std::string_view text) {
  return std::string(text.substr(0, text.find('\n')));
}

class CgoOracle : public testing::TestWithParam<GoToolchain> {
 protected:
  void SetUp() override {
    const auto output = run_process({GetParam().go(), "version"}, "/", go_environment(), 60);
    if (!output && GetParam().root.empty())
      GTEST_SKIP() << "CGOSCOPE_GO_ROOTS is not set and there is no go command in PATH";
    ASSERT_TRUE(output) << output.error().message();
    ASSERT_EQ(output->status, 0) << output->err;
    version_ = first_line(output->out);
  }

  // False when cgo fails on these files, and why.
  bool compare_package(const std::vector<fs::path>& files, std::string& why) {
    const std::vector<std::string> flags = c_flags_of(files);
    // cgo leaves files beside the folder for its output, and when it fails in $TMPDIR too.
    const ScratchDirectory scratch;
    const fs::path objects = scratch.path() / "objects";
    std::error_code ignored;
    fs::create_directory(objects, ignored);  // cgo of Go 1.22 and older does not
    std::vector<std::string> environment = go_environment();
    environment.push_back("TMPDIR=" + scratch.path().string());
    std::vector<std::string> command = {GetParam().go(),  "tool",        "cgo", "-objdir",
                                        objects.string(), "-importpath", "p",   "--"};
    command.insert(command.end(), flags.begin(), flags.end());
    for (const fs::path& file : files) command.push_back(file.string());
    const auto output =
        run_process(command, files.front().parent_path().string(), environment, 120);
    if (!output || output->status != 0) {
      why = output ? output->err : output.error().message();
      return false;
    }
    ++tally_.packages;
    for (const fs::path& path : files) compare_file(path, objects);
    return true;
  }

  // A folder whose files do not make one package is a folder of single programs.
  void compare_folder(const std::vector<fs::path>& files) {
    std::string why;
    if (compare_package(files, why)) return;
    for (const fs::path& file : files) {
      if (files.size() > 1 && compare_package({file}, why)) continue;
      tally_.not_compared.push_back(file.string() + ": " + first_line(why));
    }
  }

  void print_tally() const {
    std::cout << version_ << ": " << tally_.packages << " packages, " << tally_.files << " files, "
              << tally_.references << " references, " << tally_.different << " files differ; "
              << tally_.not_compared.size() << " files that cgo cannot process\n";
    for (const std::string& file : tally_.not_compared)
      std::cout << "  not compared: " << file << "\n";
  }

  std::string version_;
  Tally tally_;

 private:
  void compare_file(const fs::path& path, const fs::path& objects) {
    const std::string text = read_file(path);
    const GoFile file = parse_go_file(path.string(), text);
    std::vector<Mark> ours = our_marks(file, text, version_.starts_with("go version go1.19."));
    std::vector<Mark> theirs = read_marks(read_file(objects / (path.stem().string() + ".cgo1.go")));
    std::string our_preamble = file.preamble;
    std::string their_preamble =
        preamble_in(read_file(objects / (path.stem().string() + ".cgo2.c")));
    if (has_line_directive(text)) {
      drop_places(ours);
      drop_places(theirs);
      our_preamble = without_line_numbers(our_preamble);
      their_preamble = without_line_numbers(their_preamble);
    }
    ++tally_.files;
    tally_.references += theirs.size();
    const std::string differences = compare(ours, theirs);
    tally_.different += differences.empty() && our_preamble == their_preamble ? 0 : 1;
    EXPECT_EQ(differences, "") << version_ << ": " << path;
    EXPECT_EQ(our_preamble, their_preamble) << version_ << ": " << path;
  }
};

INSTANTIATE_TEST_SUITE_P(Go, CgoOracle, testing::ValuesIn(go_toolchains()), toolchain_name);

TEST_P(CgoOracle, Fixtures) {
  std::vector<fs::path> fixtures;
  for (const auto& entry : fs::directory_iterator(CGO_ORACLE_FIXTURES)) {
    if (entry.path().extension() == ".go") fixtures.push_back(entry.path());
  }
  std::sort(fixtures.begin(), fixtures.end());
  ASSERT_FALSE(fixtures.empty());
  for (const fs::path& fixture : fixtures) {
    std::string why;
    EXPECT_TRUE(compare_package({fixture}, why)) << version_ << ": " << fixture << ": " << why;
  }
  print_tally();
}

// The files that a package's cgo step would get: they import "C", are no tests, and their
// constraints hold.
std::map<fs::path, std::vector<fs::path>> cgo_packages_below(const fs::path& root) {
  std::map<fs::path, std::vector<fs::path>> packages;
  const BuildContext context = host_build_context({});
  std::error_code ignored;
  for (auto it = fs::recursive_directory_iterator(
           root, fs::directory_options::skip_permission_denied, ignored);
       it != fs::recursive_directory_iterator(); it.increment(ignored)) {
    const fs::path& path = it->path();
    const std::string name = path.filename().string();
    if (path.extension() != ".go" || name.ends_with("_test.go") || !it->is_regular_file(ignored) ||
        !file_name_fits(name, context))
      continue;
    const std::string text = read_file(path);
    if (text.find("\"C\"") == std::string::npos) continue;
    const GoFile file = parse_go_file(path.string(), text);
    if (file.imports_c && constraint_holds(file.build_constraint, context))
      packages[path.parent_path()].push_back(path);
  }
  for (auto& [directory, files] : packages) std::sort(files.begin(), files.end());
  return packages;
}

TEST_P(CgoOracle, PackagesOfGoItself) {
  if (GetParam().root.empty())
    GTEST_SKIP()
        << "CGOSCOPE_GO_ROOTS is not set: which sources belong to the go in PATH is unknown";
  for (const char* tree : {"misc", "src", "test"}) {
    for (const auto& [directory, files] : cgo_packages_below(fs::path(GetParam().root) / tree))
      compare_folder(files);
  }
  print_tally();
  // Without gmp.h Go 1.19 has the fewest files that cgo can process, 158, and Go 1.21 the fewest
  // references, 2182. With it each version has a file and 38 references more.
  EXPECT_GE(tally_.files, 150u);
  EXPECT_GE(tally_.references, 2150u);
}

TEST_P(CgoOracle, RealPackages) {
  const std::vector<std::string> roots = colon_separated("CGOSCOPE_ORACLE_DIRS");
  if (roots.empty())
    GTEST_SKIP() << "CGOSCOPE_ORACLE_DIRS names no trees; tests/corpus/fetch gets Debian packages";
  for (const std::string& root : roots) {
    for (const auto& [directory, files] : cgo_packages_below(root)) compare_folder(files);
  }
  print_tally();
  EXPECT_GT(tally_.references, 0u);
}

}  // namespace
}  // namespace cgoscope
