// A layout of another release, or of a release that was changed, mostly leads nowhere; but it might
// lead somewhere by chance. These are facts that hold in every release at any moment, and each of
// them needs several fields to be where they are thought to be.
#include <algorithm>
#include <cstdlib>
#include <string>
#include <string_view>
#include <unordered_set>

#include "probe_cli/process/census.h"
#include "probe_cli/process/m_walk.h"
#include "probe_cli/process/proc_file.h"
#include "probe_cli/process/runtime_record.h"

namespace cgoscope {
namespace {

constexpr int kAttempts = 10;
constexpr int kMoments = 500;
constexpr uint64_t kMostPs = 1 << 16;
constexpr uint64_t kMostGs = 10'000;

// As of a runtime that is setting itself up.
constexpr std::string_view kNoStackYet = "no M has a stack with a saved stack pointer";

bool has_m(GStatus status) { return status == GStatus::kRunning || status == GStatus::kSyscall; }

struct Stack {
  uint64_t lo = 0, hi = 0, saved_sp = 0;
  bool holds_saved() const { return lo < hi && lo <= saved_sp && saved_sp <= hi; }
};

Stack stack_of(const RuntimeRecord& g, const GLayout& layout) {
  return {g.value<uint64_t>(layout.stack_lo), g.value<uint64_t>(layout.stack_hi),
          g.value<uint64_t>(layout.sched_sp)};
}

// What sched says of the Ms, or nothing when it is not known where that lies.
struct Totals {
  int64_t made = 0, freed = 0;
};
std::optional<Totals> totals(const TargetMemory& memory, const SchedLayout& layout,
                             std::optional<uint64_t> sched) {
  if (!sched || !layout.mnext || !layout.nmfreed) return std::nullopt;
  const auto made = memory.value<int64_t>(*sched + *layout.mnext);
  const auto freed = memory.value<int64_t>(*sched + *layout.nmfreed);
  if (!made || !freed) return std::nullopt;
  return Totals{*made, *freed};
}

// Ms are put at the head of the list, and m0, whose id is 0, never leaves it. "" when the list is
// like that. An M that ends leaves the list a little before it is counted as freed.
std::string misfit_of_list(const LinkedMs& linked, const std::optional<Totals>& totals) {
  if (!linked.problem.empty()) return linked.problem;
  std::unordered_set<int64_t> ids;
  for (const LinkedM& m : linked.ms) {
    const int64_t id = m.record.id;
    if (id < 0 || (totals && id >= totals->made) || !ids.insert(id).second) {
      return "two Ms have the id " + std::to_string(id) + ", or it was never given out";
    }
  }
  if (linked.ms.empty() || linked.ms.back().record.id != 0) return "the last M is not the first";
  if (!totals) return "";
  const int64_t expected = totals->made - totals->freed;
  const auto found = static_cast<int64_t>(linked.ms.size());
  if (expected < 1 || std::abs(found - expected) > 1 + expected / 4) {
    return "there are " + std::to_string(found) + " Ms where " + std::to_string(expected) +
           " are expected";
  }
  return "";
}

struct LinkOffsets {
  uint32_t m_curg = 0, g_m = 0, g_status = 0;
};

// Whether the goroutine that the M runs says so too, at some moment of many: the two are changed
// one after the other, up to a million times a second.
bool goroutine_points_back(const TargetMemory& memory, const LinkOffsets& offsets, uint64_t m) {
  for (int moment = 0; moment < kMoments; ++moment) {
    const auto curg = memory.value<uint64_t>(m + offsets.m_curg);
    if (curg == 0u) return true;
    if (curg && is_pointer(*curg) && memory.value<uint64_t>(*curg + offsets.g_m) == m) return true;
  }
  return false;
}

// Whether the M of a goroutine that runs or is in a call says so too, at some moment of many.
bool m_points_back(const TargetMemory& memory, const LinkOffsets& offsets, uint64_t g) {
  for (int moment = 0; moment < kMoments; ++moment) {
    const auto status = memory.value<uint32_t>(g + offsets.g_status);
    if (!status) return false;
    if (!has_m(status_of(*status))) return true;
    const auto m = memory.value<uint64_t>(g + offsets.g_m);
    if (m && is_pointer(*m) && memory.value<uint64_t>(*m + offsets.m_curg) == g) return true;
  }
  return false;
}

// "" when the Ms point to goroutines that point back.
std::string misfit_of_ms(const TargetMemory& memory, const GLayout& g, const LinkOffsets& offsets,
                         const LinkedMs& linked) {
  std::vector<uint64_t> addresses;
  addresses.reserve(linked.ms.size());
  for (const LinkedM& m : linked.ms) addresses.push_back(m.g0);
  const RuntimeRecords records(memory, addresses, g_extent(g));
  size_t with_stack = 0;
  for (size_t i = 0; i < linked.ms.size(); ++i) {
    const LinkedM& m = linked.ms[i];
    const std::string name = "the M at 0x" + hexadecimal(m.record.address);
    if (m.g0 == 0) continue;  // it is being made
    const auto g0 = records.at(i);
    if (!g0 || g0->value<uint64_t>(g.m) != m.record.address) {
      return "the g0 of " + name + " does not point back to it";
    }
    const Stack stack = stack_of(*g0, g);
    // Before its thread has started, and while no thread of C's has it, it has no stack of its own.
    // When its goroutine exits locked to it, gogo clears what was saved; m0 then stays like that.
    const bool idle = m.record.tid == 0 || (stack.lo == 0 && stack.hi == 0) || stack.saved_sp == 0;
    if (!idle && !stack.holds_saved()) {
      return "the g0 of " + name + " has a stack 0x" + hexadecimal(stack.lo) + " to 0x" +
             hexadecimal(stack.hi) + " that does not hold its saved stack pointer 0x" +
             hexadecimal(stack.saved_sp);
    }
    with_stack += idle ? 0 : 1;
    if (!goroutine_points_back(memory, offsets, m.record.address)) {
      return "the goroutine of " + name + " does not point back to it";
    }
  }
  return with_stack == 0 ? std::string(kNoStackYet) : "";
}

// "" when goroutines have ids and stacks as they should, and those that run are known to their Ms.
// Of very many the first are looked at.
std::string misfit_of_gs(const TargetMemory& memory, const GLayout& g, const LinkOffsets& offsets,
                         uint64_t allgs, std::optional<uint64_t> goidgen) {
  const auto slice = read_slice(memory, allgs, UINT64_MAX);
  if (!slice) {
    return "runtime.allgs is no list";
  }
  std::vector<uint64_t> addresses(std::min(slice->length, kMostGs));
  if (!memory.read(slice->pointer, std::as_writable_bytes(std::span(addresses)))) {
    return "the list of goroutines cannot be read";
  }
  const RuntimeRecords records(memory, addresses, g_extent(g));
  const auto ids_end = goidgen ? memory.value<uint64_t>(*goidgen) : std::nullopt;
  std::unordered_set<int64_t> ids;
  for (size_t i = 0; i < addresses.size(); ++i) {
    const auto record = records.at(i);
    if (!record) return "the goroutine at 0x" + hexadecimal(addresses[i]) + " cannot be read";
    const GRecord one = read_g(*record, g, addresses[i]);
    if (one.status == GStatus::kOther || one.status == GStatus::kDead ||
        one.status == GStatus::kIdle) {
      continue;
    }
    const std::string name = "the goroutine at 0x" + hexadecimal(addresses[i]);
    if (one.goid <= 0 || (ids_end && static_cast<uint64_t>(one.goid) > *ids_end) ||
        !ids.insert(one.goid).second) {
      return name + " has the id " + std::to_string(one.goid) +
             ", which another has too or which was never given out";
    }
    const Stack stack = stack_of(*record, g);
    if (stack.lo >= stack.hi) return name + " has no stack";
    const bool in_call = one.status == GStatus::kSyscall;
    if (in_call && (one.syscall_sp < stack.lo || one.syscall_sp >= stack.hi)) {
      return name + " is in a call, but the stack pointer saved for it is not of its stack";
    }
    if (has_m(one.status) && !m_points_back(memory, offsets, addresses[i])) {
      return name + " runs, but no M runs it";
    }
  }
  return ids.empty() ? "no goroutine is alive" : "";
}

// "" when all Ps fit.
std::string misfit_of_ps(const TargetMemory& memory, const PLayout& layout, uint64_t allp) {
  const auto slice = read_slice(memory, allp, kMostPs);
  if (!slice) {
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
  const SchedLayout& sched = layout_.sched;
  if (!globals_.allm) return Error{what, "where runtime.allm lies is not known", ""};
  if (!m.alllink || !m.g0 || !m.curg || !m.procid || !m.incgo || !m.id || !g.m || !g.goid ||
      !g.atomicstatus || !g.stack_lo || !g.stack_hi || !g.sched_sp || !g.syscallpc ||
      !g.syscallsp) {
    return Error{what, "the layout of runtime.m or runtime.g is not known", ""};
  }
  const LinkOffsets offsets{*m.curg, *g.m, *g.atomicstatus};
  const uint64_t allm = loaded(*globals_.allm);
  const std::optional<uint64_t> sched_at =
      globals_.sched ? std::optional(loaded(*globals_.sched)) : std::nullopt;
  std::string misfit;
  // The program runs on: what is true at any one moment may not be of what is read in a while.
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    const auto first = memory_.value<uint64_t>(allm);
    if (!first) {
      const Result<bool> readable = memory_.readable(allm);
      return readable ? Error{what, "runtime.allm cannot be read", ""} : readable.error();
    }
    if (*first == 0) {
      return Error{"the Go runtime has not started yet", "it has no Ms", "try again"};
    }
    const LinkedMs linked = follow_ms(memory_, m, *first);
    misfit = misfit_of_list(linked, totals(memory_, sched, sched_at));
    if (misfit.empty()) misfit = misfit_of_ms(memory_, g, offsets, linked);
    if (misfit.empty() && globals_.allgs) {
      misfit = misfit_of_gs(
          memory_, g, offsets, loaded(*globals_.allgs),
          sched_at && sched.goidgen ? std::optional(*sched_at + *sched.goidgen) : std::nullopt);
    }
    if (misfit.empty() && globals_.allp && layout_.p.id) {
      misfit = misfit_of_ps(memory_, layout_.p, loaded(*globals_.allp));
    }
    if (misfit.empty()) return true;
  }
  return Error{what, misfit,
               misfit == kNoStackYet ? "try again" : "run cgoscope inspect, and report its output"};
}

}  // namespace cgoscope
