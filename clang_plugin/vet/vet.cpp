#include "clang_plugin/vet/vet.h"

#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <utility>

#include "clang_plugin/cache/run_cache.h"
#include "clang_plugin/packages/build_environment.h"
#include "clang_plugin/vet/tool_id.h"
#include "clang_plugin/vet/vet_call.h"

namespace cgoscope {
namespace {

namespace fs = std::filesystem;

// The go command that called us comes first: its `go env` counts.
void prefer_calling_go() {
  const std::string root = variable("GOROOT");
  if (!root.empty()) setenv("PATH", (root + "/bin:" + variable("PATH")).c_str(), 1);
}

Result<LintReport> lint_package(const VetConfig& config, const LintOptions& options) {
  PackageList list;
  list.packages_seen = 1;
  prefer_calling_go();
  Result<GoSettings> settings = go_settings(config.directory);
  const BuildEnvironment environment = build_environment(
      settings ? std::move(*settings) : settings_of_environment(), options.tags, list.problems);
  Package package = vetted_package(config);
  package.machine = environment.machine;
  resolve_flags(package, cgo_lines_in_effect(package, environment.context), environment.cgo);
  list.packages.push_back(std::move(package));
  // Go shows paths relative to where the user is, which is unknown here: it wants them absolute.
  std::error_code ignored;
  fs::current_path("/", ignored);
  auto report = lint_packages(options, std::move(list));
  if (!report) return report;
  // Another package may need what a header outside this one suppresses.
  std::erase_if(report->findings, [&](const Finding& finding) {
    return finding.rule == "unused-suppression" && finding.c &&
           fs::path(finding.c->file).parent_path() != config.directory;
  });
  return report;
}

}  // namespace

int run_as_vet_tool(const std::vector<std::string>& arguments) {
  if (const auto status = answer_without_clang(arguments)) return static_cast<int>(*status);
  if (arguments[0] == "-V=full") {
    std::error_code ignored;
    std::cout << tool_id(fs::current_path(ignored).string()) << '\n' << std::flush;
    return 0;
  }
  auto options = parse_vet_arguments(arguments);
  if (!options) return static_cast<int>(vet_failure(VetStatus::kUsage, options.error()));
  const auto config = open_vet_config(*options);
  if (!config) return static_cast<int>(vet_failure(VetStatus::kNothingDone, config.error()));
  std::string unsaid;  // each package would say it again
  const auto cache = open_cache(cache_location(""), unsaid);
  if (cache) cache->serve(options->lint);
  const auto report = lint_package(*config, options->lint);
  if (cache) cache->trim();
  if (!report) return static_cast<int>(vet_failure(VetStatus::kNothingDone, report.error()));
  return static_cast<int>(print_vet_report(*report, *options, *config));
}

}  // namespace cgoscope
