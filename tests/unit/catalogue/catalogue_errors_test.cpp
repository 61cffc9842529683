// What is said of files of rows that are wrong.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ostream>
#include <string>
#include <vector>

#include "clang_plugin/catalogue/catalogue.h"

namespace cgoscope {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using testing::StartsWith;

// Each row: a file, the line that is wrong, and what the error says, the key among it.
TEST(CatalogueErrors, ErrorsNameFileLineAndKey) {
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
      {"effects:\n  - {name: f, ready: zero}\n", 2, "there is no 'polls'"},
      {"effects:\n  - {name: f, polls: 0, ready: one}\n", 2, "'one' is none of nonzero, zero"},
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

struct Told {
  int line, column;
  std::string why, mend;
  bool operator==(const Told&) const = default;
};
void PrintTo(const Told& told, std::ostream* out) {
  *out << told.line << ':' << told.column << ": " << told.why << " [" << told.mend << "]";
}

std::vector<Told> all_errors(const std::string& yaml, Error* first = nullptr) {
  Catalogue catalogue;
  std::vector<FileError> errors;
  const auto error = catalogue.add_text(yaml, "rows.yaml", &errors);
  EXPECT_EQ(error.has_value(), !errors.empty());
  if (error && first) *first = *error;
  EXPECT_THAT(catalogue.blocking(), IsEmpty());
  std::vector<Told> told;
  for (const FileError& one : errors) told.push_back({one.line, one.column, one.why, one.mend});
  return told;
}

// Behind an error the reading goes on, also behind lists and mappings that nobody asked for.
TEST(CatalogueErrors, EveryErrorIsTold) {
  Error first;
  const auto errors = all_errors(
      "library: acme\n"
      "colour: {a: [b, {c: d}]}\n"
      "blocking:\n"
      "  - {nam: f, severity: fatal, timeout: 1}\n"
      "  - {name: g, handle: [1, 2], severity: hihg}\n"
      "  - {name: h, timeout: 1}\n"
      "  - {name: i, nonblocking: {argument: 1, bit: NOWIAT}, header: {x: y}}\n"
      "  - {name: j, name: k}\n"
      "  - rows:\n"
      "      - {name: l, limit_ms: 0}\n"
      "      - {name: m}\n"
      "constants:\n"
      "  acme.h: {NOWAIT: 1, FOREVER: x}\n",
      &first);
  EXPECT_THAT(
      errors,
      ElementsAre(
          Told{2, 1, "unknown key 'colour' in a catalogue",
               "the keys here are library, constants, system_calls, blocking, makers, options, "
               "effects"},
          Told{4, 6, "unknown key 'nam' in a row of 'blocking'", "did you mean 'name'?"},
          Told{4, 24, "'severity': 'fatal' is none of off, low, medium, high, by-argument", ""},
          Told{5, 24, "'handle': this should be text", ""},
          Told{5, 41, "'severity': 'hihg' is none of off, low, medium, high, by-argument",
               "did you mean 'high'?"},
          Told{6, 6, "'blocking': a duration, timeout or deadline needs a 'unit'",
               "name it: unit: s, ms, us, ns, timespec, ..."},
          Told{7, 47, "'bit': 'NOWIAT' is neither a number nor a constant listed under 'constants'",
               "write its value, or list it above: constants: {HEADER: {NAME: VALUE}}"},
          Told{7, 65, "'header': this should be text", ""},
          Told{8, 15, "'blocking': 'name' stands twice in a row", ""},
          Told{10, 29, "'limit_ms': a limit is a number of milliseconds", ""},
          Told{13, 32, "'FOREVER': 'x' is neither a number nor a constant listed under 'constants'",
               "write its value, or list it above: constants: {HEADER: {NAME: VALUE}}"}));
  EXPECT_EQ(first.what, "rows.yaml:2");
  EXPECT_EQ(first.hint,
            "see docs/catalogue.md; `cgoscope-lint catalogue check` tells 10 more errors of this "
            "file");
}

TEST(CatalogueErrors, AnErrorOfYamlIsTheLast) {
  const auto errors = all_errors("blocking: [{name: f, timeout: 1}]\nx: 'a\ny: 1\n");
  ASSERT_THAT(errors, SizeIs(testing::Ge(2u)));
  EXPECT_EQ(errors[0].why, "'blocking': a duration, timeout or deadline needs a 'unit'");
  // No more than a hundred, however many there are.
  std::string many = "blocking:\n";
  for (int i = 0; i < 1000; ++i) many += "  - {nam: f}\n";
  EXPECT_THAT(all_errors(many), SizeIs(100));
}

TEST(CatalogueErrors, WhatIsNoMappingIsNoCatalogue) {
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

// A billion laughs, a hundred thousand brackets, a key as long as the file, a megabyte of one line.
TEST(CatalogueErrors, HostileFilesAreRefusedQuickly) {
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

TEST(CatalogueErrors, FourMebibytesAreEnough) {
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

}  // namespace
}  // namespace cgoscope
