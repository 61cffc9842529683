// Lowering of Clang's AST to the trees of summary.h. Included by the summariser alone: everything
// here sees Clang.
//
// Only what can be reached is lowered: starting from the functions that Go or another file can
// call, then whatever those call or take the address of. A header with ten thousand inline
// functions costs nothing that way.
#pragma once

#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "clang/AST/ASTContext.h"
#include "clang/AST/Decl.h"
#include "clang/AST/DeclCXX.h"
#include "clang/AST/Expr.h"
#include "clang/AST/ExprCXX.h"
#include "clang/AST/Mangle.h"
#include "clang/AST/Stmt.h"
#include "clang/AST/StmtCXX.h"
#include "clang/Basic/SourceManager.h"
#include "clang_plugin/summary/summary.h"
#include "llvm/Support/VirtualFileSystem.h"

namespace cgoscope {

// The nanoseconds of one tick of a std::chrono::duration type; of no other.
std::optional<double> chrono_tick_ns(clang::QualType type);
// now() + seconds(8), end - now(), now() < end: else kNone.
Op chrono_operation(const clang::CallExpr* expression);

// What all functions of a unit share: names, places, globals, and the list of functions still to
// do.
class UnitLowering {
 public:
  // `disk`: without the files that exist in memory only.
  UnitLowering(clang::ASTContext& context, TranslationUnit& unit, llvm::vfs::FileSystem& disk);

  // Lowers `roots` and everything they reach.
  void run(const std::vector<const clang::FunctionDecl*>& roots);
  void add_global(const clang::VarDecl* variable);

  clang::ASTContext& context() { return context_; }
  TranslationUnit& unit() { return unit_; }
  SourcePlace place(clang::SourceLocation location);
  std::string link_name(const clang::FunctionDecl* function);
  std::string link_name(const clang::VarDecl* variable);
  // "read"; "std::mutex::lock" without template arguments and inline namespaces.
  std::string catalogue_name(const clang::FunctionDecl* function) const;
  std::string shown_name(const clang::FunctionDecl* function) const;
  std::string record_name(const clang::RecordDecl* record);
  std::string member_name(const clang::ValueDecl* member);
  // Notes that `function` is needed; its body, if there is one, is lowered later.
  void want(const clang::FunctionDecl* function);
  void note_stored(const std::string& where, const Function& in, ExprId value);
  std::string outermost_macro(clang::SourceLocation location) const;

 private:
  void lower_function(const clang::FunctionDecl* definition);
  bool worth_following(const clang::FunctionDecl* definition) const;
  bool may_be_named(const std::string& file);
  void note_overriders(const clang::CXXMethodDecl* method);
  void note_declared(const clang::FunctionDecl* function);

  clang::ASTContext& context_;
  clang::SourceManager& sources_;
  TranslationUnit& unit_;
  llvm::vfs::FileSystem& disk_;
  std::unique_ptr<clang::MangleContext> mangler_;
  std::map<std::string, uint32_t> file_index_;
  std::map<std::string, bool> nameable_;  // see may_be_named
  std::set<const clang::FunctionDecl*> wanted_;
  std::deque<const clang::FunctionDecl*> todo_;
  std::set<const clang::VarDecl*> globals_;
};

// One function's body.
class FunctionLowering {
 public:
  FunctionLowering(UnitLowering& unit, Function& function) : unit_(unit), out_(function) {}

  void lower(const clang::FunctionDecl* definition);
  ExprId lower_initialiser(const clang::Expr* expression) { return rvalue(expression); }
  ExprId lower_zero() { return make(ExprKind::kAggregate, {}); }

 private:
  // Expressions (lower_expr.cpp). rvalue gives a value, lvalue an expression of a kind that names a
  // place.
  ExprId rvalue(const clang::Expr* expression);
  ExprId lvalue(const clang::Expr* expression);
  ExprId address_of(const clang::Expr* expression);
  ExprId broken(const clang::Expr* expression);
  ExprId aggregate(const clang::InitListExpr* expression);
  ExprId variable(const clang::ValueDecl* declaration, clang::QualType type);
  ExprId function_address(const clang::FunctionDecl* function);
  ExprId unknown(const clang::Expr* expression);
  ExprId load(ExprId place, clang::QualType type);
  ExprId temporary(ExprId value, clang::QualType type);

  // Arithmetic and constants (lower_arithmetic.cpp).
  std::optional<ExprId> folded(const clang::Expr* expression);
  ExprId chrono(const clang::Expr* expression);
  ExprId convert(ExprId value, clang::QualType from, clang::QualType to);
  ExprId cast(const clang::CastExpr* expression);
  ExprId unary(const clang::UnaryOperator* expression);
  ExprId binary(const clang::BinaryOperator* expression);
  ExprId scaled_real(Op op, ExprId left, ExprId right, clang::QualType type);

  // Calls (lower_call.cpp).
  ExprId argument(const clang::Expr* expression, bool by_reference);
  void finish_call(Call& call, const clang::FunctionDecl* callee, clang::SourceLocation location);
  ExprId call(const clang::CallExpr* expression);
  ExprId builtin_call(const clang::CallExpr* expression, const clang::FunctionDecl* callee);
  ExprId construct(const clang::CXXConstructExpr* expression, ExprId object);
  ExprId lambda(const clang::LambdaExpr* expression);
  ExprId throws(const clang::CXXThrowExpr* expression);
  ExprId delete_expression(const clang::CXXDeleteExpr* expression);
  void destroy(const clang::VarDecl* variable, std::vector<StmtId>& into);
  void destroy(clang::QualType type, ExprId place, clang::SourceLocation location,
               std::vector<StmtId>& into);
  StmtId discarded(const clang::CXXBindTemporaryExpr* expression);
  void destroy_members(const clang::CXXRecordDecl* record, std::vector<StmtId>& into);
  void note_given_away(const clang::Stmt* statement);

  // Statements (lower_stmt.cpp).
  StmtId statement(const clang::Stmt* statement);
  StmtId block(const clang::CompoundStmt* statement);
  StmtId declaration(const clang::VarDecl* variable);
  StmtId assembly(const clang::GCCAsmStmt* statement);
  StmtId switch_statement(const clang::SwitchStmt* statement);
  StmtId try_statement(const clang::CXXTryStmt* statement);
  StmtId range_for(const clang::CXXForRangeStmt* statement);
  StmtId leave(Stmt jump, size_t outer);
  StmtId body_of(const clang::Stmt* statement, bool is_loop);
  void note_jumps(const clang::Stmt* statement);
  size_t last_jump_back(const std::vector<const clang::Stmt*>& written, size_t from) const;

  ExprId add(Expr expression);
  StmtId add(Stmt statement);
  ExprId make(ExprKind kind, std::vector<ExprId> operands, clang::QualType type = {});
  ExprId add_call(Call call, std::vector<ExprId> operands, clang::QualType type = {});
  ExprId integer(int64_t value);
  StmtId expression_statement(ExprId value, clang::SourceLocation location);
  uint32_t slot(const clang::VarDecl* variable);
  uint32_t label(const clang::LabelDecl* label);
  void set_type(Expr& expression, clang::QualType type);

  UnitLowering& unit_;
  Function& out_;
  std::map<const clang::VarDecl*, uint32_t> slots_;
  std::map<const clang::LabelDecl*, uint32_t> labels_;
  // By note_jumps: each statement's number and the one behind its last child's; each label's gotos.
  std::unordered_map<const clang::Stmt*, std::pair<unsigned, unsigned>> spans_;
  std::unordered_map<const clang::LabelDecl*, std::vector<unsigned>> jumps_;
  unsigned statements_ = 0;
  std::set<uint32_t> loop_labels_;  // labels that became loops: a goto to one is a continue
  std::map<const clang::Expr*, ExprId> opaque_;
  std::set<const clang::VarDecl*> given_away_;  // by std::move or release()
  // The locals of the blocks around, and how many of them a break and a continue leave alone.
  std::vector<const clang::VarDecl*> alive_;
  size_t alive_at_break_ = 0, alive_at_continue_ = 0;
  uint32_t this_slot_ = kNone;
};

}  // namespace cgoscope
