#include "clang_plugin/summary/prototypes.h"

#include <memory>

#include "clang/AST/ASTContext.h"
#include "clang/AST/DeclCXX.h"
#include "clang/AST/DeclTemplate.h"
#include "clang/AST/RecursiveASTVisitor.h"
#include "clang/Basic/Diagnostic.h"
#include "clang/Frontend/ASTUnit.h"
#include "clang/Lex/MacroInfo.h"
#include "clang/Lex/Preprocessor.h"
#include "clang/Tooling/Tooling.h"

namespace cgoscope {
namespace {

constexpr const char* kFound = "cgoscope_found_the_header";
constexpr const char* kValue = "cgoscope_value_of_";

// The functions of a translation unit by the names that the catalogue uses.
class Functions : public clang::RecursiveASTVisitor<Functions> {
 public:
  bool VisitFunctionDecl(clang::FunctionDecl* function) {
    by_name[qualified(function)].push_back(function);
    return true;
  }
  bool VisitCXXRecordDecl(clang::CXXRecordDecl* record) {
    if (record->isThisDeclarationADefinition()) records_[qualified(record)] = record;
    return true;
  }

  // The declarations of `name`, in a base class when the class itself has none.
  std::vector<const clang::FunctionDecl*> find(const std::string& name) const {
    const auto found = by_name.find(name);
    if (found != by_name.end()) return found->second;
    const size_t colons = name.rfind("::");
    if (colons == std::string::npos) return {};
    const auto record = records_.find(name.substr(0, colons));
    if (record == records_.end()) return {};
    for (const clang::CXXBaseSpecifier& base : record->second->bases()) {
      const clang::QualType type = base.getType();
      const clang::NamedDecl* declaration = type->getAsCXXRecordDecl();
      if (const auto* specialization = type->getAs<clang::TemplateSpecializationType>()) {
        declaration = specialization->getTemplateName().getAsTemplateDecl();
      }
      if (!declaration) continue;
      auto in_base = find(qualified(declaration) + name.substr(colons));
      if (!in_base.empty()) return in_base;
    }
    return {};
  }

  std::map<std::string, std::vector<const clang::FunctionDecl*>> by_name;

 private:
  static std::string qualified(const clang::NamedDecl* declaration) {
    std::string name = declaration->getNameAsString();
    if (const auto* destructor = llvm::dyn_cast<clang::CXXDestructorDecl>(declaration)) {
      name = "~" + destructor->getParent()->getNameAsString();
    } else if (const auto* constructor = llvm::dyn_cast<clang::CXXConstructorDecl>(declaration)) {
      name = constructor->getParent()->getNameAsString();
    }
    for (const auto* scope = declaration->getDeclContext(); scope; scope = scope->getParent()) {
      if (const auto* space = llvm::dyn_cast<clang::NamespaceDecl>(scope)) {
        if (!space->isInline() && !space->isAnonymousNamespace())
          name = space->getNameAsString() + "::" + name;
      } else if (const auto* record = llvm::dyn_cast<clang::CXXRecordDecl>(scope)) {
        name = record->getNameAsString() + "::" + name;
      }
    }
    return name;
  }

  std::map<std::string, const clang::CXXRecordDecl*> records_;
};

void add_members(clang::QualType type, std::set<std::string>& into) {
  const auto* record = type->getAsRecordDecl();
  if (!record || !record->getDefinition()) return;
  for (const clang::FieldDecl* field : record->getDefinition()->fields()) {
    if (field->isAnonymousStructOrUnion()) add_members(field->getType(), into);
    into.insert(field->getNameAsString());
  }
}

Prototype prototype_of(const clang::FunctionDecl* function) {
  Prototype prototype;
  prototype.is_variadic = function->isVariadic();
  clang::PrintingPolicy policy(function->getASTContext().getLangOpts());
  policy.TerseOutput = true;
  policy.SuppressSpecifiers = false;
  prototype.text = function->getReturnType().getAsString(policy) + " " +
                   function->getQualifiedNameAsString() + "(";
  for (const clang::ParmVarDecl* declared : function->parameters()) {
    const clang::QualType type = declared->getType().getCanonicalType().getNonReferenceType();
    Parameter parameter;
    parameter.name = declared->getNameAsString();
    parameter.type = type.getAsString();
    parameter.kind = type->isIntegralOrEnumerationType() ? Parameter::Kind::kInteger
                     : type->isFloatingType()            ? Parameter::Kind::kFloating
                     : type->isAnyPointerType()          ? Parameter::Kind::kPointer
                                                         : Parameter::Kind::kOther;
    add_members(type->isPointerType() ? type->getPointeeType() : type, parameter.members);
    std::string text;
    llvm::raw_string_ostream out(text);
    declared->getOriginalType().print(out, policy, parameter.name);
    prototype.text += (prototype.parameters.empty() ? "" : ", ") + out.str();
    prototype.parameters.push_back(std::move(parameter));
  }
  if (prototype.is_variadic) prototype.text += ", ...";
  prototype.text += ")";
  return prototype;
}

std::vector<std::string> arguments(const HeaderQuestions& questions) {
  std::vector<std::string> arguments = {"-D_GNU_SOURCE",
                                        "-w",
                                        "-ferror-limit=0",
                                        "-resource-dir",
                                        CGOSCOPE_CLANG_RESOURCE_DIR,
                                        questions.is_cxx ? "-std=c++20" : "-std=gnu17"};
  for (const std::string& folder : questions.folders) {
    arguments.emplace_back("-isystem");
    arguments.push_back(folder);
  }
  return arguments;
}

const clang::VarDecl* variable(const clang::ASTUnit& unit, const std::string& name) {
  auto& context = const_cast<clang::ASTUnit&>(unit).getASTContext();
  for (const clang::Decl* declaration : context.getTranslationUnitDecl()->decls()) {
    const auto* one = llvm::dyn_cast<clang::VarDecl>(declaration);
    if (one && one->getNameAsString() == name) return one;
  }
  return nullptr;
}

void add_constant(clang::ASTUnit& unit, const std::string& name, HeaderDeclarations& into) {
  const clang::VarDecl* constant = variable(unit, kValue + name);
  const clang::Expr* value = constant ? constant->getInit() : nullptr;
  if (!value || value->isValueDependent() || value->containsErrors()) return;
  clang::Expr::EvalResult result;
  if (value->EvaluateAsInt(result, unit.getASTContext()))
    into.constants[name] = result.Val.getInt().extOrTrunc(64).getZExtValue();
}

void add_function(clang::ASTUnit& unit, const Functions& functions, const std::string& name,
                  HeaderDeclarations& into) {
  const auto declarations = functions.find(name);
  for (const clang::FunctionDecl* declaration : declarations)
    into.functions[name].push_back(prototype_of(declaration));
  if (!declarations.empty()) return;
  clang::Preprocessor& preprocessor = unit.getPreprocessor();
  const clang::MacroInfo* macro = preprocessor.getMacroInfo(preprocessor.getIdentifierInfo(name));
  if (macro)
    into.macros[name] = macro->isFunctionLike() ? static_cast<int>(macro->getNumParams()) : -1;
}

}  // namespace

HeaderDeclarations read_header(const HeaderQuestions& questions) {
  HeaderDeclarations result;
  std::string code = questions.before + "\n#if __has_include(<" + questions.header +
                     ">)\n#include <" + questions.header + ">\nint " + kFound + ";\n#endif\n";
  for (const std::string& name : questions.constants)
    code +=
        "const unsigned long long " + (kValue + name) + " = (unsigned long long)(" + name + ");\n";
  clang::IgnoringDiagConsumer quiet;
  const std::unique_ptr<clang::ASTUnit> unit = clang::tooling::buildASTFromCodeWithArgs(
      code, arguments(questions), questions.is_cxx ? "header.cc" : "header.c", "cgoscope-lint",
      std::make_shared<clang::PCHContainerOperations>(),
      clang::tooling::getClangStripDependencyFileAdjuster(), {}, &quiet);
  if (!unit || !variable(*unit, kFound)) return result;
  // A header that needs another one which is missing says little.
  if (unit->getDiagnostics().hasFatalErrorOccurred()) return result;
  result.is_there = true;
  Functions functions;
  functions.TraverseDecl(unit->getASTContext().getTranslationUnitDecl());
  for (const auto& [name, declarations] : functions.by_name) result.names.insert(name);
  for (const std::string& name : questions.functions) add_function(*unit, functions, name, result);
  for (const std::string& name : questions.constants) add_constant(*unit, name, result);
  return result;
}

}  // namespace cgoscope
