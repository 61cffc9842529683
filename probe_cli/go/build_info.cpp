// The blob begins with 14 bytes of magic, a pointer size and flags, at an address divisible by 16.
// Since Go 1.18 (flag 2) two strings follow behind its 32 bytes, each after its length as a varint:
// the version and, between two sentinels of 16 bytes, the lines that `go version -m` shows. Before,
// the header held pointers to two Go strings (debug/buildinfo).
#include "probe_cli/go/build_info.h"

#include <algorithm>
#include <utility>

#include "probe_cli/go/bytes.h"

namespace cgoscope {
namespace {

constexpr std::string_view kMagic = "\xff Go buildinf:";
constexpr uint64_t kAlignment = 16;
constexpr uint64_t kHeaderBytes = 32;
constexpr uint64_t kSentinelBytes = 16;
constexpr uint8_t kBigEndian = 1;
constexpr uint8_t kInline = 2;
constexpr uint64_t kMaxVersionBytes = 1024;
constexpr uint64_t kMaxModuleBytes = 4u << 20;  // thousands of dependencies take some hundred KiB
constexpr size_t kMaxSettings = 1000;

Error broken(const ElfImage& image, const std::string& why) {
  return Error{"cannot read the Go build information of " + image.path(), why,
               "check with `go version -m`"};
}

bool is_blob(Bytes bytes) {
  return text_of(bytes.first(std::min(bytes.size(), kMagic.size()))) == kMagic;
}

std::optional<uint64_t> find_in(const ElfImage& image, uint64_t begin, uint64_t size) {
  const uint64_t first = (begin + kAlignment - 1) & ~(kAlignment - 1);
  Bytes bytes = image.bytes_from(first);
  bytes = bytes.first(std::min<uint64_t>(bytes.size(), size));
  const std::string_view text = text_of(bytes);
  for (size_t at = text.find(kMagic); at != std::string_view::npos; at = text.find(kMagic, at + 1))
    if (at % kAlignment == 0) return first + at;
  return std::nullopt;
}

std::optional<uint64_t> find_blob(const ElfImage& image) {
  if (const ElfSection* section = image.section(".go.buildinfo")) {
    if (const auto found = find_in(image, section->address, section->size)) return found;
  }
  // As `go version` does it: the first segment of data. And the others, for a linker that thinks
  // otherwise.
  for (const bool writable : {true, false}) {
    for (const ElfSegment& segment : image.segments()) {
      if (segment.writable != writable || segment.executable) continue;
      if (const auto found = find_in(image, segment.address, segment.file_size)) return found;
    }
  }
  return std::nullopt;
}

// A string behind its length; moves `rest` behind it.
std::optional<std::string_view> take_string(Bytes& rest) {
  uint64_t length = 0;
  for (unsigned shift = 0;; shift += 7) {
    if (rest.empty() || shift > 56) return std::nullopt;
    const auto byte = static_cast<uint8_t>(rest.front());
    rest = rest.subspan(1);
    length |= static_cast<uint64_t>(byte & 0x7f) << shift;
    if ((byte & 0x80) == 0) break;
  }
  if (length > rest.size()) return std::nullopt;
  const std::string_view text = text_of(rest.first(length));
  rest = rest.subspan(length);
  return text;
}

// The Go string whose header a pointer of the blob names.
std::optional<std::string_view> string_behind(const ElfImage& image, uint64_t pointer_address) {
  const auto header = image.pointer_at(pointer_address);
  if (!header) return std::nullopt;
  if (*header == 0) return "";
  const auto text = image.pointer_at(*header);
  const auto length = value_at<uint64_t>(image.bytes_at(*header + 8, sizeof(uint64_t)), 0);
  if (!text || !length) return std::nullopt;
  const Bytes bytes = image.bytes_at(*text, *length);
  if (bytes.size() != *length) return std::nullopt;
  return text_of(bytes);
}

// A key or value as strconv.Quote writes it when it has blanks or quotes; else as it is. Characters
// that Go would write as \x, \u or an octal number stay as written: no setting of ours has them.
std::string unquoted(std::string_view text) {
  if (text.size() < 2 || text.front() != text.back()) return std::string(text);
  if (text.front() == '`') return std::string(text.substr(1, text.size() - 2));
  if (text.front() != '"') return std::string(text);
  text = text.substr(1, text.size() - 2);
  std::string plain;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 1 < text.size()) {
      const char next = text[i + 1];
      const char escaped = next == 'n' ? '\n' : next == 't' ? '\t' : next == 'r' ? '\r' : next;
      if (next == '\\' || next == '"' || escaped != next) {
        plain += escaped;
        ++i;
        continue;
      }
    }
    plain += text[i];
  }
  return plain;
}

void read_setting(std::string_view line, std::map<std::string, std::string>& settings) {
  // A quoted key may have a '=' of its own.
  size_t from = 0;
  if (!line.empty() && (line.front() == '"' || line.front() == '`')) {
    from = 1;
    while (from < line.size() && line[from] != line.front()) from += line[from] == '\\' ? 2 : 1;
  }
  const size_t equals = line.find('=', std::min(from, line.size()));
  if (equals == std::string_view::npos || settings.size() == kMaxSettings) return;
  settings[unquoted(line.substr(0, equals))] = unquoted(line.substr(equals + 1));
}

void read_lines(std::string_view text, BuildInfo& info) {
  const auto after = [](std::string_view& line, std::string_view prefix) {
    if (line.substr(0, prefix.size()) != prefix) return false;
    line.remove_prefix(prefix.size());
    return true;
  };
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (after(line, "path\t"))
      info.main_package = line;
    else if (after(line, "mod\t"))
      info.main_module = line.substr(0, line.find('\t'));
    else if (after(line, "build\t"))
      read_setting(line, info.settings);
  }
}

}  // namespace

std::optional<GoVersion> parse_go_version(std::string_view text) {
  constexpr std::string_view kPrefix = "go1.";
  const auto is_digit = [](char byte) { return byte >= '0' && byte <= '9'; };
  const auto take_number = [&]() -> std::optional<int> {
    int number = 0;
    size_t digits = 0;
    for (; digits < text.size() && is_digit(text[digits]); ++digits) {
      if (digits == 4) return std::nullopt;
      number = number * 10 + (text[digits] - '0');
    }
    text.remove_prefix(digits);
    return digits == 0 ? std::nullopt : std::optional(number);
  };
  size_t at = text.find(kPrefix);
  while (at != std::string_view::npos && at > 0 && text[at - 1] != ' ')
    at = text.find(kPrefix, at + 1);
  if (at == std::string_view::npos) return std::nullopt;
  text.remove_prefix(at + kPrefix.size());
  const auto minor = take_number();
  if (!minor) return std::nullopt;
  GoVersion version{*minor, 0};
  if (!text.empty() && text.front() == '.') {
    text.remove_prefix(1);
    version.patch = take_number().value_or(0);
  }
  return version;
}

std::optional<std::string> godebug_value(std::string_view godebug, std::string_view key) {
  std::optional<std::string> value;
  while (!godebug.empty()) {
    const size_t end = std::min(godebug.find(','), godebug.size());
    const std::string_view field = godebug.substr(0, end);
    godebug.remove_prefix(std::min(end + 1, godebug.size()));
    const size_t equals = field.find('=');
    if (equals != std::string_view::npos && field.substr(0, equals) == key)
      value = field.substr(equals + 1);
  }
  return value;
}

std::string BuildInfo::default_godebug(std::string_view key) const {
  const auto setting = settings.find("DefaultGODEBUG");
  return setting == settings.end() ? "" : godebug_value(setting->second, key).value_or("");
}

Result<BuildInfo> read_build_info(const ElfImage& image) {
  const auto address = find_blob(image);
  if (!address) {
    return Error{"cannot read the Go build information of " + image.path(),
                 "there is none: it is not a Go program, or built with Go 1.12 or older",
                 "give the id of a Go process, or the path of a Go executable"};
  }
  Bytes rest = image.bytes_from(*address);
  if (!is_blob(rest) || rest.size() < kHeaderBytes) return broken(image, "it is cut off");
  const auto pointer_bytes = static_cast<uint8_t>(rest[14]);
  const auto flags = static_cast<uint8_t>(rest[15]);
  std::optional<std::string_view> version;
  std::optional<std::string_view> lines;
  if ((flags & kInline) != 0) {
    rest = rest.subspan(kHeaderBytes);
    version = take_string(rest);
    if (version) lines = take_string(rest);
  } else {
    if (pointer_bytes != 8 || (flags & kBigEndian) != 0)
      return broken(image, "it was made for another machine");
    version = string_behind(image, *address + 16);
    lines = string_behind(image, *address + 24);
  }
  if (!version || !lines) return broken(image, "a string in it ends beyond the end of the file");
  if (version->empty()) return broken(image, "its version is empty");
  if (version->size() > kMaxVersionBytes || lines->size() > kMaxModuleBytes)
    return broken(image, "a string in it is longer than any that the linker writes");

  BuildInfo info;
  info.version_text = *version;
  info.version = parse_go_version(*version);
  // Without the sentinels there are no lines: the program was not built by the go command.
  if (lines->size() > 2 * kSentinelBytes && (*lines)[lines->size() - kSentinelBytes - 1] == '\n')
    read_lines(lines->substr(kSentinelBytes, lines->size() - 2 * kSentinelBytes), info);
  return info;
}

}  // namespace cgoscope
