// Numbers out of bytes that may be too few: nothing is read past the end.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string_view>
#include <type_traits>

namespace cgoscope {

using Bytes = std::span<const std::byte>;

// The little-endian value (or structure of such) at `offset`; nullopt when it does not fit.
template <typename T>
std::optional<T> value_at(Bytes bytes, uint64_t offset) {
  static_assert(std::is_trivially_copyable_v<T>);
  if (offset > bytes.size() || bytes.size() - offset < sizeof(T)) return std::nullopt;
  T value;
  std::memcpy(&value, bytes.data() + offset, sizeof(T));
  return value;
}

// [offset, offset + size); empty when it does not fit.
inline Bytes part_of(Bytes bytes, uint64_t offset, uint64_t size) {
  if (offset > bytes.size() || bytes.size() - offset < size) return {};
  return bytes.subspan(offset, size);
}

// What begins at `offset`; empty beyond the end.
inline Bytes rest_of(Bytes bytes, uint64_t offset) {
  return offset > bytes.size() ? Bytes() : bytes.subspan(offset);
}

inline std::string_view text_of(Bytes bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// The NUL-terminated string at `offset`, as it lies there; nullopt without a NUL in `limit_bytes`.
// The limit keeps a file in which all names run into one another from costing the square of its
// size.
inline std::optional<std::string_view> string_at(Bytes bytes, uint64_t offset,
                                                 uint64_t limit_bytes) {
  const Bytes rest = rest_of(bytes, offset);
  const std::string_view text = text_of(rest.first(std::min<uint64_t>(rest.size(), limit_bytes)));
  const size_t end = text.find('\0');
  if (end == std::string_view::npos) return std::nullopt;
  return text.substr(0, end);
}

}  // namespace cgoscope
