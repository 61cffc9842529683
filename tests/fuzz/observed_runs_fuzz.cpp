// Runs of the probe, which anybody can send: read, and held against findings.
#include <cstddef>
#include <cstdint>
#include <sstream>
#include <string>

#include "clang_plugin/observed/observed_findings.h"
#include "clang_plugin/observed/observed_runs.h"
#include "tests/fuzz/check.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace cgoscope;
  std::istringstream in(std::string(reinterpret_cast<const char*>(data), size));
  const Result<ObservedRuns> runs = read_observed_runs(in, "run.jsonl");
  if (!runs) {
    CHECK(!runs.error().why.empty() && !runs.error().hint.empty());
    return 0;
  }
  LintReport report;
  Finding finding;
  finding.id = "40208748668a173b";
  finding.rule = "blocking-call";
  finding.go = {"example.org/p", "main.go", 27, 7, "main.readFrames", "C.sensor_read"};
  finding.c = CPlace{"sensor.c", 9, 10, "wait_readable", "poll"};
  report.findings = {finding};
  apply_observed(*runs, "run.jsonl", report);
  CHECK(report.findings.size() == 1);
  if (report.findings[0].observed) {
    CHECK(report.findings[0].observed->calls > 0 && report.findings[0].observed->runs > 0);
  }
  CHECK(!render_json(report).empty() && !render_text(report, {}).empty());
  return 0;
}
