#include "probe_cli/process/lock_waits.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <optional>
#include <set>

#include "probe_cli/process/g_list.h"
#include "probe_cli/process/m_walk.h"
#include "probe_cli/process/runtime_record.h"

namespace cgoscope {
namespace {

constexpr size_t kMostGoroutines = 100'000;
constexpr size_t kMostLocks = 16;
constexpr size_t kBlock = 256;
constexpr uint64_t kStackBytes = 16 << 10;
constexpr size_t kFrameWords = 64;  // semacquire1's frame and what it calls lie within
// How far behind the begin of a value its lock may lie. One waiter alone has other addresses near
// by on its stack too.
constexpr uint64_t kWidestValue = 1024, kWidestOfOne = 256;
// So far behind its begin a lock has a semaphore: sync.Mutex 4, RWMutex 4, 8 and 12, WaitGroup 8.
constexpr uint64_t kWidestLock = 12;

// runtime.sudog: {g, next, prev, elem, …}; elem is one word, and two of the same value since 1.26.
constexpr size_t kSudogWords = 5, kSudogElem = 3;

struct Parked {
  GRecord record;
  SavedRegisters saved;
  uint64_t stack_hi = 0;
};

struct Snapshot {
  std::vector<Parked> parked;
  uint64_t running_count = 0;
};

// An address at a lock or just below, and the pc of the frame that it lies in.
struct Known {
  uint64_t address = 0;
  uint64_t pc = 0;
};

// A goroutine that knows of a lock.
struct Knower {
  Parked g;
  uint64_t waits_for = 0;
  std::map<uint64_t, std::vector<Known>> on_stack;  // by semaphore
  std::map<uint64_t, uint64_t> in_code;             // by semaphore: the pc
};

// Where the frames on a copied stack end, outwards, and their pcs.
struct FrameEnd {
  uint64_t end = 0;
  uint64_t pc = 0;
};

std::vector<FrameEnd> frame_ends(const Parked& g, const std::vector<uint64_t>& stack) {
  std::vector<FrameEnd> frames;
  uint64_t pc = g.saved.pc;
  uint64_t frame = g.saved.bp;
  while (is_pointer(frame) && frame >= g.saved.sp) {
    const uint64_t word = (frame - g.saved.sp) / sizeof(uint64_t);
    if (word + 1 >= stack.size()) break;
    frames.push_back({frame + 2 * sizeof(uint64_t), pc});
    pc = stack[word + 1];
    if (stack[word] <= frame) break;
    frame = stack[word];
  }
  frames.push_back({g.stack_hi, pc});
  return frames;
}

std::vector<std::vector<uint64_t>> stack_words(const TargetMemory& memory,
                                               std::span<const Parked> parked) {
  std::vector<std::vector<uint64_t>> words(parked.size());
  std::vector<MemoryRead> reads(parked.size());
  for (size_t i = 0; i < parked.size(); ++i) {
    const uint64_t sp = parked[i].saved.sp;
    words[i].resize(std::min(kStackBytes, parked[i].stack_hi - sp) / sizeof(uint64_t));
    reads[i] = {sp, std::as_writable_bytes(std::span(words[i])), false};
  }
  memory.read_all(reads);
  for (size_t i = 0; i < parked.size(); ++i) {
    if (!reads[i].done) words[i].clear();
  }
  return words;
}

// The semaphore that the goroutine sleeps on; 0 when it sleeps on none.
uint64_t awaited_semaphore(const TargetMemory& memory, const Parked& g,
                           const std::vector<uint64_t>& stack) {
  if (g.record.status != GStatus::kWaiting) return 0;
  const auto frame_end =
      stack.begin() + static_cast<ptrdiff_t>(std::min(stack.size(), kFrameWords));
  std::vector<uint64_t> pointers;
  std::copy_if(stack.begin(), frame_end, std::back_inserter(pointers), is_pointer);
  const RuntimeRecords sudogs(memory, pointers, kSudogWords * sizeof(uint64_t));
  for (size_t i = 0; i < pointers.size(); ++i) {
    const auto sudog = sudogs.at(i);
    if (!sudog || sudog->value<uint64_t>(0) != g.record.address) continue;
    for (const size_t word : {kSudogElem, kSudogElem + 1}) {
      const auto elem = sudog->value<uint64_t>(static_cast<uint32_t>(word * sizeof(uint64_t)));
      // A semaphore has four bytes, and its address is an argument of semacquire1, kept in its
      // frame.
      if (elem >= 4096 && elem % 4 == 0 && std::find(stack.begin(), frame_end, elem) != frame_end)
        return elem;
    }
  }
  return 0;
}

Snapshot take_snapshot(const TargetMemory& memory, const GLayout& layout,
                       const std::vector<uint64_t>& addresses) {
  Snapshot snapshot;
  const RuntimeRecords records(memory, addresses, g_extent(layout));
  for (size_t i = 0; i < addresses.size(); ++i) {
    const auto g = records.at(i);
    if (!g) continue;
    Parked parked{read_g(*g, layout, addresses[i]), saved_registers(*g, layout),
                  g->value<uint64_t>(layout.stack_hi)};
    if (!is_alive(parked.record.status) || parked.record.goid <= 0) continue;
    if (parked.record.status == GStatus::kRunning) ++snapshot.running_count;
    const bool readable = parked.record.status != GStatus::kRunning &&
                          is_pointer(parked.saved.sp) && parked.saved.sp < parked.stack_hi;
    if (readable) snapshot.parked.push_back(parked);
  }
  return snapshot;
}

// What all of the waiters call the lock: its address, and that of what it lies in.
std::set<uint64_t> names_of(uint64_t semaphore, bool is_variable,
                            const std::vector<const Knower*>& waiters) {
  std::set<uint64_t> names;
  const uint64_t widest = waiters.size() > 1 ? kWidestValue
                          : is_variable      ? kWidestLock
                                             : kWidestOfOne;
  for (const Known& known : waiters.front()->on_stack.at(semaphore)) {
    if (semaphore - known.address <= widest) names.insert(known.address);
  }
  for (const Knower* waiter : waiters) {
    const std::vector<Known>& on_stack = waiter->on_stack.at(semaphore);
    std::erase_if(names, [&](uint64_t name) {
      return std::ranges::find(on_stack, name, &Known::address) == on_stack.end();
    });
  }
  return names;
}

// The best that a goroutine has of a lock, and where; nullopt: nothing.
struct Ranked {
  const Knower* knower = nullptr;
  Knowledge knowledge = Knowledge::kValue;
  uint64_t pc = 0;
};

std::optional<Ranked> rank(const Knower& knower, uint64_t semaphore,
                           const std::set<uint64_t>& names, const CodeFacts& code) {
  std::optional<Ranked> best;
  const auto take = [&](Knowledge knowledge, uint64_t pc) {
    if (!best || knowledge > best->knowledge) best = {&knower, knowledge, pc};
  };
  if (const auto at = knower.in_code.find(semaphore); at != knower.in_code.end())
    take(code.unlocks(at->second) ? Knowledge::kUnlocks : Knowledge::kAddress, at->second);
  if (const auto at = knower.on_stack.find(semaphore); at != knower.on_stack.end()) {
    for (const Known& known : at->second) {
      if (!names.contains(known.address)) continue;
      if (semaphore - known.address > kWidestLock && !code.unlocks(known.pc))
        take(Knowledge::kValue, known.pc);
      else
        take(code.unlocks(known.pc) ? Knowledge::kUnlocks : Knowledge::kAddress, known.pc);
    }
  }
  return best;
}

}  // namespace

LockWaits LockReader::read(std::span<const int64_t> goids) const {
  LockWaits result;
  const GLayout& layout = layout_.g;
  if (allgs_ == 0 || !layout.atomicstatus || !layout.goid || !layout.sched_sp || !layout.sched_pc ||
      !layout.sched_bp || !layout.stack_hi) {
    result.problems.emplace_back(
        "locks: where runtime.allgs or fields of runtime.g lie is not known");
    return result;
  }
  const std::vector<uint64_t> all = list_gs(memory_, allgs_, result.problems);
  if (all.size() > kMostGoroutines) {
    result.problems.emplace_back("locks: who else knows them is not looked for among more than " +
                                 std::to_string(kMostGoroutines) + " goroutines");
    return result;
  }
  const Snapshot snapshot = take_snapshot(memory_, layout, all);
  result.running_count = snapshot.running_count;

  std::set<uint64_t> semaphores;
  for (const Parked& g : snapshot.parked) {
    if (semaphores.size() == kMostLocks) break;
    if (std::find(goids.begin(), goids.end(), g.record.goid) == goids.end()) continue;
    const uint64_t semaphore =
        awaited_semaphore(memory_, g, stack_words(memory_, std::span(&g, 1)).front());
    if (semaphore != 0) semaphores.insert(semaphore);
  }
  if (semaphores.empty()) return result;
  const auto is_variable = [&](uint64_t address) {
    return address >= variables_.begin && address < variables_.end;
  };
  const bool any_variable = std::any_of(semaphores.begin(), semaphores.end(), is_variable);

  std::vector<Knower> knowers;
  for (size_t begin = 0; begin < snapshot.parked.size(); begin += kBlock) {
    const auto block =
        std::span(snapshot.parked).subspan(begin, std::min(kBlock, snapshot.parked.size() - begin));
    const std::vector<std::vector<uint64_t>> stacks = stack_words(memory_, block);
    std::vector<std::vector<uint64_t>> pcs(block.size());
    if (any_variable) {
      std::vector<GoStackBegin> begins;
      for (const Parked& g : block) begins.push_back({g.saved.pc, g.saved.bp, g.stack_hi});
      pcs = follow_frame_pointers(memory_, begins);
    }
    for (size_t i = 0; i < block.size(); ++i) {
      Knower knower{block[i], 0, {}, {}};
      std::optional<std::vector<FrameEnd>> frames;
      for (size_t word = 0; word < stacks[i].size(); ++word) {
        const uint64_t address = stacks[i][word];
        for (auto at = semaphores.lower_bound(address);
             at != semaphores.end() && *at - address <= kWidestValue; ++at) {
          if (!frames) frames = frame_ends(block[i], stacks[i]);
          const auto frame = std::ranges::upper_bound(
              *frames, block[i].saved.sp + word * sizeof(uint64_t), {}, &FrameEnd::end);
          knower.on_stack[*at].push_back({address, frame == frames->end() ? 0 : frame->pc});
        }
      }
      for (const uint64_t semaphore : semaphores) {
        if (!is_variable(semaphore)) continue;
        const auto pc = std::ranges::find_if(pcs[i], [&](uint64_t one) {
          return code_.names_address(one, semaphore - kWidestLock, semaphore);
        });
        if (pc != pcs[i].end()) knower.in_code.emplace(semaphore, *pc);
      }
      if (knower.on_stack.empty() && knower.in_code.empty()) continue;
      knower.waits_for = awaited_semaphore(memory_, knower.g, stacks[i]);
      knowers.push_back(std::move(knower));
    }
  }

  // Who has gone on meanwhile is left out.
  std::vector<uint64_t> addresses;
  addresses.reserve(knowers.size());
  for (const Knower& knower : knowers) addresses.push_back(knower.g.record.address);
  const RuntimeRecords again(memory_, addresses, g_extent(layout));
  std::vector<const Knower*> unmoved;
  for (size_t i = 0; i < knowers.size(); ++i) {
    const auto now = again.at(i);
    if (now && is_unmoved(knowers[i].g.record, knowers[i].g.saved, *now, layout))
      unmoved.push_back(&knowers[i]);
  }
  std::sort(unmoved.begin(), unmoved.end(),
            [](const Knower* a, const Knower* b) { return a->g.record.goid < b->g.record.goid; });

  for (const uint64_t semaphore : semaphores) {
    LockWait lock;
    lock.semaphore = semaphore;
    std::vector<const Knower*> waiters;
    std::copy_if(unmoved.begin(), unmoved.end(), std::back_inserter(waiters),
                 [&](const Knower* knower) { return knower->waits_for == semaphore; });
    if (waiters.empty()) continue;
    lock.waiters_count = waiters.size();
    for (size_t i = 0; i < std::min(waiters.size(), kGoidsPerLock); ++i)
      lock.waiters.push_back(waiters[i]->g.record.goid);
    const std::set<uint64_t> names = names_of(semaphore, is_variable(semaphore), waiters);
    std::vector<Ranked> users;
    for (const Knower* knower : unmoved) {
      if (knower->waits_for == semaphore) continue;
      if (const auto ranked = rank(*knower, semaphore, names, code_)) users.push_back(*ranked);
    }
    for (const Ranked& user : users) lock.knowledge = std::max(lock.knowledge, user.knowledge);
    std::erase_if(users, [&](const Ranked& user) { return user.knowledge < lock.knowledge; });
    lock.users_count = users.size();
    for (size_t i = 0; i < std::min(users.size(), kUsersPerLock); ++i) {
      const Parked& g = users[i].knower->g;
      lock.users.push_back({g.record.goid, g.record.status, g.record.wait_reason,
                            users[i].knower->waits_for, users[i].pc, users[i].pc == g.saved.pc});
    }
    result.locks.push_back(std::move(lock));
  }
  return result;
}

}  // namespace cgoscope
