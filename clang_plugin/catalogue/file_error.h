// One thing that is wrong with a file that users write: where, what and why, and how to mend it.
#pragma once

#include <string>

namespace cgoscope {

struct FileError {
  int line = 0;    // from 1; 0 when it is the file as a whole
  int column = 0;  // from 1, in bytes
  std::string why;
  std::string mend;  // "" when `why` says what would be right
};

}  // namespace cgoscope
