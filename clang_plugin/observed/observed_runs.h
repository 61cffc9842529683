// What `cgoscope watch --format json` saw (docs/formats/watch.schema.json), for --observed: of one
// run, or of several one after another in a file.
//
// The file may come from anybody: lines are capped in length and nesting, and what is of a wrong
// type is an error, with the line's number.
#pragma once

#include <istream>
#include <optional>
#include <string>
#include <vector>

#include "findings/finding.h"
#include "findings/observed_call.h"
#include "findings/result.h"

namespace cgoscope {

// Long calls in C of one run, alike in function and Go line.
struct SeenInC {
  ObservedCall call;
  // What the probe itself took them for, when it had the findings; else empty, and kNothing.
  std::vector<std::string> ids;
  MatchedBy by = MatchedBy::kNothing;
  int64_t calls = 0;             // at least
  double max_ms = 0;             // at least
  std::optional<double> p99_ms;  // of all calls of the C function by the package
  bool was_running = false;      // work on a CPU, not a wait
  int run = 0;                   // its number in the file, from 1
};

struct ObservedRuns {
  int runs = 0;
  std::vector<SeenInC> seen;
};

// Errors: it cannot be read, or a line is none of the probe's, or of another version. A last line
// that was cut off is left out, for a probe may be killed; of a run without an end its findings
// count.
Result<ObservedRuns> read_observed_runs(const std::string& path);
// The same of a stream; `path` names it in errors.
Result<ObservedRuns> read_observed_runs(std::istream& in, const std::string& path);

}  // namespace cgoscope
