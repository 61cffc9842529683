// What a unit's functions share: names that agree between files of a package, places, globals, the
// work list.
#include <filesystem>

#include "clang/AST/DeclTemplate.h"
#include "clang/Lex/Lexer.h"
#include "clang_plugin/summary/lower.h"

namespace cgoscope {
namespace {

bool below(llvm::StringRef path, llvm::StringRef root) { return path.starts_with(root); }

// Guards that lock in their constructors: their bodies tell which mutex.
bool is_lock_guard(const clang::DeclContext* context) {
  const auto* record = llvm::dyn_cast<clang::CXXRecordDecl>(context);
  if (!record || !record->getIdentifier() || !record->isInStdNamespace()) return false;
  const llvm::StringRef name = record->getName();
  return name == "lock_guard" || name == "unique_lock" || name == "scoped_lock" ||
         name == "shared_lock";
}

bool system_path(llvm::StringRef path) {
  return below(path, "/usr/include/") || below(path, "/usr/lib/") ||
         below(path, "/usr/local/include/") || below(path, "/opt/");
}

// A callable of the user's that a template of the standard library was instantiated with: then its
// body may run the user's code.
bool user_callable(clang::QualType type, const clang::SourceManager& sources) {
  type = type.getNonReferenceType();
  if (type->isFunctionPointerType() || type->isFunctionType()) return true;
  const auto* record = type->getAsCXXRecordDecl();
  if (!record) return false;
  return record->isLambda() || !sources.isInSystemHeader(record->getLocation());
}

// As std::filesystem::weakly_canonical, asked of `disk`: the part that exists with its links
// followed, the rest as it is.
std::optional<std::filesystem::path> real_path(llvm::vfs::FileSystem& disk,
                                               std::filesystem::path path) {
  std::filesystem::path rest;
  llvm::SmallString<256> real;
  while (const std::error_code error = disk.getRealPath(path.string(), real)) {
    const bool is_absent =
        error == std::errc::no_such_file_or_directory || error == std::errc::not_a_directory;
    if (!is_absent || !path.has_relative_path()) return std::nullopt;
    rest = rest.empty() ? path.filename() : path.filename() / rest;
    path = path.parent_path();
  }
  return (std::filesystem::path(real.str().str()) / rest).lexically_normal();
}

}  // namespace

UnitLowering::UnitLowering(clang::ASTContext& context, TranslationUnit& unit,
                           llvm::vfs::FileSystem& disk)
    : context_(context), sources_(context.getSourceManager()), unit_(unit), disk_(disk) {
  mangler_.reset(context.createMangleContext());
}

SourcePlace UnitLowering::place(clang::SourceLocation location) {
  SourcePlace result;
  if (location.isInvalid()) return result;
  // An argument of a macro stands where it is written, what a macro makes where the macro is used.
  const clang::SourceLocation written = sources_.getFileLoc(location);
  clang::PresumedLoc presumed = sources_.getPresumedLoc(written);
  const clang::PresumedLoc physical = sources_.getPresumedLoc(written, /*UseLineDirectives=*/false);
  if (presumed.isValid() && physical.isValid() &&
      llvm::StringRef(presumed.getFilename()) != physical.getFilename() &&
      !may_be_named(presumed.getFilename()))
    presumed = physical;
  if (presumed.isInvalid()) return result;
  const auto [entry, added] =
      file_index_.try_emplace(presumed.getFilename(), static_cast<uint32_t>(unit_.files.size()));
  if (added) unit_.files.emplace_back(presumed.getFilename());
  result.file = entry->second;
  result.line = presumed.getLine();
  result.column = presumed.getColumn();
  result.system = sources_.isInSystemHeader(written) || system_path(presumed.getFilename());
  return result;
}

// A report shows the lines it names, and #line can name any file: only one of the package's own,
// links resolved, is believed. What else Clang has read does not count: anything can be included.
bool UnitLowering::may_be_named(const std::string& file) {
  const auto [entry, added] = nameable_.try_emplace(file, true);
  if (!added || file == unit_.main_file) return entry->second;
  const std::string& directory = sources_.getFileManager().getFileSystemOpts().WorkingDir;
  const auto there = real_path(disk_, std::filesystem::path(directory) / file);
  const auto root = real_path(disk_, directory);
  const std::filesystem::path below = there && root ? there->lexically_relative(*root) : "";
  entry->second = !below.empty() && *below.begin() != "..";
  return entry->second;
}

std::string UnitLowering::link_name(const clang::FunctionDecl* function) {
  if (const auto* pattern = function->getCanonicalDecl()) {
    if (const clang::FunctionDecl* definition = function->getDefinition()) pattern = definition;
    if (!pattern->isExternallyVisible() ||
        (pattern->isInlined() && !context_.getLangOpts().CPlusPlus)) {
      const SourcePlace where = place(pattern->getLocation());
      std::string name = pattern->getNameAsString();
      if (where.file != kNone)
        name += "@" + unit_.files[where.file] + ":" + std::to_string(where.line);
      if (pattern->isTemplateInstantiation() || llvm::isa<clang::CXXMethodDecl>(pattern)) {
        name += "#" + std::to_string(where.column);
      }
      return name;
    }
  }
  if (!context_.getLangOpts().CPlusPlus || function->isExternC())
    return function->getNameAsString();
  if (!mangler_->shouldMangleDeclName(function)) return function->getNameAsString();
  std::string mangled;
  llvm::raw_string_ostream out(mangled);
  if (const auto* constructor = llvm::dyn_cast<clang::CXXConstructorDecl>(function)) {
    mangler_->mangleName(clang::GlobalDecl(constructor, clang::Ctor_Complete), out);
  } else if (const auto* destructor = llvm::dyn_cast<clang::CXXDestructorDecl>(function)) {
    mangler_->mangleName(clang::GlobalDecl(destructor, clang::Dtor_Complete), out);
  } else {
    mangler_->mangleName(clang::GlobalDecl(function), out);
  }
  return mangled;
}

std::string UnitLowering::link_name(const clang::VarDecl* variable) {
  if (variable->isExternallyVisible()) return variable->getQualifiedNameAsString();
  const SourcePlace where = place(variable->getCanonicalDecl()->getLocation());
  std::string name = variable->getNameAsString();
  if (where.file != kNone) name += "@" + unit_.files[where.file] + ":" + std::to_string(where.line);
  return name;
}

std::string UnitLowering::catalogue_name(const clang::FunctionDecl* function) const {
  std::string name = function->getNameAsString();
  if (!context_.getLangOpts().CPlusPlus || function->isExternC()) return name;
  if (const auto* constructor = llvm::dyn_cast<clang::CXXConstructorDecl>(function)) {
    name = constructor->getParent()->getNameAsString();
  } else if (const auto* destructor = llvm::dyn_cast<clang::CXXDestructorDecl>(function)) {
    name = "~" + destructor->getParent()->getNameAsString();
  }
  for (const clang::DeclContext* scope = function->getDeclContext(); scope;
       scope = scope->getParent()) {
    if (const auto* space = llvm::dyn_cast<clang::NamespaceDecl>(scope)) {
      if (space->isInline() || space->isAnonymousNamespace()) continue;
      name = space->getNameAsString() + "::" + name;
    } else if (const auto* record = llvm::dyn_cast<clang::RecordDecl>(scope)) {
      // libstdc++ keeps the waits of std::future and std::shared_future in a base class.
      const std::string owner = record->getNameAsString();
      name = (owner == "__basic_future" ? "future" : owner) + "::" + name;
    }
  }
  return name;
}

// As people call it: the compiler's names for what has none in the source say little.
std::string UnitLowering::shown_name(const clang::FunctionDecl* function) const {
  const auto* method = llvm::dyn_cast<clang::CXXMethodDecl>(function);
  if (!method || method->getOverloadedOperator() != clang::OO_Call) return catalogue_name(function);
  const clang::CXXRecordDecl* record = method->getParent();
  if (record->isLambda()) {
    const clang::DeclContext* around = record->getDeclContext();
    while (around && !around->isFunctionOrMethod()) around = around->getParent();
    const auto* outer = llvm::dyn_cast_or_null<clang::FunctionDecl>(around);
    if (!outer) return "a lambda";
    const std::string in = shown_name(outer);
    return in.starts_with("a lambda") ? in : "a lambda in " + in;
  }
  const auto* deleter = llvm::dyn_cast<clang::ClassTemplateSpecializationDecl>(record);
  if (!deleter || !record->isInStdNamespace() || record->getName() != "default_delete" ||
      deleter->getTemplateArgs()[0].getKind() != clang::TemplateArgument::Type)
    return catalogue_name(function);
  const auto* deleted = deleter->getTemplateArgs()[0].getAsType()->getAsCXXRecordDecl();
  return "the deleter of " + (deleted ? deleted->getNameAsString() : "an object");
}

std::string UnitLowering::record_name(const clang::RecordDecl* record) {
  if (record->getIdentifier()) return record->getNameAsString();
  if (const clang::TypedefNameDecl* name = record->getTypedefNameForAnonDecl())
    return name->getNameAsString();
  const SourcePlace where = place(record->getLocation());
  return "anonymous:" + std::to_string(where.line);
}

std::string UnitLowering::member_name(const clang::ValueDecl* member) {
  std::string name = member->getNameAsString();
  const auto* record = llvm::dyn_cast<clang::RecordDecl>(member->getDeclContext());
  return (record ? record_name(record) : "?") + "." + name;
}

void UnitLowering::note_stored(const std::string& where, const Function& in, ExprId value) {
  const Expr& expression = in.exprs[value];
  switch (expression.kind) {
    case ExprKind::kFunction: {
      auto& stored = unit_.stored_functions[where];
      if (std::find(stored.begin(), stored.end(), expression.text) == stored.end())
        stored.push_back(expression.text);
      return;
    }
    case ExprKind::kConditional:
      note_stored(where, in, expression.operands[1]);
      note_stored(where, in, expression.operands[2]);
      return;
    case ExprKind::kComma:
      note_stored(where, in, expression.operands[1]);
      return;
    case ExprKind::kAggregate:
      for (const ExprId element : expression.operands) note_stored(where, in, element);
      return;
    default:
      return;
  }
}

std::string UnitLowering::outermost_macro(clang::SourceLocation location) const {
  if (!location.isMacroID()) return "";
  while (true) {
    const clang::SourceLocation caller = sources_.getImmediateMacroCallerLoc(location);
    if (!caller.isMacroID()) break;
    location = caller;
  }
  return clang::Lexer::getImmediateMacroName(location, sources_, context_.getLangOpts()).str();
}

bool UnitLowering::worth_following(const clang::FunctionDecl* definition) const {
  if (!sources_.isInSystemHeader(sources_.getExpansionLoc(definition->getLocation()))) return true;
  if (!context_.getLangOpts().CPlusPlus) return true;
  if (is_lock_guard(definition->getDeclContext())) return true;
  // The standard library's own bodies are known by name; they are only entered where they may run
  // the user's.
  const auto callable_argument = [&](const clang::TemplateArgumentList* arguments) {
    if (!arguments) return false;
    for (const clang::TemplateArgument& argument : arguments->asArray()) {
      if (argument.getKind() == clang::TemplateArgument::Type &&
          user_callable(argument.getAsType(), sources_))
        return true;
      if (argument.getKind() == clang::TemplateArgument::Pack) {
        for (const clang::TemplateArgument& element : argument.pack_elements()) {
          if (element.getKind() == clang::TemplateArgument::Type &&
              user_callable(element.getAsType(), sources_))
            return true;
        }
      }
    }
    return false;
  };
  if (callable_argument(definition->getTemplateSpecializationArgs())) return true;
  if (const auto* spec =
          llvm::dyn_cast<clang::ClassTemplateSpecializationDecl>(definition->getDeclContext())) {
    return callable_argument(&spec->getTemplateArgs());
  }
  return false;
}

void UnitLowering::want(const clang::FunctionDecl* function) {
  const clang::FunctionDecl* definition = function->getDefinition();
  if (const auto* method = llvm::dyn_cast<clang::CXXMethodDecl>(function);
      method && method->isVirtual())
    note_overriders(method);
  if (!definition) return note_declared(function);
  if (!definition->hasBody() || definition->isDependentContext()) return;
  if (!wanted_.insert(definition).second) return;
  if (worth_following(definition)) {
    todo_.push_back(definition);
  } else {
    note_declared(definition);
  }
}

void UnitLowering::note_declared(const clang::FunctionDecl* function) {
  const bool is_compilers_own = function->isImplicit() && function->getBuiltinID() != 0;
  if (is_compilers_own || function->isDependentContext() || function->isPureVirtual() ||
      !wanted_.insert(function->getCanonicalDecl()).second)
    return;
  Declaration declared{catalogue_name(function), kNone};
  if (!function->isImplicit()) declared.file = place(function->getLocation()).file;
  unit_.declared.emplace(link_name(function), std::move(declared));
}

// The methods of this unit that may run where `method` is called through a base class.
void UnitLowering::note_overriders(const clang::CXXMethodDecl* method) {
  for (const clang::CXXMethodDecl* base : method->overridden_methods()) {
    auto& known = unit_.overriders[link_name(base)];
    const std::string name = link_name(method);
    if (std::find(known.begin(), known.end(), name) == known.end()) known.push_back(name);
    note_overriders(base);
  }
}

void UnitLowering::add_global(const clang::VarDecl* variable) {
  variable = variable->getCanonicalDecl();
  if (!globals_.insert(variable).second) return;
  const clang::VarDecl* definition = variable;
  if (const clang::VarDecl* with_init = nullptr;
      const clang::Expr* init = variable->getAnyInitializer(with_init)) {
    (void)init;
    definition = with_init;
  }
  Global global;
  global.name = variable->getNameAsString();
  const clang::QualType type = definition->getType();
  global.is_const =
      type.isConstQualified() ||
      (type->isArrayType() && context_.getAsArrayType(type)->getElementType().isConstQualified());
  global.is_static = !variable->isExternallyVisible();
  global.is_volatile = type.isVolatileQualified() || type->isAtomicType();
  global.is_function_pointer = type->isFunctionPointerType();
  const std::string name = link_name(variable);
  if (const clang::Expr* init = definition->getInit(); init && !init->isValueDependent()) {
    FunctionLowering lowering(*this, unit_.initialisers);
    global.initialiser = lowering.lower_initialiser(init);
    note_stored(name, unit_.initialisers, global.initialiser);
  } else if (!definition->getInit() && global.is_const && !context_.getLangOpts().CPlusPlus &&
             definition->isThisDeclarationADefinition() != clang::VarDecl::DeclarationOnly) {
    // C: without an initialiser it is zero, and it stays so.
    FunctionLowering lowering(*this, unit_.initialisers);
    global.initialiser = lowering.lower_zero();
  }
  unit_.globals[name] = global;
}

void UnitLowering::lower_function(const clang::FunctionDecl* definition) {
  const std::string name = link_name(definition);
  if (unit_.functions.contains(name)) return;
  Function function;
  function.link_name = name;
  function.name = shown_name(definition);
  function.place = place(definition->getLocation());
  function.is_static = !definition->isExternallyVisible() ||
                       (definition->isInlined() && !context_.getLangOpts().CPlusPlus);
  function.is_system = function.place.system;
  FunctionLowering(*this, function).lower(definition);
  unit_.functions.emplace(name, std::move(function));
}

void UnitLowering::run(const std::vector<const clang::FunctionDecl*>& roots) {
  for (const clang::FunctionDecl* root : roots) want(root);
  while (!todo_.empty()) {
    const clang::FunctionDecl* next = todo_.front();
    todo_.pop_front();
    lower_function(next);
  }
}

}  // namespace cgoscope
