#include "clang_plugin/vet/vet.h"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <optional>
#include <utility>

#include "clang_plugin/across/facts_file.h"
#include "clang_plugin/cache/run_cache.h"
#include "clang_plugin/packages/build_environment.h"
#include "clang_plugin/packages/go_calls.h"
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

// Finds the package's flags.
void prepare_package(Package& package, const LintOptions& options, std::vector<Problem>& problems) {
  prefer_calling_go();
  Result<GoSettings> settings = go_settings(package.directory);
  const BuildEnvironment environment = build_environment(
      settings ? std::move(*settings) : settings_of_environment(), options.tags, problems);
  package.machine = environment.machine;
  resolve_flags(package, cgo_lines_in_effect(package, environment.context), environment.cgo);
}

Result<LintReport> lint_package(const VetConfig& config, const LintOptions& options,
                                AcrossPackages& across) {
  PackageList list;
  list.packages_seen = 1;
  Package package = vetted_package(config);
  if (options.across_packages) read_calls(package);
  if (uses_cgo(config)) {
    prepare_package(package, options, list.problems);
    list.packages.push_back(std::move(package));
  } else {
    list.without_cgo.push_back(std::move(package));
  }
  // Go shows paths relative to where the user is, which is unknown here: it wants them absolute.
  std::error_code ignored;
  fs::current_path("/", ignored);
  auto report = lint_packages(options, std::move(list), across);
  if (!report) return report;
  // Another package may need what a header outside this one suppresses.
  std::erase_if(report->findings, [&](const Finding& finding) {
    return finding.rule == "unused-suppression" && finding.c &&
           fs::path(finding.c->file).parent_path() != config.directory;
  });
  return report;
}

// What the packages that this one imports have handed on.
std::optional<Error> read_imported_facts(const VetConfig& config, AcrossPackages& across) {
  for (const auto& [import_path, file] : config.imported_facts) {
    auto facts = read_facts(file);
    if (!facts) return facts.error();
    across.known.emplace(import_path, std::move(*facts));
  }
  return std::nullopt;
}

std::optional<Error> write_facts(const VetConfig& config, const AcrossPackages& across) {
  if (config.facts_file.empty() || across.found.empty()) return std::nullopt;
  std::ofstream file(config.facts_file, std::ios::binary | std::ios::trunc);
  file << render_facts(across.found.begin()->second) << std::flush;
  if (file) return std::nullopt;
  return Error{"cannot write " + config.facts_file, std::strerror(errno), ""};
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
  const auto fail = [](const Error& error) {
    return static_cast<int>(vet_failure(VetStatus::kNothingDone, error));
  };
  if (!config) return fail(config.error());
  AcrossPackages across;
  if (options->lint.across_packages) {
    if (const auto error = read_imported_facts(*config, across)) return fail(*error);
  }
  std::string unsaid;  // each package would say it again
  const auto cache = open_cache(cache_location(""), unsaid);
  if (cache) cache->serve(options->lint);
  const auto report = lint_package(*config, options->lint, across);
  if (cache) cache->trim();
  if (!report) return fail(report.error());
  if (const auto error = write_facts(*config, across)) return fail(*error);
  if (config->only_facts) return 0;
  return static_cast<int>(print_vet_report(*report, *options, *config));
}

}  // namespace cgoscope
