#include "clang_plugin/known_findings/comparison.h"

#include <gtest/gtest.h>

#include <vector>

namespace cgoscope {
namespace {

using Findings = std::vector<ComparedFinding>;

const ComparedFinding kWarning = {"a", Severity::kWarning, false};
const ComparedFinding kError = {"a", Severity::kError, true};
const ComparedFinding kOther = {"b", Severity::kNote, false};

bool untouched(size_t /*index*/) { return false; }

TEST(Comparison, WhatWasThereIsNotAdded) {
  EXPECT_EQ(added_findings({kWarning, kOther}, {kOther, kWarning}, untouched),
            (std::vector<bool>{false, false}));
  EXPECT_EQ(added_findings({kWarning, kOther}, {kOther}, untouched),
            (std::vector<bool>{true, false}));
  EXPECT_EQ(added_findings({}, {kOther}, untouched), std::vector<bool>{});
  EXPECT_EQ(added_findings({kOther}, {}, untouched), std::vector<bool>{true});
}

TEST(Comparison, OneOfTwoIsAdded) {
  EXPECT_EQ(added_findings({kWarning, kWarning}, {kWarning}, untouched),
            (std::vector<bool>{false, true}));
  const auto first_touched = [](size_t index) { return index == 0; };
  EXPECT_EQ(added_findings({kWarning, kWarning}, {kWarning}, first_touched),
            (std::vector<bool>{true, false}));
}

// The diff is not asked where the counts decide.
TEST(Comparison, AsksOnlyWhereItMatters) {
  const auto never = [](size_t /*index*/) {
    ADD_FAILURE();
    return false;
  };
  added_findings({kWarning, kWarning}, {kWarning, kWarning}, never);
  added_findings({kWarning, kWarning}, {}, never);
}

TEST(Comparison, WorseIsAddedAndBetterIsNot) {
  EXPECT_EQ(added_findings({kError}, {kWarning}, untouched), std::vector<bool>{true});
  EXPECT_EQ(added_findings({kWarning}, {kError}, untouched), std::vector<bool>{false});
  EXPECT_EQ(added_findings({{"a", Severity::kWarning, true}}, {kWarning}, untouched),
            std::vector<bool>{true});
  EXPECT_EQ(added_findings({kWarning, kError}, {kError, kWarning}, untouched),
            (std::vector<bool>{false, false}));
}

TEST(Comparison, AKeyKnowsNoImportPathsOnTheWay) {
  Finding finding;
  finding.rule = "blocking-call";
  finding.go = {"example.org/app", "app/a.go", 3, 1, "example.org/app.F", "slow.Query"};
  finding.c = CPlace{"slow/a.c", 9, 1, "slow", "read"};
  finding.path = {{"example.org/slow.Query", "slow/a.go", 4}, {"slow", "slow/a.c", 9}};
  Finding renamed = finding;
  renamed.path[0].function = "example.com/new/slow.Query";
  EXPECT_EQ(comparison_key(renamed, "app"), comparison_key(finding, "app"));
  renamed.path[0].function = "example.org/slow.Other";
  EXPECT_NE(comparison_key(renamed, "app"), comparison_key(finding, "app"));
}

TEST(Comparison, AKeyKnowsTheFolderNotTheImportPath) {
  Finding finding;
  finding.rule = "blocking-call";
  finding.go = {"example.org/p", "p/a.go", 3, 1, "example.org/p.(*T).M.func1", "C.slow"};
  finding.c = CPlace{"p/a.c", 9, 1, "slow", "read"};
  finding.path = {{"slow", "p/a.c", 9}};
  Finding renamed = finding;
  renamed.go.package = "example.net/x.y/q";
  renamed.go.function = "example.net/x.y/q.(*T).M.func1";
  renamed.go.file = "p/b.go";
  renamed.go.line = 30;
  EXPECT_EQ(comparison_key(finding, "p"), comparison_key(renamed, "p"));
  EXPECT_NE(comparison_key(finding, "p"), comparison_key(finding, "q"));
  renamed.go.function = "example.net/x.y/q.(*U).M.func1";
  EXPECT_NE(comparison_key(finding, "p"), comparison_key(renamed, "p"));
  renamed = finding;
  renamed.go.function = "example.org/p.(*T[example.org/x.Y]).M.func1";
  EXPECT_NE(comparison_key(finding, "p"), comparison_key(renamed, "p"));
}

}  // namespace
}  // namespace cgoscope
