// //cgoscope:allow RULE reason, on the Go or C line or the line above it: takes a finding out, and
// becomes a finding where it takes out none.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "findings/finding.h"

namespace cgoscope {

struct Suppression {
  std::string file;  // absolute
  int line = 0, column = 0;
  std::string rule;  // as AllowComment::rule
  std::string reason;
  bool in_go = false;    // false: in a C or C++ file
  std::string package;   // import path of the package it was found in
  std::string function;  // Go: the enclosing function, linker name; may be empty
  // Of the finding that an unused one is; nullopt: it is not reported.
  std::optional<Severity> severity = Severity::kNote;
};

// Where a finding can be suppressed: absolute file and line of the Go call, of the blocking C call,
// and of each step between.
struct SuppressiblePlaces {
  std::vector<std::pair<std::string, int>> places;
  bool dropped = false;  // by the settings: not reported, but a comment beside it is in use
};

struct AllowedFinding {
  Finding finding;
  std::string reason;  // of the first comment that covers it
};

// Removes from `findings` (parallel to `places`) those that are dropped, and those a suppression
// covers: same file, and the suppression's line is the place's line or the one above, same rule.
// The latter are returned, unless they are dropped too. Appends one unused-suppression finding for
// each that covered none, that names an unknown rule, or that gives no reason; one without a reason
// suppresses nothing and the message says why. A header's suppression that is seen in several
// packages is judged once over all: call with everything at once. `display` makes a path fit for a
// report.
std::vector<AllowedFinding> apply_suppressions(const std::vector<Suppression>& suppressions,
                                               std::vector<Finding>& findings,
                                               std::vector<SuppressiblePlaces>& places,
                                               std::string (*display)(const std::string&));

}  // namespace cgoscope
