#include "probe_cli/census.h"

#include <map>

#include "probe_cli/clock.h"
#include "probe_cli/memory_look.h"
#include "probe_cli/process/threads.h"
#include "probe_cli/report/census_report.h"

namespace cgoscope {
namespace {

CensusM what_it_does(const MRecord& m, const std::map<int64_t, const MSample*>& calls) {
  CensusM shown;
  shown.id = m.id;
  shown.tid = m.tid;
  if (m.g && (m.g->status == GStatus::kRunning || m.g->status == GStatus::kSyscall)) {
    shown.goid = m.g->goid;
    shown.locked = m.g->locked;
  }
  const auto call = calls.find(m.id);
  if (call != calls.end()) {
    shown.doing = CensusM::Doing::kCall;
    shown.call = *call->second;
  } else if (m.extra) {
    shown.doing = CensusM::Doing::kForeign;
  } else if (shown.goid != 0) {
    shown.doing = CensusM::Doing::kRun;
  } else if (m.spinning) {
    shown.doing = CensusM::Doing::kSearch;
  }
  return shown;
}

}  // namespace

Result<int> take_census(const CensusOptions& options, std::ostream& out) {
  const Result<pid_t> pid = options.pid ? *options.pid : process_named(options.name);
  if (!pid) return pid.error();
  Result<Target> target = Target::open(*pid);
  if (!target) return target.error();
  Result<GoBinary> binary = GoBinary::open(target->executable());
  if (!binary) return binary.error();
  const Result<uint64_t> base = target->load_base(binary->image->first_address());
  if (!base) return base.error();
  Symbols symbols(*binary, *base);
  MemoryLook look(*target, *binary, *base, symbols);
  if (const Result<bool> valid = look.validate(); !valid) return valid.error();

  CensusReport report;
  report.subject.pid = *pid;
  report.subject.exe = target->executable_name();
  report.subject.go_version = binary->build.version_text;
  report.subject.cgo = binary->uses_cgo;
  Sample& sample = report.sample;
  sample.at_ns = monotonic_ns();
  sample.wall_ns = clock_ns(CLOCK_REALTIME);
  sample.threads = count_threads(*pid);
  look.take_ms(sample, {});
  look.take_goroutines(sample, StacksOf::kAll);
  report.read_ms = static_cast<double>(monotonic_ns() - sample.at_ns) / 1e6;
  report.ps_count = look.census().ps;
  report.problems = look.problems();
  if (target->exited())
    return Error{"cannot take a census of process " + std::to_string(*pid),
                 "it ended while it was read", ""};
  std::map<int64_t, const MSample*> calls;
  for (const MSample& m : sample.ms) calls.emplace(m.id, &m);
  for (const MRecord& m : look.census().ms) report.ms.push_back(what_it_does(m, calls));

  const Stacks& stacks = symbols.stacks();
  if (options.format == "json") {
    write_census_json(report, stacks, out);
  } else if (options.format == "pprof") {
    write_census_pprof(report, stacks, out);
  } else {
    write_census_text(report, stacks, options.top, out);
  }
  out.flush();
  if (!out) return Error{"cannot write the census", "the output is closed or full", ""};
  return report.problems.empty() ? 0 : 4;
}

}  // namespace cgoscope
