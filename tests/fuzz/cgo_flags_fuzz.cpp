// The `#cgo` lines of a file and the flags on them: what reaches Clang must not load or run code,
// read further arguments, or write a file.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "clang_plugin/packages/build_constraint.h"
#include "clang_plugin/packages/cgo_flags.h"
#include "clang_plugin/packages/safe_flags.h"
#include "tests/fuzz/check.h"

namespace cgoscope {
namespace {

// Options of Clang's driver that take the next word as their value, of those that may be passed.
bool takes_next(std::string_view flag) {
  for (const char* name : {"-I",        "-D",          "-U",           "-include",
                           "-imacros",  "-isystem",    "-iquote",      "-idirafter",
                           "-isysroot", "--sysroot",   "-target",      "-arch",
                           "-x",        "-iprefix",    "-iwithprefix", "-iwithprefixbefore",
                           "-F",        "-iframework", "-framework",   "-L",
                           "-l"}) {
    if (flag == name) return true;
  }
  return false;
}

bool is_dangerous(std::string_view flag) {
  for (const char* prefix : {"@",
                             "-fplugin",
                             "-fpass-plugin",
                             "-load",
                             "-Xclang",
                             "-Xpreprocessor",
                             "-Xassembler",
                             "-Xlinker",
                             "-mllvm",
                             "-B",
                             "-specs",
                             "--specs",
                             "-wrapper",
                             "-cc1",
                             "--config",
                             "-o",
                             "-save-temps",
                             "-MF",
                             "-MD",
                             "-fmodules-cache-path",
                             "-ivfsoverlay",
                             "-include-pch",
                             "-Wp,",
                             "-fprofile",
                             "-fdump",
                             "-dumpdir",
                             "--serialize-diagnostics",
                             "-serialize-diagnostics",
                             "-ccc-"}) {
    if (flag.starts_with(prefix)) return true;
  }
  return false;
}

}  // namespace
}  // namespace cgoscope

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace cgoscope;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  GoFile file;
  file.path = "/p/a.go";
  int number = 1;
  for (size_t at = 0; at <= text.size(); ++number) {
    const size_t end = std::min(text.find('\n', at), text.size());
    file.directives.push_back({std::string(text.substr(at, end - at)), number});
    at = end + 1;
  }
  BuildContext context;
  context.goos = "linux";
  context.goarch = "amd64";
  std::vector<Problem> problems;
  for (const CgoLine& line : cgo_lines(file, problems)) {
    conditions_hold(line, context);
    CHECK(line.line >= 1 && line.line < number);
    for (const bool from_user : {false, true}) {
      const std::vector<std::string> safe = safe_clang_flags(
          line.arguments, {"#cgo " + line.variable, line.variable, line.file, line.line, from_user},
          problems);
      for (size_t i = 0; i < safe.size(); ++i) {
        CHECK(!is_dangerous(safe[i]));
        if (takes_next(safe[i])) ++i;
      }
    }
  }
  for (const Problem& problem : problems) CHECK(!problem.message.empty());
  split_quoted(text);
  return 0;
}
