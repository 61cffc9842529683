// The target's memory, read while it runs (process_vm_readv: it is not stopped and notices
// nothing). What is read may be torn or stale; who reads checks.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "findings/result.h"

namespace cgoscope {

struct MemoryRead {
  uint64_t address = 0;
  std::span<std::byte> into;
  bool done = false;  // all of it was read
};

class TargetMemory {
 public:
  explicit TargetMemory(pid_t pid) : pid_(pid) {}

  // True when all of `into` was filled.
  bool read(uint64_t address, std::span<std::byte> into) const;
  // Many at once, 1024 a system call; sets `done` of each. One that fails does not fail the others.
  void read_all(std::span<MemoryRead> reads) const;
  // Whether it may be read at all; the error says which privilege lacks.
  Result<bool> readable(uint64_t address) const;

  template <typename T>
  std::optional<T> value(uint64_t address) const {
    T value;
    if (!read(address, std::as_writable_bytes(std::span(&value, 1)))) return std::nullopt;
    return value;
  }

 private:
  pid_t pid_;
};

}  // namespace cgoscope
