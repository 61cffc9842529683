// What the catalogue's rows say, in words.
#pragma once

#include <string>
#include <vector>

#include "clang_plugin/catalogue/catalogue.h"
#include "clang_plugin/summary/prototypes.h"

namespace cgoscope {

// On one line for a table: "at most argument 2 (ms), without limit if negative; depends on the
// handle in argument 0".
std::string wait_in_short(const BlockingFunction& row);

// Sentences, the most important first. `prototype`: names the arguments; may be null.
std::vector<std::string> sentences(const BlockingFunction& row, const Prototype* prototype);
std::vector<std::string> sentences(const HandleMaker& row, const Prototype* prototype);
std::vector<std::string> sentences(const HandleOption& row, const Prototype* prototype);
std::vector<std::string> sentences(const CallEffect& row, const Prototype* prototype);

// "argument 3 has a bit of MSG_DONTWAIT"
std::string condition_in_words(const Condition& condition, const Prototype* prototype);

// "high"
std::string severity_word(CatalogueSeverity severity);
// "always", "limit", "duration", "timeout", "deadline"
std::string wait_word(Waits waits);
// "ms", "100ns"; "" for none.
std::string unit_word(Unit unit, int64_t unit_ns);
// "libc-io.yaml:12"
std::string place_in_words(const RowPlace& place);

}  // namespace cgoscope
