#include "probe_cli/go/elf_relocations.h"

#include <elf.h>

#include <algorithm>
#include <limits>
#include <utility>

namespace cgoscope {
namespace {

uint64_t type_of(Machine machine) {
  return machine == Machine::kAmd64 ? R_X86_64_RELATIVE : R_AARCH64_RELATIVE;
}

}  // namespace

RelativeRelocations::RelativeRelocations(Bytes table, Machine machine)
    : table_(table), relative_type_(type_of(machine)) {}

uint64_t RelativeRelocations::offset_of(uint64_t index) const {
  const auto entry = value_at<Elf64_Rela>(table_, index * sizeof(Elf64_Rela));
  return entry ? entry->r_offset : 0;
}

// The relative relocations come first, in order of address, when the linker sorted the table
// (GNU ld and lld: -z combreloc, the default). Whatever follows is sorted here.
void RelativeRelocations::sort_once() const {
  if (std::exchange(sorted_once_, true)) return;
  const uint64_t count =
      std::min<uint64_t>(table_.size() / sizeof(Elf64_Rela), std::numeric_limits<uint32_t>::max());
  uint64_t previous = 0;
  while (in_order_end_ < count && offset_of(in_order_end_) >= previous)
    previous = offset_of(in_order_end_++);
  for (uint64_t i = in_order_end_; i < count; ++i) {
    const auto entry = value_at<Elf64_Rela>(table_, i * sizeof(Elf64_Rela));
    if (entry && ELF64_R_TYPE(entry->r_info) == relative_type_)
      order_.push_back(static_cast<uint32_t>(i));
  }
  std::sort(order_.begin(), order_.end(), [&](uint32_t a, uint32_t b) {
    return std::pair(offset_of(a), a) < std::pair(offset_of(b), b);
  });
}

std::optional<uint64_t> RelativeRelocations::relative_addend(uint64_t index,
                                                             uint64_t address) const {
  const auto entry = value_at<Elf64_Rela>(table_, index * sizeof(Elf64_Rela));
  if (!entry || entry->r_offset != address || ELF64_R_TYPE(entry->r_info) != relative_type_)
    return std::nullopt;
  return static_cast<uint64_t>(entry->r_addend);
}

std::optional<uint64_t> RelativeRelocations::addend_at(uint64_t address) const {
  sort_once();
  uint64_t low = 0;
  for (uint64_t high = in_order_end_; low < high;) {
    const uint64_t middle = low + (high - low) / 2;
    if (offset_of(middle) < address) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  if (low < in_order_end_) {
    if (const auto addend = relative_addend(low, address)) return addend;
  }
  const auto found =
      std::lower_bound(order_.begin(), order_.end(), address,
                       [&](uint32_t index, uint64_t value) { return offset_of(index) < value; });
  return found == order_.end() ? std::nullopt : relative_addend(*found, address);
}

std::vector<uint64_t> RelativeRelocations::addresses_of(uint64_t addend, size_t limit) const {
  std::vector<uint64_t> addresses;
  for (uint64_t at = 0; addresses.size() < limit; at += sizeof(Elf64_Rela)) {
    const auto entry = value_at<Elf64_Rela>(table_, at);
    if (!entry) break;
    if (static_cast<uint64_t>(entry->r_addend) == addend &&
        ELF64_R_TYPE(entry->r_info) == relative_type_)
      addresses.push_back(entry->r_offset);
  }
  return addresses;
}

}  // namespace cgoscope
