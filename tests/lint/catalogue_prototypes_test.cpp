// Whether the catalogue says of functions what their headers say: that they exist, that the
// argument it calls a timeout in milliseconds is an integer and the one it calls a struct timespec
// points at one, that a flag has the value it gives. Headers that are not installed are counted and
// named, not failed; those of the C library, POSIX threads and the C++ library always are.
// CGOSCOPE_TEST_INCLUDE lists more folders (colons between them) to look for headers in.
#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <map>
#include <memory>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "clang/AST/ASTContext.h"
#include "clang/AST/DeclCXX.h"
#include "clang/AST/DeclTemplate.h"
#include "clang/AST/RecursiveASTVisitor.h"
#include "clang/Basic/Diagnostic.h"
#include "clang/Frontend/ASTUnit.h"
#include "clang/Lex/MacroInfo.h"
#include "clang/Lex/Preprocessor.h"
#include "clang/Tooling/Tooling.h"
#include "clang_plugin/catalogue/catalogue.h"

namespace cgoscope {
namespace {

const std::set<std::string> kAlwaysInstalled = {"libc", "pthread", "c++"};

bool is_cxx(const std::string& name) { return name.find("::") != std::string::npos; }
bool is_glob(const std::string& name) { return name.find_first_of("*?") != std::string::npos; }

// The functions of a translation unit by the names that the catalogue uses.
class Functions : public clang::RecursiveASTVisitor<Functions> {
 public:
  bool VisitFunctionDecl(clang::FunctionDecl* function) {
    by_name_[qualified(function)].push_back(function);
    return true;
  }
  bool VisitCXXRecordDecl(clang::CXXRecordDecl* record) {
    if (record->isThisDeclarationADefinition()) records_[qualified(record)] = record;
    return true;
  }

  // The declarations of `name`, in a base class when the class itself has none.
  std::vector<const clang::FunctionDecl*> find(const std::string& name) const {
    const auto found = by_name_.find(name);
    if (found != by_name_.end()) return found->second;
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

  std::map<std::string, std::vector<const clang::FunctionDecl*>> by_name_;
  std::map<std::string, const clang::CXXRecordDecl*> records_;
};

// A header, compiled.
struct Header {
  std::unique_ptr<clang::ASTUnit> unit;
  Functions functions;
  bool installed = false;
};

std::vector<std::string> arguments(bool cxx) {
  std::vector<std::string> arguments = {
      "-D_GNU_SOURCE", "-DGL_GLEXT_PROTOTYPES",    "-DTHREADED", "-w", "-ferror-limit=0",
      "-resource-dir", CGOSCOPE_CLANG_RESOURCE_DIR};
  arguments.push_back(cxx ? "-std=c++20" : "-std=gnu17");
  // Debian's folders for headers that pkg-config would find.
  for (const char* folder : {"tirpc", "postgresql", "p11-kit-1", "python3.11"})
    arguments.push_back(std::string("-I/usr/include/") + folder);
  if (const char* more = std::getenv("CGOSCOPE_TEST_INCLUDE")) {
    std::istringstream folders(more);
    for (std::string folder; std::getline(folders, folder, ':');) {
      arguments.push_back("-isystem");
      arguments.push_back(folder);
    }
  }
  return arguments;
}

Header compile(const std::string& header, bool cxx, const std::string& more = "") {
  // What some headers expect to have been included before them.
  std::string code =
      "#include <stdio.h>\n#include <time.h>\n#include <sys/ioctl.h>\n#include <sys/time.h>\n";
  if (header == "GL/glext.h") code += "#include <GL/gl.h>\n";
  code += "#if __has_include(<" + header + ">)\n#include <" + header +
          ">\nint cgoscope_installed;\n#endif\n" + more;
  Header result;
  clang::IgnoringDiagConsumer quiet;
  result.unit = clang::tooling::buildASTFromCodeWithArgs(
      code, arguments(cxx), cxx ? "header.cc" : "header.c", "catalogue_prototypes_test",
      std::make_shared<clang::PCHContainerOperations>(),
      clang::tooling::getClangStripDependencyFileAdjuster(), {}, &quiet);
  if (!result.unit) return result;
  result.functions.TraverseDecl(result.unit->getASTContext().getTranslationUnitDecl());
  for (const clang::Decl* declaration :
       result.unit->getASTContext().getTranslationUnitDecl()->decls()) {
    const auto* variable = llvm::dyn_cast<clang::VarDecl>(declaration);
    result.installed =
        result.installed || (variable && variable->getNameAsString() == "cgoscope_installed");
  }
  // A header that needs another one which is missing says little.
  result.installed = result.installed && !result.unit->getDiagnostics().hasFatalErrorOccurred();
  return result;
}

// The value of the constant variable `name` in the unit.
std::optional<uint64_t> value_of(const Header& header, const std::string& name) {
  for (const clang::Decl* declaration :
       header.unit->getASTContext().getTranslationUnitDecl()->decls()) {
    const auto* variable = llvm::dyn_cast<clang::VarDecl>(declaration);
    if (!variable || variable->getNameAsString() != name || !variable->getInit()) continue;
    clang::Expr::EvalResult result;
    const clang::Expr* value = variable->getInit();
    if (value->isValueDependent() || value->containsErrors()) return std::nullopt;
    if (!value->EvaluateAsInt(result, header.unit->getASTContext())) return std::nullopt;
    return result.Val.getInt().extOrTrunc(64).getZExtValue();
  }
  return std::nullopt;
}

bool has_member(clang::QualType type, const std::string& member) {
  const auto* record = type->getAsRecordDecl();
  if (!record || !record->getDefinition()) return false;
  for (const clang::FieldDecl* field : record->getDefinition()->fields()) {
    if (field->getNameAsString() == member) return true;
    if (field->isAnonymousStructOrUnion() && has_member(field->getType(), member)) return true;
  }
  return false;
}

bool is_chrono(const std::string& type) {
  return type.find("duration<") != std::string::npos ||
         type.find("time_point<") != std::string::npos;
}

// What is wrong with the row as far as this declaration goes; "" when nothing is.
std::string mismatch(const BlockingFunction& row, const clang::FunctionDecl* function) {
  const auto type_of = [&](int argument) -> clang::QualType {
    if (argument < 0 || argument >= static_cast<int>(function->getNumParams())) return {};
    return function->getParamDecl(static_cast<unsigned>(argument))
        ->getType()
        .getCanonicalType()
        .getNonReferenceType();
  };
  const auto exists = [&](int argument) {
    return argument < 0 || argument < static_cast<int>(function->getNumParams()) ||
           function->isVariadic();
  };
  for (const int argument : {row.argument, row.handle, row.lock, row.waits_with, row.polls}) {
    if (!exists(argument)) return "there is no argument " + std::to_string(argument);
  }
  const clang::QualType time = type_of(row.argument);
  const auto points_at = [&](const char* member) {
    return !time.isNull() && time->isPointerType() && has_member(time->getPointeeType(), member);
  };
  if (row.argument >= 0 && !time.isNull()) {
    bool fits = true;
    switch (row.unit) {
      case Unit::kSeconds:
      case Unit::kMilliseconds:
      case Unit::kMicroseconds:
      case Unit::kNanoseconds:
      case Unit::kScaled:
        fits = time->isIntegralOrEnumerationType();
        break;
      case Unit::kSecondsDouble:
        fits = time->isFloatingType();
        break;
      case Unit::kTimespec:
        fits = points_at("tv_nsec");
        break;
      case Unit::kTimeval:
        fits = points_at("tv_usec");
        break;
      case Unit::kTimevalValue:
        fits = has_member(time, "tv_usec");
        break;
      case Unit::kChrono:
        fits = is_chrono(time.getAsString());
        break;
      case Unit::kNone:
        fits = false;
        break;
    }
    if (!fits) return "argument " + std::to_string(row.argument) + " is a " + time.getAsString();
  }
  for (const auto* conditions :
       {&row.nonblocking, &row.blocking, &row.absolute, &row.infinite, &row.library_limit}) {
    for (const Condition& condition : *conditions) {
      if (!exists(condition.argument))
        return "there is no argument " + std::to_string(condition.argument);
      const clang::QualType type = type_of(condition.argument);
      if (type.isNull()) continue;
      if (!condition.field.empty()) {
        if (!type->isPointerType() || !has_member(type->getPointeeType(), condition.field)) {
          return "argument " + std::to_string(condition.argument) + " has no member " +
                 condition.field;
        }
      } else if (!type->isIntegralOrEnumerationType() && !type->isAnyPointerType() &&
                 !type->isFloatingType()) {
        return "argument " + std::to_string(condition.argument) + " is a " + type.getAsString();
      }
    }
  }
  return "";
}

// A function-like macro of the row's name takes enough arguments.
bool macro_fits(const BlockingFunction& row, const Header& header) {
  clang::Preprocessor& preprocessor = header.unit->getPreprocessor();
  const clang::MacroInfo* macro =
      preprocessor.getMacroInfo(preprocessor.getIdentifierInfo(row.name));
  if (!macro) return false;
  if (!macro->isFunctionLike()) return true;  // renames a function
  return std::max({row.argument, row.handle, row.lock}) < static_cast<int>(macro->getNumParams());
}

TEST(CataloguePrototypes, RowsFitTheHeaders) {
  const auto catalogue = Catalogue::built_in();
  ASSERT_TRUE(catalogue) << catalogue.error().message();
  std::map<std::string, std::vector<const BlockingFunction*>> by_header;
  for (const BlockingFunction& row : catalogue->blocking()) {
    if (!row.header.empty() && !is_glob(row.name)) by_header[row.header].push_back(&row);
  }
  int always = 0, others = 0, skipped = 0;
  std::string not_installed;
  for (const auto& [header, rows] : by_header) {
    const bool cxx = is_cxx(rows.front()->name);
    const Header compiled = compile(header, cxx);
    if (!compiled.installed) {
      for (const BlockingFunction* row : rows)
        EXPECT_FALSE(kAlwaysInstalled.contains(row->library))
            << "<" << header << "> is missing for " << row->name;
      skipped += static_cast<int>(rows.size());
      not_installed += " <" + header + ">";
      continue;
    }
    for (const BlockingFunction* row : rows) {
      const auto declarations = compiled.functions.find(row->name);
      std::string wrong = declarations.empty() ? "is not declared" : "";
      for (const clang::FunctionDecl* declaration : declarations) {
        wrong = mismatch(*row, declaration);
        if (wrong.empty()) break;
      }
      if (declarations.empty() && macro_fits(*row, compiled)) wrong.clear();
      EXPECT_EQ(wrong, "") << row->name << " of <" << header << ">";
      if (wrong.empty()) ++(kAlwaysInstalled.contains(row->library) ? always : others);
    }
  }
  std::printf(
      "verified %d rows of the C and C++ libraries and %d of others; %d are of headers that are "
      "not installed:%s\n",
      always, others, skipped, not_installed.c_str());
  EXPECT_GE(always, 280);
}

// That rows which say other things than their headers do would be seen above.
TEST(CataloguePrototypes, WrongRowsAreSeen) {
  Catalogue wrong;
  const auto error = wrong.add_text(R"(
library: wrong
blocking:
  - category: test
    severity: high
    instead: nothing
    source: nowhere
    rows:
      - {name: usleep, header: unistd.h, duration: 1, unit: us}
      - {name: sleep, header: unistd.h, duration: 0, unit: timespec}
      - {name: nanosleep, header: time.h, duration: 0, unit: timeval}
      - {name: poll, header: poll.h, timeout: 0, unit: ms, infinite: negative}
      - {name: read, header: unistd.h, handle: 3}
      - {name: semop, header: sys/sem.h, nonblocking: {argument: 1, field: sem_flags, bit: 1}}
)",
                                    "wrong.yaml");
  ASSERT_FALSE(error) << error->message();
  for (const BlockingFunction& row : wrong.blocking()) {
    const Header compiled = compile(row.header, false);
    ASSERT_TRUE(compiled.installed) << row.header;
    const auto declarations = compiled.functions.find(row.name);
    ASSERT_FALSE(declarations.empty()) << row.name;
    EXPECT_NE(mismatch(row, declarations.front()), "") << row.name;
  }
  EXPECT_EQ(wrong.blocking().size(), 6u);
  EXPECT_TRUE(compile("unistd.h", false).functions.find("usleeep").empty());
}

TEST(CataloguePrototypes, ConstantsHaveTheHeadersValues) {
  const auto catalogue = Catalogue::built_in();
  ASSERT_TRUE(catalogue) << catalogue.error().message();
  std::map<std::string, std::vector<std::string>> by_header;
  for (const auto& [name, constant] : catalogue->constants())
    by_header[constant.header].push_back(name);
  int verified = 0, skipped = 0;
  for (const auto& [header, names] : by_header) {
    std::string code;
    for (const std::string& name : names)
      code +=
          "const unsigned long long cgoscope_" + name + " = (unsigned long long)(" + name + ");\n";
    const Header compiled = compile(header, false, code);
    if (!compiled.installed) {
      skipped += static_cast<int>(names.size());
      continue;
    }
    for (const std::string& name : names) {
      const auto value = value_of(compiled, "cgoscope_" + name);
      EXPECT_TRUE(value) << name << " of <" << header << "> has no value";
      if (!value) continue;
      EXPECT_EQ(*value, static_cast<uint64_t>(catalogue->constants().at(name).value))
          << name << " of <" << header << ">";
      ++verified;
    }
  }
  std::printf("verified %d constants; %d are of headers that are not installed\n", verified,
              skipped);
  EXPECT_GE(verified, 90);
}

TEST(CataloguePrototypes, SystemCallNumbersAreTheKernels) {
  const auto catalogue = Catalogue::built_in();
  ASSERT_TRUE(catalogue) << catalogue.error().message();
  // The kernel's names where the C library's are others.
  const std::map<std::string, std::string> renamed = {{"pselect", "pselect6"},
                                                      {"sigtimedwait", "rt_sigtimedwait"},
                                                      {"sigsuspend", "rt_sigsuspend"},
                                                      {"eventfd", "eventfd2"}};
  const std::map<std::string, std::string> headers = {{"x86_64", "asm/unistd_64.h"},
                                                      {"aarch64", "asm-generic/unistd.h"}};
  for (const auto& [architecture, calls] : catalogue->system_calls()) {
    std::string code;
    for (const auto& [number, name] : calls) {
      const std::string kernels = renamed.contains(name) ? renamed.at(name) : name;
      code += "#ifdef __NR_" + kernels + "\nconst unsigned long long cgoscope_" + name +
              " = __NR_" + kernels + ";\n#endif\n";
    }
    // What aarch64's own <asm/unistd.h> asks the generic one for.
    code =
        "#define __ARCH_WANT_SYS_CLONE3\n#define __ARCH_WANT_NEW_STAT\n#define "
        "__ARCH_WANT_SET_GET_RLIMIT\n#include <" +
        headers.at(architecture) + ">\n" + code;
    const Header compiled =
        compile(architecture == "x86_64" ? headers.at(architecture) : "stdio.h", false, code);
    if (!compiled.installed) {
      std::printf("<%s> is not installed\n", headers.at(architecture).c_str());
      continue;
    }
    int verified = 0;
    for (const auto& [number, name] : calls) {
      const auto value = value_of(compiled, "cgoscope_" + name);
      if (!value) {
        std::printf("<%s> is too old for %s\n", headers.at(architecture).c_str(), name.c_str());
        continue;
      }
      EXPECT_EQ(*value, static_cast<uint64_t>(number)) << name << " on " << architecture;
      ++verified;
    }
    EXPECT_GE(verified, 70) << architecture;
  }
}

}  // namespace
}  // namespace cgoscope
