#include "clang_plugin/packages/go_file.h"

#include <algorithm>
#include <utility>

#include "clang_plugin/packages/allow_comment.h"
#include "clang_plugin/packages/file_header.h"
#include "clang_plugin/packages/go_functions.h"
#include "clang_plugin/packages/go_source.h"

namespace cgoscope {
namespace {

// A person needs the first few; a hostile file could have one a token.
constexpr size_t kMaxProblems = 100;

}  // namespace

GoFile parse_go_file(std::string path, std::string_view text, GoCalls calls) {
  GoFile file;
  file.path = std::move(path);
  if (text.size() > kMaxGoFileBytes) {
    file.problems.push_back({file.path, 0, "larger than 64 MiB; not read"});
    return file;
  }
  const GoSource source(text);
  for (const GoLexError& error : source.tokens().errors) {
    file.problems.push_back({file.path, source.tokens().line(error.offset), error.message});
  }
  if (source.unbalanced() != GoSource::kNone) {
    const size_t token = source.unbalanced();
    file.problems.push_back({file.path, source.line(token),
                             "'" + std::string(source.text(token)) + "' has no partner"});
  }
  file.build_constraint = read_build_constraint(text);
  const size_t first_declaration = read_file_header(source, file);
  for (const GoComment& comment : source.tokens().comments) {
    auto allow = parse_allow_comment(text.substr(comment.offset, comment.length),
                                     source.tokens().line(comment.offset),
                                     source.tokens().column(comment.offset));
    if (allow) file.allows.push_back(std::move(*allow));
  }
  std::stable_sort(file.allows.begin(), file.allows.end(),
                   [](const AllowComment& a, const AllowComment& b) { return a.line < b.line; });
  read_functions(source, first_declaration, calls, file);
  if (file.problems.size() > kMaxProblems) file.problems.resize(kMaxProblems);
  return file;
}

}  // namespace cgoscope
