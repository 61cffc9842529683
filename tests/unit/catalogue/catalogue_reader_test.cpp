#include "clang_plugin/catalogue/catalogue_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "clang_plugin/catalogue/catalogue.h"

namespace cgoscope {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

Catalogue read(const std::string& yaml) {
  Catalogue catalogue;
  const auto error = catalogue.add_text(yaml, "rows.yaml");
  EXPECT_FALSE(error.has_value()) << error->message();
  return catalogue;
}

// The row of a file that has this one row for f.
BlockingFunction blocking_row(const std::string& keys) {
  const Catalogue catalogue = read("blocking:\n  - {name: f, " + keys + "}\n");
  const BlockingFunction* row = catalogue.find_blocking("f");
  EXPECT_NE(row, nullptr) << keys;
  return row ? *row : BlockingFunction{};
}

TEST(CatalogueReader, BlockingRowDefaults) {
  const Catalogue catalogue = read("library: mine\nblocking: [{name: f}]\n");
  const BlockingFunction* row = catalogue.find_blocking("f");
  ASSERT_NE(row, nullptr);
  EXPECT_EQ(row->name, "f");
  EXPECT_EQ(row->library, "mine");
  EXPECT_EQ(row->waits, Waits::kAlways);
  EXPECT_EQ(row->argument, -1);
  EXPECT_EQ(row->unit, Unit::kNone);
  EXPECT_EQ(row->handle, -1);
  EXPECT_EQ(row->direction, Direction::kBoth);
  EXPECT_EQ(row->unknown_handle, UnknownHandle::kBlocks);
  EXPECT_EQ(row->lock, -1);
  EXPECT_EQ(row->waits_with, -1);
  EXPECT_EQ(row->polls, -1);
  EXPECT_EQ(row->severity, CatalogueSeverity::kByArgument);
  EXPECT_THAT(row->nonblocking, IsEmpty());
  EXPECT_THAT(row->blocking, IsEmpty());
  EXPECT_THAT(row->infinite, IsEmpty());
}

TEST(CatalogueReader, EveryKeyOfABlockingRow) {
  const Catalogue catalogue = read(R"(
library: mine
constants:
  mine.h: {NOWAIT: 0x10, FOREVER: -1}
blocking:
  - name: wait_for
    header: mine.h
    category: io-wait
    timeout: 2
    unit: ms
    infinite: [negative, FOREVER, 0x7fffffff]
    library_limit: 0
    limit_ms: 25000
    absolute: {argument: 1, bit: NOWAIT|0x20}
    nonblocking: [{argument: 3, bit: NOWAIT}, {argument: 0, equals: null}]
    blocking: {argument: 4, mask: 0x7f, equals: [1, 2]}
    handle: 0
    direction: write
    unknown_handle: silent
    lock: this
    waits_with: 1
    polls: 5
    severity: medium
    instead: "pass a timeout, and try again"
    source: mine(3)
)");
  const BlockingFunction* row = catalogue.find_blocking("wait_for");
  ASSERT_NE(row, nullptr);
  EXPECT_EQ(row->header, "mine.h");
  EXPECT_EQ(row->category, "io-wait");
  EXPECT_EQ(row->waits, Waits::kTimeout);
  EXPECT_EQ(row->argument, 2);
  EXPECT_EQ(row->unit, Unit::kMilliseconds);
  ASSERT_THAT(row->infinite, SizeIs(2));
  EXPECT_EQ(row->infinite[0].test, Condition::Test::kNegative);
  EXPECT_EQ(row->infinite[0].argument, 2);
  EXPECT_EQ(row->infinite[1].test, Condition::Test::kEquals);
  EXPECT_THAT(row->infinite[1].values, ElementsAre(-1, 0x7fffffff));
  EXPECT_EQ(row->infinite[1].argument, 2);
  ASSERT_THAT(row->library_limit, SizeIs(1));
  EXPECT_THAT(row->library_limit[0].values, ElementsAre(0));
  EXPECT_EQ(row->library_limit[0].argument, 2);
  EXPECT_EQ(row->limit_ms, 25000);
  ASSERT_THAT(row->absolute, SizeIs(1));
  EXPECT_EQ(row->absolute[0].argument, 1);
  EXPECT_EQ(row->absolute[0].mask, 0x30u);
  ASSERT_THAT(row->nonblocking, SizeIs(2));
  EXPECT_EQ(row->nonblocking[0].test, Condition::Test::kAnyBit);
  EXPECT_EQ(row->nonblocking[0].mask, 0x10u);
  EXPECT_THAT(row->nonblocking[1].values, ElementsAre(0));
  ASSERT_THAT(row->blocking, SizeIs(1));
  EXPECT_EQ(row->blocking[0].mask, 0x7fu);
  EXPECT_THAT(row->blocking[0].values, ElementsAre(1, 2));
  EXPECT_EQ(row->handle, 0);
  EXPECT_EQ(row->direction, Direction::kWrite);
  EXPECT_EQ(row->unknown_handle, UnknownHandle::kSilent);
  EXPECT_EQ(row->lock, kThisObject);
  EXPECT_EQ(row->waits_with, 1);
  EXPECT_EQ(row->polls, 5);
  EXPECT_EQ(row->severity, CatalogueSeverity::kMedium);
  EXPECT_EQ(row->instead, "pass a timeout, and try again");
  EXPECT_EQ(row->source, "mine(3)");
}

TEST(CatalogueReader, Words) {
  const struct {
    const char* word;
    CatalogueSeverity severity;
  } severities[] = {{"off", CatalogueSeverity::kOff},
                    {"low", CatalogueSeverity::kLow},
                    {"medium", CatalogueSeverity::kMedium},
                    {"high", CatalogueSeverity::kHigh},
                    {"by-argument", CatalogueSeverity::kByArgument}};
  for (const auto& [word, severity] : severities)
    EXPECT_EQ(blocking_row(std::string("severity: ") + word).severity, severity);
  const struct {
    const char* word;
    Unit unit;
    int64_t unit_ns;
  } units[] = {{"s", Unit::kSeconds, 0},
               {"ms", Unit::kMilliseconds, 0},
               {"us", Unit::kMicroseconds, 0},
               {"ns", Unit::kNanoseconds, 0},
               {"s-double", Unit::kSecondsDouble, 0},
               {"timespec", Unit::kTimespec, 0},
               {"timeval", Unit::kTimeval, 0},
               {"timeval-value", Unit::kTimevalValue, 0},
               {"chrono", Unit::kChrono, 0},
               {"100ns", Unit::kScaled, 100},
               {"1280ms", Unit::kScaled, 1280000000}};
  for (const auto& [word, unit, unit_ns] : units) {
    const BlockingFunction row = blocking_row(std::string("duration: 0, unit: ") + word);
    EXPECT_EQ(row.unit, unit) << word;
    EXPECT_EQ(row.unit_ns, unit_ns) << word;
    EXPECT_EQ(row.waits, Waits::kDuration) << word;
  }
  EXPECT_EQ(blocking_row("deadline: 31, unit: timespec").waits, Waits::kDeadline);
  EXPECT_EQ(blocking_row("limit_ms: 500").waits, Waits::kLimited);
  EXPECT_EQ(blocking_row("always: true").waits, Waits::kAlways);
  EXPECT_EQ(blocking_row("handle: 1, unknown_handle: variable").unknown_handle,
            UnknownHandle::kVariable);
  EXPECT_EQ(blocking_row("handle: 1, direction: read").direction, Direction::kRead);
  EXPECT_EQ(blocking_row("handle: the-one").handle, kOneOfAKind);
  EXPECT_EQ(blocking_row("handle: this").handle, kThisObject);
  EXPECT_EQ(blocking_row("handle: none").handle, -1);
}

TEST(CatalogueReader, Conditions) {
  const auto condition = [](const std::string& text) {
    const BlockingFunction row = blocking_row("nonblocking: {" + text + "}");
    EXPECT_THAT(row.nonblocking, SizeIs(1)) << text;
    return row.nonblocking.empty() ? Condition{} : row.nonblocking[0];
  };
  EXPECT_EQ(condition("argument: 2, nonzero: true").test, Condition::Test::kAnyBit);
  EXPECT_EQ(condition("argument: 2, nonzero: true").mask, ~uint64_t{0});
  EXPECT_EQ(condition("argument: 2, negative: true").test, Condition::Test::kNegative);
  EXPECT_EQ(condition("argument: 2, negative: true").argument, 2);
  EXPECT_EQ(condition("argument: 2, field: ai_flags, bit: 4").field, "ai_flags");
  EXPECT_EQ(condition("argument: 2, bit: 4").field, "");
  EXPECT_EQ(condition("argument: this, bit: 4").argument, kThisObject);
  EXPECT_THAT(condition("argument: 0, equals: 0xffffffffffffffff").values, ElementsAre(-1));
  EXPECT_THAT(condition("argument: 0, equals: 18446744073709551615").values, ElementsAre(-1));
  EXPECT_THAT(condition("argument: 0, equals: -9223372036854775808").values,
              ElementsAre(std::numeric_limits<int64_t>::min()));
  EXPECT_THAT(condition("argument: 0, equals: [-0x10, 0x1|0x4|8]").values, ElementsAre(-16, 13));
}

TEST(CatalogueReader, NumbersOfADoubleAreSecondsToo) {
  const BlockingFunction row =
      blocking_row("timeout: 0, unit: s-double, infinite: [negative, 3600]");
  ASSERT_THAT(row.infinite, SizeIs(2));
  EXPECT_THAT(row.infinite[1].values, ElementsAre(3600000000));
}

TEST(CatalogueReader, GroupsShareTheirKeysAndRowsOverrideThem) {
  const Catalogue catalogue = read(R"(
blocking:
  - category: poll
    severity: high
    instead: shared
    handle: 0
    unknown_handle: variable
    rows:
      - {name: a}
      - {name: [b, c], severity: low, handle: none}
      - nonblocking: {argument: 1, equals: 0}
        rows:
          - {name: d, instead: own}
          - {name: e, nonblocking: []}
  - {name: f}
)");
  EXPECT_EQ(catalogue.find_blocking("a")->severity, CatalogueSeverity::kHigh);
  EXPECT_EQ(catalogue.find_blocking("a")->unknown_handle, UnknownHandle::kVariable);
  EXPECT_EQ(catalogue.find_blocking("a")->category, "poll");
  EXPECT_EQ(catalogue.find_blocking("b")->severity, CatalogueSeverity::kLow);
  EXPECT_EQ(catalogue.find_blocking("c")->severity, CatalogueSeverity::kLow);
  EXPECT_EQ(catalogue.find_blocking("c")->handle, -1);
  EXPECT_EQ(catalogue.find_blocking("d")->instead, "own");
  EXPECT_THAT(catalogue.find_blocking("d")->nonblocking, SizeIs(1));
  EXPECT_THAT(catalogue.find_blocking("e")->nonblocking, IsEmpty());
  EXPECT_EQ(catalogue.find_blocking("f")->severity, CatalogueSeverity::kByArgument);
  EXPECT_EQ(catalogue.find_blocking("f")->category, "");
}

TEST(CatalogueReader, EveryKeyOfAMaker) {
  const Catalogue catalogue = read(R"(
makers:
  - {name: mk, handle: 3, kind: waits, path: 1, from: 2, nonblocking: {argument: 0, bit: 0x800},
     sends_at_once: {argument: 0, equals: 16}}
  - {name: [mk2, mk3], kind: file, nonblocking: always}
  - {name: mk4, kind: memory, sends_at_once: always}
  - {name: mk5, handle: result, kind: unknown}
)");
  const HandleMaker* maker = catalogue.find_maker("mk");
  ASSERT_NE(maker, nullptr);
  EXPECT_EQ(maker->handle, 3);
  EXPECT_EQ(maker->kind, HandleKind::kWaits);
  EXPECT_EQ(maker->path, 1);
  EXPECT_EQ(maker->from, 2);
  EXPECT_FALSE(maker->always_nonblocking);
  ASSERT_THAT(maker->nonblocking, SizeIs(1));
  EXPECT_EQ(maker->nonblocking[0].mask, 0x800u);
  EXPECT_THAT(maker->sends_at_once, SizeIs(1));
  EXPECT_TRUE(catalogue.find_maker("mk3")->always_nonblocking);
  EXPECT_EQ(catalogue.find_maker("mk3")->kind, HandleKind::kFile);
  EXPECT_EQ(catalogue.find_maker("mk3")->handle, kResult);
  EXPECT_EQ(catalogue.find_maker("mk4")->kind, HandleKind::kMemory);
  ASSERT_THAT(catalogue.find_maker("mk4")->sends_at_once, SizeIs(1));
  EXPECT_EQ(catalogue.find_maker("mk4")->sends_at_once[0].mask, 0u);
  EXPECT_EQ(catalogue.find_maker("mk5")->kind, HandleKind::kUnknown);
  EXPECT_EQ(catalogue.find_maker("mk6"), nullptr);
}

TEST(CatalogueReader, EveryKeyOfAnOption) {
  const Catalogue catalogue = read(R"(
options:
  - {name: set, handle: 1, when: [{argument: 2, equals: 7}, {argument: 3, bit: 1}], timeout_pointer: 4, unit: timeval, infinite: 0, direction: read}
  - {name: set, nonblocking: {argument: 1, nonzero: true}}
  - {name: set, nonblocking: {pointer: 2, equals: 1}}
  - {name: set, handle: the-one, nonblocking: always}
  - {name: limit, timeout: 2, unit: 10ms}
  - {name: attach, uses: 1, kind: waits}
)");
  const auto options = catalogue.find_options("set");
  ASSERT_THAT(options, SizeIs(4));
  EXPECT_EQ(options[0]->handle, 1);
  EXPECT_THAT(options[0]->when, SizeIs(2));
  EXPECT_EQ(options[0]->effect, HandleOption::Effect::kTimeout);
  EXPECT_TRUE(options[0]->value_is_pointer);
  EXPECT_EQ(options[0]->value, 4);
  EXPECT_EQ(options[0]->unit, Unit::kTimeval);
  ASSERT_THAT(options[0]->infinite, SizeIs(1));
  EXPECT_EQ(options[0]->infinite[0].argument, 4);
  EXPECT_EQ(options[0]->direction, Direction::kRead);
  EXPECT_EQ(options[1]->effect, HandleOption::Effect::kNonblocking);
  EXPECT_EQ(options[1]->value, 1);
  EXPECT_FALSE(options[1]->value_is_pointer);
  EXPECT_EQ(options[1]->handle, 0);
  EXPECT_EQ(options[2]->value, 2);
  EXPECT_TRUE(options[2]->value_is_pointer);
  EXPECT_EQ(options[3]->value, -1);
  EXPECT_EQ(options[3]->handle, kOneOfAKind);
  const auto limits = catalogue.find_options("limit");
  ASSERT_THAT(limits, SizeIs(1));
  EXPECT_EQ(limits[0]->effect, HandleOption::Effect::kTimeout);
  EXPECT_FALSE(limits[0]->value_is_pointer);
  EXPECT_EQ(limits[0]->unit, Unit::kScaled);
  EXPECT_EQ(limits[0]->unit_ns, 10000000);
  const auto uses = catalogue.find_options("attach");
  ASSERT_THAT(uses, SizeIs(1));
  EXPECT_EQ(uses[0]->effect, HandleOption::Effect::kUses);
  EXPECT_EQ(uses[0]->value, 1);
  EXPECT_EQ(uses[0]->kind, HandleKind::kWaits);
}

TEST(CatalogueReader, EveryKeyOfAnEffect) {
  const Catalogue catalogue = read(R"(
effects:
  - {name: qsort, runs: 3}
  - {name: each, runs: [1, 2]}
  - {name: fork, forks: true}
  - {name: spawn, not_run: true}
  - {name: unlock, unlocks: this}
  - {name: share, shares_lock: 0, shared_like: 1, when: {argument: 1, equals: 1}}
  - {name: peek, polls: 0}
  - {name: busy, polls: 0, ready: zero}
  - {name: clock, now: result, unit: timespec}
)");
  EXPECT_THAT(catalogue.find_effect("qsort")->runs, ElementsAre(3));
  EXPECT_THAT(catalogue.find_effect("each")->runs, ElementsAre(1, 2));
  EXPECT_TRUE(catalogue.find_effect("fork")->forks);
  EXPECT_FALSE(catalogue.find_effect("fork")->not_run);
  EXPECT_TRUE(catalogue.find_effect("spawn")->not_run);
  EXPECT_EQ(catalogue.find_effect("unlock")->unlocks, kThisObject);
  EXPECT_EQ(catalogue.find_effect("share")->shares_lock, 0);
  EXPECT_EQ(catalogue.find_effect("share")->shared_like, 1);
  EXPECT_THAT(catalogue.find_effect("share")->when, SizeIs(1));
  EXPECT_EQ(catalogue.find_effect("peek")->polls, 0);
  EXPECT_EQ(catalogue.find_effect("peek")->ready, ReadyAnswer::kNonzero);
  EXPECT_EQ(catalogue.find_effect("peek")->now, -1);
  EXPECT_EQ(catalogue.find_effect("busy")->ready, ReadyAnswer::kZero);
  EXPECT_EQ(catalogue.find_effect("clock")->now, kResult);
  EXPECT_EQ(catalogue.find_effect("clock")->unit, Unit::kTimespec);
}

TEST(CatalogueReader, ConstantsAndSystemCalls) {
  const Catalogue catalogue = read(R"(
constants:
  a.h: {A: 1, B: A|0x10}
  b.h: {C: B|2}
system_calls:
  x86_64: {read: 0, write: 1}
  aarch64: {read: 63}
)");
  EXPECT_EQ(catalogue.constants().at("A").value, 1);
  EXPECT_EQ(catalogue.constants().at("A").header, "a.h");
  EXPECT_EQ(catalogue.constants().at("B").value, 0x11);
  EXPECT_EQ(catalogue.constants().at("C").value, 0x13);
  EXPECT_EQ(catalogue.constants().at("C").header, "b.h");
  EXPECT_EQ(catalogue.system_call_name("x86_64", 0), "read");
  EXPECT_EQ(catalogue.system_call_name("x86_64", 63), "");
  EXPECT_EQ(catalogue.system_call_name("aarch64", 63), "read");
  EXPECT_EQ(catalogue.system_call_name("riscv64", 63), "");
}

TEST(CatalogueReader, RowsKnowWhereTheyStand) {
  Catalogue catalogue = read(
      "blocking:\n  - name: f\n  - severity: low\n    rows:\n    - {name: [g, h]}\n"
      "makers:\n  - {name: m}\noptions: [{name: o, nonblocking: always}]\n"
      "effects:\n- forks: true\n  name: e\n");
  EXPECT_EQ(catalogue.find_blocking("f")->place.file, "rows.yaml");
  EXPECT_EQ(catalogue.find_blocking("f")->place.line, 2);
  EXPECT_EQ(catalogue.find_blocking("f")->place.column, 5);
  EXPECT_EQ(catalogue.find_blocking("h")->place.line, 5);
  EXPECT_EQ(catalogue.find_blocking("h")->place.file, "rows.yaml");
  EXPECT_EQ(catalogue.find_maker("m")->place.line, 7);
  EXPECT_EQ(catalogue.find_options("o")[0]->place.line, 8);
  EXPECT_EQ(catalogue.find_effect("e")->place.line, 10);
  EXPECT_EQ(catalogue.find_effect("e")->place.file, "rows.yaml");
}

TEST(CatalogueReader, ConditionsKeepTheirWords) {
  const Catalogue catalogue = read(
      "constants: {a.h: {A: 1, B: 2}}\n"
      "blocking: [{name: f, timeout: 1, unit: ms, infinite: [A, negative, -7], "
      "nonblocking: [{argument: 1, bit: A|B}, {argument: 2, equals: [B, 0x10, null]}]}]\n");
  const BlockingFunction* row = catalogue.find_blocking("f");
  EXPECT_EQ(row->nonblocking[0].written, "A|B");
  EXPECT_EQ(row->nonblocking[1].written, "B, 0x10, null");
  EXPECT_EQ(row->infinite.back().written, "A, -7");
}

TEST(CatalogueReader, AliasesAreRefusedAndAnchorsMeanNothing) {
  for (const char* yaml :
       {"blocking:\n  - &a {name: f}\n  - *a\n", "blocking:\n  - {name: &a f}\n  - {name: *a}\n",
        "x: &x\nblocking: *x\n", "blocking: [{name: f, nonblocking: *missing}]\n",
        "blocking: [{<<: *base, name: f}]\n"}) {
    Catalogue catalogue;
    const auto error = catalogue.add_text(yaml, "rows.yaml");
    ASSERT_TRUE(error.has_value()) << yaml;
  }
  EXPECT_THAT(Catalogue().add_text("blocking:\n  - {name: *a}\n", "r")->why,
              HasSubstr("'name': an alias (*name) is not followed"));
  EXPECT_NE(read("blocking:\n  - {name: &a f}\n").find_blocking("f"), nullptr);
}

TEST(CatalogueReader, CarriageReturnsAndAByteOrderMark) {
  const Catalogue catalogue =
      read("\xef\xbb\xbflibrary: a\r\nblocking:\r\n  - {name: f, severity: low}\r\n");
  ASSERT_NE(catalogue.find_blocking("f"), nullptr);
  EXPECT_EQ(catalogue.find_blocking("f")->severity, CatalogueSeverity::kLow);
  EXPECT_EQ(catalogue.find_blocking("f")->library, "a");
}

}  // namespace
}  // namespace cgoscope
