#include "probe_cli/attach/budget.h"

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

namespace cgoscope {
namespace {

constexpr int64_t kSecond = 1'000'000'000;

struct Load {
  SignalGroup group;
  double cost_ns;  // in a second of being attached
  int64_t attached_ns = kSecond;
};

struct Row {
  std::string name;
  std::optional<double> share_of_cpus;
  double cpus;
  std::vector<Load> loads;
  std::vector<double> shares;  // in the order of the loads
};

void PrintTo(const Row& row, std::ostream* out) { *out << row.name; }

std::vector<GroupLoad> as_loads(const std::vector<Load>& loads) {
  std::vector<GroupLoad> made;
  for (const Load& load : loads) made.push_back({load.group, load.attached_ns, load.cost_ns});
  return made;
}

class BudgetTest : public testing::TestWithParam<Row> {};

// 1% of a CPU is 10 ms of a second.
const std::vector<Row> kRows = {
    {"all_fit", 0.01, 1, {{SignalGroup::kParks, 5e6}, {SignalGroup::kThreads, 1e3}}, {1, 1}},
    {"exactly_fits", 0.01, 1, {{SignalGroup::kParks, 1e7}}, {1}},
    {"twice_too_dear", 0.01, 1, {{SignalGroup::kParks, 2e7}}, {0.5}},
    {"twice_the_cpus", 0.01, 2, {{SignalGroup::kParks, 2e7}}, {1}},
    {"half_a_cpu", 0.01, 0.5, {{SignalGroup::kParks, 1e7}}, {0.5}},
    {"no_limit", std::nullopt, 1, {{SignalGroup::kParks, 9e8}}, {1}},
    {"no_budget_at_all", 0.0, 1, {{SignalGroup::kParks, 1e3}, {SignalGroup::kDeaths, 0}}, {0, 1}},
    {"the_rate_counts_not_the_time_attached",
     0.01,
     1,
     {{SignalGroup::kParks, 2e6, kSecond / 10}},
     {0.5}},
    {"the_dearest_is_cut_first",
     0.01,
     1,
     {{SignalGroup::kCgo, 4e6}, {SignalGroup::kParks, 1.2e7}},
     {1, 0.5}},
    {"then_the_next", 0.01, 1, {{SignalGroup::kCgo, 2e7}, {SignalGroup::kParks, 9e8}}, {0.5, 0}},
    {"less_than_the_least_share_is_none", 0.01, 1, {{SignalGroup::kParks, 2.1e8}}, {0}},
    {"a_little_more_than_the_least_share", 0.01, 1, {{SignalGroup::kParks, 1.6e8}}, {0.0625}},
    {"threads_are_cut_after_cheaper_ones",
     0.01,
     1,
     {{SignalGroup::kThreads, 9e6}, {SignalGroup::kHandoffs, 2e6}},
     {1, 0.5}},
    {"threads_are_cut_when_nothing_else_helps",
     0.01,
     1,
     {{SignalGroup::kThreads, 2e7}, {SignalGroup::kHandoffs, 2e6}},
     {0.5, 0}},
    {"what_costs_next_to_nothing_stays",
     0.01,
     1,
     {{SignalGroup::kThreads, 2e7}, {SignalGroup::kCollections, 1e5}},
     {0.495, 1}},
    {"what_costs_nothing_stays",
     0.01,
     1,
     {{SignalGroup::kThreads, 2e7}, {SignalGroup::kHandoffs, 0}},
     {0.5, 1}},
};

TEST_P(BudgetTest, Shares) {
  const Row& row = GetParam();
  Budget budget(row.share_of_cpus, row.cpus);
  const auto shares = budget.plan(as_loads(row.loads));
  ASSERT_EQ(shares.size(), row.shares.size());
  for (size_t i = 0; i < shares.size(); ++i) {
    EXPECT_EQ(shares[i].group, row.loads[i].group);
    EXPECT_NEAR(shares[i].share, row.shares[i], 1e-9) << i;
  }
}

INSTANTIATE_TEST_SUITE_P(Rows, BudgetTest, testing::ValuesIn(kRows),
                         [](const auto& row) { return row.param.name; });

// A group that costs what its share lets it: the plan must not swing.
TEST(Budget, HoldsAShareWhileTheRateStays) {
  Budget budget(0.01, 1);
  double share = 1;
  for (int interval = 0; interval < 10; ++interval) {
    const auto attached = static_cast<int64_t>(share * kSecond);
    share = budget.plan({{SignalGroup::kParks, attached, 4e7 * share}})[0].share;
    EXPECT_NEAR(share, 0.25, 1e-6) << interval;
  }
}

TEST(Budget, TriesADetachedGroupAgain) {
  Budget budget(0.01, 1);
  EXPECT_EQ(budget.plan({{SignalGroup::kParks, kSecond, 9e8}})[0].share, 0);
  for (int interval = 1; interval < Budget::kRetryIntervals; ++interval)
    ASSERT_EQ(budget.plan({{SignalGroup::kParks, 0, 0}})[0].share, 0) << interval;
  EXPECT_EQ(budget.plan({{SignalGroup::kParks, 0, 0}})[0].share, Budget::kLeastShare);
  // Still too dear: detached for as long again.
  const auto tried = static_cast<int64_t>(Budget::kLeastShare * kSecond);
  EXPECT_EQ(budget.plan({{SignalGroup::kParks, tried, 4.5e7}})[0].share, 0);
  for (int interval = 1; interval < Budget::kRetryIntervals; ++interval)
    ASSERT_EQ(budget.plan({{SignalGroup::kParks, 0, 0}})[0].share, 0) << interval;
  EXPECT_EQ(budget.plan({{SignalGroup::kParks, 0, 0}})[0].share, Budget::kLeastShare);
  // Cheap by now.
  EXPECT_EQ(budget.plan({{SignalGroup::kParks, tried, 1e3}})[0].share, 1);
}

// Its room is given back at once when another group gets cheaper.
TEST(Budget, ReturnsWhatOthersNoLongerNeed) {
  Budget budget(0.01, 1);
  auto shares =
      budget.plan({{SignalGroup::kThreads, kSecond, 9.9e6}, {SignalGroup::kParks, kSecond, 9e6}});
  EXPECT_EQ(shares[1].share, 0);
  shares = budget.plan({{SignalGroup::kThreads, kSecond, 0}, {SignalGroup::kParks, 0, 0}});
  EXPECT_EQ(shares[1].share, 1);
}

}  // namespace
}  // namespace cgoscope
