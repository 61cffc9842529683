#include "probe_cli/detect/lint_comparison.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/detect/made_run.h"

namespace cgoscope {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

Finding finding(const std::string& id, int line, const std::string& blocks,
                const std::string& name = "slow") {
  Finding finding;
  finding.id = std::string(16 - id.size(), '0') + id;
  finding.rule = "blocking-call";
  finding.go = {"example.org/app", "main.go", line, 2, "main.serve", "C." + name};
  finding.c = CPlace{"slow.c", 3, 3, name, blocks};
  finding.path = {{name, "slow.c", 3}};
  return finding;
}

PredictedFindings predicted() {
  PredictedFindings report;
  report.file = "findings.json";
  report.problems = 2;
  report.findings = {finding("1", 31, "poll"), finding("2", 31, "read"), finding("3", 50, "poll"),
                     finding("4", 60, "connect", "store")};
  return report;
}

LongCall seen_at(int line, const std::string& innermost, const std::string& name = "slow") {
  LongCall seen;
  seen.call = {name, "main", {}, {}, ""};
  if (line > 0) seen.call.where = {"main.serve.func1", "/src/main.go", line, 0};
  if (!innermost.empty()) seen.call.stack = {{innermost, "", 0, 0}};
  seen.calls = 2;
  seen.longest_ns = 3 * kSecond;
  return seen;
}

std::string id(const std::string& number) { return std::string(16 - number.size(), '0') + number; }

TEST(LintComparison, PutsEachLongCallOnOneSide) {
  const LintComparison lint = compare(predicted(),
                                      {seen_at(31, "__poll"), seen_at(31, ""), seen_at(99, "futex"),
                                       seen_at(0, "", "store"), seen_at(70, "", "unknown")},
                                      kSecond);
  EXPECT_EQ(lint.file, "findings.json");
  EXPECT_EQ(lint.findings, 4u);
  EXPECT_EQ(lint.problems, 2u);
  EXPECT_EQ(lint.long_ns, kSecond);
  ASSERT_THAT(lint.confirmed, SizeIs(3));
  EXPECT_EQ(lint.confirmed[0].by, MatchedBy::kStack);
  EXPECT_THAT(lint.confirmed[0].ids, ElementsAre(id("1")));
  EXPECT_EQ(lint.confirmed[0].seen.calls, 2u);
  EXPECT_EQ(lint.confirmed[1].by, MatchedBy::kLine);
  EXPECT_THAT(lint.confirmed[1].ids, ElementsAre(id("1"), id("2")));
  EXPECT_EQ(lint.confirmed[2].by, MatchedBy::kFunction);
  EXPECT_THAT(lint.confirmed[2].ids, ElementsAre(id("4")));
  EXPECT_EQ(lint.confirmed_count(), 3u);
  ASSERT_THAT(lint.unpredicted, SizeIs(2));
  EXPECT_EQ(lint.unpredicted[0].seen.call.where.line, 99);
  EXPECT_THAT(lint.unpredicted[0].elsewhere, ElementsAre(id("1"), id("2"), id("3")));
  EXPECT_EQ(lint.unpredicted[1].seen.call.c_function, "unknown");
  EXPECT_THAT(lint.unpredicted[1].elsewhere, IsEmpty());
}

struct JudgedRun {
  Stacks stacks;
  Judge judge;

  explicit JudgedRun(std::optional<PredictedFindings> predicted)
      : judge(go_server(), Settings{}, Selection{}, std::move(predicted)) {}

  std::vector<LiveFinding> stuck(int line, const std::vector<Frame>& c_stack) {
    std::vector<LiveFinding> news;
    for (const double second : {0.0, 1.0, 2.0}) {
      Sample sample = look_at(second);
      MSample m;
      m.id = 1;
      m.goid = 10;
      m.in_cgo = true;
      m.c_function = "slow";
      m.syscall = "futex";
      m.call_number = 7;
      m.go_stack = stacks.add(c_call_stack("slow", "serve", line));
      m.c_stack = stacks.add(c_stack);
      sample.ms = {m};
      for (LiveFinding& finding : judge.judge(sample, stacks)) news.push_back(std::move(finding));
    }
    return news;
  }
};

TEST(JudgeWithPredictions, AStuckMCarriesTheFindingThatPredictedIt) {
  const struct {
    int line;
    std::vector<Frame> c_stack;
    std::string lint;
    std::vector<std::string> alike;
  } rows[] = {
      {31, {{"__poll", "", 0, 0}}, id("1"), {}},
      {31, {{"read", "", 0, 0}}, id("2"), {}},
      {31, {}, id("1"), {id("2")}},
      {50, {{"read", "", 0, 0}}, id("3"), {}},
      {32, {}, "", {}},
  };
  for (const auto& row : rows) {
    JudgedRun run(predicted());
    const std::vector<LiveFinding> news = run.stuck(row.line, row.c_stack);
    ASSERT_THAT(news, SizeIs(1));
    EXPECT_EQ(news[0].lint, row.lint) << row.line;
    EXPECT_EQ(news[0].lint_alike, row.alike) << row.line;
    EXPECT_EQ(run.judge.all()[0].lint, row.lint);
    ASSERT_TRUE(run.judge.lint());
    EXPECT_EQ(run.judge.lint()->confirmed.size(), row.lint.empty() ? 0u : 1u);
    EXPECT_EQ(run.judge.lint()->unpredicted.size(), row.lint.empty() ? 1u : 0u);
  }
}

TEST(JudgeWithPredictions, WithoutThemThereIsNothingToCompare) {
  JudgedRun run(std::nullopt);
  const std::vector<LiveFinding> news = run.stuck(31, {});
  ASSERT_THAT(news, SizeIs(1));
  EXPECT_EQ(news[0].lint, "");
  EXPECT_FALSE(run.judge.lint());
  EXPECT_THAT(run.judge.long_calls(), SizeIs(1));
}

}  // namespace
}  // namespace cgoscope
