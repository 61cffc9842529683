// cgoscope, the command line: options in, one of the commands, and the exit status that
// docs/cgoscope.md promises.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cerrno>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iostream>
#include <sstream>

#include "findings/duration.h"
#include "findings/glob.h"
#include "findings/printable.h"
#include "findings/usage_error.h"
#include "probe_cli/attach/kernel.h"
#include "probe_cli/census.h"
#include "probe_cli/detect/detector.h"
#include "probe_cli/inspect.h"
#include "probe_cli/process/proc_file.h"
#include "probe_cli/report/output.h"
#include "probe_cli/report/recording.h"
#include "probe_cli/report/sink.h"
#include "probe_cli/watch.h"

namespace cgoscope {
namespace {

constexpr int64_t kLongestNs = 1'000'000'000'000'000'000;  // 31 years: sums with it fit

enum ExitStatus { kClean = 0, kFindings = 1, kUsage = 2, kNothingDone = 3 };

int fail(ExitStatus status, const Error& error) {
  std::cerr << "cgoscope: " << printable(error.message()) << '\n';
  return status;
}

int finish(const Result<int>& result) {
  return result ? *result : fail(kNothingDone, result.error());
}

constexpr const char* kNameMeaning = "The one process whose executable has this name";

const CLI::Validator kProcessId(
    [](std::string& text) {
      const bool digits = text.find_first_not_of("0123456789") == std::string::npos;
      return digits && text.size() < 10 && std::atoi(text.c_str()) > 0
                 ? std::string()
                 : "'" + text + "' is no process id: it is a number, as ps shows it";
    },
    "PID");

Error no_such_rule(const std::string& name) {
  return {"no rule is called '" + name + "'", "", "`cgoscope rules` lists them"};
}

// Options that `watch` and `replay` share: how samples are judged, and what comes of it.
struct JudgeOptions {
  std::vector<std::pair<std::string, std::string>> thresholds;  // option, value as typed
  Selection selection;
  std::string format = "text", output, fail_on = "warning";
  std::optional<std::string> lint;

  void add_to(CLI::App& app) {
    app.add_option("--format", format, "text (the default) or json (JSON Lines)")
        ->check(CLI::IsMember({"text", "json"}))
        ->option_text("FORMAT");
    app.add_option("--output", output, "Write the report to this file")->option_text("FILE");
    app.add_option("--fail-on", fail_on,
                   "Exit with 1 at findings of this severity or above: error, warning (the "
                   "default) or note")
        ->check(CLI::IsMember({"error", "warning", "note"}))
        ->option_text("SEVERITY");
    app.add_option("--rule", selection.only, "Judge by this rule only (may be repeated)")
        ->allow_extra_args(false)
        ->option_text("NAME");
    app.add_option("--no-rule", selection.without, "Do not judge by this rule (may be repeated)")
        ->allow_extra_args(false)
        ->option_text("NAME");
    app.add_option("--ignore", selection.ignore,
                   "Findings not to report: of this rule, or of this rule where FUNCTION, a glob, "
                   "is the place, in the stack or the C function (may be repeated)")
        ->allow_extra_args(false)
        ->option_text("RULE[:FUNCTION]");
    app.add_option("--lint", lint,
                   "What `cgoscope-lint --format json` found in the program's source: says which "
                   "of it was seen to block, and which long C calls it lacks")
        ->option_text("FINDINGS");
    for (const Threshold& threshold : thresholds_of_all_rules())
      app.add_option_function<std::string>(
             std::string(threshold.option),
             [this, option = std::string(threshold.option)](const std::string& value) {
               thresholds.emplace_back(option, value);
             },
             std::string(threshold.meaning) + " (" + std::string(threshold.rule) + ", " +
                 standard(threshold) + ")")
          ->option_text(threshold.unit == Threshold::Unit::kDuration ? "D" : "N")
          ->group("Thresholds");
  }

  static std::span<const Threshold> thresholds_of_all_rules() { return cgoscope::thresholds(); }

  static std::string standard(const Threshold& threshold) {
    if (threshold.unit == Threshold::Unit::kDuration)
      return format_duration_ns(static_cast<int64_t>(threshold.standard));
    std::ostringstream text;
    text << threshold.standard << (threshold.unit == Threshold::Unit::kPerSecond ? "/s" : "");
    return text.str();
  }

  template <typename Test>
  static bool any_rule(Test test) {
    for (const Rule& rule : rules()) {
      if (test(rule.name)) return true;
    }
    return false;
  }

  // `others`: files that a command takes beside those of --output and --lint.
  Result<bool> each_file_is_one(std::vector<NamedFile> others) const {
    others.push_back({"--output", output});
    others.push_back({"--lint", lint.value_or("")});
    const auto twice = named_twice(others);
    if (!twice) return true;
    return Error{twice->first + " and " + twice->second + " are the same file",
                 "one would overwrite the other", "give each a file of its own"};
  }

  // nullopt without --lint.
  Result<std::optional<PredictedFindings>> predicted() const {
    if (!lint) return std::optional<PredictedFindings>();
    Result<PredictedFindings> read = read_lint_report(*lint);
    if (!read) return read.error();
    return std::optional(std::move(*read));
  }

  Result<Settings> settings() const {
    Settings settings;
    for (const auto& [option, value] : thresholds) {
      if (const Result<bool> set = settings.set(option, value); !set) return set.error();
    }
    for (const std::vector<std::string>* names : {&selection.only, &selection.without}) {
      for (const std::string& name : *names) {
        if (!any_rule([&](std::string_view rule) { return rule == name; }))
          return no_such_rule(name);
      }
    }
    for (const std::string& entry : selection.ignore) {
      const std::string name = entry.substr(0, entry.find(':'));
      if (!any_rule([&](std::string_view rule) { return glob_matches(name, rule); }))
        return no_such_rule(name);
    }
    return settings;
  }
};

Result<std::optional<double>> parse_overhead(const std::string& text) {
  if (text == "none") return std::optional<double>();
  char* end = nullptr;
  const double percent = std::strtod(text.c_str(), &end);
  if (end == text.c_str() || std::strcmp(end, "%") != 0 || !(percent > 0) || percent > 100)
    return Error{"'" + text + "' is not an overhead", "it takes a percentage above 0, or none",
                 "for example --max-overhead 0.5%"};
  return std::optional<double>(percent / 100);
}

Result<int64_t> duration_of(const std::string& option, const std::string& text) {
  Result<int64_t> parsed = parse_duration_ns(text);
  if (parsed) return parsed;
  return Error{option + ": " + parsed.error().what, parsed.error().why, parsed.error().hint};
}

struct WatchCommand {
  WatchOptions options;
  JudgeOptions judge;
  pid_t pid = 0;
  std::string duration, interval = "1s", max_overhead = "1%", signals = "auto";
  CLI::App* app = nullptr;

  void add_to(CLI::App& parent) {
    app =
        parent.add_subcommand("watch", "Watch a running Go process and report what is wrong in it");
    auto* pid_option = app->add_option("-p,--pid", pid, "The process to watch")
                           ->check(kProcessId)
                           ->option_text("PID");
    auto* name = app->add_option("--name", options.name, kNameMeaning)->option_text("EXE");
    auto* command =
        app->add_option("COMMAND", options.command, "After --: a command to start and watch")
            ->option_text("...");
    pid_option->excludes(name)->excludes(command);
    name->excludes(command);
    app->add_option("--duration", duration,
                    "Stop after this time, as Go writes durations: 250ms, 1m30s (default: at the "
                    "target's end)")
        ->option_text("D");
    app->add_option("--interval", interval, "How often to look (default 1s, at least 100ms)")
        ->option_text("D");
    app->add_option("--record", options.record,
                    "Also write the samples to this file, for `cgoscope replay`")
        ->option_text("FILE");
    app->add_option("--max-overhead", max_overhead,
                    "What the probe may cost the target: a share of the CPUs that it may use "
                    "(default 1%), or none for no limit")
        ->option_text("SHARE");
    app->add_option("--signals", signals,
                    "auto (the default), all, or names separated by commas (`cgoscope inspect` "
                    "lists them)")
        ->option_text("LIST");
    app->add_flag("--leave-running", options.leave_running,
                  "Do not end a command that watch started")
        ->needs(command)
        ->option_text(" ");
    app->add_flag("--exit-like-command", options.exit_like_command,
                  "Exit with the status of the command that watch started")
        ->needs(command)
        ->option_text(" ");
    judge.add_to(*app);
    app->footer(
        "Exit status: 0 clean; 1 findings at or above --fail-on; 2 wrong usage; 3 the process "
        "cannot be watched; 4 watched in\npart, and nothing found.");
  }

  int run() {
    if (pid != 0) options.pid = pid;
    if (!options.pid && options.name.empty() && options.command.empty())
      return fail(kUsage, {"nothing to watch", "", "give -p PID, --name EXE, or -- COMMAND"});
    if (options.command.size() == 1 &&
        options.command[0].find_first_not_of("0123456789") == std::string::npos)
      return fail(kUsage, {"what stands behind watch is a command to start, and " +
                               options.command[0] + " is a number",
                           "", "for the process: -p " + options.command[0]});
    std::vector<NamedFile> files = {{"--record", options.record}};
    if (judge.output.empty())
      files.push_back(options.command.empty() ? NamedFile{"standard output", "/dev/stdout"}
                                              : NamedFile{"standard error", "/dev/stderr"});
    if (const Result<bool> good = judge.each_file_is_one(std::move(files)); !good)
      return fail(kUsage, good.error());
    if (!duration.empty()) {
      const Result<int64_t> parsed = duration_of("--duration", duration);
      if (!parsed) return fail(kUsage, parsed.error());
      options.duration_ns = std::min(*parsed, kLongestNs);
    }
    const Result<int64_t> every = duration_of("--interval", interval);
    if (!every) return fail(kUsage, every.error());
    if (*every < 100'000'000)
      return fail(kUsage, {"--interval " + interval + " is too short",
                           "each look costs the target's CPUs a little", "take 100ms or more"});
    options.interval_ns = std::min(*every, kLongestNs);
    Result<std::optional<double>> overhead = parse_overhead(max_overhead);
    if (!overhead) return fail(kUsage, overhead.error());
    options.max_overhead = *overhead;
    options.signals.clear();
    std::istringstream list(signals);
    for (std::string name; std::getline(list, name, ',');) options.signals.push_back(name);
    const std::vector<std::string> unknown = unknown_signals(options.signals);
    if (!unknown.empty())
      return fail(kUsage, {"no signal is called '" + unknown[0] + "'", "",
                           "`cgoscope inspect PID` lists them"});
    const Result<Settings> settings = judge.settings();
    if (!settings) return fail(kUsage, settings.error());
    options.settings = *settings;
    Result<std::optional<PredictedFindings>> predicted = judge.predicted();
    if (!predicted) return fail(kUsage, predicted.error());
    options.lint = std::move(*predicted);
    options.selection = judge.selection;
    options.json = judge.format == "json";
    options.output = judge.output;
    options.fail_on = *parse_severity(judge.fail_on);
    return finish(watch(options));
  }
};

struct ReplayCommand {
  JudgeOptions judge;
  std::string file;
  CLI::App* app = nullptr;

  void add_to(CLI::App& parent) {
    app = parent.add_subcommand("replay", "Judge a recording again, perhaps with other thresholds");
    app->add_option("FILE", file, "What `watch --record` wrote")->required()->option_text(" ");
    judge.add_to(*app);
  }

  int run() {
    const Result<Settings> settings = judge.settings();
    if (!settings) return fail(kUsage, settings.error());
    if (const Result<bool> good = judge.each_file_is_one({{"FILE", file}}); !good)
      return fail(kUsage, good.error());
    const Result<std::optional<PredictedFindings>> predicted = judge.predicted();
    if (!predicted) return fail(kUsage, predicted.error());
    std::ifstream in(file, std::ios::binary);
    if (!in)
      return fail(kNothingDone, {"cannot read " + file, std::strerror(errno), "check the path"});
    Result<Output> output = Output::open(judge.output, STDOUT_FILENO);
    if (!output) return fail(kNothingDone, output.error());
    const std::unique_ptr<Sink> sink = output->make_sink(judge.format == "json");
    std::optional<Judge> judging;
    Sample last;
    bool looked = false;
    int64_t look_ns = 0;
    std::optional<RunEnd> end;
    RecordingReader reader;
    reader.on_start = [&](RunStart start) {
      start.replayed = true;
      look_ns = static_cast<int64_t>(start.interval_s * 1e9);
      judging.emplace(start.subject, *settings, judge.selection, *predicted);
      sink->start(start);
    };
    reader.on_sample = [&](const Sample& sample, const Stacks& known) {
      tell(*sink, *judging, sample, known);
      last = sample;
      looked = true;
    };
    reader.on_end = [&](RunEnd recorded) { end = std::move(recorded); };
    const Result<bool> read = reader.read(in);
    if (!read) return fail(kNothingDone, read.error());
    if (!judging || !looked)
      return fail(kNothingDone,
                  {file + " holds no samples", "the run ended before its first look", ""});
    if (!end) {
      end.emplace();
      end->why = "the recording was cut off";
      end->run_ns = last.run_ns;
      end->wall_ns = last.wall_ns;
    }
    conclude(*end, *judging, look_ns);
    sink->end(*end, last, reader.stacks);
    if (const Result<bool> written = output->flush(); !written)
      return fail(kNothingDone, written.error());
    return any_at_least(end->findings, *parse_severity(judge.fail_on)) ? kFindings : kClean;
  }
};

struct CensusCommand {
  CensusOptions options;
  CLI::App* app = nullptr;

  void add_to(CLI::App& parent) {
    app = parent.add_subcommand(
        "census",
        "Say what the goroutines and threads of a Go process are doing, without stopping it");
    auto* pid = app->add_option("-p,--pid", options.pid, "The process")
                    ->check(kProcessId)
                    ->option_text("PID");
    app->add_option("--name", options.name, kNameMeaning)->excludes(pid)->option_text("EXE");
    app->add_option("--format", options.format,
                    "text (the default), json, or pprof for `go tool pprof`")
        ->check(CLI::IsMember({"text", "json", "pprof"}))
        ->option_text("FORMAT");
    app->add_option("--top", options.top, "Kinds of goroutines to show as text (default 20)")
        ->check(CLI::Range(0, 1'000'000))
        ->option_text("N");
  }

  int run() {
    if (!options.pid && options.name.empty())
      return fail(kUsage, {"no process was given", "", "give -p PID or --name EXE"});
    return finish(take_census(options, std::cout));
  }
};

int list_rules() {
  for (const Rule& rule : rules()) {
    std::cout << rule.name << "\n    " << rule.meaning << '\n';
    for (const Threshold& threshold : thresholds()) {
      if (threshold.rule == rule.name)
        std::cout << "    " << threshold.option << ' ' << JudgeOptions::standard(threshold) << "  "
                  << threshold.meaning << '\n';
    }
  }
  return kClean;
}

int doctor() {
  bool possible = true;
  for (const Check& check : check_kernel()) {
    std::cout << (check.good       ? "ok    "
                  : check.required ? "FAIL  "
                                   : "lacks ")
              << check.name << ": " << printable(check.found) << '\n';
    if (check.good) continue;
    possible = possible && !check.required;
    if (!check.costs.empty()) std::cout << "      costs: " << printable(check.costs) << '\n';
    if (!check.mend.empty()) std::cout << "      mend:  " << printable(check.mend) << '\n';
  }
  return possible ? kClean : kNothingDone;
}

// `cgoscope lint …` is cgoscope-lint, which lies beside us or in PATH.
int run_lint(int argc, char** argv) {
  std::vector<char*> arguments(argv + 1, argv + argc);
  arguments.push_back(nullptr);
  std::string name = "cgoscope-lint";
  const std::string self = link_text("/proc/self/exe").value_or("");
  const std::string beside = self.substr(0, self.rfind('/') + 1) + name;
  if (!self.empty() && access(beside.c_str(), X_OK) == 0) name = beside;
  arguments[0] = name.data();
  execvp(name.c_str(), arguments.data());
  return fail(kNothingDone,
              {"cannot run cgoscope-lint", std::strerror(errno),
               "it is a program of its own: install it beside this one, or into PATH"});
}

int run(int argc, char** argv) {
  if (argc > 1 && std::strcmp(argv[1], "lint") == 0) return run_lint(argc, argv);
  CLI::App app{"Finds lost OS threads, timers and goroutines in a running Go process."};
  app.set_version_flag("--version", std::string("cgoscope ") + CGOSCOPE_VERSION,
                       "Print the version and exit");
  app.require_subcommand(1);
  app.set_help_flag("-h,--help", "Print this and exit");
  say_usage_errors(app, "cgoscope");
  WatchCommand watch_command;
  watch_command.add_to(app);
  CLI::App* inspect_app = app.add_subcommand(
      "inspect", "Say what is known of a Go binary, and what of it can be watched");
  std::string subject, inspect_format = "text";
  inspect_app->add_option("PID|BINARY", subject, "A Go process, or a file")
      ->required()
      ->option_text(" ");
  inspect_app->add_option("--format", inspect_format, "text (the default) or json")
      ->check(CLI::IsMember({"text", "json"}))
      ->option_text("FORMAT");
  CensusCommand census_command;
  census_command.add_to(app);
  ReplayCommand replay_command;
  replay_command.add_to(app);
  CLI::App* rules_app = app.add_subcommand("rules", "List the rules and their thresholds");
  CLI::App* doctor_app =
      app.add_subcommand("doctor", "Say what this kernel, these privileges and this machine allow");
  app.add_subcommand("lint", "Run cgoscope-lint, with its own options");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? kClean : kUsage;
  }
  if (*watch_command.app) return watch_command.run();
  if (*inspect_app) return finish(inspect(subject, inspect_format == "json", std::cout));
  if (*census_command.app) return census_command.run();
  if (*replay_command.app) return replay_command.run();
  if (*rules_app) return list_rules();
  if (*doctor_app) return doctor();
  return kUsage;
}

}  // namespace
}  // namespace cgoscope

int main(int argc, char** argv) { return cgoscope::run(argc, argv); }
