// `cgoscope-lint catalogue list`: the functions that can block, a line each or as JSON
// (docs/formats/catalogue.schema.json).
#pragma once

#include <string>

#include "clang_plugin/catalogue_command/rows_in_force.h"

namespace cgoscope {

struct ListChoice {
  std::string name = "*";     // a glob over functions
  std::string library = "*";  // a glob over libraries
  bool json = false;
};

// The text to print. An error when no row is chosen; it names near ones.
Result<std::string> list_rows(const RowsInForce& rows, const ListChoice& choice);

}  // namespace cgoscope
