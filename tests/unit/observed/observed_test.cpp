// Runs of the probe, read and held against findings.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "clang_plugin/observed/observed_findings.h"
#include "clang_plugin/observed/observed_runs.h"

namespace cgoscope {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

const std::string kStart = R"({"type":"start","schema":"cgoscope/watch/1"})"
                           "\n";
const std::string kTick = R"({"type":"tick","run_ms":1})"
                          "\n";

std::string place(const std::string& file, int line) {
  return R"("where":{"package":"main","function":"main.serve","file":")" + file + R"(","line":)" +
         std::to_string(line) + "}";
}

const std::string kUnknownPlace = R"("where":{"package":"main","function":"","file":"","line":0})";

std::string row(const std::string& name, const std::string& where, double max_ms,
                const std::string& more = "") {
  return R"({"c_function":")" + name + R"(",)" + where + R"(,"calls":2,"max_ms":)" +
         std::to_string(max_ms) +
         R"(,"in_flight":0,"syscall":"futex","running":false,"function":null)" + more + "}";
}

const std::string kStack =
    R"(,"stack":[{"function":"poll","file":"","line":0},{"function":"slow","file":"a.c","line":3}])";
const std::string kNoStack = R"(,"stack":[])";

std::string end_record(const std::string& long_calls, const std::string& lint = "null") {
  return R"({"type":"end","summary":{"long_c_calls":[)" + long_calls + R"(]},"lint":)" + lint +
         "}\n";
}

std::string lint(const std::string& confirmed, const std::string& unpredicted) {
  return R"({"confirmed":[)" + confirmed + R"(],"unpredicted":[)" + unpredicted + "]}";
}

std::string stuck_m(int line, int ms_count, int longest_ms, const std::string& id = "null") {
  return R"({"type":"finding","schema":"cgoscope/finding/1","rule":"stuck-m","subsystem":"cgo",)" +
         place("/src/main.go", line) + R"(,"c_function":"slow")" + kStack +
         R"(,"evidence":{"ms_count":)" + std::to_string(ms_count) + R"(,"longest_ms":)" +
         std::to_string(longest_ms) + R"(,"syscall":"poll"},"lint":)" + id +
         R"(,"lint_alike":[]})"
         "\n";
}

Result<ObservedRuns> read(const std::string& text) {
  std::istringstream in(text);
  return read_observed_runs(in, "run.jsonl");
}

std::string id(const std::string& number) { return std::string(16 - number.size(), '0') + number; }

Finding finding(const std::string& number, int line, const std::string& blocks,
                const std::string& name = "slow") {
  Finding finding;
  finding.id = id(number);
  finding.rule = "blocking-call";
  finding.go = {"example.org/app", "app/main.go", line, 2, "main.serve", "C." + name};
  finding.c = CPlace{"a.c", 3, 3, name, blocks};
  finding.path = {{name, "a.c", 3}};
  return finding;
}

LintReport observed(const std::string& text) {
  LintReport report;
  report.findings = {finding("1", 10, "read"), finding("2", 31, "poll"), finding("3", 31, "read"),
                     finding("4", 50, "sleep"), finding("5", 60, "connect", "store")};
  SuppressedFinding suppressed;
  suppressed.finding = finding("6", 70, "poll");
  report.suppressed = {suppressed};
  const Result<ObservedRuns> runs = read(text);
  EXPECT_TRUE(runs) << runs.error().message();
  if (runs) apply_observed(*runs, "run.jsonl", report);
  return report;
}

std::vector<std::string> order(const LintReport& report) {
  std::vector<std::string> order;
  for (const Finding& finding : report.findings) order.push_back(finding.id.substr(15));
  return order;
}

TEST(Observed, WhatWasSeenComesFirst) {
  const LintReport report =
      observed(kStart + kTick +
               end_record(row("slow", place("/src/main.go", 31), 1500, kStack) + "," +
                          row("slow", place("example.org/app/main.go", 50), 7100, kNoStack)));
  EXPECT_TRUE(report.is_observed);
  EXPECT_THAT(order(report), ElementsAre("4", "2", "1", "3", "5"));
  ASSERT_TRUE(report.findings[0].observed);
  EXPECT_EQ(report.findings[0].observed->by, MatchedBy::kLine);
  EXPECT_EQ(report.findings[0].observed->max_ms, 7100);
  EXPECT_EQ(report.findings[0].observed->calls, 2);
  EXPECT_EQ(report.findings[0].observed->runs, 1);
  EXPECT_FALSE(report.findings[0].observed->p99_ms);
  EXPECT_EQ(report.findings[1].observed->by, MatchedBy::kStack);
  for (const size_t i : {2, 3, 4}) EXPECT_FALSE(report.findings[i].observed);
  EXPECT_THAT(report.notes,
              ElementsAre("2 findings of 5 were seen to block in 1 run of run.jsonl"));
}

TEST(Observed, RunsAddUp) {
  const std::string function = R"({"calls":9,"p50_ms":1,"p99_ms":250.5,"max_ms":9,"in_flight":0})";
  std::string counted = row("slow", place("/src/main.go", 50), 3000, kNoStack);
  counted.replace(counted.find("\"function\":null"), 15, "\"function\":" + function);
  const LintReport report =
      observed(kStart + end_record(row("slow", place("/src/main.go", 50), 2000, kNoStack)) +
               kStart + end_record(counted));
  ASSERT_TRUE(report.findings[0].observed);
  EXPECT_EQ(report.findings[0].id, id("4"));
  EXPECT_EQ(report.findings[0].observed->calls, 4);
  EXPECT_EQ(report.findings[0].observed->max_ms, 3000);
  EXPECT_EQ(report.findings[0].observed->p99_ms, 250.5);
  EXPECT_EQ(report.findings[0].observed->runs, 2);
  EXPECT_THAT(report.notes, ElementsAre(HasSubstr("in 2 runs of run.jsonl")));
}

// Lines have moved since; a finding that is gone is looked for by its line.
TEST(Observed, IdsOfTheProbeCount) {
  const auto confirmed = [](const std::string& one, int line) {
    return row("slow", place("/src/main.go", line), 1000 + line,
               R"(,"by":"stack","ids":[")" + one + R"("])");
  };
  const LintReport report =
      observed(kStart + end_record("", lint(confirmed(id("1"), 999) + "," + confirmed(id("99"), 50),
                                            row("store", place("/src/main.go", 60), 5000,
                                                kNoStack + R"(,"elsewhere":[])"))));
  EXPECT_THAT(order(report), ElementsAre("5", "1", "4", "2", "3"));
  EXPECT_EQ(report.findings[1].observed->by, MatchedBy::kStack);
  EXPECT_EQ(report.findings[2].observed->by, MatchedBy::kLine);
  EXPECT_THAT(report.notes, SizeIs(1));
}

TEST(Observed, OfSeveralThatFitNoneIsGuessed) {
  const LintReport report =
      observed(kStart + end_record(row("slow", place("/src/main.go", 31), 2000, kNoStack)));
  EXPECT_THAT(order(report), ElementsAre("2", "3", "1", "4", "5"));
  EXPECT_EQ(report.findings[1].observed->by, MatchedBy::kLine);
  const LintReport by_function =
      observed(kStart + end_record(row("slow", kUnknownPlace, 2000, kNoStack)));
  EXPECT_THAT(order(by_function), ElementsAre("1", "2", "3", "4", "5"));
  for (const size_t i : {0, 1, 2, 3})
    EXPECT_EQ(by_function.findings[i].observed->by, MatchedBy::kFunction);
  EXPECT_FALSE(by_function.findings[4].observed);
  EXPECT_TRUE(by_function.suppressed[0].finding.observed);
  EXPECT_THAT(
      by_function.notes,
      ElementsAre("0 findings of 5 were seen to block in 1 run of run.jsonl; of 4 more the C "
                  "function was, from a line not seen"));
}

TEST(Observed, ARunThatWasCutOffHasItsFindings) {
  const LintReport report =
      observed(kStart + stuck_m(50, 3, 1200) + stuck_m(10, 1, 1100, '"' + id("2") + '"') +
               R"({"type":"tick","run)");
  EXPECT_THAT(order(report), ElementsAre("4", "2", "1", "3", "5"));
  EXPECT_EQ(report.findings[0].observed->calls, 3);
  EXPECT_EQ(report.findings[0].observed->max_ms, 1200);
  // The end says more than its findings.
  const LintReport ended =
      observed(kStart + stuck_m(50, 3, 1200) +
               end_record(row("slow", place("/src/main.go", 50), 9000, kNoStack)));
  EXPECT_EQ(ended.findings[0].observed->calls, 2);
  EXPECT_EQ(ended.findings[0].observed->max_ms, 9000);
  // Cut off, and another run after it.
  const LintReport two = observed(kStart + stuck_m(50, 3, 1200) + kStart + end_record(""));
  EXPECT_EQ(two.findings[0].id, id("4"));
  EXPECT_THAT(two.notes, ElementsAre("1 finding of 5 was seen to block in 2 runs of run.jsonl"));
}

TEST(Observed, LongCallsWithoutAFindingAreNoted) {
  std::string calls = row("hash", place("/src/sum.go", 12), 3000, kNoStack);
  calls.replace(calls.find("\"running\":false"), 15, "\"running\":true");
  calls += "," + row("log", kUnknownPlace, 1500, kNoStack);
  EXPECT_THAT(observed(kStart + end_record(calls)).notes,
              ElementsAre(HasSubstr("0 findings of 5 were seen"),
                          "2 places with long calls of C in run.jsonl have no finding here: C.hash "
                          "at sum.go:12 (3s, work on a CPU), C.log of package main (1.5s)"));
  std::string many;
  for (int i = 0; i < 8; ++i)
    many += (i > 0 ? "," : "") + row("f", place("/src/f.go", i + 1), 1000 + i, kNoStack);
  EXPECT_THAT(observed(kStart + end_record(many) + kStart + end_record(many)).notes[1],
              testing::AllOf(HasSubstr("8 places"), HasSubstr("and 3 more")));
}

TEST(Observed, NothingSeenChangesNothing) {
  const LintReport report = observed(kStart + end_record(""));
  EXPECT_THAT(order(report), ElementsAre("1", "2", "3", "4", "5"));
  EXPECT_TRUE(report.is_observed);
}

TEST(ObservedRuns, RefusesForeignLines) {
  const std::string good = row("slow", place("/src/main.go", 50), 2000, kNoStack);
  const auto changed = [&](const std::string& what, const std::string& with) {
    std::string text = good;
    text.replace(text.find(what), what.size(), with);
    return kStart + end_record(text);
  };
  const struct {
    std::string text, words;
  } rows[] = {
      {"", "line 1: the file is empty"},
      {"{}", "line 1: "},
      {"cgoscope 0.1.0: watching pid 7\n", "line 1: it is not JSON"},
      {"[]\n", "line 1: it is not a JSON object"},
      {kTick, "line 1: it does not begin with a run's start"},
      {R"({"type":"start","schema":"cgoscope/watch/2"})"
       "\n",
       "cgoscope/watch/1 is understood"},
      {R"({"type":"start"})"
       "\n",
       "\"schema\" is missing"},
      {R"({"recording":"cgoscope/recording/1"})"
       "\n",
       "line 1: it does not begin with a run's start"},
      {kStart + "\n" + kTick, "line 2: it is not JSON"},
      {kStart + R"({"type":"span"})"
                "\n",
       "line 2: it is no record"},
      {kStart + R"({"type":1})"
                "\n",
       "line 2: "},
      {kStart + kTick +
           R"({"type":"finding","schema":"cgoscope/finding/9"})"
           "\n",
       "line 3: its schema"},
      {kStart + R"({"type":"end","summary":null,"lint":null})"
                "\n",
       "\"summary\" is not an object"},
      {kStart + R"({"type":"end","summary":{}})"
                "\n",
       "\"lint\" is missing"},
      {kStart + R"({"type":"end","summary":{"long_c_calls":{}},"lint":null})"
                "\n",
       "is not a list"},
      {kStart + R"({"type":"end","summary":{"long_c_calls":[1]},"lint":null})"
                "\n",
       "not an object"},
      {kStart + end_record("", "7"), "\"lint\" is not an object"},
      {kStart + end_record("", lint(good, "")), "\"by\" is missing"},
      {kStart +
           end_record("", lint(row("slow", kUnknownPlace, 1, R"(,"by":"guess","ids":[])"), "")),
       "\"by\" is not"},
      {kStart +
           end_record("", lint(row("slow", kUnknownPlace, 1, R"(,"by":"line","ids":["x"])"), "")),
       "an id is not"},
      {kStart + end_record("", lint(row("slow", kUnknownPlace, 1, R"(,"by":"line","ids":7)"), "")),
       "ids are not a list"},
      {changed("\"calls\":2", "\"calls\":0"), "\"calls\" is 0"},
      {changed("\"calls\":2", "\"calls\":-2"), "\"calls\" is not"},
      {changed("\"calls\":2", "\"calls\":99999999999"), "\"calls\" is not"},
      {changed("\"max_ms\":2000.000000", "\"max_ms\":-1"), "\"max_ms\" is not"},
      {changed("\"max_ms\":2000.000000", "\"max_ms\":1e300"), "\"max_ms\" is not"},
      {changed("\"max_ms\":2000.000000", "\"max_ms\":\"1\""), "\"max_ms\" is not"},
      {changed("\"stack\":[]", "\"stack\":[[]]"), "\"stack\" holds"},
      {changed("\"function\":\"main.serve\"", "\"function\":null"), "\"function\" is not"},
      {changed("\"function\":null", "\"function\":{\"p99_ms\":null}"), "\"p99_ms\" is not"},
      {kStart + std::string(1000, '[') + "\n", "nested too deeply"},
      {kStart + std::string((size_t{32} << 20) + 1, ' '), "longer than 32 MiB"},
  };
  for (const auto& row : rows) {
    const Result<ObservedRuns> runs = read(row.text);
    ASSERT_FALSE(runs) << row.words;
    EXPECT_THAT(runs.error().message(), HasSubstr(row.words));
    EXPECT_THAT(runs.error().what, HasSubstr("run.jsonl"));
    EXPECT_FALSE(runs.error().hint.empty());
  }
  EXPECT_THAT(read_observed_runs("/nowhere.jsonl").error().message(), HasSubstr("No such file"));
  EXPECT_THAT(read_observed_runs("/").error().message(), HasSubstr("directory"));
}

TEST(ObservedRuns, RowsAreCapped) {
  std::string calls;
  for (int i = 0; i < 20'000; ++i)
    calls += (i > 0 ? "," : "") + row("f", place("/f.go", i + 1), 1, kNoStack);
  std::string text;
  for (int i = 0; i < 6; ++i) text += kStart + end_record(calls);
  EXPECT_THAT(read(text).error().message(), HasSubstr("too many calls"));
}

TEST(ObservedRuns, WhatIsOfOtherRulesIsPassedOver) {
  const Result<ObservedRuns> runs = read(
      kStart +
      R"({"type":"finding","schema":"cgoscope/finding/1","rule":"thread-churn","subsystem":"threads"})"
      "\n" +
      kTick);
  ASSERT_TRUE(runs) << runs.error().message();
  EXPECT_EQ(runs->runs, 1);
  EXPECT_THAT(runs->seen, IsEmpty());
}

}  // namespace
}  // namespace cgoscope
