// A report in the words of go vet: lines for a person, or the JSON of
// golang.org/x/tools/go/analysis/unitchecker, which Go from 1.26 on asks for and prints itself.
//
// A diagnostic is a place, a message, and related places: here the way through C and the advice.
// go vet fails whenever there is one, whatever its severity.
#pragma once

#include <string>

#include "clang_plugin/report/report.h"

namespace cgoscope {

struct VetOutput {
  Severity least = Severity::kNote;  // findings below are left out
  bool problems = true;              // what could not be analysed is a diagnostic too
};

// Whether there is anything to say.
bool has_diagnostics(const LintReport& report, const VetOutput& output);

// "file:line:column: error: message [rule]" a finding, and a line with a tab for each related
// place. Files as the report has them.
std::string render_vet_text(const LintReport& report, const VetOutput& output);

// {"PACKAGE ID":{"cgoscope":[{"category","posn","end","message","related"}…]}}, or {} when there is
// nothing to say.
std::string render_vet_json(const LintReport& report, const VetOutput& output,
                            const std::string& package_id);

}  // namespace cgoscope
