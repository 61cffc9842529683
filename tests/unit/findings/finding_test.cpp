#include "findings/finding.h"

#include <gtest/gtest.h>

#include <functional>
#include <set>
#include <string>
#include <vector>

namespace cgoscope {
namespace {

Finding sample() {
  Finding finding;
  finding.rule = "blocking-call";
  finding.severity = Severity::kError;
  finding.bound = Bound::kUnbounded;
  finding.go = {"example.org/p", "p/a.go", 12, 3, "example.org/p.run", "C.slow"};
  finding.c = CPlace{"p/a.go", 5, 9, "inner", "read"};
  finding.path = {{"slow", "p/a.go", 8}, {"inner", "p/a.go", 5}};
  finding.message = "C.slow can block in read without limit";
  finding.advice = "use poll";
  return finding;
}

// FNV-1a, computed apart from this code; another version, machine or compiler must give the same.
TEST(FindingId, IsTheSameEverywhere) {
  EXPECT_EQ(finding_id(sample(), 0), "18b7d4b952028b55");
  EXPECT_EQ(finding_id(sample(), 1).size(), 16u);
}

TEST(FindingId, StaysWhenLinesFilesAndWordsChange) {
  const std::vector<std::function<void(Finding&)>> changes = {
      [](Finding& f) { f.go.line = 99; },
      [](Finding& f) { f.go.column = 99; },
      [](Finding& f) { f.go.file = "elsewhere/b.go"; },
      [](Finding& f) { f.c->line = 99; },
      [](Finding& f) { f.c->column = 99; },
      [](Finding& f) { f.c->file = "other.c"; },
      [](Finding& f) { f.path[0].line = 99; },
      [](Finding& f) { f.path[0].file = "other.c"; },
      [](Finding& f) { f.message = "other words"; },
      [](Finding& f) { f.advice = "other words"; },
      [](Finding& f) { f.severity = Severity::kNote; },
      [](Finding& f) { f.bound = Bound::kVariable; },
      [](Finding& f) { f.bound_ms = 5000; },
      [](Finding& f) { f.id = "set already"; },
  };
  for (size_t i = 0; i < changes.size(); ++i) {
    Finding changed = sample();
    changes[i](changed);
    EXPECT_EQ(finding_id(changed, 0), finding_id(sample(), 0)) << "change " << i;
  }
}

TEST(FindingId, DiffersInWhatNamesTheFinding) {
  const std::vector<std::function<void(Finding&)>> changes = {
      [](Finding& f) { f.rule = "busy-wait"; },
      [](Finding& f) { f.go.package = "example.org/q"; },
      [](Finding& f) { f.go.function = "example.org/p.run2"; },
      [](Finding& f) { f.go.call = "C.slow2"; },
      [](Finding& f) { f.c->function = "outer"; },
      [](Finding& f) { f.c->call = "write"; },
      [](Finding& f) { f.c.reset(); },
      [](Finding& f) { f.path[0].function = "slower"; },
      [](Finding& f) { f.path.pop_back(); },
      [](Finding& f) { f.path.clear(); },
      // The same letters, cut elsewhere.
      [](Finding& f) {
        f.go.function += "C";
        f.go.call = ".slow";
      },
      [](Finding& f) { f.path = {{"slowinner", "", 0}}; },
  };
  std::set<std::string> ids = {finding_id(sample(), 0), finding_id(sample(), 1),
                               finding_id(sample(), 2)};
  for (const auto& change : changes) {
    Finding changed = sample();
    change(changed);
    ids.insert(finding_id(changed, 0));
  }
  EXPECT_EQ(ids.size(), changes.size() + 3);
}

TEST(Severities, HaveTheNamesOfTheContract) {
  EXPECT_EQ(severity_name(Severity::kError), "error");
  EXPECT_EQ(severity_name(Severity::kWarning), "warning");
  EXPECT_EQ(severity_name(Severity::kNote), "note");
  for (const Severity severity : {Severity::kNote, Severity::kWarning, Severity::kError})
    EXPECT_EQ(parse_severity(severity_name(severity)), severity);
  for (const char* name : {"", "off", "Error", "error ", "errors", "high"})
    EXPECT_EQ(parse_severity(name), std::nullopt) << name;
  EXPECT_LT(Severity::kNote, Severity::kWarning);  // --fail-on compares them
  EXPECT_LT(Severity::kWarning, Severity::kError);
}

TEST(Bounds, HaveTheNamesOfTheContract) {
  EXPECT_EQ(bound_name(Bound::kUnbounded), "unbounded");
  EXPECT_EQ(bound_name(Bound::kBounded), "bounded");
  EXPECT_EQ(bound_name(Bound::kVariable), "variable");
}

}  // namespace
}  // namespace cgoscope
