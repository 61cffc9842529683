#include "findings/glob.h"

#include <cstddef>

namespace cgoscope {

// Linear in practice: only the last star is ever retried.
bool glob_matches(std::string_view glob, std::string_view name) {
  size_t g = 0, n = 0, after_star = std::string_view::npos, retry = 0;
  while (n < name.size()) {
    if (g < glob.size() && glob[g] == '*') {
      after_star = ++g;
      retry = n;
    } else if (g < glob.size() && (glob[g] == '?' || glob[g] == name[n])) {
      ++g;
      ++n;
    } else if (after_star != std::string_view::npos) {
      g = after_star;
      n = ++retry;
    } else {
      return false;
    }
  }
  while (g < glob.size() && glob[g] == '*') ++g;
  return g == glob.size();
}

}  // namespace cgoscope
