// The tables of rules and thresholds, and docs/rules against them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <set>
#include <sstream>

#include "findings/duration.h"
#include "probe_cli/detect/detector.h"

namespace cgoscope {
namespace {

using testing::HasSubstr;

std::string page(std::string_view rule) {
  const std::string path = std::string(PROJECT_FOLDER) + "/docs/rules/" + std::string(rule) + ".md";
  std::ifstream file(path, std::ios::binary);
  EXPECT_TRUE(file) << path << " is missing";
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

std::string standard_text(const Threshold& threshold) {
  if (threshold.unit == Threshold::Unit::kDuration)
    return format_duration_ns(static_cast<int64_t>(threshold.standard));
  const std::string number = std::to_string(static_cast<int64_t>(threshold.standard));
  return threshold.unit == Threshold::Unit::kPerSecond ? number + "/s" : number;
}

TEST(Rules, EachHasItsPage) {
  for (const Rule& rule : rules()) {
    const std::string text = page(rule.name);
    EXPECT_THAT(text, testing::StartsWith("# " + std::string(rule.name) + "\n"));
    for (const char* section :
         {"## What it costs", "## What is measured", "## When it is wrong", "## How to fix"}) {
      EXPECT_THAT(text, HasSubstr(section)) << rule.name;
    }
  }
}

// As a row of a table: | `--stuck-after` | 1s | …
TEST(Rules, EachThresholdStandsInItsRulesPageWithItsDefault) {
  for (const Threshold& threshold : thresholds()) {
    EXPECT_THAT(page(threshold.rule), HasSubstr("| `" + std::string(threshold.option) + "` | " +
                                                standard_text(threshold) + " |"));
  }
}

TEST(Rules, EachRuleHasADetectorAndEachThresholdARule) {
  std::set<std::string_view> names, options;
  for (const Rule& rule : rules()) EXPECT_TRUE(names.insert(rule.name).second);
  for (const Threshold& threshold : thresholds()) {
    EXPECT_TRUE(names.contains(threshold.rule)) << threshold.option;
    EXPECT_TRUE(options.insert(threshold.option).second);
    EXPECT_GT(threshold.standard, 0);
    EXPECT_EQ(Settings()(threshold.option), threshold.standard);
  }
}

TEST(Settings, Set) {
  const struct {
    const char* option;
    const char* text;
    double value;  // 0: refused
  } rows[] = {
      {"--stuck-after", "250ms", 2.5e8},
      {"--stuck-after", "1m30s", 9e10},
      {"--stuck-after", "0", 0},
      {"--stuck-after", "-1s", 0},
      {"--stuck-after", "5", 0},
      {"--stuck-after", "", 0},
      {"--stuck-threads", "3", 3},
      {"--stuck-threads", "3.5", 0},
      {"--stuck-threads", "0", 0},
      {"--stuck-threads", "-3", 0},
      {"--stuck-threads", "3x", 0},
      {"--stuck-threads", "", 0},
      {"--stuck-threads", "nan", 0},
      {"--stuck-threads", "inf", 0},
      {"--churn-rate", "0.5", 0.5},
      {"--churn-rate", "1e3", 1000},
      {"--churn-rate", "fast", 0},
      {"--churn-rate", "nan", 0},
      {"--stuck-threads", "1e19", 0},
      {"--stuck-after", "2562047h", 0},
      {"--no-such", "1", 0},
      {"stuck-after", "1s", 0},
  };
  for (const auto& row : rows) {
    Settings settings;
    const auto set = settings.set(row.option, row.text);
    EXPECT_EQ(set.has_value(), row.value > 0) << row.option << " " << row.text;
    if (set) {
      EXPECT_EQ(settings(row.option), row.value);
      EXPECT_EQ(settings("--churn-exits"), 50);
    } else {
      EXPECT_FALSE(set.error().what.empty());
      EXPECT_FALSE(set.error().why.empty());
      EXPECT_FALSE(set.error().hint.empty());
      EXPECT_THAT(set.error().message(), HasSubstr(row.option));
    }
  }
}

}  // namespace
}  // namespace cgoscope
