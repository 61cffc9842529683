#include "clang_plugin/analysis/message.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace cgoscope {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

BlockingEvent event_of(const BlockingFunction& row, Bound bound) {
  BlockingEvent event;
  event.row = &row;
  event.bound = bound;
  return event;
}

TEST(Message, SaysHowLong) {
  BlockingFunction row;
  row.name = "poll";
  EXPECT_THAT(message_for(event_of(row, Bound::kUnbounded), "C.wait", "poll", false),
              StartsWith("C.wait can block in poll without limit; "));
  BlockingEvent bounded = event_of(row, Bound::kBounded);
  bounded.limit_ns = 90000000000;
  EXPECT_THAT(message_for(bounded, "C.wait", "poll", false),
              StartsWith("C.wait can block in poll for 1m30s; "));
  EXPECT_THAT(message_for(event_of(row, Bound::kVariable), "C.wait", "poll", false),
              StartsWith("C.wait can block in poll for a time that is not known here"));
  BlockingEvent looped = event_of(row, Bound::kUnbounded);
  looped.in_endless_loop = true;
  EXPECT_THAT(message_for(looped, "C.wait", "poll", false),
              HasSubstr("each wait is short, the loop around it has no end of its own"));
}

TEST(Message, InAnotherPackageNamesTheCallThereAndTheOneOfC) {
  Finding finding;
  finding.go.package = "example.org/slow";
  finding.go.call = "C.query";
  BlockingFunction row;
  row.name = "poll";
  finding.message = message_for(event_of(row, Bound::kUnbounded), "C.query", "poll", true);
  EXPECT_EQ(message_across(finding, "slow.Query"),
            "slow.Query, by way of C.query in package example.org/slow, can block in poll without "
            "limit; the call pins an OS thread meanwhile and no context can cancel it");
}

TEST(Message, DoesNotNameACallTwice) {
  BlockingFunction row;
  EXPECT_THAT(message_for(event_of(row, Bound::kUnbounded), "C.pause", "pause", false),
              StartsWith("C.pause can block without limit"));
}

// What is true of a call into C in every Go version, and nothing about the collector.
TEST(Message, SaysWhatItCosts) {
  const BlockingFunction row;
  BlockingEvent spin, lock;
  lock.spin_lock = true;
  for (const BlockingEvent& event : {event_of(row, Bound::kUnbounded), spin, lock}) {
    const std::string text = message_for(event, "C.f", "g", false);
    EXPECT_THAT(text, AllOf(HasSubstr("pins an OS thread"), HasSubstr("no context can cancel it")));
    EXPECT_THAT(text, AllOf(Not(HasSubstr("collect")), Not(HasSubstr("GC")), Not(HasSubstr("\n"))));
    EXPECT_THAT(message_for(event, "C.f", "g", true), HasSubstr("called from C (//export)"));
  }
  EXPECT_THAT(message_for(spin, "C.f", "", false), HasSubstr("spins on memory without any call"));
  EXPECT_THAT(message_for(lock, "C.f", "", false), HasSubstr("spin in a lock of its own"));
}

TEST(Advice, IsTheRowsOrAGeneralOne) {
  BlockingFunction row;
  EXPECT_THAT(advice_for(event_of(row, Bound::kUnbounded)), HasSubstr("give the wait a limit"));
  row.instead = "use something else";
  EXPECT_EQ(advice_for(event_of(row, Bound::kUnbounded)), "use something else");
  // Within an endless loop the row's own words miss the point: not the call is long, the loop is.
  BlockingEvent looped = event_of(row, Bound::kUnbounded);
  looped.in_endless_loop = true;
  EXPECT_THAT(advice_for(looped), AllOf(HasSubstr("one turn of the loop"), HasSubstr("select")));
  row.category = "sleep";
  EXPECT_THAT(advice_for(looped), AllOf(HasSubstr("time.Ticker"), HasSubstr("select"),
                                        HasSubstr("eventfd"), HasSubstr("condition variable")));
  BlockingEvent spin, lock;
  lock.spin_lock = true;
  EXPECT_NE(advice_for(spin), "");
  EXPECT_NE(advice_for(lock), "");
  EXPECT_NE(advice_for(spin), advice_for(lock));
}

}  // namespace
}  // namespace cgoscope
