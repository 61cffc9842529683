#include "clang_plugin/across/facts_file.h"

#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "clang_plugin/packages/source_tree.h"
#include "findings/finding_fields.h"
#include "findings/json_lines.h"

namespace cgoscope {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kSchema = "cgoscope/facts/1";
constexpr int kMostNesting = 16;

Json to_json(const Finding& way) {
  const CPlace c = way.c.value_or(CPlace{});
  Json json = {{"rule", way.rule},
               {"severity", severity_name(way.severity)},
               {"bound", way.bound ? bound_name(*way.bound) : ""},
               {"bound_ms", way.bound_ms.value_or(-1)},
               {"package", way.go.package},
               {"file", way.go.file},
               {"line", way.go.line},
               {"column", way.go.column},
               {"call", way.go.call},
               {"c",
                {{"file", c.file},
                 {"line", c.line},
                 {"column", c.column},
                 {"function", c.function},
                 {"call", c.call}}},
               {"path", Json::array()},
               {"message", way.message},
               {"advice", way.advice}};
  for (const PathStep& step : way.path)
    json["path"].push_back({{"function", step.function}, {"file", step.file}, {"line", step.line}});
  return json;
}

// nullptr when it is not one of 1 to `most` objects.
const nlohmann::json* list_of(JsonFields& fields, const char* key, size_t most) {
  const nlohmann::json* list = fields.objects(key);
  if (list != nullptr && !list->empty() && list->size() <= most) return list;
  fields.fail(key, "is no list of 1 to " + std::to_string(most));
  return nullptr;
}

Finding way_from(const nlohmann::json& json, std::string& problem) {
  JsonFields fields(json, problem);
  Finding way;
  way.rule = fields.text("rule");
  if (way.rule != "blocking-call" && way.rule != "busy-wait") fields.fail("rule", "is unknown");
  const auto severity = parse_severity(fields.text("severity"));
  if (!severity) fields.fail("severity", "is unknown");
  way.severity = severity.value_or(Severity::kWarning);
  way.bound = parse_bound(fields.text("bound"));
  if (!way.bound) fields.fail("bound", "is unknown");
  const auto limit = json.find("bound_ms");
  const bool is_limited = limit != json.end() && limit->is_number_unsigned();
  if (is_limited && limit->get<uint64_t>() <= std::numeric_limits<int64_t>::max())
    way.bound_ms = limit->get<int64_t>();
  if (way.bound_ms.has_value() != (way.bound == Bound::kBounded) ||
      (!way.bound_ms && (limit == json.end() || *limit != -1)))
    fields.fail("bound_ms", "does not fit the bound");
  way.go.package = fields.text("package");
  way.go.file = fields.text("file");
  way.go.line = fields.whole_number("line");
  way.go.column = fields.whole_number("column");
  way.go.call = fields.text("call");
  if (const nlohmann::json* c = fields.object("c")) way.c = c_place_from(*c, problem);
  if (list_of(fields, "path", 2 * kMaxStepsOfWay)) way.path = path_from(fields, problem);
  way.message = fields.text("message");
  way.advice = fields.text("advice");
  return way;
}

}  // namespace

std::string render_facts(const BlockingFunctions& functions) {
  if (functions.empty()) return "";
  Json json = {{"schema", kSchema}, {"package", functions.package_name}};
  Json& list = json["functions"] = Json::array();
  for (const auto& [name, ways] : functions.functions) {
    Json one = {{"name", name}, {"ways", Json::array()}};
    for (const Finding& way : ways) one["ways"].push_back(to_json(way));
    list.push_back(std::move(one));
  }
  return json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

Result<BlockingFunctions> parse_facts(std::string_view text, const std::string& path) {
  const auto fail = [&](const std::string& why) {
    return Error{"cannot use the facts of a package in " + path, why,
                 "go vet keeps them in its cache: go clean -cache, then run it again"};
  };
  BlockingFunctions functions;
  if (text.empty()) return functions;
  if (nests_deeper_than(text, kMostNesting)) return fail("it is nested too deeply");
  const auto json = nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object()) return fail("it is no JSON object");
  std::string problem;
  JsonFields fields(json, problem);
  if (fields.text("schema") != kSchema)
    return fail("its schema is not " + std::string(kSchema) + "; another tool wrote it");
  functions.package_name = fields.text("package");
  if (const nlohmann::json* list = list_of(fields, "functions", kMaxFactsBytes)) {
    for (const nlohmann::json& each : *list) {
      JsonFields one(each, problem);
      std::vector<Finding> ways;
      if (const nlohmann::json* found = list_of(one, "ways", kMaxWaysOfFunction)) {
        for (const nlohmann::json& way : *found) ways.push_back(way_from(way, problem));
      }
      functions.functions[one.text("name")] = std::move(ways);
    }
  }
  if (!problem.empty()) return fail(problem);
  return functions;
}

Result<BlockingFunctions> read_facts(const std::string& path) {
  const auto text = read_bytes(path, kMaxFactsBytes + 1);
  if (!text || text->size() > kMaxFactsBytes) {
    return Error{"cannot use the facts of a package in " + path,
                 text ? "it is larger than 64 MiB" : "it cannot be read",
                 "go vet keeps them in its cache: go clean -cache, then run it again"};
  }
  return parse_facts(*text, path);
}

}  // namespace cgoscope
