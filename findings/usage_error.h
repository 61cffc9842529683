// What CLI11 finds wrong with a command line, said as our other errors are.
#pragma once

#include <string>

namespace CLI {
class App;
}

namespace cgoscope {

// From now on `app.exit()` says what, and where help is, with the name of the tool in front.
void say_usage_errors(CLI::App& app, const std::string& tool);

}  // namespace cgoscope
