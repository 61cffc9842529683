// The fields of the runtime's structures that the probe reads: their names in the runtime's source,
// and where they lay in the releases that were measured. One row a field; a new release is one
// column.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <string_view>
#include <vector>

#include "probe_cli/go/layout.h"

namespace cgoscope {

// Go 1.N, ascending. 1.20 and 1.25 were not at hand.
inline constexpr std::array kMeasuredMinors = {19, 21, 22, 23, 24, 26, 27};

struct LayoutField {
  std::string_view structure;  // "runtime.g", as DWARF names it
  std::string_view member;     // "sched.sp"; "" is the structure itself, and its offset its size
  std::function<Offset&(Layout&)> in;
  std::array<Offset, kMeasuredMinors.size()> offsets;  // nullopt: that release does not have it
};

const std::vector<LayoutField>& layout_fields();

// The column of kMeasuredMinors[index], as a layout.
Layout table_layout(size_t index);

}  // namespace cgoscope
