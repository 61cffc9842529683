// Gives up what a run needs no longer once its probes are placed.
#pragma once

#include "findings/result.h"
#include "probe_cli/attach/kernel.h"

namespace cgoscope {

// Keeps, of the capabilities that we have, those for maps and links (CAP_BPF, CAP_PERFMON), for the
// target's memory and files (CAP_SYS_PTRACE, CAP_DAC_READ_SEARCH) and for ending a command that we
// started (CAP_KILL); with perf links CAP_SYS_ADMIN too, without which the kernel makes no perf
// event for another process again (measured on 6.18). All others are dropped for good.
Result<bool> drop_privileges(LinkKind kind);

}  // namespace cgoscope
