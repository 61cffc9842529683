// A million goroutines are nothing unusual, so they are read a block at a time, and only groups are
// kept. The program runs on meanwhile: of a goroutine whose stack was followed, the g is read again
// afterwards, and the stack counts only if it has not moved.
#include "probe_cli/process/goroutines.h"

#include <algorithm>
#include <map>
#include <tuple>
#include <unordered_map>
#include <utility>

#include "probe_cli/process/g_list.h"

namespace cgoscope {
namespace {

constexpr size_t kBlock = 4096;
constexpr size_t kStackBytes = 1024;  // read at first; few parked goroutines have more frames
constexpr size_t kMostFrames = 32;
constexpr uint64_t kWalkedOfEachKind = 16;
// A program has no more `go` statements, so that more are of memory that was scribbled over.
constexpr size_t kMostKinds = 16'384;

// What is known of a goroutine without its stack.
struct Kind {
  GStatus status = GStatus::kOther;
  uint8_t wait_reason = 0;
  bool locked = false;
  uint64_t start_pc = 0, go_pc = 0;
  auto operator<=>(const Kind&) const = default;
};

struct Members {
  uint64_t count = 0;
  int64_t waits_since_ns = 0;
  std::vector<int64_t> goids;

  void add(const GRecord& g) {
    ++count;
    if (g.wait_since_ns > 0 && (waits_since_ns == 0 || g.wait_since_ns < waits_since_ns))
      waits_since_ns = g.wait_since_ns;
    if (goids.size() == kGoidsPerGroup && g.goid >= goids.back()) return;
    goids.insert(std::lower_bound(goids.begin(), goids.end(), g.goid), g.goid);
    if (goids.size() > kGoidsPerGroup) goids.pop_back();
  }
};

struct OfKind {
  uint64_t chosen_count = 0;  // to be walked
  Members walked, others;
  std::map<std::vector<uint64_t>, Members> stacks;
};

// One of a block, on its way.
struct Goroutine {
  GRecord record;
  SavedRegisters saved;
  uint64_t stack_hi = 0;
  std::vector<uint64_t> pcs;
  uint64_t next_frame = 0;  // not followed yet
};

bool has_saved_registers(GStatus status) {
  return status == GStatus::kWaiting || status == GStatus::kRunnable ||
         status == GStatus::kPreempted;
}

class BlockReader {
 public:
  BlockReader(const TargetMemory& memory, const Layout& layout, std::map<Kind, OfKind>& kinds,
              const std::unordered_map<uint64_t, const MRecord*>& in_calls)
      : memory_(memory), g_(layout.g), kinds_(kinds), in_calls_(in_calls) {}

  // `chosen` tells by place in the block whose stacks are wanted anyway. Returns how many could not
  // be read.
  size_t read(const std::vector<uint64_t>& addresses, const std::vector<bool>& chosen,
              Goroutines& result) {
    const RuntimeRecords records(memory_, addresses, g_extent(g_));
    std::vector<Goroutine> to_walk;
    size_t unread = 0;
    for (size_t i = 0; i < addresses.size(); ++i) {
      const auto g = records.at(i);
      if (!g) {
        ++unread;
        continue;
      }
      const GRecord record = read_g(*g, g_, addresses[i]);
      if (!is_alive(record.status) || record.goid <= 0) continue;
      ++result.live_count;
      OfKind& kind = of_kind(record);
      if (const auto m = in_calls_.find(record.address); record.status == GStatus::kSyscall &&
                                                         m != in_calls_.end() &&
                                                         m->second->g->goid == record.goid) {
        take(kind, record, m->second->go_stack);
      } else if (!has_saved_registers(record.status)) {
        take(kind, record, {});
      } else if (chosen[i] || kind.chosen_count < kWalkedOfEachKind) {
        ++kind.chosen_count;
        to_walk.push_back(
            {record, saved_registers(*g, g_), g->value<uint64_t>(g_.stack_hi), {}, 0});
      } else {
        kind.others.add(record);
      }
    }
    walk(to_walk);
    for (Goroutine& one : to_walk) take(of_kind(one.record), one.record, one.pcs);
    return unread;
  }

 private:
  // When there are too many, those of further statements are all of one that is not known.
  OfKind& of_kind(const GRecord& g) {
    Kind kind{g.status, g.status == GStatus::kWaiting ? g.wait_reason : uint8_t{0}, g.locked,
              g.start_pc, g.go_pc};
    if (kinds_.size() >= kMostKinds && !kinds_.contains(kind)) kind.start_pc = kind.go_pc = 0;
    return kinds_[kind];
  }

  static void take(OfKind& kind, const GRecord& record, const std::vector<uint64_t>& pcs) {
    kind.walked.add(record);
    kind.stacks[pcs].add(record);
  }

  void walk(std::vector<Goroutine>& goroutines) {
    std::vector<std::byte> bytes(goroutines.size() * kStackBytes);
    std::vector<MemoryRead> reads(goroutines.size());
    for (size_t i = 0; i < goroutines.size(); ++i) {
      const Goroutine& one = goroutines[i];
      const bool good = is_pointer(one.saved.sp) && one.saved.sp < one.stack_hi;
      const uint64_t size = good ? std::min<uint64_t>(kStackBytes, one.stack_hi - one.saved.sp) : 0;
      reads[i] = {one.saved.sp, std::span(bytes).subspan(i * kStackBytes, size), false};
    }
    memory_.read_all(reads);
    for (size_t i = 0; i < goroutines.size(); ++i) {
      if (reads[i].done) follow_within(goroutines[i], RuntimeRecord(reads[i].into));
    }
    follow_the_rest(goroutines);
    forget_who_moved(goroutines);
  }

  static void follow_within(Goroutine& one, const RuntimeRecord& stack) {
    one.pcs.push_back(one.saved.pc);
    uint64_t frame = one.saved.bp;
    while (one.pcs.size() < kMostFrames && is_pointer(frame) && frame >= one.saved.sp) {
      const uint64_t offset = frame - one.saved.sp;
      if (offset > kStackBytes) break;
      const auto caller = stack.maybe<uint64_t>(static_cast<uint32_t>(offset));
      const auto address = stack.maybe<uint64_t>(static_cast<uint32_t>(offset) + 8);
      if (!caller || !address) break;
      if (*address == 0) return;
      one.pcs.push_back(*address);
      if (*caller <= frame) return;
      frame = *caller;
    }
    if (one.pcs.size() < kMostFrames && frame >= one.saved.sp && frame < one.stack_hi)
      one.next_frame = frame;
  }

  // Deeper stacks than fit into what was read.
  void follow_the_rest(std::vector<Goroutine>& goroutines) const {
    std::vector<size_t> deeper;
    std::vector<GoStackBegin> begins;
    for (size_t i = 0; i < goroutines.size(); ++i) {
      Goroutine& one = goroutines[i];
      if (one.next_frame == 0) continue;
      deeper.push_back(i);
      begins.push_back({one.pcs.back(), one.next_frame, one.stack_hi});
    }
    const std::vector<std::vector<uint64_t>> stacks = follow_frame_pointers(memory_, begins);
    for (size_t i = 0; i < deeper.size(); ++i) {
      std::vector<uint64_t>& pcs = goroutines[deeper[i]].pcs;
      pcs.pop_back();  // it is the first of what follows
      pcs.insert(pcs.end(), stacks[i].begin(), stacks[i].end());
      if (pcs.size() > kMostFrames) pcs.resize(kMostFrames);
    }
  }

  void forget_who_moved(std::vector<Goroutine>& goroutines) const {
    std::vector<uint64_t> addresses;
    addresses.reserve(goroutines.size());
    for (const Goroutine& one : goroutines) addresses.push_back(one.record.address);
    const RuntimeRecords again(memory_, addresses, g_extent(g_));
    for (size_t i = 0; i < goroutines.size(); ++i) {
      Goroutine& one = goroutines[i];
      const auto now = again.at(i);
      const bool same = now && read_g(*now, g_, one.record.address).goid == one.record.goid &&
                        saved_registers(*now, g_) == one.saved;
      if (!same) one.pcs.clear();
    }
  }

  const TargetMemory& memory_;
  const GLayout& g_;
  std::map<Kind, OfKind>& kinds_;
  const std::unordered_map<uint64_t, const MRecord*>& in_calls_;
};

// Evenly over the list, and not in step with how a program starts its goroutines.
bool is_chosen(uint64_t index, uint64_t one_of) {
  return one_of <= 1 || (index * 0x9E3779B97F4A7C15u >> 33) % one_of == 0;
}

GoroutineGroup group_of(const Kind& kind, const Members& members, std::vector<uint64_t> stack) {
  GoroutineGroup group;
  group.status = kind.status;
  group.wait_reason = kind.wait_reason;
  group.locked = kind.locked;
  group.start_pc = kind.start_pc;
  group.go_pc = kind.go_pc;
  group.stack = std::move(stack);
  group.count = members.count;
  group.waits_since_ns = members.waits_since_ns;
  group.goids = members.goids;
  return group;
}

// Those that were not walked are taken to be spread over the stacks as those that were.
void add_groups(const Kind& kind, const OfKind& of_kind, std::vector<GoroutineGroup>& groups) {
  const uint64_t walked = of_kind.walked.count;
  const uint64_t others = of_kind.others.count;
  uint64_t seen = 0;
  uint64_t given = 0;
  for (const auto& [stack, members] : of_kind.stacks) {
    GoroutineGroup group = group_of(kind, members, stack);
    seen += members.count;
    const auto until = static_cast<uint64_t>(
        static_cast<double>(others) * static_cast<double>(seen) / static_cast<double>(walked));
    const uint64_t share = (seen == walked ? others : std::min(until, others)) - given;
    given += share;
    group.count += share;
    group.estimated = others > 0 && of_kind.stacks.size() > 1;
    groups.push_back(std::move(group));
  }
}

}  // namespace

Goroutines GoroutineReader::read(const std::vector<MRecord>& ms, uint64_t most_stacks) const {
  Goroutines result;
  const GLayout& g = layout_.g;
  if (!globals_.allgs || !g.atomicstatus || !g.goid || !g.sched_sp || !g.sched_pc || !g.sched_bp ||
      !g.stack_hi || !g.gopc || !g.startpc || !g.waitreason) {
    result.problems.emplace_back(
        "goroutines: where runtime.allgs or fields of runtime.g lie is "
        "not known");
    return result;
  }
  const std::vector<uint64_t> all = list_gs(memory_, *globals_.allgs + load_base_, result.problems);
  result.listed_count = all.size();

  std::unordered_map<uint64_t, const MRecord*> in_calls;
  for (const MRecord& m : ms) {
    if (m.g && m.g->status == GStatus::kSyscall) in_calls.emplace(m.g->address, &m);
  }
  std::map<Kind, OfKind> kinds;
  BlockReader reader(memory_, layout_, kinds, in_calls);
  const uint64_t one_of = most_stacks == 0 ? all.size() + 1 : all.size() / most_stacks + 1;
  size_t unread = 0;
  for (size_t begin = 0; begin < all.size(); begin += kBlock) {
    const size_t end = std::min(begin + kBlock, all.size());
    std::vector<bool> chosen;
    for (size_t i = begin; i < end; ++i) chosen.push_back(is_chosen(i, one_of));
    unread += reader.read(
        {all.begin() + static_cast<ptrdiff_t>(begin), all.begin() + static_cast<ptrdiff_t>(end)},
        chosen, result);
  }
  if (unread > 0)
    result.problems.push_back("goroutines: " + std::to_string(unread) + " of " +
                              std::to_string(all.size()) + " cannot be read");
  for (const auto& [kind, of_kind] : kinds) {
    result.walked_count += of_kind.walked.count;
    add_groups(kind, of_kind, result.groups);
  }
  return result;
}

}  // namespace cgoscope
