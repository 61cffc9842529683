// One look at the target's memory and at /proc, named: what its Ms and goroutines do.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "probe_cli/detect/sample.h"
#include "probe_cli/go/go_binary.h"
#include "probe_cli/process/c_stack.h"
#include "probe_cli/process/census.h"
#include "probe_cli/process/goroutines.h"
#include "probe_cli/process/lock_waits.h"
#include "probe_cli/process/target.h"
#include "probe_cli/symbols.h"

namespace cgoscope {

// Those that run or could are somewhere else at each look, so that over a long run their stacks
// would become ever more.
enum class StacksOf : uint8_t { kAll, kWaiting };

class MemoryLook {
 public:
  // All must outlive it. Of a binary whose layout is not known nothing is seen: see validate().
  MemoryLook(const Target& target, const GoBinary& binary, uint64_t load_base, Symbols& symbols);

  // Whether the runtime's structures are where they are thought to be (CensusReader::validate).
  Result<bool> validate() const { return census_.validate(); }

  // Ms in calls, thread totals and timers. `began_ns`: calls into C whose begin was seen, by g.
  void take_ms(Sample& sample, const std::unordered_map<uint64_t, uint64_t>& began_ns);
  // All goroutines, after take_ms. The cost is a read of all of them: about 1 ms for 2000.
  void take_goroutines(Sample& sample, StacksOf stacks_of);
  // The locks that these goroutines wait for, and who knows them. The cost is a read of all stacks.
  void take_locks(Sample& sample, const std::vector<int64_t>& goids);
  // What the last take_ms read, those in no call too.
  const Census& census() const { return last_; }

  // What the last look could not read.
  const std::vector<std::string>& problems() const { return problems_; }
  // Whether an M in a call had no thread any more: one that ended meanwhile, or all end.
  bool missed_threads() const { return missed_threads_; }

 private:
  std::string wait_reason(GStatus status, uint8_t code) const;  // "" unless waiting
  std::optional<MSample> m_sample(const MRecord& m, const ThreadState& thread);
  // The threads of a target in another pid namespace: by its own ids, our ids.
  std::unordered_map<int64_t, pid_t> tids_by_own_id() const;

  const Target& target_;
  Symbols& symbols_;
  CensusReader census_;
  GoroutineReader goroutines_;
  LockReader locks_;
  std::vector<std::string> wait_reasons_;
  bool other_pid_namespace_;
  std::optional<CStackWalker> c_walker_;
  // C stacks are walked once for each call: by tid, with the call's number.
  struct Walked {
    uint64_t call_number = 0;
    StackId stack = kNoStack;
  };
  std::unordered_map<int64_t, Walked> walked_;
  Census last_;
  std::vector<std::string> problems_;
  bool missed_threads_ = false;
};

}  // namespace cgoscope
