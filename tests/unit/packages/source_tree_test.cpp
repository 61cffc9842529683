#include "clang_plugin/packages/source_tree.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "tests/unit/packages/temporary_tree.h"

namespace cgoscope {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(SourceTree, VisitsWhatThreeDotsVisit) {
  const TemporaryTree tree;
  for (const char* name : {"a.go", "sub/deep/b.go", "testdata/c.go", "vendor/x/d.go", "_skip/e.go",
                           ".git/f.go", "no-go/readme.md", "only-hidden/_x.go", "nested/go.mod",
                           "nested/g.go", "testdata/m/go.mod"}) {
    tree.write(name, "");
  }
  EXPECT_THAT(directories_below(tree.root()),
              ElementsAre(tree.root(), tree.path("nested"), tree.path("sub/deep")));
  EXPECT_THAT(modules_below(tree.root()), ElementsAre(tree.path("nested")));
  // A skipped name is only skipped below the root.
  EXPECT_THAT(directories_below(tree.path("testdata")), ElementsAre(tree.path("testdata")));
  EXPECT_THAT(directories_below(tree.path("nowhere")), IsEmpty());
}

TEST(SourceTree, LoopsOfLinksEnd) {
  const TemporaryTree tree;
  tree.write("sub/a.go", "");
  std::filesystem::create_directory_symlink(tree.root(), tree.path("sub/loop"));
  std::filesystem::create_directory_symlink(tree.path("self"), tree.path("self"));
  EXPECT_THAT(directories_below(tree.root()), ElementsAre(tree.path("sub")));
}

TEST(SourceTree, ImportPathOfAModule) {
  const TemporaryTree tree;
  tree.write("go.mod", "// module wrong\n\nmodule\t\"example.org/m\" // comment\r\n\ngo 1.19\n");
  tree.write("sub/deep/a.go", "");
  EXPECT_EQ(import_path_of(tree.root()), "example.org/m");
  EXPECT_EQ(import_path_of(tree.path("sub/deep")), "example.org/m/sub/deep");
  EXPECT_EQ(module_root_of(tree.path("sub/deep")), tree.root());
  tree.write("sub/go.mod", "modulex y\nmodule other\n");
  EXPECT_EQ(import_path_of(tree.path("sub/deep")), "other/deep");
}

TEST(SourceTree, ImportPathOfAGopath) {
  ScopedVariables variables;
  variables.unset("GOPATH");
  EXPECT_EQ(import_path_of("/usr/share/gocode/src/github.com/x/y"), "github.com/x/y");
  EXPECT_EQ(import_path_of("/home/me/src/tool/src/github.com/x/y/src/z"), "github.com/x/y/src/z");
  EXPECT_EQ(import_path_of("/home/me/src/tool"), "tool");
  EXPECT_EQ(import_path_of("/home/me/tool"), "");
  variables.set("GOPATH", "/other:/home/me");
  EXPECT_EQ(import_path_of("/home/me/src/tool/src/cmd"), "tool/src/cmd");
}

TEST(SourceTree, HostileModuleFiles) {
  const TemporaryTree tree;
  tree.write("go.mod", "module\n\"\n module");
  EXPECT_EQ(import_path_of(tree.root()), "");
  tree.write("go.mod", std::string(5 << 20, 'm'));
  EXPECT_EQ(import_path_of(tree.root()), "");
}

TEST(SourceTree, ReadsOnlyRegularFilesAndOnlyToTheLimit) {
  const TemporaryTree tree;
  const std::string file = tree.write("a", "0123456789");
  EXPECT_EQ(read_bytes(file, 4), "0123");
  EXPECT_EQ(read_bytes(file, 100), "0123456789");
  EXPECT_EQ(read_bytes(tree.path("none"), 4), std::nullopt);
  EXPECT_EQ(read_bytes(tree.root(), 4), std::nullopt);
  ASSERT_EQ(mkfifo(tree.path("fifo").c_str(), 0600), 0);
  EXPECT_EQ(read_bytes(tree.path("fifo"), 4), std::nullopt);
}

TEST(SourceTree, Paths) {
  EXPECT_EQ(absolute_path("/a/b/../c/"), "/a/c");
  EXPECT_EQ(absolute_path("/"), "/");
}

TEST(SourceTree, DirectoriesThatGoCannotList) {
  const TemporaryTree tree;
  tree.write("plain/a.go", "package p\n");
  tree.write("plain/b\xff.txt", "");
  tree.write("plain/ü\u20ac😀.go", "package p\n");
  std::filesystem::create_symlink("nowhere", tree.path("plain/c.go"));
  EXPECT_FALSE(go_cannot_list(tree.path("plain")));
  tree.write("name/a\xff.go", "package p\n");
  EXPECT_TRUE(go_cannot_list(tree.path("name")));
  tree.write("folder\xe2\x82/a.go", "package p\n");
  EXPECT_TRUE(go_cannot_list(tree.path("folder\xe2\x82")));
  tree.write("waits/a.go", "package p\n");
  ASSERT_EQ(mkfifo(tree.path("waits/a.h").c_str(), 0600), 0);
  EXPECT_TRUE(go_cannot_list(tree.path("waits")));
  tree.write("link/a.go", "package p\n");
  std::filesystem::create_symlink("../waits/a.h", tree.path("link/b.c"));
  EXPECT_TRUE(go_cannot_list(tree.path("link")));
  EXPECT_FALSE(go_cannot_list(tree.path("nowhere")));
}

}  // namespace
}  // namespace cgoscope
