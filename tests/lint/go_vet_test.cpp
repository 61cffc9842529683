// The lint under go vet, with every Go toolchain at hand: it says what the command line says, and
// Go runs it again when, and only when, something changed.
//
// A module is made of examples, fixtures and a package with build tags. It stays at one place in
// the build folder, so that Go compiles it once.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <random>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "clang_plugin/packages/subprocess.h"
#include "tests/go_toolchains.h"

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

std::string read_file(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

void write_file(const fs::path& path, const std::string& text) {
  fs::create_directories(path.parent_path());
  if (read_file(path) != text) std::ofstream(path, std::ios::binary) << text;
}

class GoVet : public testing::TestWithParam<GoToolchain> {
 protected:
  void SetUp() override {
    for (const char* name : {"CGO_CFLAGS", "CGO_CPPFLAGS", "CGO_CXXFLAGS", "CPATH", "GOOS",
                             "GOARCH", "GOWORK", "GO111MODULE", "C_INCLUDE_PATH"}) {
      unsetenv(name);
    }
    const std::string name =
        GetParam().root.empty() ? "in_PATH" : fs::path(GetParam().root).filename().string();
    folder_ =
        fs::path(GO_VET_FOLDER) / testing::UnitTest::GetInstance()->current_test_info()->name();
    folder_ = folder_.string() + "." + name;
    const char* path = std::getenv("PATH");
    const std::string go_folder = GetParam().root.empty() ? "" : GetParam().root + "/bin:";
    environment_ = {"PATH=" + go_folder + (path == nullptr ? "" : path), "GOTOOLCHAIN=local",
                    "GOFLAGS=-mod=mod", "CGO_ENABLED=1",
                    "GOCACHE=" + (fs::path(GO_VET_FOLDER) / "cache").string()};
    const auto version = run({GetParam().go(), "version"});
    if (!version || version->status != 0) GTEST_SKIP() << "no " << GetParam().go();
    const size_t at = version->out.find("go1.");
    ASSERT_NE(at, std::string::npos) << version->out;
    minor_ = std::stoi(version->out.substr(at + 4));
    write_file(folder_ / "go.mod", "module example.org/vetted\n\ngo 1.19\n");
  }

  Result<ProcessOutput> run(const std::vector<std::string>& arguments) const {
    const std::string directory = fs::exists(folder_) ? folder_.string() : "/";
    return run_process(arguments, directory, environment_, 600);
  }

  ProcessOutput vet(std::vector<std::string> arguments, const std::string& tool = CGOSCOPE_LINT) {
    arguments.insert(arguments.begin(), {GetParam().go(), "vet", "-vettool=" + tool});
    auto output = run(arguments);
    EXPECT_TRUE(output.has_value()) << output.error().message();
    return output ? *output : ProcessOutput{};
  }

  std::string absolute(const std::string& path) const {
    return path.starts_with('/') ? path : (folder_ / path).string();
  }

  // What the command line finds, each as go vet says it: place, message, and the related places.
  std::multiset<std::string> command_line(const std::vector<std::string>& options) {
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
      std::string text =
          place(main, main["column"]) + ": " + finding["severity"].get<std::string>() + ": " +
          finding["message"].get<std::string>() + " [" + finding["rule"].get<std::string>() + "]";
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

  // The same from `go vet -json`.
  std::multiset<std::string> under_vet(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "-json");
    const ProcessOutput output = vet(arguments);
    EXPECT_EQ(output.status, 0) << output.err;
    std::string text;  // until Go 1.24 "# package" stands before each, on standard error
    std::istringstream lines(output.out + output.err);
    for (std::string line; std::getline(lines, line);) {
      if (!line.starts_with('#')) text += line + "\n";
    }
    std::multiset<std::string> found;
    std::istringstream objects(text);
    while (objects >> std::ws && objects.peek() != EOF) {
      json tree;
      objects >> tree;
      for (const auto& [id, tools] : tree.items()) {
        for (const json& diagnostic : tools["cgoscope"]) found.insert(as_text(diagnostic));
      }
    }
    return found;
  }

  static std::string as_text(const json& diagnostic) {
    if (diagnostic["category"] == "not-analysed") return diagnostic["message"];
    std::string text =
        diagnostic["posn"].get<std::string>() + ": " + diagnostic["message"].get<std::string>();
    for (const json& related : diagnostic["related"]) {
      const std::string message = related["message"];
      text +=
          "\n" + (message.starts_with("advice: ") ? message : related["posn"].get<std::string>());
    }
    return text;
  }

  void copy_packages() {
    const fs::path project = PROJECT_FOLDER;
    const auto copy = [&](const fs::path& from, const fs::path& to) {
      fs::create_directories(to);
      for (const auto& entry : fs::directory_iterator(from)) {
        if (entry.is_regular_file()) {
          write_file(to / entry.path().filename(), read_file(entry.path()));
        } else if (entry.path().filename() != "testdata") {
          fs::create_directories(to / entry.path().filename());
          for (const auto& inner : fs::directory_iterator(entry)) {
            if (inner.is_regular_file()) {
              write_file(to / entry.path().filename() / inner.path().filename(),
                         read_file(inner.path()));
            }
          }
        }
      }
    };
    for (const char* example : {"blocking_cgo", "stuck_m"}) {
      for (const char* twin : {"bug", "healthy"}) {
        copy(project / "examples" / example / twin, folder_ / example / twin);
      }
    }
    for (const char* name : kFixtures) {
      const fs::path from = project / "tests/lint/fixtures" / name;
      const fs::path to = folder_ / "fixtures" / fs::path(name).replace_extension();
      if (fs::is_directory(from)) {
        copy(from, to);
      } else {
        write_file(to / from.filename(), read_file(from));
      }
    }
    write_file(folder_ / "plain/plain.go", "package plain\n\nfunc F() int { return 1 }\n");
    write_file(folder_ / "tagged/a.go",
               "package tagged\n\n// #cgo special CFLAGS: -DSECONDS=30\n// #include \"wait.h\"\n"
               "import \"C\"\n\nfunc F() { C.wait_a_while() }\n");
    write_file(folder_ / "tagged/a_test.go",
               "package tagged\n\nimport \"testing\"\n\nfunc TestF(t *testing.T) {}\n");
    write_file(folder_ / "tagged/wait.h",
               "void wait_a_while(void);\n#ifndef SECONDS\n#define SECONDS 0\n#endif\n");
    write_file(folder_ / "tagged/wait.c",
               "#include \"wait.h\"\n#include <unistd.h>\nvoid wait_a_while(void) { "
               "sleep(SECONDS); }\n");
    write_file(folder_ / "tagged/special.c",
               "//go:build special\n\n#include <unistd.h>\nvoid special(void) { sleep(20); }\n");
    write_file(folder_ / "tagged/special.go",
               "//go:build special\n\npackage tagged\n\n// void special(void);\nimport \"C\"\n\n"
               "func G() { C.special() }\n");
  }

  fs::path folder_;
  std::vector<std::string> environment_;
  int minor_ = 0;
};

TEST_P(GoVet, SaysWhatTheCommandLineSays) {
  copy_packages();
  const std::multiset<std::string> expected = command_line({"./..."});
  EXPECT_GE(expected.size(), 20U);
  EXPECT_EQ(under_vet({"./..."}), expected);
  // The same for a person: as lines with paths from where the user is, and a status that fails.
  const ProcessOutput lines = vet({"./..."});
  EXPECT_NE(lines.status, 0);
  for (const std::string& finding : expected) {
    std::string line = finding.substr(0, finding.find('\n'));
    if (line.starts_with(folder_.string() + "/")) line.erase(0, folder_.string().size() + 1);
    EXPECT_NE(lines.err.find(line + "\n"), std::string::npos) << line << " is not in\n"
                                                              << lines.err;
  }
  EXPECT_NE(lines.err.find("blocking_cgo/bug/sensor.c:9:10: \twait_readable calls poll here\n"),
            std::string::npos)
      << lines.err;
}

TEST_P(GoVet, TakesFlagsAndBuildTags) {
  copy_packages();
  EXPECT_EQ(under_vet({"./tagged"}), command_line({"./tagged"}));
  EXPECT_TRUE(under_vet({"./tagged"}).empty());
  for (const std::vector<std::string>& flags :
       {std::vector<std::string>{"-tags=special"}, {"-tags", "special"}, {"-tags=other,special"}}) {
    std::vector<std::string> arguments = flags;
    arguments.emplace_back("./tagged");
    const auto found = under_vet(arguments);
    EXPECT_EQ(found.size(), 2U);
    EXPECT_EQ(found, command_line({"--tags", "special", "./tagged"}));
  }
  const auto below_a_minute = command_line({"--threshold", "1m", "./blocking_cgo/bug"});
  EXPECT_NE(below_a_minute, command_line({"./blocking_cgo/bug"}));
  EXPECT_EQ(under_vet({"-threshold=1m", "./blocking_cgo/bug"}), below_a_minute);
  EXPECT_EQ(under_vet({"-threshold", "1m", "./blocking_cgo/bug"}), below_a_minute);
  const auto without_c_file = command_line({"blocking_cgo/bug/main.go"});
  EXPECT_EQ(without_c_file.size(), 1U);
  EXPECT_EQ(under_vet({"blocking_cgo/bug/main.go"}), without_c_file);
  EXPECT_EQ(under_vet({"-trimpath", "./blocking_cgo/bug"}), command_line({"./blocking_cgo/bug"}));
  for (const std::string& finding : under_vet({"-fail-on=error", "./blocking_cgo/bug"})) {
    EXPECT_NE(finding.find(": error: "), std::string::npos) << finding;
  }
  const ProcessOutput wrong = vet({"-threshold=5", "./blocking_cgo/bug"});
  EXPECT_NE(wrong.status, 0);
  EXPECT_NE(wrong.err.find("-threshold: not a duration: '5'"), std::string::npos) << wrong.err;
}

TEST_P(GoVet, IsSilentOnHealthyPackages) {
  copy_packages();
  const ProcessOutput output = vet({"./blocking_cgo/healthy", "./stuck_m/healthy", "./plain"});
  EXPECT_EQ(output.status, 0);
  EXPECT_EQ(output.err, "");
  EXPECT_EQ(output.out, "");
}

TEST_P(GoVet, RunsAgainOnlyWhenSomethingChanged) {
  fs::remove_all(folder_);
  write_file(folder_ / "go.mod", "module example.org/vetted\n\ngo 1.19\n");
  const std::string unique = std::to_string(std::random_device()());  // not in Go's cache yet
  write_file(folder_ / "p/p.go",
             "package p\n\n// #include \"own.h\"\nimport \"C\"\n\nconst Unique = " + unique +
                 "\n\nfunc F() { C.own(); C.getppid(); C.sleep(3) }\n");
  write_file(folder_ / "p/own.h", "#include <unistd.h>\nvoid own(void);\n");
  write_file(folder_ / "p/own.c", "void own(void) {}\n");
  // Logs the package of each call, then is the lint.
  const std::string log = (folder_ / "log").string();
  const std::string tool = (folder_ / "tool").string();
  write_file(tool,
             "#!/bin/sh\nfor last; do :; done\ncase $last in *.cfg) sed -n "
             "'s/.*\"ImportPath\": \"\\(.*\\)\".*/\\1/p' \"$last\" >>" +
                 log + ";; esac\nexec " CGOSCOPE_LINT " \"$@\"\n");
  fs::permissions(tool, fs::perms::owner_all);
  const auto calls = [&](const std::vector<std::string>& flags, std::string* found) {
    fs::remove(log);
    std::vector<std::string> arguments = flags;
    arguments.emplace_back("./...");
    *found = vet(arguments, tool).err;
    return read_file(log);
  };
  std::string first, found;
  const std::string package = "example.org/vetted/p\n";
  EXPECT_NE(calls({}, &first).find(package), std::string::npos);
  EXPECT_NE(first.find("C.sleep can block for 3s"), std::string::npos) << first;
  EXPECT_EQ(first.find("getppid can"), std::string::npos) << first;

  // Until Go 1.24 what go vet is asked about runs each time, and only its dependencies are cached.
  EXPECT_EQ(calls({}, &found), minor_ >= 26 ? "" : package);
  EXPECT_EQ(found, first);

  EXPECT_NE(calls({"-threshold=5s"}, &found).find(package), std::string::npos);
  EXPECT_EQ(found.find("C.sleep can"), std::string::npos) << found;

  write_file(
      folder_ / "rows.yaml",
      "library: own\nblocking: [{name: getppid, severity: high, instead: x, source: own}]\n");
  write_file(folder_ / ".cgoscope.yaml", "catalogue: rows.yaml\n");
  EXPECT_NE(calls({}, &found).find(package), std::string::npos);
  EXPECT_NE(found.find("C.getppid can block"), std::string::npos) << found;
  EXPECT_NE(found.find("error: C.getppid"), std::string::npos) << found;

  write_file(
      folder_ / "rows.yaml",
      "library: own\nblocking: [{name: getppid, severity: low, instead: x, source: own}]\n");
  EXPECT_NE(calls({}, &found).find(package), std::string::npos);
  EXPECT_NE(found.find("note: C.getppid"), std::string::npos) << found;

  write_file(folder_ / "p/own.c", "#include <unistd.h>\nvoid own(void) { pause(); }\n");
  EXPECT_NE(calls({}, &found).find(package), std::string::npos);

  write_file(folder_ / "p/.cgoscope.yaml", "severities: {getppid: off, sleep: off, pause: off}\n");
  EXPECT_NE(calls({}, &found).find(package), std::string::npos);
  EXPECT_EQ(found, "");
}

INSTANTIATE_TEST_SUITE_P(Toolchains, GoVet, testing::ValuesIn(go_toolchains()), toolchain_name);

}  // namespace
}  // namespace cgoscope
