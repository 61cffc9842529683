#include "probe_cli/report/sink.h"

namespace cgoscope {

void tell(Sink& sink, Judge& judge, const Sample& sample, const Stacks& stacks) {
  for (const LiveFinding& finding : judge.judge(sample, stacks))
    sink.finding(finding, finding.first_seen_ns != finding.last_seen_ns);
  sink.tick(sample, stacks);
}

void conclude(RunEnd& end, const Judge& judge, int64_t look_ns) {
  end.findings = judge.all();
  end.long_calls = judge.long_calls();
  end.lint = judge.lint();
  if (end.why == kDurationIsOver || end.why == kInterrupted || end.why == kTargetExited)
    end.not_ruled_out = judge.not_ruled_out(end.run_ns, look_ns);
}

}  // namespace cgoscope
