// The lines of the files that findings are in.
//
// The names of files come from #line lines too, so a name may be any: only regular files are opened
// (opening a fifo would wait for ever, opening a watchdog's device would start it).
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "clang_plugin/report/chain.h"

namespace cgoscope {

class SourceLines {
 public:
  // Line `number` (from 1) of the file, without its end; nothing when there is no such line, or the
  // file cannot be read, is no regular one or is larger than 64 MiB. The view holds until the next
  // call.
  std::optional<std::string_view> line(const std::string& path, int number);

 private:
  struct File {
    std::string text;
    std::vector<size_t> starts;
  };

  const File& open(const std::string& path);

  std::map<std::string, File> files_;
  size_t cached_bytes_ = 0;
};

// Columns as editors count them: from 1, in UTF-16 code units. 0 when not known.
struct Columns {
  int first = 0;
  int behind = 0;  // one past the place's name; 0 when that does not stand there
};

// Those of a place. Where its line cannot be read, `first` is the column in bytes, which is the
// same in ASCII.
Columns columns_of(const ReportPlace& place, SourceLines& lines);

}  // namespace cgoscope
