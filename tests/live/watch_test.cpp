// The whole probe on real programs: each row is a program, what is wrong with it, and what must be
// said of it; over Go releases and kinds of build, attached to while they run and started by us.
#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <ostream>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "tests/go_toolchains.h"
#include "tests/live/program.h"

namespace cgoscope {
namespace {

using nlohmann::json;

const std::filesystem::path kProject = PROJECT_FOLDER;

struct Row {
  std::string name;
  std::string module, package;  // below the project's folder
  std::string rule;             // "" when nothing is wrong
  std::string at;               // text of the line of main.go that `where` must name
  std::string c_function;
  int seconds = 0;  // to watch
  std::vector<std::string> options = {};
  bool dies = false;  // of what is wrong with it
};

const Row kRows[] = {
    {"stuck_m", "examples/stuck_m", "bug", "stuck-m", "C.client_get(", "client_get", 3},
    {"stuck_m_twin", "examples/stuck_m", "healthy", "", "", "", 8},
    {"thread_churn", "examples/thread_churn", "bug", "thread-churn", "go handle(", "", 3},
    {"thread_churn_twin", "examples/thread_churn", "healthy", "", "", "", 8},
    {"timer_flood",
     "examples/timer_flood",
     "bug",
     "timer-flood",
     "time.After(",
     "",
     5,
     {"--timer-window", "3s"}},
    {"timer_flood_twin", "examples/timer_flood", "healthy", "", "", "", 8},
    {"goroutine_flood",
     "examples/goroutine_flood",
     "bug",
     "goroutine-flood",
     "go store(",
     "",
     6,
     {"--flood-window", "4s"}},
    {"goroutine_flood_twin", "examples/goroutine_flood", "healthy", "", "", "", 8},
    {"forced_gc",
     "examples/forced_gc",
     "bug",
     "forced-gc",
     "runtime.GC()",
     "",
     4,
     {"--gc-window", "3s"}},
    {"forced_gc_twin", "examples/forced_gc", "healthy", "", "", "", 12},
    {"gosched_spin",
     "examples/gosched_spin",
     "bug",
     "gosched-spin",
     "runtime.Gosched()",
     "",
     9,
     {"--spin-rate", "2000"}},
    {"gosched_spin_twin", "examples/gosched_spin", "healthy", "", "", "", 8},
    {"cpu_hog",
     "examples/cpu_hog",
     "bug",
     "cpu-hog",
     "for atomic.LoadInt32",
     "",
     6,
     {"--hog-after", "4s"}},
    {"cpu_hog_twin", "examples/cpu_hog", "healthy", "", "", "", 12},
    {"finalizer_stall", "examples/finalizer_stall", "bug", "finalizer-stall",
     "runtime.SetFinalizer(", "", 3},
    {"finalizer_held",
     "examples/finalizer_stall",
     "held",
     "finalizer-stall",
     "func release(",
     "",
     8,
     {"--finalizer-after", "2s"}},
    {"finalizer_stall_twin", "examples/finalizer_stall", "healthy", "", "", "", 12},
    {"panic", "examples/panic", "bug", "panic", "return words[1]", "", 5, {}, true},
    {"panic_twin", "examples/panic", "healthy", "", "", "", 5},
    {"quiet", "tests/live/programs", "quiet", "", "", "", 6},
};

enum class Start { kAttached, kSpawned };

struct Case {
  Row row;
  GoToolchain toolchain;
  Build build = Build::kPlain;
  Start start = Start::kAttached;
};

void PrintTo(const Case& one, std::ostream* out) {
  *out << one.row.name << " with " << one.toolchain.go() << ", " << build_name(one.build);
}

std::string toolchain_label(const GoToolchain& toolchain) {
  return toolchain_name(testing::TestParamInfo<GoToolchain>(toolchain, 0));
}

// Every row with every toolchain; over the rows of one toolchain, each kind of build and of start
// comes up for each kind of fault.
std::vector<Case> cases() {
  std::vector<Case> all;
  size_t turn = 0;
  for (const GoToolchain& toolchain : go_toolchains()) {
    for (const Row& row : kRows) {
      if (row.rule.empty()) {
        all.push_back(
            {row, toolchain, turn++ % 2 == 0 ? Build::kStripped : Build::kPlain, Start::kAttached});
        continue;
      }
      all.push_back({row, toolchain, Build::kPlain, Start::kSpawned});
      all.push_back({row, toolchain, Build::kStripped, Start::kAttached});
      all.push_back({row, toolchain, Build::kPie, Start::kAttached});
      all.push_back({row, toolchain, Build::kStrippedPie, Start::kSpawned});
    }
  }
  return all;
}

std::vector<json> lines_of(const std::string& text) {
  std::vector<json> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) {
    json record = json::parse(line, nullptr, false);
    EXPECT_FALSE(record.is_discarded()) << "not JSON: " << line;
    if (!record.is_discarded()) lines.push_back(std::move(record));
  }
  return lines;
}

std::string text_of(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

// hits = filtered + aggregated + delivered + ring_full + map_full, signal by signal, and nothing
// lost.
void check_books(const json& end) {
  for (const json& signal : end.at("signals")) {
    const uint64_t sum =
        signal.at("filtered").get<uint64_t>() + signal.at("aggregated").get<uint64_t>() +
        signal.at("delivered").get<uint64_t>() + signal.at("ring_full").get<uint64_t>() +
        signal.at("map_full").get<uint64_t>();
    EXPECT_EQ(signal.at("hits"), sum) << signal.dump();
    EXPECT_EQ(signal.at("ring_full"), 0) << signal.dump();
    EXPECT_EQ(signal.at("map_full"), 0) << signal.dump();
    EXPECT_NE(signal.at("state"), "refused") << signal.dump();
  }
}

class WatchTest : public testing::TestWithParam<Case> {};

TEST_P(WatchTest, SaysWhatIsWrong) {
  if (const std::string why = why_not_attachable(CGOSCOPE); !why.empty()) GTEST_SKIP() << why;
  const Case& one = GetParam();
  const std::filesystem::path module = kProject / one.row.module;
  const std::filesystem::path binary =
      built(one.toolchain.go(), toolchain_label(one.toolchain), module, one.row.package, one.build);
  ASSERT_FALSE(binary.empty());

  std::vector<std::string> command = {
      CGOSCOPE, "watch", "--format", "json", "--duration", std::to_string(one.row.seconds) + "s"};
  // A program that we start shares its standard error with the report.
  const std::string report = testing::TempDir() + "watch_test_report.jsonl";
  if (one.start == Start::kSpawned) command.insert(command.end(), {"--output", report});
  command.insert(command.end(), one.row.options.begin(), one.row.options.end());
  std::unique_ptr<Program> target;
  if (one.start == Start::kAttached) {
    target = std::make_unique<Program>(std::vector<std::string>{binary.string()}, false);
    std::this_thread::sleep_for(std::chrono::milliseconds(1000));
    command.insert(command.end(), {"-p", std::to_string(target->pid())});
  } else {
    command.insert(command.end(), {"--", binary.string()});
  }
  const Ended ended = Program(command).wait(60'000);
  ASSERT_FALSE(ended.timed_out);
  const std::vector<json> records =
      lines_of(one.start == Start::kAttached ? ended.out : text_of(report));
  ASSERT_FALSE(records.empty()) << ended.err;
  EXPECT_EQ(records.front().at("type"), "start");
  ASSERT_EQ(records.back().at("type"), "end") << ended.out << ended.err;
  check_books(records.back());
  if (target) {
    EXPECT_NE(target->running(), one.row.dies) << "whether the target survives";
  }

  std::vector<json> findings;
  for (const json& record : records) {
    if (record.at("type") == "finding" && record.at("severity") != "note")
      findings.push_back(record);
  }
  if (one.row.rule.empty()) {
    EXPECT_TRUE(findings.empty()) << findings.front().dump(2);
    EXPECT_EQ(ended.status, 0) << ended.err;
    return;
  }
  EXPECT_EQ(ended.status, 1) << ended.err;
  ASSERT_FALSE(findings.empty()) << records.back().dump(2);
  for (const json& finding : findings) {
    EXPECT_EQ(finding.at("rule"), one.row.rule) << finding.dump(2);
    EXPECT_EQ(finding.at("c_function"), one.row.c_function) << finding.dump(2);
    const std::filesystem::path file = finding.at("where").at("file").get<std::string>();
    EXPECT_EQ(file.filename(), "main.go") << finding.dump(2);
    EXPECT_EQ(finding.at("where").at("line"),
              line_of(module / one.row.package / "main.go", one.row.at))
        << finding.dump(2);
  }
}

std::string case_name(const testing::TestParamInfo<Case>& info) {
  const Case& one = info.param;
  return toolchain_label(one.toolchain) + "_" + one.row.name + "_" + build_name(one.build) +
         (one.start == Start::kSpawned ? "_spawned" : "_attached");
}

INSTANTIATE_TEST_SUITE_P(Live, WatchTest, testing::ValuesIn(cases()), case_name);

}  // namespace
}  // namespace cgoscope
