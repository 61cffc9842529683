// A function's tree as text, close to C, so that a test can say what it expects of the summariser
// in one line.
#pragma once

#include <string>

#include "clang_plugin/summary/summary.h"

namespace cgoscope {

// "x := 3; while ((x < 10)) { read(x); x += 1; }". Loads are not shown; casts to fewer than 64 bits
// are "(i32)x" and "(u8)x"; what is not followed is "?(operands)".
std::string shown_expression(const Function& function, ExprId id);
std::string shown_statement(const Function& function, StmtId id);
// The body without its outer braces, "" when there is none.
std::string shown_body(const Function& function);

}  // namespace cgoscope
