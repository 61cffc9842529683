// What the disk says now, for holding kept answers against it.
#pragma once

#include <memory>
#include <vector>

#include "clang_plugin/summary/file_answers.h"

namespace cgoscope {

// Looks at each path once: what changes while a run goes on is seen by the next run. Contents are
// read and digested each run, never believed by size and date: the headers of a run, read once,
// cost less than a hundredth of their parsing, and dates lie (checkouts, rsync, restored caches).
// Thread-safe.
class FilesNow {
 public:
  FilesNow();
  ~FilesNow();
  FilesNow(const FilesNow&) = delete;
  FilesNow& operator=(const FilesNow&) = delete;

  // Whether each question would be answered like that.
  bool agree_with(const std::vector<FileAnswer>& answers);

 private:
  class Answers;
  std::unique_ptr<Answers> answers_;
};

}  // namespace cgoscope
