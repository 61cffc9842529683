#include "clang_plugin/observed/observed_runs.h"

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <utility>

#include "findings/json_fields.h"
#include "findings/json_lines.h"

namespace cgoscope {
namespace {

using Json = nlohmann::json;

constexpr size_t kMostLineBytes = size_t{32} << 20;
constexpr size_t kMostRows = 100'000;
constexpr int kMostNesting = 16;
constexpr const char* kWatchSchema = "cgoscope/watch/1";
constexpr const char* kFindingSchema = "cgoscope/finding/1";
constexpr const char* kHint = "give a file that `cgoscope watch --format json --output` wrote";

Frame frame_from(const Json& json, std::string& problem) {
  JsonFields fields(json, problem);
  Frame frame;
  frame.function = fields.text("function");
  frame.file = fields.text("file");
  frame.line = fields.whole_number("line");
  return frame;
}

std::vector<Frame> stack_from(JsonFields& fields, std::string& problem) {
  std::vector<Frame> stack;
  if (const Json* frames = fields.objects("stack")) {
    for (const Json& frame : *frames) stack.push_back(frame_from(frame, problem));
  }
  return stack;
}

void take_where(JsonFields& fields, ObservedCall& call, std::string& problem) {
  const Json* where = fields.object("where");
  if (where == nullptr) return;
  call.package = JsonFields(*where, problem).text("package");
  call.where = frame_from(*where, problem);
}

class Reader {
 public:
  // What is wrong with the line; "" when nothing is.
  std::string line(const Json& json) {
    if (!json.is_object()) return "it is not a JSON object";
    std::string problem;
    const std::string type = JsonFields(json, problem).text("type");
    if (runs_.runs == 0 && type != "start") return "it does not begin with a run's start";
    if (type == "start") {
      start(json, problem);
    } else if (type == "finding") {
      finding(json, problem);
    } else if (type == "end") {
      end(json, problem);
    } else if (type != "tick") {
      return "it is no record of cgoscope watch";
    }
    if (runs_.seen.size() + found_.size() > kMostRows) return "there are too many calls";
    return problem;
  }

  ObservedRuns take() {
    cut_off();
    return std::move(runs_);
  }

 private:
  static void check_schema(const Json& json, const char* wanted, std::string& problem) {
    const std::string schema = JsonFields(json, problem).text("schema");
    if (problem.empty() && schema != wanted)
      problem = "its schema is '" + schema + "', where " + wanted + " is understood";
  }

  void start(const Json& json, std::string& problem) {
    check_schema(json, kWatchSchema, problem);
    cut_off();
    ++runs_.runs;
  }

  // Findings say less than the end: they were reported as soon as a call was long.
  void cut_off() {
    for (SeenInC& seen : found_) runs_.seen.push_back(std::move(seen));
    found_.clear();
  }

  void finding(const Json& json, std::string& problem) {
    check_schema(json, kFindingSchema, problem);
    JsonFields fields(json, problem);
    const bool is_stuck = fields.text("rule") == "stuck-m" && fields.text("subsystem") == "cgo";
    if (!is_stuck) return;
    SeenInC seen;
    seen.run = runs_.runs;
    seen.call.c_function = fields.text("c_function");
    take_where(fields, seen.call, problem);
    seen.call.stack = stack_from(fields, problem);
    if (const Json* evidence = fields.object("evidence")) {
      JsonFields measured(*evidence, problem);
      seen.calls = at_least_one(measured, "ms_count");
      seen.max_ms = measured.number("longest_ms");
      seen.call.syscall = measured.text("syscall");
    }
    if (const auto id = json.find("lint"); id != json.end() && id->is_string()) {
      seen.ids = {id->get<std::string>()};
      const auto others = json.find("lint_alike");
      take_ids(others != json.end() ? *others : Json::array(), seen.ids, problem);
      seen.by = MatchedBy::kLine;
    }
    found_.push_back(std::move(seen));
  }

  static int at_least_one(JsonFields& fields, const char* key) {
    const int count = fields.whole_number(key);
    if (count < 1) fields.fail(key, "is 0");
    return count;
  }

  static void take_ids(const Json& list, std::vector<std::string>& ids, std::string& problem) {
    if (!problem.empty()) return;
    if (!list.is_array()) problem = "its ids are not a list";
    for (const Json& id : list) {
      if (id.is_string()) ids.push_back(id.get<std::string>());
    }
    for (const std::string& id : ids) {
      if (!is_finding_id(id)) problem = "an id is not sixteen hexadecimal digits";
    }
  }

  void end(const Json& json, std::string& problem) {
    found_.clear();
    JsonFields fields(json, problem);
    const Json* lint = fields.object_or_null("lint");
    const Json* summary = fields.object("summary");
    if (summary == nullptr) return;
    if (lint == nullptr) {
      if (const Json* calls = JsonFields(*summary, problem).objects("long_c_calls")) {
        for (const Json& call : *calls) long_call(call, true, problem);
      }
      return;
    }
    JsonFields compared(*lint, problem);
    if (const Json* calls = compared.objects("confirmed")) {
      for (const Json& call : *calls) {
        SeenInC& seen = long_call(call, false, problem);
        JsonFields match(call, problem);
        const std::optional<MatchedBy> by = parse_matched_by(match.text("by"));
        if (!by) match.fail("by", "is not function, line or stack");
        seen.by = by.value_or(MatchedBy::kNothing);
        const auto ids = call.find("ids");
        take_ids(ids != call.end() ? *ids : Json(), seen.ids, problem);
      }
    }
    if (const Json* calls = compared.objects("unpredicted")) {
      for (const Json& call : *calls) long_call(call, true, problem);
    }
  }

  SeenInC& long_call(const Json& json, bool has_stack, std::string& problem) {
    JsonFields fields(json, problem);
    SeenInC& seen = runs_.seen.emplace_back();
    seen.run = runs_.runs;
    seen.call.c_function = fields.text("c_function");
    take_where(fields, seen.call, problem);
    if (has_stack) seen.call.stack = stack_from(fields, problem);
    seen.call.syscall = fields.text("syscall");
    seen.calls = at_least_one(fields, "calls");
    seen.max_ms = fields.number("max_ms");
    if (const auto running = json.find("running"); running != json.end() && running->is_boolean())
      seen.was_running = running->get<bool>();
    if (const Json* function = fields.object_or_null("function"))
      seen.p99_ms = JsonFields(*function, problem).number("p99_ms");
    return seen;
  }

  ObservedRuns runs_;
  std::vector<SeenInC> found_;  // by findings of a run that has not ended
};

}  // namespace

Result<ObservedRuns> read_observed_runs(std::istream& in, const std::string& path) {
  Reader reader;
  std::string line;
  for (int64_t number = 1;; ++number) {
    const LineEnd end = read_line(in, line, kMostLineBytes);
    const auto broken = [&](const std::string& why) {
      return Error{"cannot use what was observed in " + path,
                   "line " + std::to_string(number) + ": " + why, kHint};
    };
    if (end == LineEnd::kEndOfFile && line.empty()) {
      if (number == 1) return broken("the file is empty");
      break;
    }
    if (end == LineEnd::kTooLong) return broken("it is longer than 32 MiB");
    if (nests_deeper_than(line, kMostNesting)) return broken("it is nested too deeply");
    const Json json = Json::parse(line, nullptr, false);
    if (json.is_discarded()) {
      if (end == LineEnd::kEndOfFile && number > 1) break;  // cut off
      return broken("it is not JSON");
    }
    if (const std::string why = reader.line(json); !why.empty()) return broken(why);
    if (end == LineEnd::kEndOfFile) break;
  }
  return reader.take();
}

Result<ObservedRuns> read_observed_runs(const std::string& path) {
  std::error_code ignored;
  std::ifstream in(path, std::ios::binary);
  if (!in || std::filesystem::is_directory(path, ignored))
    return Error{"cannot read " + path, in ? "it is a directory" : std::strerror(errno),
                 "check the path given to --observed"};
  return read_observed_runs(in, path);
}

}  // namespace cgoscope
