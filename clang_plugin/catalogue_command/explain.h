// `cgoscope-lint catalogue explain`: all that the catalogue says of a function, in words.
#pragma once

#include <string>
#include <vector>

#include "clang_plugin/catalogue_command/rows_in_force.h"

namespace cgoscope {

// nullopt when no row is about `name`. `folders`: where headers are looked for before the system's;
// a prototype is shown where the row's header is found.
std::optional<std::string> explain(const RowsInForce& rows, const std::string& name,
                                   const std::vector<std::string>& folders);

// Why it is not explained, with the names near it.
Error not_explained(const RowsInForce& rows, const std::string& name);

}  // namespace cgoscope
