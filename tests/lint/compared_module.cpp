#include "tests/lint/compared_module.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

namespace cgoscope {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

// Fixtures that every Go and the system's C compiler build.
constexpr const char* kFixtures[] = {"callbacks/exported_function",
                                     "constants/go_constants",
                                     "constants/through_wrappers.go",
                                     "cxx/mutex",
                                     "cxx/sleep_for",
                                     "deadlines/clock_nanosleep.go",
                                     "descriptors/fcntl_nonblock.go",
                                     "settings/severities",
                                     "settings/exclude",
                                     "suppressions/in_a_preamble.go",
                                     "suppressions/on_the_c_line",
                                     "suppressions/unused.go"};

// "Toolchains.GoVet.IsSilentOnHealthyPackages.go_1_19"
fs::path folder_of_test() {
  const testing::TestInfo* test = testing::UnitTest::GetInstance()->current_test_info();
  std::string name = std::string(test->test_suite_name()) + "." + test->name();
  std::replace(name.begin(), name.end(), '/', '.');
  return name;
}

void copy_tree(const fs::path& from, const fs::path& to) {
  for (fs::recursive_directory_iterator entry(from), end; entry != end; ++entry) {
    if (entry->path().filename() == "testdata") entry.disable_recursion_pending();
    if (entry->is_regular_file()) {
      write_text(to / entry->path().lexically_relative(from), file_text(entry->path()));
    }
  }
}

}  // namespace

const std::vector<std::string> kRealPackages = {
    "github.com/bmatsuo/lmdb-go/lmdb", "github.com/google/go-pkcs11/pkcs11",
    "github.com/mattn/go-pointer",     "github.com/opencontainers/runc/libcontainer/nsenter/test",
    "golang.org/x/mobile/app",         "golang.org/x/mobile/gl"};

std::string file_text(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

void write_text(const fs::path& path, const std::string& text) {
  fs::create_directories(path.parent_path());
  if (file_text(path) != text) std::ofstream(path, std::ios::binary) << text;
}

std::string gopath_of_real_packages() {
  std::string gopath;
  for (const std::string& tree : colon_separated("CGOSCOPE_ORACLE_DIRS")) {
    for (const auto& package : fs::directory_iterator(tree)) {
      const fs::path root = package.path() / "usr/share/gocode";
      if (fs::is_directory(root / "src")) gopath += (gopath.empty() ? "" : ":") + root.string();
    }
  }
  return gopath;
}

ComparedModule::ComparedModule(const GoToolchain& toolchain)
    : toolchain_(toolchain), folder_(COMPARED_FOLDER / folder_of_test()) {
  for (const char* variable : {"CGO_CFLAGS", "CGO_CPPFLAGS", "CGO_CXXFLAGS", "CPATH", "GOOS",
                               "GOARCH", "GOWORK", "GO111MODULE", "C_INCLUDE_PATH"}) {
    unsetenv(variable);
  }
  const char* path = std::getenv("PATH");
  const std::string go_folder = toolchain.root.empty() ? "" : toolchain.root + "/bin:";
  environment_ = {"PATH=" + go_folder + (path == nullptr ? "" : path),
                  "GOTOOLCHAIN=local",
                  "GOFLAGS=-mod=mod",
                  "CGO_ENABLED=1",
                  "GOCACHE=" COMPARED_FOLDER "/cache",
                  "CGOSCOPE_CACHE=" COMPARED_FOLDER "/summaries"};
  const auto version = run_process({go(), "version"}, "/", environment_, 60);
  if (!version || version->status != 0) return;
  const size_t at = version->out.find("go1.");
  if (at != std::string::npos) go_minor_ = std::stoi(version->out.substr(at + 4));
  write_text(folder_ / "go.mod", "module example.org/compared\n\ngo 1.19\n");
}

Result<ProcessOutput> ComparedModule::run(const std::vector<std::string>& arguments) const {
  return run_process(arguments, folder_.string(), environment_, 600);
}

std::string ComparedModule::absolute(const std::string& path) const {
  return path.starts_with('/') ? path : (folder_ / path).string();
}

void ComparedModule::become(const std::string& fixture) const {
  fs::remove_all(folder_);
  copy_tree(fs::path(PROJECT_FOLDER) / "tests/lint/fixtures" / fixture, folder_);
}

void ComparedModule::copy_packages() const {
  const fs::path project = PROJECT_FOLDER;
  for (const char* example : {"blocking_cgo", "stuck_m"}) {
    for (const char* twin : {"bug", "healthy"}) {
      copy_tree(project / "examples" / example / twin, folder_ / example / twin);
    }
  }
  for (const char* name : kFixtures) {
    const fs::path from = project / "tests/lint/fixtures" / name;
    const fs::path to = folder_ / "fixtures" / fs::path(name).replace_extension();
    if (fs::is_directory(from)) {
      copy_tree(from, to);
    } else {
      write_text(to / from.filename(), file_text(from));
    }
  }
  write_text(folder_ / "plain/plain.go", "package plain\n\nfunc F() int { return 1 }\n");
  write_text(folder_ / "tagged/a.go",
             "package tagged\n\n// #cgo special CFLAGS: -DSECONDS=30\n// #include \"wait.h\"\n"
             "import \"C\"\n\nfunc F() { C.wait_a_while() }\n");
  write_text(folder_ / "tagged/a_test.go",
             "package tagged\n\nimport \"testing\"\n\nfunc TestF(t *testing.T) {}\n");
  write_text(folder_ / "tagged/wait.h",
             "void wait_a_while(void);\n#ifndef SECONDS\n#define SECONDS 0\n#endif\n");
  write_text(folder_ / "tagged/wait.c",
             "#include \"wait.h\"\n#include <unistd.h>\nvoid wait_a_while(void) { "
             "sleep(SECONDS); }\n");
  write_text(folder_ / "tagged/special.c",
             "//go:build special\n\n#include <unistd.h>\nvoid special(void) { sleep(20); }\n");
  write_text(folder_ / "tagged/special.go",
             "//go:build special\n\npackage tagged\n\n// void special(void);\nimport \"C\"\n\n"
             "func G() { C.special() }\n");
}

std::multiset<std::string> ComparedModule::command_line(
    const std::vector<std::string>& options) const {
  std::vector<std::string> arguments = {CGOSCOPE_LINT, "--format", "json"};
  arguments.insert(arguments.end(), options.begin(), options.end());
  const auto output = run(arguments);
  std::multiset<std::string> found;
  EXPECT_TRUE(output.has_value()) << output.error().message();
  if (!output) return found;
  const json report = json::parse(output->out, nullptr, false);
  EXPECT_TRUE(report.is_object()) << output->err;
  if (!report.is_object()) return found;
  const auto place = [&](const json& at, int column) {
    return absolute(at["file"]) + ":" + std::to_string(at["line"].get<int>()) + ":" +
           std::to_string(column);
  };
  for (const json& finding : report["findings"]) {
    const json& main = finding["go"]["file"] == "" ? finding["c"] : finding["go"];
    std::string text = place(main, main["column"]) + ": " + finding["severity"].get<std::string>() +
                       ": " + finding["message"].get<std::string>() + " [" +
                       finding["rule"].get<std::string>() + "]";
    const json& path = finding["path"];
    for (size_t i = 0; i < path.size(); ++i) {
      const bool last = i + 1 == path.size();
      text += "\n" + place(path[i], last ? finding["c"]["column"].get<int>() : 1);
    }
    found.insert(text + "\nadvice: " + finding["advice"].get<std::string>());
  }
  for (const json& error : report["errors"]) {
    found.insert("not analysed: " + error["message"].get<std::string>());
  }
  return found;
}

}  // namespace cgoscope
