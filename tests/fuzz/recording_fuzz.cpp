// Recordings, which anybody can send: read, written again, read again, judged and reported.
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <sstream>
#include <string>

#include "probe_cli/detect/detector.h"
#include "probe_cli/report/recording.h"
#include "tests/fuzz/check.h"

namespace {

using namespace cgoscope;

// What a recording says, as the writer writes it.
struct Copy {
  bool read = false;
  std::string text;
};

Copy copy_of(const std::string& text) {
  std::ostringstream out;
  RecordingWriter writer(out);
  RecordingReader reader;
  reader.on_start = [&](const RunStart& start) { writer.start(start); };
  reader.on_sample = [&](const Sample& sample, const Stacks& stacks) {
    writer.sample(sample, stacks);
  };
  reader.on_end = [&](const RunEnd& end) { writer.end(end); };
  std::istringstream in(text);
  return {reader.read(in).has_value(), out.str()};
}

void replay(const std::string& text) {
  std::optional<Judge> judge;
  std::ostringstream out;
  const std::unique_ptr<Sink> sinks[] = {make_text_sink(out, false), make_json_sink(out)};
  Sample last;
  RecordingReader reader;
  reader.on_start = [&](const RunStart& start) {
    judge.emplace(start.subject, Settings{}, Selection{});
    for (const auto& sink : sinks) sink->start(start);
  };
  reader.on_sample = [&](const Sample& sample, const Stacks& stacks) {
    for (const auto& sink : sinks) sink->tick(sample, stacks);
    for (const LiveFinding& finding : judge->judge(sample, stacks)) {
      CHECK(finding.id.size() == 16 && !finding.message.empty() && !finding.advice.empty());
      for (const auto& sink : sinks) sink->finding(finding, false);
    }
    RunEnd end;
    end.findings = judge->all();
    for (const auto& sink : sinks) sink->end(end, sample, stacks);
  };
  std::istringstream in(text);
  if (!reader.read(in)) return;
  for (const char byte : out.str()) {
    CHECK(byte == '\n' || byte == '\t' || static_cast<unsigned char>(byte) >= 0x20);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  const Copy first = copy_of(text);
  if (first.read) {
    const Copy second = copy_of(first.text);
    CHECK(second.read);
    CHECK(second.text == first.text);
  }
  replay(text);
  return 0;
}
