#include "clang_plugin/cache/entry.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/unit/cache/full_summary.h"

namespace cgoscope {
namespace {

const std::string kKey = "0123456789abcdef0123456789abcdef";

TEST(CacheEntry, KeepsEveryField) {
  const CacheEntry entry = full_entry();
  const auto read = decode_entry(kKey, encode_entry(kKey, entry));
  ASSERT_TRUE(read);
  EXPECT_EQ(read->answers, entry.answers);
  EXPECT_EQ(read->unit.functions, entry.unit.functions);
  EXPECT_EQ(read->unit.problems, entry.unit.problems);
  EXPECT_TRUE(read->unit == entry.unit);
}

TEST(CacheEntry, KeepsWhatIsEmpty) {
  const auto read = decode_entry(kKey, encode_entry(kKey, {}));
  ASSERT_TRUE(read);
  EXPECT_TRUE(*read == CacheEntry{});
}

TEST(CacheEntry, IsNothingUnderAnotherKey) {
  const std::string bytes = encode_entry(kKey, full_entry());
  EXPECT_FALSE(decode_entry("f" + kKey.substr(1), bytes));
}

TEST(CacheEntry, IsNothingWhenCutShortOrGrown) {
  const std::string bytes = encode_entry(kKey, full_entry());
  for (size_t size = 0; size < bytes.size(); ++size)
    ASSERT_FALSE(decode_entry(kKey, std::string_view(bytes).substr(0, size))) << size;
  EXPECT_FALSE(decode_entry(kKey, bytes + '\0'));
  EXPECT_FALSE(decode_entry(kKey, bytes + bytes));
}

TEST(CacheEntry, IsNothingWhenABitFlips) {
  std::string bytes = encode_entry(kKey, full_entry());
  for (size_t i = 0; i < bytes.size() * 8; ++i) {
    bytes[i / 8] = static_cast<char>(bytes[i / 8] ^ (1 << (i % 8)));
    ASSERT_FALSE(decode_entry(kKey, bytes)) << "bit " << i;
    bytes[i / 8] = static_cast<char>(bytes[i / 8] ^ (1 << (i % 8)));
  }
}

// A payload that passes the checksum may still be anything.
TEST(CacheEntry, ReadsNoFurtherThanItHas) {
  const std::string bytes = encode_entry(kKey, full_entry());
  std::string payload = bytes.substr(sizeof(Digest));
  ASSERT_TRUE(decode_checked(kKey, payload));
  for (size_t i = 0; i < payload.size() * 8; ++i) {
    payload[i / 8] = static_cast<char>(payload[i / 8] ^ (1 << (i % 8)));
    decode_checked(kKey, payload);
    payload[i / 8] = static_cast<char>(payload[i / 8] ^ (1 << (i % 8)));
  }
  for (size_t size = 0; size < payload.size(); ++size)
    decode_checked(kKey, std::string_view(payload).substr(0, size));
}

class UnsoundEntry : public testing::Test {
 protected:
  Function& function() { return entry_.unit.functions.begin()->second; }
  bool is_read() { return decode_entry(kKey, encode_entry(kKey, entry_)).has_value(); }

  CacheEntry entry_ = full_entry();
};

TEST_F(UnsoundEntry, OperandOutsideTheTable) {
  function().exprs[2].operands[0] = 1000;
  EXPECT_FALSE(is_read());
}

TEST_F(UnsoundEntry, TooFewOperands) {
  function().exprs[2].operands.clear();
  EXPECT_FALSE(is_read());
}

TEST_F(UnsoundEntry, ExpressionThatHoldsItself) {
  function().exprs[2].operands = {3};  // a part of which is 2
  EXPECT_FALSE(is_read());
}

TEST_F(UnsoundEntry, StatementThatHoldsItself) {
  function().stmts[1].children = {0};
  function().stmts[0].children = {1};
  EXPECT_FALSE(is_read());
}

TEST_F(UnsoundEntry, StatementOutsideTheTable) {
  function().body = 99;
  EXPECT_FALSE(is_read());
}

TEST_F(UnsoundEntry, VariableOutsideTheTable) {
  function().exprs[0].index = 7;
  EXPECT_FALSE(is_read());
}

TEST_F(UnsoundEntry, CallOutsideTheTable) {
  function().exprs[3].index = 7;
  EXPECT_FALSE(is_read());
}

TEST_F(UnsoundEntry, CommentInNoFile) {
  entry_.unit.allows[0].place.file = 9;
  EXPECT_FALSE(is_read());
}

TEST_F(UnsoundEntry, InitialiserOutsideTheTable) {
  entry_.unit.globals.begin()->second.initialiser = 9;
  EXPECT_FALSE(is_read());
}

TEST_F(UnsoundEntry, KindThatIsNone) {
  function().exprs[4].kind = static_cast<ExprKind>(200);
  EXPECT_FALSE(is_read());
}

}  // namespace
}  // namespace cgoscope
