// Who knows a lock that others wait for, in real programs of each toolchain.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>

#include "tests/go_program.h"
#include "tests/go_toolchains.h"
#include "tests/live/program.h"
#include "tests/live/talking_program.h"

namespace cgoscope {
namespace {

using nlohmann::json;

class LocksTest : public testing::TestWithParam<std::tuple<GoToolchain, Build>> {};

TEST_P(LocksTest, NamesWhoKnowsThem) {
  if (const std::string why = why_not_attachable(CGOSCOPE); !why.empty()) GTEST_SKIP() << why;
  const auto& [toolchain, build] = GetParam();
  const std::string binary = built(
      toolchain, std::filesystem::path(PROJECT_FOLDER) / "tests/live/programs", "locks", build);
  ASSERT_FALSE(binary.empty());
  TalkingProgram program({binary});
  ASSERT_TRUE(program.wait_for("ready"));
  const Ended ended =
      Program({CGOSCOPE, "watch", "-p", std::to_string(program.pid()), "--format", "json", "--rule",
               "lock-held", "--lock-after", "1s", "--duration", "7s", "--max-overhead", "none"})
          .wait(60'000);
  ASSERT_EQ(ended.status, 1) << ended.out << ended.err;
  std::map<std::string, std::vector<std::string>> knowers;  // functions, by who waits
  bool left_was_found = false;
  std::istringstream lines(ended.out);
  for (std::string line; std::getline(lines, line);) {
    const json record = json::parse(line);
    if (record.at("type") != "finding") continue;
    if (record.at("where").at("function") == "main.waitForLeft") {
      // That address may still lie about on anybody's stack; nobody is about to unlock it.
      left_was_found = true;
      EXPECT_THAT(record.at("message").get<std::string>(),
                  testing::Not(testing::HasSubstr("unlocks it later")));
      continue;
    }
    std::vector<std::string>& functions = knowers[record.at("where").at("function")];
    for (const json& knower : record.at("evidence").at("may_hold"))
      functions.push_back(knower.at("where").at("function"));
    EXPECT_EQ(record.at("evidence").at("knowers_count"), functions.size());
  }
  using Functions = std::vector<std::string>;
  const std::map<std::string, Functions> expected = {
      {"main.waitForField", {"main.holdField"}},
      {"main.waitForVariable", {"main.holdVariable"}},
      {"main.waitForReading", {"main.holdForWriting"}},
      {"main.waitForGroup", {"main.work"}}};
  EXPECT_EQ(knowers, expected);
  EXPECT_TRUE(left_was_found);
  EXPECT_TRUE(program.alive());
}

std::string name_of(const testing::TestParamInfo<std::tuple<GoToolchain, Build>>& info) {
  return toolchain_name(testing::TestParamInfo<GoToolchain>(std::get<0>(info.param), 0)) + "_" +
         build_name(std::get<1>(info.param));
}

INSTANTIATE_TEST_SUITE_P(Live, LocksTest,
                         testing::Combine(testing::ValuesIn(outer_toolchains()),
                                          testing::Values(Build::kPlain, Build::kStrippedPie)),
                         name_of);

}  // namespace
}  // namespace cgoscope
