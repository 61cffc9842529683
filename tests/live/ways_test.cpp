// The ways to a target and out of it: other namespaces, replaced executables, few privileges,
// commands that end soon, die, or are signalled; and what must not be touched.
#include <gtest/gtest.h>
#include <poll.h>
#include <pty.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "tests/go_toolchains.h"
#include "tests/live/program.h"
#include "tests/unit/packages/temporary_tree.h"

namespace cgoscope {
namespace {

using nlohmann::json;
namespace fs = std::filesystem;

const fs::path kProject = PROJECT_FOLDER;

void sleep_ms(int ms) { std::this_thread::sleep_for(std::chrono::milliseconds(ms)); }

// The newest of the toolchains: what is tested here does not depend on the release.
std::string go_program(const std::string& module, const std::string& package) {
  return built(go_toolchains().back(), kProject / module, package, Build::kPlain);
}

std::vector<json> records(const std::string& text) {
  std::vector<json> all;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) {
    json record = json::parse(line, nullptr, false);
    if (record.is_object()) all.push_back(std::move(record));
  }
  return all;
}

// The first finding of the rule; null when there is none.
json finding_of(const std::string& text, const std::string& rule) {
  for (json& record : records(text)) {
    if (record.value("type", "") == "finding" && record.at("rule") == rule) return record;
  }
  return nullptr;
}

Ended watch(std::vector<std::string> arguments, int timeout_ms = 60'000) {
  arguments.insert(arguments.begin(), {CGOSCOPE, "watch", "--format", "json"});
  return Program(arguments).wait(timeout_ms);
}

class Ways : public testing::Test {
 protected:
  void SetUp() override {
    if (const std::string why = why_not_attachable(CGOSCOPE); !why.empty()) GTEST_SKIP() << why;
  }

  const TemporaryTree tree_;
};

TEST_F(Ways, ATargetInAnotherPidNamespaceHasOurThreadIds) {
  const std::string binary = go_program("examples/stuck_m", "bug");
  Program shell({"unshare", "-pf", binary}, false);
  sleep_ms(1500);
  std::ifstream children("/proc/" + std::to_string(shell.pid()) + "/task/" +
                         std::to_string(shell.pid()) + "/children");
  pid_t pid = 0;
  ASSERT_TRUE(children >> pid);
  const Ended ended = watch({"-p", std::to_string(pid), "--duration", "3s"});
  kill(pid, SIGKILL);
  const json finding = finding_of(ended.out, "stuck-m");
  ASSERT_FALSE(finding.is_null()) << ended.out << ended.err;
  EXPECT_EQ(finding.at("evidence").at("ms_count"), 12);
  for (const json& tid : finding.at("threads")) EXPECT_GE(tid.get<pid_t>(), pid);
}

TEST_F(Ways, AReplacedExecutableIsReadAsItRuns) {
  const fs::path copy = fs::path(tree_.root()) / "replaced_program";
  fs::copy_file(go_program("examples/thread_churn", "bug"), copy,
                fs::copy_options::overwrite_existing);
  Program target({copy.string()}, false);
  sleep_ms(500);
  fs::remove(copy);
  std::ofstream(copy) << "something else";
  const Ended ended = watch({"--name", "replaced_program", "--duration", "4s"});
  fs::remove(copy);
  const json finding = finding_of(ended.out, "thread-churn");
  ASSERT_FALSE(finding.is_null()) << ended.out << ended.err;
  EXPECT_EQ(fs::path(finding.at("where").at("file").get<std::string>()).filename(), "main.go");
}

TEST_F(Ways, FourCapabilitiesAreEnough) {
  // Where others may go: a folder of root's may be closed to them.
  const fs::path copy = fs::temp_directory_path() / "cgoscope-of-nobody";
  fs::copy_file(CGOSCOPE, copy, fs::copy_options::overwrite_existing);
  fs::permissions(copy, fs::perms(0755));
  Program target({go_program("examples/stuck_m", "bug")}, false);
  sleep_ms(1000);
  const std::string capabilities = "+bpf,+perfmon,+sys_ptrace,+dac_read_search";
  const Ended ended = Program({"setpriv",
                               "--reuid",
                               "nobody",
                               "--regid",
                               "nogroup",
                               "--clear-groups",
                               "--inh-caps",
                               capabilities,
                               "--ambient-caps",
                               capabilities,
                               "--bounding-set",
                               capabilities,
                               copy.string(),
                               "watch",
                               "--format",
                               "json",
                               "-p",
                               std::to_string(target.pid()),
                               "--duration",
                               "3s"})
                          .wait(60'000);
  fs::remove(copy);
  const json finding = finding_of(ended.out, "stuck-m");
  ASSERT_FALSE(finding.is_null()) << ended.out << ended.err;
  EXPECT_EQ(finding.at("evidence").at("syscall"), "futex");
  EXPECT_EQ(finding.at("stack").at(2).at("function"), "client_get");
}

TEST_F(Ways, WithoutPrivilegesItSaysWhichLack) {
  const fs::path copy = fs::temp_directory_path() / "cgoscope-of-nobody-2";
  fs::copy_file(CGOSCOPE, copy, fs::copy_options::overwrite_existing);
  fs::permissions(copy, fs::perms(0755));
  Program target({go_program("examples/stuck_m", "bug")}, false);
  sleep_ms(300);
  const Ended ended =
      Program({"setpriv", "--reuid", "nobody", "--regid", "nogroup", "--clear-groups",
               copy.string(), "watch", "-p", std::to_string(target.pid()), "--duration", "1s"})
          .wait(60'000);
  fs::remove(copy);
  EXPECT_EQ(ended.status, 3);
  EXPECT_NE(ended.err.find("CAP_"), std::string::npos) << ended.err;
  EXPECT_TRUE(target.running());
}

TEST_F(Ways, AProgramThatIsGoneAtOnceIsToldOf) {
  const std::string binary = go_program("tests/live/programs", "brief");
  const Ended ended = watch({"--", binary});
  const json finding = finding_of(ended.err, "thread-churn");
  ASSERT_FALSE(finding.is_null()) << ended.err;
  EXPECT_EQ(finding.at("evidence").at("locked").at("line"),
            line_of(kProject / "tests/live/programs/brief/main.go", "LockOSThread"));
  EXPECT_EQ(ended.status, 1);
  EXPECT_EQ(records(ended.err).back().at("target").at("status"), 7);
  EXPECT_EQ(watch({"--exit-like-command", "--", binary}).status, 7);
}

// Runs a command in front of a terminal, with Ctrl-C or a SIGINT for the command alone once it has
// printed "ready".
void interrupt_at_terminal(std::vector<std::string> arguments, bool by_key) {
  std::vector<char*> words;
  for (std::string& argument : arguments) words.push_back(argument.data());
  words.push_back(nullptr);
  int terminal = -1;
  const pid_t pid = forkpty(&terminal, nullptr, nullptr, nullptr);
  ASSERT_GE(pid, 0) << std::strerror(errno);
  if (pid == 0) {
    execv(words[0], words.data());
    _exit(127);
  }
  bool told = false;
  std::string printed;
  for (;;) {  // until all who have the terminal are gone
    pollfd readable = {terminal, POLLIN, 0};
    if (poll(&readable, 1, 30'000) <= 0) {
      kill(-pid, SIGKILL);
      ADD_FAILURE() << "it does not end: " << printed;
      break;
    }
    std::array<char, 4096> buffer{};
    const ssize_t bytes = read(terminal, buffer.data(), buffer.size());
    if (bytes <= 0) break;
    printed.append(buffer.data(), static_cast<size_t>(bytes));
    if (told || printed.find("ready") == std::string::npos) continue;
    sleep_ms(300);
    if (by_key) {
      EXPECT_EQ(write(terminal, "\x03", 1), 1);
    } else {
      kill(pid, SIGINT);
    }
    told = true;
  }
  waitpid(pid, nullptr, 0);
  close(terminal);
  EXPECT_TRUE(told) << printed;
}

// The terminal has told the command: a SIGTERM would cut short what it does about it.
TEST_F(Ways, CtrlCLetsTheCommandEndAsItWill) {
  const std::string binary = go_program("tests/live/programs", "graceful");
  const std::string report = (fs::path(tree_.root()) / "interrupted.jsonl").string();
  for (const bool by_key : {true, false}) {
    interrupt_at_terminal({CGOSCOPE, "watch", "--format", "json", "--output", report, "--", binary},
                          by_key);
    std::ifstream file(report);
    const std::vector<json> all = records({std::istreambuf_iterator<char>(file), {}});
    ASSERT_FALSE(all.empty());
    EXPECT_EQ(all.back().at("why"), "interrupted");
    const json& target = all.back().at("target");
    EXPECT_EQ(target.at(by_key ? "status" : "signal"), by_key ? 7 : SIGTERM) << target;
  }
  fs::remove(report);
}

TEST_F(Ways, LastWordsAreHeard) {
  const std::string binary = go_program("tests/live/programs", "lastwords");
  const struct {
    std::string way, words;
  } kWays[] = {{"throw", "unlock of unlocked mutex"}, {"deadlock", "all goroutines are asleep"}};
  for (const auto& [way, words] : kWays) {
    const Ended ended = Program({CGOSCOPE, "watch", "--", binary, way}).wait(30'000);
    const size_t at = ended.err.find("the target's ");
    ASSERT_NE(at, std::string::npos) << ended.err;
    EXPECT_NE(ended.err.find(words, at), std::string::npos) << ended.err;
    EXPECT_NE(ended.err.find("exited with status 2"), std::string::npos) << ended.err;
  }
}

TEST_F(Ways, APanicsValueIsToldWhateverItIs) {
  const fs::path binary = go_program("tests/live/programs", "lastwords");
  const struct {
    std::string way, kind, value, function;
    bool in_main;
  } kPanics[] = {{"panic", "string", "nobody recovers this", "main.main.func1", false},
                 {"number", "number", "-7", "main.main", true},
                 {"error", "string", "no such thing", "main.main.func2", false},
                 {"nil-map", "string", "assignment to entry in nil map", "main.main", true},
                 {"struct", "other", "", "main.main", true}};
  for (const auto& expected : kPanics) {
    const Ended ended = watch({"--", binary.string(), expected.way});
    EXPECT_EQ(ended.status, 1) << ended.err;
    const json finding = finding_of(ended.err, "panic");
    ASSERT_FALSE(finding.is_null()) << ended.err;
    EXPECT_EQ(finding.at("where").at("function"), expected.function);
    const json& evidence = finding.at("evidence");
    EXPECT_EQ(evidence.at("value_kind"), expected.kind);
    EXPECT_EQ(evidence.at("value"), expected.value);
    EXPECT_EQ(evidence.at("started").at("function"), expected.in_main ? "" : "main.main");
    EXPECT_EQ(evidence.at("entry").at("function"),
              expected.in_main ? "runtime.main" : expected.function);
    EXPECT_EQ(records(ended.err).back().at("target").at("status"), 2);
  }
}

json signal_of(const std::string& text, const std::string& name) {
  const std::vector<json> all = records(text);
  if (all.empty() || all.back().value("type", "") != "end") return nullptr;
  for (const json& signal : all.back().at("signals")) {
    if (signal.at("name") == name) return signal;
  }
  return nullptr;
}

// Attached when goroutines become more and more, and let go when they no longer do.
TEST_F(Ways, SignalsOnStandbyComeAndGo) {
  const fs::path binary = go_program("tests/live/programs", "burst");
  const Ended ended = watch({"--duration", "17s", "--", binary.string()});
  EXPECT_EQ(ended.status, 0) << ended.err;
  const json start = signal_of(ended.err, "goroutine-start");
  ASSERT_FALSE(start.is_null()) << ended.err;
  EXPECT_EQ(start.at("state"), "standby");
  EXPECT_GE(start.at("hits"), 1000);
  EXPECT_LT(start.at("attached_ms"), 14'000);
}

// A loop of runtime.Gosched hits its probe half a million times a second: for more than one
// interval that is beyond any budget.
TEST_F(Ways, ASignalThatIsTooDearStaysDetached) {
  const fs::path binary = go_program("examples/gosched_spin", "bug");
  const Ended ended = watch({"--spin-rate", "2000", "--duration", "10s", "--", binary.string()});
  EXPECT_FALSE(finding_of(ended.err, "gosched-spin").is_null()) << ended.err;
  const json yield = signal_of(ended.err, "yield");
  ASSERT_FALSE(yield.is_null()) << ended.err;
  EXPECT_GT(yield.at("hits"), 1000);
  EXPECT_LT(yield.at("attached_ms"), 5000) << yield;
}

// What was in flight when the signals were let go returns unseen, and is not taken to last.
TEST_F(Ways, ShortCallsDoNotLastWhenTheirSignalsAreLetGo) {
  const fs::path binary = go_program("tests/live/programs", "tight");
  const Ended ended = watch({"--duration", "8s", "--", binary.string()});
  const json cgo = signal_of(ended.err, "cgo-return");
  ASSERT_FALSE(cgo.is_null()) << ended.err;
  EXPECT_EQ(cgo.at("state"), "detached");
  EXPECT_TRUE(finding_of(ended.err, "stuck-m").is_null()) << ended.err;
  EXPECT_EQ(ended.status, 0) << ended.err;
}

// Nothing goes on in it, and nothing is wrong with it.
TEST_F(Ways, AProcessThatIsStoppedIsNotStuck) {
  Program target({go_program("tests/live/programs", "tight")}, false);
  const std::string recording = (fs::path(tree_.root()) / "stopped.rec").string();
  Program probe({CGOSCOPE, "watch", "--format", "json", "--record", recording, "-p",
                 std::to_string(target.pid()), "--duration", "8s"});
  sleep_ms(2000);
  target.send(SIGSTOP);
  sleep_ms(4000);
  target.send(SIGCONT);
  const Ended ended = probe.wait(60'000);
  EXPECT_EQ(ended.status, 0) << ended.out << ended.err;
  EXPECT_NE(ended.out.find("the process was stopped for a while"), std::string::npos) << ended.out;
  const Ended replayed = Program({CGOSCOPE, "replay", recording}).wait(10'000);
  const std::string words = "looked at: the runtime's memory and /proc, ";
  const size_t at = replayed.out.find(words);
  ASSERT_NE(at, std::string::npos) << replayed.out;
  const int looks = std::atoi(replayed.out.c_str() + at + words.size());
  EXPECT_GE(looks, 2) << replayed.out;
  EXPECT_LE(looks, 6) << replayed.out;
}

TEST_F(Ways, AnotherProgramInItsPlaceIsSaid) {
  const std::string program = go_program("tests/live/programs", "again");
  const std::string other = go_program("tests/live/programs", "quiet");
  {
    SCOPED_TRACE("attached");
    Program target({program, other}, false);
    const Ended ended = watch({"-p", std::to_string(target.pid()), "--duration", "20s"});
    EXPECT_EQ(ended.status, 4) << ended.out << ended.err;
    EXPECT_EQ(records(ended.out).back().at("why"), "the process has executed another program");
    EXPECT_NE(ended.out.find(other), std::string::npos) << ended.out;
    EXPECT_TRUE(target.running());
  }
  {
    SCOPED_TRACE("started by us");
    const Ended ended = watch({"--duration", "4s", "--", program, other});
    EXPECT_EQ(ended.status, 4) << ended.out << ended.err;
    EXPECT_EQ(records(ended.err).back().at("why"), "--duration is over");
  }
  {
    SCOPED_TRACE("itself");
    const Ended ended = watch({"--", program, program});
    EXPECT_EQ(ended.status, 0) << ended.out << ended.err;
    EXPECT_NE(ended.err.find("executed itself again"), std::string::npos) << ended.err;
  }
}

TEST_F(Ways, AStormOfAttachingHarmsNothing) {
  Program target({go_program("tests/live/programs", "storm")});
  sleep_ms(300);
  for (int i = 0; i < 12; ++i) {
    const Ended ended =
        watch({"-p", std::to_string(target.pid()), "--signals", "all", "--max-overhead", "none",
               "--interval", "100ms", "--duration", i % 2 == 0 ? "150ms" : "600ms"});
    ASSERT_FALSE(records(ended.out).empty()) << ended.err;
    EXPECT_EQ(records(ended.out).back().at("type"), "end");
  }
  for (int i = 0; i < 6; ++i) {  // and of probes that are killed
    Program probe({CGOSCOPE, "watch", "-p", std::to_string(target.pid()), "--signals", "all",
                   "--max-overhead", "none"},
                  false);
    sleep_ms(400);
    probe.send(SIGKILL);
  }
  ASSERT_TRUE(target.running());
  target.send(SIGTERM);
  const Ended ended = target.wait(30'000);
  EXPECT_EQ(ended.status, 0) << "the program found its own work wrong:\n" << ended.out << ended.err;
}

// Of a program whose timers would cost ten times as much, had they been watched all the time.
TEST_F(Ways, TheBudgetIsKept) {
  const std::string binary = go_program("examples/timer_flood", "bug");
  constexpr double kBudget = 0.001;
  const Ended ended = watch({"--duration", "10s", "--max-overhead", "0.1%", "--", binary});
  double cost = 0;
  int ticks = 0;
  for (const json& record : records(ended.err)) {
    // What a group costs is known after its first interval.
    if (record.at("type") != "tick" || record.at("run_ms").get<double>() < 1500) continue;
    cost += record.at("overhead_share").get<double>();
    ++ticks;
  }
  ASSERT_GE(ticks, 5) << ended.err;
  EXPECT_LT(cost / ticks, 2 * kBudget);
  EXPECT_GT(cost, 0);
  EXPECT_FALSE(finding_of(ended.err, "timer-flood").is_null()) << ended.err;
}

// However far apart the looks are.
TEST_F(Ways, TheBudgetIsKeptBetweenLooks) {
  const fs::path binary = go_program("tests/live/programs", "tight");
  const Ended ended = watch({"--interval", "1m", "--duration", "6s", "--", binary.string()});
  const json call = signal_of(ended.err, "cgo-call");
  ASSERT_FALSE(call.is_null()) << ended.err;
  EXPECT_GT(call.at("hits"), 1000);
  EXPECT_LT(call.at("attached_ms"), 3000) << call;
}

TEST_F(Ways, AnIntervalWithoutEndIsOne) {
  Program target({go_program("tests/live/programs", "quiet")}, false);
  const Ended ended =
      watch({"-p", std::to_string(target.pid()), "--interval", "2562047h", "--duration", "1s"});
  EXPECT_EQ(ended.status, 0) << ended.err;
  const std::vector<json> all = records(ended.out);
  EXPECT_LE(std::ranges::count_if(all, [](const json& one) { return one.at("type") == "tick"; }),
            2);
}

TEST_F(Ways, TheCurrentFolderMayBeGone) {
  Program target({go_program("tests/live/programs", "quiet")}, false);
  const fs::path folder = fs::path(tree_.root()) / "gone";
  fs::create_directory(folder);
  const Ended ended = Program({"bash", "-c",
                               "cd " + folder.string() + " && rmdir " + folder.string() + " && " +
                                   CGOSCOPE + " census -p " + std::to_string(target.pid())})
                          .wait(30'000);
  EXPECT_EQ(ended.status, 0) << ended.err;
}

TEST_F(Ways, ACensusOfTheOneProcessOfAName) {
  const fs::path copy = fs::path(tree_.root()) / "census_named";
  fs::copy_file(go_program("tests/live/programs", "quiet"), copy,
                fs::copy_options::overwrite_existing);
  const auto census = [](std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {CGOSCOPE, "census", "--format", "json"});
    return Program(arguments).wait(30'000);
  };
  Program target({copy.string()}, false);
  sleep_ms(500);
  const Ended named = census({"--name", "census_named"});
  EXPECT_EQ(named.status, 0) << named.err;
  EXPECT_EQ(json::parse(named.out, nullptr, false).at("process").at("pid"), target.pid());
  {
    Program other({copy.string()}, false);
    sleep_ms(500);
    const Ended two = census({"--name", "census_named"});
    EXPECT_EQ(two.status, 3);
    EXPECT_NE(two.err.find("2 processes are named census_named"), std::string::npos) << two.err;
    EXPECT_NE(two.err.find(std::to_string(other.pid())), std::string::npos) << two.err;
  }
  EXPECT_EQ(census({"--name", "no-program-has-this-name"}).status, 3);
  EXPECT_EQ(census({}).status, 2);
  EXPECT_EQ(census({"-p", "1", "--name", "x"}).status, 2);
  fs::remove(copy);
}

TEST_F(Ways, NobodyReadsTheReportAnyMore) {
  Program target({go_program("tests/live/programs", "tight")}, false);
  const Ended ended =
      Program({"bash", "-c",
               std::string(CGOSCOPE) + " watch --format json -p " + std::to_string(target.pid()) +
                   " | head -n 1; exit ${PIPESTATUS[0]}"})
          .wait(30'000);
  EXPECT_FALSE(ended.timed_out);
  EXPECT_EQ(ended.status, 3);
  EXPECT_NE(ended.err.find("the reader went away"), std::string::npos) << ended.err;
  EXPECT_TRUE(target.running());
}

TEST_F(Ways, ARecordingGivesTheSameFindingsAndOtherThresholdsOthers) {
  const std::string recording = (fs::path(tree_.root()) / "run.rec").string();
  const Ended live = watch(
      {"--record", recording, "--duration", "3s", "--", go_program("examples/stuck_m", "bug")});
  const json finding = finding_of(live.err, "stuck-m");
  ASSERT_FALSE(finding.is_null()) << live.err;
  const Ended replayed = Program({CGOSCOPE, "replay", "--format", "json", recording}).wait(10'000);
  EXPECT_EQ(replayed.status, 1) << replayed.err;
  EXPECT_EQ(finding_of(replayed.out, "stuck-m"), finding);
  const Ended lenient =
      Program({CGOSCOPE, "replay", "--stuck-after", "1m", recording}).wait(10'000);
  EXPECT_EQ(lenient.status, 0) << lenient.out << lenient.err;
  EXPECT_NE(lenient.out.find(": a recording of pid "), std::string::npos) << lenient.out;
  EXPECT_NE(lenient.out.find("so short a run does not rule out: stuck-m (takes 1m1s), "),
            std::string::npos)
      << lenient.out;
}

// Who writes one would destroy the other; nothing is written, or is lost.
TEST_F(Ways, AFileThatIsNamedTwiceIsSaidSo) {
  const fs::path folder = fs::path(tree_.root()) / "named_twice";
  fs::remove_all(folder);
  fs::create_directory(folder);
  const auto path = [&](const std::string& name) { return (folder / name).string(); };
  std::ofstream(path("there")) << "kept";
  fs::create_hard_link(path("there"), path("hard"));
  const struct {
    std::vector<std::string> arguments;
    std::string words;
  } kCases[] = {
      {{"watch", "-p", "1", "--record", path("new"), "--output", path("new")},
       "--record and --output are the same file"},
      {{"watch", "-p", "1", "--record", path("there"), "--output", path("hard")},
       "--record and --output are the same file"},
      {{"watch", "-p", "1", "--lint", path("there"), "--output", path("hard")},
       "--output and --lint are the same file"},
      {{"replay", path("there"), "--output", path("hard")}, "FILE and --output are the same file"},
  };
  for (const auto& [arguments, words] : kCases) {
    std::vector<std::string> command = {CGOSCOPE};
    command.insert(command.end(), arguments.begin(), arguments.end());
    const Ended ended = Program(command).wait(10'000);
    EXPECT_EQ(ended.status, 2) << words;
    EXPECT_NE(ended.err.find(words), std::string::npos) << ended.err;
  }
  const Ended to_file = Program({"bash", "-c",
                                 std::string(CGOSCOPE) + " watch -p 1 --record " + path("report") +
                                     " > " + path("report")})
                            .wait(10'000);
  EXPECT_EQ(to_file.status, 2);
  EXPECT_NE(to_file.err.find("--record and standard output are"), std::string::npos) << to_file.err;
  EXPECT_EQ(fs::file_size(path("there")), 4U);
  EXPECT_FALSE(fs::exists(path("new")));
  fs::remove_all(folder);
}

TEST_F(Ways, WhatNamesNoRuleIsSaidSo) {
  for (const std::vector<std::string>& arguments : {std::vector<std::string>{"--rule", "stuck"},
                                                    {"--no-rule", "stuck"},
                                                    {"--ignore", "stuck:main.*"}}) {
    const Ended ended =
        Program({CGOSCOPE, "replay", arguments[0], arguments[1], "run.rec"}).wait(10'000);
    EXPECT_EQ(ended.status, 2) << arguments[0];
    EXPECT_NE(ended.err.find("`cgoscope rules` lists them"), std::string::npos) << ended.err;
  }
}

// Their stacks would be ever new ones, and those that are known are kept.
TEST_F(Ways, OnlyGoroutinesThatWaitHaveStacks) {
  const std::string recording = (fs::path(tree_.root()) / "stacks.rec").string();
  watch({"--record", recording, "--duration", "3s", "--",
         go_program("tests/live/programs", "storm")});
  std::ifstream file(recording);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  int waiting_count = 0, other_count = 0;
  for (const json& record : records(text)) {
    if (!record.contains("sample")) continue;
    for (const json& goroutine : record.at("sample").value("goroutines", json::array())) {
      const bool waits = goroutine.at("state") == "waiting";
      ++(waits ? waiting_count : other_count);
      EXPECT_TRUE(waits || goroutine.value("stack", 0) == 0) << goroutine;
    }
  }
  EXPECT_GT(waiting_count, 0);
  EXPECT_GT(other_count, 0);
}

TEST_F(Ways, WhatIsNoRunningGoProgramIsSaidSo) {
  Program sleeper({"sleep", "60"}, false);
  Program zombie({"true"}, false);
  sleep_ms(300);
  const struct {
    std::vector<std::string> arguments;
    std::string words;
  } kCases[] = {
      {{"-p", "4194305"}, "there is no such process"},
      {{"-p", std::to_string(sleeper.pid())}, "not a Go program"},
      {{"-p", std::to_string(zombie.pid())}, "zombie"},
      {{"-p", "2"}, "kernel"},
      {{"--name", "no-program-has-this-name"}, "no process named"},
      {{"--", "/nowhere/at-all"}, "cannot run"},
      {{"--", "/bin/true"}, "not a Go program"},
  };
  for (const auto& [arguments, words] : kCases) {
    const Ended ended = watch(arguments);
    EXPECT_EQ(ended.status, 3) << arguments.back();
    EXPECT_NE(ended.err.find(words), std::string::npos) << arguments.back() << ": " << ended.err;
    EXPECT_TRUE(ended.out.empty()) << ended.out;
  }
  EXPECT_TRUE(sleeper.running());
}

TEST_F(Ways, WrongUsageIsSaidSo) {
  const struct {
    std::vector<std::string> arguments;
    std::string words;
  } kCases[] = {
      {{}, "nothing to watch"},
      {{"1"}, "for the process: -p 1"},
      {{"-p"}, "--pid needs a value"},
      {{"-p", "abc"}, "'abc' is no process id"},
      {{"-p", "1", "--duration", "5"}, "--duration: not a duration"},
      {{"-p", "1", "--ignore", "stuckm:f"}, "no rule is called 'stuckm'"},
      {{"-p", "1", "--leave-running"}, "requires COMMAND"},
      {{"-p", "1", "--stuck-threadss", "3"}, "no option is called '--stuck-threadss'"},
  };
  for (const auto& [arguments, words] : kCases) {
    const Ended ended = watch(arguments);
    EXPECT_EQ(ended.status, 2) << words;
    EXPECT_EQ(ended.err.rfind("cgoscope: ", 0), 0U) << ended.err;
    EXPECT_NE(ended.err.find(words), std::string::npos) << words << ": " << ended.err;
  }
  // Of a rule that there is, or a glob over rules, the process decides.
  for (const char* ignore : {"stuck-m", "*:main.f"})
    EXPECT_EQ(watch({"-p", "4194305", "--ignore", ignore}).status, 3) << ignore;
}

}  // namespace
}  // namespace cgoscope
