#include "probe_cli/inspect.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "tests/go_program.h"
#include "tests/go_toolchains.h"

namespace cgoscope {
namespace {

using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::Not;

Result<std::string> built(const std::string& name, const std::vector<std::string>& options) {
  return build_go_program(
      go_toolchains().back(),
      {.name = name, .source = "package main\n\nfunc main() {}\n", .options = options});
}

std::string inspected(const std::string& binary, bool json) {
  std::ostringstream out;
  const Result<int> status = inspect(binary, json, out);
  EXPECT_TRUE(status) << status.error().message();
  return out.str();
}

TEST(Inspect, ShowsTheFlagsOfTheBuild) {
  const Result<std::string> binary =
      built("inspect_flags", {"-ldflags=-s -X main.a=b", "-tags=purego"});
  if (!binary) GTEST_SKIP() << binary.error().message();
  EXPECT_THAT(inspected(*binary, false),
              ContainsRegex("\nflags +-ldflags=-s -X main.a=b -tags=purego\n"));
  const nlohmann::json json = nlohmann::json::parse(inspected(*binary, true));
  EXPECT_EQ(json.at("settings").at("-tags"), "purego");
  EXPECT_EQ(json.at("settings").at("GOOS"), "linux");
}

TEST(Inspect, SaysNothingOfFlagsThatWereNotGiven) {
  const Result<std::string> binary = built("inspect_no_flags", {});
  if (!binary) GTEST_SKIP() << binary.error().message();
  EXPECT_THAT(inspected(*binary, false), Not(HasSubstr("\nflags")));
}

TEST(Inspect, SaysWhatEachSignalIsAndWhere) {
  const Result<std::string> binary = built("inspect_signals", {});
  if (!binary) GTEST_SKIP() << binary.error().message();
  EXPECT_THAT(
      inspected(*binary, false),
      ContainsRegex("\n  thread-start +ready +a thread is created; runtime.newm1 0x[0-9a-f]+ "));
  const nlohmann::json json = nlohmann::json::parse(inspected(*binary, true));
  EXPECT_EQ(json.at("signals").at(0).at("meaning"), "a goroutine parks: it waits for something");
}

}  // namespace
}  // namespace cgoscope
