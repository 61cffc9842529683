#include "probe_cli/process/lock_waits.h"

#include <algorithm>
#include <functional>
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

std::vector<Parked> read_block(const TargetMemory& memory, const GLayout& layout,
                               std::span<const uint64_t> addresses, uint64_t& running_count) {
  std::vector<Parked> block;
  const RuntimeRecords records(memory, {addresses.begin(), addresses.end()}, g_extent(layout));
  for (size_t i = 0; i < addresses.size(); ++i) {
    const auto g = records.at(i);
    if (!g) continue;
    const Parked parked{read_g(*g, layout, addresses[i]), saved_registers(*g, layout),
                        g->value<uint64_t>(layout.stack_hi)};
    if (!is_alive(parked.record.status) || parked.record.goid <= 0) continue;
    if (parked.record.status == GStatus::kRunning)
      ++running_count;
    else if (is_pointer(parked.saved.sp) && parked.saved.sp < parked.stack_hi)
      block.push_back(parked);
  }
  return block;
}

// Keeps the `most` with the lowest ids, ascending.
template <typename Row, typename Id>
void keep_lowest(std::vector<Row>& rows, Row row, size_t most, Id id) {
  if (rows.size() == most && std::invoke(id, row) >= std::invoke(id, rows.back())) return;
  rows.insert(std::ranges::lower_bound(rows, std::invoke(id, row), {}, id), std::move(row));
  if (rows.size() > most) rows.pop_back();
}

struct User {
  Parked g;
  uint64_t pc = 0;  // of the frame or code that knows the lock
  int64_t goid() const { return g.record.goid; }
};

// What is looked for, and what is found.
struct Lock {
  bool is_variable = false;
  // What those that wait for it call it: its address, and that of what it lies in. From their
  // stacks.
  std::set<uint64_t> names;
  size_t named_by_count = 0;
  std::set<uint8_t> wait_reasons;
  uint64_t waiters_count = 0;
  std::vector<int64_t> waiters;
  struct {
    uint64_t count = 0;
    std::vector<User> users;
  } by_knowledge[3];

  // One that is known to wait for it.
  void learn(uint64_t semaphore, const Parked& waiter, const std::vector<uint64_t>& stack) {
    std::set<uint64_t> near;
    for (const uint64_t word : stack) {
      if (word <= semaphore && semaphore - word <= kWidestValue) near.insert(word);
    }
    if (named_by_count == 0)
      names = std::move(near);
    else
      std::erase_if(names, [&](uint64_t name) { return !near.contains(name); });
    ++named_by_count;
    wait_reasons.insert(waiter.record.wait_reason);
  }

  void forget_far_names(uint64_t semaphore) {
    if (named_by_count > 1) return;
    const uint64_t widest = is_variable ? kWidestLock : kWidestOfOne;
    std::erase_if(names, [&](uint64_t name) { return semaphore - name > widest; });
  }
};

class Search {
 public:
  Search(const TargetMemory& memory, std::map<uint64_t, Lock>& locks, const CodeFacts& code)
      : memory_(memory), locks_(locks), code_(code) {
    for (const auto& [semaphore, lock] : locks_) any_variable_ |= lock.is_variable;
  }

  void look_at(std::span<const Parked> block) {
    const std::vector<std::vector<uint64_t>> stacks = stack_words(memory_, block);
    std::vector<std::vector<uint64_t>> pcs(block.size());
    if (any_variable_) {
      std::vector<GoStackBegin> begins;
      for (const Parked& g : block) begins.push_back({g.saved.pc, g.saved.bp, g.stack_hi});
      pcs = follow_frame_pointers(memory_, begins);
    }
    for (size_t i = 0; i < block.size(); ++i) {
      for (auto& [semaphore, lock] : locks_) look_at(block[i], stacks[i], pcs[i], semaphore, lock);
    }
  }

 private:
  void look_at(const Parked& g, const std::vector<uint64_t>& stack,
               const std::vector<uint64_t>& pcs, uint64_t semaphore, Lock& lock) {
    std::optional<Knowledge> best;
    uint64_t best_pc = 0;
    const auto take = [&](Knowledge knowledge, uint64_t pc) {
      if (best && *best >= knowledge) return;
      best = knowledge;
      best_pc = pc;
    };
    std::optional<std::vector<FrameEnd>> frames;
    for (size_t word = 0; word < stack.size(); ++word) {
      if (stack[word] > semaphore || semaphore - stack[word] > kWidestValue ||
          !lock.names.contains(stack[word]))
        continue;
      if (!frames) frames = frame_ends(g, stack);
      const auto frame = std::ranges::upper_bound(*frames, g.saved.sp + word * sizeof(uint64_t), {},
                                                  &FrameEnd::end);
      const uint64_t pc = frame == frames->end() ? 0 : frame->pc;
      if (code_.unlocks(pc))
        take(Knowledge::kUnlocks, pc);
      else
        take(semaphore - stack[word] > kWidestLock ? Knowledge::kValue : Knowledge::kAddress, pc);
    }
    if (lock.is_variable) {
      for (const uint64_t pc : pcs) {
        if (code_.names_address(pc, semaphore - kWidestLock, semaphore))
          take(code_.unlocks(pc) ? Knowledge::kUnlocks : Knowledge::kAddress, pc);
      }
    }
    if (!best) return;
    if (waits_for(g, stack, semaphore, lock)) {
      ++lock.waiters_count;
      keep_lowest(lock.waiters, g.record.goid, kGoidsPerLock, std::identity{});
      return;
    }
    auto& found = lock.by_knowledge[static_cast<size_t>(*best)];
    ++found.count;
    keep_lowest(found.users, User{g, best_pc}, kUsersPerLock, &User::goid);
  }

  // Whose frame has the semaphore's address and who waits for the same reason as one whose sudog
  // says so is believed.
  bool waits_for(const Parked& g, const std::vector<uint64_t>& stack, uint64_t semaphore,
                 const Lock& lock) const {
    if (g.record.status != GStatus::kWaiting) return false;
    const auto end = stack.begin() + static_cast<ptrdiff_t>(std::min(stack.size(), kFrameWords));
    if (std::find(stack.begin(), end, semaphore) == end) return false;
    return lock.wait_reasons.contains(g.record.wait_reason) ||
           awaited_semaphore(memory_, g, stack) == semaphore;
  }

  const TargetMemory& memory_;
  std::map<uint64_t, Lock>& locks_;
  const CodeFacts& code_;
  bool any_variable_ = false;
};

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
  const auto each_block = [&](const auto& visit) {
    result.running_count = 0;
    for (size_t begin = 0; begin < all.size(); begin += kBlock)
      visit(read_block(memory_, layout,
                       std::span(all).subspan(begin, std::min(kBlock, all.size() - begin)),
                       result.running_count));
  };

  uint64_t ignored = 0;
  std::map<uint64_t, Lock> locks;
  each_block([&](const std::vector<Parked>& block) {
    for (const Parked& g : block) {
      if (std::find(goids.begin(), goids.end(), g.record.goid) == goids.end()) continue;
      const std::vector<uint64_t> stack = stack_words(memory_, std::span(&g, 1)).front();
      const uint64_t semaphore = awaited_semaphore(memory_, g, stack);
      if (semaphore == 0 || (locks.size() == kMostLocks && !locks.contains(semaphore))) continue;
      Lock& lock = locks[semaphore];
      lock.is_variable = semaphore >= variables_.begin && semaphore < variables_.end;
      lock.learn(semaphore, g, stack);
    }
  });
  if (locks.empty()) return result;
  for (auto& [semaphore, lock] : locks) lock.forget_far_names(semaphore);

  Search search(memory_, locks, code_);
  each_block([&](const std::vector<Parked>& block) { search.look_at(block); });

  for (auto& [semaphore, lock] : locks) {
    if (lock.waiters_count == 0) continue;  // they have got it meanwhile
    LockWait wait;
    wait.semaphore = semaphore;
    wait.waiters_count = lock.waiters_count;
    wait.waiters = std::move(lock.waiters);
    for (const Knowledge knowledge :
         {Knowledge::kUnlocks, Knowledge::kAddress, Knowledge::kValue}) {
      const auto& found = lock.by_knowledge[static_cast<size_t>(knowledge)];
      if (found.count == 0) continue;
      wait.knowledge = knowledge;
      wait.users_count = found.count;
      for (const User& user : found.users) {
        const auto now = read_block(memory_, layout, std::span(&user.g.record.address, 1), ignored);
        // Who has gone on meanwhile counts, but is not shown.
        if (now.empty() || now[0].record.goid != user.goid() || now[0].saved != user.g.saved)
          continue;
        const std::vector<uint64_t> stack = stack_words(memory_, now).front();
        wait.users.push_back({user.goid(), user.g.record.status, user.g.record.wait_reason,
                              awaited_semaphore(memory_, user.g, stack), user.pc,
                              user.pc == user.g.saved.pc});
      }
      break;
    }
    result.locks.push_back(std::move(wait));
  }
  return result;
}

}  // namespace cgoscope
