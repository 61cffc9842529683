// On repositories that the test makes.
#include "clang_plugin/known_findings/git_tree.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <string>

#include "clang_plugin/packages/subprocess.h"
#include "tests/unit/packages/temporary_tree.h"

namespace cgoscope {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;

class GitTreeTest : public testing::Test {
 protected:
  void SetUp() override {
    if (find_program("git").empty()) GTEST_SKIP() << "there is no git in PATH";
    variables_.set("GIT_CONFIG_GLOBAL", "/dev/null");
    variables_.set("GIT_CONFIG_SYSTEM", "/dev/null");
    for (const char* who : {"AUTHOR", "COMMITTER"}) {
      variables_.set(std::string("GIT_") + who + "_NAME", "t");
      variables_.set(std::string("GIT_") + who + "_EMAIL", "t@example.org");
    }
    run("git init -q .");
  }

  void run(const std::string& command, const std::string& folder = "repo") {
    fs::create_directories(tree_.path(folder));
    ASSERT_EQ(std::system(("cd '" + tree_.path(folder) + "' && " + command).c_str()), 0) << command;
  }

  void write(const std::string& name, const std::string& text) {
    tree_.write("repo/" + name, text);
  }

  void commit() { run("git add -A && git commit -q -m m"); }

  GitTree tree() {
    auto found = GitTree::around(tree_.path("repo"));
    if (!found) throw std::runtime_error(found.error().message());
    return *found;
  }

  // Writes the files of HEAD, and reads one of them.
  std::string in_head(const std::string& name) {
    const std::string target = tree_.path("target" + std::to_string(++targets_));
    fs::create_directories(target);
    const auto error = tree().write_files(*tree().commit("HEAD"), target);
    EXPECT_FALSE(error) << error->message();
    if (!fs::exists(target + "/" + name)) return "(none)";
    std::stringstream text;
    text << std::ifstream(target + "/" + name).rdbuf();
    return text.str();
  }

  TemporaryTree tree_;
  ScopedVariables variables_;
  int targets_ = 0;
};

TEST_F(GitTreeTest, IsFoundFromBelow) {
  write("a/b/c", "");
  const auto found = GitTree::around(tree_.path("repo/a/b"));
  ASSERT_TRUE(found) << found.error().message();
  EXPECT_EQ(found->root(), tree_.path("repo"));
  const auto outside = GitTree::around(tree_.root());
  ASSERT_FALSE(outside);
  EXPECT_THAT(outside.error().message(), HasSubstr("not a git repository"));
}

TEST_F(GitTreeTest, NeedsGit) {
  variables_.set("PATH", tree_.root());
  const auto found = GitTree::around(tree_.path("repo"));
  ASSERT_FALSE(found);
  EXPECT_THAT(found.error().message(), HasSubstr("no git program in PATH"));
}

TEST_F(GitTreeTest, NamesOfCommits) {
  write("a", "1");
  commit();
  run("git tag v1");
  const auto head = tree().commit("HEAD");
  ASSERT_TRUE(head);
  EXPECT_EQ(head->size(), 40u);
  EXPECT_EQ(*tree().commit("v1"), *head);
  for (const std::string wrong :
       {"", "nope", "HEAD:a", "HEAD~1", "HEAD..HEAD", "-p", "--all", "--output=x", "HEAD\nHEAD"}) {
    EXPECT_FALSE(tree().commit(wrong)) << wrong;
  }
  EXPECT_THAT(tree().commit("--all").error().message(), HasSubstr("no revision begins with '-'"));
  EXPECT_FALSE(fs::exists(tree_.path("repo/x")));
}

TEST_F(GitTreeTest, WritesFilesAsTheyWere) {
  const std::string odd = "sp ace\t\"q\"\n\xc3\xa9";
  write("a", "old");
  write(odd, "odd");
  write("sub/gone", "gone");
  commit();
  write("a", "new");
  write("untracked", "new");
  fs::remove(tree_.path("repo/sub/gone"));
  run("git add a");
  EXPECT_EQ(in_head("a"), "old");
  EXPECT_EQ(in_head(odd), "odd");
  EXPECT_EQ(in_head("sub/gone"), "gone");
  EXPECT_EQ(in_head("untracked"), "(none)");
  EXPECT_EQ(in_head(".git"), "(none)");
}

// The repository's own index and work tree stay as they are, also under a hook, whose variables
// name another index; and hooks are not run.
TEST_F(GitTreeTest, TouchesNothing) {
  write("a", "old");
  commit();
  tree_.write_script("repo/.git/hooks/post-index-change", "echo ran >>" + tree_.path("ran"));
  tree_.write_script("repo/.git/hooks/post-checkout", "echo ran >>" + tree_.path("ran"));
  variables_.set("GIT_INDEX_FILE", tree_.path("other-index"));
  variables_.set("GIT_DIR", tree_.path("nowhere"));
  write("a", "new");
  EXPECT_EQ(in_head("a"), "old");
  EXPECT_FALSE(fs::exists(tree_.path("other-index")));
  EXPECT_FALSE(fs::exists(tree_.path("ran")));
  variables_.unset("GIT_INDEX_FILE");
  variables_.unset("GIT_DIR");
  run("test \"$(git status --porcelain)\" = ' M a'");
}

// A header that the build writes is not part of any change.
TEST_F(GitTreeTest, IgnoredFilesAreThereAsTheyAreNow) {
  write(".gitignore", "built.h\n/out/\nkept\n");
  write("kept", "old");
  run("git add -f kept");
  commit();
  write("kept", "new");
  write("p/built.h", "built");
  write("out/deep/built.h", "deep");
  EXPECT_EQ(in_head("p/built.h"), "built");
  EXPECT_EQ(in_head("out/deep/built.h"), "deep");
  EXPECT_EQ(in_head("kept"), "old");
}

TEST_F(GitTreeTest, SubmodulesAreWrittenAsOfTheirCommit) {
  tree_.write("lib/x.h", "old");
  run("git init -q . && git add x.h && git commit -q -m m", "lib");
  run("git -c protocol.file.allow=always submodule --quiet add ../lib third/lib");
  commit();
  write("third/lib/x.h", "new");
  EXPECT_EQ(in_head("third/lib/x.h"), "old");
  run("cd third/lib && git commit -q -a -m n");
  EXPECT_EQ(in_head("third/lib/x.h"), "old");
  // The commit that HEAD names is not there any more.
  run("cd third/lib && rm -rf ../../.git/modules && rm .git && git init -q . && git add -A && "
      "git commit -q -m o");
  EXPECT_EQ(in_head("third/lib/x.h"), "new");
}

TEST_F(GitTreeTest, LinesThatWereAdded) {
  std::string text;
  for (int i = 1; i <= 20; ++i) text += std::to_string(i) + "\n";
  write("a\"b", text);
  write("same", "1\n");
  commit();
  run("git config diff.interHunkContext 9 && git config diff.external false");
  write("a\"b",
        "new\n" + text.substr(0, text.find("5\n")) + "five\nsix\n" + text.substr(text.find("7\n")));
  const auto ranges = tree().lines_added_since("HEAD", "a\"b");
  ASSERT_TRUE(ranges) << ranges.error().message();
  EXPECT_THAT(*ranges, ElementsAre(Pair(1, 1), Pair(6, 7)));
  EXPECT_THAT(*tree().lines_added_since("HEAD", "same"), IsEmpty());
  EXPECT_THAT(*tree().lines_added_since("HEAD", "*"), IsEmpty());
}

TEST_F(GitTreeTest, NamesThatChanged) {
  const std::string text = "some lines\nthat are alike\nin both\n";
  write("old \"name\"\n.go", text);
  write("p/a.go", text + "a\n");
  commit();
  run("git mv p q && mv 'old \"name\"\n.go' 'new \xc3\xa9.go' && git add -A");
  const auto names = tree().renamed_since("HEAD");
  ASSERT_TRUE(names) << names.error().message();
  EXPECT_THAT(*names,
              ElementsAre(Pair("new \xc3\xa9.go", "old \"name\"\n.go"), Pair("q/a.go", "p/a.go")));
}

}  // namespace
}  // namespace cgoscope
