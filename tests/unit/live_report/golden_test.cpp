// The sinks on runs made by hand, against files that a person has read: golden/NAME.
// CGOSCOPE_UPDATE_GOLDEN=1 writes them anew; look at the difference before you commit it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <sstream>

#include "tests/golden_file.h"
#include "tests/unit/live_report/made_report.h"

namespace cgoscope {
namespace {

// A golden file spells control characters out, so that reading it is safe too.
std::string visible(const std::string& bytes) {
  std::string text;
  for (const char byte : bytes) {
    const auto code = static_cast<unsigned char>(byte);
    if ((code < 0x20 && byte != '\n') || code == 0x7F) {
      text += {'^', static_cast<char>(code ^ 0x40)};
    } else {
      text += byte;
    }
  }
  return text;
}

void compare(const std::string& name, const std::string& bytes) {
  expect_golden(std::string(GOLDEN_RUNS) + "/" + name, visible(bytes));
}

using Run = std::function<void(Sink&)>;

std::string text_of(const Run& run, bool colour = false) {
  std::ostringstream out;
  run(*make_text_sink(out, colour));
  return out.str();
}

std::string json_of(const Run& run) {
  std::ostringstream out;
  run(*make_json_sink(out));
  return out.str();
}

void full_run(Sink& sink) {
  Stacks stacks;
  const Sample sample = made_sample(stacks);
  Sample before = look_at(1);
  before.events.clear();
  sink.start(made_start());
  sink.tick(before, stacks);
  sink.finding(made_stuck_m(), false);
  sink.tick(sample, stacks);
  LiveFinding worse = made_stuck_m();
  worse.severity = Severity::kError;
  sink.finding(worse, true);
  sink.finding(made_thread_churn(), false);
  sink.finding(made_timer_flood(), false);
  sink.finding(made_goroutine_leak(), false);
  sink.finding(made_lock_held(), false);
  sink.finding(made_deadlock(), false);
  sink.finding(made_goroutine_flood(), false);
  for (const LiveFinding& finding : made_findings_of_the_runtime()) sink.finding(finding, false);
  sink.finding(made_panic(), false);
  sink.end(made_end(), sample, stacks);
}

void clean_run(Sink& sink) {
  Stacks stacks;
  RunStart start = made_start();
  start.notes.clear();
  start.subject.cgo = false;
  sink.start(start);
  const Sample sample = look_at(30);
  sink.tick(sample, stacks);
  RunEnd end;
  end.wall_ns = kWallAtAttach + 30 * kSecond;
  end.run_ns = 30 * kSecond;
  end.why = "--duration is over";
  sink.end(end, sample, stacks);
}

// What a target can put into names must not reach a terminal as commands, nor break the JSON.
void hostile_run(Sink& sink) {
  const std::string evil = "\x1b[2J\n\r\x07 \xff\xc3 \u202e \u009b31m";
  Stacks stacks;
  RunStart start = made_start();
  start.subject.exe = start.subject.go_version = start.notes[0] = start.link_kind = evil;
  start.subject.wait_reasons = {evil, evil, evil};
  sink.start(start);
  LiveFinding finding = made_stuck_m();
  finding.where.function = finding.where.file = finding.message = finding.advice = evil;
  finding.c_function = finding.wait_reason = finding.subsystem = finding.lint = evil;
  finding.stack[0] = {evil, evil, 3, 0};
  std::get<StuckMEvidence>(finding.evidence).syscall = evil;
  sink.finding(finding, false);
  LiveFinding churn = made_thread_churn();
  churn.evidence = ThreadChurnEvidence{1e308 * 10, -1, {evil, evil, -3, 0}, {evil, "", 0, 0}};
  sink.finding(churn, false);
  Sample sample = made_sample(stacks);
  sample.cgo[0].c_function = evil;
  sample.signals[CG_PARK].reason = evil;
  sample.events[0].text = evil;
  sample.places[0].stack = stacks.add({{evil, evil, 1, 0}});
  sample.ms[0].c_function = evil;
  sink.tick(sample, stacks);
  sample.signals[CG_PARK].state = evil;
  sink.tick(sample, stacks);
  RunEnd end = made_end();
  end.findings = {finding};
  end.why = end.notes[0] = evil;
  LongCall call;
  call.call = {evil, evil, {evil, evil, 1, 0}, {{evil, evil, 2, 0}}, evil};
  end.long_calls = {call};
  end.lint->file = evil;
  end.lint->confirmed = {{MatchedBy::kLine, {evil}, call}};
  end.lint->unpredicted = {{call, {evil}}};
  sink.end(end, sample, stacks);
}

TEST(LiveReportGolden, Full) {
  compare("full.txt", text_of(full_run));
  compare("full_colour.txt", text_of(full_run, true));
  compare("full.jsonl", json_of(full_run));
}

TEST(LiveReportGolden, Clean) {
  compare("clean.txt", text_of(clean_run));
  compare("clean.jsonl", json_of(clean_run));
}

TEST(LiveReportGolden, Hostile) {
  const std::string text = text_of(hostile_run), json = json_of(hostile_run);
  for (const char byte : text) {
    EXPECT_TRUE(byte == '\n' || static_cast<unsigned char>(byte) >= 0x20);
  }
  EXPECT_EQ(text.find("\u202e"), std::string::npos);
  EXPECT_EQ(text.find("\u009b"), std::string::npos);
  compare("hostile.txt", text);
  compare("hostile.jsonl", json);
}

std::string census_text(const CensusReport& report, const Stacks& stacks, size_t top) {
  std::ostringstream out;
  write_census_text(report, stacks, top, out);
  return out.str();
}

std::string census_json(const CensusReport& report, const Stacks& stacks) {
  std::ostringstream out;
  write_census_json(report, stacks, out);
  return out.str();
}

TEST(LiveReportGolden, Census) {
  Stacks stacks;
  const CensusReport report = made_census(stacks);
  compare("census.txt", census_text(report, stacks, 20));
  compare("census_top.txt", census_text(report, stacks, 1));
  compare("census.json", census_json(report, stacks));
}

TEST(LiveReportGolden, CensusOfAHostileTarget) {
  const std::string evil = "\x1b[2J\n\r\x07 \xff\xc3 \u202e \u009b31m";
  Stacks stacks;
  CensusReport report = made_census(stacks);
  report.subject.exe = report.subject.go_version = report.problems[0] = evil;
  report.sample.goroutines[0].wait_reason = evil;
  report.sample.goroutines[0].stack = stacks.add({{evil, evil, 1, 0}});
  report.ms[2].call.c_function = report.ms[2].call.syscall = evil;
  const std::string text = census_text(report, stacks, 20);
  for (const char byte : text)
    EXPECT_TRUE(byte == '\n' || static_cast<unsigned char>(byte) >= 0x20);
  EXPECT_EQ(text.find("\u202e"), std::string::npos);
  EXPECT_EQ(text.find("\u009b"), std::string::npos);
  compare("census_hostile.json", census_json(report, stacks));
  std::ostringstream profile;
  write_census_pprof(report, stacks, profile);
  EXPECT_EQ(profile.str().find('\xff'), std::string::npos);
}

TEST(TextSink, SaysThatItIsARecording) {
  RunStart start = made_start();
  start.replayed = true;
  EXPECT_THAT(text_of([&](Sink& sink) { sink.start(start); }),
              testing::StartsWith("cgoscope 0.0.0: a recording of pid 4242 (/srv/server, "));
}

// Of a target that stands still, or is gone, nothing is read.
TEST(TextSink, CountsLooksThatRead) {
  const std::string text = text_of([](Sink& sink) {
    sink.start(made_start());
    sink.tick(look_at(1), {});
    Sample stopped = look_at(2);
    stopped.memory_read = false;
    sink.tick(stopped, {});
    sink.tick(look_at(3), {});
    const Sample last = last_look_at(4);
    sink.tick(last, {});
    sink.end(made_end(), last, {});
  });
  EXPECT_THAT(text, testing::HasSubstr("looked at: the runtime's memory and /proc, 2 times;"));
}

TEST(TextSink, NamesTheRulesThatNeedALongerRunWhenNothingWasFound) {
  const std::string words =
      "\n  so short a run does not rule out: goroutine-leak (takes 14s), goroutine-flood (11s)\n";
  const auto said = [](const RunEnd& end) {
    return text_of([&](Sink& sink) { sink.end(end, look_at(9), {}); });
  };
  RunEnd end = made_end();
  EXPECT_THAT(said(end), testing::Not(testing::HasSubstr("so short a run")));
  end.findings.clear();
  EXPECT_THAT(said(end), testing::HasSubstr(words));
  end.not_ruled_out.clear();
  EXPECT_THAT(said(end), testing::Not(testing::HasSubstr("so short a run")));
}

TEST(Conclude, RunsThatWentWrongRuleOutNothing) {
  const Judge judge(go_server(), Settings(), {});
  for (const auto& [why, rules_count] :
       std::map<std::string_view, size_t>{{kDurationIsOver, 2},
                                          {kInterrupted, 2},
                                          {kTargetExited, 2},
                                          {"the report cannot be written", 0}}) {
    RunEnd end;
    end.run_ns = 10 * kSecond;
    end.why = why;
    conclude(end, judge, kSecond);
    EXPECT_EQ(end.not_ruled_out.size(), rules_count) << why;
  }
}

// A tick without news says nothing; a state that changes, and losses that double, are news.
TEST(TextSink, SaysOnlyNews) {
  std::ostringstream out;
  const auto sink = make_text_sink(out, false);
  const auto said = [&](const Sample& sample) {
    out.str("");
    sink->tick(sample, {});
    return out.str();
  };
  Sample sample = look_at(1);
  sample.signals[CG_PARK].state = "standby";
  EXPECT_EQ(said(sample), "");
  EXPECT_EQ(said(sample), "");
  sample.signals[CG_PARK].state = "detached";
  sample.signals[CG_PARK].reason = "over the budget";
  EXPECT_EQ(said(sample), "signal park: detached: over the budget (was standby)\n");
  EXPECT_EQ(said(sample), "");
  sample.signals[CG_PANIC].books.ring_full = 3;
  sample.signals[CG_PANIC].books.hits = 10;
  EXPECT_EQ(said(sample), "signal panic: 3 events lost so far, of 10\n");
  sample.signals[CG_PANIC].books.ring_full = 5;
  EXPECT_EQ(said(sample), "");
  sample.signals[CG_PANIC].books.ring_full = 6;
  EXPECT_EQ(said(sample), "signal panic: 6 events lost so far, of 10\n");
}

// A finding says more of a panic than its event does.
// A signal that is too dear is tried again and again.
TEST(TextSink, TellsOnceThatASignalComesAndGoes) {
  std::ostringstream out;
  const auto sink = make_text_sink(out, false);
  Sample sample;
  sample.signals.resize(1);
  for (int i = 0; i < 10; ++i) {
    sample.signals[0].state = i % 2 == 0 ? "part-time" : "detached";
    sink->tick(sample, {});
  }
  EXPECT_EQ(out.str(),
            "signal park: detached (was part-time)\nsignal park: part-time (was detached)\n");
}

TEST(TextSink, TellsAPanicOnce) {
  std::ostringstream out;
  const auto sink = make_text_sink(out, false);
  Sample sample = look_at(1);
  sample.events = {{CG_PANIC, kAttachedAt + 6, 4251, 19, "by intention", "string", kNoStack,
                    kNoStack, kNoStack}};
  sink->finding(made_panic(), false);
  out.str("");
  sink->tick(sample, {});
  EXPECT_EQ(out.str(), "");
  sink->tick(sample, {});  // judged without the rule
  EXPECT_EQ(out.str(), "the target's panic: by intention\n");
}

// A record is one write.
class CountedWrites : public std::stringbuf {
 public:
  int writes = 0;

 protected:
  std::streamsize xsputn(const char* text, std::streamsize bytes) override {
    ++writes;
    return std::stringbuf::xsputn(text, bytes);
  }
};

TEST(JsonSink, ARecordIsOneWrite) {
  CountedWrites buffer;
  std::ostream out(&buffer);
  full_run(*make_json_sink(out));
  const std::string text = buffer.str();
  EXPECT_EQ(buffer.writes, std::count(text.begin(), text.end(), '\n'));
  EXPECT_EQ(buffer.writes, 18);
}

}  // namespace
}  // namespace cgoscope
