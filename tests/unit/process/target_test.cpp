#include "probe_cli/process/target.h"

#include <gmock/gmock.h>
#include <link.h>
#include <poll.h>
#include <sched.h>
#include <sys/syscall.h>

#include <fstream>
#include <thread>

#include "tests/unit/packages/temporary_tree.h"
#include "tests/unit/process/forked_child.h"

namespace cgoscope {
namespace {

using testing::Contains;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;

std::string why_not(pid_t pid) {
  const auto target = Target::open(pid);
  return target ? "opened" : target.error().message();
}

// The address of our own first segment and where it is, as the dynamic linker knows them.
struct OwnSegment {
  uint64_t linked = 0, loaded = 0;
};
OwnSegment own_first_segment() {
  OwnSegment segment;
  dl_iterate_phdr(
      [](dl_phdr_info* info, size_t, void* result) {
        for (int i = 0; i < info->dlpi_phnum; ++i) {
          if (info->dlpi_phdr[i].p_type != PT_LOAD) continue;
          *static_cast<OwnSegment*>(result) = {info->dlpi_phdr[i].p_vaddr,
                                               info->dlpi_addr + info->dlpi_phdr[i].p_vaddr};
          return 1;
        }
        return 1;
      },
      &segment);
  return segment;
}

TEST(Target, ARealProcess) {
  const ForkedChild child(say_ready);
  const auto target = Target::open(child.pid());
  ASSERT_TRUE(target) << target.error().message();
  EXPECT_EQ(target->pid(), child.pid());
  EXPECT_FALSE(target->exited());
  EXPECT_THAT(target->executable_name(), EndsWith("unit_process"));
  const OwnSegment own = own_first_segment();
  const auto base = target->load_base(own.linked);
  ASSERT_TRUE(base) << base.error().message();
  EXPECT_EQ(*base, own.loaded - own.linked);
}

TEST(Target, AnExecveMakesAnotherImage) {
  const ForkedChild child([](int ready) {
    say_ready(ready);
    while (raise(SIGSTOP) != 0) {
    }
    execl("/bin/sleep", "sleep", "60", nullptr);
  });
  const auto target = Target::open(child.pid());
  ASSERT_TRUE(target);
  const std::optional<Target::Image> before = target->image();
  ASSERT_TRUE(before);
  EXPECT_EQ(target->image(), before);
  ASSERT_TRUE(eventually([&] {
    kill(child.pid(), SIGCONT);
    return target->image() && target->image() != before;
  }));
  EXPECT_FALSE(target->image()->inode == before->inode &&
               target->image()->device == before->device);
}

TEST(Target, EndsOfAProcess) {
  ForkedChild child(say_ready);
  const pid_t pid = child.pid();
  const auto target = Target::open(pid);
  ASSERT_TRUE(target);
  kill(pid, SIGKILL);
  pollfd polled{target->pidfd(), POLLIN, 0};
  EXPECT_EQ(poll(&polled, 1, 10000), 1);
  EXPECT_TRUE(target->exited());
  EXPECT_THAT(why_not(pid), HasSubstr("zombie"));
  EXPECT_FALSE(target->mappings());
  EXPECT_FALSE(target->load_base(0));
  EXPECT_EQ(target->cpu_time_ns(), std::nullopt);
  EXPECT_EQ(target->environment("PATH"), "");
  child.kill_and_reap();
  EXPECT_THAT(why_not(pid), HasSubstr("no such process"));
}

TEST(Target, WhatIsNoProcessOfAUser) {
  EXPECT_THAT(why_not(0), HasSubstr("no such process"));
  EXPECT_THAT(why_not(-5), HasSubstr("no such process"));
  std::ifstream comm("/proc/2/comm");
  std::string name;
  if (comm >> name && name == "kthreadd") {
    EXPECT_THAT(why_not(2), HasSubstr("thread of the kernel"));
  }
  pid_t tid = 0;
  std::thread([&] {
    tid = static_cast<pid_t>(syscall(SYS_gettid));
    EXPECT_THAT(why_not(tid), HasSubstr("it is a thread of process " + std::to_string(getpid())));
  }).join();
}

TEST(Target, MayNotBeLookedAt) {
  if (getuid() != 0) GTEST_SKIP() << "needs root, to give up privileges";
  const ForkedChild child(say_ready);
  std::array<int, 2> ends{};
  ASSERT_EQ(pipe(ends.data()), 0);
  const pid_t other = fork();
  if (other == 0) {
    if (setgid(65534) != 0 || setuid(65534) != 0) _exit(2);
    const std::string message = why_not(child.pid());
    _exit(write(ends[1], message.data(), message.size()) < 0 ? 3 : 0);
  }
  close(ends[1]);
  std::array<char, 1000> text{};
  ASSERT_GT(read(ends[0], text.data(), text.size() - 1), 0);
  close(ends[0]);
  waitpid(other, nullptr, 0);
  EXPECT_THAT(text.data(), HasSubstr("ermission denied"));
  EXPECT_THAT(text.data(), HasSubstr("CAP_SYS_PTRACE"));
}

// Started from a file that is then deleted and replaced, and maps itself below and above.
TEST(Target, DeletedAndReplacedExecutable) {
  const TemporaryTree tree;
  const std::string path = tree.path("with space\nand line");
  std::filesystem::copy_file("/bin/sleep", path);
  const ForkedChild child([&](int ready) {
    say_ready(ready);
    execl(path.c_str(), "sleep", "1000", nullptr);
    _exit(1);
  });
  ASSERT_TRUE(eventually([&] {
    const auto target = Target::open(child.pid());
    // The name comes first, the mappings a moment later.
    return target && target->executable_name() == path && target->load_base(0);
  }));
  std::filesystem::remove(path);
  std::filesystem::copy_file("/bin/cat", path);
  const auto target = Target::open(child.pid());
  ASSERT_TRUE(target);
  EXPECT_EQ(target->executable_name(), path);
  const auto mappings = target->mappings();
  ASSERT_TRUE(mappings);
  const auto first = std::find_if(mappings->begin(), mappings->end(), [&](const Mapping& mapping) {
    return mapping.path == path + " (deleted)";
  });
  ASSERT_NE(first, mappings->end());
  ASSERT_TRUE(target->load_base(0));
  EXPECT_EQ(*target->load_base(0), first->begin);
  EXPECT_FALSE(target->load_base(first->begin + 0x1000));
}

TEST(Target, Environment) {
  ScopedVariables variables;
  variables.set("CGOSCOPE_TEST", "a=b c");
  variables.set("CGOSCOPE_EMPTY", "");
  // The kernel shows the environment of the last execve.
  const ForkedChild child([](int ready) {
    say_ready(ready);
    execl("/bin/sleep", "sleep", "1000", nullptr);
    _exit(1);
  });
  ASSERT_TRUE(eventually([&] {
    const auto target = Target::open(child.pid());
    return target && target->environment("CGOSCOPE_TEST") == "a=b c";
  }));
  const auto target = Target::open(child.pid());
  ASSERT_TRUE(target);
  EXPECT_EQ(target->environment("CGOSCOPE_EMPTY"), "");
  EXPECT_EQ(target->environment("CGOSCOPE_TES"), "");
  EXPECT_EQ(target->environment("CGOSCOPE_TEST=a"), "");
}

TEST(Target, CpusAndTheirTime) {
  const ForkedChild child([](int ready) {
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(0, &one);
    if (sched_setaffinity(0, sizeof one, &one) != 0) _exit(1);
    const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(50);
    while (std::chrono::steady_clock::now() < end) {
    }
    say_ready(ready);
  });
  const auto target = Target::open(child.pid());
  ASSERT_TRUE(target);
  EXPECT_GT(target->usable_cpus(), 0);
  EXPECT_LE(target->usable_cpus(), 1);
  const auto used = target->cpu_time_ns();
  ASSERT_TRUE(used);
  EXPECT_GT(*used, 1'000'000);
  EXPECT_LT(*used, 10'000'000'000);
}

TEST(Target, ByName) {
  const TemporaryTree tree;
  // Other runs of this test may go on beside this one.
  const std::string name = std::to_string(getpid()) + "-named-by-a-long-name";
  const std::string comm = name.substr(0, 15);
  const std::string path = tree.path(name);
  std::filesystem::copy_file("/bin/sleep", path);
  const auto run = [&](int ready) {
    say_ready(ready);
    execl(path.c_str(), "other", "1000", nullptr);
    _exit(1);
  };
  const ForkedChild first(run);
  ForkedChild second(run);
  const std::vector<pid_t> both = {std::min(first.pid(), second.pid()),
                                   std::max(first.pid(), second.pid())};
  EXPECT_TRUE(eventually([&] { return processes_named(name) == both; }));
  EXPECT_EQ(processes_named(comm), both) << "comm, which is cut at 15 bytes";
  EXPECT_THAT(processes_named("other"), Not(Contains(first.pid())));
  const Result<pid_t> one_of_two = process_named(name);
  ASSERT_FALSE(one_of_two);
  EXPECT_THAT(one_of_two.error().message(), HasSubstr(std::to_string(both[0])));
  const pid_t gone = second.pid();
  kill(gone, SIGKILL);
  EXPECT_TRUE(eventually([&] { return processes_named(comm) == std::vector{first.pid()}; }))
      << "a zombie";
  const Result<pid_t> one = process_named(name);
  ASSERT_TRUE(one) << one.error().message();
  EXPECT_EQ(*one, first.pid());
}

}  // namespace
}  // namespace cgoscope
