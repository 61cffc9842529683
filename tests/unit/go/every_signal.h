// Programs that contain the function of every signal, in each way of linking.
#pragma once

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

#include "probe_cli/go/build_info.h"
#include "tests/go_program.h"
#include "tests/go_toolchains.h"

namespace cgoscope {

// The linker leaves out what a program does not use.
inline std::string every_signal_source(const std::string& import_c, const std::string& call) {
  return "package main\n" + import_c + R"(
import (
	"fmt"
	"os"
	"runtime"
	"time"
)

func main() {
	go func() {
		runtime.LockOSThread()
		)" +
         call + R"(
	}()
	runtime.GC()
	runtime.Gosched()
	runtime.SetFinalizer(new([4]int), func(*[4]int) {})
	timer := time.NewTimer(time.Hour)
	timer.Reset(2 * time.Hour)
	timer.Stop()
	time.AfterFunc(time.Millisecond, func() { fmt.Println("fired") })
	<-time.After(10 * time.Millisecond)
	if len(os.Args) > 1 {
		panic("asked for")
	}
}
)";
}

inline GoProgram every_signal(std::string name, std::vector<std::string> options,
                              std::vector<std::string> environment = {}) {
  return {.name = "signals_" + name,
          .source = every_signal_source("", ""),
          .options = std::move(options),
          .environment = std::move(environment)};
}

inline GoProgram every_signal_with_cgo(std::string name, std::vector<std::string> options) {
  GoProgram program = every_signal(std::move(name), std::move(options));
  program.source = every_signal_source(R"(
/*
#include <unistd.h>
static void slow(void) { usleep(1000); }
*/
import "C"
)",
                                       "C.slow()");
  return program;
}

// All that keep their symbols. Those for arm64 cannot be stripped by this machine's tools.
inline std::vector<GoProgram> every_signal_programs() {
  const std::vector<std::string> arm64 = {"GOARCH=arm64", "CGO_ENABLED=0"};
  return {
      every_signal_with_cgo("cgo", {}),
      every_signal_with_cgo("cgo_external", {"-ldflags=-linkmode=external"}),
      every_signal_with_cgo("cgo_pie", {"-buildmode=pie"}),
      every_signal("pure", {}),
      every_signal("pure_pie", {"-buildmode=pie"}),
      every_signal("arm64", {}, arm64),
      every_signal("arm64_pie", {"-buildmode=pie"}, arm64),
  };
}
inline bool is_for_arm64(const GoProgram& program) { return !program.environment.empty(); }

// One test for each toolchain.
class WithToolchain : public testing::TestWithParam<GoToolchain> {
 protected:
  void SetUp() override {
    const Result<std::string> version =
        output_of({"env", "GOTOOLCHAIN=local", GetParam().go(), "env", "GOVERSION"});
    if (!version) GTEST_SKIP() << "no Go toolchain: " << version.error().message();
    version_ = parse_go_version(*version).value_or(GoVersion{});
    ASSERT_NE(version_.minor, 0) << *version;
  }

  std::string build(const GoProgram& program) {
    const Result<std::string> path = build_go_program(GetParam(), program);
    if (!path) ADD_FAILURE() << path.error().message();
    return path ? *path : "";
  }

  GoVersion version_;
};

}  // namespace cgoscope
