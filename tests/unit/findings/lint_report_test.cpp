#include "findings/lint_report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace cgoscope {
namespace {

using testing::HasSubstr;
using testing::SizeIs;

constexpr const char* kFinding = R"({
  "id": "40208748668a173b", "rule": "blocking-call", "severity": "error", "bound": "unbounded",
  "bound_ms": null,
  "go": {"package": "example.org/p", "file": "p/main.go", "line": 27, "column": 7,
         "function": "main.readFrames", "call": "C.sensor_read"},
  "c": {"file": "p/sensor.c", "line": 9, "column": 10, "function": "wait_readable",
        "call": "poll"},
  "path": [{"function": "sensor_read", "file": "p/sensor.c", "line": 13}],
  "message": "it blocks", "advice": "do not"})";

std::string report_of(const std::string& findings, const std::string& schema = "cgoscope/lint/1") {
  return R"({"schema": ")" + schema + R"(", "tool": {"name": "cgoscope-lint", "version": "0"},)" +
         R"("findings": [)" + findings + R"(], "errors": [{"file": "a.c", "line": 0,
         "message": "broken"}], "notes": [], "stats": {}})";
}

std::string replaced(std::string text, const std::string& what, const std::string& with) {
  const size_t at = text.find(what);
  EXPECT_NE(at, text.npos) << what;
  return text.replace(at, what.size(), with);
}

TEST(LintReport, IsReadBack) {
  const auto report = parse_lint_report(report_of(kFinding), "findings.json");
  ASSERT_TRUE(report) << report.error().message();
  EXPECT_EQ(report->file, "findings.json");
  EXPECT_EQ(report->problems, 1u);
  ASSERT_THAT(report->findings, SizeIs(1));
  const Finding& finding = report->findings[0];
  EXPECT_EQ(finding.id, "40208748668a173b");
  EXPECT_EQ(finding.rule, "blocking-call");
  EXPECT_EQ(finding.severity, Severity::kError);
  EXPECT_EQ(finding.bound, Bound::kUnbounded);
  EXPECT_FALSE(finding.bound_ms);
  EXPECT_EQ(finding.go.package, "example.org/p");
  EXPECT_EQ(finding.go.file, "p/main.go");
  EXPECT_EQ(finding.go.line, 27);
  EXPECT_EQ(finding.go.function, "main.readFrames");
  EXPECT_EQ(finding.go.call, "C.sensor_read");
  ASSERT_TRUE(finding.c);
  EXPECT_EQ(finding.c->call, "poll");
  EXPECT_EQ(finding.c->function, "wait_readable");
  ASSERT_THAT(finding.path, SizeIs(1));
  EXPECT_EQ(finding.path[0].function, "sensor_read");
  EXPECT_EQ(finding.path[0].line, 13);
}

// A comment that suppresses nothing predicts nothing; keys that are not known are passed over.
TEST(LintReport, KeepsWhatPredicts) {
  const std::string unused =
      replaced(replaced(replaced(kFinding, "\"call\": \"C.sensor_read\"", "\"call\": \"\""),
                        "\"unbounded\"", "null"),
               "\"rule\"", "\"later\": [1], \"rule\"");
  const auto report = parse_lint_report(report_of(unused + "," + kFinding), "f");
  ASSERT_TRUE(report) << report.error().message();
  EXPECT_THAT(report->findings, SizeIs(1));
  const auto none = parse_lint_report(report_of(""), "f");
  ASSERT_TRUE(none);
  EXPECT_THAT(none->findings, SizeIs(0));
}

TEST(LintReport, RefusesWhatIsNone) {
  const std::string good = report_of(kFinding);
  const struct {
    std::string text, words;
  } rows[] = {
      {"", "not JSON"},
      {"\xff\xfe", "not JSON"},
      {good.substr(0, good.size() / 2), "cut off"},
      {"[]", "not a JSON object"},
      {"null", "not a JSON object"},
      {"{}", "no \"schema\""},
      {R"({"schema": 1})", "no \"schema\""},
      {R"({"version": "2.1.0", "runs": []})", "it is SARIF"},
      {R"({"schema": "cgoscope/baseline/1", "findings": []})", "its schema is cgoscope/baseline/1"},
      {report_of(kFinding, "cgoscope/lint/2"), "another version of cgoscope-lint"},
      {R"({"schema": "cgoscope/lint/1"})", "no list \"findings\""},
      {R"({"schema": "cgoscope/lint/1", "findings": {}})", "no list \"findings\""},
      {report_of("1"), "finding 1: it is not an object"},
      {report_of(std::string(kFinding) + ", {}"), "finding 2: its \"id\" is missing"},
      {replaced(good, "40208748668a173b", "40208748668A173B"), "\"id\" is not sixteen"},
      {replaced(good, "\"error\"", "\"fatal\""), "\"severity\" is not"},
      {replaced(good, "\"unbounded\"", "\"endless\""), "\"bound\" is not"},
      {replaced(good, "\"unbounded\"", "7"), "\"bound\" is not a string"},
      {replaced(good, "\"bound_ms\": null", "\"bound_ms\": \"1\""), "\"bound_ms\" is not"},
      {replaced(good, "\"line\": 27", "\"line\": -1"), "\"line\" is not"},
      {replaced(good, "\"line\": 27", "\"line\": 2.5"), "\"line\" is not"},
      {replaced(good, "\"line\": 27", "\"line\": 4294967296"), "\"line\" is not"},
      {replaced(good, "\"column\": 7,", ""), "\"column\" is missing"},
      {replaced(good, "\"function\": \"main.readFrames\"", "\"function\": [\"f\"]"),
       "\"function\" is not a string"},
      {replaced(good, "\"path\": [", "\"path\": [3, "), "\"path\" holds"},
      {replaced(good, "\"path\": [", "\"path\": {}, \"x\": ["), "\"path\" is not a list"},
      {replaced(good, "\"go\": {", "\"go\": null, \"x\": {"), "\"go\" is not an object"},
      {replaced(good, "\"c\": {", "\"c\": 3, \"x\": {"), "\"c\" is not an object"},
      {report_of(kFinding) + "{}", "not JSON"},
      {std::string(100'000, '['), "nested too deeply"},
  };
  for (const auto& row : rows) {
    const auto report = parse_lint_report(row.text, "findings.json");
    ASSERT_FALSE(report) << row.words;
    EXPECT_THAT(report.error().message(), HasSubstr(row.words));
    EXPECT_THAT(report.error().what, HasSubstr("findings.json"));
    EXPECT_FALSE(report.error().hint.empty()) << row.words;
  }
}

TEST(LintReport, ReadsFilesUpToALimit) {
  const std::filesystem::path folder = testing::TempDir();
  const std::string file = folder / "lint_report_test.json";
  const std::string good = report_of(kFinding);
  std::ofstream(file) << good << std::string(200'000, ' ');
  const auto report = read_lint_report(file);
  ASSERT_TRUE(report) << report.error().message();
  EXPECT_THAT(report->findings, SizeIs(1));
  std::filesystem::remove(file);

  EXPECT_THAT(read_lint_report(file).error().message(), HasSubstr("No such file"));
  EXPECT_THAT(read_lint_report(folder).error().message(), HasSubstr("directory"));
  EXPECT_THAT(read_lint_report("/dev/zero").error().message(), HasSubstr("larger than 64 MiB"));
  EXPECT_THAT(read_lint_report("/dev/null").error().message(), HasSubstr("not JSON"));
}

}  // namespace
}  // namespace cgoscope
