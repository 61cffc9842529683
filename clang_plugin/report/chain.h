// A finding as the places a reader goes through: the call in Go, then each step down to the call
// that blocks.
#pragma once

#include <string>
#include <vector>

#include "findings/finding.h"

namespace cgoscope {

struct ReportPlace {
  std::string file;  // as displayed; "" when there is none
  int line = 0;      // 1-based; 0 when no line is to blame
  int column = 0;    // 1-based, in bytes; 0 when it is not known
  std::string name;  // the text that stands there if nothing hides it: "C.slow", "read"; may be ""
  std::string function;  // that it stands in; may be ""
  std::string text;      // what happens there: "slow calls read here"; "" for the finding's own
};

// Where the finding is shown: the call in Go, or the comment in C that suppresses nothing.
ReportPlace place_of(const Finding& finding);

// From the C function that Go calls down to the call that blocks; empty when Go calls a library
// function itself.
std::vector<ReportPlace> chain_of(const Finding& finding);

// What runs of the probe saw of it: "12 long calls, the longest 7.1s, in 2 runs"; "" when nothing.
std::string seen_text(const Finding& finding);

}  // namespace cgoscope
