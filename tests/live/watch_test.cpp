// The whole probe on real programs: each row is a program, what is wrong with it, and what must be
// said of it; over Go releases and kinds of build, attached to while they run and started by us.
#include <gtest/gtest.h>
#include <unistd.h>

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
  std::string at;  // text of the line of main.go that `where` must name; "": it may be unknown
  std::string c_function;
  int seconds = 0;  // to watch
  std::vector<std::string> options = {};
  // With all toolchains and in all builds; else with those in which the runtime's way to do it
  // changed, plain and stripped.
  bool with_all = false;
  bool ends = false;  // by itself
};

const Row kRows[] = {
    {"stuck_m", "examples/stuck_m", "bug", "stuck-m", "C.client_get(", "client_get", 3, {}, true},
    {"stuck_m_twin", "examples/stuck_m", "healthy", "", "", "", 8, {}, true},
    {"thread_churn", "examples/thread_churn", "bug", "thread-churn", "go handle(", "", 3, {}, true},
    {"thread_churn_twin", "examples/thread_churn", "healthy", "", "", "", 8, {}, true},
    {"timer_flood",
     "examples/timer_flood",
     "bug",
     "timer-flood",
     "time.After(",
     "",
     5,
     {"--timer-window", "3s"},
     true},
    {"timer_flood_twin", "examples/timer_flood", "healthy", "", "", "", 8, {}, true},
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
    {"panic", "examples/panic", "bug", "panic", "return words[1]", "", 5, {}, false, true},
    {"panic_twin", "examples/panic", "healthy", "", "", "", 5},
    {"quiet", "tests/live/programs", "quiet", "", "", "", 6, {}, true},
    {"goroutine_leak",
     "examples/goroutine_leak",
     "bug",
     "goroutine-leak",
     "answers <- ",
     "",
     11,
     {"--leak-window", "4s"}},
    {"goroutine_leak_twin", "examples/goroutine_leak", "healthy", "", "", "", 8},
    {"deadlock", "examples/deadlock", "bug", "deadlock", "both.Wait()", "", 5},
    {"deadlock_pure", "examples/deadlock", "pure", "deadlock", "", "", 6, {}, false, true},
    {"deadlock_part",
     "examples/deadlock",
     "part",
     "deadlock",
     "to.mutex.Lock()",
     "",
     8,
     {"--lock-after", "2s"}},
    {"deadlock_twin", "examples/deadlock", "healthy", "", "", "", 8},
    {"send_in_init", "examples/send_in_init", "bug", "deadlock", "events <- ", "", 5},
    {"send_in_init_pure", "examples/send_in_init", "pure", "deadlock", "", "", 6, {}, false, true},
    {"send_in_init_twin", "examples/send_in_init", "healthy", "", "", "", 8},
    {"num_goroutine", "examples/num_goroutine", "bug", "", "", "", 8},
    {"num_goroutine_twin", "examples/num_goroutine", "healthy", "", "", "", 8},
    {"num_goroutine_library", "examples/num_goroutine", "library", "", "", "", 8},
    {"lock_held",
     "examples/lock_held",
     "bug",
     "lock-held",
     "c.mutex.Lock()",
     "",
     10,
     {"--lock-after", "3s"}},
    {"lock_held_twin", "examples/lock_held", "healthy", "", "", "", 10, {"--lock-after", "3s"}},
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

// Rows with_all with every toolchain; over the rows of one toolchain, each kind of build and of
// start comes up for each kind of fault. The others with the releases in which the runtime's ways
// changed; with the oldest and the newest when not every row is asked for.
std::vector<Case> cases() {
  std::vector<Case> all;
  size_t turn = 0;
  for (const GoToolchain& toolchain : go_toolchains()) {
    const std::string label = toolchain_label(toolchain);
    const bool oldest = label == toolchain_label(go_toolchains().front());
    const bool newest = label == toolchain_label(go_toolchains().back());
    const bool of_change = oldest || newest || label == "go_1_23" || label == "go_1_24";
    for (const Row& row : kRows) {
      if (!row.with_all && !(every_row() ? of_change : oldest || newest)) continue;
      if (!row.with_all && !every_row()) {
        if (!row.rule.empty() && oldest)
          all.push_back({row, toolchain, Build::kPlain, Start::kSpawned});
        else if (newest)
          all.push_back({row, toolchain, Build::kStripped, Start::kAttached});
        continue;
      }
      if (row.rule.empty()) {
        all.push_back(
            {row, toolchain, turn++ % 2 == 0 ? Build::kStripped : Build::kPlain, Start::kAttached});
        continue;
      }
      all.push_back({row, toolchain, Build::kPlain, Start::kSpawned});
      all.push_back({row, toolchain, Build::kStripped, Start::kAttached});
      if (!row.with_all || !(of_change || every_row())) continue;
      all.push_back({row, toolchain, Build::kPie, Start::kAttached});
      all.push_back({row, toolchain, Build::kStrippedPie, Start::kSpawned});
    }
  }
  return all;
}

// A command's own words may stand between ours.
std::vector<json> lines_of(const std::string& text) {
  std::vector<json> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) {
    if (!line.starts_with("{\"type\"")) continue;
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
  const std::string binary = built(one.toolchain, module, one.row.package, one.build);
  ASSERT_FALSE(binary.empty());

  std::vector<std::string> command = {
      CGOSCOPE, "watch", "--format", "json", "--duration", std::to_string(one.row.seconds) + "s"};
  // A program that we start shares its standard error with the report.
  const std::string report =
      testing::TempDir() + "watch_test_report-" + std::to_string(getpid()) + ".jsonl";
  if (one.start == Start::kSpawned) command.insert(command.end(), {"--output", report});
  command.insert(command.end(), one.row.options.begin(), one.row.options.end());
  std::unique_ptr<Program> target;
  if (one.start == Start::kAttached) {
    target = std::make_unique<Program>(std::vector<std::string>{binary}, false);
    std::this_thread::sleep_for(std::chrono::milliseconds(1000));
    command.insert(command.end(), {"-p", std::to_string(target->pid())});
  } else {
    command.insert(command.end(), {"--", binary});
  }
  const Ended ended = Program(command).wait(60'000);
  ASSERT_FALSE(ended.timed_out);
  const std::vector<json> records =
      lines_of(one.start == Start::kAttached ? ended.out : text_of(report));
  std::filesystem::remove(report);
  ASSERT_FALSE(records.empty()) << ended.err;
  EXPECT_EQ(records.front().at("type"), "start");
  ASSERT_EQ(records.back().at("type"), "end") << ended.out << ended.err;
  check_books(records.back());
  if (target && !one.row.ends) {
    EXPECT_TRUE(target->running()) << "the target did not survive";
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
    if (one.row.at.empty()) continue;
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
