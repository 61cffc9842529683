// What is kept of a translation unit once Clang's AST is gone: its functions as small trees of
// statements and expressions.
//
// The question "how long can this call block, called from that Go line?" depends on values: the
// literal that Go passes, the constant a macro expands to, the flag that fcntl set three lines
// earlier. So a summary keeps what decides values and reachability (assignments, branches, loops,
// calls) and drops the rest of C. Constants are folded by Clang, macros are expanded, C++ is
// lowered to plain calls. Everything here is a value: no pointer into the AST, so that summaries
// can be kept, compared and written to disk.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "findings/finding.h"

namespace cgoscope {

using ExprId = uint32_t;
using StmtId = uint32_t;
inline constexpr uint32_t kNone = ~uint32_t{0};

// A place in a source file. `file` indexes TranslationUnit::files. `system`: in a header of the
// system, not of the user.
struct SourcePlace {
  uint32_t file = kNone;
  uint32_t line = 0;
  uint32_t column = 0;
  bool system = false;

  bool operator==(const SourcePlace&) const = default;
};

enum class ExprKind : uint8_t {
  kUnknown,      // a value that is not followed; operands are still evaluated for their calls
  kInt,          // `value`
  kReal,         // a floating-point constant, `value` in millionths
  kString,       // `text`
  kVariable,     // lvalue: `slot` of the function
  kGlobal,       // lvalue: `text` is the link name
  kFunction,     // a function's address: `text` is its link name
  kMember,       // lvalue: operand 0 is the object (lvalue), `text` is "record.field"
  kElement,      // lvalue: operand 0 the array object (lvalue), operand 1 the index
  kDereference,  // lvalue: operand 0 is a pointer
  kAddress,      // operand 0 is an lvalue
  kLoad,         // the value in lvalue operand 0
  kUnary,        // `op` on operand 0
  kBinary,       // `op` on operands 0 and 1
  kConditional,  // operand 0 ? operand 1 : operand 2
  kCast,         // operand 0 as an integer of `width` bits, signed or not
  kAssign,       // operand 0 (lvalue) = operand 1
  kIncrement,    // operand 0 (lvalue) += value; the result is the old value if `op` is kPost
  kCall,         // `call` indexes Function::calls; operands are the arguments
  kAggregate,    // an initialiser: `fields` name the operands ("record.field", or "[3]")
  kComma,        // operand 0, then operand 1
  kStatement,    // ({ … }): `statement`, whose value is operand 0 if there is one
};

enum class Op : uint8_t {
  kNone,
  kAdd,
  kSub,
  kMul,
  kDiv,
  kRem,
  kShl,
  kShr,
  kAnd,
  kOr,
  kXor,
  kNot,
  kNegate,
  kLogicalNot,
  kLogicalAnd,
  kLogicalOr,
  kEq,
  kNe,
  kLt,
  kLe,
  kGt,
  kGe,
  kPost,
};

// The `text` of a kUnknown that is one: operands are what is changed, the value expected and the
// value wanted.
inline constexpr const char* kCompareAndSwap = "compare-and-swap";
inline constexpr const char* kTestAndSet =
    "test-and-set";  // another such text, whatever the operands

struct Expr {
  ExprKind kind = ExprKind::kUnknown;
  Op op = Op::kNone;
  uint8_t width = 64;  // of the result, in bits; 64 for pointers; 0 for a load of a whole struct
  bool is_signed = true;
  bool is_volatile = false;  // of a load: volatile or atomic
  int64_t value = 0;
  uint32_t index = kNone;  // slot, call or statement, by kind
  std::string text;
  std::vector<ExprId> operands;
  std::vector<std::string> fields;

  bool operator==(const Expr&) const = default;
};

// A call. A direct one names its callee; an indirect one evaluates `callee`.
struct Call {
  // Link name of the callee: its mangled name, or "name@file:line" when only this translation unit
  // sees it. "" when indirect.
  std::string target;
  // What the catalogue knows it by: "read", "std::mutex::lock"; for an indirect call through a
  // member "record::field".
  std::string name;
  std::string macro;        // the outermost function-like macro that the call was written as,
                            // "BIO_do_connect"; else ""
  ExprId callee = kNone;    // indirect: the function pointer's value
  ExprId object = kNone;    // C++: the object a method is called on (an address)
  SourcePlace place;        // of the callee's name, where the macro that produced it was written
  bool is_virtual = false;  // `target` is the static type's method; overriders may run instead
  bool no_return = false;
  bool is_barrier =
      false;  // a compiler builtin or a pause instruction: a loop that only does these spins

  bool operator==(const Call&) const = default;
};

enum class StmtKind : uint8_t {
  kExpr,
  kDeclare,
  kIf,
  kLoop,
  kSwitch,
  kReturn,
  kBreak,
  kContinue,
  kGoto,
  kLabel,
  kBlock,
  kCase,
};

// kDeclare: slot = expr. kIf: expr, then `a`, else `b`. kLoop: expr is the condition (kNone: none),
// `a` the body, `b` the step; `test_last` for do-while; a label that is jumped back to becomes a
// loop with `label`, and the jump a kContinue with that label. kSwitch: expr, body `a` is a block
// with kCase markers. kCase: [low, high] or default. kGoto and kLabel: `label`. kReturn: expr, and
// `a`, which runs once that is computed (destructors).
struct Stmt {
  StmtKind kind = StmtKind::kBlock;
  bool test_last = false;
  bool is_default = false;
  uint32_t slot = kNone;
  uint32_t label = kNone;
  ExprId expr = kNone;
  StmtId a = kNone;
  StmtId b = kNone;
  int64_t low = 0, high = 0;
  SourcePlace place;
  std::vector<StmtId> children;

  bool operator==(const Stmt&) const = default;
};

struct Variable {
  std::string name;
  int parameter = -1;  // 0-based position, -1 for a local; a method's object is kObjectParameter
  bool is_static = false;
  bool is_volatile = false;
  uint8_t width = 64;
  bool is_signed = true;
  bool is_record = false;
  bool is_real = false;  // floating point, so its integers are millionths

  bool operator==(const Variable&) const = default;
};
inline constexpr int kObjectParameter = -2;

struct Function {
  std::string link_name;
  std::string name;  // as people write it
  SourcePlace place;
  bool is_static = false;  // seen by this translation unit only
  bool is_system = false;  // defined in a system header
  bool has_body = true;
  int parameters = 0;
  StmtId body = kNone;
  std::vector<Variable> variables;
  std::vector<Expr> exprs;
  std::vector<Stmt> stmts;
  std::vector<Call> calls;

  bool operator==(const Function&) const = default;
};

// A global variable. `initialiser` is an expression of the pseudo-function
// TranslationUnit::initialisers.
struct Global {
  std::string name;
  bool is_const = false;
  bool is_static = false;
  bool is_volatile = false;
  bool is_function_pointer = false;
  ExprId initialiser = kNone;

  bool operator==(const Global&) const = default;
};

// A comment //cgoscope:allow in a C file.
struct CAllow {
  std::string rule, reason;
  SourcePlace place;

  bool operator==(const CAllow&) const = default;
};

// A function whose body is elsewhere: in another file of the package, or in a library.
struct Declaration {
  std::string name;       // as Call::name
  uint32_t file = kNone;  // that declares it, in TranslationUnit::files; kNone: none does

  bool operator==(const Declaration&) const = default;
};

struct TranslationUnit {
  std::string main_file;  // as given: the .go file for a preamble, the C file otherwise
  std::vector<std::string> files;
  std::map<std::string, Function> functions;  // by link name
  Function initialisers;                      // holds the expressions of globals' initialisers
  std::map<std::string, Global> globals;      // by link name
  // Function pointers stored anywhere in this unit, by where: "record.field" or a global's link
  // name.
  std::map<std::string, std::vector<std::string>> stored_functions;
  std::map<std::string, std::vector<std::string>>
      overriders;                               // virtual method → methods that override it
  std::map<std::string, int64_t> constants;     // C.NAME that Go uses and that is a constant here
  std::map<std::string, std::string> visible;   // every function name that Go refers to here → its
                                                // link name ("" when only declared)
  std::map<std::string, Declaration> declared;  // by link name: what is used here without a body
  std::set<std::string>
      not_functions;  // names that Go refers to and that are types or variables here
  std::vector<CAllow> allows;
  std::vector<Problem> problems;  // from Clang: missing headers, syntax errors
  int errors = 0;                 // how many errors Clang gave in all

  bool operator==(const TranslationUnit&) const = default;
};

}  // namespace cgoscope
