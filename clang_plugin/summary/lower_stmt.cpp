// Statements. A label that is jumped back to becomes a loop, and the jump its `continue`; forward
// jumps stay jumps. Inline assembly that enters the kernel becomes the call syscall(number, …) that
// it is.
#include <algorithm>

#include "clang_plugin/summary/lower.h"

namespace cgoscope {
namespace {

// The register that a variable is bound to (register long r10 asm("r10")), or the one that a
// constraint letter names.
std::string operand_register(llvm::StringRef constraint, const clang::Expr* operand) {
  const std::string bare = constraint.ltrim("=+&%").str();
  if (bare == "a") return "rax";
  if (bare == "D") return "rdi";
  if (bare == "S") return "rsi";
  if (bare == "d") return "rdx";
  if (const auto* named = llvm::dyn_cast<clang::DeclRefExpr>(operand->IgnoreParenImpCasts())) {
    if (const auto* label = named->getDecl()->getAttr<clang::AsmLabelAttr>())
      return label->getLabel().str();
  }
  return "";
}

}  // namespace

StmtId FunctionLowering::add(Stmt statement) {
  out_.stmts.push_back(std::move(statement));
  return static_cast<StmtId>(out_.stmts.size() - 1);
}

StmtId FunctionLowering::expression_statement(ExprId value, clang::SourceLocation location) {
  Stmt result;
  result.kind = StmtKind::kExpr;
  result.expr = value;
  result.place = unit_.place(location);
  return add(std::move(result));
}

uint32_t FunctionLowering::slot(const clang::VarDecl* variable) {
  if (const auto known = slots_.find(variable); known != slots_.end()) return known->second;
  Variable local;
  local.name = variable->getNameAsString();
  const clang::QualType type = variable->getType();
  local.is_volatile = type.isVolatileQualified() || type->isAtomicType();
  if (type->isIntegralOrEnumerationType() && !type->isIncompleteType() &&
      !type->isDependentType()) {
    local.width = static_cast<uint8_t>(std::min<uint64_t>(64, unit_.context().getIntWidth(type)));
    local.is_signed = type->isSignedIntegerOrEnumerationType();
  }
  local.is_record = type->isRecordType();
  local.is_real = type->isRealFloatingType();
  if (const auto* parameter = llvm::dyn_cast<clang::ParmVarDecl>(variable)) {
    local.parameter = static_cast<int>(parameter->getFunctionScopeIndex());
  }
  out_.variables.push_back(std::move(local));
  const auto index = static_cast<uint32_t>(out_.variables.size() - 1);
  slots_[variable] = index;
  return index;
}

uint32_t FunctionLowering::label(const clang::LabelDecl* declaration) {
  return labels_.try_emplace(declaration, static_cast<uint32_t>(labels_.size())).first->second;
}

// Numbers the statements in the order of the source, and notes where the gotos stand, computed ones
// aside: once a function, so that a block can ask for each of its labels.
void FunctionLowering::note_jumps(const clang::Stmt* statement) {
  if (!statement) return;
  const unsigned number = statements_++;
  if (llvm::isa<clang::Expr>(statement) && !llvm::isa<clang::StmtExpr>(statement)) {
    spans_[statement] = {number, statements_};
    return;
  }
  if (const auto* jump = llvm::dyn_cast<clang::GotoStmt>(statement))
    jumps_[jump->getLabel()].push_back(number);
  for (const clang::Stmt* child : statement->children()) note_jumps(child);
  spans_[statement] = {number, statements_};
}

// The last of `written`, statements of one block, in which a goto to the label at `written[from]`
// stands, behind it or at it; kNone if there is none.
size_t FunctionLowering::last_jump_back(const std::vector<const clang::Stmt*>& written,
                                        size_t from) const {
  const auto jumps = jumps_.find(llvm::cast<clang::LabelStmt>(written[from])->getDecl());
  const auto first = spans_.find(written[from]);
  const auto last = spans_.find(written.back());
  if (jumps == jumps_.end() || first == spans_.end() || last == spans_.end()) return kNone;
  const std::vector<unsigned>& numbers = jumps->second;
  const auto behind = std::lower_bound(numbers.begin(), numbers.end(), last->second.second);
  if (behind == numbers.begin() || *std::prev(behind) < first->second.first) return kNone;
  const unsigned jump = *std::prev(behind);
  size_t low = from, high = written.size();
  while (high - low > 1) {
    const size_t middle = low + (high - low) / 2;
    const auto span = spans_.find(written[middle]);
    if (span != spans_.end() && span->second.first <= jump)
      low = middle;
    else
      high = middle;
  }
  return low;
}

void FunctionLowering::lower(const clang::FunctionDecl* definition) {
  note_jumps(definition->getBody());
  if (unit_.context().getLangOpts().CPlusPlus) note_given_away(definition->getBody());
  out_.parameters = static_cast<int>(definition->getNumParams());
  if (const auto* method = llvm::dyn_cast<clang::CXXMethodDecl>(definition);
      method && !method->isStatic()) {
    Variable object;
    object.name = "this";
    object.parameter = kObjectParameter;
    out_.variables.push_back(std::move(object));
    this_slot_ = 0;
  }
  for (const clang::ParmVarDecl* parameter : definition->parameters()) slot(parameter);
  Stmt body;
  body.kind = StmtKind::kBlock;
  body.place = unit_.place(definition->getLocation());
  if (const auto* constructor = llvm::dyn_cast<clang::CXXConstructorDecl>(definition)) {
    for (const clang::CXXCtorInitializer* initializer : constructor->inits()) {
      const clang::Expr* value = initializer->getInit();
      if (!value) continue;
      if (const clang::FieldDecl* field = initializer->getMember(); field && this_slot_ != kNone) {
        Expr self;
        self.kind = ExprKind::kVariable;
        self.index = this_slot_;
        const ExprId object =
            make(ExprKind::kDereference, {make(ExprKind::kLoad, {add(std::move(self))})});
        Expr member;
        member.kind = ExprKind::kMember;
        member.text = unit_.member_name(field);
        member.operands = {object};
        const ExprId place = add(std::move(member));
        const ExprId init = field->getType()->isReferenceType() ? address_of(value) : rvalue(value);
        unit_.note_stored(out_.exprs[place].text, out_, init);
        body.children.push_back(
            expression_statement(make(ExprKind::kAssign, {place, init}), value->getExprLoc()));
      } else {
        body.children.push_back(expression_statement(rvalue(value), value->getExprLoc()));
      }
    }
  }
  if (const clang::Stmt* written = definition->getBody())
    body.children.push_back(statement(written));
  if (const auto* destructor = llvm::dyn_cast<clang::CXXDestructorDecl>(definition);
      destructor && this_slot_ != kNone)
    destroy_members(destructor->getParent(), body.children);
  out_.body = add(std::move(body));
}

StmtId FunctionLowering::declaration(const clang::VarDecl* variable) {
  Stmt result;
  result.kind = StmtKind::kDeclare;
  result.place = unit_.place(variable->getLocation());
  if (variable->hasGlobalStorage()) {  // a static local: initialised once, like a global
    unit_.add_global(variable);
    result.kind = StmtKind::kBlock;
    return add(std::move(result));
  }
  result.slot = slot(variable);
  const clang::Expr* init = variable->getInit();
  if (!init) return add(std::move(result));
  if (variable->getType()->isReferenceType()) {
    result.expr = address_of(init);
  } else if (const auto* construction =
                 llvm::dyn_cast<clang::CXXConstructExpr>(init->IgnoreUnlessSpelledInSource());
             construction && !construction->getConstructor()->isCopyOrMoveConstructor() &&
             init->getType()->isRecordType()) {
    // The constructor works on the variable itself.
    const ExprId value = rvalue(init);
    result.expr = value;
    if (out_.exprs[value].kind == ExprKind::kUnknown) {
      const ExprId duration = chrono(init);
      if (out_.exprs[duration].kind != ExprKind::kUnknown) result.expr = duration;
    }
  } else {
    result.expr = argument(init, false);
  }
  return add(std::move(result));
}

// A break, continue or return, which ends the locals of all blocks but the `outer` first ones.
// Those of a return end once its value is there.
StmtId FunctionLowering::leave(Stmt jump, size_t outer) {
  Stmt ends;
  ends.place = jump.place;
  for (size_t i = alive_.size(); i-- > outer;) destroy(alive_[i], ends.children);
  if (ends.children.empty()) return add(std::move(jump));
  if (jump.kind == StmtKind::kReturn) {
    jump.a = add(std::move(ends));
    return add(std::move(jump));
  }
  ends.children.push_back(add(std::move(jump)));
  return add(std::move(ends));
}

// The body of a loop or switch.
StmtId FunctionLowering::body_of(const clang::Stmt* statement, bool is_loop) {
  const size_t at_break = alive_at_break_, at_continue = alive_at_continue_;
  alive_at_break_ = alive_.size();
  if (is_loop) alive_at_continue_ = alive_.size();
  const StmtId body = this->statement(statement);
  alive_at_break_ = at_break;
  alive_at_continue_ = at_continue;
  return body;
}

StmtId FunctionLowering::block(const clang::CompoundStmt* compound) {
  const std::vector<const clang::Stmt*> written(compound->body_begin(), compound->body_end());
  Stmt result;
  result.kind = StmtKind::kBlock;
  result.place = unit_.place(compound->getBeginLoc());
  const size_t outer = alive_.size();
  // For a label, the last statement of this block that jumps back to it: both and what is between
  // make a loop.
  std::map<size_t, size_t> loop_end;
  for (size_t i = 0; i < written.size(); ++i) {
    if (!llvm::isa<clang::LabelStmt>(written[i])) continue;
    if (const size_t last = last_jump_back(written, i); last != kNone) loop_end[i] = last;
  }
  const auto lower_range = [&](auto&& self, size_t from, size_t to, std::vector<StmtId>& into,
                               bool skip_loop) -> void {
    for (size_t i = from; i < to; ++i) {
      const auto loop = loop_end.find(i);
      if (loop != loop_end.end() && !(skip_loop && i == from)) {
        const auto* labelled = llvm::cast<clang::LabelStmt>(written[i]);
        const uint32_t id = label(labelled->getDecl());
        loop_labels_.insert(id);
        const size_t end = std::min(loop->second + 1, to);
        Stmt around;
        around.kind = StmtKind::kLoop;
        around.label = id;
        around.test_last = true;
        around.expr = integer(0);  // runs once, unless a jump says again
        around.place = unit_.place(labelled->getBeginLoc());
        Stmt inner;
        inner.kind = StmtKind::kBlock;
        self(self, i, end, inner.children, true);
        around.a = add(std::move(inner));
        into.push_back(add(std::move(around)));
        i = end - 1;
        continue;
      }
      if (const auto* declared = llvm::dyn_cast<clang::DeclStmt>(written[i])) {
        for (const clang::Decl* one : declared->decls()) {
          if (const auto* variable = llvm::dyn_cast<clang::VarDecl>(one)) {
            into.push_back(declaration(variable));
            alive_.push_back(variable);
          }
        }
        continue;
      }
      into.push_back(statement(written[i]));
    }
  };
  lower_range(lower_range, 0, written.size(), result.children, false);
  while (alive_.size() > outer) {
    destroy(alive_.back(), result.children);
    alive_.pop_back();
  }
  return add(std::move(result));
}

StmtId FunctionLowering::statement(const clang::Stmt* statement) {
  if (!statement) return add(Stmt{});
  if (const auto* expression = llvm::dyn_cast<clang::Expr>(statement)) {
    const clang::Expr* bare = expression->IgnoreParens();
    const auto* full = llvm::dyn_cast<clang::ExprWithCleanups>(bare);
    if (const auto* object = llvm::dyn_cast<clang::CXXBindTemporaryExpr>(
            full ? full->getSubExpr()->IgnoreParens() : bare))
      return discarded(object);
    return expression_statement(bare->isGLValue() ? lvalue(bare) : rvalue(bare),
                                expression->getExprLoc());
  }
  Stmt result;
  result.place = unit_.place(statement->getBeginLoc());
  switch (statement->getStmtClass()) {
    case clang::Stmt::CompoundStmtClass:
      return block(llvm::cast<clang::CompoundStmt>(statement));
    case clang::Stmt::DeclStmtClass:
      for (const clang::Decl* one : llvm::cast<clang::DeclStmt>(statement)->decls()) {
        if (const auto* variable = llvm::dyn_cast<clang::VarDecl>(one))
          result.children.push_back(declaration(variable));
      }
      return add(std::move(result));
    case clang::Stmt::IfStmtClass: {
      const auto* branch = llvm::cast<clang::IfStmt>(statement);
      Stmt around;
      around.place = result.place;
      if (branch->getInit()) around.children.push_back(this->statement(branch->getInit()));
      if (branch->getConditionVariable())
        around.children.push_back(declaration(branch->getConditionVariable()));
      if (branch->isConsteval()) {
        if (const clang::Stmt* runtime =
                branch->isNonNegatedConsteval() ? branch->getElse() : branch->getThen()) {
          around.children.push_back(this->statement(runtime));
        }
        return add(std::move(around));
      }
      result.kind = StmtKind::kIf;
      result.expr = rvalue(branch->getCond());
      result.a = this->statement(branch->getThen());
      if (branch->getElse()) result.b = this->statement(branch->getElse());
      around.children.push_back(add(std::move(result)));
      return add(std::move(around));
    }
    case clang::Stmt::WhileStmtClass: {
      const auto* loop = llvm::cast<clang::WhileStmt>(statement);
      result.kind = StmtKind::kLoop;
      if (loop->getConditionVariable()) {
        // while (T* x = next()): declared again in each turn, tested as the body's first act would
        // be.
        const StmtId declared = declaration(loop->getConditionVariable());
        Stmt inner;
        Stmt guard;
        guard.kind = StmtKind::kIf;
        guard.expr = rvalue(loop->getCond());
        Stmt leave;
        leave.kind = StmtKind::kBreak;
        guard.a = body_of(loop->getBody(), true);
        guard.b = add(std::move(leave));
        inner.children = {declared, add(std::move(guard))};
        result.a = add(std::move(inner));
        return add(std::move(result));
      }
      result.expr = rvalue(loop->getCond());
      result.a = body_of(loop->getBody(), true);
      return add(std::move(result));
    }
    case clang::Stmt::DoStmtClass: {
      const auto* loop = llvm::cast<clang::DoStmt>(statement);
      result.kind = StmtKind::kLoop;
      result.test_last = true;
      result.a = body_of(loop->getBody(), true);
      result.expr = rvalue(loop->getCond());
      return add(std::move(result));
    }
    case clang::Stmt::ForStmtClass: {
      const auto* loop = llvm::cast<clang::ForStmt>(statement);
      Stmt around;
      around.place = result.place;
      if (loop->getInit()) around.children.push_back(this->statement(loop->getInit()));
      result.kind = StmtKind::kLoop;
      if (loop->getCond()) result.expr = rvalue(loop->getCond());
      result.a = body_of(loop->getBody(), true);
      if (loop->getInc()) result.b = this->statement(loop->getInc());
      around.children.push_back(add(std::move(result)));
      return add(std::move(around));
    }
    case clang::Stmt::CXXTryStmtClass:
      return try_statement(llvm::cast<clang::CXXTryStmt>(statement));
    case clang::Stmt::CXXForRangeStmtClass:
      return range_for(llvm::cast<clang::CXXForRangeStmt>(statement));
    case clang::Stmt::SwitchStmtClass:
      return switch_statement(llvm::cast<clang::SwitchStmt>(statement));
    case clang::Stmt::CaseStmtClass:
    case clang::Stmt::DefaultStmtClass: {
      const auto* marker = llvm::cast<clang::SwitchCase>(statement);
      Stmt pair;
      result.kind = StmtKind::kCase;
      result.is_default = llvm::isa<clang::DefaultStmt>(marker);
      if (const auto* one = llvm::dyn_cast<clang::CaseStmt>(marker);
          one && !one->getLHS()->isValueDependent()) {
        const auto value = [&](const clang::Expr* bound) {
          return bound->EvaluateKnownConstInt(unit_.context()).extOrTrunc(64).getSExtValue();
        };
        result.low = value(one->getLHS());
        result.high = one->getRHS() ? value(one->getRHS()) : result.low;
      }
      pair.children.push_back(add(std::move(result)));
      pair.children.push_back(this->statement(marker->getSubStmt()));
      return add(std::move(pair));
    }
    case clang::Stmt::ReturnStmtClass: {
      result.kind = StmtKind::kReturn;
      const auto* back = llvm::cast<clang::ReturnStmt>(statement);
      if (const clang::Expr* value = back->getRetValue()) {
        result.expr = value->isGLValue() ? address_of(value) : argument(value, false);
      }
      if (!back->getNRVOCandidate()) return leave(std::move(result), 0);
      // It goes to the caller.
      std::vector<const clang::VarDecl*> all = alive_;
      std::erase(alive_, back->getNRVOCandidate());
      const StmtId id = leave(std::move(result), 0);
      alive_ = std::move(all);
      return id;
    }
    case clang::Stmt::BreakStmtClass:
      result.kind = StmtKind::kBreak;
      return leave(std::move(result), alive_at_break_);
    case clang::Stmt::ContinueStmtClass:
      result.kind = StmtKind::kContinue;
      return leave(std::move(result), alive_at_continue_);
    case clang::Stmt::GotoStmtClass: {
      result.label = label(llvm::cast<clang::GotoStmt>(statement)->getLabel());
      result.kind = loop_labels_.contains(result.label) ? StmtKind::kContinue : StmtKind::kGoto;
      return add(std::move(result));
    }
    case clang::Stmt::LabelStmtClass: {
      const auto* labelled = llvm::cast<clang::LabelStmt>(statement);
      Stmt pair;
      result.kind = StmtKind::kLabel;
      result.label = label(labelled->getDecl());
      pair.children.push_back(add(std::move(result)));
      pair.children.push_back(this->statement(labelled->getSubStmt()));
      return add(std::move(pair));
    }
    case clang::Stmt::AttributedStmtClass:
      return this->statement(llvm::cast<clang::AttributedStmt>(statement)->getSubStmt());
    case clang::Stmt::GCCAsmStmtClass:
      return assembly(llvm::cast<clang::GCCAsmStmt>(statement));
    default:
      for (const clang::Stmt* child : statement->children()) {
        if (child) result.children.push_back(this->statement(child));
      }
      return add(std::move(result));
  }
}

StmtId FunctionLowering::switch_statement(const clang::SwitchStmt* statement) {
  Stmt around;
  around.place = unit_.place(statement->getBeginLoc());
  if (statement->getInit()) around.children.push_back(this->statement(statement->getInit()));
  if (statement->getConditionVariable())
    around.children.push_back(declaration(statement->getConditionVariable()));
  Stmt result;
  result.kind = StmtKind::kSwitch;
  result.place = around.place;
  result.expr = rvalue(statement->getCond());
  result.a = body_of(statement->getBody(), false);
  around.children.push_back(add(std::move(result)));
  return add(std::move(around));
}

// Anything in the block may throw, so each handler may run, with what was known before the block.
StmtId FunctionLowering::try_statement(const clang::CXXTryStmt* statement) {
  StmtId otherwise = kNone;
  const auto choice = [&](StmtId yes, StmtId no) {
    Stmt either;
    either.kind = StmtKind::kIf;
    either.place = unit_.place(statement->getBeginLoc());
    either.expr = make(ExprKind::kUnknown, {});
    either.a = yes;
    either.b = no;
    return add(std::move(either));
  };
  for (unsigned i = statement->getNumHandlers(); i-- > 0;) {
    const StmtId handler = this->statement(statement->getHandler(i)->getHandlerBlock());
    otherwise = otherwise == kNone ? handler : choice(handler, otherwise);
  }
  return choice(this->statement(statement->getTryBlock()), otherwise);
}

StmtId FunctionLowering::range_for(const clang::CXXForRangeStmt* statement) {
  Stmt around;
  around.place = unit_.place(statement->getBeginLoc());
  for (const clang::Stmt* part : {static_cast<const clang::Stmt*>(statement->getInit()),
                                  static_cast<const clang::Stmt*>(statement->getRangeStmt()),
                                  static_cast<const clang::Stmt*>(statement->getBeginStmt()),
                                  static_cast<const clang::Stmt*>(statement->getEndStmt())}) {
    if (part) around.children.push_back(this->statement(part));
  }
  if (!statement->getCond() || !statement->getLoopVariable()) return add(std::move(around));
  Stmt loop;
  loop.kind = StmtKind::kLoop;
  loop.place = around.place;
  loop.expr = rvalue(statement->getCond());
  Stmt body;
  body.children.push_back(declaration(statement->getLoopVariable()));
  body.children.push_back(body_of(statement->getBody(), true));
  loop.a = add(std::move(body));
  loop.b = this->statement(statement->getInc());
  around.children.push_back(add(std::move(loop)));
  return add(std::move(around));
}

// x86-64: `syscall` with the number in rax and the arguments in rdi, rsi, rdx, r10, r8, r9; arm64:
// `svc #0` with x8 and x0…x5. `pause` and `yield` only slow a spinning loop down. Anything else is
// an instruction that leaves its outputs unknown.
StmtId FunctionLowering::assembly(const clang::GCCAsmStmt* statement) {
  Stmt result;
  result.place = unit_.place(statement->getAsmLoc());
  for (unsigned i = 0; i < statement->getNumOutputs(); ++i) {
    const ExprId place = lvalue(statement->getOutputExpr(i));
    const ExprId anything = make(ExprKind::kUnknown, {});
    result.children.push_back(
        expression_statement(make(ExprKind::kAssign, {place, anything}), statement->getAsmLoc()));
  }
  const llvm::StringRef text = statement->getAsmString()->getString();
  const bool x86 = text.contains("syscall");
  const bool arm = text.contains("svc");
  if (!x86 && !arm) return add(std::move(result));
  std::map<std::string, const clang::Expr*> registers;
  for (unsigned i = 0; i < statement->getNumInputs(); ++i) {
    const clang::Expr* operand = statement->getInputExpr(i);
    std::string name = operand_register(statement->getInputConstraint(i), operand);
    const llvm::StringRef constraint = statement->getInputConstraint(i);
    unsigned output = 0;
    if (name.empty() && !constraint.getAsInteger(10, output) &&
        output < statement->getNumOutputs()) {
      name = operand_register(statement->getOutputConstraint(output),
                              statement->getOutputExpr(output));
    }
    if (!name.empty()) registers[name] = operand;
  }
  const std::vector<std::string> order =
      x86 ? std::vector<std::string>{"rax", "rdi", "rsi", "rdx", "r10", "r8", "r9"}
          : std::vector<std::string>{"x8", "x0", "x1", "x2", "x3", "x4", "x5"};
  std::vector<ExprId> arguments;
  for (const std::string& name : order) {
    const auto operand = registers.find(name);
    if (operand == registers.end()) break;
    arguments.push_back(rvalue(operand->second));
  }
  if (arguments.empty()) return add(std::move(result));
  Call call;
  call.target = call.name = "syscall";
  call.place = unit_.place(statement->getAsmLoc());
  const ExprId id = add_call(std::move(call), std::move(arguments));
  result.children.push_back(expression_statement(id, statement->getAsmLoc()));
  return add(std::move(result));
}

}  // namespace cgoscope
