#include "clang_plugin/across/across_packages.h"

#include <gmock/gmock.h>

#include <string>
#include <vector>

namespace cgoscope {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::string as_it_is(const std::string& path) { return path; }

Package package_of(const std::string& name, const std::string& text, bool with_cgo = false) {
  Package package;
  package.import_path = name;
  package.name = name;
  GoFile file =
      parse_go_file("/m/" + name + "/a.go", "package " + name + "\n" + text, GoCalls::kRead);
  (with_cgo ? package.cgo_files : package.go_files).push_back(std::move(file));
  return package;
}

const Package& slow() {
  static const Package package =
      package_of("slow", "import \"C\"\nfunc Query() { C.pause() }\n", true);
  return package;
}

RunFindings findings_of_slow() {
  Finding finding;
  finding.rule = "blocking-call";
  finding.bound = Bound::kUnbounded;
  finding.go = {"slow", "/m/slow/a.go", 3, 16, "slow.Query", "C.pause"};
  finding.c = CPlace{"", 0, 0, "", "pause"};
  finding.message = "C.pause can block without limit";
  RunFindings run;
  run.findings = {finding};
  run.places = {{{{"/m/slow/a.go", 3}}}};
  return run;
}

std::vector<std::string> calls(const RunFindings& run) {
  std::vector<std::string> calls;
  for (const Finding& finding : run.findings)
    calls.push_back(finding.go.function + " " + finding.go.call);
  return calls;
}

struct Outcome {
  RunFindings run;
  AcrossPackages across;
};

Outcome outcome_of(const std::vector<const Package*>& packages,
                   RunFindings run = findings_of_slow()) {
  const Settings settings;
  std::vector<CallingPackage> calling;
  for (const Package* package : packages) calling.push_back({package, &settings});
  Outcome outcome{std::move(run), {}};
  add_findings_across(calling, outcome.run, outcome.across, as_it_is);
  return outcome;
}

TEST(AcrossPackages, ImportedOnesAreJudgedFirst) {
  const Package app = package_of("app", "import \"middle\"\nfunc Run() { middle.Load() }\n");
  const Package middle = package_of("middle", "import \"slow\"\nfunc Load() { slow.Query() }\n");
  const Outcome outcome = outcome_of({&app, &middle, &slow()});
  EXPECT_THAT(calls(outcome.run),
              ElementsAre("slow.Query C.pause", "middle.Load slow.Query", "app.Run middle.Load"));
  EXPECT_EQ(outcome.run.findings[2].path.size(), 2U);
  EXPECT_TRUE(outcome.across.found.at("app").functions.contains("Run"));
}

TEST(AcrossPackages, ARingOfImportsIsNotFollowed) {
  const Package a =
      package_of("a", "import \"b\"\nimport \"slow\"\nfunc A() { b.B(); slow.Query() }\n");
  const Package b = package_of("b", "import \"a\"\nfunc B() { a.A() }\n");
  EXPECT_THAT(calls(outcome_of({&a, &b, &slow()}).run),
              ElementsAre("slow.Query C.pause", "a.A slow.Query"));
}

TEST(AcrossPackages, VendoredPathsAreMapped) {
  Package app = package_of("app", "import \"example.org/slow\"\nfunc Run() { slow.Query() }\n");
  EXPECT_EQ(outcome_of({&app, &slow()}).run.findings.size(), 1U);
  app.import_map["example.org/slow"] = "slow";
  EXPECT_EQ(outcome_of({&app, &slow()}).run.findings.size(), 2U);
}

TEST(AcrossPackages, WhatIsAllowedOrOfGosOwnLibraryIsNotHandedOn) {
  const Package app = package_of("app", "import \"slow\"\nfunc Run() { slow.Query() }\n");
  RunFindings run = findings_of_slow();
  run.suppressions = {
      {"/m/slow/a.go", 3, 20, "blocking-call", "it is meant", true, "slow", "", {}}};
  const Outcome allowed = outcome_of({&app, &slow()}, run);
  EXPECT_THAT(calls(allowed.run), ElementsAre("slow.Query C.pause"));
  EXPECT_TRUE(allowed.across.found.at("slow").empty());
  Package standard = slow();
  standard.is_standard = true;
  EXPECT_THAT(calls(outcome_of({&app, &standard}).run), ElementsAre("slow.Query C.pause"));
}

TEST(AcrossPackages, CommentsCountWhereSomethingThatBlocksIsImported) {
  const std::string allow = " //cgoscope:allow blocking-call it is meant\n";
  const Package app = package_of("app", "import \"slow\"\nfunc Run() { slow.Query() }" + allow);
  const Package plain = package_of("plain", "func Run() {}" + allow);
  const Outcome outcome = outcome_of({&app, &plain, &slow()});
  ASSERT_EQ(outcome.run.suppressions.size(), 1U);
  EXPECT_EQ(outcome.run.suppressions[0].file, "/m/app/a.go");
  EXPECT_TRUE(outcome.run.suppressions[0].severity.has_value());
}

TEST(AcrossPackages, PackagesOutsideTheRunAreKnown) {
  const Package app = package_of("app", "import \"far\"\nfunc Run() { far.Query() }\n");
  AcrossPackages across;
  across.known["far"].package_name = "far";
  across.known["far"].functions["Query"] = {findings_of_slow().findings[0]};
  const Settings settings;
  RunFindings run;
  add_findings_across({{&app, &settings}}, run, across, as_it_is);
  EXPECT_THAT(calls(run), ElementsAre("app.Run far.Query"));
}

}  // namespace
}  // namespace cgoscope
