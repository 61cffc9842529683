// One call of go vet's, as far as it can be answered without Clang.
//
// Go calls a vet tool for each package that the vetted ones depend on, the standard library's too,
// and for those without cgo: most calls have nothing to look at, and starting Clang for each would
// cost more than the rest of the run.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "clang_plugin/lint.h"
#include "clang_plugin/vet/diagnostics.h"
#include "clang_plugin/vet/vet_config.h"
#include "findings/result.h"

namespace cgoscope {

// Exit statuses; with -json, findings are no failure.
enum class VetStatus { kClean = 0, kFindings = 1, kUsage = 2, kNothingDone = 3 };

struct VetOptions {
  LintOptions lint;
  VetOutput output;
  bool json = false;
  std::string config;  // path of vet.cfg
};

// Whether the arguments (without the program's name) are those of go vet.
bool is_called_by_go_vet(const std::vector<std::string>& arguments);

// Flags have one dash, or two; the path of vet.cfg comes last.
Result<VetOptions> parse_vet_arguments(const std::vector<std::string>& arguments);

// The exit status of a call that needs no Clang: -flags, what is wrong, a package that is wanted
// for its facts alone or does not use cgo. Nothing for the others, and with -across-packages for
// those that use cgo or import what blocks.
std::optional<VetStatus> answer_without_clang(const std::vector<std::string>& arguments);

// Reads the vet.cfg that `options` name, and writes the file of facts that it asks for.
Result<VetConfig> open_vet_config(const VetOptions& options);

// Prints `report` as `options` and `config` ask for.
VetStatus print_vet_report(const LintReport& report, const VetOptions& options,
                           const VetConfig& config);

// Says an error on standard error; returns `status`.
VetStatus vet_failure(VetStatus status, const Error& error);

}  // namespace cgoscope
