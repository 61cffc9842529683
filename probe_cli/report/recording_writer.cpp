#include <cmath>
#include <nlohmann/json.hpp>
#include <type_traits>

#include "probe_cli/report/live_json.h"
#include "probe_cli/report/recording.h"
#include "probe_cli/report/recording_fields.h"

namespace cgoscope {
namespace {

// What has its default is left out, which makes most of a sample short.
class ToJson {
 public:
  explicit ToJson(OrderedJson& json) : json_(json) {}

  template <typename T>
    requires std::is_integral_v<T>
  void operator()(const char* name, const T& value) {
    if (value != T{}) json_[name] = value;
  }
  void operator()(const char* name, const double& value) {
    json_[name] = std::isfinite(value) ? value : 0;
  }
  void operator()(const char* name, const std::string& value) {
    if (!value.empty()) json_[name] = value;
  }
  void operator()(const char* name, const cg_signal& value) { json_[name] = signal_name(value); }
  void operator()(const char* name, const recording::StackRef<const StackId>& stack) {
    if (stack.id != kNoStack) json_[name] = stack.id;
  }
  template <typename T>
  void operator()(const char* name, const std::optional<T>& value) {
    if (value) json_[name] = *value;
  }
  void operator()(const char* name, const std::vector<std::string>& values) {
    if (!values.empty()) json_[name] = values;
  }
  void operator()(const char* name, const std::vector<int64_t>& values) {
    if (!values.empty()) json_[name] = values;
  }
  template <typename T>
  void operator()(const char* name, const std::vector<T>& values) {
    if (values.empty()) return;
    OrderedJson& list = json_[name] = OrderedJson::array();
    for (const T& value : values) list.push_back(object(value));
  }
  void operator()(const char* name, const Subject& subject) { json_[name] = object(subject); }

  template <typename T>
  static OrderedJson object(const T& value) {
    OrderedJson json = OrderedJson::object();
    ToJson visit(json);
    recording::fields(visit, value);
    return json;
  }

 private:
  OrderedJson& json_;
};

void write(std::ostream& out, const OrderedJson& json) {
  const std::string line = json_line(json);
  out.write(line.data(), static_cast<std::streamsize>(line.size()));
}

}  // namespace

void RecordingWriter::start(const RunStart& start) {
  OrderedJson json = {{"recording", kRecordingVersion}};
  json["start"] = ToJson::object(start);
  write(out_, json);
}

void RecordingWriter::sample(const Sample& sample, const Stacks& stacks) {
  for (; stacks_written_ < stacks.size(); ++stacks_written_) {
    OrderedJson frames = OrderedJson::array();
    for (const Frame& frame : stacks[static_cast<StackId>(stacks_written_)]) {
      frames.push_back({frame.function, frame.file, frame.line});
    }
    write(out_, {{"stack", stacks_written_}, {"frames", std::move(frames)}});
  }
  write(out_, {{"sample", ToJson::object(sample)}});
  out_.flush();
}

void RecordingWriter::end(const RunEnd& end) {
  write(out_, {{"end", ToJson::object(end)}});
  out_.flush();
}

}  // namespace cgoscope
