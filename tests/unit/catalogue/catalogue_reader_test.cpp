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
using testing::StartsWith;

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
  - {name: mk4, kind: memory}
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
  EXPECT_EQ(catalogue.find_effect("peek")->now, -1);
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

// Each row: a file, the line that is wrong, and what the error says, the key among it.
TEST(CatalogueReader, ErrorsNameFileLineAndKey) {
  const struct {
    const char* yaml;
    int line;
    const char* why;
  } rows[] = {
      {"colour: red\n", 1, "unknown key 'colour' in a catalogue"},
      {"library: a\nlibrary: b\n", 2, "'library' stands twice in a catalogue"},
      {"library: [a]\n", 1, "'library': this should be text"},
      {"blocking: {name: f}\n", 1, "'blocking': blocking is a list"},
      {"blocking: f\n", 1, "'blocking': blocking is a list"},
      {"blocking:\n  - f\n", 2, "a row is a mapping of keys to values"},
      {"blocking:\n  - {nam: f}\n", 2, "unknown key 'nam' in a row of 'blocking'"},
      {"blocking:\n  - {name: f, retry: true}\n", 2, "unknown key 'retry' in a row of 'blocking'"},
      {"blocking:\n  - {severity: high}\n", 2, "a row needs a 'name'"},
      {"blocking:\n  - {name: []}\n", 2, "a row needs a 'name'"},
      {"blocking:\n  - {name: ''}\n", 2, "'name': a name has 1 to 512 characters"},
      {"blocking:\n  - {name: {a: b}}\n", 2, "'name': this should be text"},
      {"blocking:\n  - {name:}\n", 2, "'name': this should be text"},
      {"blocking:\n  - name: f\n  - name: f\n", 3, "'f' has two rows in this file"},
      {"blocking:\n  - {name: [f, g, f]}\n", 2, "'f' has two rows in this file"},
      {"blocking:\n  - name: f\n    severity: fatal\n", 3,
       "'severity': 'fatal' is none of off, low, medium, high, by-argument"},
      {"blocking:\n  - {name: f, severity: {}}\n", 2, "'severity': this should be text"},
      {"blocking:\n  - {name: f, handle: -1}\n", 2, "'handle': an argument is its position"},
      {"blocking:\n  - {name: f, handle: 32}\n", 2, "'handle': an argument is its position"},
      {"blocking:\n  - {name: f, handle: 1x}\n", 2, "'handle': an argument is its position"},
      {"blocking:\n  - {name: f, handle: 1.0}\n", 2, "'handle': an argument is its position"},
      {"blocking:\n  - {name: f, lock: first}\n", 2, "'lock': an argument is its position"},
      {"blocking:\n  - {name: f, timeout: 0}\n", 2, "needs a 'unit'"},
      {"blocking:\n  - {name: f, timeout: this, unit: ms}\n", 2, "is an argument"},
      {"blocking:\n  - {name: f, unit: ms}\n", 2, "need a 'duration', 'timeout' or 'deadline'"},
      {"blocking:\n  - {name: f, infinite: 0}\n", 2, "need a 'duration', 'timeout' or 'deadline'"},
      {"blocking:\n  - {name: f, timeout: 0, unit: min}\n", 2,
       "'unit': 'min' is neither a duration like 100ns nor one of s, ms"},
      {"blocking:\n  - {name: f, timeout: 0, unit: 0s}\n", 2, "'unit': '0s' is neither"},
      {"blocking:\n  - {name: f, timeout: 0, duration: 1, unit: s}\n", 2,
       "'duration': a row has one of 'always', 'duration', 'timeout' and 'deadline'"},
      {"blocking:\n  - {name: f, always: true, deadline: 1, unit: timespec}\n", 2,
       "'deadline': a row has one of"},
      {"blocking:\n  - {name: f, always: false}\n", 2, "'always' can only be true"},
      {"blocking:\n  - {name: f, always: 1}\n", 2, "'always': this should be true or false"},
      {"blocking:\n  - {name: f, limit_ms: 0}\n", 2, "'limit_ms': a limit is a number of"},
      {"blocking:\n  - {name: f, limit_ms: 5s}\n", 2, "'limit_ms': '5s' is neither a number nor"},
      {"blocking:\n  - {name: f, limit_ms: 1099511627776}\n", 2, "'limit_ms': a limit is"},
      {"blocking:\n  - {name: f, timeout: 0, unit: s, limit_ms: 5}\n", 2, "'library_limit'"},
      {"blocking:\n  - {name: f, timeout: 0, unit: s, library_limit: 0}\n", 2, "'library_limit'"},
      {"blocking:\n  - {name: f, timeout: 0, unit: s, infinite: FOREVER}\n", 2,
       "'infinite': 'FOREVER' is neither a number nor a constant"},
      {"blocking:\n  - {name: f, timeout: 0, unit: s, infinite: -9223372036854775809}\n", 2,
       "'infinite': '-9223372036854775809' is too small"},
      {"blocking:\n  - {name: f, timeout: 0, unit: s, infinite: 18446744073709551616}\n", 2,
       "'infinite': '18446744073709551616' is neither"},
      {"blocking:\n  - {name: f, timeout: 0, unit: s, infinite: 0x}\n", 2, "'0x' is neither"},
      {"blocking:\n  - {name: f, timeout: 0, unit: s, infinite: 1||2}\n", 2, "'' is neither"},
      {"blocking:\n  - {name: f, unknown_handle: silent}\n", 2,
       "'unknown_handle' needs a 'handle'"},
      {"blocking:\n  - {name: f, direction: up}\n", 2,
       "'direction': 'up' is none of both, read, write"},
      {"blocking:\n  - {name: f, nonblocking: always}\n", 2, "a condition is a mapping"},
      {"blocking:\n  - {name: f, nonblocking: {bit: 1}}\n", 2,
       "'nonblocking': a condition needs an 'argument'"},
      {"blocking:\n  - {name: f, nonblocking: {argument: 1}}\n", 2,
       "'nonblocking': a condition has one of 'bit', 'equals', 'negative' and 'nonzero'"},
      {"blocking:\n  - {name: f, nonblocking: {argument: 1, bit: 1, equals: 1}}\n", 2,
       "a condition has one of"},
      {"blocking:\n  - {name: f, nonblocking: {argument: 1, negative: false}}\n", 2,
       "'negative' can only be true"},
      {"blocking:\n  - {name: f, nonblocking: {pointer: 1, bit: 1}}\n", 2,
       "unknown key 'pointer' in a condition"},
      {"blocking:\n  - {name: f, nonblocking: {argument: 1, bits: 1}}\n", 2,
       "unknown key 'bits' in a condition"},
      {"blocking:\n  - {name: f, rows: []}\n", 2, "a row has a 'name' or 'rows', not both"},
      {"blocking:\n  - rows: []\n    severity: low\n", 3, "'rows' comes last"},
      {"blocking: [{rows: [{rows: [{rows: [{rows: [{rows: [{name: f}]}]}]}]}]}]\n", 1,
       "'rows': groups of rows are nested too deeply"},
      {"makers:\n  - {name: 'f*'}\n", 2, "only rows of 'blocking' may have * or ?"},
      {"makers:\n  - {name: f, kind: pipe}\n", 2, "'kind': 'pipe' is none of unknown, file"},
      {"makers:\n  - {name: f, timeout: 1}\n", 2, "unknown key 'timeout' in a row of 'makers'"},
      {"makers:\n  - {name: f}\n  - {name: f}\n", 3, "'f' has two rows in this file"},
      {"makers:\n  - {kind: file}\n", 2, "a row needs a 'name'"},
      {"options:\n  - {name: f}\n", 2, "an option has one of 'nonblocking', 'timeout'"},
      {"options:\n  - {name: f, nonblocking: always, timeout: 1, unit: s}\n", 2,
       "an option has one of"},
      {"options:\n  - {name: f, timeout: 1}\n", 2, "a timeout needs a 'unit'"},
      {"options:\n  - {name: f, nonblocking: {pointer: 1, argument: 2, bit: 1}}\n", 2,
       "a condition has one argument"},
      {"options:\n  - {name: f, lock: 1}\n", 2, "unknown key 'lock' in a row of 'options'"},
      {"effects:\n  - {name: f, now: 0}\n", 2, "'now' needs a 'unit'"},
      {"effects:\n  - {name: f, now: 0, unit: 10ms}\n", 2, "'unit': a time is in one of"},
      {"effects:\n  - {name: f, forks: maybe}\n", 2, "'forks': this should be true or false"},
      {"effects:\n  - {name: f, handle: 1}\n", 2, "unknown key 'handle' in a row of 'effects'"},
      {"effects:\n  - {name: f, runs: x}\n", 2, "'runs': an argument is its position"},
      {"constants: {a.h: 1}\n", 1, "'a.h': a header's constants is a mapping"},
      {"constants:\n  a.h: {A: 1}\n  b.h: {A: 1}\n", 3, "the constant A already has a value"},
      {"constants:\n  a.h: {A: B}\n", 2, "'A': 'B' is neither a number nor a constant"},
      {"system_calls: {sparc: {read: 3}}\n", 1, "'sparc' is neither x86_64 nor aarch64"},
      {"system_calls:\n  x86_64: {read: 0,\n    pread: 0}\n", 3, "two system calls have number 0"},
      {"? [a, b]\n: c\n", 1, "a key in a catalogue is not a word"},
      {"{{a: b}: c}\n", 1, "a key in a catalogue is not a word"},
  };
  for (const auto& row : rows) {
    Catalogue catalogue;
    const auto error = catalogue.add_text(row.yaml, "dir/rows.yaml");
    ASSERT_TRUE(error.has_value()) << row.yaml;
    EXPECT_EQ(error->what, "dir/rows.yaml:" + std::to_string(row.line)) << row.yaml;
    EXPECT_THAT(error->why, HasSubstr(row.why)) << row.yaml;
    EXPECT_EQ(error->hint, "see docs/catalogue.md");
  }
}

TEST(CatalogueReader, WhatIsNoMappingIsNoCatalogue) {
  for (const char* yaml : {"",
                           "# nothing\n",
                           "---\n",
                           "text\n",
                           "- a\n- b\n",
                           "42\n",
                           "null\n",
                           "%YAML 1.2\n",
                           "library: a\n---\nlibrary: b\n",
                           "library: a\n...\nx: y\n",
                           "library: \"a\n",
                           "blocking: [",
                           "blocking: {a",

                           "a: b: c\n",
                           "&a *a\n",
                           "*a\n",
                           "!!binary x\n",
                           "library: !<x\n",
                           "@\n",
                           "library: a\n  b\nc\n",
                           "\"\\ud800\": 1\n",
                           "\xff\xfe\x00"}) {
    Catalogue catalogue;
    const auto error = catalogue.add_text(yaml, "rows.yaml");
    ASSERT_TRUE(error.has_value()) << yaml;
    EXPECT_THAT(error->what, StartsWith("rows.yaml")) << yaml;
    EXPECT_NE(error->why, "") << yaml;
    EXPECT_THAT(catalogue.blocking(), IsEmpty());
  }
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

// A billion laughs, a hundred thousand brackets, a key as long as the file, a megabyte of one line.
TEST(CatalogueReader, HostileFilesAreRefusedQuickly) {
  std::string laughs = "a0: &a0 [x, x]\n";
  for (int i = 1; i < 40; ++i) {
    const std::string last = std::to_string(i - 1), name = std::to_string(i);
    laughs += "a" + name + ": &a" + name + " [*a" + last + ", *a" + last + "]\n";
  }
  const size_t deep = 100000;
  std::string indented;
  for (size_t i = 0; i < 2000; ++i) indented += std::string(i, ' ') + "a:\n";
  const std::string files[] = {
      laughs,
      std::string(deep, '['),
      std::string(deep, '{'),
      "blocking: " + std::string(deep, '['),
      "blocking: " + std::string(deep, '[') + std::string(deep, ']'),
      "blocking: [{name: " + std::string(deep, '[') + std::string(deep, ']') + "}]",
      "blocking: [{nonblocking: " + std::string(deep, '{'),
      "blocking: [{name: f, unknown: " + std::string(deep, '[') + std::string(deep, ']') + "}]",
      std::string(deep, '{') + std::string(deep, '}') + ": 1",
      "? " + std::string(deep, '[') + std::string(deep, ']') + "\n: 1\n",
      std::string(deep, '-'),
      std::string(deep, '\n') + "- -" + std::string(deep, ' '),
      [&] {
        std::string dashes;
        for (size_t i = 0; i < deep; ++i) dashes += "- ";
        return dashes;
      }(),
      indented,
      "blocking: [{name: " + std::string(1 << 20, 'x') + "}]",
      std::string(1 << 20, 'k') + ": 1\n",
      std::string(1 << 20, '\0'),
      std::string(1 << 20, '\xff'),
      "library: \"" + std::string(1 << 20, 'x'),
      "library: |\n" + std::string(1 << 20, ' ') + "x\n y\n",
      std::string(deep, '&') + "a",
      std::string(deep, '!') + "a",
  };
  for (const std::string& yaml : files) {
    Catalogue catalogue;
    const auto error = catalogue.add_text(yaml, "rows.yaml");
    ASSERT_TRUE(error.has_value()) << yaml.substr(0, 40);
    EXPECT_LT(error->message().size(), 1000u) << yaml.substr(0, 40);
  }
}

TEST(CatalogueReader, FourMebibytesAreEnough) {
  const std::string rows = "blocking: [{name: f}]\n#";
  Catalogue catalogue;
  EXPECT_FALSE(
      catalogue.add_text(rows + std::string((4u << 20) - rows.size(), 'x'), "r").has_value());
  const auto error =
      catalogue.add_text(rows + std::string((4u << 20) - rows.size() + 1, 'x'), "rows.yaml");
  ASSERT_TRUE(error.has_value());
  EXPECT_THAT(error->message(), HasSubstr("rows.yaml"));
  EXPECT_THAT(error->message(), HasSubstr("4 MiB"));
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
