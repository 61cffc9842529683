// Strings out of JSON that others wrote: what is absent, or is something else, counts as empty.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace cgoscope {

// The string under `key`. `Json` is nlohmann's, ordered or not.
template <typename Json>
std::string text_of(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->template get<std::string>() : "";
}

// Appends the strings of the list under `key`; Go writes an empty one as null.
inline void take_texts(const nlohmann::json& object, const char* key,
                       std::vector<std::string>& to) {
  const auto found = object.find(key);
  if (found == object.end() || !found->is_array()) return;
  for (const nlohmann::json& each : *found) {
    if (each.is_string()) to.push_back(each.get<std::string>());
  }
}

}  // namespace cgoscope
