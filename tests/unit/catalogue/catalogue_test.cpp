#include "clang_plugin/catalogue/catalogue.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <set>
#include <string>

#include "clang_plugin/catalogue/built_in_rows.h"
#include "tests/unit/packages/temporary_tree.h"

namespace cgoscope {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

const Catalogue& built_in() {
  static const Result<Catalogue> catalogue = Catalogue::built_in();
  EXPECT_TRUE(catalogue.has_value()) << (catalogue ? "" : catalogue.error().message());
  return *catalogue;
}

TEST(BuiltInCatalogue, KnowsWhatEveryoneCalls) {
  for (const char* name : {"read",
                           "write",
                           "sleep",
                           "usleep",
                           "nanosleep",
                           "poll",
                           "select",
                           "accept",
                           "connect",
                           "recv",
                           "waitpid",
                           "pthread_join",
                           "pthread_mutex_lock",
                           "sem_wait",
                           "getaddrinfo",
                           "flock",
                           "fsync",
                           "std::mutex::lock",
                           "curl_easy_perform",
                           "PQexec",
                           "sqlite3_step"})
    EXPECT_NE(built_in().find_blocking(name), nullptr) << name;
  for (const char* name : {"memcpy", "printf_s", "strlen", "readx", "xread", ""})
    EXPECT_EQ(built_in().find_blocking(name), nullptr) << name;
  EXPECT_EQ(built_in().find_blocking("poll")->waits, Waits::kTimeout);
  EXPECT_EQ(built_in().find_blocking("poll")->unit, Unit::kMilliseconds);
  EXPECT_EQ(built_in().find_blocking("sleep")->waits, Waits::kDuration);
  EXPECT_EQ(built_in().system_call_name("x86_64", 0), "read");
}

// What a person reads in a finding: every row says what to call instead and where it was taken
// from.
TEST(BuiltInCatalogue, EveryRowGivesAdviceAndItsSource) {
  for (const BlockingFunction& row : built_in().blocking()) {
    EXPECT_NE(row.library, "") << row.name;
    EXPECT_NE(row.source, "") << row.name;
    EXPECT_NE(row.category, "") << row.name;
    if (row.severity == CatalogueSeverity::kOff) continue;
    EXPECT_NE(row.instead, "") << row.name;
    EXPECT_FALSE(row.instead.ends_with('.')) << row.name << ": " << row.instead;
  }
}

TEST(BuiltInCatalogue, EveryFileOfRowsIsCompiledIn) {
  std::set<std::string> compiled_in, on_disk;
  for (const BuiltInRows& rows : built_in_rows()) compiled_in.insert(std::string(rows.file));
  for (const auto& entry : std::filesystem::directory_iterator(std::string(PROJECT_FOLDER) +
                                                               "/clang_plugin/catalogue")) {
    if (entry.path().extension() == ".yaml") on_disk.insert(entry.path().filename().string());
  }
  EXPECT_EQ(compiled_in, on_disk);
}

TEST(Catalogue, ALaterFileReplacesRowsByName) {
  Catalogue catalogue;
  ASSERT_EQ(catalogue.add_text("library: a\n"
                               "blocking: [{name: f, severity: high}, {name: g}]\n"
                               "makers: [{name: m, kind: file}]\n"
                               "effects: [{name: e, forks: true}]\n"
                               "options: [{name: o, nonblocking: always}]\n",
                               "a.yaml"),
            std::nullopt);
  ASSERT_EQ(catalogue.add_text("library: b\n"
                               "blocking: [{name: f, severity: 'off'}, {name: h}]\n"
                               "makers: [{name: m, kind: waits}]\n"
                               "effects: [{name: e, not_run: true}]\n"
                               "options: [{name: o, timeout: 1, unit: s}]\n",
                               "b.yaml"),
            std::nullopt);
  EXPECT_THAT(catalogue.blocking(), SizeIs(3));
  EXPECT_EQ(catalogue.find_blocking("f")->severity, CatalogueSeverity::kOff);
  EXPECT_EQ(catalogue.find_blocking("f")->library, "b");
  EXPECT_EQ(catalogue.find_blocking("g")->library, "a");
  EXPECT_NE(catalogue.find_blocking("h"), nullptr);
  EXPECT_EQ(catalogue.find_maker("m")->kind, HandleKind::kWaits);
  EXPECT_FALSE(catalogue.find_effect("e")->forks);
  EXPECT_TRUE(catalogue.find_effect("e")->not_run);
  EXPECT_THAT(catalogue.find_options("o"), SizeIs(2));  // options add up
}

TEST(Catalogue, ExactNamesWinOverGlobsAndLaterGlobsOverEarlier) {
  Catalogue catalogue;
  ASSERT_EQ(catalogue.add_text("blocking:\n"
                               "  - {name: 'db_*', severity: low}\n"
                               "  - {name: db_open, severity: high}\n"
                               "  - {name: 'db_w*', severity: medium}\n",
                               "a.yaml"),
            std::nullopt);
  EXPECT_EQ(catalogue.find_blocking("db_read")->severity, CatalogueSeverity::kLow);
  EXPECT_EQ(catalogue.find_blocking("db_open")->severity, CatalogueSeverity::kHigh);
  EXPECT_EQ(catalogue.find_blocking("db_write")->severity, CatalogueSeverity::kMedium);
  ASSERT_EQ(catalogue.add_text("blocking: [{name: 'db_*', severity: 'off'}]\n", "b.yaml"),
            std::nullopt);
  EXPECT_EQ(catalogue.find_blocking("db_read")->severity, CatalogueSeverity::kOff);
  EXPECT_EQ(catalogue.find_blocking("db_write")->severity, CatalogueSeverity::kMedium);
  EXPECT_EQ(catalogue.find_blocking("db_open")->severity, CatalogueSeverity::kHigh);
  ASSERT_EQ(catalogue.add_text("blocking: [{name: 'd*', severity: high}]\n", "c.yaml"),
            std::nullopt);
  EXPECT_EQ(catalogue.find_blocking("db_write")->severity, CatalogueSeverity::kHigh);
}

TEST(Catalogue, AFileThatIsWrongAddsNothing) {
  Catalogue catalogue;
  ASSERT_EQ(catalogue.add_text("blocking: [{name: f, severity: low}]\n", "a.yaml"), std::nullopt);
  ASSERT_TRUE(catalogue
                  .add_text("constants: {a.h: {A: 1}}\n"
                            "system_calls: {x86_64: {read: 0}}\n"
                            "blocking: [{name: f, severity: high}, {name: g}]\n"
                            "makers: [{name: m}]\n"
                            "options: [{name: o, nonblocking: always}]\n"
                            "effects: [{name: e, forks: true}, {name: e2, what: 1}]\n",
                            "b.yaml")
                  .has_value());
  EXPECT_EQ(catalogue.find_blocking("f")->severity, CatalogueSeverity::kLow);
  EXPECT_EQ(catalogue.find_blocking("g"), nullptr);
  EXPECT_EQ(catalogue.find_maker("m"), nullptr);
  EXPECT_EQ(catalogue.find_effect("e"), nullptr);
  EXPECT_THAT(catalogue.find_options("o"), IsEmpty());
  EXPECT_THAT(catalogue.constants(), IsEmpty());
  EXPECT_THAT(catalogue.system_calls(), IsEmpty());
}

TEST(Catalogue, ConstantsOfEarlierFilesAreKnownAndKeepTheirValues) {
  Catalogue catalogue;
  ASSERT_EQ(catalogue.add_text("constants: {a.h: {WAIT: 4}}\n", "a.yaml"), std::nullopt);
  ASSERT_EQ(catalogue.add_text("constants: {a.h: {WAIT: 4}}\n"
                               "blocking: [{name: f, blocking: {argument: 0, bit: WAIT}}]\n",
                               "b.yaml"),
            std::nullopt);
  EXPECT_EQ(catalogue.find_blocking("f")->blocking[0].mask, 4u);
  const auto error = catalogue.add_text("constants: {a.h: {WAIT: 8}}\n", "c.yaml");
  ASSERT_TRUE(error.has_value());
  EXPECT_THAT(error->why, HasSubstr("WAIT already has a value"));
}

TEST(Catalogue, Files) {
  const TemporaryTree tree;
  Catalogue catalogue = built_in();
  ASSERT_EQ(catalogue.add_file(tree.write("rows.yaml", "blocking: [{name: sleep, severity: low}]")),
            std::nullopt);
  EXPECT_EQ(catalogue.find_blocking("sleep")->severity, CatalogueSeverity::kLow);
  const auto wrong = catalogue.add_file(tree.write("wrong.yaml", "library: a\nblok: []\n"));
  ASSERT_TRUE(wrong.has_value());
  EXPECT_EQ(wrong->what, tree.path("wrong.yaml") + ":2");
  for (const std::string& path :
       {tree.path("missing.yaml"), tree.root(), tree.write("empty.yaml", "")}) {
    const auto error = catalogue.add_file(path);
    ASSERT_TRUE(error.has_value()) << path;
    EXPECT_THAT(error->what, HasSubstr(path));
    EXPECT_NE(error->why, "");
    EXPECT_THAT(error->hint, HasSubstr("--catalogue"));
  }
  const auto endless = catalogue.add_file("/dev/zero");
  ASSERT_TRUE(endless.has_value());
  EXPECT_THAT(endless->message(), HasSubstr("4 MiB"));
}

}  // namespace
}  // namespace cgoscope
