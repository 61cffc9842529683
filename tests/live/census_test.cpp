// `cgoscope census` against what the runtime says of itself: its own dump of all goroutines.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>

#include "tests/go_program.h"
#include "tests/go_toolchains.h"
#include "tests/live/program.h"
#include "tests/live/talking_program.h"

namespace cgoscope {
namespace {

using nlohmann::json;

// How many goroutines wait for a reason, with this function outside the runtime innermost.
using Kinds = std::map<std::pair<std::string, std::string>, uint64_t>;

bool is_hidden(const std::string& function) { return function.starts_with("runtime."); }

// Of a dump as runtime.Stack writes it: "goroutine 7 [chan send, 2 minutes]:", then frames, a
// "function(arguments)" and a "\tfile:line" each.
Kinds kinds_of_dump(const std::string& text) {
  Kinds kinds;
  std::istringstream lines(text);
  std::string reason;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("goroutine ")) {
      const size_t open = line.find('[');
      reason = line.substr(open + 1, line.find_first_of(",]", open) - open - 1);
      if (line.starts_with("goroutine 1 ")) reason.clear();  // it goes on
    } else if (!reason.empty() && !line.empty() && line[0] != '\t') {
      const std::string function = line.substr(0, line.rfind('('));
      if (is_hidden(function)) continue;
      ++kinds[{reason, function}];
      reason.clear();
    }
  }
  return kinds;
}

Kinds kinds_of_census(const json& census) {
  Kinds kinds;
  for (const json& kind : census.at("goroutines").at("kinds")) {
    if (kind.at("system") || kind.at("goroutines").front() == 1) continue;
    std::string reason = kind.at("wait_reason");
    if (reason.empty()) reason = kind.at("state");
    std::string function;
    for (const json& frame : kind.at("stack")) {
      function = frame.at("function");
      if (!is_hidden(function)) break;
    }
    kinds[{reason, function}] += kind.at("count").get<uint64_t>();
  }
  return kinds;
}

struct Row {
  GoToolchain toolchain;
  Build build;
};

void PrintTo(const Row& row, std::ostream* out) {
  *out << row.toolchain.root << ", " << build_name(row.build);
}

class CensusTest : public testing::TestWithParam<Row> {};

TEST_P(CensusTest, SaysWhatTheRuntimeSays) {
  const std::string binary =
      built(GetParam().toolchain, std::filesystem::path(PROJECT_FOLDER) / "tests/live/programs",
            "census", GetParam().build);
  ASSERT_FALSE(binary.empty());
  const std::string dump = testing::TempDir() + "dump-" + std::to_string(getpid());
  TalkingProgram program({binary, "10000", dump});
  ASSERT_TRUE(program.wait_for("ready"));
  const Ended ended =
      Program({CGOSCOPE, "census", "--format", "json", "-p", std::to_string(program.pid())})
          .wait(60'000);
  ASSERT_EQ(ended.status, 0) << ended.err;
  const json census = json::parse(ended.out);
  EXPECT_EQ(std::to_string(census.at("goroutines").at("user_count").get<int>()) + "\n",
            program.line_before());
  EXPECT_EQ(kinds_of_census(census), kinds_of_dump(contents_of(dump)));
  std::filesystem::remove(dump);

  size_t in_c = 0;
  for (const json& m : census.at("threads").at("ms")) {
    if (m.at("doing") != "in a call" || m.at("c_function") != "sleep") continue;
    ++in_c;
    EXPECT_EQ(m.at("syscall"), "clock_nanosleep");
  }
  EXPECT_EQ(in_c, 3U);
  for (const json& kind : census.at("goroutines").at("kinds")) {
    if (kind.at("wait_reason") != "chan send") continue;
    EXPECT_EQ(kind.at("count"), 10'000);
    EXPECT_FALSE(kind.at("waits_at_least_ms").is_null());  // the program has collected since
    EXPECT_EQ(kind.at("created_by").at("function"), "main.main");
    EXPECT_EQ(kind.at("where").at("function"), "main.(*server).send");
  }
  EXPECT_TRUE(program.alive());
}

// The form does not depend on the target's release, and newer toolchains build their pprof first.
TEST(Census, IsAProfileForPprof) {
  const GoToolchain toolchain = go_toolchains().front();
  const std::string binary =
      built(toolchain, std::filesystem::path(PROJECT_FOLDER) / "tests/live/programs", "census",
            Build::kPlain);
  ASSERT_FALSE(binary.empty());
  TalkingProgram program({binary, "1000", "/dev/null"});
  ASSERT_TRUE(program.wait_for("ready"));
  const Ended census =
      Program({CGOSCOPE, "census", "--format", "pprof", "-p", std::to_string(program.pid())})
          .wait(60'000);
  ASSERT_EQ(census.status, 0) << census.err;
  const Result<std::string> top =
      output_of({toolchain.go(), "tool", "pprof", "-top", "-cum", "-symbolize=none", "/dev/stdin"},
                census.out);
  ASSERT_TRUE(top) << top.error().message();
  EXPECT_THAT(*top, testing::HasSubstr("Type: goroutine"));
  EXPECT_THAT(*top, testing::HasSubstr("of " + program.line_before().substr(0, 4) + " total"));
  EXPECT_THAT(*top, testing::ContainsRegex("1000 .*main\\.\\(\\*server\\)\\.send"));
}

std::vector<Row> rows() {
  std::vector<Row> rows;
  for (const GoToolchain& toolchain : go_toolchains()) {
    for (const Build build : {Build::kPlain, Build::kStrippedPie})
      rows.push_back({toolchain, build});
  }
  return rows;
}

INSTANTIATE_TEST_SUITE_P(Live, CensusTest, testing::ValuesIn(rows()), [](const auto& info) {
  return toolchain_name({info.param.toolchain, 0}) + "_" + build_name(info.param.build);
});

}  // namespace
}  // namespace cgoscope
