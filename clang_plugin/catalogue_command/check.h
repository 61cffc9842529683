// `cgoscope-lint catalogue check`: what is wrong with files of rows, and what is likely to be.
#pragma once

#include <string>
#include <vector>

#include "clang_plugin/catalogue/catalogue.h"
#include "findings/finding.h"

namespace cgoscope {

struct Remark {
  Severity severity = Severity::kError;
  std::string file;
  int line = 0, column = 0;  // from 1; 0 for the file as a whole
  std::string message;
  std::string advice;  // "" when the message says it all
};

struct CheckedFile {
  std::vector<Remark> remarks;  // in the order of the file
  int rows = 0;                 // that it adds; 0 when there is an error
  int compared = 0;             // of those, how many with their header
};

// Adds the file to `catalogue` if it has no error. `folders`: where headers are looked for before
// the system's. Fails when the file cannot be read.
Result<CheckedFile> check_file(const std::string& path, Catalogue& catalogue,
                               const std::vector<std::string>& folders);

// As compilers write it: "acme.yaml:3:5: error: …", and the advice below.
std::string render(const Remark& remark);

}  // namespace cgoscope
