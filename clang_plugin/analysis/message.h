// The words of a finding: what was found, what it costs, and one line of advice.
#pragma once

#include <string>

#include "clang_plugin/analysis/interpreter.h"
#include "findings/finding.h"

namespace cgoscope {

// `call` is Go's "C.f", `blocking` the blocking function as written. True for every Go version: a C
// call pins its thread and cannot be cancelled; it does not hold up the garbage collector.
std::string message_for(const BlockingEvent& event, const std::string& call,
                        const std::string& blocking, bool in_exported_function);
std::string advice_for(const BlockingEvent& event);

// What is said at `call`, "p.F", in another package, of `finding`, which stands at a call of C.
std::string message_across(const Finding& finding, const std::string& call);

}  // namespace cgoscope
