// A Go source file: the lexer, the preamble, references, constants, exports.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "clang_plugin/packages/export_header.h"
#include "clang_plugin/packages/go_constant.h"
#include "clang_plugin/packages/go_file.h"
#include "clang_plugin/packages/go_lexer.h"
#include "clang_plugin/packages/package.h"
#include "tests/fuzz/check.h"

namespace cgoscope {
namespace {

// Tokens lie in the file, in order, without overlap; so do comments.
void check_tokens(std::string_view text) {
  const GoTokens tokens = lex_go(text);
  CHECK(!tokens.tokens.empty() && tokens.tokens.back().kind == GoTokenKind::kEnd);
  size_t end = 0;
  for (const GoToken& token : tokens.tokens) {
    CHECK(token.offset >= end);
    end = token.offset + token.length;
    CHECK(end <= text.size());
  }
  end = 0;
  for (const GoComment& comment : tokens.comments) {
    CHECK(comment.offset >= end);
    end = comment.offset + comment.length;
    CHECK(end <= text.size());
    CHECK(comment.next_token < tokens.tokens.size());
  }
  CHECK(std::is_sorted(tokens.line_starts.begin(), tokens.line_starts.end()));
  CHECK(tokens.errors.size() <= kMaxGoLexErrors);
}

}  // namespace
}  // namespace cgoscope

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace cgoscope;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  check_tokens(text);

  Package package;
  package.directory = "/p";
  package.cgo_files.push_back(parse_go_file("/p/a.go", text));
  const GoFile& file = package.cgo_files[0];
  const int lines = 1 + static_cast<int>(std::count(text.begin(), text.end(), '\n'));
  const GoConstants constants(package);
  int line = 0;
  for (const GoReference& reference : file.references) {
    CHECK(reference.line >= line && reference.line <= lines);
    line = reference.line;
    CHECK(reference.column >= 1);
    CHECK(!reference.name.empty());
    CHECK(reference.function_index < static_cast<int>(file.functions.size()));
    for (const std::string& argument : reference.arguments) {
      CHECK(argument.size() <= kMaxExpressionBytes);
      constants.evaluate(argument, file, reference.function_index);
      constants.evaluate_double(argument, file, reference.function_index);
      go_object_name(argument, file, reference.function_index);
    }
  }
  for (const GoFunction& function : file.functions) {
    CHECK(function.line >= 1 && function.line <= function.end_line && function.end_line <= lines);
  }
  for (const GoBinding& binding : file.bindings)
    constants.evaluate(binding.expression, file, binding.function_index);
  CHECK(std::is_sorted(file.package_names.begin(), file.package_names.end()));
  for (const Problem& problem : file.problems) {
    CHECK(problem.line >= 0 && problem.line <= lines);
    CHECK(!problem.message.empty());
  }
  // Any place of the preamble can be asked for.
  const int preamble_lines = std::min(
      1 + static_cast<int>(std::count(file.preamble.begin(), file.preamble.end(), '\n')), 2000);
  for (int at = 1; at <= preamble_lines; ++at) preamble_position(file, at, 1);
  for (const AllowComment& allow : file.allows)
    CHECK(allow.line >= 1 && allow.line <= lines && allow.column >= 1);
  export_header(package);
  return 0;
}
