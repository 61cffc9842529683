// Counts as messages of the lint say them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace cgoscope {

// "1 call", "3 calls".
inline std::string plural(int64_t count, std::string_view one) {
  return std::to_string(count) + " " + std::string(one) + (count == 1 ? "" : "s");
}

}  // namespace cgoscope
