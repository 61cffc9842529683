#include "probe_cli/process/c_stack.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <fstream>
#include <map>

#include "tests/unit/packages/temporary_tree.h"
#include "tests/unit/process/forked_child.h"

namespace cgoscope {
namespace {

using testing::IsEmpty;
using testing::StartsWith;

std::vector<std::string> names(const std::vector<Frame>& frames) {
  std::vector<std::string> functions;
  functions.reserve(frames.size());
  for (const Frame& frame : frames) functions.push_back(frame.function);
  return functions;
}

// The line of waits_in_c.c that has the comment.
int line_with(const std::string& text) {
  std::ifstream source(WAITS_IN_C_SOURCE);
  int number = 1;
  for (std::string line; std::getline(source, line); ++number) {
    if (line.find(text) != std::string::npos) return number;
  }
  return -1;
}

// waits_in_c, with each thread where its name says.
class CStack : public testing::Test {
 protected:
  void start(const std::string& program) {
    child_.emplace([&](int ready) {
      dup2(ready, 1);
      execl(program.c_str(), "waits_in_c", nullptr);
      _exit(1);
    });
    for (const auto& [name, syscall] :
         std::map<std::string, std::string>{{"sleeper", "clock_nanosleep"},
                                            {"reader", "read"},
                                            {"unlined", "clock_nanosleep"},
                                            {"waiter", "futex"},
                                            {"sized", "clock_nanosleep"},
                                            {"spinner", ""}}) {
      ASSERT_TRUE(eventually([&] {
        for (const pid_t tid : list_threads(child_->pid())) {
          const auto state = read_thread(child_->pid(), tid);
          if (!state || state->name != name) continue;
          if ((state->syscall ? syscall_name(*state->syscall) : "") != syscall) continue;
          threads_[name] = *state;
          return true;
        }
        return false;
      })) << name;
    }
  }

  // The functions of the program itself; those of the C library have other names in each release.
  std::vector<Frame> own_frames(CStackWalker& walker, const std::string& thread) {
    std::vector<Frame> frames = walker.walk(threads_[thread]);
    const auto first = std::find_if(frames.begin(), frames.end(), [](const Frame& frame) {
      return frame.function.ends_with("_inner");
    });
    EXPECT_NE(first, frames.begin()) << "the C library's frame comes first";
    frames.erase(frames.begin(), first);
    return frames;
  }

  std::optional<ForkedChild> child_;
  std::map<std::string, ThreadState> threads_;
};

TEST_F(CStack, FromTheSystemCallToTheThreadsFunction) {
  start(WAITS_IN_C);
  auto walker = CStackWalker::open(child_->pid());
  ASSERT_TRUE(walker) << walker.error().message();
  std::vector<Frame> frames = own_frames(*walker, "sleeper");
  ASSERT_GE(frames.size(), 3u);
  EXPECT_EQ(names({frames.begin(), frames.begin() + 3}),
            (std::vector<std::string>{"sleep_inner", "sleep_outer", "sleeper"}));
  EXPECT_EQ(frames[0].file, WAITS_IN_C_SOURCE);
  EXPECT_EQ(frames[0].line, line_with("line: sleep_inner"));
  EXPECT_EQ(frames[1].line, line_with("line: sleep_outer"));
  frames = own_frames(*walker, "reader");
  ASSERT_GE(frames.size(), 2u);
  EXPECT_EQ(frames[0].function, "read_inner");
  EXPECT_EQ(frames[1].function, "reader");
  frames = own_frames(*walker, "waiter");
  ASSERT_GE(frames.size(), 2u);
  EXPECT_EQ(frames[0].function, "wait_inner");
  EXPECT_EQ(frames[1].function, "waiter");
}

// A unit says which addresses are its own; what lies behind its last one is not of its last line.
TEST_F(CStack, NoLineWhereThereIsNone) {
  start(WAITS_IN_C);
  auto walker = CStackWalker::open(child_->pid());
  ASSERT_TRUE(walker);
  const std::vector<Frame> frames = own_frames(*walker, "unlined");
  ASSERT_GE(frames.size(), 2u);
  EXPECT_EQ(names({frames.begin(), frames.begin() + 2}),
            (std::vector<std::string>{"unlined_inner", "unlined"}));
  EXPECT_EQ(frames[0].file, "");
  EXPECT_EQ(frames[1].line, 0);
}

TEST_F(CStack, EndsWhereARegisterIsNotKnown) {
  start(WAITS_IN_C);
  auto walker = CStackWalker::open(child_->pid());
  ASSERT_TRUE(walker);
  const std::vector<std::string> functions = names(own_frames(*walker, "sized"));
  ASSERT_GE(functions.size(), 2u);
  EXPECT_EQ(functions[0], "sleep_inner");
  EXPECT_EQ(functions[1], "sized_by_caller");
  // When a callee has saved the register, the walk goes on; then it must be right.
  if (functions.size() > 2) {
    EXPECT_EQ(functions[2], "sized");
  }
}

TEST_F(CStack, WhatRunsHasNone) {
  start(WAITS_IN_C);
  auto walker = CStackWalker::open(child_->pid());
  ASSERT_TRUE(walker);
  EXPECT_THAT(walker->walk(threads_["spinner"]), IsEmpty());
  // Nor has a thread that is elsewhere by now.
  ThreadState stale = threads_["sleeper"];
  stale.stack_pointer += 64;
  EXPECT_THAT(walker->walk(stale), IsEmpty());
  stale = threads_["sleeper"];
  --stale.voluntary_switches;
  EXPECT_THAT(walker->walk(stale), IsEmpty());
}

TEST_F(CStack, ExecutableThatWasDeletedAndReplaced) {
  const TemporaryTree tree;
  const std::string program = tree.path("program");
  std::filesystem::copy_file(WAITS_IN_C, program);
  start(program);
  std::filesystem::remove(program);
  std::filesystem::copy_file("/bin/cat", program);
  auto walker = CStackWalker::open(child_->pid());
  ASSERT_TRUE(walker);
  const std::vector<std::string> functions = names(own_frames(*walker, "sleeper"));
  ASSERT_GE(functions.size(), 2u);
  EXPECT_EQ(functions[1], "sleep_outer");
}

// Where symbols say nothing, the unwind tables still do.
TEST_F(CStack, StrippedExecutable) {
  const TemporaryTree tree;
  const std::string program = tree.path("program");
  const std::string strip = "strip -o " + program + " " WAITS_IN_C;
  if (std::system(strip.c_str()) != 0) GTEST_SKIP() << "needs strip of binutils";
  start(WAITS_IN_C);
  auto whole_walker = CStackWalker::open(child_->pid());
  ASSERT_TRUE(whole_walker);
  const std::vector<Frame> whole = whole_walker->walk(threads_["sleeper"]);
  start(program);
  auto walker = CStackWalker::open(child_->pid());
  ASSERT_TRUE(walker);
  const std::vector<Frame> stripped = walker->walk(threads_["sleeper"]);
  ASSERT_EQ(stripped.size(), whole.size());
  for (size_t i = 0; i < whole.size(); ++i) {
    EXPECT_EQ(stripped[i].pc, whole[i].pc) << i << ": as linked, which strip does not change";
    if (whole[i].file == WAITS_IN_C_SOURCE) {
      EXPECT_EQ(stripped[i].function, "") << i;
    }
  }
}

TEST(CStackOpen, ProcessThatIsGone) {
  ForkedChild child(say_ready);
  const pid_t pid = child.pid();
  child.kill_and_reap();
  const auto walker = CStackWalker::open(pid);
  ASSERT_FALSE(walker);
  EXPECT_THAT(walker.error().message(), StartsWith("cannot walk C stacks of process"));
}

}  // namespace
}  // namespace cgoscope
