// What a process has mapped, as /proc/PID/maps tells it: a line each, the path last, in which the
// kernel writes a newline as \012 and nothing else is escaped (fs/proc/task_mmu.c,
// show_map_vma).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace cgoscope {

struct Mapping {
  uint64_t begin = 0, end = 0, file_offset = 0;
  bool executable = false, writable = false;
  uint64_t device = 0;  // as stat's st_dev, of most file systems (not of btrfs)
  uint64_t inode = 0;   // 0 when not a file
  std::string path;  // as the target's mount namespace names it, with " (deleted)" if that is so;
                     // "" or "[stack]" when not a file

  bool operator==(const Mapping&) const = default;
};

// Lines that are none are passed over.
std::vector<Mapping> parse_mappings(std::string_view text);

// `path` without the " (deleted)" that the kernel writes behind the name of a file that has none
// any more.
std::string without_deleted(std::string_view path);

}  // namespace cgoscope
