// What a fixture says the lint must find in it.
//
// A fixture carries its expectations beside the lines in question, in C, Go, YAML or header files
// alike, as clang-tidy's tests do:
//
//   sleep(30);  // expect: C.slow sleep bounded 30s warning
//
// on the line of the C call that blocks, or on the Go line where Go calls a library function
// itself. The fields: Go's call, the blocking function, the bound, its duration when there is one,
// the severity. The rule busy-wait has `busy-wait` for the function; `unused-suppression note` is a
// finding of its own.
//   A | B                            two findings on the line
//   … from (*T).Read                 the Go function of the call, without its package
//   … via outer > inner              the C functions on the way, from the one that Go calls
//   // expect@-1: …                  about the line above (+2: two below)
//   // expect-error: TEXT            an error of the report for this file, on this line or none,
//   whose message holds TEXT
//   // expect-error(NAME): TEXT      the same for another file, "." for the fixture's folder, on
//   any line
//   // expect-note: TEXT             a note of the report; other notes may be there
//   // expect-unknown: NAME HEADER [known]    a library function that the call of Go on this line
//   is the first to reach (NAME HEADER | …); `known`: the catalogue has rows of its library. A
//   fixture with such a marker has to have one for each
//   // lint: threshold=100ms tags=a,b catalogue=rows.yaml across go     options of the run;
//   `across`: --across-packages; `go`: needs the go command
// What is not expected must not be found.
#pragma once

#include <string>
#include <vector>

#include "clang_plugin/lint.h"

namespace cgoscope {

struct ExpectedFinding {
  std::string file;  // relative to the fixture's folder
  int line = 0;
  std::string text;      // "C.slow sleep bounded 30s warning"
  std::string function;  // with `from`, else ""
  std::string path;      // with `via`, else ""
};

struct ExpectedError {
  std::string file;
  int line = 0;  // 0: any
  std::string text;
};

struct Expectations {
  std::vector<ExpectedFinding> findings;
  std::vector<ExpectedError> errors;
  std::vector<std::string> notes;
  struct Unknown {
    std::string file;
    int line = 0;
    std::string text;  // "acme_wait acme.h known"
  };
  std::vector<Unknown> unknown;
  LintOptions options;  // all but the patterns
  bool needs_go = false;
  std::vector<std::string> malformed;  // markers that are not understood
};

// Reads the markers of every file at or below `fixture`, a folder or a single file.
Expectations read_expectations(const std::string& fixture);

// `finding` as an expectation would say it, without `from` and `via`.
std::string expectation_text(const Finding& finding);

// What is found and not expected, expected and not found, one line each; "" when the report is as
// it should be. `root` is the fixture's folder.
std::string differences(const Expectations& expected, const LintReport& report,
                        const std::string& root);

// What every report has to keep to whatever it reports: identifiers that differ, messages, lines
// and columns at which the named call stands.
std::string malformed_findings(const LintReport& report);

}  // namespace cgoscope
