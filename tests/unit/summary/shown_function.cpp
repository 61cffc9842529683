#include "tests/unit/summary/shown_function.h"

namespace cgoscope {
namespace {

const char* shown_op(Op op) {
  switch (op) {
    case Op::kAdd:
      return "+";
    case Op::kSub:
      return "-";
    case Op::kMul:
      return "*";
    case Op::kDiv:
      return "/";
    case Op::kRem:
      return "%";
    case Op::kShl:
      return "<<";
    case Op::kShr:
      return ">>";
    case Op::kAnd:
      return "&";
    case Op::kOr:
      return "|";
    case Op::kXor:
      return "^";
    case Op::kNot:
      return "~";
    case Op::kNegate:
      return "-";
    case Op::kLogicalNot:
      return "!";
    case Op::kLogicalAnd:
      return "&&";
    case Op::kLogicalOr:
      return "||";
    case Op::kEq:
      return "==";
    case Op::kNe:
      return "!=";
    case Op::kLt:
      return "<";
    case Op::kLe:
      return "<=";
    case Op::kGt:
      return ">";
    case Op::kGe:
      return ">=";
    default:
      return "op?";
  }
}

}  // namespace

std::string shown_expression(const Function& function, ExprId id) {
  if (id == kNone) return "none";
  const Expr& e = function.exprs.at(id);
  const auto at = [&](size_t i) { return shown_expression(function, e.operands.at(i)); };
  const auto list = [&](const std::vector<ExprId>& ids) {
    std::string text;
    for (const ExprId one : ids)
      text += (text.empty() ? "" : ", ") + shown_expression(function, one);
    return text;
  };
  switch (e.kind) {
    case ExprKind::kUnknown:
      return "?(" + list(e.operands) + ")";
    case ExprKind::kInt:
      return std::to_string(e.value);
    case ExprKind::kReal:
      return std::to_string(e.value) + "e-6";
    case ExprKind::kString:
      return "\"" + e.text + "\"";
    case ExprKind::kVariable:
      return function.variables.at(e.index).name;
    case ExprKind::kGlobal:
      return e.text;
    case ExprKind::kFunction:
      return "&" + e.text;
    case ExprKind::kMember:
      return at(0) + "." + e.text;
    case ExprKind::kElement:
      return at(0) + "[" + at(1) + "]";
    case ExprKind::kDereference:
      return "*" + at(0);
    case ExprKind::kAddress:
      return "&" + at(0);
    case ExprKind::kLoad:
      return e.is_volatile ? "volatile " + at(0) : at(0);
    case ExprKind::kUnary:
      return shown_op(e.op) + at(0);
    case ExprKind::kBinary:
      return "(" + at(0) + " " + shown_op(e.op) + " " + at(1) + ")";
    case ExprKind::kConditional:
      return "(" + at(0) + " ? " + at(1) + " : " + at(2) + ")";
    case ExprKind::kCast:
      return "(" + std::string(e.is_signed ? "i" : "u") + std::to_string(e.width) + ")" + at(0);
    case ExprKind::kAssign:
      return at(0) + " = " + at(1);
    case ExprKind::kIncrement:
      return at(0) + (e.op == Op::kPost ? " then+= " : " += ") + std::to_string(e.value);
    case ExprKind::kCall: {
      const Call& call = function.calls.at(e.index);
      std::string text;
      if (call.object != kNone) text += shown_expression(function, call.object) + "->";
      text +=
          call.callee == kNone ? call.name : "(*" + shown_expression(function, call.callee) + ")";
      return text + "(" + list(e.operands) + ")";
    }
    case ExprKind::kAggregate: {
      std::string text;
      for (size_t i = 0; i < e.operands.size(); ++i)
        text += (i == 0 ? "" : ", ") + e.fields.at(i) + ": " + at(i);
      return "{" + text + "}";
    }
    case ExprKind::kComma:
      return "(" + at(0) + ", " + at(1) + ")";
    case ExprKind::kStatement:
      return "({" + (e.index == kNone ? "" : shown_statement(function, e.index) + "; ") +
             list(e.operands) + "})";
  }
  return "expression?";
}

std::string shown_statement(const Function& function, StmtId id) {
  if (id == kNone) return "";
  const Stmt& s = function.stmts.at(id);
  const auto expression = [&] { return shown_expression(function, s.expr); };
  const auto body = [&](StmtId part) { return "{ " + shown_statement(function, part) + "}"; };
  const std::string label = "L" + std::to_string(s.label);
  switch (s.kind) {
    case StmtKind::kExpr:
      return expression() + "; ";
    case StmtKind::kDeclare:
      return function.variables.at(s.slot).name + (s.expr == kNone ? "" : " := " + expression()) +
             "; ";
    case StmtKind::kIf:
      return "if (" + expression() + ") " + body(s.a) +
             (s.b == kNone ? " " : " else " + body(s.b) + " ");
    case StmtKind::kLoop: {
      if (s.label != kNone) return "loop " + label + " " + body(s.a) + " ";
      const std::string step = s.b == kNone ? "" : "step " + body(s.b) + " ";
      if (s.test_last) return "do " + body(s.a) + " while (" + expression() + ") " + step;
      return "while (" + (s.expr == kNone ? "" : expression()) + ") " + body(s.a) + " " + step;
    }
    case StmtKind::kSwitch:
      return "switch (" + expression() + ") " + body(s.a) + " ";
    case StmtKind::kReturn:
      return "return" + (s.expr == kNone ? "" : " " + expression()) + "; ";
    case StmtKind::kBreak:
      return "break; ";
    case StmtKind::kContinue:
      return s.label == kNone ? "continue; " : "continue " + label + "; ";
    case StmtKind::kGoto:
      return "goto " + label + "; ";
    case StmtKind::kLabel:
      return label + ": ";
    case StmtKind::kCase:
      if (s.is_default) return "default: ";
      return "case " + std::to_string(s.low) +
             (s.high == s.low ? "" : ".." + std::to_string(s.high)) + ": ";
    case StmtKind::kBlock: {
      std::string text;
      for (const StmtId child : s.children) text += shown_statement(function, child);
      return text;
    }
  }
  return "statement?";
}

std::string shown_body(const Function& function) {
  std::string text = shown_statement(function, function.body);
  while (text.ends_with(' ')) text.pop_back();
  return text;
}

}  // namespace cgoscope
