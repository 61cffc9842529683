// Files that a command line names twice.
#include "probe_cli/report/output.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace cgoscope {
namespace {

namespace fs = std::filesystem;

class NamedTwice : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::path(testing::TempDir()) / ("named-twice-" + std::to_string(getpid()));
    fs::create_directories(folder_ / "in");
    std::ofstream(path("there")) << "text";
    std::ofstream(path("other")) << "text";
    fs::create_hard_link(path("there"), path("hard"));
    fs::create_symlink("there", path("link"));
    fs::create_symlink("in/../new", path("link_to_new"));
    fs::create_symlink(path("link_to_new"), path("in/link_to_link"));
    fs::create_symlink("in", path("folder"));
    fs::create_symlink("round", path("round"));
  }
  void TearDown() override { fs::remove_all(folder_); }

  std::string path(const std::string& name) const { return (folder_ / name).string(); }
  bool are_one(const std::string& a, const std::string& b) const {
    const auto twice = named_twice({{"--a", a}, {"--none", ""}, {"--b", b}});
    EXPECT_TRUE(!twice || *twice == std::pair(std::string("--a"), std::string("--b")));
    return twice.has_value();
  }

  fs::path folder_;
};

TEST_F(NamedTwice, ByEachPathAndLink) {
  for (const char* other : {"there", "./there", "in/../there", "folder/../there", "hard", "link"}) {
    EXPECT_TRUE(are_one(path("there"), path(other))) << other;
    EXPECT_TRUE(are_one(path(other), path("there"))) << other;
  }
}

TEST_F(NamedTwice, AlsoOneThatIsNotThere) {
  for (const char* other : {"new", "./new", "in/../new", "link_to_new", "in/link_to_link"})
    EXPECT_TRUE(are_one(path("new"), path(other))) << other;
  EXPECT_TRUE(are_one(path("in/new"), path("folder/new")));
  EXPECT_TRUE(are_one("not-there", "./not-there"));
  EXPECT_FALSE(fs::exists(path("new")));
}

TEST_F(NamedTwice, OthersAreNot) {
  EXPECT_FALSE(are_one(path("there"), path("other")));
  EXPECT_FALSE(are_one(path("new"), path("newer")));
  EXPECT_FALSE(are_one(path("new"), path("in/new")));
  EXPECT_FALSE(are_one(path("there"), path("new")));
  EXPECT_FALSE(are_one("", ""));
  EXPECT_FALSE(are_one(path("no-folder/a"), path("no-folder/a"))) << "cannot be opened anyhow";
  EXPECT_FALSE(are_one(path("round"), path("there")));
}

TEST_F(NamedTwice, DevicesMayBeShared) { EXPECT_FALSE(are_one("/dev/null", "/dev/null")); }

}  // namespace
}  // namespace cgoscope
