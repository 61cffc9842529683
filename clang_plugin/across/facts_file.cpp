#include "clang_plugin/across/facts_file.h"

#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "clang_plugin/packages/source_tree.h"

namespace cgoscope {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kSchema = "cgoscope/facts/1";

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

// Takes values out of JSON; what is absent or of another kind makes it all wrong.
class Reader {
 public:
  bool is_wrong() const { return !wrong_.empty(); }
  const std::string& wrong() const { return wrong_; }
  void complain(const std::string& what) {
    if (wrong_.empty()) wrong_ = what;
  }

  const Json& member(const Json& object, const char* key) {
    static const Json none;
    const auto found = object.is_object() ? object.find(key) : object.end();
    if (object.is_object() && found != object.end()) return *found;
    complain(std::string("\"") + key + "\" is missing");
    return none;
  }

  std::string text(const Json& object, const char* key) {
    const Json& value = member(object, key);
    if (value.is_string()) return value.get<std::string>();
    complain(std::string("\"") + key + "\" is no string");
    return "";
  }

  int64_t number(const Json& object, const char* key, int64_t least, int64_t most) {
    const Json& value = member(object, key);
    const bool fits =
        value.is_number_integer() &&
        !(value.is_number_unsigned() && value.get<uint64_t>() > static_cast<uint64_t>(most)) &&
        value.get<int64_t>() >= least && value.get<int64_t>() <= most;
    if (fits) return value.get<int64_t>();
    complain(std::string("\"") + key + "\" is no number in its range");
    return least;
  }
  int line(const Json& object, const char* key) {
    return static_cast<int>(number(object, key, 0, std::numeric_limits<int>::max()));
  }

  const Json& list(const Json& object, const char* key, size_t most) {
    static const Json none = Json::array();
    const Json& value = member(object, key);
    if (value.is_array() && !value.empty() && value.size() <= most) return value;
    complain(std::string("\"") + key + "\" is no list of 1 to " + std::to_string(most));
    return none;
  }

  Finding way(const Json& json) {
    Finding way;
    way.rule = text(json, "rule");
    if (way.rule != "blocking-call" && way.rule != "busy-wait") complain("an unknown rule");
    if (const auto severity = parse_severity(text(json, "severity")))
      way.severity = *severity;
    else
      complain("an unknown severity");
    const std::string bound = text(json, "bound");
    for (const Bound one : {Bound::kUnbounded, Bound::kBounded, Bound::kVariable}) {
      if (bound == bound_name(one)) way.bound = one;
    }
    if (!way.bound) complain("an unknown bound");
    const int64_t limit = number(json, "bound_ms", -1, std::numeric_limits<int64_t>::max());
    if ((limit >= 0) != (way.bound == Bound::kBounded))
      complain("a limit that does not fit the bound");
    if (limit >= 0) way.bound_ms = limit;
    way.go.package = text(json, "package");
    way.go.file = text(json, "file");
    way.go.line = line(json, "line");
    way.go.column = line(json, "column");
    way.go.call = text(json, "call");
    const Json& place = member(json, "c");
    CPlace c;
    c.file = text(place, "file");
    c.line = line(place, "line");
    c.column = line(place, "column");
    c.function = text(place, "function");
    c.call = text(place, "call");
    way.c = std::move(c);
    for (const Json& step : list(json, "path", 2 * kMaxStepsOfWay))
      way.path.push_back({text(step, "function"), text(step, "file"), line(step, "line")});
    way.message = text(json, "message");
    way.advice = text(json, "advice");
    return way;
  }

 private:
  std::string wrong_;
};

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
  const Json json = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object()) return fail("it is no JSON object");
  Reader reader;
  if (reader.text(json, "schema") != kSchema)
    return fail("its schema is not " + std::string(kSchema) + "; another tool wrote it");
  functions.package_name = reader.text(json, "package");
  for (const Json& one : reader.list(json, "functions", kMaxFactsBytes)) {
    std::vector<Finding> ways;
    for (const Json& way : reader.list(one, "ways", kMaxWaysOfFunction))
      ways.push_back(reader.way(way));
    functions.functions[reader.text(one, "name")] = std::move(ways);
  }
  if (reader.is_wrong()) return fail(reader.wrong());
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
