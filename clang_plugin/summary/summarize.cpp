// Runs Clang's front end over one unit, in this process: no compiler is started and nothing is
// written.
//
// Units come from strangers and may be broken: a missing header is skipped as if it were empty,
// syntax errors leave a partial tree, and should Clang itself crash, that unit becomes a problem
// and the others go on.
#include "clang_plugin/summary/summarize.h"

#include <filesystem>

#include "clang/AST/ASTConsumer.h"
#include "clang/Basic/Diagnostic.h"
#include "clang/Basic/DiagnosticParse.h"
#include "clang/Basic/DiagnosticSema.h"
#include "clang/Frontend/CompilerInstance.h"
#include "clang/Frontend/FrontendActions.h"
#include "clang/Frontend/Utils.h"
#include "clang/Lex/PPCallbacks.h"
#include "clang/Lex/Preprocessor.h"
#include "clang_plugin/packages/allow_comment.h"
#include "clang_plugin/summary/lower.h"
#include "clang_plugin/summary/recording_file_system.h"
#include "llvm/Support/CrashRecoveryContext.h"
#include "llvm/Support/VirtualFileSystem.h"

namespace cgoscope {
namespace {

constexpr size_t kMaxProblems = 20;          // shown a unit; the rest is counted
constexpr unsigned kStackBytes = 64u << 20;  // else-if chains of generated code nest thousands deep
constexpr const char* kOurTail = "cgoscope-constants";
constexpr const char* kConstantPrefix = "cgoscope_constant_";
constexpr const char* kMissingHeader = "header ";
// Of a library whose header is not there: code that asks is meant for the newest.
constexpr const char* kNewestVersion = "999999999";
constexpr int kMaxMacroDepth = 8;
constexpr const char* kDeclared = "cgoscope-declared.h";
constexpr int kMaxRounds = 5;  // of declaring what a missing header would have
constexpr const char* kObjectDirectory = "/cgoscope-objdir";  // exists in the overlay only

// Names that a unit uses and that a header which is not there would have declared.
struct Undeclared {
  bool header_missing = false;
  std::map<std::string, std::string>
      declarations;                // name → a declaration under which the uses seen so far parse
  std::set<std::string> versions;  // LIB_VERSION_NUMBER and the like, asked for in #if
  // struct → its members, and the declaration of each
  std::map<std::string, std::map<std::string, std::string>> members;

  std::string text() const {
    std::string all;
    for (const std::string& name : header_missing ? versions : std::set<std::string>())
      all += "#ifndef " + name + "\n#define " + name + " " + kNewestVersion + "\n#endif\n";
    for (const auto& [name, declaration] : declarations) {
      if (!versions.contains(name)) all += declaration + "\n";
    }
    for (const auto& [name, list] : members) {
      all += "struct " + name + " {";
      for (const auto& [member, declaration] : list) all += " " + declaration;
      all += " };\n";
    }
    return all;
  }
};

bool is_word(llvm::StringRef text) {
  return !text.empty() && !llvm::isDigit(text[0]) &&
         llvm::all_of(text, [](char c) { return llvm::isAlnum(c) || c == '_'; });
}

class ProblemConsumer : public clang::DiagnosticConsumer {
 public:
  ProblemConsumer(TranslationUnit& unit, const SourceUnit& source, Undeclared& undeclared)
      : unit_(unit), source_(source), undeclared_(undeclared) {}

  void HandleDiagnostic(clang::DiagnosticsEngine::Level level,
                        const clang::Diagnostic& diagnostic) override {
    if (level < clang::DiagnosticsEngine::Error) return;
    Problem problem;
    problem.file = source_.main_file;
    if (diagnostic.hasSourceManager() && diagnostic.getLocation().isValid()) {
      const clang::PresumedLoc presumed = diagnostic.getSourceManager().getPresumedLoc(
          diagnostic.getSourceManager().getExpansionLoc(diagnostic.getLocation()));
      if (presumed.isValid()) {
        if (llvm::StringRef(presumed.getFilename()) == kOurTail) {
          if (!lacks_a_brace(diagnostic)) return;
          note_problem({source_.main_file, 0, "expected '}': the preamble ends inside a block"});
          return;
        }
        const llvm::StringRef file = llvm::sys::path::filename(presumed.getFilename());
        if (file == "_cgo_export.h" || file == kDeclared) return;
        problem.file = presumed.getFilename();
        problem.line = static_cast<int>(presumed.getLine());
      }
    }
    note_undeclared(diagnostic);
    llvm::SmallString<128> text;
    diagnostic.FormatDiagnostic(text);
    problem.message = text.str().str();
    note_problem(std::move(problem));
  }

 private:
  void note_problem(Problem problem) {
    ++unit_.errors;
    if (unit_.problems.size() < kMaxProblems) unit_.problems.push_back(std::move(problem));
  }

  // "expected '}'", at the end of all text.
  static bool lacks_a_brace(const clang::Diagnostic& diagnostic) {
    return diagnostic.getID() == clang::diag::err_expected && diagnostic.getNumArgs() > 0 &&
           diagnostic.getArgKind(0) == clang::DiagnosticsEngine::ak_tokenkind &&
           diagnostic.getRawArg(0) == clang::tok::r_brace;
  }

  // c->start(c) where all that is known of c's struct is its name: the struct has a member `start`,
  // a pointer to a function if it is called and else a number.
  void note_member(const clang::Diagnostic& diagnostic) {
    if (diagnostic.getArgKind(0) != clang::DiagnosticsEngine::ak_qualtype) return;
    const auto type = clang::QualType::getFromOpaquePtr(
        reinterpret_cast<void*>(diagnostic.getRawArg(0)));  // NOLINT(performance-no-int-to-ptr)
    const clang::RecordDecl* record = type.isNull() ? nullptr : type->getAsRecordDecl();
    if (!record || !record->getIdentifier() || !record->isStruct()) return;
    const clang::SourceManager& sources = diagnostic.getSourceManager();
    bool invalid = false;
    llvm::StringRef text =
        sources.getCharacterData(sources.getSpellingLoc(diagnostic.getLocation()), &invalid);
    if (invalid || !(text.consume_front("->") || text.consume_front("."))) return;
    text = text.ltrim();
    const llvm::StringRef member =
        text.take_while([](char c) { return llvm::isAlnum(c) || c == '_'; });
    if (!is_word(member)) return;
    const bool called = text.drop_front(member.size()).ltrim().starts_with("(");
    undeclared_.members[record->getName().str()][member.str()] =
        called ? "long (*" + member.str() + ")();" : "long " + member.str() + ";";
  }

  void note_undeclared(const clang::Diagnostic& diagnostic) {
    if (!diagnostic.hasSourceManager() || diagnostic.getNumArgs() == 0) return;
    const unsigned id = diagnostic.getID();
    if (id == clang::diag::err_typecheck_incomplete_tag) return note_member(diagnostic);
    const bool type = id == clang::diag::err_unknown_typename;
    if (!type && id != clang::diag::err_undeclared_var_use && id != clang::diag::err_undeclared_use)
      return;
    std::string name;
    switch (diagnostic.getArgKind(0)) {
      case clang::DiagnosticsEngine::ak_std_string:
        name = diagnostic.getArgStdStr(0);
        break;
      case clang::DiagnosticsEngine::ak_c_string:
        name = diagnostic.getArgCStr(0);
        break;
      case clang::DiagnosticsEngine::ak_identifierinfo:
        name = diagnostic.getArgIdentifier(0)->getName().str();
        break;
      case clang::DiagnosticsEngine::ak_declarationname:
        name = clang::DeclarationName::getFromOpaqueInteger(diagnostic.getRawArg(0)).getAsString();
        break;
      default:
        return;
    }
    if (!is_word(name)) return;
    // "T *p" and "T)" are types, "T *p" an opaque struct; anything else is a number.
    const clang::SourceManager& sources = diagnostic.getSourceManager();
    bool invalid = false;
    const char* text =
        sources.getCharacterData(sources.getSpellingLoc(diagnostic.getLocation()), &invalid);
    if (invalid || llvm::StringRef(text).substr(0, name.size()) != name) return;
    const llvm::StringRef rest = llvm::StringRef(text + name.size()).ltrim();
    const bool pointer = rest.starts_with("*");
    const bool declares =
        !rest.empty() && (std::isalpha(static_cast<unsigned char>(rest[0])) || rest[0] == '_');
    if (pointer || (type && rest.starts_with("(")))
      undeclared_.declarations[name] = "typedef struct " + name + " " + name + ";";
    else if (type || declares)
      undeclared_.declarations[name] = "typedef long " + name + ";";
    else
      undeclared_.declarations[name] = "extern const long " + name + ";";
  }

  TranslationUnit& unit_;
  const SourceUnit& source_;
  Undeclared& undeclared_;
};

// A header that is not there is said and passed over; Clang on its own would stop at it.
class Inclusions : public clang::PPCallbacks {
 public:
  Inclusions(TranslationUnit& unit, const clang::Preprocessor& preprocessor,
             const SourceUnit& source, Undeclared& undeclared)
      : unit_(unit), preprocessor_(preprocessor), source_(source), undeclared_(undeclared) {}

  bool FileNotFound(llvm::StringRef name) override {
    missing_ = name.str();
    return true;
  }
  void InclusionDirective(clang::SourceLocation location, const clang::Token&, llvm::StringRef name,
                          bool, clang::CharSourceRange, clang::OptionalFileEntryRef file,
                          llvm::StringRef, llvm::StringRef, const clang::Module*, bool,
                          clang::SrcMgr::CharacteristicKind) override {
    if (file || name != missing_) return;
    undeclared_.header_missing = true;
    Problem problem{source_.main_file, 0,
                    std::string(kMissingHeader) + name.str() +
                        " not found; what it declares is judged by name alone"};
    const clang::PresumedLoc presumed = preprocessor_.getSourceManager().getPresumedLoc(location);
    if (presumed.isValid()) {
      problem.file = presumed.getFilename();
      problem.line = static_cast<int>(presumed.getLine());
    }
    ++unit_.errors;
    if (unit_.problems.size() < kMaxProblems) unit_.problems.push_back(std::move(problem));
  }
  void If(clang::SourceLocation, clang::SourceRange condition, ConditionValueKind) override {
    note_versions(condition);
  }
  void Elif(clang::SourceLocation, clang::SourceRange condition, ConditionValueKind,
            clang::SourceLocation) override {
    note_versions(condition);
  }

 private:
  // #if LIB_VERSION_NUMBER < 1002003 is true where the header with the number is missing, and picks
  // what is there for old versions.
  void note_versions(clang::SourceRange condition) {
    const clang::SourceManager& sources = preprocessor_.getSourceManager();
    if (condition.isInvalid() || sources.isInSystemHeader(condition.getBegin())) return;
    const llvm::StringRef text = clang::Lexer::getSourceText(
        clang::CharSourceRange::getTokenRange(condition), sources, preprocessor_.getLangOpts());
    std::vector<std::string> words;
    for (size_t i = 0; i < text.size();) {
      const llvm::StringRef word = text.substr(i).take_while(
          [](char c) { return llvm::isAlnum(c) || c == '_'; });  // or a number
      i += std::max<size_t>(word.size(), 1);
      if (!word.empty() || text[i - 1] == '(') words.push_back(word.empty() ? "(" : word.str());
    }
    note_versions(words, 0);
  }

  void note_versions(const std::vector<std::string>& words, int depth) {
    for (size_t i = 0; i < words.size(); ++i) {
      const bool called = i + 1 < words.size() && words[i + 1] == "(";
      if (words[i] == "defined") {  // defined X, defined(X): no question about a number
        i += called ? 2 : 1;
        continue;
      }
      if (!is_word(words[i])) continue;
      const clang::IdentifierInfo* name = preprocessor_.getIdentifierInfo(words[i]);
      if (const clang::MacroInfo* macro = preprocessor_.getMacroInfo(name)) {
        std::vector<std::string> body;
        for (const clang::Token& token : macro->tokens()) {
          if (token.is(clang::tok::l_paren))
            body.emplace_back("(");
          else if (const clang::IdentifierInfo* inner = token.getIdentifierInfo())
            body.push_back(inner->getName().str());
          else
            body.emplace_back();
        }
        if (depth < kMaxMacroDepth) note_versions(body, depth + 1);
      } else if (!called && words[i].find("VERSION") != std::string::npos && words[i][0] != '_') {
        undeclared_.versions.insert(words[i]);
      }
    }
  }

  TranslationUnit& unit_;
  const clang::Preprocessor& preprocessor_;
  const SourceUnit& source_;
  Undeclared& undeclared_;
  std::string missing_;
};

// Finds //cgoscope:allow in C files; in Go files the Go lexer has.
class AllowComments : public clang::CommentHandler {
 public:
  AllowComments(UnitLowering& lowering)
      : lowering_(lowering) {}  // NOLINT(google-explicit-constructor)

  bool HandleComment(clang::Preprocessor& preprocessor, clang::SourceRange range) override {
    const clang::SourceManager& sources = preprocessor.getSourceManager();
    const llvm::StringRef text = clang::Lexer::getSourceText(
        clang::CharSourceRange::getCharRange(range), sources, preprocessor.getLangOpts());
    const auto allow = parse_allow_comment(text, 0, 0);
    if (!allow) return false;
    const SourcePlace where = lowering_.place(range.getBegin());
    if (where.file == kNone || where.system) return false;
    lowering_.unit().allows.push_back({allow->rule, allow->reason, where});
    return false;
  }

 private:
  UnitLowering& lowering_;
};

class Consumer : public clang::ASTConsumer {
 public:
  Consumer(clang::CompilerInstance& compiler, TranslationUnit& unit, const SourceUnit& source,
           llvm::vfs::FileSystem& disk)
      : compiler_(compiler), unit_(unit), source_(source), disk_(disk) {}

  void Initialize(clang::ASTContext& context) override {
    lowering_ = std::make_unique<UnitLowering>(context, unit_, disk_);
    comments_ = std::make_unique<AllowComments>(*lowering_);
    if (!source_.is_preamble) compiler_.getPreprocessor().addCommentHandler(comments_.get());
  }

  bool HandleTopLevelDecl(clang::DeclGroupRef group) override {
    const clang::SourceManager& sources = compiler_.getSourceManager();
    for (clang::Decl* declaration : group) {
      if (!sources.isInSystemHeader(sources.getExpansionLoc(declaration->getLocation())))
        top_level_.push_back(declaration);
    }
    return true;
  }

  void HandleTranslationUnit(clang::ASTContext& context) override {
    std::vector<const clang::FunctionDecl*> roots;
    for (clang::Decl* declaration : top_level_) collect(declaration, roots);
    for (const std::string& name : source_.names) {
      const clang::IdentifierInfo& id = context.Idents.get(name);
      for (clang::NamedDecl* found : context.getTranslationUnitDecl()->lookup(&id))
        note_name(name, found, roots);
      note_macro(name, roots);
    }
    lowering_->run(roots);
  }

 private:
  // What another file of the package can link to, and global variables, whose initialisers hold
  // tables of functions.
  void collect(clang::Decl* declaration, std::vector<const clang::FunctionDecl*>& roots) {
    if (const auto* function = llvm::dyn_cast<clang::FunctionDecl>(declaration)) {
      if (function->isTemplated() || !function->doesThisDeclarationHaveABody()) return;
      const auto* method = llvm::dyn_cast<clang::CXXMethodDecl>(function);
      const bool may_override = method && method->isVirtual();
      if (function->isExternallyVisible() || may_override) roots.push_back(function);
      return;
    }
    if (const auto* variable = llvm::dyn_cast<clang::VarDecl>(declaration)) {
      if (!variable->isTemplated()) lowering_->add_global(variable);
      return;
    }
    if (auto* context = llvm::dyn_cast<clang::DeclContext>(declaration)) {
      if (const auto* record = llvm::dyn_cast<clang::CXXRecordDecl>(declaration);
          record && record->isDependentContext())
        return;
      if (llvm::isa<clang::NamespaceDecl, clang::LinkageSpecDecl, clang::CXXRecordDecl>(
              declaration)) {
        for (clang::Decl* inner : context->decls()) collect(inner, roots);
      }
    }
  }

  void note_name(const std::string& name, clang::NamedDecl* found,
                 std::vector<const clang::FunctionDecl*>& roots) {
    if (const auto* function = llvm::dyn_cast<clang::FunctionDecl>(found)) {
      unit_.visible[name] = lowering_->link_name(function);
      roots.push_back(function);
    } else if (const auto* enumerator = llvm::dyn_cast<clang::EnumConstantDecl>(found)) {
      unit_.constants[name] = enumerator->getInitVal().extOrTrunc(64).getSExtValue();
    } else if (const auto* variable = llvm::dyn_cast<clang::VarDecl>(found)) {
      unit_.not_functions.insert(name);
      lowering_->add_global(variable);
    } else if (llvm::isa<clang::TypedefNameDecl>(found)) {  // a struct's tag is C.struct_x
      unit_.not_functions.insert(name);
    }
  }

  // The tail that was appended to the preamble has a variable for each macro that Go uses as
  // C.NAME.
  void note_macro(const std::string& name, std::vector<const clang::FunctionDecl*>& roots) {
    clang::ASTContext& context = compiler_.getASTContext();
    const clang::IdentifierInfo& id = context.Idents.get(kConstantPrefix + name);
    for (clang::NamedDecl* found : context.getTranslationUnitDecl()->lookup(&id)) {
      const auto* variable = llvm::dyn_cast<clang::VarDecl>(found);
      if (!variable) continue;
      if (!variable->getInit()) {  // it makes a type, or what has no value
        unit_.not_functions.insert(name);
        continue;
      }
      const clang::Expr* value = variable->getInit()->IgnoreParenCasts();
      if (const auto* reference = llvm::dyn_cast<clang::DeclRefExpr>(value)) {
        if (const auto* function = llvm::dyn_cast<clang::FunctionDecl>(reference->getDecl())) {
          unit_.visible[name] = lowering_->link_name(function);
          roots.push_back(function);
          continue;
        }
      }
      clang::Expr::EvalResult result;
      if (!variable->getInit()->isValueDependent() &&
          variable->getInit()->EvaluateAsInt(result, context)) {
        unit_.constants[name] = result.Val.getInt().extOrTrunc(64).getSExtValue();
      }
    }
  }

  clang::CompilerInstance& compiler_;
  TranslationUnit& unit_;
  const SourceUnit& source_;
  llvm::vfs::FileSystem& disk_;
  std::unique_ptr<UnitLowering> lowering_;
  std::unique_ptr<AllowComments> comments_;
  std::vector<clang::Decl*> top_level_;
};

class Action : public clang::ASTFrontendAction {
 public:
  Action(TranslationUnit& unit, const SourceUnit& source, llvm::vfs::FileSystem& disk,
         Undeclared& undeclared)
      : unit_(unit), source_(source), disk_(disk), undeclared_(undeclared) {}

 protected:
  std::unique_ptr<clang::ASTConsumer> CreateASTConsumer(clang::CompilerInstance& compiler,
                                                        llvm::StringRef) override {
    compiler.getPreprocessor().addPPCallbacks(
        std::make_unique<Inclusions>(unit_, compiler.getPreprocessor(), source_, undeclared_));
    return std::make_unique<Consumer>(compiler, unit_, source_, disk_);
  }

 private:
  TranslationUnit& unit_;
  const SourceUnit& source_;
  llvm::vfs::FileSystem& disk_;
  Undeclared& undeclared_;
};

// For each macro that Go may use as a constant, a variable that has its value. What is not a
// constant is an error in a file of ours, which nobody sees.
std::string constants_tail(const std::set<std::string>& names) {
  std::string tail = "\n#line 1 \"" + std::string(kOurTail) + "\"\n";
  for (const std::string& name : names) {
    tail += "#ifdef " + name + "\nstatic const long long " + kConstantPrefix + name +
            " = (long long)(" + name + ");\n#endif\n";
  }
  return tail;
}

// `declared` stands before everything else: what a missing header would have declared.
void parse(const SourceUnit& source, const std::string& declared, TranslationUnit& unit,
           Undeclared& undeclared, FileAnswers& answers) {
  const auto disk = recording_file_system(llvm::vfs::createPhysicalFileSystem(), answers);
  auto overlay = llvm::makeIntrusiveRefCnt<llvm::vfs::OverlayFileSystem>(disk);
  auto memory = llvm::makeIntrusiveRefCnt<llvm::vfs::InMemoryFileSystem>();
  overlay->setCurrentWorkingDirectory(source.directory);
  std::string text;
  if (source.is_preamble) {
    text = source.text + constants_tail(source.names);
    memory->addFile(source.main_file, 0,
                    llvm::MemoryBuffer::getMemBufferCopy(text, source.main_file));
  }
  for (const auto& [path, content] : source.virtual_files) {
    for (const std::string& where :
         {path, kObjectDirectory + ("/" + std::filesystem::path(path).filename().string())}) {
      memory->addFile(where, 0, llvm::MemoryBuffer::getMemBufferCopy(content, where));
    }
  }
  std::vector<std::string> arguments = clang_arguments(source);
  if (!declared.empty()) {
    const std::string header = std::string(kObjectDirectory) + "/" + kDeclared;
    memory->addFile(header, 0, llvm::MemoryBuffer::getMemBufferCopy(declared, header));
    arguments.insert(arguments.end() - 1, {"-include", header});
  }
  overlay->pushOverlay(memory);

  std::vector<const char*> pointers;
  for (const std::string& argument : arguments) pointers.push_back(argument.c_str());

  ProblemConsumer problems(unit, source, undeclared);
  const auto options = llvm::makeIntrusiveRefCnt<clang::DiagnosticOptions>();
  auto diagnostics = clang::CompilerInstance::createDiagnostics(options.get(), &problems,
                                                                /*ShouldOwnClient=*/false);
  clang::CreateInvocationOptions how;
  how.Diags = diagnostics;
  how.VFS = overlay;
  std::shared_ptr<clang::CompilerInvocation> invocation = clang::createInvocation(pointers, how);
  if (!invocation) {
    unit.problems.push_back({source.main_file, 0, "Clang does not accept the flags of this file"});
    ++unit.errors;
    return;
  }
  clang::ProcessWarningOptions(*diagnostics, invocation->getDiagnosticOpts());
  invocation->getFrontendOpts().DisableFree = false;
  invocation->getFileSystemOpts().WorkingDir = source.directory;
  clang::CompilerInstance compiler;
  compiler.setInvocation(invocation);
  compiler.setDiagnostics(diagnostics.get());
  compiler.createFileManager(overlay);
  Action action(unit, source, *disk, undeclared);
  compiler.ExecuteAction(action);
}

// Errors that follow from a missing header say nothing that the header's absence does not: they
// become one line.
void keep_missing_headers(const SourceUnit& source, TranslationUnit& unit) {
  const size_t before = unit.problems.size();
  std::erase_if(unit.problems, [](const Problem& problem) {
    return !problem.message.starts_with(kMissingHeader);
  });
  const int others = unit.errors - static_cast<int>(unit.problems.size());
  if (before == unit.problems.size() || others <= 0) return;
  unit.problems.push_back({source.main_file, 0,
                           std::to_string(others) +
                               (others == 1 ? " error follows" : " errors follow") +
                               " from the missing header; what stands there is judged in part"});
  unit.errors = static_cast<int>(unit.problems.size());
}

}  // namespace

std::vector<std::string> clang_arguments(const SourceUnit& unit) {
  std::vector<std::string> arguments = {
      "clang", "-fsyntax-only", "-x", unit.is_cxx ? "c++" : "c", "-w", "-ferror-limit=0",
      "-Qunused-arguments", "-fno-spell-checking", "-resource-dir", CGOSCOPE_CLANG_RESOURCE_DIR,
      // What gcc, which cgo uses, only warns of.
      "-Wno-implicit-function-declaration", "-Wno-implicit-int", "-Wno-int-conversion",
      "-Wno-incompatible-pointer-types", "-Wno-incompatible-function-pointer-types",
      "-Wno-return-type", std::string("-I") + kObjectDirectory};
  arguments.insert(arguments.end(), unit.flags.begin(), unit.flags.end());
  arguments.push_back(unit.main_file);
  return arguments;
}

TranslationUnit summarize(const SourceUnit& source) {
  FileAnswers unused;
  return summarize(source, unused);
}

TranslationUnit summarize(const SourceUnit& source, FileAnswers& answers) {
  TranslationUnit unit;
  Undeclared undeclared;
  std::string declared;
  std::vector<Problem> first_problems;
  int first_errors = 0;
  size_t versions_seen = 0, versions_used = 0;  // how many, after and in the last round
  for (int round = 0; round < kMaxRounds; ++round) {
    TranslationUnit parsed;
    parsed.main_file = source.main_file;
    llvm::CrashRecoveryContext recovery;
    if (!recovery.RunSafelyOnThread([&] { parse(source, declared, parsed, undeclared, answers); },
                                    kStackBytes)) {
      parsed.problems.push_back(
          {source.main_file, 0, "Clang crashed on this file; it was not analysed"});
      ++parsed.errors;
      answers.note_passing_failure();  // memory, or the stack's end
    }
    // Other code was read than before: what the newest version has.
    const bool other_code = versions_seen != versions_used;
    versions_used = versions_seen;
    versions_seen = undeclared.header_missing ? undeclared.versions.size() : 0;
    if (versions_seen != versions_used) {  // what the old code used says nothing of the new
      undeclared.declarations.clear();
      undeclared.members.clear();
    }
    const bool better = round == 0 || other_code || parsed.errors < unit.errors;
    if (better) unit = std::move(parsed);
    // What is not declared, mostly because a header is missing, is made up from how it is used, and
    // the file is read again.
    std::string more = undeclared.text();
    if (round == 0) {
      first_problems = unit.problems;
      first_errors = unit.errors;
    }
    if (!better || more == declared) break;
    declared = std::move(more);
  }
  if (undeclared.header_missing) {
    keep_missing_headers(source, unit);
  } else {  // what was made up does not make the file a good one
    unit.problems = std::move(first_problems);
    unit.errors = first_errors;
  }
  return unit;
}

}  // namespace cgoscope
