// Calls, and what C++ does by calls: constructors, destructors, lambdas, throw. A method call
// passes its object, a reference is a pointer, a lambda is the address of its body, a capture is a
// variable that both bodies see. A function that the compiler has built in is no call but an
// instruction.
#include "clang/Basic/Builtins.h"
#include "clang_plugin/summary/lower.h"

namespace cgoscope {
namespace {

bool is_time_point(clang::QualType type) {
  const auto* record = type.getNonReferenceType()->getAsCXXRecordDecl();
  const auto* space =
      record ? llvm::dyn_cast<clang::NamespaceDecl>(record->getDeclContext()) : nullptr;
  return space && space->getName() == "chrono" && record->getIdentifier() &&
         record->getName() == "time_point";
}

// std::function and the like: an object that is as good as the function it was made from.
bool holds_a_callable(const clang::CXXRecordDecl* record) {
  return record && record->getIdentifier() && record->isInStdNamespace() &&
         (record->getName() == "function" || record->getName() == "move_only_function" ||
          record->getName() == "packaged_task");
}

}  // namespace

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

// Destructors of a user's own classes run at the end of the block; those of the standard library
// that wait have catalogue rows. In C, so does what __attribute__((cleanup)) names.
void FunctionLowering::destroy(const clang::VarDecl* variable, std::vector<StmtId>& into) {
  if (variable->hasGlobalStorage()) return;
  if (const auto* cleanup = variable->getAttr<clang::CleanupAttr>()) {
    Expr place;
    place.kind = ExprKind::kVariable;
    place.index = slot(variable);
    const ExprId address = make(ExprKind::kAddress, {add(std::move(place))});
    Call call;
    finish_call(call, cleanup->getFunctionDecl(), variable->getLocation());
    into.push_back(
        expression_statement(add_call(std::move(call), {address}), variable->getLocation()));
  }
  if (variable->getType()->isReferenceType()) return;
  const auto* record = variable->getType()->getAsCXXRecordDecl();
  if (!record || !record->hasDefinition() || record->hasTrivialDestructor()) return;
  if (given_away_.contains(variable)) return;  // what its destructor would wait for is elsewhere
  Expr place;
  place.kind = ExprKind::kVariable;
  place.index = slot(variable);
  destroy(variable->getType(), add(std::move(place)), variable->getLocation(), into);
}

void FunctionLowering::destroy(clang::QualType type, ExprId place, clang::SourceLocation location,
                               std::vector<StmtId>& into) {
  const auto* record = type->getAsCXXRecordDecl();
  if (!record || !record->hasDefinition() || record->hasTrivialDestructor()) return;
  const clang::CXXDestructorDecl* destructor = record->getDestructor();
  if (!destructor) return;
  Call call;
  call.object = make(ExprKind::kAddress, {place});
  finish_call(call, destructor, location);
  const ExprId id = add_call(std::move(call), {});
  into.push_back(expression_statement(id, location));
}

// An object that nothing keeps: std::async(f); Guard(mutex);. It ends with its statement.
StmtId FunctionLowering::discarded(const clang::CXXBindTemporaryExpr* expression) {
  const clang::QualType type = expression->getType();
  const clang::SourceLocation location = expression->getExprLoc();
  const ExprId value = rvalue(expression->getSubExpr());
  const auto constructed = [&] {  // in a temporary of its own
    const Expr& made = out_.exprs[value];
    if (made.kind != ExprKind::kComma) return kNone;
    const Expr& object = out_.exprs[made.operands[1]];
    return object.kind == ExprKind::kLoad ? object.operands[0] : kNone;
  };
  Stmt both;
  both.place = unit_.place(location);
  ExprId place = constructed();
  if (place == kNone) {
    const ExprId stored = temporary(value, type);
    both.children.push_back(expression_statement(stored, location));
    place = out_.exprs[stored].operands[1];
  } else {
    both.children.push_back(expression_statement(value, location));
  }
  destroy(type, place, location, both.children);
  return add(std::move(both));
}

// What a destructor does behind its body.
void FunctionLowering::destroy_members(const clang::CXXRecordDecl* record,
                                       std::vector<StmtId>& into) {
  const auto self = [&] {
    Expr object;
    object.kind = ExprKind::kVariable;
    object.index = this_slot_;
    return make(ExprKind::kDereference, {make(ExprKind::kLoad, {add(std::move(object))})});
  };
  const std::vector<const clang::FieldDecl*> fields(record->field_begin(), record->field_end());
  for (auto field = fields.rbegin(); field != fields.rend(); ++field) {
    const auto* type = (*field)->getType()->getAsCXXRecordDecl();
    if (!type || !type->hasDefinition() || type->hasTrivialDestructor()) continue;
    Expr member;
    member.kind = ExprKind::kMember;
    member.text = unit_.member_name(*field);
    member.operands = {self()};
    destroy((*field)->getType(), add(std::move(member)), (*field)->getLocation(), into);
  }
  for (const clang::CXXBaseSpecifier& base : record->bases()) {
    if (!base.isVirtual()) destroy(base.getType(), self(), base.getBeginLoc(), into);
  }
}

// Notes the locals that are moved from: v.push_back(std::move(p)), p.release().
void FunctionLowering::note_given_away(const clang::Stmt* statement) {
  if (!statement) return;
  if (const auto* call = llvm::dyn_cast<clang::CallExpr>(statement)) {
    const clang::FunctionDecl* callee = call->getDirectCallee();
    const auto* method = llvm::dyn_cast<clang::CXXMemberCallExpr>(call);
    const clang::Expr* from = nullptr;
    if (callee && callee->getIdentifier()) {
      if (method && callee->getName() == "release")
        from = method->getImplicitObjectArgument();
      else if (callee->isInStdNamespace() && callee->getName() == "move" && call->getNumArgs() == 1)
        from = call->getArg(0);
    }
    const auto* named =
        from ? llvm::dyn_cast<clang::DeclRefExpr>(from->IgnoreParenImpCasts()) : nullptr;
    if (const auto* variable = named ? llvm::dyn_cast<clang::VarDecl>(named->getDecl()) : nullptr)
      given_away_.insert(variable);
  }
  for (const clang::Stmt* child : statement->children()) note_given_away(child);
}

}  // namespace cgoscope
