#include "findings/usage_error.h"

#include <gtest/gtest.h>

#include <CLI/CLI.hpp>
#include <sstream>

namespace cgoscope {
namespace {

// What is said of `line`, by a tool with a command and one without.
std::string said_of(const std::string& line, bool commands) {
  CLI::App app;
  CLI::App* command = &app;
  if (commands) {
    app.require_subcommand(1);
    command = app.add_subcommand("look");
  }
  std::string tags, pid;
  command->add_option("--tags", tags);
  CLI::Option* pid_option =
      command->add_option("-p,--pid", pid)->required(commands)->option_text("PID");
  std::vector<std::string> words;
  if (!commands) command->add_option("WORDS", words)->excludes(pid_option);
  say_usage_errors(app, "tool");
  std::ostringstream out, err;
  try {
    app.parse(line);
  } catch (const CLI::ParseError& error) {
    app.exit(error, out, err);
  }
  return err.str();
}

TEST(UsageError, SaysWhatIsWrongAndWhereHelpIs) {
  const std::string help = " (`tool --help` says what there is)\n";
  const std::string look_help = " (`tool look --help` says what there is)\n";
  EXPECT_EQ(said_of("", true), "tool: no command is named" + help);
  EXPECT_EQ(said_of("lok", true), "tool: no command is called 'lok'" + help);
  EXPECT_EQ(said_of("--tag", true), "tool: no option is called '--tag'" + help);
  EXPECT_EQ(said_of("look", true), "tool: --pid is required" + look_help);
  EXPECT_EQ(said_of("look --pdi 3", true), "tool: no option is called '--pdi'" + look_help);
  EXPECT_EQ(said_of("look -p 3 4", true), "tool: '4' is an argument too many" + look_help);
  EXPECT_EQ(said_of("look -p", true), "tool: --pid needs a value" + look_help);
  EXPECT_EQ(said_of("--tags x --pid 3", false), "");
  EXPECT_EQ(said_of("--pid 3 --tag x", false), "tool: no option is called '--tag'" + help);
  EXPECT_EQ(said_of("--pid 3 x", false), "tool: --pid excludes WORDS" + help);
  EXPECT_EQ(said_of("--tag", false), "tool: no option is called '--tag'" + help);
  EXPECT_EQ(said_of("-tags x", false),
            "tool: no option is called '-tags' (write it with two dashes: --tags)\n");
  EXPECT_EQ(said_of("-tags=x", false),
            "tool: no option is called '-tags=x' (write it with two dashes: --tags=x)\n");
}

TEST(UsageError, WhatIsTypedDoesNotReachTheTerminalRaw) {
  EXPECT_EQ(said_of("--\x1b[2J", false).find('\x1b'), std::string::npos);
}

}  // namespace
}  // namespace cgoscope
