#include "probe_cli/process/g_list.h"

#include <algorithm>
#include <span>

namespace cgoscope {
namespace {

constexpr uint64_t kMostGoroutines = 50'000'000;
constexpr int kAttempts = 3;

}  // namespace

std::vector<uint64_t> list_gs(const TargetMemory& memory, uint64_t allgs,
                              std::vector<std::string>& problems) {
  // The list moves when it grows; then the old one was read, or a part of each.
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    const auto slice = read_slice(memory, allgs, kMostGoroutines);
    if (!slice) continue;
    std::vector<uint64_t> addresses(slice->length);
    if (!memory.read(slice->pointer, std::as_writable_bytes(std::span(addresses)))) continue;
    if (memory.value<uint64_t>(allgs) != slice->pointer) continue;
    std::erase_if(addresses, [](uint64_t address) { return !is_pointer(address); });
    return addresses;
  }
  problems.emplace_back("goroutines: runtime.allgs cannot be read");
  return {};
}

bool is_alive(GStatus status) {
  return status != GStatus::kIdle && status != GStatus::kDead && status != GStatus::kOther;
}

SavedRegisters saved_registers(const RuntimeRecord& g, const GLayout& layout) {
  return {g.value<uint64_t>(layout.sched_sp), g.value<uint64_t>(layout.sched_pc),
          g.value<uint64_t>(layout.sched_bp)};
}

}  // namespace cgoscope
