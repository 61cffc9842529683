// The contract is docs/formats/lint.schema.json. Bytes of a file name or a message that are not
// UTF-8 become U+FFFD: JSON has no other way.
#include <nlohmann/json.hpp>

#include "clang_plugin/report/report.h"

namespace cgoscope {
namespace {

using Json = nlohmann::ordered_json;

Json observed_json(const std::optional<ObservedBlocking>& observed) {
  if (!observed) return nullptr;
  return {{"max_ms", observed->max_ms},
          {"p99_ms", observed->p99_ms ? Json(*observed->p99_ms) : Json(nullptr)},
          {"calls", observed->calls},
          {"runs", observed->runs},
          {"by", matched_by_name(observed->by)}};
}

Json to_json(const GoPlace& go) {
  return {{"package", go.package}, {"file", go.file},         {"line", go.line},
          {"column", go.column},   {"function", go.function}, {"call", go.call}};
}

Json to_json(const Finding& finding, bool is_observed) {
  Json json;
  json["id"] = finding.id;
  json["rule"] = finding.rule;
  json["severity"] = severity_name(finding.severity);
  json["bound"] = finding.bound ? Json(bound_name(*finding.bound)) : Json(nullptr);
  json["bound_ms"] = finding.bound_ms ? Json(*finding.bound_ms) : Json(nullptr);
  json["go"] = to_json(finding.go);
  if (finding.c) {
    const CPlace& c = *finding.c;
    json["c"] = {{"file", c.file},
                 {"line", c.line},
                 {"column", c.column},
                 {"function", c.function},
                 {"call", c.call}};
  } else {
    json["c"] = nullptr;
  }
  json["path"] = Json::array();
  for (const PathStep& step : finding.path) {
    json["path"].push_back({{"function", step.function}, {"file", step.file}, {"line", step.line}});
  }
  json["message"] = finding.message;
  json["advice"] = finding.advice;
  if (is_observed) json["observed"] = observed_json(finding.observed);
  return json;
}

}  // namespace

std::string render_json(const LintReport& report) {
  Json json;
  json["schema"] = "cgoscope/lint/1";
  json["tool"] = {{"name", "cgoscope-lint"}, {"version", report.tool_version}};
  json["findings"] = Json::array();
  for (const Finding& finding : report.findings)
    json["findings"].push_back(to_json(finding, report.is_observed));
  json["errors"] = Json::array();
  for (const Problem& problem : report.errors) {
    json["errors"].push_back(
        {{"file", problem.file}, {"line", problem.line}, {"message", problem.message}});
  }
  json["notes"] = report.notes;
  if (report.lists_unknown) {
    json["unknown_functions"] = Json::array();
    for (const UnknownFunction& function : report.unknown)
      json["unknown_functions"].push_back({{"name", function.name},
                                           {"header", function.header},
                                           {"library_has_rows", function.library_has_rows},
                                           {"go", to_json(function.go)}});
  }
  const LintStats& stats = report.stats;
  json["stats"] = {{"packages", stats.packages},
                   {"translation_units", stats.translation_units},
                   {"c_functions", stats.c_functions},
                   {"go_call_sites", stats.go_call_sites},
                   {"unknown_functions", report.unknown.size()},
                   {"elapsed_ms", stats.elapsed_ms}};
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace cgoscope
