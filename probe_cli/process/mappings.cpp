#include "probe_cli/process/mappings.h"

#include <sys/sysmacros.h>

#include <algorithm>
#include <optional>

#include "probe_cli/process/proc_file.h"

namespace cgoscope {
namespace {

std::string unescaped(std::string_view path) {
  constexpr std::string_view kNewline = "\\012";
  std::string text;
  for (size_t at = path.find(kNewline); at != path.npos; at = path.find(kNewline)) {
    text.append(path.substr(0, at)).push_back('\n');
    path.remove_prefix(at + kNewline.size());
  }
  return text.append(path);
}

std::optional<Mapping> parse_line(std::string_view line) {
  std::string_view range = take_until(line, ' ');
  const auto begin = parse_number<uint64_t>(take_until(range, '-'), 16);
  const auto end = parse_number<uint64_t>(range, 16);
  const std::string_view permissions = take_until(line, ' ');
  const auto offset = parse_number<uint64_t>(take_until(line, ' '), 16);
  std::string_view device = take_until(line, ' ');
  const auto major_number = parse_number<unsigned>(take_until(device, ':'), 16);
  const auto minor_number = parse_number<unsigned>(device, 16);
  const auto inode = parse_number<uint64_t>(take_until(line, ' '));
  if (!begin || !end || *begin >= *end || permissions.size() != 4 || !offset || !major_number ||
      !minor_number || !inode) {
    return std::nullopt;
  }
  line.remove_prefix(std::min(line.find_first_not_of(' '), line.size()));

  Mapping mapping;
  mapping.begin = *begin;
  mapping.end = *end;
  mapping.file_offset = *offset;
  mapping.writable = permissions[1] == 'w';
  mapping.executable = permissions[2] == 'x';
  mapping.device = makedev(*major_number, *minor_number);
  mapping.inode = *inode;
  mapping.path = unescaped(line);
  return mapping;
}

}  // namespace

std::vector<Mapping> parse_mappings(std::string_view text) {
  std::vector<Mapping> mappings;
  while (!text.empty()) {
    if (std::optional<Mapping> mapping = parse_line(take_until(text, '\n'))) {
      mappings.push_back(std::move(*mapping));
    }
  }
  return mappings;
}

std::string without_deleted(std::string_view path) {
  constexpr std::string_view kDeleted = " (deleted)";
  if (path.ends_with(kDeleted)) path.remove_suffix(kDeleted.size());
  return std::string(path);
}

}  // namespace cgoscope
