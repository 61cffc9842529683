// Pointers of a position-independent file.
//
// In such a file the words that shall hold an address are often zero: their value stands as the
// addend of a relocation R_*_RELATIVE, which the dynamic linker adds to the load base. (The packed
// form, DT_RELR, keeps the value in the word itself, so it needs no look-up.)
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "probe_cli/go/bytes.h"
#include "probe_cli/go/elf_image.h"

namespace cgoscope {

class RelativeRelocations {
 public:
  RelativeRelocations() = default;
  // `table` is an array of Elf64_Rela. Linkers sort it, and then nothing is copied.
  RelativeRelocations(Bytes table, Machine machine);

  // What the word at `address` points to, as linked; nullopt when no relocation fills it.
  std::optional<uint64_t> addend_at(uint64_t address) const;
  // The words that are filled with `addend`, at most `limit`.
  std::vector<uint64_t> addresses_of(uint64_t addend, size_t limit) const;

 private:
  std::optional<uint64_t> relative_addend(uint64_t index, uint64_t address) const;
  uint64_t offset_of(uint64_t index) const;
  void sort_once() const;

  Bytes table_;
  uint64_t relative_type_ = 0;
  mutable bool sorted_once_ = false;
  // [begin, end) of the table that is in order already; all others, if any, are in `order_`.
  mutable uint64_t in_order_end_ = 0;
  mutable std::vector<uint32_t> order_;
};

}  // namespace cgoscope
