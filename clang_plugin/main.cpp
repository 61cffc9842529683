// cgoscope-lint, the command line: options in, a report out, and the exit status that
// docs/cgoscope-lint.md promises.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <thread>

#include "clang_plugin/cache/run_cache.h"
#include "clang_plugin/catalogue_command/command.h"
#include "clang_plugin/compiler/plugin_flags.h"
#include "clang_plugin/known_findings/baseline.h"
#include "clang_plugin/known_findings/changed_since.h"
#include "clang_plugin/known_findings/git_tree.h"
#include "clang_plugin/lint.h"
#include "clang_plugin/observed/observed_findings.h"
#include "clang_plugin/observed/observed_runs.h"
#include "clang_plugin/vet/vet.h"
#include "clang_plugin/vet/vet_call.h"
#include "findings/duration.h"
#include "findings/printable.h"
#include "findings/terminal.h"
#include "findings/usage_error.h"

namespace cgoscope {
namespace {

enum ExitStatus { kClean = 0, kFindings = 1, kUsage = 2, kNothingDone = 3, kPartly = 4 };

int fail(ExitStatus status, const Error& error) {
  std::cerr << "cgoscope-lint: " << printable(error.message()) << '\n';
  return status;
}

// On failure errno says why.
bool write_file(const std::string& path, const std::string& text) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file << text << std::flush;
  return static_cast<bool>(file);
}

SarifStyle sarif_style() { return {std::filesystem::current_path().string(), CGOSCOPE_DOCS_URL}; }

int write_report(const LintReport& report, const std::string& format, const std::string& output) {
  const bool colour = output.empty() && wants_colour(STDOUT_FILENO);
  const std::string text = format == "json"     ? render_json(report)
                           : format == "sarif"  ? render_sarif(report, sarif_style())
                           : format == "github" ? render_github(report)
                                                : render_text(report, {colour});
  if (output.empty()) {
    std::cout << text << std::flush;
    if (!std::cout)
      return fail(kNothingDone,
                  {"cannot write the report", "standard output is closed or full", ""});
    return kClean;
  }
  if (!write_file(output, text))
    return fail(kNothingDone,
                {"cannot write the report to " + output, std::strerror(errno), "check --output"});
  return kClean;
}

// The options' values, as they are given.
struct CommandLine {
  LintOptions lint;
  std::string format = "text", output, threshold, fail_on = "warning", partial;
  std::string baseline, new_baseline, revision, cache, observed;
  bool wants_plugin_flags = false, lists_unknown = false;
};

void add_options(CLI::App& app, CommandLine& line) {
  app.set_help_flag("-h,--help", "Print this and exit");
  app.set_version_flag("--version", std::string("cgoscope-lint ") + CGOSCOPE_VERSION,
                       "Print the version and exit");
  app.add_flag("--plugin-flags", line.wants_plugin_flags,
               "Print the flags with which clang-19 loads the compiler plugin, for CGO_CFLAGS and "
               "CGO_CXXFLAGS, and exit");
  app.footer(
      "`cgoscope-lint catalogue` lists, explains and checks what is known of C functions.\n\n"
      "Exit status: 0 clean; 1 findings at or above --fail-on; 2 wrong usage; 3 nothing could be "
      "analysed; 4 part of it could not be\n"
      "analysed and nothing was found in the rest.");
  app.add_option("PACKAGES", line.lint.patterns,
                 "Packages as `go list` understands them, directories, or .go files; a C file "
                 "stands for its directory (default ./...)")
      ->option_text("...");
  app.add_option("--format", line.format,
                 "text (the default), json, sarif (2.1.0) or github (annotations of a job's log)")
      ->check(CLI::IsMember({"text", "json", "sarif", "github"}))
      ->option_text("FORMAT");
  app.add_option("--output", line.output,
                 "Write the report to this file instead of standard output")
      ->option_text("FILE");
  app.add_option("--threshold", line.threshold,
                 "Report waits of at least this long, as Go writes durations (default 1s, or "
                 ".cgoscope.yaml's)")
      ->option_text("DURATION");
  app.add_option("--fail-on", line.fail_on,
                 "Exit with 1 at findings of this severity or above: error, warning (the default) "
                 "or note")
      ->check(CLI::IsMember({"error", "warning", "note"}))
      ->option_text("SEVERITY");
  // One value each time it is given: a vector would take the packages behind it too.
  app.add_option("--catalogue", line.lint.catalogue,
                 "A YAML file of blocking functions that adds to the built-in ones, or replaces "
                 "them by name; may be given several times")
      ->allow_extra_args(false)
      ->option_text("FILE");
  app.add_option("--baseline", line.baseline,
                 "Leave out the findings that this file has, which --write-baseline wrote")
      ->option_text("FILE");
  app.add_option("--write-baseline", line.new_baseline,
                 "Write the findings of this run to this file, and take them as known")
      ->excludes("--baseline")
      ->option_text("FILE");
  app.add_option("--changed-since", line.revision,
                 "Report only what the work tree adds to this commit of git: analyses the code as "
                 "of then too")
      ->excludes("--write-baseline")
      ->option_text("REV");
  app.add_option("--observed", line.observed,
                 "What `cgoscope watch --format json` wrote: findings that were seen to block come "
                 "first, with how long they did")
      ->option_text("FILE");
  app.add_flag("--across-packages", line.lint.across_packages,
               "Report calls of other packages' functions too that end in a blocking call of C: "
               "analyses the packages that are imported as well");
  app.add_flag("--unknown", line.lists_unknown,
               "List the library functions that are reached and of which the catalogue has no row: "
               "they count as not blocking");
  app.add_option("--tags", line.lint.tags,
                 "Build tags with commas between them, as for `go build -tags`; may be given "
                 "several times")
      ->allow_extra_args(false)
      ->delimiter(',')
      ->option_text("LIST");
  app.add_option("--partial", line.partial,
                 "ok: what could not be analysed does not change the exit status")
      ->check(CLI::IsMember({"ok"}))
      ->option_text("ok");
  app.add_option("--cache", line.cache,
                 "Keep what is found out about each file and package in this folder, for the next "
                 "run; off: keep nothing (default $CGOSCOPE_CACHE, else cgoscope in the user's "
                 "cache folder)")
      ->option_text("DIR|off");
  line.lint.jobs = static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
  app.add_option("-j,--jobs", line.lint.jobs,
                 "Packages and files to analyse at once, 1 to 1024 (default: one a CPU)")
      ->check(CLI::Range(1, 1024))
      ->option_text("N");
}

// What --baseline, --changed-since and --observed name.
struct Known {
  std::optional<ObservedRuns> observed;
  std::vector<BaselineEntry> baseline;
  std::optional<GitTree> tree;
  std::string commit;
};

// Checks the values, and reads what they name. The exit status when they cannot be used, else
// kClean.
int prepare(const CLI::App& app, CommandLine& line, Known& known) {
  if (app.count("--cache") > 0 && line.cache.empty())
    return fail(kUsage, {"--cache names no folder", "it is empty", "give a path, or off"});
  if (line.lint.patterns.empty()) line.lint.patterns.emplace_back("./...");
  if (app.count("--output") > 0 && line.output.empty())
    return fail(kUsage, {"--output names no file", "it is empty", "give a path"});
  if (app.count("--threshold") > 0) {
    const auto parsed = parse_duration_ns(line.threshold);
    if (!parsed) {
      Error error = parsed.error();
      error.what = "--threshold: " + error.what;
      return fail(kUsage, error);
    }
    line.lint.threshold_ns = *parsed;
  }
  if (!line.lint.catalogue.empty()) {  // a wrong one is wrong usage, whatever there is to analyse
    if (const auto catalogue = catalogue_with(line.lint.catalogue); !catalogue)
      return fail(kUsage, catalogue.error());
  }
  if (app.count("--baseline") > 0) {
    auto read = read_baseline(line.baseline);
    if (!read) return fail(kUsage, read.error());
    known.baseline = std::move(*read);
  }
  if (app.count("--write-baseline") > 0 && line.new_baseline.empty())
    return fail(kUsage, {"--write-baseline names no file", "it is empty", "give a path"});
  if (app.count("--observed") > 0) {
    auto read = read_observed_runs(line.observed);
    if (!read) return fail(kUsage, read.error());
    known.observed = std::move(*read);
  }
  if (app.count("--changed-since") > 0) {
    auto around = GitTree::around(std::filesystem::current_path().string());
    if (!around) return fail(kNothingDone, around.error());
    known.tree = std::move(*around);
    const auto named = known.tree->commit(line.revision);
    if (!named) return fail(kUsage, named.error());
    known.commit = *named;
  }
  return kClean;
}

int print_plugin_flags() {
  std::error_code ignored;
  const auto flags = plugin_flags(std::filesystem::current_path(ignored).string());
  if (!flags) return fail(kNothingDone, flags.error());
  std::cout << *flags << '\n' << std::flush;
  return kClean;
}

Result<LintReport> run_with_progress(const CommandLine& line) {
  const bool show_progress =
      isatty(STDERR_FILENO) != 0 &&
      !(line.output.empty() && isatty(STDOUT_FILENO) == 0 && line.format != "text");
  LintOptions options = line.lint;
  const auto start = std::chrono::steady_clock::now();
  bool shown = false;
  if (show_progress) {
    options.progress = [&](int done, int total) {
      if (std::chrono::steady_clock::now() - start < std::chrono::seconds(1))
        return;  // short runs need none
      shown = true;
      std::cerr << "\r\x1b[K" << done << '/' << total << " files" << std::flush;
    };
  }
  auto report = run_lint(options);
  if (shown) std::cerr << "\r\x1b[K" << std::flush;
  return report;
}

int lint(int argc, char** argv) {
  CLI::App app{"Finds calls that can block for long in C code that Go reaches through cgo.",
               "cgoscope-lint"};
  CommandLine line;
  add_options(app, line);
  say_usage_errors(app, "cgoscope-lint");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? kClean : kUsage;
  }
  if (line.wants_plugin_flags) return print_plugin_flags();
  Known known;
  if (const int status = prepare(app, line, known); status != kClean) return status;
  std::string complaint;
  const auto cache = open_cache(cache_location(line.cache), complaint);
  if (!complaint.empty()) std::cerr << "cgoscope-lint: " << printable(complaint) << '\n';
  if (cache) cache->serve(line.lint);
  auto report = run_with_progress(line);
  if (!report) return fail(kNothingDone, report.error());
  if (known.tree) {
    if (const auto error = keep_added(*known.tree, known.commit, line.revision, line.lint, *report))
      return fail(kNothingDone, *error);
  }
  if (cache) cache->trim();
  if (!line.baseline.empty()) apply_baseline(known.baseline, line.baseline, *report);
  if (!line.new_baseline.empty()) {
    const std::vector<BaselineEntry> baseline = baseline_of(report->findings);
    if (!write_file(line.new_baseline, render_baseline(baseline)))
      return fail(kNothingDone, {"cannot write the baseline to " + line.new_baseline,
                                 std::strerror(errno), "check --write-baseline"});
    apply_baseline(baseline, line.new_baseline, *report);
  }
  if (known.observed) apply_observed(*known.observed, line.observed, *report);
  report->lists_unknown = line.lists_unknown;
  if (const int status = write_report(*report, line.format, line.output); status != kClean)
    return status;
  const Severity fail_on = *parse_severity(line.fail_on);
  for (const Finding& finding : report->findings) {
    if (finding.severity >= fail_on) return kFindings;
  }
  return report->errors.empty() || line.partial == "ok" ? kClean : kPartly;
}

}  // namespace
}  // namespace cgoscope

int main(int argc, char** argv) {
  try {
    const std::vector<std::string> arguments(argv + std::min(argc, 1), argv + argc);
    if (cgoscope::is_called_by_go_vet(arguments)) return cgoscope::run_as_vet_tool(arguments);
    if (arguments.size() == 1 && arguments.front() == "help") {  // as go's commands have it
      std::array<char, 7> help = {"--help"};
      std::array<char*, 2> call = {argv[0], help.data()};
      return cgoscope::lint(2, call.data());
    }
    if (!arguments.empty() && arguments.front() == "catalogue")
      return cgoscope::run_catalogue_command(argc - 1, argv + 1);
    return cgoscope::lint(argc, argv);
  } catch (const std::exception& error) {
    std::cerr << "cgoscope-lint: internal error: " << error.what()
              << " (please report it with the command line)\n";
    return cgoscope::kNothingDone;
  }
}
