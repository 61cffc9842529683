#include "clang_plugin/known_findings/baseline.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/unit/packages/temporary_tree.h"

namespace cgoscope {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

Finding finding(const std::string& id, Severity severity = Severity::kWarning,
                const std::string& package = "example.org/p") {
  Finding finding;
  finding.id = id;
  finding.rule = "blocking-call";
  finding.severity = severity;
  finding.go.package = package;
  finding.go.function = package + ".F";
  finding.go.call = "C.slow";
  finding.c = CPlace{"a.c", 3, 1, "slow", "read"};
  return finding;
}

const std::string kOne(16, '1');
const std::string kTwo(16, '2');
const std::string kThree(16, '3');

LintReport report_of(std::vector<Finding> findings) {
  LintReport report;
  report.findings = std::move(findings);
  report.packages = {{"example.org/p", "/p"}};
  return report;
}

std::vector<std::string> ids(const LintReport& report) {
  std::vector<std::string> ids;
  ids.reserve(report.findings.size());
  for (const Finding& one : report.findings) ids.push_back(one.id);
  return ids;
}

LintReport applied(const std::vector<Finding>& baseline, std::vector<Finding> findings) {
  LintReport report = report_of(std::move(findings));
  apply_baseline(baseline_of(baseline), "known.json", report);
  return report;
}

TEST(Baseline, TakesOutWhatItHas) {
  const LintReport report = applied({finding(kOne)}, {finding(kTwo), finding(kOne)});
  EXPECT_THAT(ids(report), ElementsAre(kTwo));
  ASSERT_THAT(report.suppressed, SizeIs(1));
  EXPECT_EQ(report.suppressed[0].finding.id, kOne);
  EXPECT_EQ(report.suppressed[0].by, SuppressedFinding::By::kBaseline);
  EXPECT_EQ(report.suppressed[0].reason, "in the baseline known.json");
  EXPECT_THAT(report.notes, ElementsAre("1 finding is in the baseline known.json and not shown"));
}

TEST(Baseline, CountsEqualIds) {
  EXPECT_THAT(ids(applied({finding(kOne)}, {finding(kOne), finding(kOne)})), ElementsAre(kOne));
  EXPECT_THAT(ids(applied({finding(kOne), finding(kOne)}, {finding(kOne), finding(kOne)})),
              IsEmpty());
}

TEST(Baseline, CountsWhatIsGone) {
  const LintReport report = applied({finding(kOne), finding(kTwo), finding(kTwo)}, {finding(kOne)});
  EXPECT_THAT(report.notes,
              ElementsAre("1 finding is in the baseline known.json and not shown; 2 of the "
                          "baseline are gone (write it anew with --write-baseline)"));
}

TEST(Baseline, WhatWasNotLookedAtIsNotGone) {
  const LintReport report =
      applied({finding(kOne), finding(kTwo, Severity::kWarning, "example.org/q")}, {});
  EXPECT_THAT(report.notes, ElementsAre(HasSubstr("0 findings are in the baseline")));
  EXPECT_THAT(report.notes, ElementsAre(HasSubstr("; 1 of the baseline is gone")));
}

TEST(Baseline, CoversUpToTheSeverityItHas) {
  const LintReport worse =
      applied({finding(kOne, Severity::kWarning)}, {finding(kOne, Severity::kError)});
  EXPECT_THAT(ids(worse), ElementsAre(kOne));
  EXPECT_THAT(worse.notes, ElementsAre(testing::Not(HasSubstr("gone"))));
  EXPECT_THAT(ids(applied({finding(kOne, Severity::kWarning)}, {finding(kOne, Severity::kNote)})),
              IsEmpty());
}

TEST(Baseline, IsTheSameWhateverTheOrderAndReadsBack) {
  const std::string text = render_baseline(baseline_of({finding(kTwo), finding(kOne)}));
  EXPECT_EQ(text, render_baseline(baseline_of({finding(kOne), finding(kTwo)})));
  const TemporaryTree tree;
  const auto read = read_baseline(tree.write("b.json", text));
  ASSERT_TRUE(read) << read.error().message();
  EXPECT_EQ(render_baseline(*read), text);
  const auto empty = read_baseline(tree.write("empty.json", render_baseline({})));
  ASSERT_TRUE(empty) << empty.error().message();
  EXPECT_THAT(*empty, IsEmpty());
}

TEST(Baseline, RefusesOtherFiles) {
  const TemporaryTree tree;
  const auto why = [&](const std::string& text) {
    const auto read = read_baseline(tree.write("b.json", text));
    return read ? "it was read" : read.error().message();
  };
  const std::string head = R"({"schema":"cgoscope/baseline/1","findings":)";
  EXPECT_THAT(why(""), HasSubstr("not JSON from line 1 on"));
  EXPECT_THAT(why("{\n\"schema\": \n"), HasSubstr("not JSON from line 3 on"));
  EXPECT_THAT(why("[]"), HasSubstr("has no \"schema\""));
  EXPECT_THAT(why(R"({"schema":"cgoscope/lint/1","findings":[]})"),
              HasSubstr("its schema is cgoscope/lint/1"));
  EXPECT_THAT(why(R"({"schema":"cgoscope/baseline/2","findings":[]})"),
              HasSubstr("a newer cgoscope-lint"));
  EXPECT_THAT(why(R"({"schema":"cgoscope/baseline/1"})"), HasSubstr("no list \"findings\""));
  EXPECT_THAT(why(head + "{}}"), HasSubstr("no list \"findings\""));
  EXPECT_THAT(why(head + "[1]}"), HasSubstr("entry 1 of findings has no id"));
  EXPECT_THAT(why(head + R"([{"id":"111111111111111G","severity":"note"}]})"),
              HasSubstr("entry 1 of findings has no id"));
  EXPECT_THAT(why(head + R"([{"id":"1111111111111111","severity":"note"},
                             {"id":"1111111111111111","severity":"off"}]})"),
              HasSubstr("entry 2 of findings has no severity"));
  const auto missing = read_baseline(tree.path("missing.json"));
  ASSERT_FALSE(missing);
  EXPECT_THAT(missing.error().message(), HasSubstr("missing.json"));
  EXPECT_FALSE(read_baseline(tree.root()));
  EXPECT_FALSE(read_baseline(""));
}

}  // namespace
}  // namespace cgoscope
