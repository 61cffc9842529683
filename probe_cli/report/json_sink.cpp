// JSON Lines, docs/formats/watch.schema.json. A record is one write, so that the lines of several
// processes that share a file or a pipe do not mix.
#include <cmath>

#include "probe_cli/report/live_json.h"
#include "probe_cli/report/long_calls_json.h"
#include "probe_cli/report/sink.h"
#include "probe_cli/report/summary.h"

namespace cgoscope {
namespace {

constexpr size_t kSummaryRows = 20;

OrderedJson number(double value) {
  return std::isfinite(value) ? OrderedJson(value) : OrderedJson(nullptr);
}

double milliseconds(uint64_t ns) { return static_cast<double>(ns / 1000) / 1000; }
double milliseconds(int64_t ns) { return static_cast<double>(ns / 1000) / 1000; }

template <typename T>
OrderedJson or_null(const std::optional<T>& value) {
  return value ? OrderedJson(*value) : OrderedJson(nullptr);
}

OrderedJson event_json(const EventSample& event, const Stacks& stacks) {
  OrderedJson json = {{"signal", signal_name(event.signal)},
                      {"tid", event.tid},
                      {"goid", event.goid},
                      {"text", event.text},
                      {"stack", OrderedJson::array()}};
  for (const Frame& frame : stacks[event.stack]) json["stack"].push_back(frame_json(frame));
  return json;
}

OrderedJson signal_json(const SignalSample& signal, int64_t run_ns) {
  const cg_books& books = signal.books;
  return {{"name", signal_name(signal.signal)},
          {"state", signal.state},
          {"reason", signal.reason},
          {"hits", books.hits},
          {"filtered", books.filtered},
          {"aggregated", books.aggregated},
          {"delivered", books.delivered},
          {"ring_full", books.ring_full},
          {"map_full", books.map_full},
          {"missed", signal.missed},
          {"attached_ms", milliseconds(signal.attached_ns)},
          {"run_ms", milliseconds(run_ns)}};
}

OrderedJson summary_json(const RunSummary& summary, const Stacks& stacks) {
  OrderedJson json;
  json["cgo_calls"] = OrderedJson::array();
  for (const CgoFunctionSample& call : summary.cgo_calls) {
    OrderedJson row = {
        {"c_function", call.c_function},       {"calls", call.calls},
        {"p50_ms", milliseconds(call.p50_ns)}, {"p99_ms", milliseconds(call.p99_ns)},
        {"max_ms", milliseconds(call.max_ns)}, {"total_ms", milliseconds(call.total_ns)},
        {"in_flight", call.in_flight},         {"stack", OrderedJson::array()}};
    for (const Frame& frame : stacks[call.stack]) row["stack"].push_back(frame_json(frame));
    json["cgo_calls"].push_back(std::move(row));
  }
  json["parks"] = OrderedJson::array();
  for (const ParkRow& row : summary.parks) {
    json["parks"].push_back(
        {{"reason", row.reason}, {"where", place_json(row.where)}, {"count", row.count}});
  }
  json["timers"] = OrderedJson::array();
  for (const TimerRow& row : summary.timers) {
    json["timers"].push_back({{"where", place_json(row.where)},
                              {"created", row.created},
                              {"stopped", row.stopped},
                              {"fired", row.fired},
                              {"unfollowed", row.unfollowed}});
  }
  json["threads"] = {{"created", or_null(summary.threads_created)},
                     {"destroyed", or_null(summary.threads_destroyed)}};
  return json;
}

class JsonSink : public Sink {
 public:
  explicit JsonSink(std::ostream& out) : out_(out) {}

  void start(const RunStart& start) override {
    subject_ = start.subject;
    OrderedJson json = record("start", start.wall_ns);
    json["schema"] = "cgoscope/watch/1";
    json["tool"] = {{"name", "cgoscope"}, {"version", start.tool_version}};
    json["process"] = process_json(subject_);
    json["keeps_abandoned_timers"] = subject_.keeps_abandoned_timers;
    json["started_by_us"] = subject_.started_by_us;
    json["link_kind"] = start.link_kind;
    json["interval_s"] = number(start.interval_s);
    json["notes"] = start.notes;
    write(json);
  }

  void tick(const Sample& sample, const Stacks& stacks) override {
    OrderedJson json = record("tick", sample.wall_ns);
    json["run_ms"] = milliseconds(sample.run_ns);
    int64_t in_c = 0;
    for (const MSample& m : sample.ms) in_c += m.in_cgo ? 1 : 0;
    const auto from_memory = [&](int64_t value) {
      return sample.memory_read ? OrderedJson(value) : OrderedJson(nullptr);
    };
    json["threads"] = {{"count", sample.threads},
                       {"limit", from_memory(sample.threads_limit)},
                       {"created", from_memory(sample.threads_created)},
                       {"freed", from_memory(sample.threads_freed)}};
    json["ms"] = {{"in_c", from_memory(in_c)},
                  {"in_syscall", from_memory(static_cast<int64_t>(sample.ms.size()) - in_c)}};
    json["live_timers"] = or_null(sample.live_timers);
    json["overhead_share"] = number(sample.overhead_share);
    json["events"] = OrderedJson::array();
    for (const EventSample& event : sample.events) {
      json["events"].push_back(event_json(event, stacks));
    }
    write(json);
  }

  void finding(const LiveFinding& finding, bool again) override {
    OrderedJson json = record("finding", finding.last_seen_ns);
    json["again"] = again;
    json.update(finding_json(finding, subject_));
    write(json);
  }

  void end(const RunEnd& end, const Sample& last, const Stacks& stacks) override {
    OrderedJson json = record("end", end.wall_ns);
    json["findings"] = end.findings.size();
    json["run_ms"] = milliseconds(end.run_ns);
    json["why"] = end.why;
    json["target"] = {{"exited", end.target_exited},
                      {"signal", or_null(end.target_signal)},
                      {"status", or_null(end.target_status)}};
    json["signals"] = OrderedJson::array();
    for (const SignalSample& signal : last.signals) {
      json["signals"].push_back(signal_json(signal, last.run_ns));
    }
    json["overhead"] = {{"attach_ms", number(end.attach_ms)},
                        {"detach_ms", number(end.detach_ms)},
                        {"ns_per_hit", number(end.ns_per_hit)},
                        {"share_of_budget_cpus", number(end.share_of_budget_cpus)},
                        {"share_of_target_cpu_time", number(end.share_of_target_cpu_time)}};
    json["summary"] = summary_json(summarise(subject_, last, stacks, kSummaryRows), stacks);
    json["summary"]["long_c_calls"] = long_calls_json(end.long_calls, kSummaryRows);
    json["lint"] = lint_json(end.lint, kSummaryRows);
    json["not_ruled_out"] = OrderedJson::array();
    for (const NotRuledOut& row : end.not_ruled_out)
      json["not_ruled_out"].push_back(
          {{"rule", row.rule}, {"needs_ms", milliseconds(row.needs_ns)}});
    json["notes"] = end.notes;
    write(json);
  }

 private:
  static OrderedJson record(const char* type, int64_t wall_ns) {
    return {{"type", type}, {"time", rfc3339(wall_ns)}};
  }

  void write(const OrderedJson& json) {
    const std::string line = json_line(json);
    out_.write(line.data(), static_cast<std::streamsize>(line.size()));
    out_.flush();
  }

  std::ostream& out_;
  Subject subject_;
};

}  // namespace

std::unique_ptr<Sink> make_json_sink(std::ostream& out) { return std::make_unique<JsonSink>(out); }

}  // namespace cgoscope
