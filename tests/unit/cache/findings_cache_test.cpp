// Findings that are kept, against findings that are made. Each question is asked in a run of its
// own.
#include "clang_plugin/cache/findings_cache.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "clang_plugin/cache/run_cache.h"
#include "tests/unit/packages/temporary_tree.h"

namespace cgoscope {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

const std::string kKey = "0123456789abcdef0123456789abcdef";

PackageFindings full_findings() {
  Finding finding;
  finding.id = "1";
  finding.rule = "busy-wait";
  finding.severity = Severity::kError;
  finding.bound = Bound::kBounded;
  finding.bound_ms = -3;
  finding.go = {"example.org/p", "a.go", 7, 2, "example.org/p.F", "C.f"};
  finding.c = CPlace{"a.c", 3, 4, "f", "sleep"};
  finding.path = {{"f", "a.c", 1}, {"g", "b.h", 2}};
  finding.message = "m";
  finding.advice = "a";
  Finding bare;
  bare.severity = Severity::kNote;
  return {{finding, bare},
          {{{{"/p/a.go", 7}, {"/p/a.c", 3}}, true}, {{{"/p/a.go", 9}}, false}},
          {{"/p/a.go", 5, "too much"}},
          {{"acme_wait", "acme.h", true, finding.go}, {"made_up", "", false, {}}},
          12};
}

bool alike(const PackageFindings& a, const PackageFindings& b) {
  return encode_findings(kKey, a) == encode_findings(kKey, b);
}

TEST(KeptFindings, KeepEveryField) {
  const PackageFindings all = full_findings();
  const auto read = decode_findings(kKey, encode_findings(kKey, all));
  ASSERT_TRUE(read);
  EXPECT_EQ(read->findings[0].id, "1");
  EXPECT_EQ(read->findings[0].rule, "busy-wait");
  EXPECT_EQ(read->findings[0].severity, Severity::kError);
  EXPECT_EQ(read->findings[0].bound, Bound::kBounded);
  EXPECT_EQ(read->findings[0].bound_ms, -3);
  EXPECT_EQ(read->findings[0].go.column, 2);
  EXPECT_EQ(read->findings[0].c.value_or(CPlace{}).call, "sleep");
  EXPECT_EQ(read->findings[0].path[1].function, "g");
  EXPECT_FALSE(read->findings[1].bound || read->findings[1].bound_ms || read->findings[1].c);
  EXPECT_EQ(read->places[0].places, all.places[0].places);
  EXPECT_TRUE(read->places[0].dropped);
  EXPECT_EQ(read->problems, all.problems);
  EXPECT_EQ(read->unknown, all.unknown);
  EXPECT_TRUE(read->unknown[0].library_has_rows);
  EXPECT_EQ(read->unknown[0].go.line, 7);
  EXPECT_EQ(read->go_call_sites, 12);
  EXPECT_TRUE(alike(*read, all));
}

TEST(KeptFindings, AreNothingWhenDamaged) {
  std::string bytes = encode_findings(kKey, full_findings());
  EXPECT_FALSE(decode_findings("f" + kKey.substr(1), bytes));
  for (size_t size = 0; size < bytes.size(); ++size)
    ASSERT_FALSE(decode_findings(kKey, std::string_view(bytes).substr(0, size))) << size;
  for (size_t i = 0; i < bytes.size() * 8; ++i) {
    bytes[i / 8] = static_cast<char>(bytes[i / 8] ^ (1 << (i % 8)));
    ASSERT_FALSE(decode_findings(kKey, bytes)) << "bit " << i;
    bytes[i / 8] = static_cast<char>(bytes[i / 8] ^ (1 << (i % 8)));
  }
}

TEST(KeptFindings, HaveAPlaceEach) {
  PackageFindings findings = full_findings();
  findings.places[1].places.clear();
  EXPECT_FALSE(decode_findings(kKey, encode_findings(kKey, findings)));
}

std::string shown_elsewhere(const std::string& path) { return "elsewhere" + path; }

class FindingsCacheTest : public testing::Test {
 protected:
  FindingsCacheTest() {
    auto built_in = Catalogue::built_in();
    catalogue_ = std::make_shared<Catalogue>(std::move(*built_in));
    summarised_.package.import_path = "example.org/p";
    summarised_.package.directory = "/p";
    summarised_.package.cgo_files.push_back(parse_go_file(
        "/p/a.go",
        "package p\n\n// #include <unistd.h>\nimport \"C\"\n\nconst N = 30\n\nfunc F() { "
        "C.sleep(N) }\n"));
    TranslationUnit unit;
    unit.main_file = "/p/a.go";
    unit.files = {"/p/a.go"};
    unit.visible["sleep"] = "sleep";
    summarised_.units.push_back(unit);
  }

  bool is_kept() {
    auto folder = CacheFolder::open(tree_.path("cache"));
    EXPECT_TRUE(folder);
    FindingsCache run(*folder, program_);
    EXPECT_TRUE(alike(run.findings_of(summarised_, catalogue_, how_),
                      analyse(summarised_, *catalogue_, how_)));
    EXPECT_EQ(run.found() + run.made(), 1);
    return run.found() == 1;
  }

  TemporaryTree tree_;
  SummarisedPackage summarised_;
  std::shared_ptr<const Catalogue> catalogue_;
  AnalysisOptions how_ = {1000000000, +[](const std::string& path) { return path; }};
  std::string program_ = "program";
};

TEST_F(FindingsCacheTest, KeepsThoseOfAnUnchangedPackage) {
  EXPECT_EQ(analyse(summarised_, *catalogue_, how_).findings.size(), 1U);
  EXPECT_FALSE(is_kept());
  EXPECT_TRUE(is_kept());
}

TEST_F(FindingsCacheTest, WhateverIsTakenInCounts) {
  EXPECT_FALSE(is_kept());
  const auto changes = [&](const char* what) {
    EXPECT_FALSE(is_kept()) << what;
    EXPECT_TRUE(is_kept()) << what;
  };
  how_.threshold_ns = 1;
  changes("the threshold");
  how_.display = shown_elsewhere;
  changes("how paths are shown");
  program_ = "other";
  changes("the program");
  auto more = std::make_shared<Catalogue>(*catalogue_);
  ASSERT_FALSE(more->add_text(
      "library: own\nblocking: [{name: sleep, severity: low, source: own}]\n", "own.yaml"));
  catalogue_ = more;
  changes("the catalogue");
  summarised_.package.cgo_files[0].bindings.at(0).expression = "31";
  changes("a constant in Go");
  summarised_.package.go_files.emplace_back();
  changes("another Go file");
  summarised_.package.machine = "aarch64";
  changes("the machine");
  summarised_.units[0].functions["f"].name = "f";
  changes("a function in C");
  summarised_.units[0].functions["f"].exprs.emplace_back();
  changes("an expression in C");
  summarised_.units[0].functions["f"].exprs[0].value = 1;
  changes("a value in C");
  summarised_.units[0].problems.push_back({"/p/a.go", 1, "x"});
  changes("a problem");
}

TEST_F(FindingsCacheTest, DamagedEntriesAreMadeAgain) {
  EXPECT_FALSE(is_kept());
  for (const auto& entry : fs::recursive_directory_iterator(tree_.path("cache"))) {
    if (entry.is_regular_file()) fs::resize_file(entry.path(), entry.file_size() - 1);
  }
  EXPECT_FALSE(is_kept());
  EXPECT_TRUE(is_kept());
}

TEST(CacheLocation, IsTheFirstThatIsNamed) {
  ScopedVariables variables;
  variables.set("HOME", "/home/u");
  variables.set("XDG_CACHE_HOME", "/x");
  variables.set("CGOSCOPE_CACHE", "/mine");
  const auto is = [](const CacheLocation& location, const std::string& folder, bool asked) {
    return location.folder == folder && location.was_asked_for == asked;
  };
  EXPECT_TRUE(is(cache_location("/given"), "/given", true));
  EXPECT_TRUE(is(cache_location("given"), fs::current_path().string() + "/given", true));
  EXPECT_TRUE(is(cache_location("off"), "", false));
  EXPECT_TRUE(is(cache_location(""), "/mine", true));
  variables.set("CGOSCOPE_CACHE", "off");
  EXPECT_TRUE(is(cache_location(""), "", false));
  EXPECT_TRUE(is(cache_location("/given"), "/given", true));
  variables.set("CGOSCOPE_CACHE", "");
  EXPECT_TRUE(is(cache_location(""), "/x/cgoscope", false));
  variables.unset("CGOSCOPE_CACHE");
  variables.set("XDG_CACHE_HOME", "relative");
  EXPECT_TRUE(is(cache_location(""), "/home/u/.cache/cgoscope", false));
  variables.unset("HOME");
  EXPECT_TRUE(is(cache_location(""), "", false));
}

TEST(OpenCache, SaysWhyOnlyToThoseWhoAsked) {
  const TemporaryTree tree;
  const std::string file = tree.write("file", "");
  std::string complaint;
  EXPECT_FALSE(open_cache({file + "/cache", false}, complaint));
  EXPECT_EQ(complaint, "");
  EXPECT_FALSE(open_cache({file + "/cache", true}, complaint));
  EXPECT_THAT(complaint, HasSubstr("the cache " + file + "/cache is not used: "));
  EXPECT_FALSE(open_cache({"relative", true}, complaint));
  EXPECT_THAT(complaint, HasSubstr("CGOSCOPE_CACHE holds no absolute path"));
  EXPECT_FALSE(fs::exists("relative"));
  complaint.clear();
  EXPECT_TRUE(open_cache({tree.path("cache"), true}, complaint));
  EXPECT_EQ(complaint, "");
}

}  // namespace
}  // namespace cgoscope
