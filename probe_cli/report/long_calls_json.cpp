#include "probe_cli/report/long_calls_json.h"

#include <algorithm>

namespace cgoscope {
namespace {

double milliseconds(uint64_t ns) { return static_cast<double>(ns / 1000) / 1000; }

OrderedJson call_json(const LongCall& seen) {
  OrderedJson function = nullptr;
  if (seen.function) {
    function = {{"calls", seen.function->calls},
                {"p50_ms", milliseconds(seen.function->p50_ns)},
                {"p99_ms", milliseconds(seen.function->p99_ns)},
                {"max_ms", milliseconds(seen.function->max_ns)},
                {"in_flight", seen.function->in_flight}};
  }
  OrderedJson where = place_json(seen.call.where);
  if (seen.call.where.function.empty()) where["package"] = seen.call.package;
  return {{"c_function", seen.call.c_function},
          {"where", std::move(where)},
          {"calls", seen.calls},
          {"max_ms", milliseconds(static_cast<uint64_t>(std::max<int64_t>(seen.longest_ns, 0)))},
          {"in_flight", seen.in_flight},
          {"syscall", seen.call.syscall},
          {"running", seen.was_running},
          {"function", std::move(function)}};
}

OrderedJson call_and_stack_json(const LongCall& seen) {
  OrderedJson json = call_json(seen);
  json["stack"] = OrderedJson::array();
  for (const Frame& frame : seen.call.stack) json["stack"].push_back(frame_json(frame));
  return json;
}

}  // namespace

OrderedJson long_calls_json(const std::vector<LongCall>& calls, size_t most) {
  OrderedJson json = OrderedJson::array();
  for (size_t i = 0; i < std::min(calls.size(), most); ++i)
    json.push_back(call_and_stack_json(calls[i]));
  return json;
}

OrderedJson lint_json(const std::optional<LintComparison>& lint, size_t most) {
  if (!lint) return nullptr;
  OrderedJson json = {{"file", lint->file},
                      {"findings", lint->findings},
                      {"problems", lint->problems},
                      {"long_ms", milliseconds(static_cast<uint64_t>(lint->long_ns))},
                      {"confirmed", OrderedJson::array()},
                      {"unpredicted", OrderedJson::array()},
                      {"unpredicted_count", lint->unpredicted.size()}};
  for (const ConfirmedFindings& row : lint->confirmed) {
    OrderedJson one = {{"ids", row.ids}, {"by", matched_by_name(row.by)}};
    one.update(call_json(row.seen));
    json["confirmed"].push_back(std::move(one));
  }
  for (size_t i = 0; i < std::min(lint->unpredicted.size(), most); ++i) {
    OrderedJson one = call_and_stack_json(lint->unpredicted[i].seen);
    one["elsewhere"] = lint->unpredicted[i].elsewhere;
    json["unpredicted"].push_back(std::move(one));
  }
  return json;
}

}  // namespace cgoscope
