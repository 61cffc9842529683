#include "clang_plugin/packages/subprocess.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <chrono>
#include <thread>

#include "tests/unit/packages/temporary_tree.h"

namespace cgoscope {
namespace {

Result<ProcessOutput> shell(const std::string& script, int timeout_s = 20) {
  return run_process({"sh", "-c", script}, "/", {}, timeout_s);
}

TEST(Subprocess, OutputErrorsAndStatus) {
  const auto output = shell("echo out; echo err >&2; exit 3");
  ASSERT_TRUE(output);
  EXPECT_EQ(output->out, "out\n");
  EXPECT_EQ(output->err, "err\n");
  EXPECT_EQ(output->status, 3);
}

TEST(Subprocess, ASignalIs128AndItsNumber) {
  const auto output = shell("kill -TERM $$");
  ASSERT_TRUE(output);
  EXPECT_EQ(output->status, 128 + SIGTERM);
}

// Each pipe holds 64 KiB; a reader that empties one before the other would wait for ever.
TEST(Subprocess, FullPipesDoNotDeadlock) {
  const auto output = shell(
      "head -c 3000000 /dev/zero >&2; head -c 3000000 /dev/zero; head -c 1000000 /dev/zero >&2");
  ASSERT_TRUE(output);
  EXPECT_EQ(output->out.size(), 3'000'000u);
  EXPECT_EQ(output->err.size(), 4'000'000u);
}

TEST(Subprocess, DirectoryEnvironmentAndEmptyInput) {
  const TemporaryTree tree;
  ScopedVariables variables;
  variables.set("CGOSCOPE_KEPT", "kept");
  variables.set("CGOSCOPE_REPLACED", "old");
  variables.set("CGOSCOPE_TAKEN_OUT", "old");
  const auto output =
      run_process({"sh", "-c",
                   "pwd; env | grep -c CGOSCOPE_REPLACED; echo $CGOSCOPE_KEPT$CGOSCOPE_REPLACED; "
                   "echo ${CGOSCOPE_TAKEN_OUT-none}; cat"},
                  tree.root(), {"CGOSCOPE_REPLACED=new", "CGOSCOPE_TAKEN_OUT"}, 20);
  ASSERT_TRUE(output);
  EXPECT_EQ(output->out, tree.root() + "\n1\nkeptnew\nnone\n");
}

TEST(Subprocess, ArgumentsAreNotReadByAShell) {
  const auto output = run_process({"printf", "%s|", "$(id)", "a b", "*"}, "/", {}, 20);
  ASSERT_TRUE(output);
  EXPECT_EQ(output->out, "$(id)|a b|*|");
}

TEST(Subprocess, SilenceBeyondTheTimeoutKillsTheWholeGroup) {
  const TemporaryTree tree;
  const auto start = std::chrono::steady_clock::now();
  const auto output = shell("sleep 60 & echo $! > " + tree.path("pid") + "; wait", 1);
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(10));
  ASSERT_FALSE(output);
  EXPECT_NE(output.error().message().find("1 s"), std::string::npos);
  pid_t sleeper = 0;
  std::ifstream(tree.path("pid")) >> sleeper;
  ASSERT_GT(sleeper, 0);
  // Its new parent has to collect it, which takes a moment; a zombie is as good as gone.
  std::string state = "?";
  for (int i = 0; i < 100; ++i) {
    std::ifstream stat("/proc/" + std::to_string(sleeper) + "/stat");
    std::string pid, name;
    if (!(stat >> pid >> name >> state) || state == "Z") break;
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  EXPECT_TRUE(state == "Z" || kill(sleeper, 0) != 0) << state;
}

TEST(Subprocess, ADaemonThatKeepsThePipeDoesNotHoldUs) {
  const auto start = std::chrono::steady_clock::now();
  const auto output = shell("sleep 20 & echo done", 15);
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(10));
  ASSERT_TRUE(output);
  EXPECT_EQ(output->out, "done\n");
  EXPECT_EQ(output->status, 0);
}

TEST(Subprocess, EndlessOutputIsCut) {
  const auto output = shell("cat /dev/zero", 60);
  ASSERT_FALSE(output);
  EXPECT_NE(output.error().message().find("256 MiB"), std::string::npos);
}

TEST(Subprocess, WhatCannotStartSaysWhy) {
  const TemporaryTree tree;
  EXPECT_NE(run_process({"no-such-program-here"}, "/", {}, 5).error().message().find("PATH"),
            std::string::npos);
  EXPECT_NE(run_process({"sh"}, "/no/such/directory", {}, 5).error().message().find("No such file"),
            std::string::npos);
  tree.write("not-a-program", "\x01\x02");
  std::filesystem::permissions(tree.path("not-a-program"), std::filesystem::perms::owner_all);
  EXPECT_NE(run_process({tree.path("not-a-program")}, "/", {}, 5).error().message().find("format"),
            std::string::npos);
  EXPECT_FALSE(run_process({}, "/", {}, 5));
}

// A PATH with "." in it must not run ./go of the repository that is being analysed.
TEST(Subprocess, RelativeEntriesOfPathAreNotSearched) {
  const TemporaryTree tree;
  tree.write_script("go", "echo hostile");
  ScopedVariables variables;
  variables.set("PATH", ".::" + tree.root().substr(1));
  std::filesystem::current_path(tree.root());
  EXPECT_EQ(find_program("go"), "");
  variables.set("PATH", ".:" + tree.root());
  EXPECT_EQ(find_program("go"), tree.root() + "/go");
  std::filesystem::current_path("/");
}

}  // namespace
}  // namespace cgoscope
