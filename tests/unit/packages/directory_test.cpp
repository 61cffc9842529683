#include "clang_plugin/packages/directory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "tests/unit/packages/temporary_tree.h"

namespace cgoscope {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::Field;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr const char* kCgo = "import \"C\"\n\nfunc F() { C.sleep(1) }\n";

BuildContext linux_amd64() {
  BuildContext context;
  context.goos = "linux";
  context.goarch = "amd64";
  return context;
}

std::vector<std::string> names_of(const std::vector<GoFile>& files) {
  std::vector<std::string> names;
  for (const GoFile& file : files) {
    names.push_back(std::filesystem::path(file.path).filename().string());
  }
  return names;
}

TEST(Directory, TakesWhatIsBuiltHere) {
  const TemporaryTree tree;
  tree.write("go.mod", "module example.org/m\n");
  tree.write("p/a.go", std::string("package p\n") + kCgo);
  tree.write("p/b.go", "package p\nconst X = 1\n");
  tree.write("p/c_windows.go", std::string("package p\n") + kCgo);
  tree.write("p/d.go", std::string("//go:build ignore\n\npackage main\n") + kCgo);
  tree.write("p/e.go", std::string("// +build mine\n\npackage p\n") + kCgo);
  tree.write("p/f_test.go", std::string("package p\n") + kCgo);
  tree.write("p/doc.go", "package documentation\n");
  tree.write("p/x.c", "int x;\n");
  tree.write("p/y_linux.c", "/* c */\n// +build linux\n\nint y;\n");
  tree.write("p/z_windows.c", "int z;\n");
  tree.write("p/w.c", "// comment\n//go:build windows\nint w;\n");
  tree.write("p/s.cc", "");
  tree.write("p/t.cpp", "");
  tree.write("p/u.cxx", "");
  tree.write("p/h.h", "");
  tree.write("p/_x.c", "");
  tree.write("p/sub.go/x.c", "a directory with a file's name");

  const Result<Package> package = read_directory(tree.path("p"), linux_amd64());
  ASSERT_TRUE(package);
  EXPECT_THAT(package->problems, IsEmpty());
  EXPECT_EQ(package->import_path, "example.org/m/p");
  EXPECT_EQ(package->name, "p");
  EXPECT_EQ(package->directory, tree.path("p"));
  EXPECT_THAT(names_of(package->cgo_files), ElementsAre("a.go"));
  EXPECT_THAT(names_of(package->go_files), ElementsAre("b.go"));
  EXPECT_THAT(package->c_files, ElementsAre(tree.path("p/x.c"), tree.path("p/y_linux.c")));
  EXPECT_THAT(package->cxx_files,
              ElementsAre(tree.path("p/s.cc"), tree.path("p/t.cpp"), tree.path("p/u.cxx")));

  BuildContext with_tag = linux_amd64();
  with_tag.tags = {"mine"};
  const Result<Package> tagged = read_directory(tree.path("p"), with_tag);
  ASSERT_TRUE(tagged);
  EXPECT_THAT(names_of(tagged->cgo_files), ElementsAre("a.go", "e.go"));
}

TEST(Directory, OfSeveralPackagesTheOneWithMostCgoIsTaken) {
  const TemporaryTree tree;
  tree.write("a.go", "package many\n");
  tree.write("b.go", "package many\n");
  tree.write("c.go", std::string("package cgo\n") + kCgo);
  const Result<Package> package = read_directory(tree.root(), linux_amd64());
  ASSERT_TRUE(package);
  EXPECT_EQ(package->name, "cgo");
  EXPECT_EQ(package->import_path, "cgo");
  EXPECT_THAT(names_of(package->cgo_files), ElementsAre("c.go"));
  EXPECT_THAT(package->go_files, IsEmpty());
  ASSERT_EQ(package->problems.size(), 1u);
  EXPECT_EQ(package->problems[0].file, tree.path("a.go"));
  EXPECT_THAT(package->problems[0].message, HasSubstr("package many"));
}

TEST(Directory, AFileThatDoesNotParseHidesNoOther) {
  const TemporaryTree tree;
  tree.write("a.go", std::string("package p\n") + kCgo);
  tree.write("b.go", "this is \x01\xff no Go \"");
  tree.write("c.go", "");
  tree.write("d.go", std::string("package p\nfunc (\n") + kCgo);
  std::filesystem::create_symlink("nowhere", tree.path("e.go"));
  ASSERT_EQ(mkfifo(tree.path("f.go").c_str(), 0600), 0);
  const Result<Package> package = read_directory(tree.root(), linux_amd64());
  ASSERT_TRUE(package);
  EXPECT_EQ(package->name, "p");
  EXPECT_THAT(names_of(package->cgo_files), Contains("a.go"));
  for (const char* name : {"b.go", "c.go", "e.go"}) {
    EXPECT_THAT(package->problems, Contains(Field(&Problem::file, tree.path(name))));
  }
}

TEST(Directory, AHugeFileIsNamedAndNotRead) {
  const TemporaryTree tree;
  tree.write("a.go", std::string("package p\n") + kCgo);
  tree.write("b.go", "package p\n");
  std::filesystem::resize_file(tree.path("b.go"), uintmax_t{8} << 30);  // sparse
  const Result<Package> package = read_directory(tree.root(), linux_amd64());
  ASSERT_TRUE(package);
  EXPECT_THAT(names_of(package->cgo_files), ElementsAre("a.go"));
  ASSERT_EQ(package->problems.size(), 1u);
  EXPECT_EQ(package->problems[0].file, tree.path("b.go"));
  EXPECT_THAT(package->problems[0].message, HasSubstr("64 MiB"));
}

TEST(Directory, AHugeCFileIsNamedAndNotHandedOn) {
  const TemporaryTree tree;
  tree.write("a.go", std::string("package p\n") + kCgo);
  tree.write("b.c", "");
  tree.write("c.c", "");
  std::filesystem::resize_file(tree.path("c.c"), uintmax_t{8} << 30);  // sparse
  const Result<Package> package = read_directory(tree.root(), linux_amd64());
  ASSERT_TRUE(package);
  EXPECT_THAT(package->c_files, ElementsAre(tree.path("b.c")));
  ASSERT_EQ(package->problems.size(), 1u);
  EXPECT_EQ(package->problems[0].file, tree.path("c.c"));
  EXPECT_THAT(package->problems[0].message, HasSubstr("64 MiB"));
}

// Names of source files on what is none: nothing is opened, since opening a FIFO waits.
TEST(Directory, WhatIsNoRegularFileIsNamed) {
  const TemporaryTree tree;
  tree.write("a.go", std::string("package p\n") + kCgo);
  ASSERT_EQ(mkfifo(tree.path("b.go").c_str(), 0600), 0);
  ASSERT_EQ(mkfifo(tree.path("c.c").c_str(), 0600), 0);
  std::filesystem::create_symlink("/dev/zero", tree.path("d.cc"));
  std::filesystem::create_symlink("f.c", tree.path("e.c"));
  std::filesystem::create_symlink("e.c", tree.path("f.c"));
  std::filesystem::create_symlink(".", tree.path("again.go"));
  std::filesystem::create_directory(tree.path("folder.go"));
  const Result<Package> package = read_directory(tree.root(), linux_amd64());
  ASSERT_TRUE(package);
  EXPECT_THAT(names_of(package->cgo_files), ElementsAre("a.go"));
  EXPECT_THAT(package->c_files, IsEmpty());
  EXPECT_THAT(package->cxx_files, IsEmpty());
  std::vector<std::string> named;
  for (const Problem& problem : package->problems) named.push_back(problem.file);
  EXPECT_THAT(named,
              testing::UnorderedElementsAre(tree.path("b.go"), tree.path("c.c"), tree.path("d.cc"),
                                            tree.path("e.c"), tree.path("f.c")));
}

TEST(Directory, AnUnreadableFileIsNamed) {
  const TemporaryTree tree;
  tree.write("a.go", std::string("package p\n") + kCgo);
  for (const char* name : {"b.go", "c.c"}) {
    std::filesystem::permissions(tree.write(name, ""), std::filesystem::perms::none);
  }
  const bool is_root = geteuid() == 0;  // who may read every file
  if (is_root) {
    ASSERT_EQ(chmod(tree.root().c_str(), 0755), 0);
    ASSERT_EQ(seteuid(65534), 0);
  }
  const Result<Package> package = read_directory(tree.root(), linux_amd64());
  if (is_root) {
    ASSERT_EQ(seteuid(0), 0);
  }
  ASSERT_TRUE(package);
  EXPECT_THAT(names_of(package->cgo_files), ElementsAre("a.go"));
  EXPECT_EQ(package->problems.size(), 2u);
}

TEST(Directory, NamesThatAreNotUtf8) {
  const TemporaryTree tree;
  tree.write("a\xff\xfe.go", std::string("package p\n") + kCgo);
  tree.write("b\xc3.c", "");
  const Result<Package> package = read_directory(tree.root(), linux_amd64());
  ASSERT_TRUE(package);
  EXPECT_THAT(names_of(package->cgo_files), ElementsAre("a\xff\xfe.go"));
  EXPECT_THAT(package->c_files, ElementsAre(tree.path("b\xc3.c")));
}

TEST(Directory, OneFileAmongManyOthers) {
  const TemporaryTree tree;
  tree.write("a.go", std::string("package p\n") + kCgo);
  for (int i = 0; i < 20000; ++i) {
    // As links to nothing: the cheapest directory entries to make.
    std::filesystem::create_symlink("x", tree.path("f" + std::to_string(i) + ".txt"));
  }
  const Result<Package> package = read_directory(tree.root(), linux_amd64());
  ASSERT_TRUE(package);
  EXPECT_THAT(names_of(package->cgo_files), ElementsAre("a.go"));
  EXPECT_THAT(package->problems, IsEmpty());
}

TEST(Directory, OtherLanguagesAreNamed) {
  const TemporaryTree tree;
  tree.write("a.go", std::string("package p\n") + kCgo);
  tree.write("b.m", "");
  tree.write("c_darwin.m", "");
  tree.write("d.swig", "");
  tree.write("e.f90", "");
  const Result<Package> package = read_directory(tree.root(), linux_amd64());
  ASSERT_TRUE(package);
  ASSERT_EQ(package->problems.size(), 3u);
  EXPECT_THAT(package->problems[0].message, HasSubstr("Objective-C"));
  EXPECT_THAT(package->problems[1].message, HasSubstr("SWIG"));
  EXPECT_THAT(package->problems[2].message, HasSubstr("Fortran"));
}

TEST(Directory, MissingAndEmpty) {
  const TemporaryTree tree;
  EXPECT_FALSE(read_directory(tree.path("nowhere"), linux_amd64()));
  EXPECT_FALSE(read_directory(tree.write("a.go", "package p\n"), linux_amd64()));
  std::filesystem::create_directory(tree.path("empty"));
  const Result<Package> empty = read_directory(tree.path("empty"), linux_amd64());
  ASSERT_TRUE(empty);
  EXPECT_TRUE(empty->cgo_files.empty() && empty->go_files.empty());
  EXPECT_EQ(empty->import_path, "empty");
}

TEST(Files, AreAPackageWhateverTheirConstraintsSay) {
  const TemporaryTree tree;
  const std::string a = tree.write("src/example.org/p/a_windows.go",
                                   std::string("//go:build ignore\n\npackage p\n") + kCgo);
  const std::string b = tree.write("src/example.org/p/b.go", "package p\nconst X = 1\n");
  tree.write("src/example.org/p/x.c", "");
  const Result<Package> package = read_files({a, b});
  ASSERT_TRUE(package);
  EXPECT_EQ(package->import_path, "example.org/p");
  EXPECT_THAT(names_of(package->cgo_files), ElementsAre("a_windows.go"));
  EXPECT_THAT(names_of(package->go_files), ElementsAre("b.go"));
  EXPECT_THAT(package->c_files, IsEmpty());
  EXPECT_FALSE(read_files({tree.path("none.go")}));
  EXPECT_FALSE(read_files({}));
}

}  // namespace
}  // namespace cgoscope
