// `cgoscope watch`: one run over one process, from the attach to the last word.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "findings/finding.h"
#include "findings/result.h"
#include "probe_cli/detect/detector.h"

namespace cgoscope {

struct WatchOptions {
  // One of the three.
  std::optional<pid_t> pid;
  std::string name;                  // of an executable
  std::vector<std::string> command;  // to start

  std::optional<int64_t> duration_ns;
  int64_t interval_ns = 1'000'000'000;
  bool json = false;
  std::string output;  // file; "" is standard output, or standard error for a command
  std::string record;  // file; "" is none
  std::optional<double> max_overhead = 0.01;  // share of wall time × usable CPUs; nullopt: no limit
  std::vector<std::string> signals = {"auto"};
  Settings settings;
  Selection selection;
  std::optional<PredictedFindings> lint;
  Severity fail_on = Severity::kWarning;
  bool leave_running = false;
  bool exit_like_command = false;
};

// Names of --signals that are not "auto", "all" or a signal's. Empty when all are good.
std::vector<std::string> unknown_signals(const std::vector<std::string>& names);

// Watches until --duration, SIGINT, SIGTERM or the target's end; the exit status of a run that
// could be made (0 clean, 1 findings, 4 in part; or the command's own). Errors: what could not be
// done at all.
Result<int> watch(const WatchOptions& options);

}  // namespace cgoscope
