// What `cgoscope census` shows, as a value, and the forms in which it is written.
#pragma once

#include <cstdint>
#include <ostream>
#include <string>
#include <vector>

#include "probe_cli/detect/sample.h"

namespace cgoscope {

// What one M does.
struct CensusM {
  enum class Doing : uint8_t {
    kIdle,     // waits for work
    kSearch,   // looks for work ("spinning")
    kRun,      // runs a goroutine
    kCall,     // is in C or in a system call: `call` says more
    kForeign,  // is kept for a thread that C made
  };
  Doing doing = Doing::kIdle;
  int64_t id = 0;
  int64_t tid = 0;   // in the target's own pid namespace; 0 for an M without a thread
  int64_t goid = 0;  // of the goroutine that it runs or that is in the call; 0 when none
  bool locked = false;
  MSample call;
};

struct CensusReport {
  Subject subject;
  Sample sample;  // its `ms` are in `ms` too
  std::vector<CensusM> ms;
  int ps_count = 0;  // GOMAXPROCS
  double read_ms = 0;
  std::vector<std::string> problems;  // what could not be read
};

// As runtime.NumGoroutine counts, and the runtime's own beside them.
uint64_t user_goroutines_count(const Sample& sample);
uint64_t system_goroutines_count(const Sample& sample);

// Of the goroutines the `top` most numerous kinds.
void write_census_text(const CensusReport& report, const Stacks& stacks, size_t top,
                       std::ostream& out);
// One object, docs/formats/census.schema.json.
void write_census_json(const CensusReport& report, const Stacks& stacks, std::ostream& out);
// A goroutine profile, as `go tool pprof` reads it: protocol buffers, not compressed.
void write_census_pprof(const CensusReport& report, const Stacks& stacks, std::ostream& out);

}  // namespace cgoscope
