#include "clang_plugin/across/callers.h"

#include <gmock/gmock.h>

#include <string>
#include <vector>

namespace cgoscope {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::StartsWith;

std::string as_it_is(const std::string& path) { return path; }

// A package of one file, /m/NAME/a.go.
Package package_of(const std::string& name, const std::string& text) {
  Package package;
  package.import_path = "example.org/" + name;
  package.name = name;
  package.directory = "/m/" + name;
  package.go_files.push_back(
      parse_go_file(package.directory + "/a.go", "package " + name + "\n" + text, GoCalls::kRead));
  return package;
}

// At a call of C in `function` of package p, on `line`.
Finding at_c(const std::string& function, int line, const std::string& call = "poll") {
  Finding finding;
  finding.rule = "blocking-call";
  finding.severity = Severity::kError;
  finding.bound = Bound::kUnbounded;
  finding.go = {"example.org/p", "/m/p/a.go", line, 1, "example.org/p." + function, "C.wait"};
  finding.c = CPlace{"/m/p/p.c", line, 1, "wait", call};
  finding.path = {{"wait", "/m/p/p.c", line}};
  finding.message = "C.wait can block in poll without limit";
  return finding;
}

std::vector<std::string> steps(const Finding& finding) {
  std::vector<std::string> steps;
  for (const PathStep& step : finding.path)
    steps.push_back(step.function + ":" + std::to_string(step.line));
  return steps;
}

std::vector<std::string> names(const BlockingFunctions& functions) {
  std::vector<std::string> names;
  for (const auto& [name, ways] : functions.functions) names.push_back(name);
  return names;
}

const BlockingFunctions* knows_nothing(const std::string&) { return nullptr; }

FollowedCalls follow(const Package& package, const std::vector<Finding>& own,
                     const KnownFunctions& known = knows_nothing) {
  return follow_calls(package, Settings(), own, known, as_it_is);
}

// As app sees a package whose Query blocks.
class Importer : public testing::Test {
 protected:
  Importer() {
    slow_.package_name = "slow";
    Finding way = at_c("Query", 3);
    way.path.insert(way.path.begin(), {"example.org/p.Query", "/m/p/a.go", 3});
    slow_.functions["Query"] = {way};
  }

  FollowedCalls app(const std::string& text, const Settings& settings = {}) const {
    return follow_calls(
        package_of("app", text), settings, {},
        [&](const std::string& path) { return path == "example.org/go-slow" ? &slow_ : nullptr; },
        as_it_is);
  }
  std::vector<std::string> calls(const std::string& text) const {
    std::vector<std::string> calls;
    for (const Finding& finding : app(text).findings)
      calls.push_back(std::to_string(finding.go.line) + " " + finding.go.call);
    return calls;
  }

  BlockingFunctions slow_;
};

TEST(Callers, HandOnWhatTheyCallInThePackage) {
  const Package package = package_of("p",
                                     "func Query() { run() }\n"
                                     "func run() { func() { C.wait() }() }\n"
                                     "func Other() {}\n"
                                     "func (t *T) Method() { C.wait() }\n");
  const FollowedCalls followed = follow(package, {at_c("run.func1", 3), at_c("(*T).Method", 5)});
  EXPECT_THAT(followed.findings, IsEmpty());
  EXPECT_EQ(followed.functions.package_name, "p");
  ASSERT_THAT(names(followed.functions), ElementsAre("Query"));
  const std::vector<Finding>& ways = followed.functions.functions.at("Query");
  ASSERT_EQ(ways.size(), 1U);
  EXPECT_THAT(steps(ways[0]),
              ElementsAre("example.org/p.Query:2", "example.org/p.run:3", "wait:3"));
  EXPECT_EQ(ways[0].go.call, "C.wait");
}

TEST(Callers, KeepTheShortestWayToEachCallAndTheWorstOnes) {
  std::string text =
      "func Query() { long(); run() }\nfunc long() { run() }\nfunc run() { C.wait() }\n";
  const FollowedCalls two = follow(package_of("p", text), {at_c("run", 4), at_c("run", 4)});
  ASSERT_EQ(two.functions.functions.at("Query").size(), 1U);
  EXPECT_THAT(steps(two.functions.functions.at("Query")[0]),
              ElementsAre("example.org/p.Query:2", "example.org/p.run:4", "wait:4"));
  std::vector<Finding> many;
  for (int line = 10; line < 40; ++line) {
    many.push_back(at_c("run", line));
    many.back().severity = line == 39 ? Severity::kError : Severity::kNote;
  }
  const FollowedCalls worst = follow(package_of("p", text), many);
  ASSERT_EQ(worst.functions.functions.at("Query").size(), kMaxWaysOfFunction);
  EXPECT_EQ(worst.functions.functions.at("Query")[0].go.line, 39);
}

TEST(Callers, EndWithRingsAndLongChains) {
  const FollowedCalls ring =
      follow(package_of("p", "func A() { B() }\nfunc B() { A(); C.wait() }\n"), {at_c("B", 3)});
  EXPECT_THAT(names(ring.functions), ElementsAre("A", "B"));
  std::string chain = "func F0() { C.wait() }\n";
  for (int i = 1; i < 1000; ++i)
    chain += "func F" + std::to_string(i) + "() { F" + std::to_string(i - 1) + "() }\n";
  const FollowedCalls followed = follow(package_of("p", chain), {at_c("F0", 2)});
  EXPECT_EQ(followed.functions.functions.size(), kMaxStepsOfWay - 1);
}

TEST(Callers, ACommentEndsTheWayAndIsInUse) {
  const Package package = package_of("p",
                                     "func Query() { run() } //cgoscope:allow blocking-call short\n"
                                     "func Bare() {\n\trun() //cgoscope:allow blocking-call\n}\n"
                                     "func run() { C.wait() }\n");
  const FollowedCalls followed = follow(package, {at_c("run", 6)});
  EXPECT_THAT(names(followed.functions), ElementsAre("Bare"));
  ASSERT_EQ(followed.places.size(), 1U);
  EXPECT_TRUE(followed.places[0].dropped);
  EXPECT_THAT(followed.places[0].places, ElementsAre(std::pair<std::string, int>("/m/p/a.go", 2)));
}

TEST_F(Importer, FindsWhatBlocksElsewhere) {
  const FollowedCalls followed =
      app("import slow \"example.org/go-slow\"\n\n"
          "func Load() {\n\tx := 1; slow.Query(x)\n}\n");
  ASSERT_EQ(followed.findings.size(), 1U);
  const Finding& finding = followed.findings[0];
  EXPECT_EQ(finding.rule, "blocking-call");
  EXPECT_EQ(finding.severity, Severity::kError);
  EXPECT_EQ(finding.bound, Bound::kUnbounded);
  EXPECT_EQ(finding.go.package, "example.org/app");
  EXPECT_EQ(finding.go.file, "/m/app/a.go");
  EXPECT_EQ(finding.go.line, 5);
  EXPECT_EQ(finding.go.column, 10);
  EXPECT_EQ(finding.go.function, "example.org/app.Load");
  EXPECT_EQ(finding.go.call, "slow.Query");
  EXPECT_EQ(finding.c->call, "poll");
  EXPECT_THAT(steps(finding), ElementsAre("example.org/p.Query:3", "wait:3"));
  EXPECT_THAT(finding.message,
              StartsWith("slow.Query, by way of C.wait in package example.org/p, can block"));
  EXPECT_THAT(followed.places[0].places,
              ElementsAre(std::pair<std::string, int>("/m/app/a.go", 5)));
  const Finding& way = followed.functions.functions.at("Load")[0];
  EXPECT_EQ(way.go.call, "C.wait");
  EXPECT_EQ(way.message, "C.wait can block in poll without limit");
  EXPECT_THAT(steps(way), ElementsAre("example.org/app.Load:5", "example.org/p.Query:3", "wait:3"));
}

TEST_F(Importer, ImportsHaveNames) {
  const std::string body = "func F() { slow.Query(); s.Query(); go_slow.Query(); Query() }\n";
  // The package's own name counts, not the path's last element.
  EXPECT_THAT(calls("import \"example.org/go-slow\"\n" + body), ElementsAre("3 slow.Query"));
  EXPECT_THAT(calls("import s \"example.org/go-slow\"\n" + body), ElementsAre("3 s.Query"));
  EXPECT_THAT(calls("import . \"example.org/go-slow\"\n" + body), ElementsAre("3 Query"));
  EXPECT_THAT(calls("import _ \"example.org/go-slow\"\n" + body), IsEmpty());
  EXPECT_THAT(calls("import \"example.org/other/slow\"\n" + body), IsEmpty());
}

TEST_F(Importer, NamesOfTheFunctionsOwnHideThePackage) {
  const std::string import = "import \"example.org/go-slow\"\n";
  EXPECT_THAT(calls(import + "func F(slow T) { slow.Query() }\n"), IsEmpty());
  EXPECT_THAT(calls(import + "func F() { slow := T{}; slow.Query() }\n"), IsEmpty());
  EXPECT_THAT(calls(import + "func (slow T) F() { slow.Query() }\n"), IsEmpty());
  EXPECT_THAT(calls(import + "func F(slow T) {}\nfunc G() { slow.Query() }\n"),
              ElementsAre("4 slow.Query"));
  EXPECT_THAT(calls("import . \"example.org/go-slow\"\nfunc F() { Query() }\nfunc Query() {}\n"),
              IsEmpty());
}

TEST_F(Importer, MethodsAndInitialisersHaveFindingsAndHandNothingOn) {
  const FollowedCalls followed =
      app("import \"example.org/go-slow\"\nvar x = slow.Query()\n"
          "func (t T) M() { slow.Query() }\nfunc init() { slow.Query() }\n");
  ASSERT_EQ(followed.findings.size(), 3U);
  EXPECT_EQ(followed.findings[0].go.function, "example.org/app.init");
  EXPECT_EQ(followed.findings[1].go.function, "example.org/app.T.M");
  EXPECT_EQ(followed.findings[2].go.function, "example.org/app.init.0");
  EXPECT_TRUE(followed.functions.empty());
}

TEST_F(Importer, SettingsAndCommentsTakeOutAndHandNothingOn) {
  const std::string text = "import \"example.org/go-slow\"\nfunc F() { slow.Query() }\n";
  Settings settings;
  settings.severities = {{"poll", Severity::kNote}};
  const FollowedCalls lowered = app(text, settings);
  EXPECT_EQ(lowered.findings.at(0).severity, Severity::kNote);
  EXPECT_EQ(lowered.functions.functions.at("F")[0].severity, Severity::kNote);
  settings.severities = {{"poll", std::nullopt}};
  const FollowedCalls off = app(text, settings);
  EXPECT_TRUE(off.places.at(0).dropped);
  EXPECT_TRUE(off.functions.empty());
  const FollowedCalls allowed =
      app("import \"example.org/go-slow\"\n//cgoscope:allow blocking-call why\nfunc F() { "
          "slow.Query() }\n");
  EXPECT_EQ(allowed.findings.size(), 1U);  // which the comment takes out, with all others
  EXPECT_TRUE(allowed.functions.empty());
}

}  // namespace
}  // namespace cgoscope
