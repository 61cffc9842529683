#include "probe_cli/process/m_walk.h"

#include <unordered_set>

#include "probe_cli/process/runtime_record.h"

namespace cgoscope {
namespace {

constexpr size_t kMostGoFrames = 32;
constexpr uint32_t kScanBit = 0x1000;  // _Gscan, src/runtime/runtime2.go

}  // namespace

GStatus status_of(uint32_t atomicstatus) {
  switch (atomicstatus & ~kScanBit) {
    case 0:
      return GStatus::kIdle;
    case 1:
      return GStatus::kRunnable;
    case 2:
      return GStatus::kRunning;
    case 3:
      return GStatus::kSyscall;
    case 4:
      return GStatus::kWaiting;
    case 6:
      return GStatus::kDead;
    case 8:
      return GStatus::kCopyStack;
    case 9:
      return GStatus::kPreempted;
    default:
      return GStatus::kOther;
  }
}

LinkedMs follow_ms(const TargetMemory& memory, const MLayout& layout, uint64_t first) {
  LinkedMs linked;
  std::vector<std::byte> bytes(
      extent_of({layout.g0, layout.procid, layout.curg, layout.spinning, layout.id, layout.incgo,
                 layout.isextra, layout.ncgocall, layout.alllink, layout.locked_ext}));
  std::unordered_set<uint64_t> seen;
  for (uint64_t address = first; address != 0;) {
    if (linked.ms.size() == kMostMs) {
      linked.problem =
          "runtime.allm has over " + std::to_string(kMostMs) + " Ms; the rest is left out";
      break;
    }
    if (!is_pointer(address) || !seen.insert(address).second || !memory.read(address, bytes)) {
      linked.problem =
          "the list of Ms was changed while it was read, or is broken; it is cut after " +
          std::to_string(linked.ms.size());
      break;
    }
    const RuntimeRecord m(bytes);
    LinkedM one;
    one.record.address = address;
    one.record.id = m.value<int64_t>(layout.id);
    one.record.tid = m.value<int64_t>(layout.procid);
    one.record.extra = m.value<uint8_t>(layout.isextra) != 0;
    one.record.spinning = m.value<uint8_t>(layout.spinning) != 0;
    one.record.cgo_calls = m.value<uint64_t>(layout.ncgocall);
    one.record.locked_ext = m.value<uint32_t>(layout.locked_ext);
    one.g0 = m.value<uint64_t>(layout.g0);
    one.curg = m.value<uint64_t>(layout.curg);
    one.outside_go = m.value<uint8_t>(layout.incgo) != 0;
    linked.ms.push_back(std::move(one));
    address = m.value<uint64_t>(layout.alllink);
  }
  return linked;
}

size_t g_extent(const GLayout& layout) {
  return extent_of({layout.stack_lo, layout.stack_hi, layout.m, layout.sched_sp, layout.sched_bp,
                    layout.syscallsp, layout.syscallpc, layout.syscallbp, layout.atomicstatus,
                    layout.goid, layout.waitsince, layout.waitreason, layout.lockedm, layout.gopc,
                    layout.startpc});
}

GRecord read_g(const RuntimeRecord& g, const GLayout& layout, uint64_t address) {
  GRecord record;
  record.address = address;
  record.goid = g.value<int64_t>(layout.goid);
  record.status = status_of(g.value<uint32_t>(layout.atomicstatus));
  record.wait_reason = g.value<uint8_t>(layout.waitreason);
  record.locked = g.value<uint64_t>(layout.lockedm) != 0;
  record.wait_since_ns = g.value<int64_t>(layout.waitsince);
  record.start_pc = g.value<uint64_t>(layout.startpc);
  record.go_pc = g.value<uint64_t>(layout.gopc);
  record.syscall_pc = g.value<uint64_t>(layout.syscallpc);
  record.syscall_sp = g.value<uint64_t>(layout.syscallsp);
  record.syscall_bp = g.value<uint64_t>(layout.syscallbp);
  return record;
}

std::vector<std::vector<uint64_t>> follow_frame_pointers(const TargetMemory& memory,
                                                         const std::vector<GoStackBegin>& begins) {
  // At a frame pointer lie the caller's frame pointer and the return address (on arm64 too).
  struct Frame {
    uint64_t caller_frame = 0;
    uint64_t return_address = 0;
  };
  struct Walker {
    size_t stack = 0;
    uint64_t frame_pointer = 0;
  };
  std::vector<std::vector<uint64_t>> stacks(begins.size());
  std::vector<Walker> walkers;
  const auto inside = [&](size_t stack, uint64_t frame_pointer) {
    return is_pointer(frame_pointer) && frame_pointer <= begins[stack].stack_hi - sizeof(Frame);
  };
  for (size_t i = 0; i < begins.size(); ++i) {
    if (begins[i].pc == 0) continue;
    stacks[i].push_back(begins[i].pc);
    if (inside(i, begins[i].frame_pointer)) walkers.push_back({i, begins[i].frame_pointer});
  }
  while (!walkers.empty()) {
    std::vector<Frame> frames(walkers.size());
    std::vector<MemoryRead> reads(walkers.size());
    for (size_t i = 0; i < walkers.size(); ++i) {
      reads[i] = {walkers[i].frame_pointer, std::as_writable_bytes(std::span(&frames[i], 1)),
                  false};
    }
    memory.read_all(reads);
    std::vector<Walker> further;
    for (size_t i = 0; i < walkers.size(); ++i) {
      const auto [stack, frame_pointer] = walkers[i];
      if (!reads[i].done || frames[i].return_address == 0) continue;
      stacks[stack].push_back(frames[i].return_address);
      if (stacks[stack].size() < kMostGoFrames && frames[i].caller_frame > frame_pointer &&
          inside(stack, frames[i].caller_frame)) {
        further.push_back({stack, frames[i].caller_frame});
      }
    }
    walkers = std::move(further);
  }
  return stacks;
}

}  // namespace cgoscope
