// What is reported, and when again. The samples are of stuck Ms, whose number is easy to move.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/detect/made_run.h"

namespace cgoscope {
namespace {

using testing::SizeIs;

class JudgeTest : public testing::Test {
 protected:
  Sample stuck(double second, int count, const std::string& function = "slow") {
    Sample sample = look_at(second);
    for (int i = 0; i < count; ++i) {
      MSample m;
      m.id = i;
      m.goid = i + 1;
      m.in_cgo = true;
      m.c_function = function;
      m.call_number = 1;
      m.began_ns = kAttachedAt - 60 * kSecond;
      m.go_stack = stacks_.add(c_call_stack(function, "poll", 31));
      sample.ms.push_back(m);
    }
    return sample;
  }

  size_t found(const Selection& selection) {
    Judge judge(go_server(), {}, selection);
    return judge.judge(stuck(1, 1), stacks_).size();
  }

  Stacks stacks_;
};

TEST_F(JudgeTest, SaysAFindingOnceAndAgainWhenItIsWorse) {
  Judge judge(go_server(), {}, {});
  const struct {
    int ms;
    size_t said;
  } looks[] = {{0, 0}, {1, 1},  {1, 0}, {2, 1},  {3, 0},
               {4, 1}, {7, 0},  {8, 1},  // twice as many, and an error
               {4, 0}, {15, 0}, {0, 0}, {15, 0}, {16, 1}};
  double second = 1;
  std::string id;
  int64_t first_seen_ns = 0;
  for (const auto& look : looks) {
    const auto news = judge.judge(stuck(second, look.ms), stacks_);
    ASSERT_THAT(news, SizeIs(look.said)) << look.ms << " at " << second;
    if (!news.empty()) {
      if (id.empty()) {
        id = news[0].id;
        first_seen_ns = news[0].first_seen_ns;
      }
      EXPECT_EQ(news[0].id, id);
      EXPECT_EQ(news[0].first_seen_ns, first_seen_ns);
      EXPECT_EQ(news[0].last_seen_ns, kWallAtAttach + static_cast<int64_t>(second) * kSecond);
    }
    ++second;
  }
  ASSERT_THAT(judge.all(), SizeIs(1));
  EXPECT_EQ(std::get<StuckMEvidence>(judge.all()[0].evidence).ms_count, 16);
}

TEST_F(JudgeTest, ARisenSeverityIsWorse) {
  Settings settings;
  ASSERT_TRUE(settings.set("--stuck-threads", "7"));
  Judge judge(go_server(), settings, {});
  EXPECT_THAT(judge.judge(stuck(1, 6), stacks_), SizeIs(1));
  const auto news = judge.judge(stuck(2, 7), stacks_);
  ASSERT_THAT(news, SizeIs(1));
  EXPECT_EQ(news[0].severity, Severity::kError);
  EXPECT_THAT(judge.judge(stuck(3, 6), stacks_), SizeIs(0));
}

TEST_F(JudgeTest, AllHasWhatHasEndedToo) {
  Judge judge(go_server(), {}, {});
  judge.judge(stuck(1, 1, "slow"), stacks_);
  judge.judge(stuck(2, 9, "slower"), stacks_);
  const auto all = judge.all();
  ASSERT_THAT(all, SizeIs(2));
  EXPECT_EQ(all[0].c_function, "slower");  // the error first
  EXPECT_EQ(all[1].c_function, "slow");
}

TEST_F(JudgeTest, Selection) {
  const struct {
    const char* name;
    Selection selection;
    size_t found;
  } rows[] = {
      {"everything", {}, 1},
      {"only it", {{"stuck-m"}, {}, {}}, 1},
      {"only another", {{"thread-churn"}, {}, {}}, 0},
      {"without it", {{}, {"stuck-m"}, {}}, 0},
      {"without another", {{}, {"timer-flood"}, {}}, 1},
      {"ignore the rule", {{}, {}, {"stuck-m"}}, 0},
      {"ignore another rule", {{}, {}, {"timer-flood"}}, 1},
      {"ignore its function", {{}, {}, {"stuck-m:main.poll"}}, 0},
      {"ignore a glob", {{}, {}, {"stuck-m:main.*"}}, 0},
      {"ignore another function", {{}, {}, {"stuck-m:main.pol"}}, 1},
      {"ignore its C function", {{}, {}, {"stuck-m:slow"}}, 0},
      {"ignore its C function as written", {{}, {}, {"stuck-m:C.slow"}}, 0},
      {"ignore any frame", {{}, {}, {"stuck-m:runtime.goexit"}}, 0},
      {"ignore a function of another rule", {{}, {}, {"thread-churn:main.poll"}}, 1},
      {"nothing after the colon fits nothing", {{}, {}, {"stuck-m:"}}, 1},
  };
  for (const auto& row : rows) EXPECT_EQ(found(row.selection), row.found) << row.name;
}

// A finding that could not be named, and then can: one cause, one finding.
TEST_F(JudgeTest, ANamedFindingReplacesTheNameless) {
  Judge judge(go_server(), {}, {});
  const StackId started = stacks_.add({{"main.worker", "/src/w.go", 20, 0}});
  const auto churn = [&](double second, bool named) {
    Sample sample = look_at(second);
    sample.threads_freed = static_cast<int64_t>(second * 50);
    if (named) sample.churn = {{started, kNoStack, kNoStack, static_cast<uint64_t>(second * 50)}};
    return sample;
  };
  judge.judge(churn(0, false), stacks_);
  ASSERT_THAT(judge.judge(churn(2, false), stacks_), SizeIs(1));
  ASSERT_THAT(judge.judge(churn(3, true), stacks_), SizeIs(1));
  ASSERT_THAT(judge.all(), SizeIs(1));
  EXPECT_EQ(judge.all()[0].where.function, "main.worker");
  for (double second = 4; second < 20; ++second) {
    EXPECT_THAT(judge.judge(churn(second, false), stacks_), SizeIs(0)) << second;
  }
  EXPECT_THAT(judge.all(), SizeIs(1));
}

TEST_F(JudgeTest, TwoSystemCallsOfOneLineAreOneFinding) {
  Judge judge(go_server(), {}, {});
  std::vector<LiveFinding> news;
  for (const double second : {0, 1, 2}) {
    Sample sample = look_at(second);
    for (int i = 0; i < 9; ++i) {
      MSample m;
      m.id = m.goid = i + 1;
      m.syscall = i < 4 ? "flock" : "fsync";
      m.go_stack = stacks_.add({{"main.lock", "/src/lock.go", 40, 0}});
      sample.ms.push_back(m);
    }
    news = judge.judge(sample, stacks_);
    if (second == 1) {
      ASSERT_THAT(news, SizeIs(1));
    }
  }
  EXPECT_THAT(news, SizeIs(0));
  EXPECT_THAT(judge.all(), SizeIs(1));
}

}  // namespace
}  // namespace cgoscope
