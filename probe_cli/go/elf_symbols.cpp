#include "probe_cli/go/elf_symbols.h"

#include <elf.h>

#include <algorithm>
#include <tuple>
#include <utility>

namespace cgoscope {
namespace {

constexpr uint64_t kMaxNameBytes = 16384;  // generic functions have names of thousands of bytes
// How many symbols before an address are tried for one whose range has it: C's aliases and local
// labels lie within functions.
constexpr int kMaxNested = 16;

uint64_t symbol_count(const SymbolTable& table) { return table.entries.size() / sizeof(Elf64_Sym); }

// Defined functions and variables; nullopt for all else (sections, files, undefined, TLS).
std::optional<Elf64_Sym> entry_at(const SymbolTable& table, uint64_t index) {
  const auto entry = value_at<Elf64_Sym>(table.entries, index * sizeof(Elf64_Sym));
  if (!entry || entry->st_shndx == SHN_UNDEF || entry->st_value == 0) return std::nullopt;
  const unsigned type = ELF64_ST_TYPE(entry->st_info);
  if (type != STT_FUNC && type != STT_OBJECT) return std::nullopt;
  return entry;
}

}  // namespace

ElfSymbols::ElfSymbols(std::vector<SymbolTable> tables, std::vector<ElfSection> code)
    : tables_(std::move(tables)), code_(std::move(code)) {}

void ElfSymbols::read_functions() const {
  if (std::exchange(read_, true)) return;
  // Counted first: growing would hold twice the memory for a moment.
  size_t count = 0;
  for (const SymbolTable& table : tables_) {
    for (uint64_t i = 0; i < symbol_count(table); ++i) {
      const auto entry = entry_at(table, i);
      if (entry && ELF64_ST_TYPE(entry->st_info) == STT_FUNC) ++count;
    }
  }
  functions_.reserve(count);
  for (const SymbolTable& table : tables_) {
    for (uint64_t i = 0; i < symbol_count(table); ++i) {
      const auto entry = entry_at(table, i);
      if (!entry || ELF64_ST_TYPE(entry->st_info) != STT_FUNC) continue;
      const auto name = string_at(table.names, entry->st_name, kMaxNameBytes);
      if (name && !name->empty()) functions_.push_back({entry->st_value, entry->st_size, *name});
    }
  }
  const auto key = [](const ElfSymbol& s) { return std::tuple(s.address, s.size, s.name); };
  std::sort(functions_.begin(), functions_.end(),
            [&](const ElfSymbol& a, const ElfSymbol& b) { return key(a) < key(b); });
  functions_.erase(
      std::unique(functions_.begin(), functions_.end(),
                  [&](const ElfSymbol& a, const ElfSymbol& b) { return key(a) == key(b); }),
      functions_.end());
}

std::span<const ElfSymbol> ElfSymbols::functions() const {
  read_functions();
  return functions_;
}

bool ElfSymbols::covers(const ElfSymbol& symbol, uint64_t address) const {
  if (symbol.size != 0) return address - symbol.address < symbol.size;
  return std::any_of(code_.begin(), code_.end(), [&](const ElfSection& range) {
    return symbol.address - range.address < range.size && address - range.address < range.size;
  });
}

const ElfSymbol* ElfSymbols::function_at(uint64_t address) const {
  read_functions();
  const auto after = std::upper_bound(
      functions_.begin(), functions_.end(), address,
      [](uint64_t value, const ElfSymbol& symbol) { return value < symbol.address; });
  const ElfSymbol* without_size = nullptr;
  int tried = 0;
  for (auto it = after; it != functions_.begin() && tried < kMaxNested; ++tried) {
    --it;
    if (!covers(*it, address)) continue;
    if (it->size != 0) return &*it;
    // Only the last one before the address: what begins after it has ended it.
    if (without_size == nullptr && std::prev(after)->address == it->address) without_size = &*it;
  }
  return without_size;
}

const ElfSymbol* ElfSymbols::named(std::string_view name) const {
  auto known = looked_up_.find(name);
  if (known == looked_up_.end()) {
    std::optional<ElfSymbol> found;
    for (const SymbolTable& table : tables_) {
      for (uint64_t i = 0; i < symbol_count(table) && !found; ++i) {
        const auto entry = entry_at(table, i);
        if (!entry) continue;
        // The byte after the name first: it is cheaper than the name.
        const Bytes candidate = part_of(table.names, entry->st_name, name.size() + 1);
        if (candidate.empty() || candidate.back() != std::byte{0}) continue;
        if (text_of(candidate.first(name.size())) != name) continue;
        found = ElfSymbol{entry->st_value, entry->st_size, text_of(candidate.first(name.size()))};
      }
    }
    known = looked_up_.emplace(std::string(name), found).first;
  }
  return known->second ? &*known->second : nullptr;
}

}  // namespace cgoscope
