// The lint under go vet, with every Go toolchain at hand: it says what the command line says, and
// Go runs it again when, and only when, something changed.
#include <gtest/gtest.h>

#include <filesystem>
#include <iostream>
#include <nlohmann/json.hpp>
#include <optional>
#include <random>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "tests/lint/compared_module.h"

namespace cgoscope {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

class GoVet : public testing::TestWithParam<GoToolchain> {
 protected:
  void SetUp() override {
    module_.emplace(GetParam());
    if (module_->go_minor() == 0) GTEST_SKIP() << "no " << GetParam().go();
  }

  ProcessOutput vet(std::vector<std::string> arguments, const std::string& tool = CGOSCOPE_LINT) {
    arguments.insert(arguments.begin(), {module_->go(), "vet", "-vettool=" + tool});
    auto output = module_->run(arguments);
    EXPECT_TRUE(output.has_value()) << output.error().message();
    return output ? *output : ProcessOutput{};
  }

  std::multiset<std::string> command_line(const std::vector<std::string>& options) const {
    return module_->command_line(options);
  }

  // The same from `go vet -json`.
  std::multiset<std::string> under_vet(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "-json");
    const ProcessOutput output = vet(arguments);
    EXPECT_EQ(output.status, 0) << output.err;
    // Until Go 1.24 all is on standard error, with "# package" before it, as are warnings of the C
    // compiler.
    std::string text;
    bool inside = false;
    std::istringstream lines(output.out + output.err);
    for (std::string line; std::getline(lines, line);) {
      inside = inside || line.starts_with('{');
      if (inside) text += line + "\n";
      if (line == "}" || line == "{}") inside = false;
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

  std::optional<ComparedModule> module_;
};

TEST_P(GoVet, SaysWhatTheCommandLineSays) {
  module_->copy_packages();
  const std::multiset<std::string> expected = command_line({"./..."});
  EXPECT_GE(expected.size(), 20U);
  EXPECT_EQ(under_vet({"./..."}), expected);
  // The same for a person: as lines with paths from where the user is, and a status that fails.
  const ProcessOutput lines = vet({"./..."});
  EXPECT_NE(lines.status, 0);
  for (const std::string& finding : expected) {
    std::string line = finding.substr(0, finding.find('\n'));
    if (line.starts_with(module_->folder().string() + "/"))
      line.erase(0, module_->folder().string().size() + 1);
    EXPECT_NE(lines.err.find(line + "\n"), std::string::npos) << line << " is not in\n"
                                                              << lines.err;
  }
  EXPECT_NE(lines.err.find("blocking_cgo/bug/sensor.c:9:10: \twait_readable calls poll here\n"),
            std::string::npos)
      << lines.err;
}

TEST_P(GoVet, SaysTheSameOfRealPackages) {
  const std::string gopath = gopath_of_real_packages();
  if (gopath.empty()) GTEST_SKIP() << "CGOSCOPE_ORACLE_DIRS names no packages of Debian";
  module_->set("GO111MODULE=off");
  module_->set("GOFLAGS=");
  module_->set("GOPATH=" + gopath);
  int compared = 0;
  size_t findings = 0;
  for (const std::string& package : kRealPackages) {
    const auto built = module_->run({module_->go(), "build", "-o", "/dev/null", package});
    ASSERT_TRUE(built.has_value()) << built.error().message();
    if (built->status != 0) {
      std::cout << package << " does not build with this Go: " << built->err << '\n';
      continue;
    }
    const auto expected = command_line({package});
    EXPECT_EQ(under_vet({package}), expected) << package;
    findings += expected.size();
    ++compared;
  }
  EXPECT_GE(compared, 5);
  EXPECT_GE(findings, 5U);
}

TEST_P(GoVet, SaysTheSameAcrossPackages) {
  module_->become("across/three_packages");
  const auto across = command_line({"--across-packages", "./..."});
  const auto without = command_line({"./..."});
  EXPECT_EQ(across.size(), 12U);
  EXPECT_EQ(without.size(), 6U);  // a comment on the way covers nothing then
  EXPECT_EQ(under_vet({"-across-packages", "./..."}), across);
  EXPECT_EQ(under_vet({"./..."}), without);
  // Of a package whose imports are named by nobody, two packages away.
  const auto app = command_line({"--across-packages", "./app"});
  EXPECT_GE(app.size(), 5U);
  EXPECT_EQ(under_vet({"-across-packages", "./app"}), app);
  EXPECT_TRUE(under_vet({"./app"}).empty());
  // A change far away is seen, and so is one of the settings on the way.
  const fs::path c_file = module_->folder() / "slow/slow.c";
  const std::string blocking = file_text(c_file);
  write_text(c_file, "int wait_for_answer(void) { return 0; }\n");
  const auto fewer = command_line({"--across-packages", "./app"});
  EXPECT_LT(fewer.size(), app.size());
  EXPECT_EQ(under_vet({"-across-packages", "./app"}), fewer);
  write_text(c_file, blocking);
  write_text(module_->folder() / "store/.cgoscope.yaml", "severities: {pause: off}\n");
  EXPECT_EQ(command_line({"--across-packages", "./app"}), fewer);
  EXPECT_EQ(under_vet({"-across-packages", "./app"}), fewer);
}

TEST_P(GoVet, TakesFlagsAndBuildTags) {
  module_->copy_packages();
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
  module_->copy_packages();
  const ProcessOutput output = vet({"./blocking_cgo/healthy", "./stuck_m/healthy", "./plain"});
  EXPECT_EQ(output.status, 0);
  EXPECT_EQ(output.err, "");
  EXPECT_EQ(output.out, "");
}

TEST_P(GoVet, RunsAgainOnlyWhenSomethingChanged) {
  fs::remove_all(module_->folder());
  write_text(module_->folder() / "go.mod", "module example.org/compared\n\ngo 1.19\n");
  const std::string unique = std::to_string(std::random_device()());  // not in Go's cache yet
  write_text(module_->folder() / "p/p.go",
             "package p\n\n// #include \"own.h\"\nimport \"C\"\n\nconst Unique = " + unique +
                 "\n\nfunc F() { C.own(); C.getppid(); C.sleep(3) }\n");
  write_text(module_->folder() / "p/own.h", "#include <unistd.h>\nvoid own(void);\n");
  write_text(module_->folder() / "p/own.c", "void own(void) {}\n");
  // Logs the package of each call, then is the lint.
  const std::string log = (module_->folder() / "log").string();
  const std::string tool = (module_->folder() / "tool").string();
  write_text(tool,
             "#!/bin/sh\nfor last; do :; done\ncase $last in *.cfg) sed -n "
             "'s/.*\"ImportPath\": \"\\(.*\\)\".*/\\1/p' \"$last\" >>" +
                 log + ";; esac\nexec " CGOSCOPE_LINT " \"$@\"\n");
  fs::permissions(tool, fs::perms::owner_all);
  const auto calls = [&](const std::vector<std::string>& flags, std::string* found) {
    fs::remove(log);
    std::vector<std::string> arguments = flags;
    arguments.emplace_back("./...");
    *found = vet(arguments, tool).err;
    return file_text(log);
  };
  std::string first, found;
  const std::string package = "example.org/compared/p\n";
  EXPECT_NE(calls({}, &first).find(package), std::string::npos);
  EXPECT_NE(first.find("C.sleep can block for 3s"), std::string::npos) << first;
  EXPECT_EQ(first.find("getppid can"), std::string::npos) << first;

  // Until Go 1.24 what go vet is asked about runs each time, and only its dependencies are cached.
  EXPECT_EQ(calls({}, &found), module_->go_minor() >= 26 ? "" : package);
  EXPECT_EQ(found, first);

  EXPECT_NE(calls({"-threshold=5s"}, &found).find(package), std::string::npos);
  EXPECT_EQ(found.find("C.sleep can"), std::string::npos) << found;

  write_text(
      module_->folder() / "rows.yaml",
      "library: own\nblocking: [{name: getppid, severity: high, instead: x, source: own}]\n");
  write_text(module_->folder() / ".cgoscope.yaml", "catalogue: rows.yaml\n");
  EXPECT_NE(calls({}, &found).find(package), std::string::npos);
  EXPECT_NE(found.find("C.getppid can block"), std::string::npos) << found;
  EXPECT_NE(found.find("error: C.getppid"), std::string::npos) << found;

  write_text(module_->folder() / "rows.yaml",
             "library: own\nblocking: [{name: getppid, severity: low, instead: x, source: own}]\n");
  EXPECT_NE(calls({}, &found).find(package), std::string::npos);
  EXPECT_NE(found.find("note: C.getppid"), std::string::npos) << found;

  write_text(module_->folder() / "p/own.c", "#include <unistd.h>\nvoid own(void) { pause(); }\n");
  EXPECT_NE(calls({}, &found).find(package), std::string::npos);

  write_text(module_->folder() / "p/.cgoscope.yaml",
             "severities: {getppid: off, sleep: off, pause: off}\n");
  EXPECT_NE(calls({}, &found).find(package), std::string::npos);
  EXPECT_EQ(found, "");
}

INSTANTIATE_TEST_SUITE_P(Toolchains, GoVet, testing::ValuesIn(outer_toolchains()), toolchain_name);

}  // namespace
}  // namespace cgoscope
