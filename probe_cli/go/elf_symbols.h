// The symbols of an ELF file.
//
// .symtab has all of them, C's static functions included, and is what `strip` takes away; .dynsym
// has those that the dynamic linker needs, and stays. Both are read, because a file may name some
// functions in one only.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "probe_cli/go/bytes.h"
#include "probe_cli/go/elf_image.h"

namespace cgoscope {

struct SymbolTable {  // .symtab or .dynsym, as they lie in the file
  Bytes entries;
  Bytes names;
};

// Reads the tables when it is asked: functions are sorted at the first need of them, and names are
// looked for in the file. Not for several threads at once.
class ElfSymbols {
 public:
  ElfSymbols() = default;
  // `code` are the sections that hold code: a symbol without a size ends with its section at the
  // latest.
  ElfSymbols(std::vector<SymbolTable> tables, std::vector<ElfSection> code);

  std::span<const ElfSymbol> functions() const;
  const ElfSymbol* function_at(uint64_t address) const;
  const ElfSymbol* named(std::string_view name) const;

 private:
  void read_functions() const;
  bool covers(const ElfSymbol& symbol, uint64_t address) const;

  std::vector<SymbolTable> tables_;
  std::vector<ElfSection> code_;
  mutable bool read_ = false;
  mutable std::vector<ElfSymbol> functions_;
  mutable std::map<std::string, std::optional<ElfSymbol>, std::less<>> looked_up_;
};

}  // namespace cgoscope
