#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/detect/made_run.h"

namespace cgoscope {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::SizeIs;

class PanicTest : public testing::Test {
 protected:
  PanicTest() : detector_(make_panic(go_server(), {})) {
    event_.signal = CG_PANIC;
    event_.tid = 4250;
    event_.goid = 18;
    event_.text = "no such field";
    event_.value_kind = "string";
    event_.stack = stacks_.add({{"runtime.gopanic", "/go/src/runtime/panic.go", 884, 0},
                                {"main.parse", "/src/parse.go", 9, 0},
                                {"main.worker", "/src/w.go", 22, 0}});
    event_.started = stacks_.add({{"main.worker", "/src/w.go", 20, 0}});
    event_.go = stacks_.add({{"main.serve", "/src/w.go", 11, 0}});
  }

  std::vector<LiveFinding> judge() {
    Sample sample = last_look_at(3);
    sample.events = {event_};
    return detector_->judge(sample, stacks_);
  }

  Stacks stacks_;
  EventSample event_;
  std::unique_ptr<Detector> detector_;
};

TEST_F(PanicTest, SaysValuePlaceAndWhoStartedIt) {
  const auto findings = judge();
  ASSERT_THAT(findings, SizeIs(1));
  const LiveFinding& finding = findings[0];
  EXPECT_EQ(finding.rule, "panic");
  EXPECT_EQ(finding.severity, Severity::kError);
  EXPECT_EQ(finding.where.function, "main.parse");
  EXPECT_THAT(finding.stack, SizeIs(3));
  EXPECT_THAT(finding.threads, testing::ElementsAre(4250));
  EXPECT_THAT(finding.goroutines, testing::ElementsAre(18));
  EXPECT_EQ(finding.message,
            "a goroutine panics with \"no such field\", nothing recovers it, and the program "
            "ends: at parse.go:9 in main.parse; the goroutine was started at w.go:11 in "
            "main.serve");
  const auto& evidence = std::get<PanicEvidence>(finding.evidence);
  EXPECT_EQ(evidence.value, "no such field");
  EXPECT_EQ(evidence.entry.function, "main.worker");
  EXPECT_EQ(evidence.started.line, 11);
}

TEST_F(PanicTest, NothingElseIsAPanic) {
  for (const cg_signal signal : {CG_FATAL, CG_THROW}) {
    event_.signal = signal;
    EXPECT_THAT(judge(), SizeIs(0));
  }
  EXPECT_THAT(detector_->judge(look_at(1), stacks_), SizeIs(0));
}

TEST_F(PanicTest, TheMainGoroutineWasStartedByNobody) {
  event_.started = stacks_.add({{"runtime.main", "/go/src/runtime/proc.go", 145, 0}});
  event_.go = stacks_.add({{"runtime.rt0_go", "/go/src/runtime/asm_amd64.s", 350, 0}});
  const auto findings = judge();
  ASSERT_THAT(findings, SizeIs(1));
  EXPECT_THAT(findings[0].message, HasSubstr("the main goroutine panics"));
  EXPECT_THAT(findings[0].message, Not(HasSubstr("started")));
  EXPECT_EQ(std::get<PanicEvidence>(findings[0].evidence).started, Frame{});
}

TEST_F(PanicTest, Values) {
  const struct {
    const char* kind;
    const char* text;
    const char* said;
  } rows[] = {{"string", "a \"b\"", "panics with \"a \"b\"\","},
              {"number", "-7", "panics with -7,"},
              {"nil", "nil", "panics with nil,"},
              {"other", "", "panics with a value that is neither text nor a number,"},
              {"", "", "panics with a value that could not be read,"}};
  for (const auto& row : rows) {
    event_.value_kind = row.kind;
    event_.text = row.text;
    EXPECT_THAT(judge()[0].message, HasSubstr(row.said));
  }
}

TEST_F(PanicTest, WithoutAnyStack) {
  event_.stack = event_.started = event_.go = kNoStack;
  event_.tid = event_.goid = 0;
  const auto findings = judge();
  ASSERT_THAT(findings, SizeIs(1));
  EXPECT_EQ(findings[0].where, Frame{});
  EXPECT_THAT(findings[0].goroutines, SizeIs(0));
  EXPECT_FALSE(findings[0].id.empty());
}

}  // namespace
}  // namespace cgoscope
