#include "findings/glob.h"

#include <gtest/gtest.h>

#include <chrono>
#include <string>

namespace cgoscope {
namespace {

TEST(Glob, MatchesTheWholeName) {
  const struct {
    const char* glob;
    const char* name;
    bool matches;
  } rows[] = {
      {"", "", true},
      {"", "a", false},
      {"a", "", false},
      {"read", "read", true},
      {"read", "pread", false},
      {"read", "readv", false},
      {"*", "", true},
      {"*", "anything", true},
      {"**", "x", true},
      {"read*", "read", true},
      {"read*", "readv", true},
      {"*read", "pread", true},
      {"*read*", "spreads", true},
      {"?", "", false},
      {"?", "a", true},
      {"?", "ab", false},
      {"r?ad", "read", true},
      {"a*b*c", "aXbYc", true},
      {"a*b*c", "aXcYb", false},
      {"a*b", "aab", true},
      {"*ab", "aab", true},
      {"*abc*abd", "abcabcabd", true},
      {"std::*::lock", "std::mutex::lock", true},
      {"vendor/*", "vendor/a/b.go", true},  // "*" takes slashes too
      {"vendor/*", "vendor", false},
      {"*.pb.go", "a/b/c.pb.go", true},
      {"[ab]", "a", false},  // no brackets
      {"[ab]", "[ab]", true},
      {"a\\*", "a*", false},  // no escapes
      {"a\\*", "a\\b", true},
      {"Read", "read", false},
  };
  for (const auto& row : rows)
    EXPECT_EQ(glob_matches(row.glob, row.name), row.matches) << row.glob << " on " << row.name;
}

TEST(Glob, QuestionMarkIsOneByte) {
  EXPECT_FALSE(glob_matches("?", "\u00e9"));
  EXPECT_TRUE(glob_matches("??", "\u00e9"));
}

// A star that is retried at every place behind every star would not end.
TEST(Glob, IsNotExponential) {
  std::string glob;
  for (int i = 0; i < 200; ++i) glob += "*a";
  const auto start = std::chrono::steady_clock::now();
  EXPECT_FALSE(glob_matches(glob + "b", std::string(20000, 'a')));
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(5));
}

}  // namespace
}  // namespace cgoscope
