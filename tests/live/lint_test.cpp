// Where the two tools meet, on a real program: what the lint finds in its source against what the
// probe sees of the process, and back. Without a lint in this build, what it found is read from a
// file, which the builds with one hold against the tool.
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "tests/go_program.h"
#include "tests/go_toolchains.h"
#include "tests/live/program.h"

namespace cgoscope {
namespace {

using nlohmann::json;
namespace fs = std::filesystem;

const fs::path kPrograms = fs::path(PROJECT_FOLDER) / "tests/live/programs";
const fs::path kSource = kPrograms / "meets/main.go";
const fs::path kFindings = kPrograms / "meets/findings.json";

// Ids of the findings by what Go calls.
std::map<std::string, std::string> ids_of(const json& report) {
  std::map<std::string, std::string> ids;
  for (const json& finding : report.at("findings"))
    ids.emplace(finding.at("go").at("call"), finding.at("id"));
  return ids;
}

json json_of(const fs::path& file) { return json::parse(contents_of(file), nullptr, false); }

std::vector<json> records(const std::string& text) {
  std::vector<json> all;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) {
    json record = json::parse(line, nullptr, false);
    if (record.is_object()) all.push_back(std::move(record));
  }
  return all;
}

const json* row_of(const json& rows, const std::string& c_function) {
  for (const json& row : rows) {
    if (row.at("c_function") == c_function) return &row;
  }
  return nullptr;
}

#ifdef CGOSCOPE_LINT
// The exit status is 1, for there are findings.
Ended lint(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), {CGOSCOPE_LINT, "--format", "json"});
  arguments.push_back(kSource.parent_path().string());
  return Program(arguments).wait(60'000);
}

TEST(FindingsOfTheLint, TheFileOfFindingsIsWhatTheLintFinds) {
  const Ended ended = lint({});
  ASSERT_EQ(ended.status, 1) << ended.err;
  EXPECT_EQ(ids_of(json::parse(ended.out)), ids_of(json_of(kFindings)));
}
#endif

TEST(FindingsOfTheLint, AFileThatIsNoneIsWrongUsage) {
  const std::string source = kSource.string();
  const struct {
    std::vector<std::string> arguments;
    std::string words;
  } rows[] = {
      {{"watch", "--lint", source, "-p", "1"}, "not JSON"},
      {{"watch", "--lint", "/nowhere.json", "-p", "1"}, "No such file"},
      {{"watch", "--lint", "", "-p", "1"}, "check the path given to --lint"},
      {{"replay", "--lint", source, "/nowhere.rec"}, "not JSON"},
  };
  for (const auto& row : rows) {
    std::vector<std::string> arguments = row.arguments;
    arguments.insert(arguments.begin(), CGOSCOPE);
    const Ended ended = Program(arguments).wait(30'000);
    EXPECT_EQ(ended.status, 2) << row.words;
    EXPECT_NE(ended.err.find(row.words), std::string::npos) << ended.err;
    EXPECT_EQ(ended.out, "");
  }
}

class LintMeetsProbe : public testing::TestWithParam<GoToolchain> {
 protected:
  void SetUp() override {
    if (const std::string why = why_not_attachable(CGOSCOPE); !why.empty()) GTEST_SKIP() << why;
  }

  // Of one run: a stuck M carries its id, and the end has each call on its side.
  static void check(const std::vector<json>& run, bool is_replay) {
    const std::map<std::string, std::string> ids = ids_of(json_of(kFindings));
    ASSERT_EQ(ids.size(), 2u);
    std::map<std::string, json> lint_of;
    for (const json& record : run) {
      if (record.at("type") == "finding" && record.at("rule") == "stuck-m")
        lint_of[record.at("c_function")] = record.at("lint");
    }
    EXPECT_EQ(lint_of["take"], ids.at("C.take"));
    EXPECT_EQ(lint_of["sleep"], ids.at("C.sleep"));
    EXPECT_TRUE(lint_of.contains("hidden"));
    EXPECT_TRUE(lint_of["hidden"].is_null());

    ASSERT_EQ(run.back().at("type"), "end");
    const json& lint = run.back().at("lint");
    EXPECT_EQ(lint.at("findings"), 2);
    EXPECT_EQ(lint.at("confirmed").size(), 2u) << lint;
    for (const char* name : {"take", "sleep"}) {
      const json* row = row_of(lint.at("confirmed"), name);
      ASSERT_NE(row, nullptr) << lint;
      EXPECT_EQ(row->at("ids"), json::array({ids.at(std::string("C.") + name)}));
      EXPECT_EQ(row->at("by"), "stack") << *row;
      EXPECT_EQ(row->at("calls"), 1);
      EXPECT_EQ(row->at("in_flight"), 1);
      EXPECT_GE(row->at("max_ms"), 1000);
      EXPECT_EQ(row->at("where").at("line"), line_of(kSource, std::string("C.") + name + "("));
    }
    ASSERT_EQ(lint.at("unpredicted").size(), 1u) << lint;
    const json& hidden = lint.at("unpredicted").at(0);
    EXPECT_EQ(hidden.at("c_function"), "hidden");
    EXPECT_EQ(hidden.at("syscall"), "clock_nanosleep");
    EXPECT_EQ(hidden.at("running"), false);
    EXPECT_EQ(hidden.at("where").at("line"), line_of(kSource, "go C.hidden("));
    EXPECT_EQ(hidden.at("elsewhere"), json::array());
    EXPECT_FALSE(hidden.at("stack").empty());
    if (is_replay) return;
    // C.usleep was counted too, and is short.
    EXPECT_EQ(row_of(run.back().at("summary").at("long_c_calls"), "usleep"), nullptr);
    EXPECT_EQ(run.back().at("summary").at("long_c_calls").size(), 3u);
  }
};

TEST_P(LintMeetsProbe, EachSaysWhatTheOtherFound) {
  const struct {
    const char* name;
    std::vector<std::string> options;
  } builds[] = {{"meets", {}}, {"meets_trimmed", {"-trimpath", "-ldflags=-s -w"}}};
  for (const auto& build : builds) {
    SCOPED_TRACE(build.name);
    GoProgram program;
    program.name = build.name;
    program.folder = kPrograms.string();
    program.package = "meets";
    program.options = build.options;
    const Result<std::string> binary = build_go_program(GetParam(), program);
    ASSERT_TRUE(binary) << binary.error().message();
    const fs::path folder = testing::TempDir();
    const std::string ours = "meets-" + std::to_string(getpid());  // rows run at the same time
    const std::string run = folder / (ours + ".jsonl"), recording = folder / (ours + ".rec");
    const Ended ended =
        Program({CGOSCOPE, "watch", "--format", "json", "--lint", kFindings.string(), "--output",
                 run, "--record", recording, "--duration", "4s", "--", *binary})
            .wait(60'000);
    EXPECT_EQ(ended.status, 1) << ended.err;
    check(records(contents_of(run)), false);

    const Ended replayed =
        Program({CGOSCOPE, "replay", "--format", "json", "--lint", kFindings.string(), recording})
            .wait(30'000);
    EXPECT_EQ(replayed.status, 1) << replayed.err;
    check(records(replayed.out), true);

    const Ended text =
        Program({CGOSCOPE, "replay", "--lint", kFindings.string(), recording}).wait(30'000);
    EXPECT_NE(text.out.find("  lint: 2 of 2 findings in"), std::string::npos) << text.out;
    EXPECT_NE(text.out.find("1 long call in C that the lint did not predict"), std::string::npos)
        << text.out;
#ifdef CGOSCOPE_LINT
    const Ended sorted = lint({"--observed", run});
    ASSERT_EQ(sorted.status, 1) << sorted.err;
    const json report = json::parse(sorted.out);
    for (const json& finding : report.at("findings")) {
      EXPECT_EQ(finding.at("observed").at("by"), "stack") << finding;
      EXPECT_GE(finding.at("observed").at("max_ms"), 1000);
      EXPECT_EQ(finding.at("observed").at("runs"), 1);
    }
    EXPECT_NE(report.at("notes").dump().find("C.hidden at main.go"), std::string::npos);
#endif
    fs::remove(run);
    fs::remove(recording);
  }
}

INSTANTIATE_TEST_SUITE_P(Go, LintMeetsProbe, testing::ValuesIn(outer_toolchains()), toolchain_name);

}  // namespace
}  // namespace cgoscope
