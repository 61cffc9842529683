#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <set>

#include "tests/unit/detect/made_run.h"

namespace cgoscope {
namespace {

using testing::ElementsAre;
using testing::SizeIs;

class CpuHogTest : public testing::Test {
 protected:
  CpuHogTest() : detector_(make_cpu_hog(go_server(), {})) {
    loop_ = at({{"main.read", 19}});
    next_line_ = at({{"main.read", 20}});
    inlined_ = at({{"sync/atomic.LoadInt32", 5}, {"main.read", 19}});
  }

  // Interrupted there, innermost first; main.serve has called it.
  StackId at(const std::vector<std::pair<std::string, int>>& frames) {
    std::vector<Frame> stack = {{"runtime.asyncPreempt", "/go/src/runtime/preempt_amd64.s", 53, 0}};
    for (const auto& [function, line] : frames) stack.push_back({function, "/src/r.go", line, 0});
    stack.push_back({"main.serve", "/src/s.go", 8, 0});
    stack.push_back({"runtime.goexit", "/go/src/runtime/asm_amd64.s", 1700, 0});
    return stacks_.add(stack);
  }

  using Fill = std::function<void(Sample&, int second)>;
  std::vector<LiveFinding> run(int seconds, const Fill& fill) {
    first_ = -1;
    std::vector<LiveFinding> findings;
    for (int second = 1; second <= seconds; ++second) {
      Sample sample = look_at(second);
      fill(sample, second);
      findings = detector_->judge(sample, stacks_);
      if (first_ < 0 && !findings.empty()) first_ = second;
    }
    return findings;
  }

  Stacks stacks_;
  StackId loop_ = kNoStack, next_line_ = kNoStack, inlined_ = kNoStack;
  std::unique_ptr<Detector> detector_;
  int first_ = -1;
};

TEST_F(CpuHogTest, NamesTheLoop) {
  const auto findings = run(12, [&](Sample& sample, int) {
    sample.preemptions = {{7, loop_, 30}, {7, next_line_, 10}, {7, inlined_, 8}};
  });
  ASSERT_THAT(findings, SizeIs(1));
  EXPECT_EQ(first_, 10);
  EXPECT_EQ(findings[0].where.function, "main.read");
  EXPECT_EQ(findings[0].where.line, 19);
  EXPECT_EQ(findings[0].severity, Severity::kWarning);
  EXPECT_THAT(findings[0].goroutines, ElementsAre(7));
  EXPECT_EQ(findings[0].message,
            "a goroutine has not let go of the CPU for 12.0 s, and has to be interrupted in one "
            "loop again and again: at r.go:19 in main.read");
  const auto& evidence = std::get<CpuHogEvidence>(findings[0].evidence);
  EXPECT_EQ(evidence.goroutines_count, 1);
  EXPECT_NEAR(evidence.preempted_per_s, 48, 0.1);
  EXPECT_EQ(evidence.longest_ms, 12'000);
}

TEST_F(CpuHogTest, AlikeGoroutinesAreOneFinding) {
  const auto findings = run(
      10, [&](Sample& sample, int) { sample.preemptions = {{7, loop_, 40}, {8, next_line_, 40}}; });
  ASSERT_THAT(findings, SizeIs(1));
  EXPECT_THAT(findings[0].goroutines, ElementsAre(7, 8));
  EXPECT_THAT(findings[0].message, testing::StartsWith("2 goroutines have not let go of the CPU"));
}

TEST_F(CpuHogTest, StaysAtTheLineThatItWasNamedBy) {
  std::set<std::string> ids;
  const auto findings = run(
      30, [&](Sample& sample, int) { sample.preemptions = {{7, loop_, 40}, {7, next_line_, 20}}; });
  ASSERT_THAT(findings, SizeIs(1));
  ids.insert(findings[0].id);
  for (int second = 31; second < 60; ++second) {
    Sample sample = look_at(second);
    sample.preemptions = {{7, next_line_, 40}};
    for (const LiveFinding& finding : detector_->judge(sample, stacks_)) ids.insert(finding.id);
  }
  EXPECT_THAT(ids, SizeIs(1));
}

TEST_F(CpuHogTest, ALoopThatCallsAFunction) {
  const StackId in_callee = at({{"main.look", 40}, {"main.read", 19}});
  const auto findings = run(
      10, [&](Sample& sample, int) { sample.preemptions = {{7, in_callee, 30}, {7, loop_, 15}}; });
  ASSERT_THAT(findings, SizeIs(1));
  EXPECT_EQ(findings[0].where.function, "main.read");
}

TEST_F(CpuHogTest, HealthyRuns) {
  const StackId parts[] = {at({{"main.hash", 3}, {"main.compact", 60}}),
                           at({{"main.sort", 9}, {"main.merge", 30}, {"main.compact", 61}}),
                           at({{"main.encode", 12}, {"main.write", 33}, {"main.compact", 62}})};
  const struct {
    const char* name;
    Fill fill;
  } rows[] = {
      {"work of many parts",
       [&](Sample& sample, int) {
         for (const StackId part : parts) sample.preemptions.push_back({7, part, 15});
       }},
      {"another goroutine every second",
       [&](Sample& sample, int second) { sample.preemptions = {{100 + second, loop_, 48}}; }},
      {"with a pause",
       [&](Sample& sample, int second) {
         if (second % 9 != 0) sample.preemptions = {{7, loop_, 48}};
       }},
      {"seldom", [&](Sample& sample, int) { sample.preemptions = {{7, loop_, 4}}; }},
      {"nothing", [](Sample&, int) {}},
  };
  for (const auto& row : rows) {
    detector_ = make_cpu_hog(go_server(), {});
    run(40, row.fill);
    EXPECT_EQ(first_, -1) << row.name;
  }
}

TEST_F(CpuHogTest, AShortLastIntervalSaysNothing) {
  run(12, [&](Sample& sample, int) { sample.preemptions = {{7, loop_, 48}}; });
  EXPECT_THAT(detector_->judge(last_look_at(12.05), stacks_), SizeIs(0));
  Sample late = look_at(13);
  late.preemptions = {{7, loop_, 45}};
  EXPECT_THAT(detector_->judge(late, stacks_), SizeIs(1));
}

TEST_F(CpuHogTest, PartOfTheTimeIsScaled) {
  run(10, [&](Sample& sample, int second) {
    sample.signals[CG_PREEMPT].attached_ns = static_cast<int64_t>(second * 1e8);
    sample.preemptions = {{7, loop_, 4}};
  });
  EXPECT_EQ(first_, 10);
}

}  // namespace
}  // namespace cgoscope
