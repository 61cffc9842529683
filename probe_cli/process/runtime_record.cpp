#include "probe_cli/process/runtime_record.h"

#include <numeric>

namespace cgoscope {
namespace {

constexpr uint64_t kWidestGap = 256;
constexpr uint64_t kLongestRun = 2 * kMostRecordBytes;

// Records that are read together.
struct Run {
  uint64_t address = 0;
  size_t size = 0, offset = 0;  // offset: in the copy
  std::vector<size_t> members;
  uint64_t end() const { return address + size; }
};

std::vector<Run> runs_of(const std::vector<uint64_t>& addresses, size_t extent) {
  std::vector<size_t> order(addresses.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::sort(order.begin(), order.end(),
            [&](size_t a, size_t b) { return addresses[a] < addresses[b]; });
  std::vector<Run> runs;
  for (const size_t index : order) {
    const uint64_t address = addresses[index];
    const bool joins = !runs.empty() && address - runs.back().address < kLongestRun - extent &&
                       address <= runs.back().end() + kWidestGap;
    if (!joins) {
      const size_t offset = runs.empty() ? 0 : runs.back().offset + runs.back().size;
      runs.push_back({address, 0, offset, {}});
    }
    Run& run = runs.back();
    run.size = std::max<size_t>(run.size, address + extent - run.address);
    run.members.push_back(index);
  }
  return runs;
}

}  // namespace

RuntimeRecords::RuntimeRecords(const TargetMemory& memory, const std::vector<uint64_t>& addresses,
                               size_t extent)
    : extent_(extent), records_(addresses.size()) {
  const std::vector<Run> runs = runs_of(addresses, extent);
  if (runs.empty()) return;
  bytes_.resize(runs.back().offset + runs.back().size);
  std::vector<MemoryRead> reads;
  reads.reserve(runs.size());
  for (const Run& run : runs)
    reads.push_back({run.address, std::span(bytes_).subspan(run.offset, run.size), false});
  memory.read_all(reads);
  for (size_t i = 0; i < runs.size(); ++i) {
    for (const size_t index : runs[i].members) {
      const size_t offset = addresses[index] - runs[i].address;
      const std::span<std::byte> record = reads[i].into.subspan(offset, extent);
      // A gap may be what cannot be read.
      if (reads[i].done || memory.read(addresses[index], record)) records_[index] = record.data();
    }
  }
}

std::optional<SliceHeader> read_slice(const TargetMemory& memory, uint64_t address, uint64_t most) {
  struct Words {
    uint64_t pointer = 0, length = 0, capacity = 0;
  };
  const auto slice = memory.value<Words>(address);
  if (!slice || !is_pointer(slice->pointer) || slice->length == 0 ||
      slice->length > slice->capacity || slice->length > most)
    return std::nullopt;
  return SliceHeader{slice->pointer, slice->length};
}

}  // namespace cgoscope
