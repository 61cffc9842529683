// What makes Clang read a unit again, and what does not. Each question is asked in a run of its
// own, as a new SummaryCache on the same folder.
#include "clang_plugin/cache/summary_cache.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "clang_plugin/cache/unit_key.h"
#include "tests/unit/packages/temporary_tree.h"

namespace cgoscope {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class SummaryCacheTest : public testing::Test {
 protected:
  SummaryCacheTest() {
    for (const char* name : {"CPATH", "C_INCLUDE_PATH", "SOURCE_DATE_EPOCH"})
      variables_.unset(name);
    tree_.write("p/first/unrelated.h", "");
    tree_.write("p/second/wait.h", "#define LIMIT 5\n");
    tree_.write("p/a.c",
                "#include <wait.h>\n#include \"own.h\"\nunsigned sleep(unsigned);\n"
                "void f(void) { sleep(LIMIT + OWN); }\n");
    tree_.write("p/own.h", "#define OWN 1\n");
    unit_.main_file = tree_.path("p/a.c");
    unit_.directory = tree_.path("p");
    unit_.flags = {"-Ifirst", "-I" + tree_.path("p/second")};
  }

  std::unique_ptr<SummaryCache> cache() {
    auto opened = SummaryCache::open(tree_.path("cache"));
    EXPECT_TRUE(opened) << opened.error().message();
    return std::move(*opened);
  }

  // Whether a new run takes the kept summary; either way it must be what Clang makes now.
  bool is_kept() {
    const auto run = cache();
    EXPECT_TRUE(run->summary_of(unit_) == summarize(unit_));
    EXPECT_EQ(run->found() + run->made(), 1);
    return run->found() == 1;
  }

  // The files of the entries.
  std::vector<std::string> entries() {
    std::vector<std::string> files;
    for (const auto& entry : fs::recursive_directory_iterator(tree_.path("cache"))) {
      if (entry.is_regular_file()) files.push_back(entry.path().string());
    }
    return files;
  }

  TemporaryTree tree_;
  ScopedVariables variables_;
  SourceUnit unit_;
};

TEST_F(SummaryCacheTest, KeepsAnUnchangedUnit) {
  EXPECT_FALSE(is_kept());
  EXPECT_TRUE(is_kept());
  EXPECT_TRUE(is_kept());
}

TEST_F(SummaryCacheTest, NewDatesChangeNothing) {
  EXPECT_FALSE(is_kept());
  for (const char* name : {"p/a.c", "p/own.h", "p/second/wait.h"})
    fs::last_write_time(tree_.path(name), fs::file_time_type::clock::now() + std::chrono::hours(1));
  EXPECT_TRUE(is_kept());
  tree_.write("p/unrelated.h", "#define OWN 2\n");
  EXPECT_TRUE(is_kept());
}

TEST_F(SummaryCacheTest, ContentsCountWhateverTheDateSays) {
  EXPECT_FALSE(is_kept());
  for (const auto& [name, text] : {std::pair{"p/own.h", "#define OWN 2\n"},
                                   std::pair{"p/second/wait.h", "#define LIMIT 6\n"}}) {
    const auto date = fs::last_write_time(tree_.path(name));
    tree_.write(name, text);  // of the same size
    fs::last_write_time(tree_.path(name), date);
    EXPECT_FALSE(is_kept()) << name;
    EXPECT_TRUE(is_kept()) << name;
  }
}

TEST_F(SummaryCacheTest, TheFileItselfCounts) {
  EXPECT_FALSE(is_kept());
  tree_.write("p/a.c", "void f(void) {}\n");
  EXPECT_FALSE(is_kept());
  EXPECT_TRUE(is_kept());
}

TEST_F(SummaryCacheTest, AHeaderThatAppearsInAnEarlierFolderCounts) {
  EXPECT_FALSE(is_kept());
  tree_.write("p/first/wait.h", "#define LIMIT 50\n");
  EXPECT_FALSE(is_kept());
  EXPECT_TRUE(is_kept());
  fs::remove(tree_.path("p/first/wait.h"));
  EXPECT_FALSE(is_kept());
}

TEST_F(SummaryCacheTest, AFolderThatAppearsInTheSearchCounts) {
  fs::remove_all(tree_.path("p/first"));
  EXPECT_FALSE(is_kept());
  EXPECT_TRUE(is_kept());
  tree_.write("p/first/wait.h", "#define LIMIT 50\n");
  EXPECT_FALSE(is_kept());
}

TEST_F(SummaryCacheTest, AMissingHeaderIsKeptAndItsComingCounts) {
  tree_.write("p/a.c", "#include <late.h>\nvoid f(void) { late(); }\n");
  EXPECT_FALSE(is_kept());
  EXPECT_TRUE(is_kept());
  EXPECT_THAT(cache()->summary_of(unit_).problems.at(0).message, HasSubstr("late.h not found"));
  tree_.write("p/second/late.h", "void late(void);\n");
  EXPECT_FALSE(is_kept());
  EXPECT_EQ(cache()->summary_of(unit_).errors, 0);
}

TEST_F(SummaryCacheTest, HasIncludeCounts) {
  tree_.write("p/a.c",
              "unsigned sleep(unsigned);\n#if __has_include(\"gone.h\")\nvoid g(void) { sleep(9); "
              "}\n#endif\n");
  EXPECT_FALSE(is_kept());
  EXPECT_TRUE(is_kept());
  tree_.write("p/gone.h", "");
  EXPECT_FALSE(is_kept());
}

TEST_F(SummaryCacheTest, ALinkThatLeadsElsewhereCounts) {
  tree_.write("p/other.h", "#define OWN 7\n");
  fs::remove(tree_.path("p/own.h"));
  fs::create_symlink("second/wait.h", tree_.path("p/own.h"));
  is_kept();
  EXPECT_TRUE(is_kept());
  fs::remove(tree_.path("p/own.h"));
  fs::create_symlink("other.h", tree_.path("p/own.h"));
  EXPECT_FALSE(is_kept());
}

// Clang reads a file with #pragma once again when it stands there as a copy.
TEST_F(SummaryCacheTest, ACopyInPlaceOfALinkCounts) {
  const std::string text = "#pragma once\nstatic int once;\n";
  tree_.write("p/one.h", text);
  fs::create_symlink("one.h", tree_.path("p/two.h"));
  tree_.write("p/a.c", "#include \"one.h\"\n#include \"two.h\"\n");
  EXPECT_FALSE(is_kept());
  EXPECT_TRUE(is_kept());
  fs::remove(tree_.path("p/two.h"));
  tree_.write("p/two.h", text);
  EXPECT_FALSE(is_kept());
}

// #line is believed only where it names a file of the package, links resolved.
TEST_F(SummaryCacheTest, WhereALineDirectiveLeadsCounts) {
  tree_.write("outside.y", "");
  tree_.write("p/a.c",
              "unsigned sleep(unsigned);\n#line 1 \"gen.y\"\nvoid f(void) { sleep(9); }\n");
  EXPECT_FALSE(is_kept());
  EXPECT_TRUE(is_kept());
  fs::create_symlink(tree_.path("outside.y"), tree_.path("p/gen.y"));
  EXPECT_FALSE(is_kept());
}

TEST_F(SummaryCacheTest, TheEnvironmentCounts) {
  EXPECT_FALSE(is_kept());
  variables_.set("CPATH", tree_.path("p/first"));
  EXPECT_FALSE(is_kept());
  EXPECT_TRUE(is_kept());
  variables_.unset("CPATH");
  EXPECT_TRUE(is_kept());
}

TEST_F(SummaryCacheTest, DamagedEntriesAreMadeAgain) {
  EXPECT_FALSE(is_kept());
  ASSERT_EQ(entries().size(), 1U);
  const std::string file = entries()[0];
  const auto size = fs::file_size(file);
  for (const uintmax_t cut : {size - 1, size / 2, uintmax_t{16}, uintmax_t{1}, uintmax_t{0}}) {
    fs::resize_file(file, cut);
    EXPECT_FALSE(is_kept()) << cut;
    EXPECT_TRUE(is_kept()) << cut;
  }
  std::ofstream(file, std::ios::binary) << "another program's";
  EXPECT_FALSE(is_kept());
  EXPECT_TRUE(is_kept());
}

TEST_F(SummaryCacheTest, AnotherUnitsEntryUnderTheNameIsNotTaken) {
  EXPECT_FALSE(is_kept());
  const std::string first = entries()[0];
  unit_.flags.emplace_back("-DX");
  EXPECT_FALSE(is_kept());
  for (const std::string& file : entries()) {
    if (file != first) fs::copy_file(first, file, fs::copy_options::overwrite_existing);
  }
  EXPECT_FALSE(is_kept());
}

TEST_F(SummaryCacheTest, ThreadsAndProcessesShareIt) {
  std::vector<SourceUnit> units;
  for (int i = 0; i < 4; ++i) {
    units.push_back(unit_);
    units.back().flags.push_back("-DNUMBER=" + std::to_string(i));
  }
  std::vector<TranslationUnit> expected;
  for (const SourceUnit& unit : units) expected.push_back(summarize(unit));
  const auto work = [&] {
    std::atomic<int> wrong = 0;
    const auto run = cache();
    std::vector<std::thread> threads;
    for (int thread = 0; thread < 2; ++thread) {
      threads.emplace_back([&] {
        for (size_t i = 0; i < 8; ++i) {
          if (!(run->summary_of(units[i % 4]) == expected[i % 4])) ++wrong;
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    return wrong.load();
  };
  std::vector<pid_t> children;
  for (int i = 0; i < 3; ++i) {
    const pid_t child = fork();
    if (child == 0) _exit(work() == 0 ? 0 : 1);
    children.push_back(child);
  }
  for (const pid_t child : children) {
    int status = 0;
    waitpid(child, &status, 0);
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
  }
  const auto run = cache();
  for (size_t i = 0; i < 4; ++i) EXPECT_TRUE(run->summary_of(units[i]) == expected[i]);
  EXPECT_EQ(run->found(), 4);
}

TEST(UnitKey, ChangesWithEachPartOfTheUnit) {
  SourceUnit unit;
  unit.main_file = "/p/a.go";
  unit.directory = "/p";
  unit.flags = {"-DA", "-DB"};
  unit.text = "int x;";
  unit.virtual_files = {{"/p/_cgo_export.h", "void f(void);"}};
  unit.names = {"f", "g"};
  std::set<std::string> keys = {unit_key(unit, "program"), unit_key(unit, "other")};
  const auto add = [&](const auto& change) {
    SourceUnit other = unit;
    change(other);
    keys.insert(unit_key(other, "program"));
  };
  add([](SourceUnit& u) { u.main_file = "/p/b.go"; });
  add([](SourceUnit& u) { u.directory = "/q"; });
  add([](SourceUnit& u) { u.is_cxx = true; });
  add([](SourceUnit& u) { u.is_preamble = true; });
  add([](SourceUnit& u) { u.flags = {"-DB", "-DA"}; });
  add([](SourceUnit& u) { u.flags = {"-DA-DB"}; });
  add([](SourceUnit& u) { u.text = "int y;"; });
  add([](SourceUnit& u) { u.virtual_files["/p/_cgo_export.h"] = ""; });
  add([](SourceUnit& u) { u.virtual_files["/p/other.h"] = ""; });
  add([](SourceUnit& u) { u.names = {"fg"}; });
  EXPECT_EQ(keys.size(), 12U);
  EXPECT_EQ(unit_key(unit, "program"), unit_key(unit, "program"));
  EXPECT_EQ(program_identity(), program_identity());
  EXPECT_EQ(program_identity().size(), 32U);
}

}  // namespace
}  // namespace cgoscope
