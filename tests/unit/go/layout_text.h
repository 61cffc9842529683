// A layout as text, so that a test's failure shows what differs.
#pragma once

#include <string>

#include "probe_cli/go/layout_table.h"

namespace cgoscope {

// "runtime.g sched.sp 56", a line each; what is not known is left out.
inline std::string layout_text(Layout layout) {
  std::string text;
  for (const LayoutField& field : layout_fields()) {
    const Offset offset = field.in(layout);
    if (!offset) continue;
    text += std::string(field.structure) + " ";
    if (!field.member.empty()) text += std::string(field.member) + " ";
    text += std::to_string(*offset) + "\n";
  }
  return text;
}

}  // namespace cgoscope
