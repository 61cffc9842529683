// Arithmetic, conversions and constants. Clang folds what only Clang knows (sizeof, enumerators);
// a std::chrono duration becomes an integer of nanoseconds, a floating-point number one of
// millionths.
#include "clang/AST/APValue.h"
#include "clang/AST/DeclTemplate.h"
#include "clang_plugin/summary/lower.h"

namespace cgoscope {
namespace {

constexpr int64_t kMillion = 1000000;  // kReal counts millionths

Op binary_op(clang::BinaryOperatorKind kind) {
  switch (kind) {
    case clang::BO_Add:
    case clang::BO_AddAssign:
      return Op::kAdd;
    case clang::BO_Sub:
    case clang::BO_SubAssign:
      return Op::kSub;
    case clang::BO_Mul:
    case clang::BO_MulAssign:
      return Op::kMul;
    case clang::BO_Div:
    case clang::BO_DivAssign:
      return Op::kDiv;
    case clang::BO_Rem:
    case clang::BO_RemAssign:
      return Op::kRem;
    case clang::BO_Shl:
    case clang::BO_ShlAssign:
      return Op::kShl;
    case clang::BO_Shr:
    case clang::BO_ShrAssign:
      return Op::kShr;
    case clang::BO_And:
    case clang::BO_AndAssign:
      return Op::kAnd;
    case clang::BO_Or:
    case clang::BO_OrAssign:
      return Op::kOr;
    case clang::BO_Xor:
    case clang::BO_XorAssign:
      return Op::kXor;
    case clang::BO_LAnd:
      return Op::kLogicalAnd;
    case clang::BO_LOr:
      return Op::kLogicalOr;
    case clang::BO_EQ:
      return Op::kEq;
    case clang::BO_NE:
      return Op::kNe;
    case clang::BO_LT:
      return Op::kLt;
    case clang::BO_LE:
      return Op::kLe;
    case clang::BO_GT:
      return Op::kGt;
    case clang::BO_GE:
      return Op::kGe;
    default:
      return Op::kNone;
  }
}

int64_t clamp_to_int64(double value) {
  if (!(value > -9.2e18)) return INT64_MIN;
  return value < 9.2e18 ? static_cast<int64_t>(value) : INT64_MAX;
}

}  // namespace

std::optional<double> chrono_tick_ns(clang::QualType type) {
  const auto* record = type.getNonReferenceType()->getAsCXXRecordDecl();
  const auto* spec = llvm::dyn_cast_or_null<clang::ClassTemplateSpecializationDecl>(record);
  if (!spec || !spec->isInStdNamespace() || !spec->getIdentifier() ||
      spec->getName() != "duration") {
    // namespace std::chrono is not std itself: look at the enclosing namespaces by hand.
    if (!spec || !spec->getIdentifier() || spec->getName() != "duration") return std::nullopt;
  }
  const auto& arguments = spec->getTemplateArgs();
  if (arguments.size() < 2 || arguments[1].getKind() != clang::TemplateArgument::Type)
    return std::nullopt;
  const auto* ratio = llvm::dyn_cast_or_null<clang::ClassTemplateSpecializationDecl>(
      arguments[1].getAsType()->getAsCXXRecordDecl());
  if (!ratio || ratio->getTemplateArgs().size() < 2) return std::nullopt;
  const auto& num = ratio->getTemplateArgs()[0];
  const auto& den = ratio->getTemplateArgs()[1];
  if (num.getKind() != clang::TemplateArgument::Integral ||
      den.getKind() != clang::TemplateArgument::Integral) {
    return std::nullopt;
  }
  return 1e9 * static_cast<double>(num.getAsIntegral().getExtValue()) /
         static_cast<double>(den.getAsIntegral().getExtValue());
}

Op chrono_operation(const clang::CallExpr* expression) {
  const auto* operation = llvm::dyn_cast<clang::CXXOperatorCallExpr>(expression);
  if (!operation || operation->getNumArgs() != 2 || !operation->getDirectCallee()) return Op::kNone;
  const auto* space =
      llvm::dyn_cast<clang::NamespaceDecl>(operation->getDirectCallee()->getDeclContext());
  if (!space || space->getName() != "chrono") return Op::kNone;
  switch (operation->getOperator()) {
    case clang::OO_Plus:
      return Op::kAdd;
    case clang::OO_Minus:
      return Op::kSub;
    case clang::OO_Less:
      return Op::kLt;
    case clang::OO_LessEqual:
      return Op::kLe;
    case clang::OO_Greater:
      return Op::kGt;
    case clang::OO_GreaterEqual:
      return Op::kGe;
    default:
      return Op::kNone;
  }
}

std::optional<ExprId> FunctionLowering::folded(const clang::Expr* expression) {
  if (expression->isValueDependent() || expression->getType().isNull()) return std::nullopt;
  clang::Expr::EvalResult result;
  if (!expression->EvaluateAsRValue(result, unit_.context()) || result.HasSideEffects)
    return std::nullopt;
  if (result.Val.isInt()) {
    return integer(static_cast<int64_t>(result.Val.getInt().extOrTrunc(64).getSExtValue()));
  }
  if (result.Val.isFloat()) {
    Expr real;
    real.kind = ExprKind::kReal;
    real.value =
        clamp_to_int64(result.Val.getFloat().convertToDouble() * static_cast<double>(kMillion));
    return add(std::move(real));
  }
  return std::nullopt;
}

// A duration as an integer of nanoseconds, where it can be told.
ExprId FunctionLowering::chrono(const clang::Expr* expression) {
  const std::optional<double> tick_ns = chrono_tick_ns(expression->getType());
  if (!tick_ns) return unknown(expression);
  clang::Expr::EvalResult result;
  const clang::Expr* bare = expression->IgnoreParenImpCasts();
  if (const auto* temporary = llvm::dyn_cast<clang::MaterializeTemporaryExpr>(bare))
    bare = temporary->getSubExpr();
  if (!bare->isValueDependent() && !bare->isGLValue() &&
      bare->EvaluateAsRValue(result, unit_.context()) && !result.HasSideEffects &&
      result.Val.isStruct() && result.Val.getStructNumFields() == 1) {
    const clang::APValue& count = result.Val.getStructField(0);
    if (count.isInt()) {
      const double ticks = static_cast<double>(count.getInt().getExtValue());
      return integer(clamp_to_int64(ticks * *tick_ns));
    }
    if (count.isFloat())
      return integer(clamp_to_int64(count.getFloat().convertToDouble() * *tick_ns));
  }
  // std::chrono::milliseconds(n): the count times the tick, when the tick is a whole number of
  // nanoseconds.
  const clang::Expr* inner = bare->IgnoreUnlessSpelledInSource();
  if (const auto* construct = llvm::dyn_cast<clang::CXXConstructExpr>(inner)) {
    if (construct->getNumArgs() >= 1) {
      const clang::Expr* count = construct->getArg(0)->IgnoreParenImpCasts();
      if (const auto* temporary = llvm::dyn_cast<clang::MaterializeTemporaryExpr>(count)) {
        count = temporary->getSubExpr()->IgnoreParenImpCasts();
      }
      if (chrono_tick_ns(count->getType())) return chrono(count);
      if (count->getType()->isIntegerType() && *tick_ns >= 1) {
        Expr product;
        product.kind = ExprKind::kBinary;
        product.op = Op::kMul;
        const ExprId ticks =
            count->isGLValue() ? load(lvalue(count), count->getType()) : rvalue(count);
        product.operands = {ticks, integer(static_cast<int64_t>(*tick_ns))};
        return add(std::move(product));
      }
    }
  }
  if (bare->isGLValue()) return load(lvalue(bare), bare->getType());
  if (const auto* operation = llvm::dyn_cast<clang::CallExpr>(inner);
      operation && chrono_operation(operation) != Op::kNone)
    return call(operation);
  return unknown(bare);
}

ExprId FunctionLowering::convert(ExprId value, clang::QualType from, clang::QualType to) {
  if (from.isNull() || to.isNull() || from->isDependentType() || to->isDependentType())
    return value;
  if (to->isBooleanType()) {
    Expr test;
    test.kind = ExprKind::kBinary;
    test.op = Op::kNe;
    test.operands = {value, integer(0)};
    return add(std::move(test));
  }
  const bool from_real = from->isRealFloatingType();
  const bool to_real = to->isRealFloatingType();
  if (from_real != to_real &&
      (from->isIntegralOrEnumerationType() || to->isIntegralOrEnumerationType())) {
    Expr scale;
    scale.kind = ExprKind::kBinary;
    scale.op = to_real ? Op::kMul : Op::kDiv;
    scale.operands = {value, integer(kMillion)};
    return add(std::move(scale));
  }
  if (to->isIntegralOrEnumerationType() &&
      (from->isIntegralOrEnumerationType() || from->isPointerType())) {
    return make(ExprKind::kCast, {value}, to);
  }
  return value;
}

ExprId FunctionLowering::cast(const clang::CastExpr* expression) {
  const clang::Expr* inner = expression->getSubExpr();
  switch (expression->getCastKind()) {
    case clang::CK_LValueToRValue: {
      if (const auto* named = llvm::dyn_cast<clang::DeclRefExpr>(inner->IgnoreParens())) {
        const auto* var = llvm::dyn_cast<clang::VarDecl>(named->getDecl());
        if (var && var->hasGlobalStorage() &&
            (var->isConstexpr() || var->getType().isConstQualified()) &&
            unit_.context().getLangOpts().CPlusPlus) {
          if (const auto constant = folded(expression)) return *constant;
        }
      }
      return load(lvalue(inner), inner->getType());
    }
    case clang::CK_ArrayToPointerDecay:
    case clang::CK_FunctionToPointerDecay:
      if (!inner->isGLValue()) return rvalue(inner);  // C's (*f)
      if (const ExprId place = lvalue(inner); out_.exprs[place].kind == ExprKind::kFunction ||
                                              out_.exprs[place].kind == ExprKind::kString) {
        return place;
      } else if (out_.exprs[place].kind == ExprKind::kDereference) {
        return out_.exprs[place].operands[0];
      } else {
        return make(ExprKind::kAddress, {place});
      }
    case clang::CK_NullToPointer:
    case clang::CK_NullToMemberPointer:
      return integer(0);
    case clang::CK_PointerToBoolean:
    case clang::CK_IntegralToBoolean:
    case clang::CK_FloatingToBoolean:
      return convert(rvalue(inner), inner->getType(), unit_.context().BoolTy);
    case clang::CK_ConstructorConversion:
    case clang::CK_UserDefinedConversion:
    case clang::CK_NoOp:
    case clang::CK_ToVoid:
      return rvalue(inner);
    default:
      return convert(rvalue(inner), inner->getType(), expression->getType());
  }
}

ExprId FunctionLowering::unary(const clang::UnaryOperator* expression) {
  const clang::Expr* inner = expression->getSubExpr();
  Op op = Op::kNone;
  switch (expression->getOpcode()) {
    case clang::UO_AddrOf:
      return address_of(inner);
    case clang::UO_Deref:  // of a pointer to a function, which in C is no lvalue
      return expression->getType()->isFunctionType() ? rvalue(inner) : unknown(expression);
    case clang::UO_Plus:
    case clang::UO_Extension:
      return rvalue(inner);
    case clang::UO_PreInc:
    case clang::UO_PreDec:
    case clang::UO_PostInc:
    case clang::UO_PostDec: {
      const ExprId place = lvalue(inner);
      const ExprId id = make(ExprKind::kIncrement, {place}, expression->getType());
      out_.exprs[id].value = expression->isIncrementOp() ? 1 : -1;
      out_.exprs[id].op = expression->isPostfix() ? Op::kPost : Op::kNone;
      return id;
    }
    case clang::UO_Minus:
      op = Op::kNegate;
      break;
    case clang::UO_Not:
      op = Op::kNot;
      break;
    case clang::UO_LNot:
      op = Op::kLogicalNot;
      break;
    default:
      return unknown(expression);
  }
  const ExprId id = make(ExprKind::kUnary, {rvalue(inner)}, expression->getType());
  out_.exprs[id].op = op;
  return id;
}

ExprId FunctionLowering::binary(const clang::BinaryOperator* expression) {
  const auto code = expression->getOpcode();
  const clang::QualType type = expression->getType();
  if (code == clang::BO_Comma) {
    const clang::Expr* right = expression->getRHS();
    const ExprId first = expression->getLHS()->isGLValue() ? lvalue(expression->getLHS())
                                                           : rvalue(expression->getLHS());
    return make(ExprKind::kComma, {first, right->isGLValue() ? lvalue(right) : rvalue(right)},
                type);
  }
  if (code == clang::BO_Assign) {
    const ExprId place = lvalue(expression->getLHS());
    const ExprId value = rvalue(expression->getRHS());
    const Expr& target = out_.exprs[place];
    if (target.kind == ExprKind::kMember || target.kind == ExprKind::kGlobal) {
      unit_.note_stored(target.text, out_, value);
    } else if (target.kind == ExprKind::kElement) {
      const Expr& array = out_.exprs[target.operands[0]];
      if (array.kind == ExprKind::kMember || array.kind == ExprKind::kGlobal)
        unit_.note_stored(array.text, out_, value);
    }
    return make(ExprKind::kAssign, {place, value}, type);
  }
  const Op op = binary_op(code);
  if (op == Op::kNone) return unknown(expression);
  if (expression->isCompoundAssignmentOp()) {
    const ExprId place = lvalue(expression->getLHS());
    const ExprId old = load(place, expression->getLHS()->getType());
    const ExprId step = rvalue(expression->getRHS());
    const ExprId sum = make(ExprKind::kBinary, {old, step}, type);
    out_.exprs[sum].op = op;
    return make(ExprKind::kAssign, {place, sum}, type);
  }
  const ExprId left = rvalue(expression->getLHS());
  const ExprId right = rvalue(expression->getRHS());
  const bool reals = type->isRealFloatingType();
  if (reals && op != Op::kAdd && op != Op::kSub) {
    if (const auto constant = folded(expression)) return *constant;
    return scaled_real(op, left, right, type);
  }
  const ExprId id = make(ExprKind::kBinary, {left, right}, type);
  out_.exprs[id].op = op;
  if (expression->isComparisonOp()) {
    // The operands' type decides how they compare.
    Expr& comparison = out_.exprs[id];
    comparison.is_signed = !expression->getLHS()->getType()->isUnsignedIntegerOrEnumerationType();
  }
  return id;
}

// seconds * 1e6: reals are counted in millionths, so only a factor that is a whole number, or one
// divided by such, can be told without loss.
ExprId FunctionLowering::scaled_real(Op op, ExprId left, ExprId right, clang::QualType type) {
  const auto constant_of = [&](ExprId id) {
    return out_.exprs[id].kind == ExprKind::kReal ? out_.exprs[id].value : 0;
  };
  if (op == Op::kMul && constant_of(left) != 0) std::swap(left, right);
  const int64_t factor = constant_of(right);
  const bool whole = factor != 0 && factor % kMillion == 0;
  const bool part = factor != 0 && kMillion % factor == 0;
  if ((op != Op::kMul && op != Op::kDiv) || (!whole && !part))
    return make(ExprKind::kUnknown, {left, right}, type);
  const ExprId by = integer(whole ? factor / kMillion : kMillion / factor);
  const ExprId id = make(ExprKind::kBinary, {left, by}, type);
  out_.exprs[id].op = (op == Op::kMul) == whole ? Op::kMul : Op::kDiv;
  return id;
}

}  // namespace cgoscope
