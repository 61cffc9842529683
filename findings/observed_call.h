// Where the two tools meet: which findings of the lint predicted a call into C that the probe saw.
//
// They are joined by what both know whatever the build: the import path as Go's linker has it, the
// base name of the Go file, its line, and the C function's name. Folders (-trimpath, another
// machine), what stands before "/vendor/", and the names of closures, which differ between Go
// versions, take no part. Of several findings at one Go line those are taken whose way through C is
// on the observed stack.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "findings/finding.h"
#include "findings/frame.h"

namespace cgoscope {

struct ObservedCall {
  std::string c_function;    // as after "C."; "" when not known
  std::string package;       // of the Go code, as Go's linker spells it; "" when not known
  Frame where;               // the Go line; empty when only the function is known
  std::vector<Frame> stack;  // innermost first; C's frames, as far as known, then Go's
  std::string syscall;       // that the thread waits in; "" when in none, or not known
};

struct Match {
  MatchedBy by = MatchedBy::kNothing;
  std::vector<size_t> findings;  // indexes; more than one: the call may be any of them
};

Match match_findings(const std::vector<Finding>& findings, const ObservedCall& call);

// Whether two names, as linkers and debuggers spell them, are of one C or C++ function:
// "__GI___libc_read" and "read", "inner.constprop.0" and "inner", "_ZNSt5mutex4lockEv" and
// "std::mutex::lock".
bool is_same_c_function(std::string_view a, std::string_view b);

}  // namespace cgoscope
