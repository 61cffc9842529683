// The gs of a runtime: runtime.allgs lists every g that ever was. A g lives on as a dead one when
// its goroutine has ended, and is used again.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "probe_cli/process/m_walk.h"

namespace cgoscope {

// The addresses in the list at `allgs`; empty, with a problem, when it is none.
std::vector<uint64_t> list_gs(const TargetMemory& memory, uint64_t allgs,
                              std::vector<std::string>& problems);

bool is_alive(GStatus status);

// What g.sched holds of a goroutine that does not run: where its stack begins, and where it goes
// on.
struct SavedRegisters {
  uint64_t sp = 0, pc = 0, bp = 0;
  bool operator==(const SavedRegisters&) const = default;
};
SavedRegisters saved_registers(const RuntimeRecord& g, const GLayout& layout);

}  // namespace cgoscope
