// Build constraints: //go:build expressions, // +build words, names of files, and the head of a
// file that holds them.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "clang_plugin/packages/build_constraint.h"
#include "clang_plugin/packages/file_header.h"
#include "tests/fuzz/check.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace cgoscope;
  const std::string text(reinterpret_cast<const char*>(data), size);
  BuildContext context;
  context.goos = "linux";
  context.goarch = "amd64";
  context.tags = {"special"};
  const bool holds = constraint_holds(text, context);
  // What holds is well-formed, so that its negation does not hold.
  if (holds && !text.empty()) CHECK(!constraint_holds("!(" + text + ")", context));
  old_style_word_holds(text, context);
  tag_holds(text, context);
  if (text.starts_with('_') || text.starts_with('.')) CHECK(!file_name_fits(text, context));
  file_name_fits(text, context);
  constraint_holds(read_build_constraint(text), context);
  return 0;
}
