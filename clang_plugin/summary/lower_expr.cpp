// Expressions: which kind of Clang's goes where, variables and memory, initialisers. Calls are in
// lower_call.cpp, arithmetic in lower_arithmetic.cpp. What is not followed becomes kUnknown, and
// the calls in it happen all the same.
#include "clang_plugin/summary/lower.h"

namespace cgoscope {
namespace {

constexpr unsigned kMaxAggregate = 256;  // elements of an initialiser that are kept

bool is_volatile(clang::QualType type) {
  return !type.isNull() && (type.isVolatileQualified() || type->isAtomicType());
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

}  // namespace cgoscope
