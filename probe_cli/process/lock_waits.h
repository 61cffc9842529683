// Which lock of package sync a goroutine waits for, and which other goroutines know that lock.
//
// Go does not note who has locked a sync.Mutex. But who waits for one sleeps on the address of a
// semaphore inside it, and the sudog that stands for it in the runtime's list of waiters is named
// in its own frame (runtime.semacquire1, src/runtime/sema.go). And who is to unlock it has, as a
// rule, its address on the stack, or that of the value around it; which that is, the waiters'
// stacks agree on. A lock that is a variable of a package stands in no frame: its address is in the
// code, so for that one counts who is inside a function whose code names it.
//
// That somebody knows a lock does not prove that he holds it. Who is inside a function that unlocks
// has the best reason to know it.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "probe_cli/go/globals.h"
#include "probe_cli/go/layout.h"
#include "probe_cli/process/census.h"
#include "probe_cli/process/memory.h"

namespace cgoscope {

// A goroutine that knows a lock and does not wait for it.
struct LockUser {
  int64_t goid = 0;
  GStatus status = GStatus::kOther;
  uint8_t wait_reason = 0;     // the code; valid while waiting
  uint64_t waits_for = 0;      // the semaphore of another lock; 0: for none
  uint64_t known_in_pc = 0;    // in the function whose frame or code has it
  bool goes_on_there = false;  // the pc is where it goes on, not a return address
};

// What speaks for it that a goroutine holds a lock, the least first.
enum class Knowledge : uint8_t {
  kValue,    // it has the address of the value around it
  kAddress,  // it has the lock's own address
  kUnlocks,  // that, in a function that unlocks
};

struct LockWait {
  uint64_t semaphore = 0;  // its address
  uint64_t waiters_count = 0;
  std::vector<int64_t> waiters;  // the lowest, ascending; at most kGoidsPerLock
  Knowledge knowledge =
      Knowledge::kValue;  // the most that anybody has; users are those who have it
  uint64_t users_count = 0;
  std::vector<LockUser> users;  // the lowest, ascending; at most kUsersPerLock
};

inline constexpr size_t kGoidsPerLock = 16;
inline constexpr size_t kUsersPerLock = 8;

struct LockWaits {
  std::vector<LockWait> locks;
  uint64_t running_count = 0;  // goroutines that run, whose stacks cannot be read
  std::vector<std::string> problems;
};

// About the code of a function that has a pc, as loaded.
struct CodeFacts {
  // Whether it names an address in [from, to].
  std::function<bool(uint64_t pc, uint64_t from, uint64_t to)> names_address;
  // Whether it unlocks (go/unlocking.h).
  std::function<bool(uint64_t pc)> unlocks;
};

struct AddressRange {
  uint64_t begin = 0, end = 0;
};

class LockReader {
 public:
  // `variables`: where those of packages lie, as loaded.
  LockReader(TargetMemory memory, const Layout& layout, const Globals& globals, uint64_t load_base,
             AddressRange variables, CodeFacts code)
      : memory_(memory),
        layout_(layout),
        allgs_(globals.allgs ? *globals.allgs + load_base : 0),
        variables_(variables),
        code_(std::move(code)) {}

  // The locks that these goroutines wait for, at most 16. All goroutines' stacks are read, the
  // innermost 16 KiB of each; a problem when there are more than 100 000.
  LockWaits read(std::span<const int64_t> goids) const;

 private:
  TargetMemory memory_;
  Layout layout_;
  uint64_t allgs_;
  AddressRange variables_;
  CodeFacts code_;
};

}  // namespace cgoscope
