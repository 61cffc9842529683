// //cgoscope:allow RULE reason: how a program says that a finding is meant.
//
// In C text, and a preamble is C text inside a Go comment, only a // comment of C's own counts: one
// in a string or inside /* */ is none.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "clang_plugin/packages/go_file.h"

namespace cgoscope {

// Reads `comment`, from its "//" on, which stands at `line`:`column`; nothing when it is another
// comment.
std::optional<AllowComment> parse_allow_comment(std::string_view comment, int line, int column);

// Every allow comment in the C text `text`. Lines and columns count from 1;
// trigraphs are not known, a line
// that ends in a backslash goes on.
std::vector<AllowComment> find_allow_comments_in_c(std::string_view text);

}  // namespace cgoscope
