// Where the fields of the runtime's structures lie, in bytes.
//
// They move from release to release. The target's own DWARF says where, when it was not stripped;
// else a table of the releases that were measured (probe_cli/go/layout_table.cpp says how). A field
// that a release does not have, or whose place is not known, is absent, and what needs it is left
// out and named. Whatever was used is checked against the live process before it is believed
// (probe_cli/process/census.h).
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "findings/result.h"
#include "probe_cli/go/build_info.h"
#include "probe_cli/go/elf_image.h"

namespace cgoscope {

using Offset = std::optional<uint32_t>;

struct GLayout {
  Offset size, stack_lo, stack_hi, m, sched_sp, sched_pc, sched_g, sched_bp, syscallsp, syscallpc,
      syscallbp, atomicstatus, goid, waitsince, waitreason, lockedm, parent_goid, gopc, startpc,
      waiting;
};

struct MLayout {
  Offset size, g0, procid, gsignal, curg, p, nextp, oldp, id, locks, spinning, blocked, incgo,
      isextra, ncgocall, alllink, lockedg, locked_ext, locked_int;
};

struct PLayout {
  Offset size, id, status, schedtick, syscalltick, m;
  Offset num_timers, deleted_timers;  // Go ≤1.22
  Offset timers_len, timers_zombies;  // Go ≥1.23: p.timers.len, p.timers.zombies
};

struct SchedLayout {
  Offset goidgen, lock, midle, nmidle, nmidlelocked, mnext, maxmcount, nmsys, nmfreed, ngsys;
};

struct TimerLayout {
  Offset when, period, f, arg, status;
};

struct PanicLayout {
  Offset arg;
};

enum class LayoutSource : uint8_t { kDwarf, kTable, kNearestTable };
std::string_view layout_source_name(
    LayoutSource source);  // "DWARF", "table", "table of a neighbouring release"

struct Layout {
  LayoutSource source = LayoutSource::kTable;
  GLayout g;
  MLayout m;
  PLayout p;
  SchedLayout sched;
  TimerLayout timer;
  PanicLayout panic;
};

// DWARF first; else what the table has of the release; else (a release that it does not have) of
// the nearest older one, or for Go 1.18, older than all, of the first; marked kNearestTable. Error:
// no version and no DWARF, or older than Go 1.18.
Result<Layout> find_layout(const ElfImage& image, std::optional<GoVersion> version);

}  // namespace cgoscope
