// The lint as a plugin of clang-19: in `go build` with every Go toolchain at hand, where it says
// some of what the command line says and nothing twice, and in C builds.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <iostream>
#include <map>
#include <optional>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include "tests/lint/compared_module.h"
#include "tests/unit/packages/temporary_tree.h"

namespace cgoscope {
namespace {

// The first line of each finding of the command line, with the plugin's word for its severity.
std::multiset<std::string> as_warnings(const std::multiset<std::string>& findings) {
  std::multiset<std::string> lines;
  for (const std::string& finding : findings) {
    std::string line = finding.substr(0, finding.find('\n'));
    for (const auto& [severity, word] :
         {std::pair{": error: ", ": warning: "}, {": note: ", ": remark: "}}) {
      if (const size_t at = line.find(severity); at != line.npos)
        line.replace(at, std::string(severity).size(), word);
    }
    lines.insert(line);
  }
  return lines;
}

bool has_clang() {
  const auto output = run_process({"clang-19", "--version"}, "/", {}, 60);
  return output && output->status == 0;
}

class PluginInGoBuild : public testing::TestWithParam<GoToolchain> {
 protected:
  void SetUp() override {
    if (!has_clang()) GTEST_SKIP() << "no clang-19 in PATH";
    module_.emplace(GetParam());
    if (module_->go_minor() == 0) GTEST_SKIP() << "no " << GetParam().go();
  }

  // What go build prints, compiling with the plugin.
  std::string build(std::vector<std::string> packages, const std::string& flags = "",
                    bool succeeds = true) {
    const auto loaded = module_->run({CGOSCOPE_LINT, "--plugin-flags"});
    EXPECT_TRUE(loaded && loaded->status == 0);
    if (!loaded) return "";
    const std::string all = "-g -O2 " + loaded->out.substr(0, loaded->out.find('\n')) + " " + flags;
    std::vector<std::string> arguments = {"/usr/bin/env",
                                          "CC=clang-19",
                                          "CXX=clang++-19",
                                          "CGO_CFLAGS=" + all,
                                          "CGO_CXXFLAGS=" + all,
                                          module_->go(),
                                          "build",
                                          "-o",
                                          "/dev/null"};
    if (packages.size() > 1 || packages[0].ends_with("...")) {
      arguments.resize(arguments.size() - 2);
      arguments.insert(arguments.end(), {"-o", (module_->folder() / "bin/").string()});
    }
    arguments.insert(arguments.end(), packages.begin(), packages.end());
    const auto output = module_->run(arguments);
    EXPECT_TRUE(output.has_value()) << output.error().message();
    if (!output) return "";
    EXPECT_EQ(output->status == 0, succeeds) << output->err;
    return output->out + output->err;
  }

  // The plugin's lines about calls, with absolute paths.
  std::multiset<std::string> warnings_in(const std::string& output) const {
    std::multiset<std::string> warnings;
    std::istringstream lines(output);
    for (std::string line; std::getline(lines, line);) {
      const bool is_finding = line.ends_with(" [blocking-call]") || line.ends_with(" [busy-wait]");
      if (is_finding) warnings.insert(module_->absolute(line));
    }
    return warnings;
  }

  std::optional<ComparedModule> module_;
};

TEST_P(PluginInGoBuild, SaysSomeOfWhatTheCommandLineSaysAndNothingTwice) {
  module_->copy_packages();
  const auto expected = as_warnings(module_->command_line({"./..."}));
  const auto found = warnings_in(build({"./..."}));
  for (const std::string& warning : found) {
    EXPECT_EQ(found.count(warning), 1U) << warning;
    EXPECT_EQ(expected.count(warning), 1U) << warning;
  }
  EXPECT_GE(found.size(), expected.size() / 2);
  // In a preamble, in a C file, and a library function that Go calls itself.
  const std::string folder = (module_->folder() / "").string();
  for (const char* place : {"blocking_cgo/bug/main.go:33:3", "blocking_cgo/bug/main.go:27:7"}) {
    EXPECT_TRUE(std::any_of(found.begin(), found.end(), [&](const std::string& warning) {
      return warning.starts_with(folder + place + ": warning: ");
    })) << place;
  }
}

TEST_P(PluginInGoBuild, IsSilentOnHealthyPackages) {
  module_->copy_packages();
  EXPECT_EQ(build({"./blocking_cgo/healthy"}), "");
  EXPECT_EQ(build({"./stuck_m/healthy"}), "");
}

TEST_P(PluginInGoBuild, GoCompilesAgainWhenTheSettingsChange) {
  std::filesystem::remove_all(module_->folder());
  const std::string unique = std::to_string(std::random_device()());
  write_text(module_->folder() / "go.mod", "module example.org/compared\n\ngo 1.19\n");
  write_text(module_->folder() / "p/p.go",
             "package p\n\n// #include <unistd.h>\n// static unsigned unique(void) { return " +
                 unique + "u; }\nimport \"C\"\n\nfunc F() { C.sleep(3); C.unique() }\n");
  const std::string first = build({"./p"});
  EXPECT_NE(first.find("p/p.go:7:12: warning: C.sleep can block for 3s"), std::string::npos)
      << first;
  // Go shows kept warnings again, up to Go 1.24.
  EXPECT_EQ(build({"./p"}), module_->go_minor() >= 26 ? "" : first);
  write_text(module_->folder() / ".cgoscope.yaml", "threshold: 5s\n");
  EXPECT_EQ(build({"./p"}), "");
  write_text(module_->folder() / ".cgoscope.yaml", "severities: {sleep: note}\n");
  EXPECT_NE(build({"./p"}).find("p/p.go:7:12: remark: C.sleep"), std::string::npos);
  write_text(module_->folder() / ".cgoscope.yaml", "threshold: 3s\n");
  EXPECT_EQ(build({"./p"}), first);
  const std::string failed = build({"./p"}, "-fplugin-arg-cgoscope-werror", false);
  EXPECT_NE(failed.find("p/p.go:7:12: error: C.sleep"), std::string::npos) << failed;
}

TEST_P(PluginInGoBuild, SaysSomeOfTheSameOfRealPackages) {
  const std::string gopath = gopath_of_real_packages();
  if (gopath.empty()) GTEST_SKIP() << "CGOSCOPE_ORACLE_DIRS names no packages of Debian";
  for (const std::string& variable :
       {std::string("GO111MODULE=off"), std::string("GOFLAGS="), "GOPATH=" + gopath}) {
    module_->set(variable);
  }
  // Go compiles what a package imports too.
  const auto expected = as_warnings(module_->command_line(kRealPackages));
  int compared = 0;
  for (const std::string& package : kRealPackages) {
    const auto built = module_->run({"/usr/bin/env", "CC=clang-19", "CXX=clang++-19", module_->go(),
                                     "build", "-o", "/dev/null", package});
    ASSERT_TRUE(built.has_value());
    if (built->status != 0) {
      std::cout << package << " does not build with this Go: " << built->err << '\n';
      continue;
    }
    for (const std::string& warning : warnings_in(build({package}))) {
      EXPECT_TRUE(std::any_of(expected.begin(), expected.end(), [&](const std::string& line) {
        // Go shows paths out of the module as they are, or from the working directory.
        return line.ends_with(warning.substr(warning.rfind('/')));
      })) << warning;
    }
    ++compared;
  }
  EXPECT_GE(compared, 5);
}

INSTANTIATE_TEST_SUITE_P(Toolchains, PluginInGoBuild, testing::ValuesIn(outer_toolchains()),
                         toolchain_name);

class PluginInACBuild : public testing::Test {
 protected:
  void SetUp() override {
    if (!has_clang()) GTEST_SKIP() << "no clang-19 in PATH";
  }

  ProcessOutput compile(const std::string& file, const std::vector<std::string>& flags = {}) const {
    std::vector<std::string> arguments = {
        "clang-19", std::string("-fplugin=") + CLANG_PLUGIN, "-c", "-o", "/dev/null", file};
    arguments.insert(arguments.end(), flags.begin(), flags.end());
    const auto output = run_process(arguments, tree_.root(), {}, 120);
    EXPECT_TRUE(output.has_value());
    return output ? *output : ProcessOutput{};
  }

  TemporaryTree tree_;
};

TEST_F(PluginInACBuild, WarnsAtTheCallAndShowsTheLine) {
  tree_.write("x.c",
              "#include <unistd.h>\nstatic void nap(void) {\n  sleep(SECONDS);\n}\n"
              "void slow(void) {\n  nap();\n}\n");
  const ProcessOutput output = compile("x.c", {"-DSECONDS=30"});
  EXPECT_EQ(output.status, 0);
  EXPECT_EQ(
      output.err,
      "x.c:3:3: warning: slow can block in sleep for 30s; the call pins an OS thread meanwhile "
      "and no context can cancel it [blocking-call]\n"
      "    3 |   sleep(SECONDS);\n      |   ^\n"
      "x.c:6:1: note: slow calls nap here\n    6 |   nap();\n      | ^\n"
      "x.c:3:3: note: advice: sleep in Go with time.Sleep or a time.Timer, which needs no thread "
      "and can be cut short\n"
      "    3 |   sleep(SECONDS);\n      |   ^\n1 warning generated.\n");
  EXPECT_EQ(compile("x.c", {"-DSECONDS=0"}).err, "");
  EXPECT_EQ(compile("x.c", {"-DSECONDS=30", "-w"}).err, "");
  const ProcessOutput error = compile("x.c", {"-DSECONDS=30", "-Werror"});
  EXPECT_EQ(error.status, 1);
  EXPECT_NE(error.err.find("x.c:3:3: error: slow can block"), std::string::npos) << error.err;
  tree_.write(".cgoscope.yaml", "severities: {sleep: off}\n");
  EXPECT_EQ(compile("x.c", {"-DSECONDS=30"}).err, "");
}

TEST_F(PluginInACBuild, TakesArguments) {
  tree_.write(
      "x.c", "#include <unistd.h>\nvoid own_wait(void);\nvoid f(void) { sleep(3); own_wait(); }\n");
  EXPECT_NE(compile("x.c").err.find("sleep for 3s"), std::string::npos);
  EXPECT_EQ(compile("x.c", {"-fplugin-arg-cgoscope-threshold=5s"}).err, "");
  const ProcessOutput failed = compile("x.c", {"-fplugin-arg-cgoscope-werror"});
  EXPECT_EQ(failed.status, 1);
  EXPECT_NE(failed.err.find("x.c:3:16: error: "), std::string::npos) << failed.err;
  const std::string rows = tree_.write(
      "rows.yaml", "library: own\nblocking: [{name: own_wait, severity: high, source: own}]\n");
  EXPECT_NE(compile("x.c", {"-fplugin-arg-cgoscope-catalogue=" + rows}).err.find("in own_wait"),
            std::string::npos);
  for (const auto& [argument, message] :
       {std::pair{"threshold=5", "-fplugin-arg-cgoscope-threshold=5: not a duration"},
        {"catalogue=/nowhere.yaml", "/nowhere.yaml"},
        {"speed=9", "no such argument"}}) {
    const ProcessOutput wrong = compile("x.c", {std::string("-fplugin-arg-cgoscope-") + argument});
    EXPECT_EQ(wrong.status, 1) << argument;
    EXPECT_NE(wrong.err.find(message), std::string::npos) << wrong.err;
  }
}

TEST_F(PluginInACBuild, ReadsCxxAndLeavesBrokenCodeToClang) {
  tree_.write("x.cc",
              "#include <chrono>\n#include <thread>\nextern \"C\" void f() {\n"
              "  std::this_thread::sleep_for(std::chrono::seconds(3));\n}\n");
  const ProcessOutput cxx = compile("x.cc", {"-std=c++17"});
  EXPECT_NE(cxx.err.find("x.cc:4:"), std::string::npos) << cxx.err;
  EXPECT_NE(cxx.err.find("for 3s"), std::string::npos) << cxx.err;
  tree_.write("y.c", "#include <unistd.h>\nvoid f(void) { pause() }\n");
  const ProcessOutput broken = compile("y.c");
  EXPECT_EQ(broken.status, 1);
  EXPECT_EQ(broken.err.find("can block"), std::string::npos) << broken.err;
}

}  // namespace
}  // namespace cgoscope
