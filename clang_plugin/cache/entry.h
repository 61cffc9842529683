// A summary as bytes: what a file of the cache holds, and what it takes to believe it.
//
// The bytes begin with a checksum over the rest, so that a file that was torn or damaged is no
// entry. What passes it is still read as somebody else's: ids lie inside their tables, and no
// expression or statement holds itself, so that whoever walks the trees comes to an end.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "clang_plugin/summary/file_answers.h"
#include "clang_plugin/summary/summary.h"

namespace cgoscope {

inline constexpr size_t kMaxEntryBytes = size_t{64} << 20;  // a larger one is not kept

// Counts up when what the bytes mean changes.
inline constexpr int kEntryFormat = 2;

struct CacheEntry {
  std::vector<FileAnswer> answers;
  TranslationUnit unit;

  bool operator==(const CacheEntry&) const = default;
};

// A checksum before `payload`; and what stands behind a right one, which points into `bytes`.
std::string with_checksum(std::string_view payload);
std::optional<std::string_view> checked_payload(std::string_view bytes);

// `key` says whose summary it is.
std::string encode_entry(std::string_view key, const CacheEntry& entry);

// Nothing when the bytes are no whole and sound entry for `key`.
std::optional<CacheEntry> decode_entry(std::string_view key, std::string_view bytes);

// The same without the checksum, for tests of what is behind it.
std::optional<CacheEntry> decode_checked(std::string_view key, std::string_view payload);

}  // namespace cgoscope
