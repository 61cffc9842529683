// With the real go command of every toolchain at hand, and everything that must work without: a
// PATH that has none, or a script in its place.
#include "clang_plugin/packages/go_list.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstdlib>

#include "clang_plugin/packages/build_constraint.h"
#include "clang_plugin/packages/clang_target.h"
#include "clang_plugin/packages/go_command.h"
#include "clang_plugin/packages/subprocess.h"
#include "tests/go_toolchains.h"
#include "tests/unit/packages/temporary_tree.h"

namespace cgoscope {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

constexpr const char* kCgo = "import \"C\"\n\nfunc F() { C.sleep(1) }\n";

std::vector<std::string> import_paths(const PackageList& list) {
  std::vector<std::string> paths;
  for (const Package& package : list.packages) paths.push_back(package.import_path);
  return paths;
}

std::string text_of(const std::vector<Problem>& problems) {
  std::string text;
  for (const Problem& problem : problems) {
    text += problem.file + ":" + std::to_string(problem.line) + ": " + problem.message + "\n";
  }
  return text;
}

class GoList : public testing::Test {
 protected:
  GoList() : before_(std::filesystem::current_path()) {
    for (const char* name : {"GOFLAGS", "CGO_ENABLED", "CGO_CFLAGS", "GO111MODULE", "GOOS",
                             "GOARCH", "PKG_CONFIG", "GOWORK"}) {
      variables_.unset(name);
    }
    static const TemporaryTree cache;  // a cold one costs a second a test
    variables_.set("GOCACHE", cache.root());
    variables_.set("GOPATH", tree_.path(".gopath"));
    std::filesystem::current_path(tree_.root());
  }
  ~GoList() override { std::filesystem::current_path(before_); }

  void write_module(const std::string& at, const std::string& path) {
    tree_.write(at + "go.mod", "module " + path + "\n\ngo 1.19\n");
  }
  void write_cgo(const std::string& at, const std::string& name) {
    tree_.write(at, "package " + name + "\n\n// #cgo CFLAGS: -DX=1 -Iinc\n" + kCgo);
  }

  // An answer of `go env`, and `list` for the script to run for `go list`.
  void use_fake_go(const std::string& list) {
    tree_.write_script(".fake/go", R"(
if [ "$1" = env ]; then
  echo '{"GOOS":"linux","GOARCH":"amd64","GOVERSION":"go1.22.1","CGO_ENABLED":"1"}'
  exit 0
fi
)" + list);
    variables_.set("PATH", tree_.path(".fake") + ":/usr/bin:/bin");
  }
  void hide_go() { variables_.set("PATH", tree_.path(".none")); }

  PackageList list(const std::vector<std::string>& patterns,
                   const std::vector<std::string>& tags = {}) {
    Result<PackageList> listed = list_packages({.patterns = patterns, .tags = tags});
    EXPECT_TRUE(listed) << (listed ? "" : listed.error().message());
    return listed ? std::move(*listed) : PackageList{};
  }
  std::string failure(const std::vector<std::string>& patterns) {
    const Result<PackageList> listed = list_packages({.patterns = patterns, .tags = {}});
    EXPECT_FALSE(listed);
    return listed ? "" : listed.error().message();
  }

  const TemporaryTree tree_;
  ScopedVariables variables_;
  std::filesystem::path before_;
};

class GoListWithGo : public GoList, public testing::WithParamInterface<GoToolchain> {
 protected:
  void SetUp() override {
    if (!GetParam().root.empty()) {
      const char* path = std::getenv("PATH");
      variables_.set("PATH", GetParam().root + "/bin:" + (path == nullptr ? "" : path));
    }
    if (find_program("go").empty())
      GTEST_SKIP() << "CGOSCOPE_GO_ROOTS is not set and there is no go command in PATH";
  }
};

INSTANTIATE_TEST_SUITE_P(Go, GoListWithGo, testing::ValuesIn(go_toolchains()), toolchain_name);

TEST_P(GoListWithGo, AModule) {
  write_module("", "example.org/m");
  write_cgo("a/a.go", "a");
  tree_.write("a/b.go", "package a\nconst B = 1\n");
  tree_.write("a/c_windows.go", std::string("package a\n") + kCgo);
  tree_.write("a/x.c", "");
  tree_.write("a/y.cpp", "");
  tree_.write("plain/p.go", "package plain\n");
  const PackageList found = list({});
  EXPECT_THAT(import_paths(found), ElementsAre("example.org/m/a"));
  EXPECT_EQ(found.packages_seen, 2);
  EXPECT_EQ(text_of(found.problems), "");
  EXPECT_THAT(found.notes, IsEmpty());
  const Package& package = found.packages.at(0);
  EXPECT_EQ(package.directory, tree_.path("a"));
  EXPECT_EQ(package.name, "a");
  ASSERT_EQ(package.cgo_files.size(), 1u);
  EXPECT_EQ(package.cgo_files[0].path, tree_.path("a/a.go"));
  EXPECT_EQ(package.go_files.size(), 1u);
  EXPECT_THAT(package.c_files, ElementsAre(tree_.path("a/x.c")));
  EXPECT_THAT(package.cxx_files, ElementsAre(tree_.path("a/y.cpp")));
  EXPECT_THAT(package.c_flags,
              ElementsAre("-I", tree_.path("a"), "-DX=1", "-I" + tree_.path("a/inc")));
}

TEST_P(GoListWithGo, NestedAndForeignModules) {
  write_module("", "example.org/outer");
  write_cgo("a.go", "outer");
  write_module("sub/inner/", "example.org/inner");
  write_cgo("sub/inner/deep/b.go", "deep");
  write_module("testdata/", "example.org/testdata");
  write_cgo("testdata/c.go", "c");
  const PackageList all = list({"./..."});
  EXPECT_THAT(import_paths(all), ElementsAre("example.org/inner/deep", "example.org/outer"));
  EXPECT_THAT(all.notes, ElementsAre(HasSubstr("sub/inner")));
  // A directory of another module than the one we are in.
  const PackageList inner = list({"sub/inner/deep", "./testdata"});
  EXPECT_THAT(import_paths(inner), ElementsAre("example.org/inner/deep", "example.org/testdata"));
  EXPECT_EQ(text_of(inner.problems), "");
  std::filesystem::current_path("/");
  EXPECT_THAT(import_paths(list({tree_.path("sub/...")})), ElementsAre("example.org/inner/deep"));
}

TEST_P(GoListWithGo, AModuleThatTheWorkspaceDoesNotList) {
  tree_.write("go.work", "go 1.19\n\nuse ./a\n");
  write_module("a/", "example.org/a");
  write_cgo("a/a.go", "a");
  write_module("b/", "example.org/b");
  write_cgo("b/b.go", "b");
  const PackageList found = list({"./..."});
  EXPECT_THAT(import_paths(found), ElementsAre("example.org/a", "example.org/b"));
  EXPECT_EQ(text_of(found.problems), "");
}

TEST_P(GoListWithGo, MixedPatternsAreOnePackageEach) {
  write_module("", "example.org/m");
  write_cgo("a/a.go", "a");
  write_cgo("b/b.go", "b");
  write_cgo("c/c.go", "c");
  const PackageList found = list({"example.org/m/a", "./a", "a/a.go", tree_.path("b"), "b/...",
                                  "c/c.go", tree_.path("c/../c/c.go")});
  EXPECT_THAT(import_paths(found),
              ElementsAre("example.org/m/a", "example.org/m/b", "example.org/m/c"));
  EXPECT_EQ(text_of(found.problems), "");
}

TEST_P(GoListWithGo, TagsFromTheCommandLineAndFromGoflags) {
  write_module("", "example.org/m");
  tree_.write("a.go", std::string("//go:build mine\n\npackage m\n") + kCgo);
  tree_.write("b.go", "package m\n");
  EXPECT_THAT(import_paths(list({})), IsEmpty());
  EXPECT_THAT(import_paths(list({}, {"other", "mine"})), ElementsAre("example.org/m"));
  variables_.set("GOFLAGS", "-tags=mine,other");
  EXPECT_THAT(import_paths(list({})), ElementsAre("example.org/m"));
}

TEST_P(GoListWithGo, CgoDisabledInTheEnvironmentIsSaidAndNotObeyed) {
  write_module("", "example.org/m");
  write_cgo("a.go", "m");
  variables_.set("CGO_ENABLED", "0");
  const PackageList found = list({});
  EXPECT_THAT(import_paths(found), ElementsAre("example.org/m"));
  EXPECT_THAT(found.notes, ElementsAre(HasSubstr("CGO_ENABLED")));
}

TEST_P(GoListWithGo, APackageThatGoRefusesIsNamedAndReadAnyway) {
  write_module("", "example.org/m");
  write_cgo("two/a.go", "two");
  write_cgo("two/b.go", "three");
  tree_.write("bad/a.go", "package bad\n\n// #cgo CFLAGS -DX\n" + std::string(kCgo));
  write_cgo("good/a.go", "good");
  const PackageList found = list({});
  EXPECT_THAT(import_paths(found),
              ElementsAre("example.org/m/bad", "example.org/m/good", "example.org/m/two"));
  EXPECT_THAT(text_of(found.problems), HasSubstr("found packages"));
  EXPECT_THAT(text_of(found.problems), HasSubstr("invalid #cgo line"));
  EXPECT_THAT(text_of(found.packages[0].problems), HasSubstr("a.go:3: invalid #cgo line"));
}

TEST_P(GoListWithGo, AbsentDependenciesDoNotMatter) {
  tree_.write("go.mod", "module example.org/m\n\ngo 1.19\n\nrequire example.com/dep v1.0.0\n");
  tree_.write("a.go", std::string("package m\n\nimport _ \"example.com/dep\"\n") + kCgo);
  variables_.set("GOPRIVATE", "*");  // would be fetched without a proxy
  const PackageList found = list({});
  EXPECT_THAT(import_paths(found), ElementsAre("example.org/m"));
  EXPECT_EQ(text_of(found.problems), "");
}

TEST_P(GoListWithGo, VendoredPackages) {
  tree_.write("go.mod", "module example.org/m\n\ngo 1.19\n\nrequire example.com/dep v1.0.0\n");
  tree_.write("a.go", std::string("package m\n\nimport _ \"example.com/dep\"\n") + kCgo);
  tree_.write("vendor/modules.txt", "# example.com/dep v1.0.0\n## explicit\nexample.com/dep\n");
  write_cgo("vendor/example.com/dep/d.go", "dep");
  variables_.set("GOFLAGS", "-mod=vendor");
  EXPECT_THAT(import_paths(list({"./..."})), ElementsAre("example.org/m"));
  EXPECT_THAT(import_paths(list({"example.com/dep"})), ElementsAre("example.com/dep"));
  const PackageList by_directory = list({"./vendor/example.com/dep"});
  EXPECT_EQ(by_directory.packages.size(), 1u);
}

TEST_P(GoListWithGo, RefusedFlagsNameTheirLine) {
  write_module("", "example.org/m");
  tree_.write("a.go", "package m\n\n// #cgo CFLAGS: -DX\n// #cgo CFLAGS: -fplugin=./evil.so @f\n" +
                          std::string(kCgo));
  const PackageList found = list({});
  ASSERT_EQ(found.packages.size(), 1u);
  EXPECT_THAT(found.packages[0].c_flags, ElementsAre("-I", tree_.root(), "-DX"));
  const std::string problems = text_of(found.packages[0].problems);
  EXPECT_THAT(problems, HasSubstr("a.go:4: refused -fplugin=./evil.so"));
  EXPECT_THAT(problems, HasSubstr("a.go:4: refused @f"));
}

TEST_P(GoListWithGo, AModuleFileThatDoesNotParse) {
  tree_.write("go.mod", "module example.org/m\n\nnonsense here\n");
  write_cgo("p/a.go", "p");
  const PackageList found = list({});
  EXPECT_THAT(import_paths(found), ElementsAre("example.org/m/p"));
  EXPECT_THAT(found.notes, ElementsAre(HasSubstr("go.mod")));
}

// Go 1.21 and later look for the toolchain that go.mod asks for; they must not fetch it.
TEST_P(GoListWithGo, AToolchainThatIsNotThere) {
  tree_.write("go.mod", "module example.org/m\n\ngo 1.99\n");
  write_cgo("a.go", "m");
  write_module("old/", "example.org/old");
  write_cgo("old/b.go", "old");
  variables_.set("GOTOOLCHAIN", "auto");
  const PackageList found = list({});
  EXPECT_THAT(import_paths(found), ElementsAre("example.org/m", "example.org/old"));
  EXPECT_EQ(text_of(found.problems), "");
  // Go 1.19 and 1.20 know nothing of toolchains and list such a module.
  const Result<GoSettings> settings = go_settings("/");
  ASSERT_TRUE(settings);
  if (settings->minor > 20) {
    EXPECT_THAT(found.notes, Contains(HasSubstr("1.99")));
  }
}

// go itself would wait at the FIFO, and JSON cannot tell the other name.
TEST_P(GoListWithGo, DirectoriesThatGoCannotListAreReadHere) {
  write_module("", "example.org/m");
  write_cgo("good/a.go", "good");
  write_cgo("waits/a.go", "waits");
  ASSERT_EQ(mkfifo(tree_.path("waits/x.c").c_str(), 0600), 0);
  write_cgo("name/a\xff.go", "name");
  const PackageList found = list({});
  EXPECT_THAT(import_paths(found),
              ElementsAre("example.org/m/good", "example.org/m/name", "example.org/m/waits"));
  EXPECT_EQ(found.notes.size(), 2u);
  EXPECT_EQ(text_of(found.problems), "");
  EXPECT_THAT(text_of(found.packages.at(2).problems), HasSubstr("waits/x.c:0: is not read"));
  EXPECT_THAT(import_paths(list({"./waits"})), ElementsAre("example.org/m/waits"));
  EXPECT_THAT(import_paths(list({"./good"})), ElementsAre("example.org/m/good"));
}

TEST_P(GoListWithGo, HugeFilesAreNamed) {
  write_module("", "example.org/m");
  write_cgo("c/a.go", "c");
  tree_.write("c/b.c", "");
  std::filesystem::resize_file(tree_.path("c/b.c"), uintmax_t{1} << 30);
  write_cgo("g/a.go", "g");
  tree_.write("g/b.go", "");
  std::filesystem::resize_file(tree_.path("g/b.go"), uintmax_t{1} << 30);
  const PackageList found = list({});
  ASSERT_THAT(import_paths(found), ElementsAre("example.org/m/c", "example.org/m/g"));
  EXPECT_THAT(found.packages[0].c_files, IsEmpty());
  EXPECT_THAT(text_of(found.packages[0].problems), HasSubstr("b.c:0: larger than 64 MiB"));
  EXPECT_THAT(text_of(found.packages[1].problems), HasSubstr("b.go:0: larger than 64 MiB"));
}

TEST_P(GoListWithGo, LinksInLoopsAndFoldersNamedLikeFiles) {
  write_module("", "example.org/m");
  write_cgo("a/a.go", "a");
  std::filesystem::create_symlink("..", tree_.path("a/up"));
  std::filesystem::create_symlink("self.go", tree_.path("a/self.go"));
  std::filesystem::create_directory(tree_.path("a/folder.go"));
  const PackageList found = list({});
  EXPECT_THAT(import_paths(found), ElementsAre("example.org/m/a"));
  EXPECT_THAT(text_of(found.packages.at(0).problems) + text_of(found.problems),
              HasSubstr("a/self.go"));
}

TEST_P(GoListWithGo, PkgConfigOptionsReachNoOtherProgram) {
  write_module("", "example.org/m");
  tree_.write("a.go", "package m\n\n// #cgo pkg-config: --static --log-file=" +
                          tree_.path("written") + " zlibbed\n" + kCgo);
  tree_.write_script(".bin/pkg-config",
                     "echo \"$@\" > " + tree_.path(".asked") + "\necho -DZ -fplugin=x.so\n");
  variables_.set("PKG_CONFIG", tree_.path(".bin/pkg-config"));
  const PackageList found = list({});
  ASSERT_EQ(found.packages.size(), 1u);
  EXPECT_THAT(found.packages[0].c_flags, ElementsAre("-I", tree_.root(), "-DZ"));
  const std::string problems = text_of(found.packages[0].problems) + text_of(found.problems);
  EXPECT_THAT(problems, HasSubstr("a.go:3: refused --log-file="));
  EXPECT_THAT(problems, HasSubstr("a.go:3: refused -fplugin=x.so"));
  std::ifstream asked(tree_.path(".asked"));
  std::string line;
  std::getline(asked, line);
  EXPECT_EQ(line, "--cflags --static -- zlibbed");
}

TEST_P(GoListWithGo, WithoutAModule) {
  write_cgo("src/example.org/x/a.go", "x");
  write_cgo("src/example.org/x/y/b.go", "y");
  const PackageList found = list({"./src/..."});
  EXPECT_THAT(import_paths(found), ElementsAre("example.org/x", "example.org/x/y"));
  EXPECT_THAT(found.notes, ElementsAre(HasSubstr("no module")));
  EXPECT_THAT(import_paths(list({"./src/example.org/x"})), ElementsAre("example.org/x"));
  variables_.set("GO111MODULE", "off");
  variables_.set("GOPATH", tree_.root());
  EXPECT_THAT(import_paths(list({"./src/..."})), ElementsAre("example.org/x", "example.org/x/y"));
}

TEST_P(GoListWithGo, WhatIsNotThereIsNamed) {
  write_module("", "example.org/m");
  write_cgo("a/a.go", "a");
  std::filesystem::create_directory(tree_.path("empty"));
  tree_.write("excluded/x.go", "//go:build ignore\n\npackage x\n");
  const PackageList found =
      list({"./a", "./nowhere", "./none.go", "./empty", "./excluded", "example.org/m/none"});
  EXPECT_THAT(import_paths(found), ElementsAre("example.org/m/a"));
  const std::string problems = text_of(found.problems);
  EXPECT_THAT(problems, HasSubstr("./nowhere:0: no such directory"));
  EXPECT_THAT(problems, HasSubstr("./none.go:0: no such file"));
  EXPECT_THAT(problems, HasSubstr("empty:0: no Go files"));
  EXPECT_THAT(problems, HasSubstr("example.org/m/none"));
  EXPECT_THAT(found.notes, ElementsAre(HasSubstr("build constraints exclude all Go files")));
  EXPECT_THAT(failure({"./nowhere"}), HasSubstr("./nowhere"));
  EXPECT_THAT(failure({"./empty/..."}), HasSubstr("no Go package"));
}

TEST_P(GoListWithGo, APatternCannotBeAnOption) {
  write_module("", "example.org/m");
  write_cgo("a.go", "m");
  const PackageList found = list({".", "-toolexec=touch x", "-x"});
  EXPECT_THAT(import_paths(found), ElementsAre("example.org/m"));
  EXPECT_THAT(text_of(found.problems), HasSubstr("-toolexec"));
}

TEST_F(GoList, WithoutAGoCommandDirectoriesAreReadHere) {
  write_module("", "example.org/m");
  write_cgo("a/a.go", "a");
  write_module("nested/", "example.org/nested");
  write_cgo("nested/n.go", "nested");
  hide_go();
  const PackageList found = list({});
  EXPECT_THAT(import_paths(found), ElementsAre("example.org/m/a", "example.org/nested"));
  EXPECT_THAT(found.notes, Contains(HasSubstr("no such program in PATH")));
  EXPECT_THAT(found.packages[0].c_flags,
              ElementsAre("-I", tree_.path("a"), "-DX=1", "-I" + tree_.path("a/inc")));
  EXPECT_THAT(import_paths(list({"a/a.go"})), ElementsAre("example.org/m/a"));
  EXPECT_THAT(import_paths(list({"./a", "./n..."})),
              ElementsAre("example.org/m/a", "example.org/nested"));
  EXPECT_THAT(failure({"example.org/m/a"}), HasSubstr("go command"));
}

TEST_F(GoList, CIsReadForTheMachineThatIsAskedFor) {
  write_module("", "example.org/m");
  write_cgo("a/a.go", "a");
  tree_.write("b/b.go", "package b\n");
  hide_go();
  const std::string other = host_goarch() == "s390x" ? "riscv64" : "s390x";
  const auto flags = target_flags(target_triple("linux", other));
  variables_.set("GOARCH", other);
  PackageList found = list({"./a"});
  if (flags) {
    EXPECT_EQ(found.packages[0].c_flags[1], target_triple("linux", other));
    EXPECT_EQ(found.packages[0].machine, other);
    EXPECT_THAT(found.notes, Not(Contains(HasSubstr("GOARCH"))));
  } else {
    EXPECT_EQ(found.packages[0].c_flags[0], "-I");
    EXPECT_EQ(found.packages[0].machine, "");
    EXPECT_THAT(found.notes, Contains(HasSubstr("GOOS=linux GOARCH=" + other +
                                                ": C is read as for this machine, for the C "
                                                "library's headers of " +
                                                target_triple("linux", other) + " are not here")));
    EXPECT_THAT(found.notes, Contains(HasSubstr(cross_headers_package(other))));
  }
  EXPECT_THAT(list({"./b"}).notes, Not(Contains(HasSubstr("GOARCH"))));
  variables_.set("GOARCH", host_goarch());
  EXPECT_THAT(list({"./a"}).notes, Not(Contains(HasSubstr("GOARCH"))));
  variables_.set("GOOS", "windows");
  EXPECT_THAT(list({"./a"}).notes, Contains(HasSubstr("GOOS=windows GOARCH=" + host_goarch())));
}

TEST_F(GoList, AGoCommandThatFailsIsToldOfAndReplaced) {
  write_module("", "example.org/m");
  write_cgo("a/a.go", "a");
  use_fake_go("echo 'go: downloading x' >&2; echo 'go: the reason' >&2; exit 1");
  const PackageList failed = list({});
  EXPECT_THAT(import_paths(failed), ElementsAre("example.org/m/a"));
  EXPECT_THAT(failed.notes, ElementsAre(HasSubstr("go: the reason")));
  use_fake_go("echo '{ not json'");
  EXPECT_THAT(import_paths(list({})), ElementsAre("example.org/m/a"));
  tree_.write_script(".fake/go", "echo nonsense");
  const PackageList nonsense = list({});
  EXPECT_THAT(import_paths(nonsense), ElementsAre("example.org/m/a"));
  EXPECT_THAT(nonsense.notes, Contains(HasSubstr("go env")));
}

// Once: the next module would hang as well.
TEST_F(GoList, AGoCommandThatHangsIsGivenUp) {
  write_module("", "example.org/m");
  write_cgo("a/a.go", "a");
  write_module("nested/", "example.org/nested");
  write_cgo("nested/n.go", "nested");
  use_fake_go("echo x >> " + tree_.path(".asked") + "; exec sleep 100");
  Result<PackageList> found = list_packages({{}, {}, /*go_timeout_s=*/1});
  ASSERT_TRUE(found);
  EXPECT_THAT(import_paths(*found), ElementsAre("example.org/m/a", "example.org/nested"));
  EXPECT_THAT(found->notes, Contains(HasSubstr("no answer within 1 s")));
  EXPECT_EQ(std::filesystem::file_size(tree_.path(".asked")), 2u);
}

TEST_F(GoList, AGoCommandThatPrintsBytesOrFloodsIsReplaced) {
  write_module("", "example.org/m");
  write_cgo("a/a.go", "a");
  for (const char* list_script :
       {"head -c 100000 /dev/urandom", "echo '[]'", "echo '{}'", "printf '\\0\\377{'",
        "kill -SEGV $$", "yes '{\"Dir\": \"/\"}' | head -c 300000000"}) {
    use_fake_go(list_script);
    EXPECT_THAT(import_paths(list({"./a"})), ElementsAre("example.org/m/a")) << list_script;
  }
}

TEST_F(GoList, GoIsAskedForNoDownloadsAndNoVersionControl) {
  write_module("", "example.org/m");
  write_cgo("a/a.go", "a");
  variables_.set("GOPROXY", "direct");
  use_fake_go("echo $GOPROXY $GONOPROXY $GOVCS $CGO_ENABLED \"$@\" > " + tree_.path(".asked"));
  list({"./a", "./a/..."}, {"x", "y"});
  std::ifstream file(tree_.path(".asked"));
  const std::string asked{std::istreambuf_iterator<char>(file), {}};
  EXPECT_THAT(asked,
              testing::StartsWith("off none *:off 1 list -e -buildvcs=false -tags=x,y -json="));
  EXPECT_THAT(asked, testing::EndsWith(" -- ./a ./a/...\n"));
}

// Its own conditions are known to go alone: what it lists counts.
TEST_F(GoList, TheFlagsThatGoListsCount) {
  write_module("", "example.org/m");
  tree_.write("a.go", "package m\n\n// #cgo goexperiment.x CFLAGS: -DX\n// #cgo LDFLAGS: -lm\n" +
                          std::string(kCgo));
  use_fake_go("echo '{\n\t\"Dir\": \"" + tree_.root() +
              "\",\n\t\"ImportPath\": \"example.org/m\",\n\t\"Name\": \"m\",\n\t\"CgoFiles\": "
              "[\"a.go\"],\n\t\"CgoCFLAGS\": [\"-DX\", \"-load\"]\n}'");
  const PackageList found = list({});
  ASSERT_EQ(found.packages.size(), 1u);
  EXPECT_THAT(found.packages[0].c_flags, ElementsAre("-I", tree_.root(), "-DX"));
  EXPECT_THAT(text_of(found.packages[0].problems), HasSubstr("refused -load"));
}

TEST(GoCommand, ListedObjectsOneBehindTheOther) {
  const auto packages = parse_go_list(
      "{\n\t\"Dir\": \"/a\",\n\t\"GoFiles\": [\n\t\t\"x}.go\"\n\t]\n}\n{\n\t\"Dir\": 7,\n"
      "\t\"GoFiles\": \"no list\",\n\t\"Error\": {\n\t\t\"Err\": \"e\",\n\t\t\"Pos\": "
      "\"p\"\n\t}\n}\n");
  ASSERT_TRUE(packages);
  ASSERT_EQ(packages->size(), 2u);
  EXPECT_THAT((*packages)[0].go_files, ElementsAre("x}.go"));
  EXPECT_EQ((*packages)[1].directory, "");
  EXPECT_THAT((*packages)[1].go_files, IsEmpty());
  EXPECT_EQ((*packages)[1].error, "e");
  EXPECT_TRUE(parse_go_list(" \n")->empty());
  for (const char* text : {"{", "[]", "7", "{}\n}", "{\"a\": \"\n}", "\n}\n}"}) {
    EXPECT_FALSE(parse_go_list(text)) << text;
  }
}

TEST(GoCommand, TagsInGoflags) {
  EXPECT_THAT(tags_in_goflags(""), IsEmpty());
  EXPECT_THAT(tags_in_goflags("-mod=vendor -tags=a,b,"), ElementsAre("a", "b"));
  EXPECT_THAT(tags_in_goflags("-tags=a  --tags=c"), ElementsAre("c"));
}

}  // namespace
}  // namespace cgoscope
