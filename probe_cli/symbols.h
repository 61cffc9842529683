// From addresses of the target to functions and lines, each resolved once in a run.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "probe_cli/detect/sample.h"
#include "probe_cli/go/go_binary.h"

namespace cgoscope {

class CStackWalker;

class Symbols {
 public:
  // `binary` must outlive it.
  Symbols(const GoBinary& binary, uint64_t load_base);

  // From now on addresses outside of Go are looked up here too. Must outlive its use.
  void use_c(CStackWalker& walker) { c_walker_ = &walker; }

  // `pcs` up to the first 0. A stack ends where an address is no code's.
  StackId go_stack(const std::vector<uint64_t>& pcs, bool first_is_return);
  // Frames that are named already.
  StackId add(std::vector<Frame> frames);
  // As after "C.", of a cgo stub's address (0: not known) or else of the Go wrapper in the stack.
  std::string c_function(uint64_t stub, StackId stack) const;
  // Of the Go function that has the address; "" when none has.
  std::string go_function(uint64_t pc) const;

  // Which words behind its code's address belong to the closure with this code, as in
  // cg_capture::words.
  uint32_t closure_words(uint64_t code_pc);
  // Whether the code of the Go function that has the pc names an address in [from, to].
  bool names_address(uint64_t pc, uint64_t from, uint64_t to);
  // Whether the Go function that has the pc unlocks (go/unlocking.h).
  bool unlocks(uint64_t pc);
  // A constant string of the program, at most CG_TEXT_BYTES of it; "" when the file has none there.
  std::string text_at(uint64_t address, uint64_t length) const;

  const Stacks& stacks() const { return stacks_; }

 private:
  const std::vector<Frame>& frames_at(uint64_t pc, bool is_return);
  std::string displayed(std::string file) const;

  const GoBinary& binary_;
  uint64_t load_base_;
  std::string folder_;  // the current one, with a slash; "" when there is none
  CStackWalker* c_walker_ = nullptr;
  Stacks stacks_;
  std::unordered_map<uint64_t, std::vector<Frame>> frames_;
  std::unordered_map<uint64_t, uint32_t> closure_words_;
  std::unordered_map<uint64_t, std::vector<uint64_t>> named_addresses_;  // by entry; sorted
  std::unordered_map<uint64_t, bool> unlocks_;                           // by entry
  // Counters and goroutines stay at the same places, look after look.
  std::map<std::pair<std::vector<uint64_t>, bool>, StackId> go_stacks_;
};

}  // namespace cgoscope
