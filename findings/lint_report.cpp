#include "findings/lint_report.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "findings/finding_fields.h"
#include "findings/json_lines.h"

namespace cgoscope {
namespace {

using Json = nlohmann::json;

constexpr size_t kMostBytes = size_t{64} << 20;
constexpr int kMostNesting = 16;
constexpr const char* kHint = "give a file that `cgoscope-lint --format json` wrote";

Finding finding_from(const Json& json, std::string& problem) {
  Finding finding;
  JsonFields fields(json, problem);
  finding.id = fields.text("id");
  if (!is_finding_id(finding.id)) fields.fail("id", "is not sixteen hexadecimal digits");
  finding.rule = fields.text("rule");
  const std::optional<Severity> severity = parse_severity(fields.text("severity"));
  if (!severity) fields.fail("severity", "is not error, warning or note");
  finding.severity = severity.value_or(Severity::kWarning);
  if (const auto bound = json.find("bound"); bound != json.end() && !bound->is_null()) {
    finding.bound = parse_bound(fields.text("bound"));
    if (!finding.bound) fields.fail("bound", "is not unbounded, bounded or variable");
  }
  if (const auto bound = json.find("bound_ms"); bound != json.end() && !bound->is_null()) {
    if (!bound->is_number_integer()) fields.fail("bound_ms", "is not a whole number");
    if (problem.empty()) finding.bound_ms = bound->get<int64_t>();
  }
  if (const Json* go = fields.object("go")) {
    JsonFields place(*go, problem);
    finding.go.package = place.text("package");
    finding.go.file = place.text("file");
    finding.go.line = place.whole_number("line");
    finding.go.column = place.whole_number("column");
    finding.go.function = place.text("function");
    finding.go.call = place.text("call");
  }
  if (const Json* c = fields.object_or_null("c")) finding.c = c_place_from(*c, problem);
  finding.path = path_from(fields, problem);
  finding.message = fields.text("message");
  finding.advice = fields.text("advice");
  return finding;
}

}  // namespace

Result<PredictedFindings> parse_lint_report(std::string_view text, const std::string& path) {
  const auto no_report = [&](const std::string& why, const std::string& hint = kHint) {
    return Error{"cannot use the lint's findings in " + path, why, hint};
  };
  if (nests_deeper_than(text, kMostNesting)) return no_report("it is nested too deeply");
  const Json json = Json::parse(text, nullptr, false);
  if (json.is_discarded()) return no_report("it is not JSON, or was cut off");
  if (!json.is_object()) return no_report("it is not a JSON object");
  const auto schema = json.find("schema");
  if (schema == json.end() || !schema->is_string())
    return json.contains("runs")
               ? no_report("it is SARIF")
               : no_report("it has no \"schema\": \"" + std::string(kLintSchema) + '"');
  if (const auto& name = schema->get_ref<const std::string&>(); name != kLintSchema) {
    return no_report(
        "its schema is " + name + ", where " + std::string(kLintSchema) + " is understood",
        name.starts_with("cgoscope/lint/")
            ? "another version of cgoscope-lint wrote it: use the one that was "
              "released with this cgoscope"
            : kHint);
  }
  const auto list = json.find("findings");
  if (list == json.end() || !list->is_array()) return no_report("it has no list \"findings\"");
  PredictedFindings report;
  report.file = path;
  size_t number = 0;
  for (const Json& one : *list) {
    const std::string which = "finding " + std::to_string(++number) + ": ";
    if (!one.is_object()) return no_report(which + "it is not an object");
    std::string problem;
    Finding finding = finding_from(one, problem);
    if (!problem.empty()) return no_report(which + problem);
    if (finding.go.call.starts_with("C.")) report.findings.push_back(std::move(finding));
  }
  if (const auto errors = json.find("errors"); errors != json.end() && errors->is_array())
    report.problems = errors->size();
  return report;
}

Result<PredictedFindings> read_lint_report(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::string text(size_t{1} << 16, '\0');
  size_t bytes = 0;
  while (in && bytes <= kMostBytes) {
    if (text.size() == bytes) text.resize(2 * bytes);
    in.read(text.data() + bytes, static_cast<std::streamsize>(text.size() - bytes));
    bytes += static_cast<size_t>(in.gcount());
  }
  if (!in.eof() && bytes <= kMostBytes)
    return Error{"cannot read the lint's findings in " + path, std::strerror(errno),
                 "check the path given to --lint"};
  if (bytes > kMostBytes)
    return Error{"cannot use the lint's findings in " + path, "it is larger than 64 MiB", kHint};
  text.resize(bytes);
  return parse_lint_report(text, path);
}

}  // namespace cgoscope
