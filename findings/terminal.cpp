#include "findings/terminal.h"

#include <unistd.h>

#include <cstdlib>

namespace cgoscope {

bool wants_colour(int descriptor) {
  const char* no_colour = std::getenv("NO_COLOR");
  return isatty(descriptor) != 0 && (no_colour == nullptr || *no_colour == '\0');
}

}  // namespace cgoscope
