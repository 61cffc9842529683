#include "clang_plugin/catalogue_command/command.h"

#include <CLI/CLI.hpp>
#include <filesystem>
#include <iostream>
#include <string>
#include <vector>

#include "clang_plugin/catalogue_command/check.h"
#include "clang_plugin/catalogue_command/explain.h"
#include "clang_plugin/catalogue_command/list.h"
#include "findings/plural.h"
#include "findings/printable.h"
#include "findings/usage_error.h"

namespace cgoscope {
namespace {

enum ExitStatus { kClean = 0, kFound = 1, kUsage = 2, kNothingDone = 3, kPartly = 4 };

struct CommandLine {
  ListChoice list;
  std::string format = "text", fail_on = "warning";
  std::vector<std::string> functions, files, folders, catalogue;
};

int fail(ExitStatus status, const Error& error) {
  std::cerr << "cgoscope-lint catalogue: " << printable(error.message()) << '\n';
  return status;
}

int written(int status) {
  std::cout << std::flush;
  if (std::cout) return status;
  return fail(kNothingDone, {"cannot write the answer", "standard output is closed or full", ""});
}

std::string folder() {
  std::error_code ignored;
  return std::filesystem::current_path(ignored).string();
}

int list(CommandLine& line) {
  line.list.json = line.format == "json";
  const auto rows = rows_in_force(line.catalogue, folder());
  if (!rows) return fail(kUsage, rows.error());
  const auto text = list_rows(*rows, line.list);
  if (!text) return fail(kNothingDone, text.error());
  std::cout << *text;
  return written(kClean);
}

int explain_functions(const CommandLine& line) {
  const auto rows = rows_in_force(line.catalogue, folder());
  if (!rows) return fail(kUsage, rows.error());
  size_t unknown = 0, shown = 0;
  for (const std::string& name : line.functions) {
    // Written as in Go, it is the same function.
    const std::string c_name = name.starts_with("C.") ? name.substr(2) : name;
    const auto text = explain(*rows, c_name, line.folders);
    if (text) {
      std::cout << (shown++ > 0 ? "\n" : "");
      for (size_t at = 0; at < text->size();) {
        const size_t end = text->find('\n', at);
        std::cout << printable(text->substr(at, end - at)) << '\n';
        at = end + 1;
      }
    } else {
      ++unknown;
      fail(kNothingDone, not_explained(*rows, c_name));
    }
  }
  return written(unknown == 0 ? kClean : shown == 0 ? kNothingDone : kPartly);
}

// The rows that the files to check come after.
Result<Catalogue> rows_before(CommandLine& line) {
  if (!line.files.empty()) {
    auto catalogue = Catalogue::built_in();
    if (!catalogue) return catalogue;
    for (const std::string& path : line.catalogue) {
      if (auto error = catalogue->add_file(path)) return *error;
    }
    return catalogue;
  }
  const auto settings = load_settings(folder());
  if (!settings) return settings.error();
  for (const std::string& path : line.catalogue) line.files.push_back(path);
  for (const std::string& path : settings->catalogue) line.files.push_back(path);
  if (line.files.empty())
    return Error{"no file to check", "none is named, here or in a .cgoscope.yaml of this folder",
                 "name files of rows: cgoscope-lint catalogue check acme.yaml"};
  return Catalogue::built_in();
}

int check(CommandLine& line) {
  auto catalogue = rows_before(line);
  if (!catalogue) return fail(kUsage, catalogue.error());
  const Severity fail_on = *parse_severity(line.fail_on);
  int counts[3] = {}, rows = 0, compared = 0, files = 0;
  bool found = false;
  for (const std::string& path : line.files) {
    const auto checked = check_file(path, *catalogue, line.folders);
    if (!checked) {
      fail(kNothingDone, checked.error());
      continue;
    }
    ++files;
    rows += checked->rows;
    compared += checked->compared;
    for (const Remark& remark : checked->remarks) {
      std::cout << render(remark);
      ++counts[static_cast<size_t>(remark.severity)];
      found = found || remark.severity >= fail_on;
    }
  }
  if (files == 0) return kNothingDone;
  std::cout << plural(counts[2], "error") << ", " << plural(counts[1], "warning") << ", "
            << plural(counts[0], "note") << " in " << plural(files, "file") << ": "
            << plural(rows, "row") << ", " << compared << " compared with a header\n";
  return written(found ? kFound : files < static_cast<int>(line.files.size()) ? kPartly : kClean);
}

void add_shared_options(CLI::App& command, CommandLine& line, bool headers) {
  command.set_help_flag("-h,--help", "Print this and exit");
  command
      .add_option("--catalogue", line.catalogue,
                  "A file of rows to read behind the built-in ones; may be given several times. "
                  "Those of .cgoscope.yaml follow")
      ->allow_extra_args(false)
      ->option_text("FILE");
  if (!headers) return;
  command
      .add_option("-I", line.folders,
                  "A folder to look for headers in before the system's; may be given several times")
      ->allow_extra_args(false)
      ->option_text("FOLDER");
}

}  // namespace

int run_catalogue_command(int argc, char** argv) {
  CLI::App app{"What cgoscope-lint knows of functions that can block.", "cgoscope-lint catalogue"};
  CommandLine line;
  app.set_help_flag("-h,--help", "Print this and exit");
  app.require_subcommand(1);
  say_usage_errors(app, "cgoscope-lint catalogue");
  app.footer(
      "Exit status: 0 done; 1 check found errors or warnings; 2 wrong usage, or a file of "
      "--catalogue or .cgoscope.yaml is malformed;\n"
      "3 no row fits, or no file could be read; 4 that is so of some of them.");
  CLI::App* listing = app.add_subcommand("list", "The functions, a line each");
  listing->add_option("GLOB", line.list.name, "Functions: * is any text, ? one character")
      ->option_text(" ");
  listing->add_option("--library", line.list.library, "Only those of this library (a glob too)")
      ->option_text("LIBRARY");
  listing->add_option("--format", line.format, "text (the default) or json")
      ->check(CLI::IsMember({"text", "json"}))
      ->option_text("FORMAT");
  add_shared_options(*listing, line, false);
  CLI::App* explaining =
      app.add_subcommand("explain", "When functions wait, for how long, and what to do about it");
  explaining->add_option("FUNCTION", line.functions, "Names as in C, or C.name as in Go")
      ->required()
      ->option_text("...");
  add_shared_options(*explaining, line, true);
  CLI::App* checking =
      app.add_subcommand("check", "Everything that is wrong with files of rows, or likely to be");
  checking->add_option("FILE", line.files, "Files of rows (default: those of .cgoscope.yaml)")
      ->option_text("...");
  checking
      ->add_option("--fail-on", line.fail_on,
                   "Exit with 1 at this severity or above: error, warning (the default) or note")
      ->check(CLI::IsMember({"error", "warning", "note"}))
      ->option_text("SEVERITY");
  add_shared_options(*checking, line, true);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? kClean : kUsage;
  }
  if (listing->parsed()) return list(line);
  return explaining->parsed() ? explain_functions(line) : check(line);
}

}  // namespace cgoscope
