#include "probe_cli/go/layout.h"

#include <algorithm>
#include <string>

#include "probe_cli/go/layout_dwarf.h"
#include "probe_cli/go/layout_table.h"

namespace cgoscope {
namespace {

constexpr int kOldestMinor = 18;

}  // namespace

std::string_view layout_source_name(LayoutSource source) {
  switch (source) {
    case LayoutSource::kDwarf:
      return "DWARF";
    case LayoutSource::kTable:
      return "table";
    case LayoutSource::kNearestTable:
      break;
  }
  return "table of a neighbouring release";
}

Result<Layout> find_layout(const ElfImage& image, std::optional<GoVersion> version) {
  if (version && version->minor < kOldestMinor) {
    return Error{"cannot tell the layout of the runtime's structures in " + image.path(),
                 "it was built with Go 1." + std::to_string(version->minor) +
                     ", and releases before 1.18 are not known",
                 "build it with a newer Go"};
  }
  Result<Layout> from_dwarf = layout_from_dwarf(image);
  if (from_dwarf) return from_dwarf;
  if (!version) {
    return Error{"cannot tell the layout of the runtime's structures in " + image.path(),
                 "its Go version is not known, and " + from_dwarf.error().message(),
                 "build it without -ldflags=-w"};
  }
  // The newest column that is not newer than the program. Go 1.18, older than all, gets the first.
  const auto* newer =
      std::upper_bound(kMeasuredMinors.begin(), kMeasuredMinors.end(), version->minor);
  const auto index = static_cast<size_t>(
      newer == kMeasuredMinors.begin() ? 0 : newer - kMeasuredMinors.begin() - 1);
  Layout layout = table_layout(index);
  layout.source = kMeasuredMinors.at(index) == version->minor ? LayoutSource::kTable
                                                              : LayoutSource::kNearestTable;
  return layout;
}

}  // namespace cgoscope
