// Files of /proc: they have no size, are made at each read, and vanish with the process.
#pragma once

#include <sys/types.h>

#include <charconv>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cgoscope {

// The whole file, at most `limit_bytes` of it; nullopt, with errno set, when it cannot be read.
std::optional<std::string> read_proc_file(const std::string& path, size_t limit_bytes = 1u << 20);

// What a symbolic link reads, at most PATH_MAX bytes of it; nullopt, with errno set, when it cannot
// be read.
std::optional<std::string> link_text(const std::string& path);

// The entries of a folder whose names are positive numbers, in ascending order; empty when it
// cannot be read.
std::vector<pid_t> numbered_entries(const std::string& folder);

// Takes the text up to `separator`, or the rest, off the front of `text`.
std::string_view take_until(std::string_view& text, char separator);

// The whole of `text` as a number; nullopt when it is not one.
template <typename T>
std::optional<T> parse_number(std::string_view text, int base = 10) {
  T number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, base);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

// As /proc writes addresses: "7f00a0", without "0x".
std::string hexadecimal(uint64_t number);

}  // namespace cgoscope
