// From C and C++ source to summaries: the only part of the lint that sees Clang.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "clang_plugin/summary/file_answers.h"
#include "clang_plugin/summary/summary.h"

namespace cgoscope {

struct SourceUnit {
  std::string main_file;  // absolute; for a preamble the .go file it stands in
  std::string directory;  // where relative paths start
  bool is_cxx = false;
  std::vector<std::string> flags;  // already filtered (packages/cgo_flags.h)
  // Set for a preamble: its text, which has #line lines into main_file. Otherwise main_file is
  // read.
  bool is_preamble = false;
  std::string text;
  std::map<std::string, std::string> virtual_files;  // absolute path → content: _cgo_export.h
  // For a preamble: the names that Go refers to as C.name. Their functions are kept, their
  // constants evaluated.
  std::set<std::string> names;
};

// Clang's command line for `unit`, the program's name first, the file last.
std::vector<std::string> clang_arguments(const SourceUnit& unit);

// Parses and summarises one unit; never fails: what did not parse is in `problems`, and the rest is
// there. Thread-safe. `answers` gets what the disk was asked on the way.
TranslationUnit summarize(const SourceUnit& unit, FileAnswers& answers);
TranslationUnit summarize(const SourceUnit& unit);

}  // namespace cgoscope
