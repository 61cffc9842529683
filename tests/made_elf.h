// ELF files made byte by byte, for what no linker of ours writes: old forms and broken ones. The
// seeds of the fuzz targets for ELF are made by the same functions.
#pragma once

#include <elf.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace cgoscope {

template <typename T>
void append(std::string& bytes, const T& value) {
  bytes.append(reinterpret_cast<const char*>(&value), sizeof(T));
}

template <typename T>
void overwrite(std::string& bytes, uint64_t at, const T& value) {
  bytes.replace(at, sizeof(T), reinterpret_cast<const char*>(&value), sizeof(T));
}

struct MadeSegment {
  uint64_t address = 0;
  uint32_t flags = PF_R;
  std::string bytes;
  uint32_t type = PT_LOAD;
};

struct MadeSection {
  std::string name = "";
  uint32_t type = SHT_PROGBITS;
  uint64_t flags = SHF_ALLOC;
  uint64_t address = 0;
  uint64_t size = 0;       // of a section that lies in a segment
  std::string bytes = "";  // of one that does not
  uint32_t link = 0;       // 1 for the first of these sections
};

struct MadeElf {
  uint16_t type = ET_EXEC;
  uint16_t machine = EM_X86_64;
  std::vector<MadeSegment> segments;
  std::vector<MadeSection> sections;  // none: no section table

  std::string file() const;
};

struct MadeSymbol {
  std::string name = "";
  uint64_t address = 0;
  uint64_t size = 0;
  unsigned char type = STT_FUNC;
  uint16_t section = 1;
};
// Adds .symtab (or .dynsym) and its names.
void add_symbols(MadeElf& elf, const std::vector<MadeSymbol>& symbols, uint32_t type = SHT_SYMTAB);

// Adds a segment with a table of relative relocations {address, addend} and the dynamic section
// that leads to it, at `at`.
void add_relocations(MadeElf& elf, uint64_t at,
                     const std::vector<std::pair<uint64_t, uint64_t>>& relocations);

// A Go program of two functions, in which main.outer has main.inlined inlined:
//   main.outer  0x401000 to 0x401020: /src/outer.go:10; main.inlined (/src/inlined.go:3) in the
//               bytes 8 to 15, called at /src/outer.go:11; then /src/outer.go:12
//   main.plain  0x401020 to 0x401030: /src/outer.go:30
struct MadeGoOptions {
  bool since_go_1_20 = true;
  bool section_names = true;          // else there is no section table
  bool position_independent = false;  // moduledata's pointers are relocations
  uint64_t inline_base_at = 320;      // offset in moduledata
  uint32_t magic = 0;                 // 0: the right one
  std::string version = "go1.24.4";
  std::string lines =
      "path\texample.org/made\nmod\texample.org/made\t(devel)\t\n"
      "build\tCGO_ENABLED=1\nbuild\tDefaultGODEBUG=asynctimerchan=1\n";
  bool build_info_inline = true;
};
MadeElf made_go_elf(const MadeGoOptions& options);

}  // namespace cgoscope
