#include "probe_cli/process/threads.h"

#include <gmock/gmock.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include <thread>

#include "tests/unit/process/forked_child.h"

namespace cgoscope {
namespace {

using testing::ElementsAre;

std::string stat_of(const std::string& name) {
  return "4711 (" + name +
         ") S 1 4711 4711 0 -1 4194560 100 200 3 4 50 7 9 8 20 0 23 0 123456 1000000 200 "
         "18446744073709551615 1 1 0 0 0 0 0 0 0\n";
}

TEST(ThreadStat, EveryFieldThatIsUsed) {
  ThreadState state;
  ASSERT_TRUE(parse_thread_stat(stat_of("server"), state));
  EXPECT_EQ(state.name, "server");
  EXPECT_EQ(state.state, 'S');
  EXPECT_EQ(state.cpu_ticks, 57);
  EXPECT_EQ(state.process_threads, 23);
  EXPECT_EQ(state.started_ticks, 123456);
  EXPECT_FALSE(state.kernel_thread);
}

TEST(ThreadStat, NamesThatLookLikeFields) {
  for (const auto& [written, name] : {std::pair{"a) R 1", "a) R 1"},
                                      {")", ")"},
                                      {"", ""},
                                      {"(((", "((("},
                                      {"a b", "a b"},
                                      {"new\\nline", "new\nline"},
                                      {"back\\\\slash", "back\\slash"}}) {
    ThreadState state;
    ASSERT_TRUE(parse_thread_stat(stat_of(written), state)) << written;
    EXPECT_EQ(state.name, name);
    EXPECT_EQ(state.state, 'S');
  }
}

TEST(ThreadStat, WhatIsCutOrNoStatIsRefused) {
  const std::string whole = stat_of("server");
  ThreadState state;
  for (const std::string& text :
       {std::string(), std::string("4711"), std::string(") ("), whole.substr(0, 60),
        std::string("1 (x) S a b c"), std::string("1 (x)")}) {
    EXPECT_FALSE(parse_thread_stat(text, state)) << text;
  }
  EXPECT_EQ(state.state, '?');
}

TEST(ThreadSyscall, WaitingRunningAndBetween) {
  ThreadState state;
  ASSERT_TRUE(parse_thread_syscall("230 0x1 0x0 0x7ffe1000 0x4 0x5 0x6 0x7ffe0ff8 0x7f8000001234\n",
                                   state));
  EXPECT_EQ(state.syscall, 230);
  EXPECT_THAT(state.arguments, ElementsAre(1, 0, 0x7ffe1000, 4, 5, 6));
  EXPECT_EQ(state.stack_pointer, 0x7ffe0ff8u);
  EXPECT_EQ(state.program_counter, 0x7f8000001234u);
  ASSERT_TRUE(parse_thread_syscall("running\n", state));
  EXPECT_EQ(state.syscall, std::nullopt);
  EXPECT_EQ(state.stack_pointer, 0u);
  ASSERT_TRUE(parse_thread_syscall("-1 0x7ffe0ff8 0x401000\n", state));
  EXPECT_EQ(state.syscall, std::nullopt);
  EXPECT_EQ(state.program_counter, 0x401000u);
}

TEST(ThreadSyscall, WhatIsCutIsRefused) {
  ThreadState state;
  for (const char* text :
       {"", "\n", "230", "230 0x1 0x2 0x3 0x4 0x5 0x6 0x7", "-1 0x1", "x 0x1 0x2",
        "230 1 2 3 4 5 6 7 8", "sleeping", "230 0x1 0x2 0x3 0x4 0x5 0x6 0x7 0x8 0x9",
        "230 0x1 0x2 0x3 0x4 0x5 0x6 0x7 0x18446744073709551615"}) {
    EXPECT_FALSE(parse_thread_syscall(text, state)) << text;
  }
  EXPECT_EQ(state.stack_pointer, 0u);
}

TEST(ThreadStatus, LastNumberOfALine) {
  const char* status = "Name:\tx\nTgid:\t12\nNSpid:\t4711\t12\nvoluntary_ctxt_switches:\t99\n";
  EXPECT_EQ(status_number(status, "NSpid"), 12);
  EXPECT_EQ(status_number(status, "voluntary_ctxt_switches"), 99);
  EXPECT_EQ(status_number(status, "ctxt_switches"), std::nullopt);
  EXPECT_EQ(status_number(status, "Name"), std::nullopt);
}

TEST(Syscalls, NumbersOfThisMachine) {
  EXPECT_EQ(syscall_name(SYS_clock_nanosleep), "clock_nanosleep");
  EXPECT_EQ(syscall_name(SYS_read), "read");
  EXPECT_EQ(syscall_name(SYS_epoll_pwait), "epoll_pwait");
  EXPECT_EQ(syscall_name(123456), "syscall 123456");
  EXPECT_EQ(syscall_name(-1), "syscall -1");
#if defined(__x86_64__)
  EXPECT_EQ(syscall_name(0), "read");
  EXPECT_EQ(syscall_name(230), "clock_nanosleep");
#endif
}

TEST(Threads, OfARealProcess) {
  const ForkedChild child([](int ready) {
    std::thread([ready] {
      prctl(PR_SET_NAME, "a) R\n1");
      say_ready(ready);
      while (true) pause();
    }).detach();
  });
  EXPECT_EQ(count_threads(child.pid()), 2);
  const std::vector<pid_t> threads = list_threads(child.pid());
  ASSERT_EQ(threads.size(), 2u);
  EXPECT_EQ(threads[0], child.pid());
  std::optional<ThreadState> state;
  ASSERT_TRUE(eventually([&] {
    state = read_thread(child.pid(), threads[1]);
    return state && state->syscall == SYS_pause;
  }));
  EXPECT_EQ(state->name, "a) R\n1");
  EXPECT_EQ(state->state, 'S');
  EXPECT_EQ(state->tid, threads[1]);
  EXPECT_EQ(state->own_tid, threads[1]);
  EXPECT_GT(state->voluntary_switches, 0);
  EXPECT_GT(state->started_ticks, 0);
  EXPECT_NE(state->stack_pointer, 0u);
  EXPECT_EQ(read_thread(child.pid(), threads[1])->voluntary_switches, state->voluntary_switches);
}

// One that is stopped outside of a system call waits too, and in none.
TEST(Threads, WaitingInNoSystemCallIsNotForbidden) {
  const ForkedChild child([](int ready) {
    say_ready(ready);
    volatile bool on = true;
    while (on) {
    }
  });
  std::optional<ThreadState> state;
  ASSERT_TRUE(eventually([&] {
    kill(child.pid(), SIGSTOP);
    waitpid(child.pid(), nullptr, WUNTRACED);
    state = read_thread(child.pid(), child.pid());
    if (state && !state->syscall) return true;
    kill(child.pid(), SIGCONT);  // it was still saying that it is ready
    return false;
  }));
  EXPECT_EQ(state->state, 'T');
  EXPECT_FALSE(state->syscall_forbidden);
}

TEST(Threads, OfAProcessThatIsStopped) {
  const ForkedChild child(say_ready);
  EXPECT_FALSE(is_stopped(child.pid()));
  kill(child.pid(), SIGSTOP);
  EXPECT_TRUE(eventually([&] { return is_stopped(child.pid()); }));
  kill(child.pid(), SIGCONT);
  EXPECT_TRUE(eventually([&] { return !is_stopped(child.pid()); }));
  EXPECT_FALSE(is_stopped(-1));
}

TEST(Threads, OfAProcessThatIsGone) {
  ForkedChild child(say_ready);
  const pid_t pid = child.pid();
  kill(pid, SIGKILL);
  EXPECT_TRUE(eventually([&] { return count_threads(pid) == 0; })) << "a zombie has no threads";
  child.kill_and_reap();
  EXPECT_EQ(count_threads(pid), 0);
  EXPECT_TRUE(list_threads(pid).empty());
  EXPECT_EQ(read_thread(pid, pid), std::nullopt);
}

}  // namespace
}  // namespace cgoscope
