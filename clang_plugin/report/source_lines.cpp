#include "clang_plugin/report/source_lines.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <utility>

namespace cgoscope {
namespace {

constexpr size_t kMaxFileBytes = size_t{64} << 20;
constexpr size_t kMaxCacheBytes = size_t{128} << 20;

// Of valid UTF-8: a character of four bytes takes two units, any other one. A stray byte counts as
// the others of its kind do in a line that is not UTF-8.
int utf16_units(std::string_view text) {
  int units = 0;
  for (const char byte : text) {
    const auto code = static_cast<unsigned char>(byte);
    units += code >= 0xF0 ? 2 : (code & 0xC0) == 0x80 ? 0 : 1;
  }
  return units;
}

}  // namespace

std::optional<std::string_view> SourceLines::line(const std::string& path, int number) {
  if (path.empty() || number < 1) return std::nullopt;
  const File& file = open(path);
  const auto index = static_cast<size_t>(number) - 1;
  if (index >= file.starts.size()) return std::nullopt;
  const size_t start = file.starts[index];
  const size_t end = std::min(file.text.find('\n', start), file.text.size());
  std::string_view line = std::string_view(file.text).substr(start, end - start);
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

const SourceLines::File& SourceLines::open(const std::string& path) {
  if (const auto known = files_.find(path); known != files_.end()) return known->second;
  if (cached_bytes_ > kMaxCacheBytes) {
    files_.clear();
    cached_bytes_ = 0;
  }
  File file;
  std::error_code ignored;
  std::ifstream stream;
  if (std::filesystem::is_regular_file(path, ignored))
    stream.open(path, std::ios::binary | std::ios::ate);
  const auto size = stream.is_open() ? static_cast<std::streamoff>(stream.tellg()) : 0;
  if (size > 0 && static_cast<size_t>(size) <= kMaxFileBytes) {
    file.text.resize(static_cast<size_t>(size));
    stream.seekg(0);
    stream.read(file.text.data(), size);
    file.text.resize(static_cast<size_t>(std::max<std::streamsize>(stream.gcount(), 0)));
  }
  if (!file.text.empty()) file.starts.push_back(0);
  for (size_t at = file.text.find('\n'); at != std::string::npos;
       at = file.text.find('\n', at + 1)) {
    if (at + 1 < file.text.size()) file.starts.push_back(at + 1);
  }
  cached_bytes_ += file.text.size();
  return files_.emplace(path, std::move(file)).first->second;
}

Columns columns_of(const ReportPlace& place, SourceLines& lines) {
  if (place.column < 1) return {};
  const auto line = lines.line(place.file, place.line);
  const auto before = static_cast<size_t>(place.column) - 1;
  if (!line || before > line->size()) return {place.column, 0};
  Columns columns{1 + utf16_units(line->substr(0, before)), 0};
  if (!place.name.empty() && line->substr(before).starts_with(place.name))
    columns.behind = columns.first + utf16_units(place.name);
  return columns;
}

}  // namespace cgoscope
