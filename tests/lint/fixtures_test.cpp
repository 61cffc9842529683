// Small Go programs that ask the lint one question each and carry the answer (expectations.h). A
// fixture is a .go file or a folder two levels below fixtures/, and a test of its own, named after
// its path. Most hold the healthy twin of what they ask beside it: the same calls with what makes
// them return.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <string>
#include <vector>

#include "clang_plugin/cache/run_cache.h"
#include "clang_plugin/lint.h"
#include "tests/lint/expectations.h"
#include "tests/unit/packages/temporary_tree.h"

namespace cgoscope {
namespace {

namespace fs = std::filesystem;

#if defined(__x86_64__)
constexpr const char* kOtherArchitecture = "_arm64";
#else
constexpr const char* kOtherArchitecture = "_amd64";
#endif

class LintFixture : public testing::Test {
 public:
  explicit LintFixture(fs::path path) : path_(std::move(path)) {}

  void TestBody() override {
    if (path_.stem().string().ends_with(kOtherArchitecture))
      GTEST_SKIP() << "for another architecture than this machine's";
    Expectations expected = read_expectations(path_.string());
    if (expected.needs_go && std::system("go version >/dev/null 2>&1") != 0)
      GTEST_SKIP() << "no go command in PATH";
    LintOptions options = expected.options;
    options.patterns = {path_.string() + (options.across_packages ? "/..." : "")};
    options.jobs = 2;
    const TemporaryTree cache;
    int made = 0;
    const auto report = run_with_cache(options, cache.root(), made);
    ASSERT_TRUE(report.has_value()) << report.error().message();
    const fs::path root = fs::is_directory(path_) ? path_ : path_.parent_path();
    EXPECT_EQ(differences(expected, *report, root.string()), "")
        << "-: expected and not reported, +: reported and not expected";
    EXPECT_EQ(malformed_findings(*report), "");

    // What was kept says the same, and is all that the second run needs.
    const auto warm = run_with_cache(options, cache.root(), made);
    ASSERT_TRUE(warm.has_value()) << warm.error().message();
    EXPECT_EQ(text_of(*warm), text_of(*report));
    EXPECT_EQ(made, 0) << "files and packages that were looked at though they were kept";
  }

 private:
  static Result<LintReport> run_with_cache(LintOptions options, const std::string& folder,
                                           int& made) {
    auto opened = SummaryCache::open(folder);
    if (!opened) return opened.error();
    RunCache cache(std::move(*opened));
    cache.serve(options);
    auto report = run_lint(options);
    made = cache.summaries().made() + cache.findings().made();
    return report;
  }

  // In all formats, but for the time that it took.
  static std::string text_of(LintReport report) {
    report.stats.elapsed_ms = 0;
    report.lists_unknown = true;
    return render_json(report) + render_text(report, {}) + render_sarif(report, {});
  }

  fs::path path_;
};

void register_fixtures(const fs::path& root) {
  std::vector<fs::path> fixtures;
  for (const auto& topic : fs::directory_iterator(root)) {
    if (!topic.is_directory()) continue;
    for (const auto& entry : fs::directory_iterator(topic)) {
      if (entry.is_directory() || entry.path().extension() == ".go")
        fixtures.push_back(entry.path());
    }
  }
  std::sort(fixtures.begin(), fixtures.end());
  for (const fs::path& fixture : fixtures) {
    const std::string topic = fixture.parent_path().filename().string();
    testing::RegisterTest(topic.c_str(), fixture.stem().c_str(), nullptr, nullptr, __FILE__,
                          __LINE__,
                          [fixture]() -> LintFixture* { return new LintFixture(fixture); });
  }
}

}  // namespace
}  // namespace cgoscope

int main(int argc, char** argv) {
  // What the user's environment says of Go and C must not decide what a fixture means.
  for (const char* name :
       {"CGO_CFLAGS", "CGO_CPPFLAGS", "CGO_CXXFLAGS", "CGO_ENABLED", "CGO_CFLAGS_ALLOW",
        "CGO_CFLAGS_DISALLOW", "GOFLAGS", "GO111MODULE", "GOWORK", "GOOS", "GOARCH",
        "C_INCLUDE_PATH", "CPATH", "CPLUS_INCLUDE_PATH"}) {
    unsetenv(name);
  }
  setenv("GOTOOLCHAIN", "local", 1);
  testing::InitGoogleTest(&argc, argv);
  cgoscope::register_fixtures(LINT_FIXTURES);
  return RUN_ALL_TESTS();
}
