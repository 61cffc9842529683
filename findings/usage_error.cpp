#include "findings/usage_error.h"

#include <CLI/CLI.hpp>

#include "findings/printable.h"
#include "findings/result.h"

namespace cgoscope {
namespace {

std::string message(const std::string& tool, const CLI::App& app, const CLI::Error& error) {
  const CLI::App* at = &app;
  std::string command = tool;
  while (!at->get_subcommands().empty()) {
    at = at->get_subcommands().front();
    command += " " + at->get_name();
  }
  std::string hint = "`" + command + " --help` says what there is";
  const std::vector<std::string> unknown = app.remaining(true);
  // What is missing is mostly what was misspelt; the value of a misspelt option counts as COMMAND.
  const bool missing = dynamic_cast<const CLI::RequiredError*>(&error) != nullptr;
  const bool no_command = missing && at == &app && app.get_require_subcommand_min() > 0;
  std::string what = error.what();
  if (dynamic_cast<const CLI::ArgumentMismatch*>(&error) != nullptr && what.ends_with(" missing"))
    what = what.substr(0, what.find(':')) + " needs a value";
  if (!unknown.empty() && (missing || dynamic_cast<const CLI::ExtrasError*>(&error) != nullptr ||
                           dynamic_cast<const CLI::ExcludesError*>(&error) != nullptr)) {
    const std::string& first = unknown.front();
    const bool option = first.size() > 1 && first[0] == '-';
    what = option       ? "no option is called '" + first + "'"
           : no_command ? "no command is called '" + first + "'"
                        : "'" + first + "' is an argument too many";
    // Go's tools take -tags.
    if (option && first[1] != '-' &&
        at->get_option_no_throw("-" + first.substr(0, first.find('='))) != nullptr)
      hint = "write it with two dashes: -" + first;
  } else if (no_command) {
    what = "no command is named";
  }
  return tool + ": " + printable(Error{what, "", hint}.message()) + "\n";
}

}  // namespace

void say_usage_errors(CLI::App& app, const std::string& tool) {
  app.failure_message([tool](const CLI::App* failed, const CLI::Error& error) {
    return message(tool, *failed, error);
  });
}

}  // namespace cgoscope
