// A module of examples, fixtures and a package with build tags, in the build folder: what the lint
// says about it is compared between its fronts. It stays at one place, so that Go compiles it once.
#pragma once

#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "clang_plugin/packages/subprocess.h"
#include "findings/result.h"
#include "tests/go_toolchains.h"

namespace cgoscope {

std::string file_text(const std::filesystem::path& path);
// Does not touch a file that holds the text already.
void write_text(const std::filesystem::path& path, const std::string& text);

class ComparedModule {
 public:
  // In a folder with the running test's name, and a build cache beside it that all modules share.
  // The variables that say how Go and C are read are unset.
  explicit ComparedModule(const GoToolchain& toolchain);

  void copy_packages() const;
  // Makes the module that of a fixture with a go.mod of its own, in place of all that is there.
  void become(const std::string& fixture) const;

  const std::filesystem::path& folder() const { return folder_; }
  std::string go() const { return toolchain_.go(); }
  // 19 of Go 1.19; 0 when there is no such toolchain.
  int go_minor() const { return go_minor_; }
  void set(const std::string& variable) { environment_.push_back(variable); }  // "NAME=value"
  // In the module's folder.
  Result<ProcessOutput> run(const std::vector<std::string>& arguments) const;
  // `path` relative to the module's folder, made absolute.
  std::string absolute(const std::string& path) const;

  // What `cgoscope-lint OPTIONS` finds and could not analyse: each finding as a line with place,
  // severity, message and rule, lines with the places on its way through C, and one with the
  // advice; "not analysed: …".
  std::multiset<std::string> command_line(const std::vector<std::string>& options) const;

 private:
  GoToolchain toolchain_;
  std::filesystem::path folder_;
  std::vector<std::string> environment_;
  int go_minor_ = 0;
};

// The GOPATH that real packages make up, which CGOSCOPE_ORACLE_DIRS names as tests/corpus/fetch
// unpacks them; "" when there are none.
std::string gopath_of_real_packages();

// Those that build without libraries of theirs.
extern const std::vector<std::string> kRealPackages;

}  // namespace cgoscope
