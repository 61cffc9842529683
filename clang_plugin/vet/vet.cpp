#include "clang_plugin/vet/vet.h"

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "clang_plugin/lint.h"
#include "clang_plugin/packages/build_environment.h"
#include "clang_plugin/vet/diagnostics.h"
#include "clang_plugin/vet/tool_id.h"
#include "clang_plugin/vet/vet_config.h"
#include "findings/duration.h"
#include "findings/printable.h"

namespace cgoscope {
namespace {

namespace fs = std::filesystem;

enum ExitStatus { kClean = 0, kFindings = 1, kUsage = 2, kNothingDone = 3 };

struct VetOptions {
  LintOptions lint;
  VetOutput output;
  bool json = false;
  std::string config;  // path of vet.cfg
};

int fail(ExitStatus status, const Error& error) {
  std::cerr << "cgoscope-lint: " << printable(error.message()) << '\n';
  return status;
}

// The flags of go vet. `fix` and `diff`, which Go passes on unasked, have nothing to do here.
class Flags {
 public:
  Flags() {
    app_.set_help_flag();
    app_.add_option("--fail-on", fail_on_,
                    "report findings of this severity or above: error, warning or note (the "
                    "default); go vet fails at each that is reported")
        ->check(CLI::IsMember({"error", "warning", "note"}));
    app_.add_flag("--json", options_.json, "print JSON, as other vet tools do");
    app_.add_option("--partial", partial_, "ok: leave out what could not be analysed")
        ->check(CLI::IsMember({"ok"}));
    app_.add_option("--tags", tags_, "build tags, as for go build");
    app_.add_option("--threshold", threshold_,
                    "report waits of at least this long, 250ms or 1m30s (default 1s, or "
                    ".cgoscope.yaml's)");
    app_.add_option("config", options_.config)->required();
  }

  // What -flags prints, so that go vet accepts them.
  std::string as_json() const {
    nlohmann::ordered_json list = nlohmann::ordered_json::array();
    for (const CLI::Option* option : app_.get_options()) {
      if (option->get_positional()) continue;
      list.push_back({{"Name", option->get_lnames().front()},
                      {"Bool", option->get_items_expected_max() == 0},
                      {"Usage", option->get_description()}});
    }
    return list.dump(2) + "\n";
  }

  Result<VetOptions> parse(const std::vector<std::string>& arguments) {
    std::vector<std::string> reversed;  // as CLI11 wants them
    for (auto argument = arguments.rbegin(); argument != arguments.rend(); ++argument) {
      const bool has_one_dash =
          argument->size() > 2 && (*argument)[0] == '-' && (*argument)[1] != '-';
      const std::string text = has_one_dash ? "-" + *argument : *argument;
      if (text == "--fix" || text == "--diff") {
        return Error{*argument, "cgoscope-lint mends nothing by itself", "leave the flag out"};
      }
      reversed.push_back(text);
    }
    try {
      app_.parse(reversed);
    } catch (const CLI::ParseError& error) {
      return Error{"wrong flags", error.what(), "the flags are those of cgoscope-lint -flags"};
    }
    if (!threshold_.empty()) {
      const auto parsed = parse_duration_ns(threshold_);
      if (!parsed) {
        Error error = parsed.error();
        error.what = "-threshold: " + error.what;
        return error;
      }
      options_.lint.threshold_ns = *parsed;
    }
    for (size_t at = 0; at < tags_.size();) {  // with commas, in old scripts with spaces
      const size_t end = std::min(tags_.find_first_of(", ", at), tags_.size());
      if (end > at) options_.lint.tags.push_back(tags_.substr(at, end - at));
      at = end + 1;
    }
    options_.output.least = *parse_severity(fail_on_);
    options_.output.problems = partial_.empty();
    return options_;
  }

 private:
  CLI::App app_;
  VetOptions options_;
  std::string fail_on_ = "note", partial_, tags_, threshold_;
};

// The go command that called us comes first: its `go env` counts.
void prefer_calling_go() {
  const char* root = std::getenv("GOROOT");
  const char* path = std::getenv("PATH");
  if (root == nullptr || *root == '\0') return;
  setenv("PATH", (std::string(root) + "/bin:" + (path == nullptr ? "" : path)).c_str(), 1);
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

int write_json(const std::string& text, const std::string& path) {
  if (path.empty()) {
    std::cout << text << std::flush;
  } else {
    std::ofstream file(path, std::ios::binary | std::ios::trunc);
    file << text << std::flush;
    if (!file) {
      return fail(kNothingDone, {"cannot write the findings to " + path, std::strerror(errno), ""});
    }
  }
  return kClean;
}

int vet_package(const VetOptions& options) {
  std::ifstream file(options.config, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  if (!file) {
    return fail(kNothingDone, {"cannot read " + options.config, std::strerror(errno), ""});
  }
  const auto config = parse_vet_config(text, options.config);
  if (!config) return fail(kNothingDone, config.error());
  // There are no facts to hand on, but Go caches a result only with a file of them.
  if (!config->facts_file.empty() && !std::ofstream(config->facts_file)) {
    return fail(kNothingDone, {"cannot write " + config->facts_file, std::strerror(errno), ""});
  }
  if (config->only_facts) return kClean;
  LintReport report;
  if (uses_cgo(*config)) {
    auto linted = lint_package(*config, options.lint);
    if (!linted) return fail(kNothingDone, linted.error());
    report = std::move(*linted);
  }
  if (options.json) {
    return write_json(render_vet_json(report, options.output, config->id), config->output_file);
  }
  std::cerr << render_vet_text(report, options.output) << std::flush;
  return has_diagnostics(report, options.output) ? kFindings : kClean;
}

}  // namespace

bool is_called_by_go_vet(const std::vector<std::string>& arguments) {
  if (arguments.empty()) return false;
  return arguments.back().ends_with(".cfg") ||
         (arguments.size() == 1 && (arguments[0] == "-flags" || arguments[0] == "-V=full"));
}

int run_as_vet_tool(const std::vector<std::string>& arguments) {
  Flags flags;
  if (arguments[0] == "-flags") {
    std::cout << flags.as_json() << std::flush;
    return kClean;
  }
  if (arguments[0] == "-V=full") {
    std::error_code ignored;
    std::cout << tool_id(fs::current_path(ignored).string()) << '\n' << std::flush;
    return kClean;
  }
  const auto options = flags.parse(arguments);
  if (!options) return fail(kUsage, options.error());
  return vet_package(*options);
}

}  // namespace cgoscope
