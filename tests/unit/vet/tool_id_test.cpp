#include "clang_plugin/vet/tool_id.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <sstream>
#include <string>

#include "tests/unit/packages/temporary_tree.h"

namespace cgoscope {
namespace {

class SettingsId : public testing::Test {
 protected:
  void SetUp() override {
    for (const char* name : {"GOWORK", "GO111MODULE", "GOPATH", "CPATH"}) variables_.unset(name);
    tree_.write("m/go.mod",
                "module example.org/m\n\nreplace example.org/r => ../r // as // there\n");
    tree_.write("m/p/p.go", "package p\n");
    tree_.write("r/go.mod", "module example.org/r\n");
    tree_.write("w/go.mod", "module example.org/w\n");
    tree_.write("other/go.mod", "module example.org/other\n");
    id_ = now();
  }

  std::string now(const std::string& from = "m/p") const { return settings_id(tree_.path(from)); }

  // Whether the id differs from that of the last time.
  bool changed() {
    const std::string before = id_;
    id_ = now();
    return id_ != before;
  }

  TemporaryTree tree_;
  ScopedVariables variables_;
  std::string id_;
};

TEST_F(SettingsId, ChangesWithEachFileOfSettingsInTheModule) {
  EXPECT_FALSE(changed());
  tree_.write("m/.cgoscope.yaml", "threshold: 2s\n");
  EXPECT_TRUE(changed());
  tree_.write("m/.cgoscope.yaml", "threshold: 3s\n");
  EXPECT_TRUE(changed());
  tree_.write("m/q/deep/.cgoscope.yaml", "threshold: 3s\n");
  EXPECT_TRUE(changed());
  tree_.write("m/q/deep/.cgoscope.yaml", "thresho");  // malformed
  EXPECT_TRUE(changed());
  std::filesystem::remove(tree_.path("m/q/deep/.cgoscope.yaml"));
  EXPECT_TRUE(changed());
  tree_.write("m/p/p.go", "package p // Go's own business\n");
  EXPECT_FALSE(changed());
  EXPECT_EQ(now("m"), now("m/p"));  // as it is for each folder of the module
}

TEST_F(SettingsId, ChangesWithCataloguesThatSettingsName) {
  tree_.write("m/.cgoscope.yaml", "catalogue: [../rows.yaml]\n");
  EXPECT_TRUE(changed());
  tree_.write("rows.yaml", "library: own\n");
  EXPECT_TRUE(changed());
  tree_.write("rows.yaml", "library: other\n");
  EXPECT_TRUE(changed());
  tree_.write("m/others.yaml", "library: other\n");
  EXPECT_FALSE(changed());
}

TEST_F(SettingsId, LooksIntoLocalModulesThatGoModAndGoWorkName) {
  tree_.write("r/.cgoscope.yaml", "threshold: 2s\n");
  EXPECT_TRUE(changed());
  tree_.write("other/.cgoscope.yaml", "threshold: 2s\n");
  EXPECT_FALSE(changed());
  tree_.write("w/.cgoscope.yaml", "threshold: 2s\n");
  EXPECT_FALSE(changed());
  tree_.write("go.work", "go 1.19\n\nuse (\n\t./m\n\t\"./w\"\n)\n");
  EXPECT_TRUE(changed());
  tree_.write("w/.cgoscope.yaml", "threshold: 3s\n");
  EXPECT_TRUE(changed());
  variables_.set("GOWORK", "off");
  EXPECT_TRUE(changed());
  variables_.set("GOWORK", tree_.path("go.work"));
  EXPECT_TRUE(changed());
}

TEST_F(SettingsId, LooksIntoGopathWithoutModules) {
  tree_.write("gopath/src/example.org/g/.cgoscope.yaml", "threshold: 2s\n");
  variables_.set("GOPATH", tree_.path("nowhere") + ":" + tree_.path("gopath"));
  EXPECT_FALSE(changed());
  variables_.set("GO111MODULE", "off");
  EXPECT_TRUE(changed());
}

TEST_F(SettingsId, ChangesWithWhereHeadersAreFound) {
  variables_.set("CPATH", "/opt/include");
  EXPECT_TRUE(changed());
}

TEST_F(SettingsId, ChangesWithWhichFlagsAreAllowed) {
  for (const std::string flags : {"CFLAGS", "CPPFLAGS", "CXXFLAGS"}) {
    for (const char* word : {"_ALLOW", "_DISALLOW"}) {
      variables_.set("CGO_" + flags + word, "-f.*");
      EXPECT_TRUE(changed()) << flags << word;
    }
  }
}

TEST(ToolId, IsALineThatGoTakes) {
  const TemporaryTree tree;
  tree.write("go.mod", "module example.org/m\n");
  std::istringstream line(tool_id(tree.root()));
  std::string name, version, number, program, settings, rest;
  line >> name >> version >> number >> program >> settings;
  EXPECT_FALSE(line >> rest);
  EXPECT_EQ(name, "cgoscope-lint");
  EXPECT_EQ(version, "version");
  EXPECT_EQ(number, CGOSCOPE_VERSION);
  EXPECT_EQ(program.size(), std::string("program=0123456789abcdef").size());
  EXPECT_EQ(settings, "settings=" + settings_id(tree.root()));
}

}  // namespace
}  // namespace cgoscope
