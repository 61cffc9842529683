// DWARF sections, decompressed.
//
// Go's linker compresses each section by itself (.zdebug_info with Go's own header up to Go 1.18
// [Go 1.19 release notes], SHF_COMPRESSED since). libdw decompresses all of them when a file is
// opened: 140 ms for a compiler of 28 MB, most of it for lines and locations that nobody here asks
// for. So libdw gets a small ELF file made here, with only the sections that describe types.
#pragma once

#include <cstddef>
#include <memory>

#include "findings/result.h"
#include "probe_cli/go/elf_image.h"

namespace cgoscope {

struct DebugFile {
  std::unique_ptr<char[]> bytes;
  size_t size_bytes = 0;
};

// An ELF file with .debug_info, .debug_abbrev, .debug_str and .debug_line_str of `image`. Errors:
// no .debug_info or .debug_abbrev, a compression that is not zlib, broken, over 512 MiB.
Result<DebugFile> type_debug_file(const ElfImage& image);

}  // namespace cgoscope
