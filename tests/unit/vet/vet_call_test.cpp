#include "clang_plugin/vet/vet_call.h"

#include <gmock/gmock.h>

#include <filesystem>
#include <string>

#include "clang_plugin/packages/source_tree.h"
#include "tests/unit/packages/temporary_tree.h"

namespace cgoscope {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(VetCall, IsKnownByItsArguments) {
  EXPECT_TRUE(is_called_by_go_vet({"-flags"}));
  EXPECT_TRUE(is_called_by_go_vet({"-V=full"}));
  EXPECT_TRUE(is_called_by_go_vet({"-json", "/tmp/b001/vet.cfg"}));
  EXPECT_FALSE(is_called_by_go_vet({}));
  EXPECT_FALSE(is_called_by_go_vet({"./..."}));
  EXPECT_FALSE(is_called_by_go_vet({"--format", "json", "./p"}));
}

TEST(VetArguments, HaveOneDashOrTwo) {
  const auto options = parse_vet_arguments({"-threshold=2s", "-json", "-tags", "a,b c", "-fail-on",
                                            "error", "--partial=ok", "/tmp/vet.cfg"});
  ASSERT_TRUE(options) << options.error().message();
  EXPECT_EQ(options->lint.threshold_ns, 2000000000);
  EXPECT_TRUE(options->json);
  EXPECT_THAT(options->lint.tags, ElementsAre("a", "b", "c"));
  EXPECT_EQ(options->output.least, Severity::kError);
  EXPECT_FALSE(options->output.problems);
  EXPECT_EQ(options->config, "/tmp/vet.cfg");
  const auto plain = parse_vet_arguments({"-json=false", "/tmp/vet.cfg"});
  ASSERT_TRUE(plain) << plain.error().message();
  EXPECT_FALSE(plain->json);
  EXPECT_EQ(plain->output.least, Severity::kNote);
  EXPECT_TRUE(plain->output.problems);
  EXPECT_FALSE(plain->lint.threshold_ns.has_value());
}

TEST(VetArguments, WrongOnesAreNamed) {
  const auto why = [](const std::string& argument) {
    const auto options = parse_vet_arguments({argument, "/tmp/vet.cfg"});
    return options ? "accepted" : options.error().message();
  };
  EXPECT_THAT(why("-threshold=5"), HasSubstr("-threshold: not a duration: '5'"));
  EXPECT_THAT(why("-fail-on=fatal"), HasSubstr("fatal"));
  EXPECT_THAT(why("-speed=9"), HasSubstr("speed"));
  EXPECT_THAT(why("-fix"), HasSubstr("mends nothing"));
  EXPECT_THAT(why("-diff"), HasSubstr("mends nothing"));
}

class VetCallTest : public testing::Test {
 protected:
  std::string config(const std::string& file, bool only_facts,
                     const std::string& output = "") const {
    return tree_.write("b001/vet.cfg", R"({"ID": "p", "Dir": ")" + tree_.path("p") +
                                           R"(", "ImportPath": "p", "GoFiles": [")" + file +
                                           R"("], "VetxOnly": )" + (only_facts ? "true" : "false") +
                                           R"(, "VetxOutput": ")" + tree_.path("b001/vet.out") +
                                           R"(", "Stdout": ")" + output + "\"}");
  }
  // Of a package that imports example.org/slow, whose facts `facts` holds.
  std::string importer(const std::string& file, bool only_facts, const std::string& facts,
                       const std::string& standard = "") const {
    std::string text = *read_bytes(config(file, only_facts), 10000);
    text.pop_back();
    return tree_.write("b001/vet.cfg", text + R"(, "Standard": {)" + standard +
                                           R"(}, "ImportMap": {"slow": "example.org/slow"},)" +
                                           R"( "PackageVetx": {"example.org/slow": ")" +
                                           tree_.write("b002/vet.out", facts) + "\"}}");
  }
  bool has_facts() const { return std::filesystem::exists(tree_.path("b001/vet.out")); }

  TemporaryTree tree_;
};

TEST_F(VetCallTest, ADependencyNeedsNoClangAndItsFactsAreWritten) {
  const std::string made_by_cgo = tree_.path("b001/a.cgo1.go");
  EXPECT_EQ(answer_without_clang({"-json", config(made_by_cgo, true)}), VetStatus::kClean);
  EXPECT_TRUE(has_facts());
}

TEST_F(VetCallTest, APackageWithoutCgoNeedsNoClangAndHasNoFindings) {
  const std::string output = tree_.path("b001/vet.stdout");
  EXPECT_EQ(answer_without_clang({"-json", config(tree_.path("p/a.go"), false, output)}),
            VetStatus::kClean);
  EXPECT_EQ(read_bytes(output, 100), "{}\n");
  EXPECT_TRUE(has_facts());
}

TEST_F(VetCallTest, APackageWithCgoIsLeftToTheLint) {
  EXPECT_EQ(answer_without_clang({config(tree_.path("b001/a.cgo1.go"), false)}), std::nullopt);
  EXPECT_EQ(answer_without_clang({"-V=full"}), std::nullopt);
  EXPECT_EQ(answer_without_clang({"./..."}), std::nullopt);
}

TEST_F(VetCallTest, AcrossPackagesOnlyWhatHasSomethingToHandOnNeedsTheLint) {
  const std::string with_cgo = tree_.path("b001/a.cgo1.go"), plain = tree_.path("p/a.go");
  const auto answer = [](const std::string& config) {
    return answer_without_clang({"-json", "-across-packages", config});
  };
  EXPECT_EQ(answer(config(with_cgo, true)), std::nullopt);
  EXPECT_EQ(answer(config(plain, true)), VetStatus::kClean);
  EXPECT_EQ(answer(importer(plain, true, "")), VetStatus::kClean);
  EXPECT_EQ(answer(importer(plain, false, "")), VetStatus::kClean);
  EXPECT_EQ(answer(importer(plain, true, "{}")), std::nullopt);
  EXPECT_EQ(answer(importer(plain, false, "{}")), std::nullopt);
  EXPECT_EQ(answer(importer(plain, false, "{}", R"("example.org/slow": true)")), VetStatus::kClean);
  // Without the flag, whatever there is.
  EXPECT_EQ(answer_without_clang({"-json", importer(plain, true, "{}")}), VetStatus::kClean);
  EXPECT_EQ(answer_without_clang({"-json", importer(plain, false, "{}")}), VetStatus::kClean);
}

TEST_F(VetCallTest, AcrossPackagesGosOwnLibraryHandsNothingOn) {
  ScopedVariables variables;
  const std::string with_cgo = config(tree_.path("b001/a.cgo1.go"), true);
  variables.set("GOROOT", tree_.root() + "/nowhere");
  EXPECT_EQ(answer_without_clang({"-across-packages", with_cgo}), std::nullopt);
  variables.set("GOROOT", tree_.root());
  tree_.write("b001/vet.cfg",
              R"({"Dir": ")" + tree_.path("src/net") + R"(", "ImportPath": "net", "GoFiles": [")" +
                  tree_.path("b001/a.cgo1.go") + R"("], "VetxOnly": true, "VetxOutput": ")" +
                  tree_.path("b001/vet.out") + "\"}");
  EXPECT_EQ(answer_without_clang({"-across-packages", with_cgo}), VetStatus::kClean);
}

TEST_F(VetCallTest, WrongFlagsAreNotSaidOfEachDependency) {
  EXPECT_EQ(answer_without_clang({"-threshold=5", config(tree_.path("p/a.go"), true)}),
            VetStatus::kClean);
}

TEST_F(VetCallTest, WhatCannotBeDoneIsAFailure) {
  EXPECT_EQ(answer_without_clang({"-threshold=5", config(tree_.path("p/a.go"), false)}),
            VetStatus::kUsage);
  EXPECT_EQ(answer_without_clang({tree_.path("nowhere/vet.cfg")}), VetStatus::kNothingDone);
  EXPECT_EQ(answer_without_clang({tree_.write("c/vet.cfg", "{}")}), VetStatus::kNothingDone);
  EXPECT_EQ(answer_without_clang({"-json", config(tree_.path("p/a.go"), false, "/nowhere/out")}),
            VetStatus::kNothingDone);
}

}  // namespace
}  // namespace cgoscope
