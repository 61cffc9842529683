#include "clang_plugin/vet/vet_call.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <iostream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "findings/duration.h"
#include "findings/printable.h"

namespace cgoscope {
namespace {

// The flags of go vet. `fix` and `diff`, which Go passes on unasked, have nothing to do here.
class Flags {
 public:
  Flags() {
    app_.set_help_flag();
    app_.add_flag("--across-packages", options_.lint.across_packages,
                  "report calls of other packages' functions that end in a blocking call of C");
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
    std::vector<std::string> words;
    words.reserve(arguments.size());
    for (const std::string& argument : arguments) {
      const bool has_one_dash = argument.size() > 2 && argument[0] == '-' && argument[1] != '-';
      words.push_back(has_one_dash ? "-" + argument : argument);
      if (words.back() == "--fix" || words.back() == "--diff") {
        return Error{argument, "cgoscope-lint mends nothing by itself", "leave the flag out"};
      }
    }
    std::reverse(words.begin(), words.end());  // as CLI11 wants them
    try {
      app_.parse(words);
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
    options_.output.least = parse_severity(fail_on_).value_or(Severity::kNote);
    options_.output.problems = partial_.empty();
    return options_;
  }

 private:
  CLI::App app_;
  VetOptions options_;
  std::string fail_on_ = "note", partial_, tags_, threshold_;
};

}  // namespace

bool is_called_by_go_vet(const std::vector<std::string>& arguments) {
  if (arguments.empty()) return false;
  return arguments.back().ends_with(".cfg") ||
         (arguments.size() == 1 && (arguments[0] == "-flags" || arguments[0] == "-V=full"));
}

Result<VetOptions> parse_vet_arguments(const std::vector<std::string>& arguments) {
  return Flags().parse(arguments);
}

Result<VetConfig> open_vet_config(const VetOptions& options) {
  std::ifstream file(options.config, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  if (!file) return Error{"cannot read " + options.config, std::strerror(errno), ""};
  auto config = parse_vet_config(text, options.config);
  // Go keeps a result only with a file of facts, also when there are none to hand on.
  if (config && !config->facts_file.empty() && !std::ofstream(config->facts_file)) {
    return Error{"cannot write " + config->facts_file, std::strerror(errno), ""};
  }
  return config;
}

VetStatus print_vet_report(const LintReport& report, const VetOptions& options,
                           const VetConfig& config) {
  if (!options.json) {
    std::cerr << render_vet_text(report, options.output) << std::flush;
    return has_diagnostics(report, options.output) ? VetStatus::kFindings : VetStatus::kClean;
  }
  const std::string text = render_vet_json(report, options.output, config.id);
  if (config.output_file.empty()) {
    std::cout << text << std::flush;
    return VetStatus::kClean;
  }
  std::ofstream file(config.output_file, std::ios::binary | std::ios::trunc);
  file << text << std::flush;
  if (!file) {
    return vet_failure(
        VetStatus::kNothingDone,
        {"cannot write the findings to " + config.output_file, std::strerror(errno), ""});
  }
  return VetStatus::kClean;
}

std::optional<VetStatus> answer_without_clang(const std::vector<std::string>& arguments) {
  if (!is_called_by_go_vet(arguments) || arguments[0] == "-V=full") return std::nullopt;
  if (arguments[0] == "-flags") {
    std::cout << Flags().as_json() << std::flush;
    return VetStatus::kClean;
  }
  const auto options = parse_vet_arguments(arguments);
  if (!options) {
    // Go calls for each dependency as well; it is enough to say it of the packages that were named.
    VetOptions only_config;
    only_config.config = arguments.back();
    const auto config = open_vet_config(only_config);
    if (config && config->only_facts) return VetStatus::kClean;
    return vet_failure(VetStatus::kUsage, options.error());
  }
  const auto config = open_vet_config(*options);
  if (!config) return vet_failure(VetStatus::kNothingDone, config.error());
  if (options->lint.across_packages && !is_standard(*config) &&
      (uses_cgo(*config) || has_imported_facts(*config)))
    return std::nullopt;
  if (config->only_facts) return VetStatus::kClean;
  if (!uses_cgo(*config)) return print_vet_report({}, *options, *config);
  return std::nullopt;
}

VetStatus vet_failure(VetStatus status, const Error& error) {
  std::cerr << "cgoscope-lint: " << printable(error.message()) << '\n';
  return status;
}

}  // namespace cgoscope
