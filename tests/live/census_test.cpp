// `cgoscope census` against what the runtime says of itself: its own dump of all goroutines.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <memory>
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

// examples/num_goroutine: each program prints what runtime.NumGoroutine says of it.
TEST(Census, CountsWhatNumGoroutineCounts) {
  const std::filesystem::path module =
      std::filesystem::path(PROJECT_FOLDER) / "examples/num_goroutine";
  const struct {
    std::string package, printed;
    int count;
    std::string innermost;  // of some goroutine, outside the runtime
  } kPrograms[] = {{"bug", "100 ms later: 2", 2, "main.download.func1"},
                   {"healthy", "100 ms later: 1", 1, "time.Sleep"},
                   {"library", "after 100 ms: 4", 4, "os/signal.signal_recv"}};
  for (const GoToolchain& toolchain : outer_toolchains()) {
    for (const auto& expected : kPrograms) {
      const std::string binary = built(toolchain, module, expected.package, Build::kPlain);
      ASSERT_FALSE(binary.empty());
      TalkingProgram program({binary});
      ASSERT_TRUE(program.wait_for(expected.printed)) << binary;
      const Ended ended =
          Program({CGOSCOPE, "census", "--format", "json", "-p", std::to_string(program.pid())})
              .wait(60'000);
      ASSERT_EQ(ended.status, 0) << ended.err;
      const json goroutines = json::parse(ended.out).at("goroutines");
      EXPECT_EQ(goroutines.at("user_count"), expected.count) << binary << ended.out;
      EXPECT_GE(goroutines.at("system_count"), 4) << binary << ended.out;
      std::vector<std::string> innermost;
      for (const json& kind : goroutines.at("kinds")) {
        for (const json& frame : kind.at("stack")) {
          if (is_hidden(frame.at("function"))) continue;
          innermost.push_back(frame.at("function"));
          break;
        }
      }
      EXPECT_THAT(innermost, testing::Contains(expected.innermost)) << binary;
    }
  }
}

std::string newest(const std::string& package) {
  return built(go_toolchains().back(),
               std::filesystem::path(PROJECT_FOLDER) / "tests/live/programs", package,
               Build::kPlain);
}

Ended census_of(pid_t pid) {
  return Program({CGOSCOPE, "census", "--format", "json", "-p", std::to_string(pid)}).wait(60'000);
}

void expect_no_finding(pid_t pid) {
  const Ended ended = Program({CGOSCOPE, "watch", "-p", std::to_string(pid), "--duration", "6s",
                               "--leak-window", "2s", "--lock-after", "2s"})
                          .wait(60'000);
  if (!why_not_attachable(CGOSCOPE).empty()) return;
  EXPECT_TRUE(ended.status == 0 || ended.status == 4) << ended.out << ended.err;
}

// It may be told that nothing fits, or a part; not crash, not hang, not fill the memory.
TEST(Census, OfAListThatIsWrittenOver) {
  const std::string binary = newest("scribble");
  ASSERT_FALSE(binary.empty());
  const Result<std::string> symbols =
      output_of({go_toolchains().back().go(), "tool", "nm", binary});
  ASSERT_TRUE(symbols) << symbols.error().message();
  std::istringstream lines(*symbols);
  std::string address;
  for (std::string line; address.empty() && std::getline(lines, line);) {
    if (line.ends_with(" runtime.allgs")) std::istringstream(line) >> address;
  }
  ASSERT_FALSE(address.empty());
  TalkingProgram program({binary, address});
  ASSERT_TRUE(program.wait_for("ready"));
  for (int i = 0; i < 30; ++i) {
    const Ended ended = census_of(program.pid());
    ASSERT_FALSE(ended.timed_out);
    ASSERT_TRUE(ended.status == 0 || ended.status == 3 || ended.status == 4)
        << ended.status << ended.err;
    if (ended.status != 3) {
      EXPECT_FALSE(json::parse(ended.out, nullptr, false).is_discarded());
    }
  }
  expect_no_finding(program.pid());
  EXPECT_TRUE(program.alive());
}

TEST(Census, OfACrowdThatComesAndGoes) {
  const std::string binary = newest("crowd");
  ASSERT_FALSE(binary.empty());
  TalkingProgram program({binary});
  ASSERT_TRUE(program.wait_for("ready"));
  for (int i = 0; i < 10; ++i) {
    const Ended ended = census_of(program.pid());
    ASSERT_EQ(ended.status, 0) << ended.err << ended.out.substr(0, 2000);
    const json census = json::parse(ended.out);
    EXPECT_LE(census.at("goroutines").at("user_count"), 100'010);
  }
  expect_no_finding(program.pid());
  EXPECT_TRUE(program.alive());
}

TEST(Census, OfAProcessThatIsKilledMeanwhile) {
  const std::string binary = newest("crowd");
  ASSERT_FALSE(binary.empty());
  for (int i = 0; i < 20; ++i) {
    auto program = std::make_unique<TalkingProgram>(std::vector{binary});
    ASSERT_TRUE(program->wait_for("ready"));
    Program census({CGOSCOPE, "census", "-p", std::to_string(program->pid())});
    usleep(static_cast<useconds_t>(5'000 * i));
    program.reset();
    const Ended ended = census.wait(60'000);
    EXPECT_FALSE(ended.timed_out);
    EXPECT_TRUE(ended.status == 0 || ended.status == 3 || ended.status == 4)
        << ended.status << ended.err;
  }
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
