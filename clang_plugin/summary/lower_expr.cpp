// Expressions. C++ is lowered to C's terms: a reference is a pointer, a method call passes its
// object, a lambda is the address of its body, a capture is a variable that both bodies see. Clang
// folds what only Clang knows (sizeof, enumerators, std::chrono).
#include "clang/AST/APValue.h"
#include "clang/AST/DeclTemplate.h"
#include "clang/Basic/Builtins.h"
#include "clang_plugin/summary/lower.h"

namespace cgoscope {
namespace {

constexpr unsigned kMaxAggregate = 256;  // elements of an initialiser that are kept
constexpr int64_t kMillion = 1000000;    // kReal counts millionths

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

bool is_volatile(clang::QualType type) {
  return !type.isNull() && (type.isVolatileQualified() || type->isAtomicType());
}

// The nanoseconds of one tick of a std::chrono::duration type.
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

bool is_time_point(clang::QualType type) {
  const auto* record = type.getNonReferenceType()->getAsCXXRecordDecl();
  const auto* space =
      record ? llvm::dyn_cast<clang::NamespaceDecl>(record->getDeclContext()) : nullptr;
  return space && space->getName() == "chrono" && record->getIdentifier() &&
         record->getName() == "time_point";
}

// now() + seconds(8), end - now(), now() < end
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

// std::function and the like: an object that is as good as the function it was made from.
bool holds_a_callable(const clang::CXXRecordDecl* record) {
  return record && record->getIdentifier() && record->isInStdNamespace() &&
         record->getName() == "function";
}

int64_t clamp_to_int64(double value) {
  if (!(value > -9.2e18)) return INT64_MIN;
  return value < 9.2e18 ? static_cast<int64_t>(value) : INT64_MAX;
}

}  // namespace

ExprId FunctionLowering::add(Expr expression) {
  out_.exprs.push_back(std::move(expression));
  return static_cast<ExprId>(out_.exprs.size() - 1);
}

void FunctionLowering::set_type(Expr& expression, clang::QualType type) {
  if (type.isNull() || type->isDependentType()) return;
  type = type.getNonReferenceType();
  if (const auto* atomic = type->getAs<clang::AtomicType>()) type = atomic->getValueType();
  if (!type->isIntegralOrEnumerationType() || type->isIncompleteType()) return;
  expression.width =
      static_cast<uint8_t>(std::min<uint64_t>(64, unit_.context().getIntWidth(type)));
  expression.is_signed = type->isSignedIntegerOrEnumerationType();
}

ExprId FunctionLowering::make(ExprKind kind, std::vector<ExprId> operands, clang::QualType type) {
  Expr expression;
  expression.kind = kind;
  expression.operands = std::move(operands);
  set_type(expression, type);
  return add(std::move(expression));
}

ExprId FunctionLowering::add_call(Call call, std::vector<ExprId> operands, clang::QualType type) {
  out_.calls.push_back(std::move(call));
  const ExprId id = make(ExprKind::kCall, std::move(operands), type);
  out_.exprs[id].index = static_cast<uint32_t>(out_.calls.size() - 1);
  return id;
}

ExprId FunctionLowering::integer(int64_t value) {
  Expr expression;
  expression.kind = ExprKind::kInt;
  expression.value = value;
  return add(std::move(expression));
}

ExprId FunctionLowering::load(ExprId place, clang::QualType type) {
  const ExprId id = make(ExprKind::kLoad, {place}, type);
  out_.exprs[id].is_volatile = is_volatile(type);
  if (!type.isNull() && type.getNonReferenceType()->isRecordType()) out_.exprs[id].width = 0;
  return id;
}

ExprId FunctionLowering::function_address(const clang::FunctionDecl* function) {
  Expr address;
  address.kind = ExprKind::kFunction;
  address.text = unit_.link_name(function);
  unit_.want(function);
  return add(std::move(address));
}

// Everything below `expression` that has an effect still happens.
ExprId FunctionLowering::unknown(const clang::Expr* expression) {
  std::vector<ExprId> operands;
  if (expression) {
    for (const clang::Stmt* child : expression->children()) {
      if (const auto* operand = llvm::dyn_cast_or_null<clang::Expr>(child)) {
        operands.push_back(operand->isGLValue() ? lvalue(operand) : rvalue(operand));
      }
    }
  }
  return make(ExprKind::kUnknown, std::move(operands),
              expression ? expression->getType() : clang::QualType());
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

ExprId FunctionLowering::variable(const clang::ValueDecl* declaration, clang::QualType type) {
  if (const auto* binding = llvm::dyn_cast<clang::BindingDecl>(declaration)) {
    return binding->getBinding() ? lvalue(binding->getBinding())
                                 : make(ExprKind::kUnknown, {}, type);
  }
  const auto* var = llvm::dyn_cast<clang::VarDecl>(declaration);
  if (!var) return make(ExprKind::kUnknown, {}, type);
  ExprId place = kNone;
  const bool captured = !var->hasGlobalStorage() && !slots_.contains(var);
  if (var->hasGlobalStorage() || captured) {
    Expr global;
    global.kind = ExprKind::kGlobal;
    if (captured) {
      const SourcePlace where = unit_.place(var->getLocation());
      global.text = "capture:" + var->getNameAsString() + "@" + std::to_string(where.line) + ":" +
                    std::to_string(where.column);
    } else {
      global.text = unit_.link_name(var);
      unit_.add_global(var);
    }
    set_type(global, var->getType());
    place = add(std::move(global));
  } else {
    Expr local;
    local.kind = ExprKind::kVariable;
    local.index = slot(var);
    set_type(local, var->getType());
    place = add(std::move(local));
  }
  if (var->getType()->isReferenceType()) {
    return make(ExprKind::kDereference, {make(ExprKind::kLoad, {place})}, type);
  }
  return place;
}

ExprId FunctionLowering::temporary(ExprId value, clang::QualType type) {
  Variable variable;
  variable.name = "(temporary)";
  variable.is_record = type->isRecordType();
  out_.variables.push_back(std::move(variable));
  Expr place;
  place.kind = ExprKind::kVariable;
  place.index = static_cast<uint32_t>(out_.variables.size() - 1);
  set_type(place, type);
  const ExprId id = add(std::move(place));
  if (value != kNone) {
    const ExprId assign = make(ExprKind::kAssign, {id, value}, type);
    return make(ExprKind::kComma, {assign, id}, type);
  }
  return id;
}

ExprId FunctionLowering::address_of(const clang::Expr* expression) {
  const ExprId place = lvalue(expression);
  const Expr& target = out_.exprs[place];
  if (target.kind == ExprKind::kDereference) return target.operands[0];
  if (target.kind == ExprKind::kFunction) return place;
  if (target.kind == ExprKind::kComma) {  // a temporary: keep its initialisation
    const std::vector<ExprId> parts = target.operands;
    const ExprId address = make(ExprKind::kAddress, {parts[1]});
    return make(ExprKind::kComma, {parts[0], address});
  }
  return make(ExprKind::kAddress, {place});
}

ExprId FunctionLowering::lvalue(const clang::Expr* expression) {
  expression = expression->IgnoreParens();
  if (const auto* cleanups = llvm::dyn_cast<clang::FullExpr>(expression))
    return lvalue(cleanups->getSubExpr());
  if (const auto* opaque = llvm::dyn_cast<clang::OpaqueValueExpr>(expression)) {
    if (const auto known = opaque_.find(opaque); known != opaque_.end()) return known->second;
    return opaque->getSourceExpr() ? lvalue(opaque->getSourceExpr()) : unknown(nullptr);
  }
  if (const auto* chosen = llvm::dyn_cast<clang::GenericSelectionExpr>(expression)) {
    return chosen->isResultDependent() ? unknown(nullptr) : lvalue(chosen->getResultExpr());
  }
  if (const auto* materialized = llvm::dyn_cast<clang::MaterializeTemporaryExpr>(expression)) {
    const clang::Expr* inner = materialized->getSubExpr();
    const ExprId value = chrono_tick_ns(inner->getType()) ? chrono(inner) : rvalue(inner);
    return temporary(value, inner->getType());
  }
  if (const auto* reference = llvm::dyn_cast<clang::DeclRefExpr>(expression)) {
    if (const auto* function = llvm::dyn_cast<clang::FunctionDecl>(reference->getDecl()))
      return function_address(function);
    if (expression->isGLValue()) return variable(reference->getDecl(), reference->getType());
  }
  if (!expression->isGLValue()) return temporary(rvalue(expression), expression->getType());
  if (const auto* member = llvm::dyn_cast<clang::MemberExpr>(expression)) {
    const clang::ValueDecl* declaration = member->getMemberDecl();
    if (const auto* function = llvm::dyn_cast<clang::FunctionDecl>(declaration))
      return function_address(function);
    if (llvm::isa<clang::VarDecl>(declaration)) return variable(declaration, member->getType());
    const clang::Expr* base = member->getBase();
    const ExprId object =
        member->isArrow() ? make(ExprKind::kDereference, {rvalue(base)}) : lvalue(base);
    Expr field;
    field.kind = ExprKind::kMember;
    field.text = unit_.member_name(declaration);
    field.operands = {object};
    set_type(field, member->getType());
    ExprId place = add(std::move(field));
    if (declaration->getType()->isReferenceType()) {
      place = make(ExprKind::kDereference, {make(ExprKind::kLoad, {place})}, member->getType());
    }
    return place;
  }
  if (const auto* element = llvm::dyn_cast<clang::ArraySubscriptExpr>(expression)) {
    const clang::Expr* base = element->getBase()->IgnoreParens();
    ExprId array = kNone;
    const auto* decay = llvm::dyn_cast<clang::ImplicitCastExpr>(base);
    if (decay && decay->getCastKind() == clang::CK_ArrayToPointerDecay) {
      array = lvalue(decay->getSubExpr());
    } else {
      array = make(ExprKind::kDereference, {rvalue(base)});
    }
    return make(ExprKind::kElement, {array, rvalue(element->getIdx())}, element->getType());
  }
  if (const auto* operation = llvm::dyn_cast<clang::UnaryOperator>(expression)) {
    switch (operation->getOpcode()) {
      case clang::UO_Deref:
        return make(ExprKind::kDereference, {rvalue(operation->getSubExpr())},
                    operation->getType());
      case clang::UO_PreInc:
      case clang::UO_PreDec: {
        const ExprId effect = unary(operation);
        const ExprId place = out_.exprs[effect].operands[0];
        return make(ExprKind::kComma, {effect, place}, operation->getType());
      }
      default:
        return lvalue(operation->getSubExpr());
    }
  }
  if (const auto* operation = llvm::dyn_cast<clang::BinaryOperator>(expression)) {
    const ExprId effect = binary(operation);
    if (operation->isAssignmentOp()) {
      const ExprId place = out_.exprs[effect].operands[0];
      return make(ExprKind::kComma, {effect, place}, operation->getType());
    }
    if (operation->getOpcode() == clang::BO_Comma) return effect;
  }
  if (const auto* conditional = llvm::dyn_cast<clang::ConditionalOperator>(expression)) {
    const ExprId pointer = make(ExprKind::kConditional, {rvalue(conditional->getCond()),
                                                         address_of(conditional->getTrueExpr()),
                                                         address_of(conditional->getFalseExpr())});
    return make(ExprKind::kDereference, {pointer}, conditional->getType());
  }
  if (const auto* literal = llvm::dyn_cast<clang::CompoundLiteralExpr>(expression)) {
    return temporary(rvalue(literal->getInitializer()), literal->getType());
  }
  if (const auto* text = llvm::dyn_cast<clang::StringLiteral>(expression)) {
    Expr string;
    string.kind = ExprKind::kString;
    if (text->getCharByteWidth() == 1) string.text = text->getString().take_front(256).str();
    return add(std::move(string));
  }
  if (const auto* conversion = llvm::dyn_cast<clang::CastExpr>(expression))
    return lvalue(conversion->getSubExpr());
  if (const auto* invocation = llvm::dyn_cast<clang::CallExpr>(expression)) {
    return make(ExprKind::kDereference, {call(invocation)}, expression->getType());
  }
  if (llvm::isa<clang::CXXThisExpr>(expression) || llvm::isa<clang::StmtExpr>(expression)) {
    return make(ExprKind::kDereference, {rvalue(expression)}, expression->getType());
  }
  if (const auto* defaulted = llvm::dyn_cast<clang::CXXDefaultArgExpr>(expression))
    return lvalue(defaulted->getExpr());
  if (const auto* defaulted = llvm::dyn_cast<clang::CXXDefaultInitExpr>(expression))
    return lvalue(defaulted->getExpr());
  if (const auto* replaced = llvm::dyn_cast<clang::SubstNonTypeTemplateParmExpr>(expression)) {
    return lvalue(replaced->getReplacement());
  }
  return unknown(expression);
}

ExprId FunctionLowering::rvalue(const clang::Expr* expression) {
  expression = expression->IgnoreParens();
  if (expression->isTypeDependent() || llvm::isa<clang::RecoveryExpr>(expression))
    return broken(expression);
  if (expression->isGLValue()) {
    const ExprId place = lvalue(expression);
    if (out_.exprs[place].kind == ExprKind::kFunction ||
        out_.exprs[place].kind == ExprKind::kString)
      return place;
    return load(place, expression->getType());
  }
  using clang::Stmt;
  switch (expression->getStmtClass()) {
    case Stmt::IntegerLiteralClass:
    case Stmt::CharacterLiteralClass:
    case Stmt::FloatingLiteralClass:
    case Stmt::CXXBoolLiteralExprClass:
    case Stmt::UnaryExprOrTypeTraitExprClass:
    case Stmt::OffsetOfExprClass:
    case Stmt::TypeTraitExprClass:
      if (const auto constant = folded(expression)) return *constant;
      return unknown(nullptr);
    case Stmt::GNUNullExprClass:
    case Stmt::CXXNullPtrLiteralExprClass:
    case Stmt::ImplicitValueInitExprClass:
    case Stmt::CXXScalarValueInitExprClass:
      return integer(0);
    case Stmt::DeclRefExprClass:  // an rvalue: an enumerator, or a method's name
      if (const auto constant = folded(expression)) return *constant;
      if (const auto* function = llvm::dyn_cast<clang::FunctionDecl>(
              llvm::cast<clang::DeclRefExpr>(expression)->getDecl())) {
        return function_address(function);
      }
      return unknown(nullptr);
    case Stmt::CXXThisExprClass: {
      if (this_slot_ == kNone) return unknown(nullptr);
      Expr place;
      place.kind = ExprKind::kVariable;
      place.index = this_slot_;
      return make(ExprKind::kLoad, {add(std::move(place))});
    }
    case Stmt::OpaqueValueExprClass: {
      const auto* opaque = llvm::cast<clang::OpaqueValueExpr>(expression);
      if (const auto known = opaque_.find(opaque); known != opaque_.end()) return known->second;
      return opaque->getSourceExpr() ? rvalue(opaque->getSourceExpr()) : unknown(nullptr);
    }
    case Stmt::GenericSelectionExprClass: {
      const auto* chosen = llvm::cast<clang::GenericSelectionExpr>(expression);
      return chosen->isResultDependent() ? unknown(nullptr) : rvalue(chosen->getResultExpr());
    }
    case Stmt::ChooseExprClass:
      return rvalue(llvm::cast<clang::ChooseExpr>(expression)->getChosenSubExpr());
    case Stmt::ConstantExprClass:
    case Stmt::ExprWithCleanupsClass:
      return rvalue(llvm::cast<clang::FullExpr>(expression)->getSubExpr());
    case Stmt::CXXBindTemporaryExprClass:
      return rvalue(llvm::cast<clang::CXXBindTemporaryExpr>(expression)->getSubExpr());
    case Stmt::SubstNonTypeTemplateParmExprClass:
      return rvalue(llvm::cast<clang::SubstNonTypeTemplateParmExpr>(expression)->getReplacement());
    case Stmt::CXXDefaultArgExprClass:
      return rvalue(llvm::cast<clang::CXXDefaultArgExpr>(expression)->getExpr());
    case Stmt::CXXDefaultInitExprClass:
      return rvalue(llvm::cast<clang::CXXDefaultInitExpr>(expression)->getExpr());
    case Stmt::StmtExprClass: {
      const auto* inner = llvm::cast<clang::StmtExpr>(expression);
      const auto* body = inner->getSubStmt();
      // The value of ({ …; x; }) is that of its last statement, which is lowered apart so that it
      // runs once.
      const auto* last =
          body->body_empty() ? nullptr : llvm::dyn_cast<clang::Expr>(body->body_back());
      Stmt::const_child_range children = body->children();
      cgoscope::Stmt before;
      before.kind = StmtKind::kBlock;
      for (const clang::Stmt* child : children) {
        if (child != last) before.children.push_back(statement(child));
      }
      Expr result;
      result.kind = ExprKind::kStatement;
      result.index = add(std::move(before));
      if (last) result.operands.push_back(last->isGLValue() ? lvalue(last) : rvalue(last));
      set_type(result, expression->getType());
      return add(std::move(result));
    }
    case Stmt::InitListExprClass:
      return aggregate(llvm::cast<clang::InitListExpr>(expression));
    case Stmt::CompoundLiteralExprClass:
      return rvalue(llvm::cast<clang::CompoundLiteralExpr>(expression)->getInitializer());
    case Stmt::UnaryOperatorClass:
      return unary(llvm::cast<clang::UnaryOperator>(expression));
    case Stmt::BinaryOperatorClass:
    case Stmt::CompoundAssignOperatorClass:
      return binary(llvm::cast<clang::BinaryOperator>(expression));
    case Stmt::ConditionalOperatorClass: {
      const auto* conditional = llvm::cast<clang::ConditionalOperator>(expression);
      const ExprId condition = rvalue(conditional->getCond());
      const ExprId yes = rvalue(conditional->getTrueExpr());
      const ExprId no = rvalue(conditional->getFalseExpr());
      return make(ExprKind::kConditional, {condition, yes, no}, expression->getType());
    }
    case Stmt::BinaryConditionalOperatorClass: {  // a ?: b
      const auto* conditional = llvm::cast<clang::BinaryConditionalOperator>(expression);
      const ExprId value = rvalue(conditional->getCommon());
      opaque_[conditional->getOpaqueValue()] = value;
      return make(ExprKind::kConditional, {value, value, rvalue(conditional->getFalseExpr())},
                  expression->getType());
    }
    case Stmt::CallExprClass:
    case Stmt::CXXMemberCallExprClass:
    case Stmt::CXXOperatorCallExprClass:
    case Stmt::UserDefinedLiteralClass: {
      const auto* invocation = llvm::cast<clang::CallExpr>(expression);
      if (chrono_tick_ns(expression->getType())) {
        if (const ExprId duration = chrono(expression);
            out_.exprs[duration].kind != ExprKind::kUnknown)
          return duration;
      }
      return call(invocation);
    }
    case Stmt::CXXConstructExprClass:
    case Stmt::CXXTemporaryObjectExprClass: {
      if (chrono_tick_ns(expression->getType())) return chrono(expression);
      return construct(llvm::cast<clang::CXXConstructExpr>(expression), kNone);
    }
    case Stmt::CXXNewExprClass: {
      const auto* allocation = llvm::cast<clang::CXXNewExpr>(expression);
      std::vector<ExprId> operands;
      if (const auto* construction = allocation->getConstructExpr())
        operands.push_back(construct(construction, kNone));
      return make(ExprKind::kUnknown, std::move(operands));
    }
    case Stmt::CXXDeleteExprClass:
      return delete_expression(llvm::cast<clang::CXXDeleteExpr>(expression));
    case Stmt::CXXThrowExprClass:
      return throws(llvm::cast<clang::CXXThrowExpr>(expression));
    case Stmt::LambdaExprClass:
      return lambda(llvm::cast<clang::LambdaExpr>(expression));
    case Stmt::AtomicExprClass: {
      // Every operand happens; what comes back is memory that others write.
      const auto* atomic = llvm::cast<clang::AtomicExpr>(expression);
      const ExprId result = atomic->isCmpXChg()
                                ? make(ExprKind::kUnknown,
                                       {rvalue(atomic->getPtr()), rvalue(atomic->getVal1()),
                                        atomic->getVal2()->isGLValue() ? lvalue(atomic->getVal2())
                                                                       : rvalue(atomic->getVal2())},
                                       expression->getType())
                                : unknown(expression);
      out_.exprs[result].is_volatile = true;
      if (atomic->isCmpXChg()) out_.exprs[result].text = kCompareAndSwap;
      return result;
    }
    case Stmt::PredefinedExprClass:
      return unknown(nullptr);
    default:
      break;
  }
  if (const auto* conversion = llvm::dyn_cast<clang::CastExpr>(expression)) return cast(conversion);
  return unknown(expression);
}

// What Clang could not make sense of, or only in part: the calls in it happen all the same.
ExprId FunctionLowering::broken(const clang::Expr* expression) {
  std::vector<const clang::Expr*> parts;
  for (const clang::Stmt* child : expression->children()) {
    if (const auto* part = llvm::dyn_cast_or_null<clang::Expr>(child)) parts.push_back(part);
  }
  std::vector<ExprId> operands;
  const clang::FunctionDecl* callee = nullptr;
  const bool may_call = llvm::isa<clang::RecoveryExpr, clang::CallExpr>(expression);
  if (may_call && !parts.empty()) {
    if (const auto* named = llvm::dyn_cast<clang::DeclRefExpr>(parts[0]->IgnoreParenImpCasts()))
      callee = llvm::dyn_cast<clang::FunctionDecl>(named->getDecl());
  }
  for (size_t i = callee ? 1 : 0; i < parts.size(); ++i) {
    operands.push_back(parts[i]->isGLValue() ? lvalue(parts[i]) : rvalue(parts[i]));
  }
  if (!callee || callee->isDependentContext()) return make(ExprKind::kUnknown, std::move(operands));
  Call call;
  finish_call(call, callee, parts[0]->getExprLoc());
  return add_call(std::move(call), std::move(operands));
}

ExprId FunctionLowering::delete_expression(const clang::CXXDeleteExpr* expression) {
  const clang::QualType type = expression->getDestroyedType();
  const auto* record = type.isNull() ? nullptr : type->getAsCXXRecordDecl();
  if (!record || !record->hasDefinition() || record->hasTrivialDestructor() ||
      !record->getDestructor())
    return unknown(expression);
  Call call;
  call.object = rvalue(expression->getArgument());
  call.is_virtual = record->getDestructor()->isVirtual();
  finish_call(call, record->getDestructor(), expression->getBeginLoc());
  return add_call(std::move(call), {});
}

ExprId FunctionLowering::throws(const clang::CXXThrowExpr* expression) {
  Call end;
  end.name = end.target = "throw";
  end.no_return = true;
  end.is_barrier = true;
  end.place = unit_.place(expression->getThrowLoc());
  std::vector<ExprId> thrown;
  if (const clang::Expr* value = expression->getSubExpr()) thrown.push_back(rvalue(value));
  return add_call(std::move(end), std::move(thrown));
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

ExprId FunctionLowering::aggregate(const clang::InitListExpr* expression) {
  if (expression->isTransparent() ||
      (!expression->getType()->isAggregateType() && expression->getNumInits() == 1)) {
    return rvalue(expression->getInit(0));
  }
  if (const auto* semantic = expression->getSemanticForm()) expression = semantic;
  Expr result;
  result.kind = ExprKind::kAggregate;
  const auto* record = expression->getType()->getAsRecordDecl();
  if (record && record->isUnion()) {
    if (const auto* field = expression->getInitializedFieldInUnion();
        field && expression->getNumInits() == 1) {
      const ExprId value = rvalue(expression->getInit(0));
      result.fields.push_back(unit_.member_name(field));
      result.operands.push_back(value);
      unit_.note_stored(result.fields.back(), out_, value);
    }
    return add(std::move(result));
  }
  if (record) {
    unsigned index = 0;
    if (const auto* cxx = llvm::dyn_cast<clang::CXXRecordDecl>(record)) index = cxx->getNumBases();
    for (const clang::FieldDecl* field : record->fields()) {
      if (field->isUnnamedBitField()) continue;
      if (index >= expression->getNumInits()) break;
      const clang::Expr* init = expression->getInit(index++);
      const ExprId value = field->getType()->isReferenceType() ? address_of(init) : rvalue(init);
      result.fields.push_back(unit_.member_name(field));
      result.operands.push_back(value);
      unit_.note_stored(result.fields.back(), out_, value);
    }
    return add(std::move(result));
  }
  const unsigned count = std::min(expression->getNumInits(), kMaxAggregate);
  for (unsigned i = 0; i < count; ++i) {
    const ExprId value = rvalue(expression->getInit(i));
    result.fields.push_back("[" + std::to_string(i) + "]");
    result.operands.push_back(value);
  }
  return add(std::move(result));
}

ExprId FunctionLowering::argument(const clang::Expr* expression, bool by_reference) {
  if (is_time_point(expression->getType())) {
    const clang::Expr* value = expression->IgnoreParenImpCasts();
    if (const auto* made = llvm::dyn_cast<clang::MaterializeTemporaryExpr>(value))
      value = made->getSubExpr();
    return rvalue(value);
  }
  if (chrono_tick_ns(expression->getType())) return chrono(expression);
  if (by_reference) return address_of(expression);
  return rvalue(expression);
}

void FunctionLowering::finish_call(Call& call, const clang::FunctionDecl* callee,
                                   clang::SourceLocation location) {
  call.place = unit_.place(location);
  call.macro = unit_.outermost_macro(location);
  if (!callee) return;
  call.target = unit_.link_name(callee);
  call.name = unit_.catalogue_name(callee);
  call.no_return = callee->isNoReturn();
  unit_.want(callee);
}

ExprId FunctionLowering::call(const clang::CallExpr* expression) {
  const clang::FunctionDecl* callee = expression->getDirectCallee();
  if (callee && callee->getBuiltinID() != 0) {
    const unsigned id = callee->getBuiltinID();
    if (!unit_.context().BuiltinInfo.isPredefinedLibFunction(id))
      return builtin_call(expression, callee);
  }
  if (callee && callee->isInStdNamespace() && callee->getIdentifier() &&
      (callee->getName() == "addressof" || callee->getName() == "__addressof") &&
      expression->getNumArgs() == 1) {
    return address_of(expression->getArg(0));
  }
  if (const Op op = chrono_operation(expression); op != Op::kNone) {
    const ExprId result = make(ExprKind::kBinary, {argument(expression->getArg(0), false),
                                                   argument(expression->getArg(1), false)});
    out_.exprs[result].op = op;
    return result;
  }
  Call call;
  std::vector<ExprId> arguments;
  unsigned first = 0;
  const clang::Expr* callee_expr = expression->getCallee()->IgnoreParenImpCasts();
  clang::SourceLocation location = callee_expr->getExprLoc();
  if (const auto* named = llvm::dyn_cast<clang::DeclRefExpr>(callee_expr))
    location = named->getLocation();  // behind the qualifier: std::this_thread::sleep_for
  if (location.isInvalid()) location = expression->getBeginLoc();
  if (const auto* member = llvm::dyn_cast<clang::CXXMemberCallExpr>(expression)) {
    const clang::Expr* object = member->getImplicitObjectArgument();
    if (object)
      call.object = object->getType()->isPointerType() ? rvalue(object) : address_of(object);
    if (const auto* method = member->getMethodDecl()) {
      const auto* named = llvm::dyn_cast<clang::MemberExpr>(callee_expr);
      call.is_virtual = method->isVirtual() && !(named && named->hasQualifier());
    }
  } else if (llvm::isa<clang::CXXOperatorCallExpr>(expression) && callee &&
             llvm::isa<clang::CXXMethodDecl>(callee) && expression->getNumArgs() > 0) {
    const auto* method = llvm::cast<clang::CXXMethodDecl>(callee);
    if (holds_a_callable(method->getParent()) && expression->getNumArgs() >= 1) {
      // f() with a std::function: whatever was put in.
      call.callee = make(ExprKind::kLoad, {lvalue(expression->getArg(0))});
      callee = nullptr;
    } else if (!method->isStatic()) {
      call.object = address_of(expression->getArg(0));
    }
    first = 1;
    location = expression->getBeginLoc();
  }
  for (unsigned i = first; i < expression->getNumArgs(); ++i) {
    const unsigned parameter = i - first;
    const bool by_reference = callee && parameter < callee->getNumParams() &&
                              callee->getParamDecl(parameter)->getType()->isReferenceType();
    arguments.push_back(argument(expression->getArg(i), by_reference));
  }
  if (!callee && call.callee == kNone) {
    call.callee = rvalue(expression->getCallee());
    const Expr& pointer = out_.exprs[call.callee];
    if (pointer.kind == ExprKind::kLoad) {
      const Expr& from = out_.exprs[pointer.operands[0]];
      if (from.kind == ExprKind::kMember) {
        call.name = from.text;
        if (const size_t dot = call.name.rfind('.'); dot != std::string::npos)
          call.name.replace(dot, 1, "::");
      }
    } else if (pointer.kind == ExprKind::kFunction) {
      call.target = pointer.text;
      call.name = pointer.text;
    }
  }
  finish_call(call, callee, location);
  return add_call(std::move(call), std::move(arguments), expression->getType());
}

// Compiler builtins are instructions, not calls: a loop made of them spins.
ExprId FunctionLowering::builtin_call(const clang::CallExpr* expression,
                                      const clang::FunctionDecl* callee) {
  const llvm::StringRef name = callee->getIdentifier() ? callee->getName() : "";
  if (name.starts_with("__builtin_expect") || name == "__builtin_assume_aligned")
    return rvalue(expression->getArg(0));
  if (name == "__builtin_constant_p" || name == "__builtin_object_size" ||
      name == "__builtin_types_compatible_p" || name == "__builtin_strlen" ||
      name.starts_with("__builtin_ctz") || name.starts_with("__builtin_clz")) {
    if (const auto constant = folded(expression)) return *constant;
  }
  if (name == "__builtin_unreachable" || name == "__builtin_trap" || name == "__builtin_abort") {
    Call end;
    end.name = name.str();
    end.target = end.name;
    end.no_return = true;
    end.is_barrier = true;
    end.place = unit_.place(expression->getBeginLoc());
    return add_call(std::move(end), {});
  }
  std::vector<ExprId> operands;
  for (const clang::Expr* operand : expression->arguments()) {
    operands.push_back(operand->isGLValue() ? lvalue(operand) : rvalue(operand));
  }
  const ExprId result = make(ExprKind::kUnknown, std::move(operands), expression->getType());
  out_.exprs[result].is_volatile = name.starts_with("__sync") || name.starts_with("__atomic");
  if (name.contains("test_and_set")) out_.exprs[result].text = kTestAndSet;
  if (name.contains("compare_and_swap")) out_.exprs[result].text = kCompareAndSwap;
  return result;
}

ExprId FunctionLowering::construct(const clang::CXXConstructExpr* expression, ExprId object) {
  const clang::CXXConstructorDecl* constructor = expression->getConstructor();
  if (constructor->isCopyOrMoveConstructor() && expression->getNumArgs() >= 1 &&
      (constructor->isTrivial() || constructor->isDefaulted() ||
       holds_a_callable(constructor->getParent()))) {
    return rvalue(expression->getArg(0));
  }
  if (holds_a_callable(constructor->getParent()) && expression->getNumArgs() >= 1)
    return rvalue(expression->getArg(0));
  if (constructor->isTrivial() || (constructor->isDefaulted() && expression->getNumArgs() == 0)) {
    return make(ExprKind::kUnknown, {});
  }
  Call call;
  std::vector<ExprId> arguments;
  for (unsigned i = 0; i < expression->getNumArgs(); ++i) {
    const bool by_reference = i < constructor->getNumParams() &&
                              constructor->getParamDecl(i)->getType()->isReferenceType();
    arguments.push_back(argument(expression->getArg(i), by_reference));
  }
  if (object == kNone) object = temporary(kNone, expression->getType());
  call.object = make(ExprKind::kAddress, {object});
  finish_call(call, constructor, expression->getLocation());
  const ExprId id = add_call(std::move(call), std::move(arguments));
  return make(ExprKind::kComma, {id, load(object, expression->getType())});
}

// The value of a lambda is the address of its body; what it captures is stored where the body looks
// for it.
ExprId FunctionLowering::lambda(const clang::LambdaExpr* expression) {
  ExprId result = function_address(expression->getCallOperator());
  auto init = expression->capture_init_begin();
  for (const clang::LambdaCapture& capture : expression->captures()) {
    const clang::Expr* value = *init++;
    if (!capture.capturesVariable() || !value) continue;
    const auto* captured = llvm::dyn_cast<clang::VarDecl>(capture.getCapturedVar());
    if (!captured) continue;
    const SourcePlace where = unit_.place(captured->getLocation());
    Expr shared;
    shared.kind = ExprKind::kGlobal;
    shared.text = "capture:" + captured->getNameAsString() + "@" + std::to_string(where.line) +
                  ":" + std::to_string(where.column);
    const ExprId place = add(std::move(shared));
    const ExprId assign =
        make(ExprKind::kAssign,
             {place, value->isGLValue() ? load(lvalue(value), value->getType()) : rvalue(value)});
    result = make(ExprKind::kComma, {assign, result});
  }
  return result;
}

}  // namespace cgoscope
