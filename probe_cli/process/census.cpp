// The program runs on while it is read, so what belongs together is compared: a goroutine that no
// longer says that it is its M's is left out, and of a goroutine in a call what was read of its
// stack counts only if before and after it the same goroutine was in the same call.
#include "probe_cli/process/census.h"

#include <string_view>
#include <utility>

#include "probe_cli/clock.h"
#include "probe_cli/process/m_walk.h"
#include "probe_cli/process/runtime_record.h"

namespace cgoscope {
namespace {

constexpr uint64_t kMostPs = 1 << 16;
constexpr uint64_t kMostGoroutines = uint64_t{1} << 32;
// Larger than the frame of runtime.cgocall in any release, and than that of a system call's
// wrapper.
constexpr uint64_t kMostFrameBytes = 256;

struct StackBounds {
  uint64_t lo = 0, hi = 0;
};

// Of Ms in calls: what is needed to walk their goroutines' stacks.
struct Call {
  size_t m = 0;  // index
  GRecord g;
  StackBounds stack;
  uint64_t sched_bp = 0;
};

// The pc's own frame pointer. Since Go 1.23 entersyscall saves it. Before, it is reckoned from the
// size of the frame; or, in a call into C, it is what asmcgocall left in g.sched.bp
// (gosave_systemstack_switch, src/runtime/asm_amd64.s), which calls back into Go overwrite.
uint64_t frame_pointer(const Call& call, bool in_cgo, uint64_t load_base,
                       const StackBytes& stack_bytes) {
  const GRecord& g = call.g;
  if (g.syscall_bp != 0) return g.syscall_bp;
  if (stack_bytes) {
    const std::optional<uint32_t> bytes = stack_bytes(g.syscall_pc - load_base);
    if (bytes && *bytes >= 8) return g.syscall_sp + *bytes - 8;
  }
  const bool plausible =
      call.sched_bp > g.syscall_sp && call.sched_bp - g.syscall_sp < kMostFrameBytes;
  return in_cgo && plausible ? call.sched_bp : 0;
}

bool same_call(const GRecord& one, const GRecord& other) {
  return one.goid == other.goid && one.status == other.status &&
         one.syscall_pc == other.syscall_pc && one.syscall_sp == other.syscall_sp;
}

class MReader {
 public:
  MReader(const TargetMemory& memory, const Layout& layout, uint64_t load_base,
          const StackBytes& stack_bytes)
      : memory_(memory), layout_(layout), load_base_(load_base), stack_bytes_(stack_bytes) {}

  std::vector<MRecord> read(uint64_t first, std::vector<std::string>& problems) {
    LinkedMs linked = follow_ms(memory_, layout_.m, first);
    if (!linked.problem.empty()) problems.push_back(linked.problem);
    read_goroutines(linked.ms);
    read_stacks();
    check_again();
    return std::move(ms_);
  }

 private:
  void read_goroutines(std::vector<LinkedM>& linked) {
    std::vector<uint64_t> addresses;
    for (const LinkedM& m : linked) {
      addresses.push_back(m.g0);
      addresses.push_back(m.curg);
    }
    const GLayout& g = layout_.g;
    const RuntimeRecords records(memory_, addresses, g_extent(g));
    for (size_t i = 0; i < linked.size(); ++i) {
      LinkedM& m = linked[i];
      const auto g0 = records.at(2 * i);
      // An M is listed before it has a g0. One whose g0 is another's is an M no longer.
      if (m.g0 != 0 && (!g0 || g0->value<uint64_t>(g.m) != m.record.address)) continue;
      if (g0) {
        m.record.g0_stack_lo = g0->value<uint64_t>(g.stack_lo);
        m.record.g0_stack_hi = g0->value<uint64_t>(g.stack_hi);
      }
      if (const auto curg = records.at(2 * i + 1); curg && m.curg != 0) take_goroutine(m, *curg);
      // An M for threads of C's is set aside with a dead goroutine. Before Go 1.21 nothing else
      // marks it, and it keeps the number of the thread that had it last.
      const bool dead = m.record.g && m.record.g->status != GStatus::kSyscall &&
                        m.record.g->status != GStatus::kRunning;
      m.record.extra = (m.record.extra && m.record.tid == 0) ||
                       (dead && (m.record.extra || m.outside_go || m.record.tid == 0));
      ms_.push_back(std::move(m.record));
    }
  }

  void take_goroutine(LinkedM& m, const RuntimeRecord& curg) {
    const GLayout& g = layout_.g;
    if (curg.value<uint64_t>(g.m) != m.record.address) return;
    const GRecord record = read_g(curg, g, m.curg);
    m.record.g = record;
    if (record.status != GStatus::kSyscall) return;
    m.record.in_cgo = m.outside_go;
    const StackBounds stack{curg.value<uint64_t>(g.stack_lo), curg.value<uint64_t>(g.stack_hi)};
    const uint64_t sp = record.syscall_sp;
    if (stack.lo > sp || sp >= stack.hi || stack.hi - sp < 16) return;
    calls_.push_back({ms_.size(), record, stack, curg.value<uint64_t>(g.sched_bp)});
  }

  void read_stacks() {
    std::vector<GoStackBegin> begins;
    std::vector<MemoryRead> stubs;
    for (const Call& call : calls_) {
      MRecord& m = ms_[call.m];
      uint64_t frame = frame_pointer(call, m.in_cgo, load_base_, stack_bytes_);
      if (frame < call.g.syscall_sp) frame = 0;
      begins.push_back({call.g.syscall_pc, frame, call.stack.hi});
      if (m.in_cgo) {
        stubs.push_back(
            {call.g.syscall_sp, std::as_writable_bytes(std::span(&m.c_stub, 1)), false});
      }
    }
    memory_.read_all(stubs);
    std::vector<std::vector<uint64_t>> stacks = follow_frame_pointers(memory_, begins);
    for (size_t i = 0; i < calls_.size(); ++i) ms_[calls_[i].m].go_stack = std::move(stacks[i]);
  }

  void check_again() {
    std::vector<uint64_t> m_addresses;
    std::vector<uint64_t> g_addresses;
    for (const Call& call : calls_) {
      m_addresses.push_back(ms_[call.m].address);
      g_addresses.push_back(call.g.address);
    }
    const MLayout& m = layout_.m;
    const RuntimeRecords ms(memory_, m_addresses, extent_of({m.curg, m.incgo, m.ncgocall}));
    const RuntimeRecords gs(memory_, g_addresses, g_extent(layout_.g));
    for (size_t i = 0; i < calls_.size(); ++i) {
      const Call& call = calls_[i];
      MRecord& before = ms_[call.m];
      const auto now_m = ms.at(i);
      const auto now_g = gs.at(i);
      if (now_m && now_g && now_m->value<uint64_t>(m.curg) == call.g.address &&
          now_m->value<uint64_t>(m.ncgocall) == before.cgo_calls &&
          (now_m->value<uint8_t>(m.incgo) != 0) == before.in_cgo &&
          now_g->value<uint64_t>(layout_.g.m) == before.address &&
          same_call(read_g(*now_g, layout_.g, call.g.address), call.g)) {
        continue;
      }
      before.g.reset();
      before.in_cgo = false;
      before.c_stub = 0;
      before.go_stack.clear();
    }
  }

  const TargetMemory& memory_;
  const Layout& layout_;
  uint64_t load_base_;
  const StackBytes& stack_bytes_;
  std::vector<MRecord> ms_;
  std::vector<Call> calls_;
};

}  // namespace

CensusReader::CensusReader(TargetMemory memory, const Layout& layout, Globals globals,
                           uint64_t load_base, StackBytes stack_bytes)
    : memory_(memory),
      layout_(layout),
      globals_(std::move(globals)),
      load_base_(load_base),
      stack_bytes_(std::move(stack_bytes)) {}

Census CensusReader::read() const {
  Census census;
  census.at_ns = monotonic_ns();
  const MLayout& m = layout_.m;
  const GLayout& g = layout_.g;
  if (!globals_.allm) {
    census.problems.emplace_back("Ms: where runtime.allm lies is not known");
  } else if (!m.alllink || !m.g0 || !m.curg || !m.procid || !m.incgo || !g.m || !g.goid ||
             !g.atomicstatus || !g.stack_lo || !g.stack_hi || !g.syscallpc || !g.syscallsp) {
    census.problems.emplace_back(
        "Ms: this release's layout of runtime.m or runtime.g is not known");
  } else if (const auto first = memory_.value<uint64_t>(loaded(*globals_.allm))) {
    census.ms = MReader(memory_, layout_, load_base_, stack_bytes_).read(*first, census.problems);
  } else {
    census.problems.emplace_back("Ms: runtime.allm cannot be read");
  }
  read_sched(census);
  read_ps(census);
  read_goroutines_peak(census);
  return census;
}

void CensusReader::read_sched(Census& census) const {
  const SchedLayout& layout = layout_.sched;
  const size_t extent = extent_of({layout.mnext, layout.nmfreed, layout.maxmcount});
  if (!globals_.sched || !layout.mnext || !layout.nmfreed || !layout.maxmcount) {
    census.problems.emplace_back("thread totals: where they lie in runtime.sched is not known");
    return;
  }
  const RuntimeRecords records(memory_, {loaded(*globals_.sched)}, extent);
  const auto sched = records.at(0);
  if (!sched) {
    census.problems.emplace_back("thread totals: runtime.sched cannot be read");
    return;
  }
  census.sched =
      SchedRecord{sched->value<int64_t>(layout.mnext), sched->value<int64_t>(layout.nmfreed),
                  sched->value<int32_t>(layout.maxmcount)};
}

void CensusReader::read_goroutines_peak(Census& census) const {
  if (!globals_.allgs) return;  // find_globals() has said so
  if (const auto allgs = read_slice(memory_, loaded(*globals_.allgs), kMostGoroutines))
    census.goroutines_peak = static_cast<int64_t>(allgs->length);
}

// A P's heap holds timers that were stopped until it is next tidied; they are counted in it, and
// so the difference is what lives (src/runtime/time.go).
void CensusReader::read_ps(Census& census) const {
  const PLayout& p = layout_.p;
  const bool since_1_23 = p.timers_len && p.timers_zombies;
  const Offset counted = since_1_23 ? p.timers_len : p.num_timers;
  const Offset stopped = since_1_23 ? p.timers_zombies : p.deleted_timers;
  if (!globals_.allp || !counted || !stopped) {
    census.problems.emplace_back("timers: where they lie in runtime.p is not known");
    return;
  }
  const auto allp = read_slice(memory_, loaded(*globals_.allp), kMostPs);
  if (!allp) {
    census.problems.emplace_back("timers: runtime.allp cannot be read");
    return;
  }
  census.ps = static_cast<int>(allp->length);
  std::vector<uint64_t> ps(allp->length);
  const bool listed = memory_.read(allp->pointer, std::as_writable_bytes(std::span(ps)));
  const uint32_t offsets[] = {*counted, *stopped};
  std::vector<uint32_t> counts(2 * ps.size());
  std::vector<MemoryRead> reads(counts.size());
  for (size_t i = 0; i < counts.size(); ++i) {
    reads[i] = {ps[i / 2] + offsets[i % 2], std::as_writable_bytes(std::span(&counts[i], 1)),
                false};
  }
  memory_.read_all(reads);
  int64_t live = 0;
  for (size_t i = 0; i < counts.size(); ++i) {
    if (!listed || !is_pointer(ps[i / 2]) || !reads[i].done) {
      census.problems.emplace_back("timers: a runtime.p cannot be read");
      return;
    }
    // The difference of two counters that change while they are read.
    live += i % 2 == 0 ? int64_t{counts[i]} : -int64_t{static_cast<int32_t>(counts[i])};
  }
  census.live_timers = std::max<int64_t>(live, 0);
  if (p.schedtick) read_schedules(census, ps);
}

void CensusReader::read_schedules(Census& census, const std::vector<uint64_t>& ps) const {
  std::vector<uint32_t> counts(ps.size());
  std::vector<MemoryRead> reads(ps.size());
  for (size_t i = 0; i < ps.size(); ++i) {
    reads[i] = {ps[i] + *layout_.p.schedtick, std::as_writable_bytes(std::span(&counts[i], 1)),
                false};
  }
  memory_.read_all(reads);
  int64_t sum = 0;
  for (size_t i = 0; i < ps.size(); ++i) {
    if (!reads[i].done) return;
    sum += counts[i];
  }
  census.schedules = sum;
}

}  // namespace cgoscope
