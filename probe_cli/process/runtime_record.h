// A structure of the target's runtime, copied: its fields are taken out at the offsets that a
// Layout tells.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <optional>
#include <span>
#include <vector>

#include "probe_cli/go/layout.h"
#include "probe_cli/process/memory.h"

namespace cgoscope {

// No offset of a field that is read lies beyond; a larger one is not believed.
inline constexpr uint32_t kMostRecordBytes = 64 << 10;

// How much of a structure to copy to have these fields, of at most eight bytes each.
inline size_t extent_of(std::initializer_list<Offset> fields) {
  size_t extent = 0;
  for (const Offset field : fields) {
    if (field && *field < kMostRecordBytes) extent = std::max<size_t>(extent, *field + 8);
  }
  return extent;
}

// Whether the value can be the address of a structure: of user space, aligned, not in the first
// page.
inline bool is_pointer(uint64_t value) {
  return value % 8 == 0 && value >= 4096 && value < (uint64_t{1} << 56);
}

class RuntimeRecord {
 public:
  explicit RuntimeRecord(std::span<const std::byte> bytes) : bytes_(bytes) {}

  // nullopt when the release does not have the field, or it was not copied.
  template <typename T>
  std::optional<T> maybe(Offset field) const {
    if (!field || *field > bytes_.size() || bytes_.size() - *field < sizeof(T)) return std::nullopt;
    T value;
    std::memcpy(&value, bytes_.data() + *field, sizeof value);
    return value;
  }
  // 0 instead.
  template <typename T>
  T value(Offset field) const {
    return maybe<T>(field).value_or(T{});
  }

 private:
  std::span<const std::byte> bytes_;
};

// Copies of many structures of one type, read at once. Those that lie close to one another, as the
// runtime's allocator puts them, are read together: what a read costs is the number of its pieces.
class RuntimeRecords {
 public:
  RuntimeRecords(const TargetMemory& memory, const std::vector<uint64_t>& addresses, size_t extent);

  // nullopt when it could not be read.
  std::optional<RuntimeRecord> at(size_t index) const {
    if (records_[index] == nullptr) return std::nullopt;
    return RuntimeRecord(std::span(records_[index], extent_));
  }

 private:
  size_t extent_;
  std::vector<std::byte> bytes_;
  std::vector<const std::byte*> records_;
};

// A Go slice that is not empty.
struct SliceHeader {
  uint64_t pointer = 0, length = 0;
};

// nullopt when it cannot be read, is empty, or cannot be one: no pointer, longer than its capacity
// or than `most`.
std::optional<SliceHeader> read_slice(const TargetMemory& memory, uint64_t address, uint64_t most);

}  // namespace cgoscope
