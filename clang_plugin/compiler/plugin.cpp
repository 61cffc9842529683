// The lint as a plugin of Clang: clang -fplugin=libcgoscope_clang.so -c x.c
//
// A plugin lives in the compiler's process and takes LLVM and Clang from it: linked with a copy of
// its own, both would register the same options and the compiler would stop. So it works with the
// Clang that it was built for and no other, and is compiled without RTTI, as that is.
//
// cmd/go compiles each preamble several times, all but once with -w to find out what it declares;
// under -w the plugin does nothing, so that each finding is printed once.
#include <algorithm>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "clang/AST/ASTConsumer.h"
#include "clang/AST/Decl.h"
#include "clang/AST/DeclCXX.h"
#include "clang/Basic/LangStandard.h"
#include "clang/Frontend/CompilerInstance.h"
#include "clang/Frontend/FrontendPluginRegistry.h"
#include "clang/Lex/HeaderSearchOptions.h"
#include "clang/Lex/PreprocessorOptions.h"
#include "clang_plugin/compiler/compiled_unit.h"
#include "clang_plugin/report/chain.h"
#include "findings/duration.h"
#include "findings/printable.h"

namespace cgoscope {
namespace {

struct PluginOptions {
  LintOptions lint;
  bool fail = false;  // findings are errors
};

std::string_view flag_of(clang::frontend::IncludeDirGroup group) {
  switch (group) {
    case clang::frontend::Quoted:
      return "-iquote";
    case clang::frontend::Angled:
      return "-I";
    case clang::frontend::After:
      return "-idirafter";
    default:
      return "-isystem";
  }
}

// The driver's flags that give the same headers, macros and language.
std::vector<std::string> flags_of(const clang::CompilerInstance& compiler) {
  std::vector<std::string> flags = {"--target=" + compiler.getTargetOpts().Triple};
  const clang::LangOptions& language = compiler.getLangOpts();
  if (language.LangStd != clang::LangStandard::lang_unspecified) {
    flags.push_back(std::string("-std=") +
                    clang::LangStandard::getLangStandardForKind(language.LangStd).getName());
  }
  for (const auto& entry : compiler.getHeaderSearchOpts().UserEntries) {
    flags.emplace_back(flag_of(entry.Group));
    flags.push_back(entry.Path);
  }
  for (const auto& [macro, is_undefined] : compiler.getPreprocessorOpts().Macros) {
    flags.push_back((is_undefined ? "-U" : "-D") + macro);
  }
  for (const std::string& include : compiler.getPreprocessorOpts().Includes) {
    flags.insert(flags.end(), {"-include", include});
  }
  return flags;
}

class Consumer : public clang::ASTConsumer {
 public:
  Consumer(clang::CompilerInstance& compiler, PluginOptions options)
      : compiler_(compiler), options_(std::move(options)) {}

  bool HandleTopLevelDecl(clang::DeclGroupRef group) override {
    for (const clang::Decl* declaration : group) note(declaration);
    return true;
  }

  void HandleTranslationUnit(clang::ASTContext&) override {
    clang::DiagnosticsEngine& diagnostics = compiler_.getDiagnostics();
    if (diagnostics.hasErrorOccurred()) return;
    const clang::SourceManager& sources = compiler_.getSourceManager();
    const auto file = sources.getFileEntryRefForID(sources.getMainFileID());
    if (!file) return;  // standard input
    CompiledUnit unit;
    unit.file = file->getFileEntry().tryGetRealPathName().str();
    unit.text = sources.getBufferData(sources.getMainFileID()).str();
    unit.is_cxx = compiler_.getLangOpts().CPlusPlus;
    unit.flags = flags_of(compiler_);
    unit.functions = std::move(functions_);
    const auto findings = lint_unit(unit, options_.lint);
    if (!findings) return say(warning_level(), {}, findings.error().message());
    for (const Finding& finding : *findings) show(finding);
  }

 private:
  void note(const clang::Decl* declaration) {
    if (const auto* block = llvm::dyn_cast<clang::LinkageSpecDecl>(declaration)) {
      for (const clang::Decl* inner : block->decls()) note(inner);
      return;
    }
    const auto* function = llvm::dyn_cast<clang::FunctionDecl>(declaration);
    const clang::SourceManager& sources = compiler_.getSourceManager();
    if (function && function->getIdentifier() && function->doesThisDeclarationHaveABody() &&
        function->isExternC() && function->isExternallyVisible() &&
        sources.isWrittenInMainFile(sources.getExpansionLoc(function->getLocation()))) {
      functions_.push_back(function->getName().str());
    }
  }

  clang::DiagnosticsEngine::Level warning_level() const {
    return options_.fail || compiler_.getDiagnostics().getWarningsAsErrors()
               ? clang::DiagnosticsEngine::Error
               : clang::DiagnosticsEngine::Warning;
  }

  clang::SourceLocation location(const std::string& path, int line, int column) {
    if (path.empty() || line < 1) return {};
    // Absolute, for cmd/go makes such paths relative to where the user is, and no others.
    const auto file =
        compiler_.getFileManager().getOptionalFileRef(std::filesystem::absolute(path).string());
    if (!file) return {};
    clang::SourceManager& sources = compiler_.getSourceManager();
    const clang::FileID id = sources.getOrCreateFileID(*file, clang::SrcMgr::C_User);
    return sources.translateLineCol(id, static_cast<unsigned>(line),
                                    static_cast<unsigned>(std::max(column, 1)));
  }

  void say(clang::DiagnosticsEngine::Level level, clang::SourceLocation where,
           const std::string& text) {
    clang::DiagnosticsEngine& diagnostics = compiler_.getDiagnostics();
    diagnostics.Report(where, diagnostics.getCustomDiagID(level, "%0")) << printable(text);
  }

  void show(const Finding& finding) {
    const ReportPlace at = place_of(finding);
    const clang::SourceLocation where = location(at.file, at.line, at.column);
    say(finding.severity == Severity::kNote ? clang::DiagnosticsEngine::Remark : warning_level(),
        where, finding.message + " [" + finding.rule + "]");
    std::vector<ReportPlace> chain = chain_of(finding);
    // Without Go, the last step is where the finding itself stands.
    if (finding.go.file.empty() && !chain.empty()) chain.pop_back();
    for (const ReportPlace& step : chain) {
      say(clang::DiagnosticsEngine::Note, location(step.file, step.line, step.column), step.text);
    }
    say(clang::DiagnosticsEngine::Note, where, "advice: " + finding.advice);
  }

  clang::CompilerInstance& compiler_;
  PluginOptions options_;
  std::vector<std::string> functions_;
};

class Plugin : public clang::PluginASTAction {
 protected:
  std::unique_ptr<clang::ASTConsumer> CreateASTConsumer(clang::CompilerInstance& compiler,
                                                        llvm::StringRef) override {
    const clang::LangOptions& language = compiler.getLangOpts();
    if (compiler.getDiagnostics().getIgnoreAllWarnings() || language.ObjC || language.OpenCL ||
        language.CUDA) {
      return std::make_unique<clang::ASTConsumer>();
    }
    return std::make_unique<Consumer>(compiler, options_);
  }

  bool ParseArgs(const clang::CompilerInstance& compiler,
                 const std::vector<std::string>& arguments) override {
    for (const std::string& argument : arguments) {
      const std::string value = argument.substr(std::min(argument.find('=') + 1, argument.size()));
      if (argument == "werror") {
        options_.fail = true;
      } else if (argument.starts_with("threshold=")) {
        const auto duration = parse_duration_ns(value);
        if (!duration) return fail(compiler, argument, duration.error());
        options_.lint.threshold_ns = *duration;
      } else if (argument.starts_with("catalogue=")) {
        options_.lint.catalogue.push_back(value);
        if (const auto catalogue = catalogue_with({value}); !catalogue)
          return fail(compiler, argument, catalogue.error());
      } else if (!argument.starts_with("id=")) {  // which only makes Go's cache see a change
        return fail(
            compiler, argument,
            {"no such argument", "there are threshold=DURATION, catalogue=FILE, werror, id=TEXT",
             "see docs/compiler-plugin.md"});
      }
    }
    return true;
  }

  ActionType getActionType() override { return AddAfterMainAction; }

 private:
  static bool fail(const clang::CompilerInstance& compiler, const std::string& argument,
                   const Error& error) {
    clang::DiagnosticsEngine& diagnostics = compiler.getDiagnostics();
    diagnostics.Report(diagnostics.getCustomDiagID(clang::DiagnosticsEngine::Error, "%0"))
        << printable("-fplugin-arg-cgoscope-" + argument + ": " + error.message());
    return false;
  }

  PluginOptions options_;
};

// NOLINTNEXTLINE(cert-err58-cpp): this is how Clang finds it
const clang::FrontendPluginRegistry::Add<Plugin> kPlugin("cgoscope",
                                                         "finds C calls that can block for long");

}  // namespace
}  // namespace cgoscope
