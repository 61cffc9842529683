// The functions of one package's units, linked as cgo links them: what a file keeps to itself stays
// its own, the rest is shared.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "clang_plugin/analysis/value.h"
#include "clang_plugin/catalogue/catalogue.h"
#include "clang_plugin/summary/summary.h"

namespace cgoscope {

struct LinkedFunction {
  std::string link_name;
  const TranslationUnit* unit = nullptr;
  const Function* body = nullptr;  // nullptr: a library's
  // Whether a wait can be found by entering it, directly or below: it calls a function that the
  // catalogue knows, or one that is not known until the call, or it spins. What is not relevant is
  // not entered, unless it is short.
  bool relevant = false;
  // The same, but counting only calls that can block.
  bool may_block = false;
};

class Program {
 public:
  // `units` must outlive the program. `exports` are the Go functions that C can call.
  Program(const std::vector<TranslationUnit>& units, const Catalogue& catalogue,
          std::vector<std::string> exports);

  FunctionId function_id(std::string_view link_name);
  const LinkedFunction& function(FunctionId id) const { return functions_[id]; }
  size_t function_count() const { return functions_.size(); }

  struct LinkedGlobal {
    const TranslationUnit* unit = nullptr;
    const Global* global = nullptr;
    bool written = false;  // assigned, or its address taken, anywhere in the package
  };
  const LinkedGlobal* find_global(std::string_view link_name) const;
  // Functions stored anywhere in the package under "record.field" or a global's name.
  std::vector<FunctionId> stored_functions(const std::string& where);
  std::vector<FunctionId> overriders(const std::string& link_name);
  bool is_export(std::string_view name) const;
  const Catalogue& catalogue() const { return catalogue_; }
  const std::vector<TranslationUnit>& units() const { return units_; }
  // Whether one of the package's units calls a function that makes handles or sets their options.
  bool has_handle_options() const { return has_handle_options_; }

 private:
  void find_relevant();

  const std::vector<TranslationUnit>& units_;
  const Catalogue& catalogue_;
  std::vector<std::string> exports_;
  std::vector<LinkedFunction> functions_;
  std::map<std::string, FunctionId, std::less<>> ids_;
  std::map<std::string, LinkedGlobal, std::less<>> globals_;
  bool has_handle_options_ = false;
};

}  // namespace cgoscope
