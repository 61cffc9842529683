// A layout of another release, or of a release that was changed, mostly leads nowhere; but it might
// lead somewhere by chance. These are facts that hold in every release at any moment, and each of
// them needs several fields to be where they are thought to be.
#include <cstdio>
#include <string>

#include "probe_cli/process/census.h"
#include "probe_cli/process/m_walk.h"
#include "probe_cli/process/runtime_record.h"

namespace cgoscope {
namespace {

constexpr int kAttempts = 5;
constexpr uint64_t kMostPs = 1 << 16;

std::string hexadecimal(uint64_t number) {
  char text[20];
  snprintf(text, sizeof text, "0x%llx", static_cast<unsigned long long>(number));
  return text;
}

struct Stack {
  uint64_t lo = 0, hi = 0, saved_sp = 0;
  bool holds_saved() const { return lo < hi && lo <= saved_sp && saved_sp <= hi; }
};

Stack stack_of(const RuntimeRecord& g, const GLayout& layout) {
  return {g.value<uint64_t>(layout.stack_lo), g.value<uint64_t>(layout.stack_hi),
          g.value<uint64_t>(layout.sched_sp)};
}

// "" when all Ms fit.
std::string misfit_of_ms(const TargetMemory& memory, const Layout& layout, uint64_t first,
                         std::optional<int64_t> ids_end) {
  const LinkedMs linked = follow_ms(memory, layout.m, first);
  if (!linked.problem.empty()) return linked.problem;
  std::vector<uint64_t> addresses;
  for (const LinkedM& m : linked.ms) {
    addresses.push_back(m.g0);
    addresses.push_back(m.curg);
  }
  const GLayout& g = layout.g;
  const RuntimeRecords records(memory, addresses, g_extent(g));
  size_t with_thread = 0;
  for (size_t i = 0; i < linked.ms.size(); ++i) {
    const LinkedM& m = linked.ms[i];
    const std::string name = "the M at " + hexadecimal(m.record.address);
    if (ids_end && layout.m.id && (m.record.id < 0 || m.record.id >= *ids_end)) {
      return name + " has the id " + std::to_string(m.record.id) + ", but only " +
             std::to_string(*ids_end) + " were given out";
    }
    if (m.g0 == 0) continue;  // it is being made
    const auto g0 = records.at(2 * i);
    if (!g0 || g0->value<uint64_t>(g.m) != m.record.address) {
      return "the g0 of " + name + " does not point back to it";
    }
    const Stack stack = stack_of(*g0, g);
    // Before its thread has started, and while no thread of C's has it, it has no stack of its own;
    // and m0, whose thread cannot end, stays in mexit with nothing saved.
    const bool idle = m.record.tid == 0 || (stack.lo == 0 && stack.hi == 0) || stack.saved_sp == 0;
    if (!idle && !stack.holds_saved()) {
      return "the g0 of " + name + " has a stack " + hexadecimal(stack.lo) + " to " +
             hexadecimal(stack.hi) + " that does not hold its saved stack pointer " +
             hexadecimal(stack.saved_sp);
    }
    with_thread += idle ? 0 : 1;
    if (m.curg == 0) continue;
    const auto curg = records.at(2 * i + 1);
    if (!curg || curg->value<uint64_t>(g.m) != m.record.address) {
      return "the goroutine of " + name + " does not point back to it";
    }
    const GRecord record = read_g(*curg, g, m.curg);
    const Stack bounds = stack_of(*curg, g);
    if (record.goid <= 0 || bounds.lo >= bounds.hi ||
        (record.status == GStatus::kSyscall && record.syscall_sp != 0 &&
         (record.syscall_sp < bounds.lo || record.syscall_sp > bounds.hi))) {
      return "the goroutine of " + name + " has the id " + std::to_string(record.goid) +
             " and a stack " + hexadecimal(bounds.lo) + " to " + hexadecimal(bounds.hi);
    }
  }
  return with_thread == 0 ? "no M has a thread" : "";
}

// "" when all Ps fit.
std::string misfit_of_ps(const TargetMemory& memory, const PLayout& layout, uint64_t allp) {
  struct Slice {
    uint64_t pointer = 0, length = 0, capacity = 0;
  };
  const auto slice = memory.value<Slice>(allp);
  if (!slice || !is_pointer(slice->pointer) || slice->length == 0 || slice->length > kMostPs ||
      slice->length > slice->capacity) {
    return "runtime.allp is no list";
  }
  std::vector<uint64_t> ps(slice->length);
  if (!memory.read(slice->pointer, std::as_writable_bytes(std::span(ps)))) {
    return "the list of Ps cannot be read";
  }
  const RuntimeRecords records(memory, ps, extent_of({layout.id}));
  for (size_t i = 0; i < ps.size(); ++i) {
    const auto p = records.at(i);
    if (!p || p->value<int32_t>(layout.id) != static_cast<int32_t>(i)) {
      return "the P at place " + std::to_string(i) + " of the list has another id";
    }
  }
  return "";
}

}  // namespace

Result<bool> CensusReader::validate() const {
  const std::string what = "the runtime's memory does not look as its release should";
  const MLayout& m = layout_.m;
  const GLayout& g = layout_.g;
  if (!globals_.allm) return Error{what, "where runtime.allm lies is not known", ""};
  if (!m.alllink || !m.g0 || !m.curg || !m.procid || !m.incgo || !g.m || !g.goid ||
      !g.atomicstatus || !g.stack_lo || !g.stack_hi || !g.sched_sp || !g.syscallpc ||
      !g.syscallsp) {
    return Error{what, "the layout of runtime.m or runtime.g is not known", ""};
  }
  std::string misfit;
  // The program runs, so that what is true at any moment may not be of what is read in one go.
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    const auto first = memory_.value<uint64_t>(loaded(*globals_.allm));
    if (!first) {
      const Result<bool> readable = memory_.readable(loaded(*globals_.allm));
      return readable ? Error{what, "runtime.allm cannot be read", ""} : readable.error();
    }
    if (*first == 0) {
      return Error{"the Go runtime has not started yet", "it has no Ms", "try again"};
    }
    misfit =
        misfit_of_ms(memory_, layout_, *first,
                     globals_.sched && layout_.sched.mnext
                         ? memory_.value<int64_t>(loaded(*globals_.sched) + *layout_.sched.mnext)
                         : std::nullopt);
    if (misfit.empty() && globals_.allp && layout_.p.id) {
      misfit = misfit_of_ps(memory_, layout_.p, loaded(*globals_.allp));
    }
    if (misfit.empty()) return true;
  }
  return Error{what, misfit, "run cgoscope inspect, and report its output"};
}

}  // namespace cgoscope
