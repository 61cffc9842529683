// Go programs that tests build with the toolchains at hand, to be read or run.
//
// They stay in the build folder, and are built again only when their source, options or toolchain
// change: the first run takes some seconds a program, the others none.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "findings/result.h"
#include "tests/go_toolchains.h"

namespace cgoscope {

struct GoProgram {
  std::string name;                 // of the executable's file
  std::string source = {};          // main.go, in a module of its own
  std::string go_version = "1.19";  // of that module's go.mod
  // Instead of a source: a package of a module that stands in a folder.
  std::string folder = {}, package = {};
  std::vector<std::string> options = {};      // of `go build`
  std::vector<std::string> environment = {};  // "GOARCH=arm64"; CGO_ENABLED is 1 unless set here
};

// What a go.mod of this release says: "1.24".
Result<std::string> go_line(const GoToolchain& toolchain);

std::string contents_of(const std::filesystem::path& path);

// The executable's path. Errors: no such toolchain, the build failed (with its output).
Result<std::string> build_go_program(const GoToolchain& toolchain, const GoProgram& program);

// What a command prints on both its outputs. Errors: it cannot be run, or fails.
Result<std::string> output_of(const std::vector<std::string>& arguments,
                              const std::string& input = "");

}  // namespace cgoscope
