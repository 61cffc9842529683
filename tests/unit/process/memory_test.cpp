#include "probe_cli/process/memory.h"

#include <gmock/gmock.h>
#include <sys/mman.h>

#include <cstring>
#include <numeric>
#include <vector>

#include "tests/unit/process/forked_child.h"

namespace cgoscope {
namespace {

using testing::HasSubstr;

volatile uint64_t number_in_memory = 1;

TEST(Memory, IsTheOtherProcesss) {
  const ForkedChild child([](int ready) {
    number_in_memory = 42;
    say_ready(ready);
  });
  const TargetMemory memory(child.pid());
  EXPECT_EQ(memory.value<uint64_t>(reinterpret_cast<uint64_t>(&number_in_memory)), 42u);
  EXPECT_EQ(number_in_memory, 1u);
  EXPECT_TRUE(memory.readable(reinterpret_cast<uint64_t>(&number_in_memory)));
  EXPECT_EQ(memory.value<uint64_t>(8), std::nullopt);
  EXPECT_EQ(memory.value<uint64_t>(0xffffffffffffff00), std::nullopt);
  EXPECT_THAT(memory.readable(8).error().message(), HasSubstr("nothing is mapped"));
}

// 5000 pages of which each third is a hole: every hole ends one system call.
TEST(Memory, HolesDoNotFailTheOthers) {
  constexpr size_t kPages = 5000;
  constexpr size_t kPage = 4096;
  auto* pages = static_cast<std::byte*>(
      mmap(nullptr, kPages * kPage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
  ASSERT_NE(pages, MAP_FAILED);
  for (size_t i = 0; i < kPages; ++i) std::memcpy(pages + i * kPage, &i, sizeof i);
  const ForkedChild child([&](int ready) {
    for (size_t i = 0; i < kPages; i += 3) munmap(pages + i * kPage, kPage);
    say_ready(ready);
  });
  std::vector<size_t> values(kPages, SIZE_MAX);
  std::vector<MemoryRead> reads(kPages);
  for (size_t i = 0; i < kPages; ++i) {
    reads[i] = {reinterpret_cast<uint64_t>(pages + i * kPage),
                std::as_writable_bytes(std::span(&values[i], 1)), true};
  }
  TargetMemory(child.pid()).read_all(reads);
  for (size_t i = 0; i < kPages; ++i) {
    EXPECT_EQ(reads[i].done, i % 3 != 0) << i;
    EXPECT_EQ(values[i], i % 3 != 0 ? i : SIZE_MAX) << i;
  }
  munmap(pages, kPages * kPage);
}

// The kernel reads page by page, and what it could read of a piece is no whole.
TEST(Memory, APieceThatReachesIntoAHoleIsNotDone) {
  constexpr size_t kPage = 4096;
  auto* pages = static_cast<std::byte*>(
      mmap(nullptr, 2 * kPage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
  ASSERT_NE(pages, MAP_FAILED);
  const ForkedChild child([&](int ready) {
    munmap(pages + kPage, kPage);
    say_ready(ready);
  });
  std::vector<std::byte> text(100);
  std::vector<std::byte> whole(50);
  const auto address = reinterpret_cast<uint64_t>(pages);
  std::vector<MemoryRead> reads = {
      {address, whole}, {address + kPage - 50, text}, {address + kPage - 50, whole}, {address, {}}};
  TargetMemory(child.pid()).read_all(reads);
  EXPECT_TRUE(reads[0].done);
  EXPECT_FALSE(reads[1].done);
  EXPECT_TRUE(reads[2].done);
  EXPECT_TRUE(reads[3].done);
  munmap(pages, 2 * kPage);
}

TEST(Memory, OfAProcessThatIsGone) {
  ForkedChild child(say_ready);
  const TargetMemory memory(child.pid());
  child.kill_and_reap();
  EXPECT_EQ(memory.value<uint64_t>(reinterpret_cast<uint64_t>(&number_in_memory)), std::nullopt);
  EXPECT_THAT(memory.readable(8).error().message(), HasSubstr("ended"));
}

TEST(Memory, ForbiddenSaysWhatIsMissing) {
  if (getuid() != 0) GTEST_SKIP() << "needs root, to give up privileges";
  const ForkedChild child(say_ready);
  std::array<int, 2> ends{};
  ASSERT_EQ(pipe(ends.data()), 0);
  const pid_t other = fork();
  if (other == 0) {
    if (setgid(65534) != 0 || setuid(65534) != 0) _exit(2);
    const auto readable = TargetMemory(child.pid()).readable(8);
    const std::string message = readable ? "readable" : readable.error().message();
    _exit(write(ends[1], message.data(), message.size()) < 0 ? 3 : 0);
  }
  close(ends[1]);
  std::array<char, 1000> text{};
  ASSERT_GT(read(ends[0], text.data(), text.size() - 1), 0);
  close(ends[0]);
  waitpid(other, nullptr, 0);
  EXPECT_THAT(text.data(), HasSubstr("not permitted"));
  EXPECT_THAT(text.data(), HasSubstr("CAP_SYS_PTRACE"));
}

}  // namespace
}  // namespace cgoscope
