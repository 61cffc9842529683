// One Go source file as cgo sees it.
//
// cgo finds what it must rewrite syntactically: every selector whose left side is the identifier C,
// whatever C means there (cmd/cgo/ast.go). So a lexer that is exact about Go's comments, literals
// and automatic semicolons sees the same references that cgo sees, and no type checker is needed.
// The preamble is the comment group that ends on the line above `import "C"`.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "findings/finding.h"

namespace cgoscope {

// A stretch of the preamble that Clang places wrongly: from (clang_line, clang_column) to the end
// of that line it came from Go line `go_line`, and Clang's columns are `column_shift` bytes too
// small, because cgo drops the comment's marker (and what stands before it). The lines differ too
// behind a /* */ comment that another comment follows in the same group: cgo joins the two without
// a line end, so all that follows moves up by a line. Ask preamble_position.
struct PreambleLine {
  int go_line = 0;
  int column_shift = 0;
  int clang_line = 0;
  int clang_column = 1;
};

// `import name "path"`. `name` is what the file calls the package: the one given ("." and "_" too),
// else the path's last element without a major version ("v2"), a guess: the package clause decides.
struct GoImport {
  std::string name;
  std::string path;
  int line = 0;
  bool is_named = false;  // the name is one given
};

// A `#cgo` line: everything behind "#cgo", trimmed, not yet split or expanded. Neither cgo nor
// go/build joins lines at a backslash.
struct CgoDirective {
  std::string text;
  int line = 0;
};

enum class ReferenceUse : uint8_t {
  kCall,  // C.f(...), `go C.f(...)`, `defer C.f(...)`, (C.f)(...); also a conversion C.int(x): only
          // Clang can tell
  kValue,  // C.f, C.CONST, C.struct_x: anything that is not called
};

// One C.name in the source. Line and column are physical (line directives ignored), 1-based, in
// bytes, and point at the C.
struct GoReference {
  std::string name;
  int line = 0;
  int column = 0;
  ReferenceUse use = ReferenceUse::kValue;
  // The source text of each argument of a call, comments dropped, one space where there was any; a
  // trailing `...` is kept. An argument over kMaxExpressionBytes is "".
  std::vector<std::string> arguments;
  // The enclosing function without its package, as the newest Go's linker spells it
  // (go_functions.h): "main", "(*T).M", "T.M", "main.func1", "F[...]", "init.0"; empty for an
  // initialiser of a package-level variable outside any function literal.
  std::string function;
  int function_index = -1;  // into GoFile::functions; -1 outside a function
};

// F(...) or p.F(...) in the source, also with type arguments: F[int](...). Nothing is kept of
// p.q.F(...) and of other calls. Whether F is a function, a type or a variable, tokens cannot tell.
struct GoCall {
  std::string qualifier;  // "p"; "" when absent
  std::string name;
  int line = 0, column = 0;  // of the first token
  std::string function;      // as GoReference::function
  int function_index = -1;
};

// A function as written, with what a constant evaluator needs of its body.
struct GoFunction {
  std::string name;           // as GoReference::function spells it, of the outermost function
  std::string receiver;       // the receiver's variable name, "" when absent
  std::string receiver_type;  // "T", without star or type parameters
  int line = 0;
  int end_line = 0;
  std::vector<std::string> parameters;  // names, of results too
  // Every other name that the body declares, closures' parameters included, sorted: it hides what
  // the package calls so.
  std::vector<std::string> locals;
};

// `const x = expr`, package-level or in a function, or `x := expr` / `var x = expr` in a function
// where x is never assigned again, incremented, or has its address taken. A constant of a const
// group without an expression repeats the previous one.
struct GoBinding {
  std::string name;
  std::string
      expression;  // source text, comments dropped; "T(expr)" when the declaration names the type T
  int iota = 0;    // the value of iota in `expression`
  bool is_const = false;    // else a variable: an untyped value takes its default type
  int function_index = -1;  // -1 for package level
  int line = 0;
};

// `c := &Conn{…}` or `c := Conn{…}` in a function where c is never assigned again: what type c has.
// Its value is not known.
struct GoRecordVariable {
  std::string name;
  std::string type;  // "Conn"
  int function_index = -1;
};

// `type Name underlying` or `type Name = underlying` at package level, where the right side is one
// name: "int", "C.uint", "time.Duration". Other types are only in GoFile::package_names.
struct GoTypeName {
  std::string name;
  std::string underlying;
};

// syscall.SetNonblock(fd, true) or unix.SetNonblock(fd, true): a descriptor becomes (non-)blocking
// on the Go side.
struct GoSetNonblock {
  std::string descriptor;  // source text of the first argument
  std::string value;       // source text of the second
  int function_index = -1;
  int line = 0;
};

// A function marked //export.
struct GoExport {
  std::string c_name;
  std::string function;    // as GoReference::function
  std::string parameters;  // source text between the parentheses
  std::string
      results;  // source text of the result list without its parentheses, "" when there is none
  int line = 0;
};

// A //cgoscope:allow comment, in Go code or in the preamble (its place in the Go file either way).
struct AllowComment {
  std::string rule;    // first word; after a blank when one stands behind "//", where it counts for
                       // nothing
  std::string reason;  // the rest, "" when it is missing
  int line = 0;
  int column = 0;
};

struct GoFile {
  std::string path;  // absolute
  std::string package_name;
  bool imports_c = false;
  std::string preamble;  // what cgo hands to the compiler, with its #line lines, #cgo lines blanked
  std::vector<PreambleLine>
      preamble_lines;  // ascending by Clang's place; what is absent is where Clang says it is
  std::vector<GoImport> imports;  // "C" included
  std::vector<CgoDirective> directives;
  std::vector<GoReference> references;  // in source order
  std::vector<GoCall> calls;            // in source order; only with GoCalls::kRead
  std::vector<GoFunction> functions;
  std::vector<GoBinding> bindings;
  std::vector<GoRecordVariable> record_variables;
  std::vector<std::string>
      package_names;  // every name declared at package level here, methods excepted, sorted
  std::vector<GoTypeName> types;
  std::vector<GoSetNonblock> set_nonblock;
  std::vector<GoExport> exports;
  std::vector<AllowComment> allows;
  std::string build_constraint;   // the //go:build expression, or the // +build lines turned into
                                  // one; "" when none
  std::vector<Problem> problems;  // what did not parse; the rest of the file is still here
};

// Never fails: what cannot be understood becomes a problem and reading goes on. `source` may be
// hostile: any bytes, any size up to kMaxGoFileBytes (a larger one gives a single problem).
inline constexpr size_t kMaxGoFileBytes = 64u << 20;
enum class GoCalls : uint8_t { kSkip, kRead };  // there are many, and few runs need them
GoFile parse_go_file(std::string path, std::string_view source, GoCalls calls = GoCalls::kSkip);

// Longer expressions are not kept: none that long is a constant, and nested calls would make their
// texts grow as the square.
inline constexpr size_t kMaxExpressionBytes = 4096;

// The place in the Go file of what Clang places at `clang_line`:`clang_column` of its preamble.
struct GoPosition {
  int line = 0;
  int column = 0;
  auto operator<=>(const GoPosition&) const = default;
};
GoPosition preamble_position(const GoFile& file, int clang_line, int clang_column);

}  // namespace cgoscope
