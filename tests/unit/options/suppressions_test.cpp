#include "clang_plugin/suppressions.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace cgoscope {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

std::string show(const std::string& path) { return "shown" + path; }

Finding finding(const std::string& message, const std::string& rule = "blocking-call") {
  Finding finding;
  finding.rule = rule;
  finding.message = message;
  return finding;
}

// What is left of one finding at these places, named "x".
struct Applied {
  std::vector<Finding> findings;
  std::vector<SuppressiblePlaces> places;
  std::vector<AllowedFinding> allowed = {};
  std::vector<std::string> messages() const {
    std::vector<std::string> texts;
    for (const Finding& one : findings) texts.push_back(one.rule + ": " + one.message);
    return texts;
  }
};

Applied apply(const std::vector<Suppression>& suppressions,
              std::vector<std::pair<std::string, int>> places,
              const std::string& rule = "blocking-call") {
  Applied applied{{finding("x", rule)}, {{std::move(places)}}};
  applied.allowed = apply_suppressions(suppressions, applied.findings, applied.places, show);
  EXPECT_EQ(applied.findings.size(), applied.places.size());
  return applied;
}

Suppression allow(const std::string& file, int line, const std::string& rule = "blocking-call",
                  const std::string& reason = "it is fine") {
  return {file, line, 4, rule, reason, true, "example.org/p", "example.org/p.F"};
}

TEST(Suppressions, SayWhatTheyTookOutAndWhy) {
  const Applied applied = apply({allow("/a.go", 10, "blocking-call", "short")}, {{"/a.go", 10}});
  ASSERT_THAT(applied.allowed, SizeIs(1));
  EXPECT_EQ(applied.allowed[0].finding.message, "x");
  EXPECT_EQ(applied.allowed[0].reason, "short");
  EXPECT_THAT(apply({allow("/a.go", 10)}, {{"/b.go", 10}}).allowed, IsEmpty());
}

TEST(Suppressions, CoverTheirLineAndTheOneBelow) {
  EXPECT_THAT(apply({allow("/a.go", 10)}, {{"/a.go", 10}}).findings, IsEmpty());
  EXPECT_THAT(apply({allow("/a.go", 10)}, {{"/a.go", 11}}).findings, IsEmpty());
  for (const int line : {8, 9, 12}) {
    const Applied applied = apply({allow("/a.go", 10)}, {{"/a.go", line}});
    EXPECT_THAT(applied.findings, SizeIs(2)) << line;
  }
  EXPECT_THAT(apply({allow("/a.go", 10)}, {{"/b.go", 10}}).findings, SizeIs(2));
}

TEST(Suppressions, AnyPlaceOfTheWayWillDo) {
  const std::vector<std::pair<std::string, int>> places = {
      {"/a.go", 5}, {"/p.c", 20}, {"/p.h", 30}};
  EXPECT_THAT(apply({allow("/a.go", 4)}, places).findings, IsEmpty());
  EXPECT_THAT(apply({allow("/p.c", 20)}, places).findings, IsEmpty());
  EXPECT_THAT(apply({allow("/p.h", 29)}, places).findings, IsEmpty());
  // All three are in use then.
  EXPECT_THAT(apply({allow("/a.go", 5), allow("/p.c", 20), allow("/p.h", 29)}, places).findings,
              IsEmpty());
  // So are one on the line and one above it.
  EXPECT_THAT(apply({allow("/a.go", 5), allow("/a.go", 4)}, places).findings, IsEmpty());
}

TEST(Suppressions, OneCoversAllFindingsOfItsLine) {
  std::vector<Finding> findings = {finding("x"), finding("y"), finding("z")};
  std::vector<SuppressiblePlaces> places = {
      {{{"/a.go", 3}}}, {{{"/a.go", 9}}}, {{{"/a.go", 3}, {"/p.c", 1}}}};
  apply_suppressions({allow("/a.go", 3)}, findings, places, show);
  ASSERT_THAT(findings, SizeIs(1));
  EXPECT_EQ(findings[0].message, "y");
  ASSERT_THAT(places, SizeIs(1));
  EXPECT_THAT(places[0].places, ElementsAre(std::pair<std::string, int>("/a.go", 9)));
}

TEST(Suppressions, OnlyTheNamedRule) {
  EXPECT_THAT(apply({allow("/a.go", 1, "busy-wait")}, {{"/a.go", 1}}, "busy-wait").findings,
              IsEmpty());
  EXPECT_THAT(apply({allow("/a.go", 1, "busy-wait")}, {{"/a.go", 1}}).findings, SizeIs(2));
  EXPECT_THAT(apply({allow("/a.go", 1, "busy-wait"), allow("/a.go", 1)}, {{"/a.go", 1}}).messages(),
              ElementsAre(HasSubstr("unused-suppression: //cgoscope:allow busy-wait suppresses")));
}

TEST(Suppressions, AnUnusedOneIsANoteWhereItStands) {
  const Applied applied = apply({allow("/a.go", 7)}, {{"/a.go", 3}});
  ASSERT_THAT(applied.findings, SizeIs(2));
  const Finding& unused = applied.findings[1];
  EXPECT_EQ(applied.findings[0].message, "x");
  EXPECT_EQ(unused.rule, "unused-suppression");
  EXPECT_EQ(unused.severity, Severity::kNote);
  EXPECT_EQ(unused.bound, std::nullopt);
  EXPECT_EQ(unused.go.file, "shown/a.go");
  EXPECT_EQ(unused.go.line, 7);
  EXPECT_EQ(unused.go.column, 4);
  EXPECT_EQ(unused.go.package, "example.org/p");
  EXPECT_EQ(unused.go.function, "example.org/p.F");
  EXPECT_EQ(unused.c, std::nullopt);
  EXPECT_THAT(unused.message, HasSubstr("no such finding on this line or the one below"));
  EXPECT_EQ(unused.advice, "remove the comment");
  EXPECT_THAT(applied.places[1].places, ElementsAre(std::pair<std::string, int>("/a.go", 7)));
}

TEST(Suppressions, InCTheNoteIsInC) {
  Suppression in_c = allow("/p.h", 7);
  in_c.in_go = false;
  const Applied applied = apply({in_c}, {{"/a.go", 3}});
  ASSERT_THAT(applied.findings, SizeIs(2));
  EXPECT_EQ(applied.findings[1].go.file, "");
  EXPECT_EQ(applied.findings[1].go.package, "example.org/p");
  ASSERT_TRUE(applied.findings[1].c.has_value());
  EXPECT_EQ(applied.findings[1].c->file, "shown/p.h");
  EXPECT_EQ(applied.findings[1].c->line, 7);
  EXPECT_EQ(applied.findings[1].c->column, 4);
}

TEST(Suppressions, WhatIsWrongWithOneIsSaid) {
  EXPECT_THAT(apply({allow("/a.go", 1, "blocking-call", "")}, {{"/a.go", 1}}).messages(),
              ElementsAre("blocking-call: x",
                          HasSubstr("//cgoscope:allow blocking-call gives no reason, so it "
                                    "suppresses nothing")));
  EXPECT_THAT(apply({allow("/a.go", 1, "blocking", "why")}, {{"/a.go", 1}}).messages(),
              ElementsAre("blocking-call: x", HasSubstr("names no rule of this lint")));
  EXPECT_THAT(apply({allow("/a.go", 1, "", "")}, {{"/a.go", 1}}).messages(),
              ElementsAre("blocking-call: x", HasSubstr("//cgoscope:allow names no rule")));
  // It cannot allow itself.
  EXPECT_THAT(apply({allow("/a.go", 1, "unused-suppression", "why")}, {{"/a.go", 9}}).messages(),
              ElementsAre("blocking-call: x", HasSubstr("names no rule of this lint")));
}

TEST(Suppressions, AHeaderSeenManyTimesIsOneComment) {
  Suppression first = allow("/p.h", 7), second = first;
  first.in_go = second.in_go = false;
  first.package = "example.org/b";
  second.package = "example.org/a";
  EXPECT_THAT(apply({first, second, first}, {{"/p.h", 8}}).findings, IsEmpty());
  // Packages are analysed in any order, and the report must not depend on it.
  for (const auto& order :
       {std::vector<Suppression>{first, second}, std::vector<Suppression>{second, first}}) {
    const Applied applied = apply(order, {{"/a.go", 1}});
    ASSERT_THAT(applied.findings, SizeIs(2));
    EXPECT_EQ(applied.findings[1].go.package, "example.org/a");
  }
}

TEST(Suppressions, OneOfTwoCommentsOnALineMayLackItsReason) {
  const Suppression with = allow("/p.c", 3), without = allow("/p.c", 3, "blocking-call", "");
  for (const auto& order :
       {std::vector<Suppression>{with, without}, std::vector<Suppression>{without, with}})
    EXPECT_THAT(apply(order, {{"/p.c", 3}}).findings, IsEmpty());
}

TEST(Suppressions, NothingToDo) {
  std::vector<Finding> findings;
  std::vector<SuppressiblePlaces> places;
  apply_suppressions({}, findings, places, show);
  EXPECT_THAT(findings, IsEmpty());
  EXPECT_THAT(apply({}, {{"/a.go", 1}}).messages(), ElementsAre("blocking-call: x"));
}

}  // namespace
}  // namespace cgoscope
