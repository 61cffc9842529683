#include "clang_plugin/packages/package_numbers.h"

#include <algorithm>
#include <charconv>
#include <string>

namespace cgoscope {
namespace {

// Numbers of one kind of name: what the files before used up, and the most that this one uses.
struct Count {
  std::string_view prefix;
  int first = 0;  // the number that a file starts with
  int before = 0;
  int here = 0;

  // "init.func12.1" becomes "init.func15.1" when three went before.
  bool shift(std::string& name) {
    if (!name.starts_with(prefix)) return false;
    int number = 0;
    const char* digits = name.data() + prefix.size();
    const auto parsed = std::from_chars(digits, name.data() + name.size(), number);
    if (parsed.ec != std::errc()) return false;
    here = std::max(here, number - first + 1);
    name.replace(prefix.size(), static_cast<size_t>(parsed.ptr - digits),
                 std::to_string(number + before));
    return true;
  }
  void next_file() {
    before += here;
    here = 0;
  }
};

}  // namespace

void number_across_files(const std::vector<GoFile*>& files) {
  Count closures{kPackageClosure, 1};
  Count inits{kInitFunction, 0};
  for (GoFile* file : files) {
    auto shift = [&](std::string& name) { return closures.shift(name) || inits.shift(name); };
    for (GoFunction& function : file->functions) shift(function.name);
    for (GoReference& reference : file->references) shift(reference.function);
    closures.next_file();
    inits.next_file();
  }
}

}  // namespace cgoscope
