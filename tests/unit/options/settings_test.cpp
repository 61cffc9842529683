#include "clang_plugin/settings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <vector>

#include "tests/unit/packages/temporary_tree.h"

namespace cgoscope {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;

Settings load(const std::string& directory) {
  const auto settings = load_settings(directory);
  EXPECT_TRUE(settings.has_value()) << settings.error().message();
  return settings ? *settings : Settings{};
}

TEST(Settings, NoFileIsNoSetting) {
  const TemporaryTree tree;
  tree.write("go.mod", "module m\n");
  const Settings settings = load(tree.root());
  EXPECT_THAT(settings.catalogue, IsEmpty());
  EXPECT_EQ(settings.threshold_ns, std::nullopt);
  EXPECT_THAT(settings.exclude, IsEmpty());
  EXPECT_THAT(settings.severities, IsEmpty());
  EXPECT_THAT(settings.files, IsEmpty());
}

TEST(Settings, EveryKey) {
  const TemporaryTree tree;
  tree.write("go.mod", "module m\n");
  const std::string file = tree.write(".cgoscope.yaml",
                                      "# comment\n"
                                      "catalogue: [rows.yaml, ../up.yaml, /abs.yaml]\n"
                                      "threshold: 250ms\n"
                                      "exclude: [vendor/, '*.pb.go']\n"
                                      "severities:\n"
                                      "  fsync: off\n"
                                      "  busy-wait: note\n"
                                      "  'db_*': error\n"
                                      "  sleep: warning\n");
  const Settings settings = load(tree.root());
  EXPECT_THAT(settings.catalogue,
              ElementsAre(tree.path("rows.yaml"),
                          std::filesystem::path(tree.root()).parent_path().string() + "/up.yaml",
                          "/abs.yaml"));
  EXPECT_EQ(settings.threshold_ns, 250000000);
  EXPECT_THAT(settings.exclude, ElementsAre("vendor/", "*.pb.go"));
  EXPECT_EQ(settings.exclude_base, tree.root());
  EXPECT_THAT(settings.severities,
              ElementsAre(Pair("fsync", std::nullopt), Pair("busy-wait", Severity::kNote),
                          Pair("db_*", Severity::kError), Pair("sleep", Severity::kWarning)));
  EXPECT_THAT(settings.files, ElementsAre(file));
}

TEST(Settings, OneIsAListOfOne) {
  const TemporaryTree tree;
  tree.write("go.mod", "");
  tree.write(".cgoscope.yaml", "catalogue: rows.yaml\nexclude: vendor/\n");
  EXPECT_THAT(load(tree.root()).catalogue, ElementsAre(tree.path("rows.yaml")));
  EXPECT_THAT(load(tree.root()).exclude, ElementsAre("vendor/"));
}

TEST(Settings, TheNearestFilesKeyWins) {
  const TemporaryTree tree;
  tree.write("go.mod", "module m\n");
  tree.write(".cgoscope.yaml",
             "threshold: 5s\ncatalogue: far.yaml\nexclude: far/\nseverities: {read: error}\n");
  tree.write("a/.cgoscope.yaml", "threshold: 2s\nseverities: {write: note}\n");
  tree.write("a/b/.cgoscope.yaml", "exclude: []\n");
  const Settings settings = load(tree.path("a/b"));
  EXPECT_EQ(settings.threshold_ns, 2000000000);
  EXPECT_THAT(settings.catalogue, ElementsAre(tree.path("far.yaml")));
  EXPECT_THAT(settings.exclude, IsEmpty());
  EXPECT_THAT(settings.severities, ElementsAre(Pair("write", Severity::kNote)));
  EXPECT_THAT(settings.files,
              ElementsAre(tree.path("a/b/.cgoscope.yaml"), tree.path("a/.cgoscope.yaml"),
                          tree.path(".cgoscope.yaml")));
  EXPECT_EQ(load(tree.path("a/b/c")).threshold_ns, 2000000000);  // a folder that is not there
}

TEST(Settings, StopAtTheModulesRoot) {
  const TemporaryTree tree;
  tree.write(".cgoscope.yaml", "threshold: 5s\n");
  tree.write("m/go.mod", "module m\n");
  tree.write("m/p/.cgoscope.yaml", "exclude: x/\n");
  EXPECT_EQ(load(tree.path("m/p")).threshold_ns, std::nullopt);
  EXPECT_THAT(load(tree.path("m/p")).exclude, ElementsAre("x/"));
  tree.write("m/.cgoscope.yaml", "threshold: 3s\n");  // the root itself still counts
  EXPECT_EQ(load(tree.path("m/p")).threshold_ns, 3000000000);
  EXPECT_EQ(load(tree.path("m")).threshold_ns, 3000000000);
}

TEST(Settings, StopAtTheRepositorysRoot) {
  const TemporaryTree tree;
  tree.write(".cgoscope.yaml", "threshold: 5s\n");
  tree.write("r/.git/HEAD", "ref\n");
  EXPECT_EQ(load(tree.path("r/p")).threshold_ns, std::nullopt);
  tree.write("w/.git", "gitdir: elsewhere\n");  // a worktree has a file there
  EXPECT_EQ(load(tree.path("w/p")).threshold_ns, std::nullopt);
  EXPECT_EQ(load(tree.path("free/p")).threshold_ns, 5000000000);
}

TEST(Settings, NothingButCommentsIsNothing) {
  for (const char* text : {"", "\n\n", "# threshold: 1s\n", "---\n", "  # a: b\n---\n", "\r\n"}) {
    const TemporaryTree tree;
    tree.write("go.mod", "");
    tree.write(".cgoscope.yaml", text);
    EXPECT_EQ(load(tree.root()).threshold_ns, std::nullopt) << text;
  }
}

TEST(Settings, ErrorsNameFileLineAndKey) {
  const struct {
    const char* text;
    int line;
    const char* why;
  } rows[] = {
      {"treshold: 1s\n", 1, "unknown key 'treshold' in the settings"},
      {"threshold: 1s\nthreshold: 2s\n", 2, "'threshold' stands twice in a file of settings"},
      {"\nthreshold: fast\n", 2, "'threshold': not a duration: 'fast'"},
      {"threshold: 1\n", 1, "'threshold': not a duration: '1'"},
      {"threshold: -1s\n", 1, "'threshold': not a duration: '-1s'"},
      {"threshold:\n", 1, "'threshold': this should be text"},
      {"threshold: [1s]\n", 1, "'threshold': this should be text"},
      {"catalogue: {a: b}\n", 1, "'catalogue': this should be text"},
      {"catalogue: ['']\n", 1, "'catalogue': a catalogue is the path of a file"},
      {"exclude: ['']\n", 1, "'exclude': a path to exclude is not empty"},
      {"exclude:\n", 1, "'exclude': this should be text"},
      {"severities: off\n", 1, "'severities': severities is a mapping"},
      {"severities:\n  read: fatal\n", 2, "'read': 'fatal' is none of error, warning, note, off"},
      {"severities:\n  read: [error]\n", 2, "'read': this should be text"},
      {"severities:\n  read: error\n  read: off\n", 3, "'read' stands twice in severities"},
      {"- threshold: 1s\n", 1, "a file of settings is a mapping"},
  };
  for (const auto& row : rows) {
    const TemporaryTree tree;
    tree.write("go.mod", "");
    const std::string file = tree.write(".cgoscope.yaml", row.text);
    const auto settings = load_settings(tree.root());
    ASSERT_FALSE(settings.has_value()) << row.text;
    EXPECT_EQ(settings.error().what, file + ":" + std::to_string(row.line)) << row.text;
    EXPECT_THAT(settings.error().why, HasSubstr(row.why)) << row.text;
    EXPECT_THAT(settings.error().hint, HasSubstr("docs/"));
  }
}

TEST(Settings, WhatIsNoYamlIsAnErrorToo) {
  for (const std::string& text : std::vector<std::string>{
           "threshold\n", "[", "threshold: \"1s\n", "a: b\n---\nc: d\n", "threshold: *x\n",
           std::string(100000, '['), "\xff\xfe: 1\n", "threshold: 1s\n\x01\n"}) {
    const TemporaryTree tree;
    tree.write("go.mod", "");
    const std::string file = tree.write(".cgoscope.yaml", text);
    const auto settings = load_settings(tree.root());
    ASSERT_FALSE(settings.has_value()) << text.substr(0, 40);
    EXPECT_THAT(settings.error().message(), HasSubstr(file)) << text.substr(0, 40);
  }
}

TEST(Settings, AnErrorInAFileFurtherUpCountsEvenIfItsKeyDoesNot) {
  const TemporaryTree tree;
  tree.write("go.mod", "");
  tree.write("a/.cgoscope.yaml", "threshold: 2s\n");
  const std::string file = tree.write(".cgoscope.yaml", "threshold: never\n");
  const auto settings = load_settings(tree.path("a"));
  ASSERT_FALSE(settings.has_value());
  EXPECT_EQ(settings.error().what, file + ":1");
}

TEST(Settings, AMebibyteIsEnough) {
  const TemporaryTree tree;
  tree.write("go.mod", "");
  tree.write(".cgoscope.yaml", "threshold: 1s\n#" + std::string((1u << 20) - 16, 'x') + "\n");
  EXPECT_EQ(load(tree.root()).threshold_ns, 1000000000);
  tree.write(".cgoscope.yaml", "threshold: 1s\n#" + std::string(1u << 20, 'x') + "\n");
  const auto settings = load_settings(tree.root());
  ASSERT_FALSE(settings.has_value());
  EXPECT_THAT(settings.error().why, HasSubstr("larger than 1 MiB"));
  EXPECT_THAT(settings.error().what, HasSubstr(tree.path(".cgoscope.yaml")));
}

TEST(Settings, AFolderOfThatNameIsNoFile) {
  const TemporaryTree tree;
  tree.write("go.mod", "");
  tree.write(".cgoscope.yaml/x", "");
  EXPECT_THAT(load(tree.root()).files, IsEmpty());
}

TEST(ParseSettings, IsOneFile) {
  const auto settings = parse_settings("catalogue: a.yaml\nexclude: b/\n", "/m/.cgoscope.yaml");
  ASSERT_TRUE(settings.has_value()) << settings.error().message();
  EXPECT_THAT(settings->catalogue, ElementsAre("/m/a.yaml"));
  EXPECT_EQ(settings->exclude_base, "/m");
  EXPECT_THAT(settings->files, ElementsAre("/m/.cgoscope.yaml"));
  EXPECT_FALSE(parse_settings("a: b", "/m/.cgoscope.yaml").has_value());
}

TEST(IsExcluded, GlobsAreRelativeToTheirFilesFolder) {
  Settings settings;
  EXPECT_FALSE(is_excluded(settings, "/m/a.go"));
  settings.exclude_base = "/m";
  settings.exclude = {"vendor/", "*.pb.go", "gen/x?.go", "exact.go"};
  for (const char* path : {"/m/vendor/a.go", "/m/vendor/b/c.go", "/m/a.pb.go", "/m/b/c/a.pb.go",
                           "/m/gen/x1.go", "/m/exact.go"})
    EXPECT_TRUE(is_excluded(settings, path)) << path;
  for (const char* path : {"/m/a.go", "/m/vendored/a.go", "/m/a/vendor/b.go", "/m/gen/x12.go",
                           "/m/b/exact.go", "/m/vendor", "/mm/exact.go", "/exact.go"})
    EXPECT_FALSE(is_excluded(settings, path)) << path;
}

TEST(Settings, TheLastSeverityThatFitsCounts) {
  const auto settings = parse_settings(
      "severities:\n  'pcap_*': off\n  pcap_loop: note\n  unused-suppression: warning\n"
      "  busy-wait: off\n",
      "/p/.cgoscope.yaml");
  ASSERT_TRUE(settings.has_value()) << settings.error().message();
  const auto severity = [&](const std::string& rule, const std::string& call) {
    return severity_under(*settings, rule, call, Severity::kError);
  };
  EXPECT_EQ(severity("blocking-call", "pcap_next"), std::nullopt);
  EXPECT_EQ(severity("blocking-call", "pcap_loop"), Severity::kNote);
  EXPECT_EQ(severity("blocking-call", "sleep"), Severity::kError);
  EXPECT_EQ(severity("busy-wait", ""), std::nullopt);
  EXPECT_EQ(severity("unused-suppression", ""), Severity::kWarning);
}

}  // namespace
}  // namespace cgoscope
