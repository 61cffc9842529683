#include "probe_cli/process/g_list.h"

#include <algorithm>
#include <iterator>
#include <optional>
#include <span>

namespace cgoscope {
namespace {

constexpr uint64_t kMostGoroutines = 50'000'000;
constexpr size_t kPiece = 65'536;  // goroutines
constexpr int kAttempts = 3;

// The pointers in a list that claims `length` of them. Piece by piece, so that a length that is
// wrong costs no memory: the piece that is not there cannot be read.
std::optional<std::vector<uint64_t>> read_pointers(const TargetMemory& memory, uint64_t list,
                                                   uint64_t length) {
  std::vector<uint64_t> pointers;
  std::vector<uint64_t> piece;
  for (uint64_t next = 0; next < length; next += piece.size()) {
    piece.resize(std::min<uint64_t>(kPiece, length - next));
    if (!memory.read(list + next * sizeof(uint64_t), std::as_writable_bytes(std::span(piece))))
      return std::nullopt;
    std::copy_if(piece.begin(), piece.end(), std::back_inserter(pointers), is_pointer);
  }
  return pointers;
}

}  // namespace

std::vector<uint64_t> list_gs(const TargetMemory& memory, uint64_t allgs,
                              std::vector<std::string>& problems) {
  // The list moves when it grows; then the old one was read, or a part of each.
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    const auto slice = read_slice(memory, allgs, kMostGoroutines);
    if (!slice) continue;
    std::optional<std::vector<uint64_t>> addresses =
        read_pointers(memory, slice->pointer, slice->length);
    if (!addresses || memory.value<uint64_t>(allgs) != slice->pointer) continue;
    return std::move(*addresses);
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
