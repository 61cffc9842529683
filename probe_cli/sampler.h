// From raw to named: one look at the kernel's maps, the target's memory and /proc, as a Sample.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "probe_cli/attach/attachment.h"
#include "probe_cli/detect/sample.h"
#include "probe_cli/go/go_binary.h"
#include "probe_cli/process/c_stack.h"
#include "probe_cli/process/census.h"
#include "probe_cli/process/target.h"

namespace cgoscope {

class Sampler {
 public:
  // All must outlive it.
  Sampler(const Target& target, const GoBinary& binary, Attachment& attachment, uint64_t load_base);

  // Without it, what follows from the runtime's memory is left out.
  void use_census(CensusReader reader) { census_ = std::move(reader); }

  // Everything but `signals`, `events` and `overhead_share`, which the run knows.
  Sample take();
  EventSample event(const cg_event& event);

  const Stacks& stacks() const { return stacks_; }
  // What the last census could not read.
  const std::vector<std::string>& problems() const { return problems_; }

 private:
  const std::vector<Frame>& frames_at(uint64_t pc, bool is_return);
  // `pcs` up to the first 0.
  StackId go_stack(const std::vector<uint64_t>& pcs, bool first_is_return);
  StackId c_stack(const ThreadState& thread);
  std::string displayed(std::string file) const;
  std::string c_function(uint64_t stub, StackId stack);
  void take_ms(Sample& sample);
  std::optional<MSample> m_sample(const MRecord& m, const ThreadState& thread);
  void take_counts(Sample& sample);
  void take_finalizers(Sample& sample);
  // Which words belong to a closure, as in cg_capture::words.
  uint32_t closure_words(uint64_t code_pc);
  // The threads of a target in another pid namespace: by its own ids, our ids.
  std::unordered_map<int64_t, pid_t> tids_by_own_id() const;

  const Target& target_;
  const GoBinary& binary_;
  Attachment& attachment_;
  uint64_t load_base_;
  bool other_pid_namespace_;
  std::string folder_;  // the current one, with a slash
  std::optional<CensusReader> census_;
  std::optional<CStackWalker> c_walker_;
  Stacks stacks_;
  std::unordered_map<uint64_t, std::vector<Frame>> frames_;
  std::unordered_map<uint64_t, uint32_t> closure_words_;
  // Counters stay at the same places, look after look.
  std::map<std::pair<std::vector<uint64_t>, bool>, StackId> go_stacks_;
  // C stacks are walked once for each call: by tid, with the call's number.
  struct Walked {
    uint64_t call_number = 0;
    StackId stack = kNoStack;
  };
  std::unordered_map<int64_t, Walked> walked_;
  std::unordered_map<uint64_t, uint64_t> began_ns_;  // calls in flight: g to CLOCK_MONOTONIC
  std::vector<std::string> problems_;
};

}  // namespace cgoscope
