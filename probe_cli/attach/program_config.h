// What the BPF programs are told about a target before they are loaded.
#pragma once

#include <string>
#include <vector>

#include "ebpf/probe.h"
#include "findings/result.h"
#include "probe_cli/go/go_binary.h"
#include "probe_cli/go/signals.h"

namespace cgoscope {

cg_config make_config(const GoBinary& binary, const std::vector<PlannedSignal>& signals);

// The runtime's field that a signal cannot do without and whose place is not known here,
// "runtime.timer.arg"; "" when none lacks.
std::string missing_field(cg_signal signal, const cg_config& config);

}  // namespace cgoscope
