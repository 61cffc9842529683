// The C text that cgo takes from the comments before `import "C"`.
//
// cmd/cgo/ast.go, the same in Go 1.19 to 1.27: the doc comment of each import of "C" (of its
// declaration when that has exactly one spec), with the comment markers taken off, between two
// #line lines; all docs of a file one after the other. A doc comment is the comment group that ends
// on the line above. Carriage returns are dropped.
#pragma once

#include "clang_plugin/packages/go_file.h"
#include "clang_plugin/packages/go_source.h"

namespace cgoscope {

// Comments [first, last) of GoTokens::comments.
struct CommentGroup {
  size_t first = 0;
  size_t last = 0;
  bool empty() const { return first >= last; }
};

// The comment group that go/parser makes the doc of what begins with `token`; empty when there is
// none.
CommentGroup doc_comment(const GoSource& source, size_t token);

// Adds `doc` to the file's preamble, preamble_lines, directives and allows.
//
// The line numbers are those of the file itself. cgo writes what a //line directive makes of them,
// but keeps this file's name, so that its numbers then name lines that the file does not have.
void add_preamble(const GoSource& source, const CommentGroup& doc, GoFile& file);

}  // namespace cgoscope
