#include "probe_cli/process/command.h"

#include <gmock/gmock.h>
#include <signal.h>
#include <sys/syscall.h>

#include <fstream>

#include "probe_cli/process/threads.h"
#include "tests/unit/packages/temporary_tree.h"
#include "tests/unit/process/forked_child.h"

namespace cgoscope {
namespace {

using testing::HasSubstr;

std::optional<CommandEnd> end_of(Command& command) {
  std::optional<CommandEnd> end;
  eventually([&] { return (end = command.poll_end()).has_value(); });
  return end;
}

std::string text_of(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

TEST(Command, WaitsAtTheGateThenRunsUnderTheSameNumber) {
  const TemporaryTree tree;
  auto command =
      Command::prepare({"sh", "-c", R"(echo $$ "$1" > "$0"; exit 7)", tree.path("out"), "a b"});
  ASSERT_TRUE(command) << command.error().message();
  const pid_t pid = command->pid();
  ASSERT_TRUE(eventually([&] {
    const auto state = read_thread(pid, pid);
    return state && state->syscall == SYS_read;
  })) << "it waits for the byte";
  EXPECT_FALSE(std::filesystem::exists(tree.path("out")));
  EXPECT_EQ(command->poll_end(), std::nullopt);
  ASSERT_TRUE(command->start());
  const auto end = end_of(*command);
  ASSERT_TRUE(end);
  EXPECT_FALSE(end->signaled);
  EXPECT_EQ(end->status, 7);
  EXPECT_EQ(text_of(tree.path("out")), std::to_string(pid) + " a b\n");
  EXPECT_FALSE(command->start()) << "only once";
}

TEST(Command, Signals) {
  auto command = Command::prepare({"sleep", "1000"});
  ASSERT_TRUE(command);
  ASSERT_TRUE(command->start());
  EXPECT_EQ(command->poll_end(), std::nullopt);
  command->send(SIGTERM);
  const auto end = end_of(*command);
  ASSERT_TRUE(end);
  EXPECT_TRUE(end->signaled);
  EXPECT_EQ(end->status, SIGTERM);
  command->send(SIGTERM);  // reaches nobody
  EXPECT_TRUE(command->poll_end());
}

// What a shell's child would have: nothing of ours is blocked or caught, what is ignored stays so.
TEST(Command, MaskAndDispositions) {
  const TemporaryTree tree;
  const auto old_usr1 = signal(SIGUSR1, [](int) {});
  const auto old_pipe = signal(SIGPIPE, SIG_IGN);
  const auto old_hup = signal(SIGHUP, SIG_IGN);
  sigset_t term, before;
  sigemptyset(&term);
  sigaddset(&term, SIGTERM);
  sigprocmask(SIG_BLOCK, &term, &before);
  auto command =
      Command::prepare({"sh", "-c", "cat /proc/self/status | grep -E 'Sig(Blk|Ign|Cgt)' > \"$0\"",
                        tree.path("out")});
  ASSERT_TRUE(command);
  const bool started = command->start().has_value();
  sigprocmask(SIG_SETMASK, &before, nullptr);
  signal(SIGUSR1, old_usr1);
  signal(SIGPIPE, old_pipe);
  signal(SIGHUP, old_hup);
  ASSERT_TRUE(started);
  ASSERT_TRUE(end_of(*command));
  EXPECT_EQ(text_of(tree.path("out")),
            "SigBlk:\t0000000000000000\nSigIgn:\t0000000000000001\nSigCgt:\t0000000000000000\n");
}

TEST(Command, NoDescriptorOfItsOwnIsInherited) {
  const TemporaryTree tree;
  const std::string script = "ls /proc/$$/fd > ";
  ASSERT_EQ(std::system((script + tree.path("expected")).c_str()), 0);
  auto command = Command::prepare({"sh", "-c", script + tree.path("out")});
  ASSERT_TRUE(command);
  ASSERT_TRUE(command->start());
  ASSERT_TRUE(end_of(*command));
  EXPECT_EQ(text_of(tree.path("out")), text_of(tree.path("expected")));
}

TEST(Command, ExecveThatFails) {
  const TemporaryTree tree;
  const std::string path = tree.write("not-a-program", "\x01\x02");
  std::filesystem::permissions(path, std::filesystem::perms::owner_all);
  auto command = Command::prepare({path});
  ASSERT_TRUE(command);
  const auto started = command->start();
  ASSERT_FALSE(started);
  EXPECT_THAT(started.error().message(), HasSubstr("format"));
  EXPECT_TRUE(command->poll_end());
  EXPECT_EQ(waitpid(-1, nullptr, WNOHANG), -1) << "no child is left";
}

TEST(Command, KilledAtTheGate) {
  auto command = Command::prepare({"true"});
  ASSERT_TRUE(command);
  kill(command->pid(), SIGKILL);
  eventually([&] { return count_threads(command->pid()) == 0; });
  const auto started = command->start();
  ASSERT_FALSE(started);
  EXPECT_THAT(started.error().message(), HasSubstr("killed"));
  EXPECT_TRUE(command->poll_end()->signaled);
}

TEST(Command, NeverStartedIsKilledAndMovingKeepsOne) {
  pid_t pid = 0;
  {
    auto command = Command::prepare({"sleep", "1000"});
    ASSERT_TRUE(command);
    pid = command->pid();
    Command moved = std::move(*command);
    EXPECT_EQ(moved.pid(), pid);
    EXPECT_EQ(kill(pid, 0), 0);
  }
  EXPECT_NE(kill(pid, 0), 0);
  {
    auto command = Command::prepare({"sleep", "1000"});
    ASSERT_TRUE(command);
    pid = command->pid();
    ASSERT_TRUE(command->start());
  }
  EXPECT_EQ(kill(pid, SIGKILL), 0) << "a command that runs is left alone";
  waitpid(pid, nullptr, 0);
}

// Some daemons start what they start with SIGCHLD ignored; then the kernel forgets how it ended.
TEST(Command, EndIsKnownThoughSigchldWasIgnored) {
  const auto old = signal(SIGCHLD, SIG_IGN);
  auto command = Command::prepare({"sh", "-c", "exit 3"});
  ASSERT_TRUE(command);
  ASSERT_TRUE(command->start());
  const auto end = end_of(*command);
  signal(SIGCHLD, old);
  ASSERT_TRUE(end);
  EXPECT_EQ(end->status, 3);
}

TEST(FindExecutable, AsExecvpDoes) {
  const TemporaryTree tree;
  tree.write("one/program", "#!/bin/sh\n");  // not executable
  tree.write_script("two/program", "exit 0");
  std::filesystem::create_directories(tree.path("one/folder"));
  tree.write_script("two/folder", "exit 0");
  ScopedVariables variables;
  variables.set("PATH", tree.path("missing") + ":" + tree.path("one") + ":" + tree.path("two"));
  EXPECT_EQ(*find_executable("program"), tree.path("two/program"));
  EXPECT_EQ(*find_executable("folder"), tree.path("two/folder"));
  EXPECT_THAT(find_executable("nothing").error().message(), HasSubstr("no such program in PATH"));
  EXPECT_THAT(find_executable("").error().message(), HasSubstr("no such program"));
  EXPECT_EQ(*find_executable(tree.path("two/program")), tree.path("two/program"));
  EXPECT_THAT(find_executable(tree.path("one/program")).error().message(), HasSubstr("permission"));
  EXPECT_FALSE(find_executable(tree.path("one/folder")));
  EXPECT_FALSE(find_executable(tree.path("nothing")));
  variables.set("PATH", tree.path("one"));
  EXPECT_THAT(find_executable("program").error().message(), HasSubstr("not executable"));
  variables.set("PATH", tree.path("one") + ":");
  const auto before = std::filesystem::current_path();
  std::filesystem::current_path(tree.path("two"));
  EXPECT_EQ(*find_executable("program"), "./program");
  std::filesystem::current_path(before);
  variables.unset("PATH");
  EXPECT_EQ(*find_executable("sh"), "/bin/sh");
}

TEST(Command, NothingToRun) {
  EXPECT_FALSE(Command::prepare({}));
  EXPECT_THAT(Command::prepare({"no-such-program-here"}).error().message(), HasSubstr("PATH"));
}

}  // namespace
}  // namespace cgoscope
