#include "tests/unit/cache/full_summary.h"

#include <limits>

namespace cgoscope {
namespace {

Function full_function() {
  Function function;
  function.link_name = "f@/p/a.c:3";
  function.name = "f";
  function.place = {1, 3, 12, true};
  function.is_static = function.is_system = true;
  function.has_body = false;
  function.parameters = 2;
  function.body = 1;
  function.variables = {{"n", 0, true, true, 32, false, true, true},
                        {"this", kObjectParameter, false, false, 64, true, false, false}};
  Expr variable;
  variable.kind = ExprKind::kVariable;
  variable.index = 0;
  Expr unknown;
  unknown.text = std::string("two\0\xff", 5);
  unknown.is_volatile = true;
  unknown.is_signed = false;
  Expr load;
  load.kind = ExprKind::kLoad;
  load.width = 0;
  load.operands = {0};
  Expr call;
  call.kind = ExprKind::kCall;
  call.index = 0;
  call.operands = {2, 1};
  Expr aggregate;
  aggregate.kind = ExprKind::kAggregate;
  aggregate.op = Op::kPost;
  aggregate.value = std::numeric_limits<int64_t>::min();
  aggregate.operands = {3};
  aggregate.fields = {"record.field"};
  Expr statement;
  statement.kind = ExprKind::kStatement;
  statement.index = 0;
  function.exprs = {variable, unknown, load, call, aggregate, statement};
  Stmt first;
  first.kind = StmtKind::kDeclare;
  first.slot = 1;
  first.expr = 4;
  first.low = -5;
  first.high = std::numeric_limits<int64_t>::max();
  first.label = 8;
  first.place = {0, 9, 1, false};
  Stmt second;
  second.kind = StmtKind::kLoop;
  second.test_last = second.is_default = true;
  second.expr = 5;
  second.a = 0;
  second.b = 0;
  second.children = {0};
  function.stmts = {first, second};
  Call to;
  to.target = "g";
  to.name = "std::mutex::lock";
  to.macro = "BIO_do_connect";
  to.callee = 2;
  to.object = 0;
  to.place = {1, 4, 2, true};
  to.is_virtual = to.no_return = to.is_barrier = true;
  function.calls = {to};
  return function;
}

Digest digest(uint8_t byte) {
  Digest digest{};
  digest.fill(byte);
  return digest;
}

}  // namespace

CacheEntry full_entry() {
  CacheEntry entry;
  entry.answers = {
      {FileQuestion::kObject, "/p", FileType::kFolder, 1, {}},
      {FileQuestion::kNames, "/p", FileType::kNone, 0, digest(1)},
      {FileQuestion::kObject, "/p/a.h", FileType::kFile, 2, {}},
      {FileQuestion::kContents, "/p/a.h", FileType::kNone, 0, digest(0x80)},
      {FileQuestion::kRealPath, "/p/a.h", FileType::kNone, 0, digest(3)},
      {FileQuestion::kObject, "/p/absent.h", FileType::kNone, 0, {}},
      {FileQuestion::kObject, "/q", FileType::kOther, 3, {}},
  };
  TranslationUnit& unit = entry.unit;
  unit.main_file = "/p/a.go";
  unit.files = {"/p/a.go", "/p/a.h"};
  unit.functions["f"] = full_function();
  unit.functions["g@/p/a.h:1"] = {};
  unit.initialisers = full_function();
  unit.globals["table"] = {"table", true, true, true, true, 3};
  unit.globals["other"] = {};
  unit.stored_functions["record.field"] = {"f", "g"};
  unit.overriders["_ZN1A1fEv"] = {"_ZN1B1fEv"};
  unit.constants = {{"MAX", -7}, {"MIN", std::numeric_limits<int64_t>::min()}};
  unit.visible = {{"f", "f@/p/a.c:3"}, {"declared", ""}};
  unit.declared = {{"_ZN3lib4waitEv", {"lib::wait", 1}}, {"made_up", {"made_up", kNone}}};
  unit.not_functions = {"type", "variable"};
  unit.allows = {{"blocking-call", "it is short", {1, 2, 3, true}}};
  unit.problems = {{"/p/a.h", 7, "header x.h not found"}};
  unit.errors = 21;
  return entry;
}

}  // namespace cgoscope
