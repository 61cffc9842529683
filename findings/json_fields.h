// Values out of an object of JSON that others wrote. The first that is missing or of a wrong type
// is the problem, and all later ones are empty: a reader takes what it needs, and asks once.
#pragma once

#include <cstdint>
#include <limits>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace cgoscope {

class JsonFields {
 public:
  // Both must live as long as this; `problem` is "" as long as all is well.
  JsonFields(const nlohmann::json& object, std::string& problem)
      : object_(object), problem_(problem) {}

  std::string text(const char* key) {
    const nlohmann::json* value = find(key);
    if (value == nullptr) return "";
    if (value->is_string()) return value->get<std::string>();
    return fail(key, "is not a string"), "";
  }

  // 0 to INT_MAX: a line, a column, a count.
  int whole_number(const char* key) {
    const nlohmann::json* value = find(key);
    if (value == nullptr) return 0;
    if (value->is_number_unsigned() &&
        value->get<uint64_t>() <= static_cast<uint64_t>(std::numeric_limits<int>::max()))
      return value->get<int>();
    return fail(key, "is not a whole number from 0 to 2147483647"), 0;
  }

  // From 0 to 9e12, which in milliseconds is 285 years, and fits 64 bits in nanoseconds.
  double number(const char* key) {
    const nlohmann::json* value = find(key);
    if (value == nullptr) return 0;
    if (value->is_number() && value->get<double>() >= 0 && value->get<double>() <= 9e12)
      return value->get<double>();
    return fail(key, "is not a number from 0 to 9e12"), 0.0;
  }

  // nullptr when it is null, or not an object.
  const nlohmann::json* object_or_null(const char* key) {
    const nlohmann::json* value = find(key);
    if (value == nullptr || value->is_null()) return nullptr;
    if (value->is_object()) return value;
    return fail(key, "is not an object"), nullptr;
  }

  // nullptr when it is not an object.
  const nlohmann::json* object(const char* key) {
    const nlohmann::json* value = object_or_null(key);
    if (value == nullptr) fail(key, "is not an object");
    return value;
  }

  // nullptr when it is not a list of objects.
  const nlohmann::json* objects(const char* key) {
    const nlohmann::json* value = find(key);
    if (value == nullptr) return nullptr;
    if (!value->is_array()) return fail(key, "is not a list"), nullptr;
    for (const nlohmann::json& each : *value) {
      if (!each.is_object()) return fail(key, "holds something that is not an object"), nullptr;
    }
    return value;
  }

  void fail(const char* key, std::string_view why) {
    if (problem_.empty()) problem_ = std::string("its \"") + key + "\" " + std::string(why);
  }

 private:
  const nlohmann::json* find(const char* key) {
    if (!problem_.empty()) return nullptr;
    const auto found = object_.find(key);
    if (found == object_.end()) return fail(key, "is missing"), nullptr;
    return &*found;
  }

  const nlohmann::json& object_;
  std::string& problem_;
};

// Sixteen lower-case hexadecimal digits, as findings of both tools have.
inline bool is_finding_id(std::string_view text) {
  return text.size() == 16 && text.find_first_not_of("0123456789abcdef") == text.npos;
}

}  // namespace cgoscope
