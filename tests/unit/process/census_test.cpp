// What can be counted in a real program of each toolchain, counted from outside.
#include "probe_cli/process/census.h"

#include <fcntl.h>
#include <gmock/gmock.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <utility>

#include "probe_cli/go/go_binary.h"
#include "probe_cli/process/target.h"
#include "probe_cli/process/threads.h"
#include "tests/go_program.h"
#include "tests/go_toolchains.h"
#include "tests/unit/process/forked_child.h"

namespace cgoscope {
namespace {

using testing::AnyOf;
using testing::IsEmpty;
using testing::SizeIs;

class CensusOfGo : public testing::TestWithParam<GoToolchain> {
 protected:
  void start(const std::string& mode, std::vector<std::string> options = {}) {
    if (!output_of({GetParam().go(), "version"})) {
      GTEST_SKIP() << "needs a Go toolchain: " << GetParam().go() << " does not run";
    }
    std::stringstream source;
    source << std::ifstream(GO_TARGET).rdbuf();
    GoProgram program;
    program.name = options.empty() ? "counted" : "counted_pie";
    program.source = source.str();
    program.options = std::move(options);
    const Result<std::string> built = build_go_program(GetParam(), program);
    ASSERT_TRUE(built) << built.error().message();
    std::array<int, 2> in{};
    std::array<int, 2> out{};
    ASSERT_EQ(pipe2(in.data(), O_CLOEXEC), 0);
    ASSERT_EQ(pipe2(out.data(), O_CLOEXEC), 0);
    child_.emplace([&](int ready) {
      dup2(in[0], 0);
      dup2(out[1], 1);
      say_ready(ready);
      execl(built->c_str(), "counted", mode.c_str(), nullptr);
      _exit(1);
    });
    close(in[0]);
    close(out[1]);
    to_ = Descriptor(in[1]);
    from_ = Descriptor(out[0]);
    ASSERT_EQ(answer().substr(0, 5), "ready");
    auto target = Target::open(child_->pid());
    ASSERT_TRUE(target) << target.error().message();
    auto binary = GoBinary::open(target->executable());
    ASSERT_TRUE(binary) << binary.error().message();
    binary_.emplace(std::move(*binary));
    const auto base = target->load_base(binary_->image->first_address());
    ASSERT_TRUE(base) << base.error().message();
    base_ = *base;
    reader_.emplace(TargetMemory(child_->pid()), binary_->layout, binary_->globals, base_,
                    [this](uint64_t pc) { return binary_->functions.stack_bytes_at(pc); });
  }

  std::string answer() {
    std::array<char, 100> text{};
    const ssize_t got = ::read(from_.get(), text.data(), text.size());
    return {text.data(), static_cast<size_t>(std::max<ssize_t>(got, 0))};
  }

  std::vector<std::string> functions(const MRecord& m) const {
    std::vector<std::string> names;
    for (const uint64_t pc : m.go_stack) {
      const auto frames = binary_->functions.frames_at(pc - base_, true);
      for (const Frame& frame : frames) names.push_back(frame.function);
      if (frames.empty()) names.emplace_back("?");
    }
    return names;
  }

  std::string stub_name(const MRecord& m) const {
    const ElfSymbol* symbol = binary_->image->symbol_at(m.c_stub - base_);
    if (symbol == nullptr || symbol->address != m.c_stub - base_) return "";
    return cgo_function_name(symbol->name);
  }

  std::optional<ForkedChild> child_;
  Descriptor to_, from_;
  std::optional<GoBinary> binary_;
  uint64_t base_ = 0;
  std::optional<CensusReader> reader_;
};

// Whether `names` begins with these; what Go adds to a wrapper's name (".abi0") is passed over.
testing::AssertionResult begins_with(const std::vector<std::string>& names,
                                     const std::vector<std::string>& begin) {
  for (size_t i = 0; i < begin.size(); ++i) {
    if (i >= names.size() || !names[i].starts_with(begin[i])) {
      return testing::AssertionFailure() << testing::PrintToString(names);
    }
  }
  return testing::AssertionSuccess();
}

TEST_P(CensusOfGo, CountsWhatStandsStill) {
  ASSERT_NO_FATAL_FAILURE(start("still"));
  if (!reader_) return;
  // Until the last of them is in its call, and no thread is being made.
  Census census;
  std::vector<pid_t> threads;
  std::map<std::string, std::vector<MRecord>> calls;
  ASSERT_TRUE(eventually([&] {
    threads = list_threads(child_->pid());
    census = reader_->read();
    calls.clear();
    for (const MRecord& m : census.ms) {
      const std::vector<std::string> names = functions(m);
      const bool reads = std::find(names.begin(), names.end(), "main.readPipe") != names.end();
      if (m.in_cgo && begins_with(names, {"runtime.cgocall"})) calls["cgo"].push_back(m);
      if (!m.in_cgo && reads) calls["read"].push_back(m);
      if (m.tid == 0 && !m.extra) return false;
    }
    return calls["cgo"].size() == 20 && calls["read"].size() == 3 &&
           threads == list_threads(child_->pid());
  })) << calls["cgo"].size()
      << " in C, " << calls["read"].size() << " in read";
  EXPECT_THAT(census.problems, IsEmpty());
  const auto valid = reader_->validate();
  EXPECT_TRUE(valid) << valid.error().message();

  std::set<int64_t> tids;
  for (const MRecord& m : calls["cgo"]) {
    EXPECT_EQ(stub_name(m), "sleep") << std::hex << m.c_stub;
    EXPECT_TRUE(
        begins_with(functions(m), {"runtime.cgocall", "main._Cfunc_sleep", "main.sleepInC"}));
    EXPECT_EQ(functions(m).back(), "runtime.goexit");
    EXPECT_EQ(m.g->status, GStatus::kSyscall);
    EXPECT_GT(m.g->goid, 0);
    const auto start = binary_->functions.function_at(m.g->start_pc - base_);
    ASSERT_TRUE(start);
    EXPECT_THAT(std::string(start->name), testing::HasSubstr("main.sleepInC"));
    const auto thread = read_thread(child_->pid(), static_cast<pid_t>(m.tid));
    ASSERT_TRUE(thread) << m.tid;
    EXPECT_EQ(thread->syscall ? syscall_name(*thread->syscall) : "", "clock_nanosleep");
    EXPECT_LT(m.g0_stack_lo, thread->stack_pointer);
    EXPECT_GT(m.g0_stack_hi, thread->stack_pointer);
    tids.insert(m.tid);
  }
  EXPECT_THAT(tids, SizeIs(20));

  for (const MRecord& m : calls["read"]) {
    const std::vector<std::string> names = functions(m);
    EXPECT_EQ(names.back(), "runtime.goexit") << testing::PrintToString(names);
    EXPECT_TRUE(std::find(names.begin(), names.end(), "syscall.Read") != names.end())
        << testing::PrintToString(names);
  }

  // Every thread is an M but that of C's which never calls Go.
  size_t with_thread = 0;
  size_t locked_twice = 0;
  for (const MRecord& m : census.ms) {
    const bool known = std::binary_search(threads.begin(), threads.end(), m.tid);
    with_thread += known ? 1 : 0;
    EXPECT_TRUE(known || m.extra) << m.id << " " << m.tid;
    locked_twice += m.locked_ext == 2 ? 1 : 0;
  }
  EXPECT_EQ(locked_twice, 1u);
  EXPECT_EQ(threads.size() - with_thread, 1u);
  ASSERT_TRUE(census.sched);
  EXPECT_EQ(census.sched->threads_limit, 10000);
  EXPECT_EQ(static_cast<size_t>(census.sched->threads_created - census.sched->threads_freed),
            census.ms.size());
  // Those that sleep, those that read, and the runtime's own; the lists of dead ones are short.
  EXPECT_GT(census.goroutines_peak.value_or(0), 25);
  EXPECT_LT(census.goroutines_peak.value_or(0), 200);
}

// The collector's scavenger has a timer of its own, or two.
TEST_P(CensusOfGo, LiveTimersAreExact) {
  ASSERT_NO_FATAL_FAILURE(start("still"));
  if (!reader_) return;
  const auto live = [&] { return reader_->read().live_timers.value_or(-1); };
  EXPECT_THAT(live(), AnyOf(1000, 1001, 1002));
  ASSERT_EQ(write(to_.get(), "\n", 1), 1);
  ASSERT_EQ(answer(), "stopped\n");
  EXPECT_TRUE(eventually([&] { return live() >= 501 && live() <= 503; })) << live();
  EXPECT_GT(reader_->read().ps, 0);
}

// Go compiles its library anew for these, so one toolchain has to do.
class CensusOfPositionIndependentGo : public CensusOfGo {};
TEST_P(CensusOfPositionIndependentGo, IsFoundByItsLoadBase) {
  ASSERT_NO_FATAL_FAILURE(start("still", {"-buildmode=pie"}));
  if (!reader_) return;
  EXPECT_NE(base_, 0u);
  EXPECT_TRUE(reader_->validate());
  EXPECT_TRUE(eventually([&] {
    size_t in_c = 0;
    for (const MRecord& m : reader_->read().ms) in_c += m.in_cgo && stub_name(m) == "sleep" ? 1 : 0;
    return in_c == 20;
  }));
}

// Threads come and go, stacks grow and move, calls last microseconds: whatever is told must have
// been true at some moment.
TEST_P(CensusOfGo, NothingWrongIsToldInAStorm) {
  ASSERT_NO_FATAL_FAILURE(start("storm"));
  if (!reader_) return;
  size_t calls = 0;
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  while (calls < 200 && std::chrono::steady_clock::now() < end) {
    const auto valid = reader_->validate();
    ASSERT_TRUE(valid) << valid.error().message();
    const Census census = reader_->read();
    for (const MRecord& m : census.ms) {
      if (m.go_stack.size() < 2) continue;
      const std::vector<std::string> names = functions(m);
      ASSERT_TRUE(std::find(names.begin(), names.end(), "?") == names.end())
          << testing::PrintToString(names);
      if (!m.in_cgo || names[0] != "runtime.cgocall") continue;
      ASSERT_EQ(stub_name(m), "usleep");
      ASSERT_TRUE(begins_with(names, {"runtime.cgocall", "main._Cfunc_usleep", "main.storm.func"}));
      ASSERT_EQ(names.back(), "runtime.goexit") << testing::PrintToString(names);
      ++calls;
    }
  }
  EXPECT_GE(calls, 200u);
  EXPECT_EQ(waitpid(child_->pid(), nullptr, WNOHANG), 0) << "the program lives on";
}

// Offsets that are wrong by a word are found out.
TEST_P(CensusOfGo, WrongLayoutIsNotBelieved) {
  ASSERT_NO_FATAL_FAILURE(start("still"));
  if (!reader_) return;
  ASSERT_TRUE(reader_->validate());
  const auto valid_with = [&](auto change) {
    Layout layout = binary_->layout;
    change(layout);
    return CensusReader(TargetMemory(child_->pid()), layout, binary_->globals, base_)
        .validate()
        .has_value();
  };
  EXPECT_TRUE(valid_with([](Layout&) {}));
  for (const int wrong_by : {-8, 8}) {
    const auto moved = [&](Offset& offset) { offset = *offset + static_cast<uint32_t>(wrong_by); };
    EXPECT_FALSE(valid_with([&](Layout& layout) { moved(layout.m.alllink); })) << wrong_by;
    EXPECT_FALSE(valid_with([&](Layout& layout) { moved(layout.m.curg); })) << wrong_by;
    EXPECT_FALSE(valid_with([&](Layout& layout) { moved(layout.m.id); })) << wrong_by;
    EXPECT_FALSE(valid_with([&](Layout& layout) { moved(layout.g.m); })) << wrong_by;
    EXPECT_FALSE(valid_with([&](Layout& layout) { moved(layout.g.goid); })) << wrong_by;
  }
  EXPECT_FALSE(valid_with([](Layout& layout) { layout.m.g0 = 8; }));
  EXPECT_FALSE(valid_with([](Layout& layout) { layout.g.stack_lo = 16; }));
  EXPECT_FALSE(valid_with([](Layout& layout) { layout.p.id = 8; }));
}

TEST_P(CensusOfGo, ProgramThatIsGone) {
  ASSERT_NO_FATAL_FAILURE(start("still"));
  if (!reader_) return;
  child_->kill_and_reap();
  const Census census = reader_->read();
  EXPECT_THAT(census.ms, IsEmpty());
  EXPECT_FALSE(census.sched);
  EXPECT_FALSE(census.live_timers);
  EXPECT_THAT(census.problems, SizeIs(3));
  EXPECT_FALSE(reader_->validate());
}

INSTANTIATE_TEST_SUITE_P(Toolchains, CensusOfGo, testing::ValuesIn(go_toolchains()),
                         toolchain_name);
INSTANTIATE_TEST_SUITE_P(LastToolchain, CensusOfPositionIndependentGo,
                         testing::Values(go_toolchains().back()), toolchain_name);

}  // namespace
}  // namespace cgoscope
