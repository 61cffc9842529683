// A recording may come from anybody: every id, number and length is checked, and what a line can
// make us allocate is bounded by its own length.
#include <algorithm>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <type_traits>

#include "findings/json_lines.h"
#include "probe_cli/report/recording.h"
#include "probe_cli/report/recording_fields.h"

namespace cgoscope {
namespace {

using Json = nlohmann::json;

constexpr size_t kMostLineBytes = size_t{32} << 20;
constexpr size_t kMostStacks = size_t{1} << 20;
constexpr size_t kMostFrames = 1024;
constexpr int kMostNesting = 8;
constexpr int64_t kLatestNs = int64_t{1} << 62;  // 146 years: differences of times do not overflow

// Fills a value's fields from an object. A key that is missing leaves the default, one that is not
// known is passed over, so that a later minor change of the form can be read; a value of the wrong
// type or out of range is a problem.
class FromJson {
 public:
  FromJson(const Json& object, const std::vector<StackId>& stacks, std::string& problem)
      : object_(object), stacks_(stacks), problem_(problem) {}

  template <typename T>
  static void fill(T& value, const Json& json, const std::vector<StackId>& stacks,
                   std::string& problem, const std::string& name) {
    if (!json.is_object()) {
      problem = name + " is not an object";
      return;
    }
    FromJson visit(json, stacks, problem);
    recording::fields(visit, value);
  }

  void operator()(const char* name, bool& value) {
    const Json* json = find(name);
    if (!json) return;
    if (!json->is_boolean()) return fail(name, "is not true or false");
    value = json->get<bool>();
  }
  template <typename T>
    requires std::is_integral_v<T>
  void operator()(const char* name, T& value) {
    if (const Json* json = find(name)) number(name, *json, value);
  }
  void operator()(const char* name, double& value) {
    const Json* json = find(name);
    if (!json) return;
    if (!json->is_number()) return fail(name, "is not a number");
    const auto read = json->get<double>();
    if (!std::isfinite(read)) return fail(name, "is not finite");
    value = read;
  }
  void operator()(const char* name, std::string& value) {
    const Json* json = find(name);
    if (!json) return;
    if (!json->is_string()) return fail(name, "is not a string");
    value = json->get_ref<const std::string&>();
  }
  void operator()(const char* name, cg_signal& value) {
    std::string text;
    (*this)(name, text);
    if (!problem_.empty()) return;
    const auto signal = parse_signal(text);
    if (!signal) return fail(name, "is not a signal");
    value = *signal;
  }
  void operator()(const char* name, const recording::StackRef<StackId>& stack) {
    uint32_t id = 0;
    (*this)(name, id);
    if (!problem_.empty()) return;
    if (id >= stacks_.size()) return fail(name, "is no stack that was recorded before");
    stack.id = stacks_[id];
  }
  template <typename T>
  void operator()(const char* name, std::optional<T>& value) {
    const Json* json = find(name);
    if (!json || json->is_null()) return;
    T read{};
    number(name, *json, read);
    if (problem_.empty()) value = read;
  }
  void operator()(const char* name, std::vector<std::string>& values) {
    const Json* json = list(name);
    if (!json) return;
    for (const Json& each : *json) {
      if (!each.is_string()) return fail(name, "holds something that is not a string");
      values.push_back(each.get_ref<const std::string&>());
    }
  }
  void operator()(const char* name, std::vector<int64_t>& values) {
    const Json* json = list(name);
    if (!json) return;
    for (const Json& each : *json) {
      number(name, each, values.emplace_back());
      if (!problem_.empty()) return;
    }
  }
  template <typename T>
  void operator()(const char* name, std::vector<T>& values) {
    const Json* json = list(name);
    if (!json) return;
    for (const Json& each : *json) {
      fill(values.emplace_back(), each, stacks_, problem_, std::string("an element of ") + name);
      if (!problem_.empty()) return;
    }
  }
  void operator()(const char* name, Subject& subject) {
    if (const Json* json = find(name)) fill(subject, *json, stacks_, problem_, name);
  }

 private:
  const Json* find(const char* name) const {
    if (!problem_.empty()) return nullptr;
    const auto at = object_.find(name);
    return at == object_.end() ? nullptr : &*at;
  }

  const Json* list(const char* name) {
    const Json* json = find(name);
    if (json && !json->is_array()) {
      fail(name, "is not a list");
      return nullptr;
    }
    return json;
  }

  template <typename T>
  void number(const char* name, const Json& json, T& value) {
    using Limits = std::numeric_limits<T>;
    if (json.is_number_unsigned()) {
      const auto read = json.get<uint64_t>();
      if (read > static_cast<uint64_t>(Limits::max())) return fail(name, "is too large");
      value = static_cast<T>(read);
    } else if (json.is_number_integer()) {
      const auto read = json.get<int64_t>();
      if (std::is_unsigned_v<T>) return fail(name, "is negative");
      if (read < static_cast<int64_t>(Limits::min())) return fail(name, "is too small");
      value = static_cast<T>(read);
    } else {
      fail(name, "is not a whole number");
    }
  }

  void fail(const char* name, const char* why) { problem_ = std::string(name) + " " + why; }

  const Json& object_;
  const std::vector<StackId>& stacks_;
  std::string& problem_;
};

bool is_time(int64_t ns) { return ns >= 0 && ns <= kLatestNs; }

class Interpreter {
 public:
  explicit Interpreter(RecordingReader& reader) : reader_(reader), stacks_(reader.stacks) {}

  bool started() const { return started_; }

  // What is wrong with the line; "" when nothing is.
  std::string line(const Json& json) {
    if (!json.is_object()) return "it is not a JSON object";
    if (ended_) return "something follows the end record";
    if (json.contains("recording")) return start(json);
    if (!started_) return "the recording does not begin with its header";
    if (json.contains("stack")) return stack(json);
    if (json.contains("sample")) return sample(json["sample"]);
    if (json.contains("end")) return end(json["end"]);
    return "it is neither a stack, a sample nor an end";
  }

 private:
  std::string start(const Json& json) {
    if (started_) return "a second header";
    started_ = true;
    RunStart start;
    std::string problem;
    if (!json.contains("start")) return "the header has no start";
    FromJson::fill(start, json["start"], ids_, problem, "start");
    if (!problem.empty()) return problem;
    if (!is_time(start.wall_ns)) return "its time is out of range";
    if (!(start.interval_s > 0 && start.interval_s <= 1e9)) return "its interval is out of range";
    if (reader_.on_start) reader_.on_start(start);
    return problem;
  }

  std::string stack(const Json& json) {
    const Json& id = json["stack"];
    if (!id.is_number_unsigned() || id.get<uint64_t>() != ids_.size())
      return "stacks are not numbered one after another";
    if (ids_.size() >= kMostStacks) return "there are too many stacks";
    if (!json.contains("frames") || !json["frames"].is_array()) return "a stack has no frames";
    std::vector<Frame> frames;
    for (const Json& each : json["frames"]) {
      if (frames.size() == kMostFrames) return "a stack has too many frames";
      if (!each.is_array() || each.size() != 3 || !each[0].is_string() || !each[1].is_string() ||
          !each[2].is_number_integer()) {
        return "a frame is not [function, file, line]";
      }
      const auto line = each[2].get<int64_t>();
      if (line < 0 || line > std::numeric_limits<int>::max()) return "a line is out of range";
      frames.push_back({each[0].get_ref<const std::string&>(),
                        each[1].get_ref<const std::string&>(), static_cast<int>(line), 0});
    }
    ids_.push_back(stacks_.add(std::move(frames)));
    return "";
  }

  std::string sample(const Json& json) {
    Sample sample;
    std::string problem;
    FromJson::fill(sample, json, ids_, problem, "sample");
    if (!problem.empty()) return problem;
    if (!is_time(sample.at_ns) || !is_time(sample.wall_ns) || !is_time(sample.run_ns) ||
        !is_time(sample.finalizer_began_ns) ||
        !std::all_of(sample.ms.begin(), sample.ms.end(),
                     [](const MSample& m) { return is_time(m.began_ns); })) {
      return "a time is out of range";
    }
    if (reader_.on_sample) reader_.on_sample(sample, stacks_);
    return problem;
  }

  std::string end(const Json& json) {
    RunEnd end;
    std::string problem;
    FromJson::fill(end, json, ids_, problem, "end");
    ended_ = true;
    if (problem.empty() && (!is_time(end.wall_ns) || !is_time(end.run_ns))) {
      return "a time is out of range";
    }
    if (problem.empty() && reader_.on_end) reader_.on_end(std::move(end));
    return problem;
  }

  const RecordingReader& reader_;
  bool started_ = false, ended_ = false;
  Stacks& stacks_;
  std::vector<StackId> ids_ = {kNoStack};  // by the number in the file
};

Error not_a_recording(const std::string& why) {
  return {"cannot replay this file", why, "give a file that `cgoscope watch --record` wrote"};
}

}  // namespace

Result<bool> RecordingReader::read(std::istream& in) {
  stacks = Stacks();
  Interpreter interpreter(*this);
  std::string line;
  for (int64_t number = 1;; ++number) {
    const LineEnd end = read_line(in, line, kMostLineBytes);
    if (end == LineEnd::kEndOfFile && line.empty()) break;
    const auto broken = [&](const std::string& why) {
      return Error{"line " + std::to_string(number) + " of the recording is broken", why,
                   "replay a copy that is whole"};
    };
    if (end == LineEnd::kTooLong) return broken("it is longer than 32 MiB");
    if (nests_deeper_than(line, kMostNesting)) return broken("it is nested too deeply");
    const Json json = Json::parse(line, nullptr, false);
    if (json.is_discarded()) {
      if (end == LineEnd::kEndOfFile && interpreter.started()) break;  // cut off
      if (number == 1) return not_a_recording("it does not begin with a recording's header");
      return broken("it is not JSON");
    }
    if (number == 1) {
      const auto version = json.is_object() ? json.find("recording") : json.end();
      if (!json.is_object() || version == json.end() || !version->is_string()) {
        return not_a_recording("it does not begin with a recording's header");
      }
      const auto& name = version->get_ref<const std::string&>();
      if (name != kRecordingVersion) {
        if (!name.starts_with("cgoscope/recording/")) {
          return not_a_recording("its header says that it is something else");
        }
        return Error{"cannot replay this recording",
                     "its form is '" + name + "', and this cgoscope reads " + kRecordingVersion,
                     "use the cgoscope that recorded it, or a newer one"};
      }
    }
    if (const std::string why = interpreter.line(json); !why.empty()) return broken(why);
    if (end == LineEnd::kEndOfFile) break;
  }
  if (!interpreter.started()) return not_a_recording("it is empty");
  return true;
}

}  // namespace cgoscope
