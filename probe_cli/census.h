// `cgoscope census`: what the runtime of a process is doing, without stopping it or asking it.
#pragma once

#include <sys/types.h>

#include <optional>
#include <ostream>
#include <string>

#include "findings/result.h"

namespace cgoscope {

struct CensusOptions {
  // One of the two.
  std::optional<pid_t> pid;
  std::string name;             // of an executable
  std::string format = "text";  // "text", "json" or "pprof"
  size_t top = 20;              // kinds of goroutines in text
};

// The exit status: 0; 4 when a part could not be read, which the report tells. Errors: no such
// process, not Go, no permission, or its memory does not look as its release should.
Result<int> take_census(const CensusOptions& options, std::ostream& out);

}  // namespace cgoscope
