#include "probe_cli/report/recording.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "tests/unit/live_report/made_report.h"

namespace cgoscope {
namespace {

using testing::HasSubstr;
using testing::SizeIs;

struct Read {
  std::optional<RunStart> start;
  std::vector<Sample> samples;
  std::vector<std::vector<Frame>> go_stacks;  // of each sample's first M
  std::optional<RunEnd> end;
  std::string error;  // "" when the recording is good
};

Read read(const std::string& text) {
  Read result;
  RecordingReader reader;
  reader.on_start = [&](const RunStart& start) { result.start = start; };
  reader.on_sample = [&](const Sample& sample, const Stacks& stacks) {
    result.samples.push_back(sample);
    if (!sample.ms.empty()) result.go_stacks.push_back(stacks[sample.ms[0].go_stack]);
  };
  reader.on_end = [&](RunEnd end) { result.end = std::move(end); };
  std::istringstream in(text);
  if (const auto done = reader.read(in); !done) {
    EXPECT_FALSE(done.error().why.empty());
    EXPECT_FALSE(done.error().hint.empty());
    result.error = done.error().message();
  }
  return result;
}

std::string made_recording() {
  std::ostringstream out;
  RecordingWriter writer(out);
  Stacks stacks;
  writer.start(made_start());
  writer.sample(look_at(1), stacks);
  const Sample sample = made_sample(stacks);
  writer.sample(sample, stacks);
  writer.sample(sample, stacks);
  writer.end(made_end());
  return out.str();
}

// The bytes of one sample, which stand for its fields.
std::string written(const Sample& sample, const Stacks& stacks) {
  std::ostringstream out;
  RecordingWriter(out).sample(sample, stacks);
  return out.str();
}

TEST(Recording, RoundTrip) {
  const Read result = read(made_recording());
  ASSERT_EQ(result.error, "");
  ASSERT_TRUE(result.start);
  EXPECT_EQ(result.start->wall_ns, kWallAtAttach);
  EXPECT_EQ(result.start->tool_version, "0.0.0");
  EXPECT_EQ(result.start->subject.pid, 4242);
  EXPECT_EQ(result.start->subject.exe, "/srv/server");
  EXPECT_EQ(result.start->subject.go_version, "go1.22.12");
  EXPECT_TRUE(result.start->subject.cgo);
  EXPECT_TRUE(result.start->subject.keeps_abandoned_timers);
  EXPECT_FALSE(result.start->subject.started_by_us);
  EXPECT_THAT(result.start->subject.wait_reasons,
              testing::ElementsAre("", "GC assist marking", "IO wait"));
  EXPECT_EQ(result.start->link_kind, "uprobe.multi");
  EXPECT_EQ(result.start->interval_s, 1);
  EXPECT_EQ(result.start->notes, made_start().notes);

  ASSERT_THAT(result.samples, SizeIs(3));
  ASSERT_THAT(result.go_stacks, SizeIs(2));
  EXPECT_EQ(result.go_stacks[0], c_call_stack("slow", "poll", 31));
  Stacks stacks;
  const Sample sample = made_sample(stacks);
  // The stacks got the same ids, so equal fields are equal bytes.
  for (const int i : {1, 2}) EXPECT_EQ(written(result.samples[i], {}), written(sample, {}));
  EXPECT_EQ(written(result.samples[0], {}), written(look_at(1), {}));
  const Sample& again = result.samples[1];
  EXPECT_EQ(again.at_ns, sample.at_ns);
  EXPECT_EQ(again.live_timers, 321);
  EXPECT_EQ(again.ms[0].call_number, 77u);
  EXPECT_TRUE(again.ms[1].runtime_wait);
  EXPECT_EQ(again.places[2].signal, CG_HANDOFF);
  EXPECT_EQ(again.locks[0].users[0].waits_for, 0x2004u);
  EXPECT_EQ(again.timers[0].unfollowed, 50u);
  EXPECT_EQ(again.churn[0].lock, sample.churn[0].lock);
  EXPECT_EQ(again.cgo[0].total_ns, 99'000'000'000u);
  EXPECT_EQ(again.signals[CG_PARK].books.map_full, 4u);
  EXPECT_EQ(again.events[0].text, "all goroutines are asleep - deadlock!");
  EXPECT_EQ(again.events[1].value_kind, "number");
  EXPECT_EQ(again.events[1].go, sample.events[1].go);
  EXPECT_EQ(again.goroutines_peak, 1'234);
  EXPECT_EQ(again.schedules, 4'321);
  EXPECT_EQ(again.go_statements[0].exits, 400u);
  EXPECT_EQ(again.preemptions[0].goid, 19);
  EXPECT_TRUE(again.captures[0].through);
  EXPECT_EQ(again.captures[0].count, 7u);
  EXPECT_EQ(again.finalizer, sample.finalizer);
  EXPECT_EQ(again.finalizer_began_ns, kAttachedAt + 9);
  EXPECT_EQ(again.overhead_share, 0.0125);

  ASSERT_TRUE(result.end);
  EXPECT_EQ(result.end->run_ns, 13 * kSecond);
  EXPECT_EQ(result.end->target_status, 2);
  EXPECT_EQ(result.end->target_signal, std::nullopt);
  EXPECT_EQ(result.end->why, "the target exited");
  EXPECT_EQ(result.end->ns_per_hit, 850.5);
  EXPECT_THAT(result.end->findings, SizeIs(0));
}

TEST(Recording, WritesEachStackOnce) {
  const std::string text = made_recording();
  size_t stacks = 0;
  for (size_t at = text.find("\n{\"stack\":"); at != std::string::npos;
       at = text.find("\n{\"stack\":", at + 1))
    ++stacks;
  EXPECT_EQ(stacks, 9u);
}

// Wherever it is cut off, the samples before the cut are read.
TEST(Recording, CutOffAnywhere) {
  const std::string text = made_recording();
  const size_t header_end = text.find('\n') + 1;
  for (size_t bytes = 0; bytes < text.size(); ++bytes) {
    // Around the ends of lines at each byte, else here and there.
    const size_t line_end = text.find('\n', bytes < 2 ? 0 : bytes - 2);
    if (line_end > bytes + 2 && bytes % 23 != 0) continue;
    const Read result = read(text.substr(0, bytes));
    if (bytes + 1 < header_end) {
      EXPECT_NE(result.error, "") << bytes;
      continue;
    }
    EXPECT_EQ(result.error, "") << bytes;
    size_t samples = 0;
    for (size_t at = text.find("\n{\"sample\""); at != std::string::npos;
         at = text.find("\n{\"sample\"", at + 1))
      samples += text.find('\n', at + 1) <= bytes ? 1 : 0;
    EXPECT_EQ(result.samples.size(), samples) << bytes;
    EXPECT_EQ(result.end.has_value(), bytes + 1 == text.size()) << bytes;
  }
}

TEST(Recording, BytesThatAreNotUtf8DoNotBreakIt) {
  std::ostringstream out;
  RecordingWriter writer(out);
  RunStart start = made_start();
  start.subject.exe = "/srv/\xff\x1b";
  writer.start(start);
  const Read result = read(out.str());
  EXPECT_EQ(result.error, "");
  EXPECT_EQ(result.start->subject.exe, "/srv/\ufffd\x1b");
}

TEST(Recording, HostileLines) {
  const std::string header = "{\"recording\":\"cgoscope/recording/1\",\"start\":{}}\n";
  const std::string stack = "{\"stack\":1,\"frames\":[[\"f\",\"f.go\",3]]}\n";
  const auto sample = [](const std::string& fields) { return "{\"sample\":{" + fields + "}}\n"; };
  const struct {
    std::string text;
    const char* error;  // "": good
  } rows[] = {
      {"", "it is empty"},
      {"\n", "does not begin with a recording's header"},
      {"hello\n", "does not begin with a recording's header"},
      {"{}\n", "does not begin with a recording's header"},
      {"[]\n", "does not begin with a recording's header"},
      {"null\n", "does not begin with a recording's header"},
      {"{\"recording\":1}\n", "does not begin with a recording's header"},
      {"{\"recording\":\"other/1\"}\n", "something else"},
      {"{\"recording\":\"cgoscope/recording/2\"}\n", "a newer one"},
      {"{\"recording\":\"cgoscope/recording/1\"}\n", "line 1 of the recording is broken"},
      {"{\"recording\":\"cgoscope/recording/1\",\"start\":[]}\n", "start is not an object"},
      {"{\"recording\":\"cgoscope/recording/1\",\"start\":{\"subject\":7}}\n",
       "subject is not an object"},
      {"{\"recording\":\"cgoscope/recording/1\",\"start\":{\"interval_s\":\"1\"}}\n",
       "interval_s is not a number"},
      {"{\"recording\":\"cgoscope/recording/1\",\"start\":{\"notes\":[1]}}\n", "notes holds"},
      {header, ""},
      {header + header, "line 2 of the recording is broken: a second header"},
      {header + "\n", "line 2 of the recording is broken: it is not JSON"},
      {header + "{\"sample\":\n" + sample(""), "line 2 of the recording is broken: it is not JSON"},
      {header + "7\n", "not a JSON object"},
      {header + "{}\n", "neither"},
      {header + sample(""), ""},
      {header + sample("\"later\":{\"a\":[1]}"), ""},
      {header + "{\"sample\":[]}\n", "sample is not an object"},
      {header + sample("\"at_ns\":1.5"), "at_ns is not a whole number"},
      {header + sample("\"at_ns\":\"1\""), "at_ns is not a whole number"},
      {header + sample("\"threads\":9223372036854775807"), ""},
      {header + sample("\"threads\":9223372036854775808"), "threads is too large"},
      {header + sample("\"threads\":-9223372036854775808"), ""},
      {header + sample("\"threads\":-9223372036854775809"), "threads is not a whole number"},
      {header + sample("\"at_ns\":null"), "at_ns is not a whole number"},
      {header + sample("\"at_ns\":4611686018427387904"), ""},
      {header + sample("\"at_ns\":4611686018427387905"), "a time is out of range"},
      {header + sample("\"run_ns\":-1"), "a time is out of range"},
      {header + sample("\"ms\":[{\"began_ns\":-1}]"), "a time is out of range"},
      {header + "{\"end\":{\"run_ns\":-1}}\n", "a time is out of range"},
      {"{\"recording\":\"cgoscope/recording/1\",\"start\":{\"interval_s\":0}}\n",
       "interval is out of range"},
      {header + sample("\"live_timers\":null"), ""},
      {header + sample("\"live_timers\":true"), "live_timers is not a whole number"},
      {header + sample("\"last\":1"), "last is not true or false"},
      {header + sample("\"overhead_share\":1e999"), "line 2"},
      {header + sample("\"ms\":{}"), "ms is not a list"},
      {header + sample("\"ms\":[7]"), "an element of ms is not an object"},
      {header + sample("\"ms\":[{\"syscall\":7}]"), "syscall is not a string"},
      {header + sample("\"ms\":[{\"call_number\":-1}]"), "call_number is negative"},
      {header + sample("\"ms\":[{\"call_number\":18446744073709551615}]"), ""},
      {header + sample("\"ms\":[{\"go_stack\":1}]"), "go_stack is no stack"},
      {header + sample("\"ms\":[{\"go_stack\":-1}]"), "go_stack is negative"},
      {header + sample("\"ms\":[{\"go_stack\":4294967296}]"), "go_stack is too large"},
      {header + stack + sample("\"ms\":[{\"go_stack\":1}]"), ""},
      {header + stack + sample("\"ms\":[{\"go_stack\":2}]"), "line 3"},
      {header + sample("\"places\":[{\"signal\":\"park\"}]"), ""},
      {header + sample("\"places\":[{\"signal\":\"nothing\"}]"), "signal is not a signal"},
      {header + sample("\"places\":[{\"signal\":0}]"), "signal is not a string"},
      {header + stack + stack, "not numbered"},
      {header + "{\"stack\":0,\"frames\":[]}\n", "not numbered"},
      {header + "{\"stack\":\"1\",\"frames\":[]}\n", "not numbered"},
      {header + "{\"stack\":1}\n", "a stack has no frames"},
      {header + "{\"stack\":1,\"frames\":[[\"f\",\"f.go\"]]}\n", "a frame is not"},
      {header + "{\"stack\":1,\"frames\":[[\"f\",\"f.go\",1.5]]}\n", "a frame is not"},
      {header + "{\"stack\":1,\"frames\":[[\"f\",\"f.go\",-1]]}\n", "out of range"},
      {header + "{\"stack\":1,\"frames\":[[\"f\",\"f.go\",2147483648]]}\n", "out of range"},
      {header + "{\"end\":{\"target_status\":2147483648}}\n", "target_status is too large"},
      {header + "{\"end\":{}}\n", ""},
      {header + "{\"end\":{}}\n" + sample(""), "something follows the end record"},
      {header + std::string(1 << 20, '[') + "\n", "nested too deeply"},
      {header + "{\"a\":\"" + std::string(100, '[') + "\",\"sample\":{}}\n", ""},
      {header + std::string((32 << 20) + 1, ' ') + "\n", "longer than 32 MiB"},
      {header + std::string("{\"sample\":\0{}}\n", 15), "line 2"},
  };
  for (const auto& row : rows) {
    const Read result = read(row.text);
    const std::string shown = row.text.substr(0, 200);
    if (row.error[0] == '\0') {
      EXPECT_EQ(result.error, "") << shown;
    } else {
      EXPECT_THAT(result.error, HasSubstr(row.error)) << shown;
    }
  }
}

TEST(Recording, TooManyFramesAreRefused) {
  std::string frames;
  for (int i = 0; i < 1025; ++i) frames += std::string(i ? "," : "") + "[\"f\",\"\",0]";
  const Read result =
      read("{\"recording\":\"cgoscope/recording/1\",\"start\":{}}\n{\"stack\":1,\"frames\":[" +
           frames + "]}\n");
  EXPECT_THAT(result.error, HasSubstr("too many frames"));
}

// A replay judges as the run did, and with other thresholds.
TEST(Recording, AReplayJudges) {
  std::ostringstream out;
  RecordingWriter writer(out);
  Stacks stacks;
  writer.start(made_start());
  for (const double second : {0, 1, 2, 3}) {
    Sample sample = look_at(second);
    sample.ms = {made_sample(stacks).ms[0]};
    sample.ms[0].locked = false;
    writer.sample(sample, stacks);
  }
  writer.end(made_end());
  for (const char* after : {"1s", "10s"}) {
    Settings settings;
    ASSERT_TRUE(settings.set("--stuck-after", after));
    std::optional<Judge> judge;
    RecordingReader reader;
    reader.on_start = [&](const RunStart& start) {
      judge.emplace(start.subject, settings, Selection{});
    };
    reader.on_sample = [&](const Sample& sample, const Stacks& recorded) {
      judge->judge(sample, recorded);
    };
    std::istringstream in(out.str());
    ASSERT_TRUE(reader.read(in));
    ASSERT_THAT(judge->all(), SizeIs(std::string(after) == "1s" ? 1 : 0));
    for (const LiveFinding& finding : judge->all()) EXPECT_EQ(finding.where.function, "main.poll");
  }
}

}  // namespace
}  // namespace cgoscope
