// The runtime's structures as the target's own DWARF describes them.
#pragma once

#include "findings/result.h"
#include "probe_cli/go/elf_image.h"
#include "probe_cli/go/layout.h"

namespace cgoscope {

// Errors: no debug information; none of the Go runtime in it (as with -ldflags=-w and external
// linking, where C's remains); broken.
Result<Layout> layout_from_dwarf(const ElfImage& image);

}  // namespace cgoscope
