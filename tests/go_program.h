<<<<<<< HEAD
// Go programs of the tests, built when a test wants them and kept in the build folder, because one
// takes seconds.
=======
// Go programs that tests build with the toolchains at hand, to be read or run.
//
// They stay in the build folder, and are built again only when their source, options or toolchain
// change: the first run takes some seconds a program, the others none.
>>>>>>> probe-go
#pragma once

#include <string>
#include <vector>

<<<<<<< HEAD
=======
#include "findings/result.h"
>>>>>>> probe-go
#include "tests/go_toolchains.h"

namespace cgoscope {

<<<<<<< HEAD
struct CommandResult {
  int status = 0;  // as wait(2) has it
  std::string out;
  std::string err;
};

// Runs a command, without a shell, with `environment` ("NAME=value") added to ours.
CommandResult run_command(const std::vector<std::string>& arguments,
                          const std::vector<std::string>& environment = {},
                          const std::string& directory = ".");

// "go1.22.12" of a toolchain; "" when there is none.
std::string go_version_of(const GoToolchain& toolchain);

struct GoProgramOptions {
  std::string name;                      // of the file
  std::vector<std::string> arguments;    // of go build
  std::vector<std::string> environment;  // "CGO_ENABLED=0"
};

struct GoProgram {
  std::string path;
  std::string problem;  // "" when it was built
};

// Builds the package in `folder` (below the project's), unless it was built since its files and the
// toolchain changed. Several processes may do so at once.
GoProgram build_go_program(const GoToolchain& toolchain, const std::string& folder,
                           const GoProgramOptions& options);
=======
struct GoProgram {
  std::string name;                  // of the executable's file
  std::string source;                // main.go
  std::string go_version = "1.19";   // of the go.mod
  std::vector<std::string> options;  // of `go build`
};

// The executable's path. Errors: no such toolchain, the build failed (with its output).
Result<std::string> build_go_program(const GoToolchain& toolchain, const GoProgram& program);

// What a command prints on both its outputs. Errors: it cannot be run, or fails.
Result<std::string> output_of(const std::vector<std::string>& arguments,
                              const std::string& input = "");
>>>>>>> probe-go

}  // namespace cgoscope
