// Files as Go 1.19.8 and 1.27.3 wrote them, shortened.
#include "clang_plugin/vet/vet_config.h"

#include <gmock/gmock.h>

#include <string>

#include "tests/unit/packages/temporary_tree.h"

namespace cgoscope {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::string config_text(const std::string& directory, const std::string& folder,
                        const std::string& more = "") {
  return R"({
	"ID": "example.org/p [example.org/p.test]",
	"Compiler": "gc",
	"Dir": ")" +
         directory + R"(",
	"ImportPath": "example.org/p [example.org/p.test]",
	"GoFiles": [
		")" +
         folder +
         R"(/_cgo_gotypes.go",
		")" +
         folder +
         R"(/z.cgo1.go",
		")" +
         folder +
         R"(/a.cgo1.go",
		")" +
         directory +
         R"(/plain.go",
		")" +
         directory +
         R"(/a_test.go",
		")" +
         folder +
         R"(/_cgo_import.go"
	],
	"NonGoFiles": [],
	"IgnoredFiles": [
		")" +
         directory +
         R"(/windows.c"
	],
	"VetxOnly": false,
	"VetxOutput": ")" +
         folder + R"(/vet.out",
	)" +
         more +
         R"("SucceedOnTypecheckFailure": false
})";
}

std::vector<std::string> names(const std::vector<std::string>& paths) {
  std::vector<std::string> result;
  result.reserve(paths.size());
  for (const std::string& path : paths) result.push_back(path.substr(path.rfind('/') + 1));
  return result;
}

TEST(VetConfig, ReadsWhereTheFactsOfImportsAre) {
  const auto config = parse_vet_config(
      config_text("/m/p", "/tmp/b001",
                  R"("ImportMap": {"fmt": "fmt", "x": "example.org/vendor/x", "odd": 1},
	"PackageVetx": {"fmt": "/c/1", "example.org/vendor/x": "/c/2", "example.org/not": "/c/3"},
	"Standard": {"fmt": true, "example.org/not": false},
	)"),
      "/tmp/b001/vet.cfg");
  ASSERT_TRUE(config) << config.error().message();
  using Map = std::map<std::string, std::string>;
  EXPECT_EQ(config->import_map, (Map{{"fmt", "fmt"}, {"x", "example.org/vendor/x"}}));
  EXPECT_EQ(config->imported_facts,
            (Map{{"example.org/vendor/x", "/c/2"}, {"example.org/not", "/c/3"}}));
  EXPECT_EQ(vetted_package(*config).import_map, config->import_map);
  for (const char* odd : {R"("ImportMap": [], "PackageVetx": 7, "Standard": "all",)",
                          R"("ImportMap": null, "PackageVetx": null, "Standard": null,)"}) {
    const auto read = parse_vet_config(config_text("/m/p", "/tmp/b001", odd), "/tmp/b001/vet.cfg");
    ASSERT_TRUE(read) << odd;
    EXPECT_TRUE(read->imported_facts.empty()) << odd;
  }
}

TEST(VetConfig, ReadsWhatGoWrites) {
  const auto config = parse_vet_config(config_text("/m/p", "/tmp/b001"), "/tmp/b001/vet.cfg");
  ASSERT_TRUE(config) << config.error().message();
  EXPECT_EQ(config->id, "example.org/p [example.org/p.test]");
  EXPECT_EQ(config->directory, "/m/p");
  EXPECT_EQ(config->folder, "/tmp/b001");
  EXPECT_EQ(config->facts_file, "/tmp/b001/vet.out");
  EXPECT_EQ(config->output_file, "");
  EXPECT_FALSE(config->only_facts);
  EXPECT_TRUE(uses_cgo(*config));
}

TEST(VetConfig, ReadsTheFieldsOfNewerReleases) {
  const auto config = parse_vet_config(
      config_text("/m/p", "/tmp/b001",
                  R"("Stdout": "/tmp/b001/vet.stdout", "Module": {"Path": "example.org"},)"),
      "/tmp/b001/vet.cfg");
  ASSERT_TRUE(config) << config.error().message();
  EXPECT_EQ(config->output_file, "/tmp/b001/vet.stdout");
}

TEST(VetConfig, SaysWhyAFileCannotBeRead) {
  const auto why = [](const std::string& text) {
    const auto config = parse_vet_config(text, "/x/vet.cfg");
    return config ? "read" : config.error().message();
  };
  EXPECT_THAT(why("module example.org"), testing::HasSubstr("/x/vet.cfg: it is no JSON object"));
  EXPECT_THAT(why("[]"), testing::HasSubstr("it is no JSON object"));
  EXPECT_THAT(why("{\"Dir\": \"/m\", \"GoFiles\": null}"), testing::HasSubstr("no GoFiles"));
  EXPECT_THAT(why("{\"GoFiles\": [\"/m/a.go\"]}"), testing::HasSubstr("no Dir"));
}

TEST(VetConfig, APackageWithoutCgoIsKnownByItsFiles) {
  VetConfig config;
  config.folder = "/tmp/b001";
  config.go_files = {"/m/p/a.go", "/m/p/odd.cgo1.go"};
  EXPECT_FALSE(uses_cgo(config));
  config.go_files.emplace_back("/tmp/b001/a.cgo1.go");
  EXPECT_TRUE(uses_cgo(config));
}

TEST(VetConfig, FindsTheSourcesOfWhatCgoMade) {
  const TemporaryTree tree;
  const std::string cgo = "package p\n\nimport \"C\"\n";
  tree.write("p/a.go", cgo);
  tree.write("p/z.go", cgo);
  tree.write("p/not_built.go", cgo);
  tree.write("p/plain.go", "package p\n\nconst N = 1\n");
  tree.write("p/a_test.go", "package p\n\nconst N = 2\n");
  for (const char* name : {"c.c", "b.cc", "a.c", "windows.c", "_x.c", ".y.c", "h.h"}) {
    tree.write(std::string("p/") + name, "");
  }
  tree.write("p/f.f90", "");
  const auto config =
      parse_vet_config(config_text(tree.path("p"), tree.path("b001")), tree.path("b001/vet.cfg"));
  ASSERT_TRUE(config) << config.error().message();
  const Package package = vetted_package(*config);
  EXPECT_EQ(package.import_path, "example.org/p");
  EXPECT_EQ(package.name, "p");
  EXPECT_EQ(package.directory, tree.path("p"));
  ASSERT_EQ(package.cgo_files.size(), 2U);
  EXPECT_EQ(package.cgo_files[0].path, tree.path("p/a.go"));
  EXPECT_EQ(package.cgo_files[1].path, tree.path("p/z.go"));
  ASSERT_EQ(package.go_files.size(), 1U);
  EXPECT_EQ(package.go_files[0].path, tree.path("p/plain.go"));
  EXPECT_THAT(names(package.c_files), ElementsAre("a.c", "c.c"));
  EXPECT_THAT(names(package.cxx_files), ElementsAre("b.cc"));
  ASSERT_EQ(package.problems.size(), 1U);
  EXPECT_EQ(package.problems[0].message, "Fortran is not analysed");
}

TEST(VetConfig, NamedFilesAreAPackageWithoutCFiles) {
  const TemporaryTree tree;
  tree.write("go.mod", "module example.org/m\n");
  tree.write("p/a.go", "package main\n\nimport \"C\"\n");
  tree.write("p/slow.c", "");
  VetConfig config;
  config.folder = tree.path("b001");
  config.directory = tree.path("p");
  config.import_path = "command-line-arguments";
  config.go_files = {tree.path("b001/a.cgo1.go")};
  const Package package = vetted_package(config);
  EXPECT_EQ(package.import_path, "example.org/m/p");
  EXPECT_EQ(package.cgo_files.size(), 1U);
  EXPECT_THAT(package.c_files, IsEmpty());
}

TEST(VetConfig, ASourceThatIsNotThereIsAProblem) {
  const TemporaryTree tree;
  tree.write("p/b.go", "package p\n");
  VetConfig config;
  config.folder = tree.path("b001");
  config.directory = tree.path("p");
  config.import_path = "example.org/p";
  config.go_files = {tree.path("b001/a.cgo1.go")};
  const Package package = vetted_package(config);
  ASSERT_EQ(package.problems.size(), 1U);
  EXPECT_EQ(package.problems[0].file, tree.path("p/a.go"));
}

}  // namespace
}  // namespace cgoscope
