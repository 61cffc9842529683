#include "clang_plugin/catalogue/near_word.h"

#include "llvm/ADT/StringRef.h"

namespace cgoscope {

std::string near_word(std::string_view word, const std::vector<std::string>& known) {
  const unsigned most = word.size() < 4 ? 1 : word.size() < 12 ? 2 : 3;
  std::string near;
  unsigned best = most + 1;
  for (const std::string& one : known) {
    const unsigned distance = llvm::StringRef(word.data(), word.size())
                                  .edit_distance(one, /*AllowReplacements=*/true, best);
    if (distance < best && distance < word.size()) {
      best = distance;
      near = one;
    }
  }
  return near;
}

}  // namespace cgoscope
