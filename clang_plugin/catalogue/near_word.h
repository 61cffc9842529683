// What somebody may have meant who wrote a word that is not there.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace cgoscope {

// The word of `known` that a slip of the keyboard turns into `word`; "" when none is near.
std::string near_word(std::string_view word, const std::vector<std::string>& known);

}  // namespace cgoscope
