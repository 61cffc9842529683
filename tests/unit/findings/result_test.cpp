#include "findings/result.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

namespace cgoscope {
namespace {

TEST(ErrorMessage, SaysWhatIsThere) {
  EXPECT_EQ((Error{"cannot read x", "no such file", "check --catalogue"}).message(),
            "cannot read x: no such file (check --catalogue)");
  EXPECT_EQ((Error{"cannot read x", "no such file", ""}).message(), "cannot read x: no such file");
}

TEST(Result, HoldsOneOfTheTwo) {
  const Result<std::string> good(std::string("text"));
  ASSERT_TRUE(good.has_value());
  EXPECT_TRUE(static_cast<bool>(good));
  EXPECT_EQ(*good, "text");
  EXPECT_EQ(good->size(), 4u);
  const Result<std::string> bad(Error{"w", "y", ""});
  EXPECT_FALSE(bad.has_value());
  EXPECT_EQ(bad.error().what, "w");
}

TEST(Result, HoldsWhatCanOnlyBeMoved) {
  const Result<std::unique_ptr<int>> moved(std::make_unique<int>(7));
  ASSERT_TRUE(moved.has_value());
  EXPECT_EQ(**moved, 7);
}

}  // namespace
}  // namespace cgoscope
