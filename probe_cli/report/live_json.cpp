#include "probe_cli/report/live_json.h"

#include <fmt/format.h>

#include <cmath>
#include <ctime>
#include <vector>

namespace cgoscope {
namespace {

// To a thousandth: what is measured is no finer.
OrderedJson rounded(double value) {
  if (!std::isfinite(value)) return nullptr;
  return std::round(value * 1000) / 1000;
}

OrderedJson frames_json(const std::vector<Frame>& stack) {
  OrderedJson json = OrderedJson::array();
  for (const Frame& frame : stack) json.push_back(frame_json(frame));
  return json;
}

struct EvidenceJson {
  OrderedJson operator()(const StuckMEvidence& evidence) const {
    return {{"ms_count", evidence.ms_count},
            {"longest_ms", evidence.longest_ms},
            {"since_before_attach", evidence.since_before_attach},
            {"syscall", evidence.syscall},
            {"threads_total_count", evidence.threads_total_count},
            {"threads_limit_count", evidence.threads_limit_count}};
  }
  OrderedJson operator()(const ThreadChurnEvidence& evidence) const {
    return {{"created_per_s", rounded(evidence.created_per_s)},
            {"destroyed_per_s", rounded(evidence.destroyed_per_s)},
            {"started", place_json(evidence.started)},
            {"locked", place_json(evidence.locked)}};
  }
  OrderedJson operator()(const TimerFloodEvidence& evidence) const {
    return {{"created_per_s", rounded(evidence.created_per_s)},
            {"abandoned_per_s", rounded(evidence.abandoned_per_s)},
            {"live_count", evidence.live_count},
            {"live_growth_per_s", rounded(evidence.live_growth_per_s)},
            {"kept", evidence.kept}};
  }
  OrderedJson operator()(const GoroutineLeakEvidence& evidence) const {
    return {{"goroutines_count", evidence.goroutines_count},
            {"growth_per_s", rounded(evidence.growth_per_s)},
            {"woken_per_s",
             evidence.woken_per_s ? rounded(*evidence.woken_per_s) : OrderedJson(nullptr)},
            {"oldest_ms", evidence.oldest_ms ? OrderedJson(*evidence.oldest_ms) : nullptr},
            {"started", place_json(evidence.started)}};
  }
  OrderedJson operator()(const LockHeldEvidence& evidence) const {
    OrderedJson may_hold = OrderedJson::array();
    for (const LockHeldEvidence::Knower& knower : evidence.may_hold)
      may_hold.push_back({{"goroutine", knower.goroutine},
                          {"state", knower.state},
                          {"wait_reason", knower.wait_reason},
                          {"where", place_json(knower.where)}});
    return {
        {"waiters_count", evidence.waiters_count},
        {"longest_ms", evidence.longest_ms},
        {"knowers_count", evidence.knowers_count ? OrderedJson(*evidence.knowers_count) : nullptr},
        {"may_hold", std::move(may_hold)}};
  }
  OrderedJson operator()(const DeadlockEvidence& evidence) const {
    OrderedJson waits = OrderedJson::array();
    for (const DeadlockEvidence::Wait& wait : evidence.waits)
      waits.push_back({{"wait_reason", wait.reason},
                       {"where", place_json(wait.where)},
                       {"goroutines_count", wait.count}});
    return {{"goroutines_count", evidence.goroutines_count},
            {"foreign_threads_count", evidence.foreign_threads_count},
            {"waits", std::move(waits)},
            {"whole", evidence.whole}};
  }
  OrderedJson operator()(const GoroutineFloodEvidence& evidence) const {
    return {{"goroutines_count", evidence.goroutines_count},
            {"growth_per_s", rounded(evidence.growth_per_s)},
            {"started_per_s", rounded(evidence.started_per_s)},
            {"ended_per_s", rounded(evidence.ended_per_s)},
            {"entry", place_json(evidence.entry)}};
  }
  OrderedJson operator()(const ForcedGcEvidence& evidence) const {
    return {{"forced_per_s", rounded(evidence.forced_per_s)},
            {"pools_emptied_per_s", rounded(evidence.pools_emptied_per_s)}};
  }
  OrderedJson operator()(const GoschedSpinEvidence& evidence) const {
    return {{"yields_per_s", rounded(evidence.yields_per_s)}};
  }
  OrderedJson operator()(const CpuHogEvidence& evidence) const {
    return {{"goroutines_count", evidence.goroutines_count},
            {"preempted_per_s", rounded(evidence.preempted_per_s)},
            {"longest_ms", evidence.longest_ms}};
  }
  OrderedJson operator()(const FinalizerStallEvidence& evidence) const {
    return {{"kind", evidence.kind},
            {"objects_count", evidence.objects_count},
            {"longest_ms", evidence.longest_ms},
            {"finalizer", place_json(evidence.finalizer)}};
  }
  OrderedJson operator()(const PanicEvidence& evidence) const {
    return {{"value", evidence.value},
            {"value_kind", evidence.value_kind},
            {"entry", place_json(evidence.entry)},
            {"started", place_json(evidence.started)}};
  }
};

}  // namespace

std::string rfc3339(int64_t wall_ns) {
  constexpr int64_t kMs = 1'000'000, kSecond = 1000 * kMs;
  int64_t below_ns = wall_ns % kSecond;
  time_t seconds = wall_ns / kSecond;
  if (below_ns < 0) {
    below_ns += kSecond;
    --seconds;
  }
  struct tm parts{};
  if (!gmtime_r(&seconds, &parts)) return "1970-01-01T00:00:00.000Z";
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", parts.tm_year + 1900,
                     parts.tm_mon + 1, parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec,
                     below_ns / kMs);
}

std::string json_line(const OrderedJson& json) {
  return json.dump(-1, ' ', false, OrderedJson::error_handler_t::replace) + "\n";
}

OrderedJson frame_json(const Frame& frame) {
  return {{"function", frame.function}, {"file", frame.file}, {"line", frame.line}};
}

OrderedJson place_json(const Frame& frame) {
  return {{"package", go_package(frame.function)},
          {"function", frame.function},
          {"file", frame.file},
          {"line", frame.line}};
}

OrderedJson process_json(const Subject& subject) {
  return {{"pid", subject.pid},
          {"exe", subject.exe},
          {"go_version", subject.go_version},
          {"cgo", subject.cgo}};
}

OrderedJson finding_json(const LiveFinding& finding, const Subject& subject) {
  OrderedJson json;
  json["schema"] = "cgoscope/finding/1";
  json["id"] = finding.id;
  json["rule"] = finding.rule;
  json["severity"] = severity_name(finding.severity);
  json["first_seen"] = rfc3339(finding.first_seen_ns);
  json["last_seen"] = rfc3339(finding.last_seen_ns);
  json["process"] = process_json(subject);
  json["subsystem"] = finding.subsystem;
  json["wait_reason"] = finding.wait_reason;
  json["where"] = place_json(finding.where);
  json["c_function"] = finding.c_function;
  json["stack"] = frames_json(finding.stack);
  json["threads"] = finding.threads;
  json["goroutines"] = finding.goroutines;
  json["evidence"] = std::visit(EvidenceJson{}, finding.evidence);
  json["lint"] = finding.lint.empty() ? OrderedJson(nullptr) : OrderedJson(finding.lint);
  json["lint_alike"] = finding.lint_alike;
  json["message"] = finding.message;
  json["advice"] = finding.advice;
  return json;
}

}  // namespace cgoscope
