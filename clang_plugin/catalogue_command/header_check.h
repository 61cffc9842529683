// Rows against the headers that declare their functions.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "clang_plugin/catalogue/catalogue.h"
#include "clang_plugin/summary/prototypes.h"

namespace cgoscope {

// What is wrong with the row as far as this declaration goes; "" when nothing is.
std::string mismatch(const BlockingFunction& row, const Prototype& prototype);

// What is wrong with the row after its header; "" when nothing is. `found` has the answers about
// the row's function.
std::string mismatch(const BlockingFunction& row, const HeaderDeclarations& found);

// Whether a header of this name may be looked for: a path below the folders of headers.
bool is_header_name(const std::string& header);

// What some headers expect to have been included before them.
std::string included_before(const std::string& header);

// The prototype of `name` in the header; nullopt where there is no such header or function. Of
// several, the one with the most parameters.
std::optional<Prototype> prototype_in(const std::string& header, const std::string& name,
                                      const std::vector<std::string>& folders);

// Whether this is the name of something of C++.
bool is_cxx_name(const std::string& name);

}  // namespace cgoscope
