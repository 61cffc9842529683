// The Go toolchains that a test is to run with, one test each: those that CGOSCOPE_GO_ROOTS names
// (GOROOTs separated by colons, as `./dev test` sets it), else the go command in PATH.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <filesystem>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

namespace cgoscope {

// The parts of a variable that holds a list with colons; none when it is not set.
inline std::vector<std::string> colon_separated(const char* variable) {
  std::vector<std::string> parts;
  const char* value = std::getenv(variable);
  for (std::string_view rest = value == nullptr ? "" : value; !rest.empty();) {
    const size_t colon = std::min(rest.find(':'), rest.size());
    if (colon > 0) parts.emplace_back(rest.substr(0, colon));
    rest.remove_prefix(std::min(colon + 1, rest.size()));
  }
  return parts;
}

struct GoToolchain {
  std::string root;  // its GOROOT; "" for `go` in PATH
  std::string go() const { return root.empty() ? "go" : root + "/bin/go"; }
};

inline void PrintTo(const GoToolchain& toolchain, std::ostream* out) { *out << toolchain.go(); }

// Never empty, so that a test says itself why it cannot run. ctest asks for this list just before
// it runs the tests (DISCOVERY_MODE PRE_TEST), when the variable is set.
inline std::vector<GoToolchain> go_toolchains() {
  std::vector<GoToolchain> toolchains;
  for (std::string& root : colon_separated("CGOSCOPE_GO_ROOTS"))
    toolchains.push_back({std::move(root)});
  if (toolchains.empty()) toolchains.push_back({});
  return toolchains;
}

// Whether the tests are to run with each toolchain and build that they know (`./dev test all`),
// also where that takes minutes and mostly says the same.
inline bool every_row() { return std::getenv("CGOSCOPE_EVERY_ROW") != nullptr; }

// All, or else the oldest and the newest.
inline std::vector<GoToolchain> outer_toolchains() {
  std::vector<GoToolchain> toolchains = go_toolchains();
  if (every_row() || toolchains.size() <= 2) return toolchains;
  return {toolchains.front(), toolchains.back()};
}

// "go_1_19" for a GOROOT called go-1.19.
inline std::string toolchain_name(const testing::TestParamInfo<GoToolchain>& info) {
  const std::string& root = info.param.root;
  std::string name =
      root.empty() ? "in_PATH" : std::filesystem::path(root).lexically_normal().filename().string();
  for (char& byte : name) {
    if (std::isalnum(static_cast<unsigned char>(byte)) == 0) byte = '_';
  }
  return name.empty() ? std::to_string(info.index) : name;
}

}  // namespace cgoscope
