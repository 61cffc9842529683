#include "findings/observed_call.h"

#include <cxxabi.h>

#include <algorithm>
#include <cstdlib>
#include <memory>

namespace cgoscope {
namespace {

std::string_view base_name(std::string_view path) {
  return path.substr(path.rfind('/') + 1);  // npos + 1 is 0
}

// "example.org/driver" of "example.org/app/vendor/example.org/driver", which is what modules call
// a package that a GOPATH tree, or a folder read as such, calls the other.
std::string_view without_vendor(std::string_view package) {
  constexpr std::string_view kVendor = "vendor/";
  for (size_t at = package.rfind(kVendor); at != package.npos && at > 0;
       at = package.rfind(kVendor, at - 1)) {
    if (package[at - 1] == '/') return package.substr(at + kVendor.size());
  }
  return package.starts_with(kVendor) ? package.substr(kVendor.size()) : package;
}

bool is_same_package(const GoPlace& predicted, std::string_view observed) {
  if (observed.empty()) return true;
  const std::string linked =
      predicted.function.empty() ? predicted.package : go_package(predicted.function);
  const std::string_view package = without_vendor(linked);
  observed = without_vendor(observed);
  if (package == observed) return true;
  // A folder that is in no module has no import path for the lint: only its package's name.
  return package != "main" && package.find('/') == package.npos && base_name(observed) == package;
}

// Without what compilers and libraries add to a function's name.
std::string plain_name(std::string_view symbol) {
  symbol = symbol.substr(0, symbol.find('@'));  // pthread_cond_wait@@GLIBC_2.3.2
  if (symbol.starts_with("_Z")) {
    const std::string mangled(symbol.substr(0, symbol.find('.')));
    int status = 0;
    const std::unique_ptr<char, decltype(&std::free)> demangled(
        abi::__cxa_demangle(mangled.c_str(), nullptr, nullptr, &status), &std::free);
    if (status == 0 && demangled) {
      const std::string_view name(demangled.get());
      return std::string(name.substr(0, name.find('(', 1)));
    }
  }
  if (symbol.find("::") != symbol.npos) return std::string(symbol);
  symbol = symbol.substr(0, symbol.find('.', 1));  // inner.constprop.0
  const auto strip = [&](std::string_view prefix) {
    if (!symbol.starts_with(prefix) || symbol.size() == prefix.size()) return;
    symbol.remove_prefix(prefix.size());
    symbol.remove_prefix(std::min(symbol.find_first_not_of('_'), symbol.size()));
  };
  const bool reserved = symbol.starts_with('_');
  symbol.remove_prefix(std::min(symbol.find_first_not_of('_'), symbol.size()));
  if (reserved) {  // glibc's own: __GI___libc_read, __new_sem_wait
    strip("GI_");
    strip("libc_");
    strip("new_");
  }
  return std::string(symbol);
}

// How much of a finding's way through C was seen; 0: nothing but what its Go line says.
size_t seen_on_stack(const Finding& finding, const ObservedCall& call) {
  const auto is_on_stack = [&](const std::string& function) {
    return !function.empty() &&
           std::any_of(call.stack.begin(), call.stack.end(), [&](const Frame& frame) {
             return is_same_c_function(frame.function, function);
           });
  };
  // The call that blocks says more than the functions around it, of which inlining leaves any out.
  size_t seen = 0;
  if (finding.c && (is_on_stack(finding.c->call) ||
                    (!call.syscall.empty() && is_same_c_function(call.syscall, finding.c->call))))
    seen += finding.path.size() + 1;
  // The first is the function that Go calls, which says nothing new.
  for (size_t i = 1; i < finding.path.size(); ++i)
    seen += is_on_stack(finding.path[i].function) ? 1 : 0;
  if (finding.rule == "busy-wait" && finding.c && is_on_stack(finding.c->function)) ++seen;
  return seen;
}

}  // namespace

bool is_same_c_function(std::string_view a, std::string_view b) {
  return !a.empty() && !b.empty() && plain_name(a) == plain_name(b);
}

Match match_findings(const std::vector<Finding>& findings, const ObservedCall& call) {
  Match match;
  // Of a call without a Go frame of its own (`go C.f()`), only cgo's wrapper is known.
  const bool knows_line = !call.where.file.empty() && call.where.line > 0 &&
                          base_name(call.where.file) != "_cgo_gotypes.go";
  if (!knows_line && call.c_function.empty()) return match;
  const std::string package =
      call.where.function.empty() ? call.package : go_package(call.where.function);
  for (size_t i = 0; i < findings.size(); ++i) {
    const GoPlace& go = findings[i].go;
    if (!call.c_function.empty() && go.call != "C." + call.c_function) continue;
    if (knows_line &&
        (go.line != call.where.line || base_name(go.file) != base_name(call.where.file)))
      continue;
    if (is_same_package(go, package)) match.findings.push_back(i);
  }
  if (match.findings.empty()) return match;
  match.by = knows_line ? MatchedBy::kLine : MatchedBy::kFunction;
  if (!knows_line) return match;
  size_t most = 0;
  for (const size_t i : match.findings) most = std::max(most, seen_on_stack(findings[i], call));
  if (most == 0) return match;
  match.by = MatchedBy::kStack;
  std::erase_if(match.findings, [&](size_t i) { return seen_on_stack(findings[i], call) < most; });
  return match;
}

}  // namespace cgoscope
