#include "findings/frame.h"

namespace cgoscope {
namespace {

bool starts_with(std::string_view text, std::string_view prefix) {
  return text.substr(0, prefix.size()) == prefix;
}

}  // namespace

std::string go_package(std::string_view function) {
  // Type arguments may name other packages: "p.F[go.shape.int]".
  const std::string_view name = function.substr(0, function.find('['));
  const size_t slash = name.rfind('/');
  const size_t dot = name.find('.', slash == std::string_view::npos ? 0 : slash);
  if (dot == std::string_view::npos) return "";
  std::string package;
  for (size_t i = 0; i < dot; ++i) {
    if (starts_with(name.substr(i, dot - i), "%2e")) {
      package += '.';
      i += 2;
    } else {
      package += name[i];
    }
  }
  return package;
}

bool is_runtime_function(std::string_view function) {
  const std::string package = go_package(function);
  return package == "runtime" || starts_with(package, "runtime/") ||
         package == "internal/runtime" || starts_with(package, "internal/runtime/");
}

}  // namespace cgoscope
