#include "probe_cli/process/control_groups.h"

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "probe_cli/process/proc_file.h"

namespace cgoscope {
namespace {

struct Hierarchy {
  bool unified = false;  // version 2
  std::string root;      // the group that is mounted
  std::string mount_point;
};

bool listed(std::string_view list, std::string_view name) {
  while (!list.empty()) {
    if (take_until(list, ',') == name) return true;
  }
  return false;
}

// A space, tab, newline or backslash in a path of mountinfo stands as \ooo.
std::string unescaped(std::string_view path) {
  std::string text;
  while (!path.empty()) {
    const auto byte = path.size() >= 4 && path[0] == '\\'
                          ? parse_number<uint8_t>(path.substr(1, 3), 8)
                          : std::nullopt;
    text.push_back(byte ? static_cast<char>(*byte) : path[0]);
    path.remove_prefix(byte ? 4 : 1);
  }
  return text;
}

// "36 35 98:0 /root /mount/point options shared:1 - type source super-options" (proc(5)).
std::vector<Hierarchy> hierarchies(std::string_view mountinfo, std::string_view controller) {
  std::vector<Hierarchy> found;
  while (!mountinfo.empty()) {
    std::string_view line = take_until(mountinfo, '\n');
    for (int skipped = 0; skipped < 3; ++skipped) take_until(line, ' ');
    const std::string_view root = take_until(line, ' ');
    const std::string_view mount_point = take_until(line, ' ');
    while (!line.empty() && take_until(line, ' ') != "-") {
    }
    const std::string_view type = take_until(line, ' ');
    take_until(line, ' ');
    if (type == "cgroup2" || (type == "cgroup" && listed(line, controller))) {
      found.push_back({type == "cgroup2", unescaped(root), unescaped(mount_point)});
    }
  }
  return found;
}

std::optional<double> limit_of(const std::string& folder, bool unified) {
  if (unified) return parse_cpu_max(read_proc_file(folder + "/cpu.max").value_or(""));
  std::string limit = read_proc_file(folder + "/cpu.cfs_quota_us").value_or("");
  limit = limit.substr(0, limit.find('\n')) + " ";
  return parse_cpu_max(limit + read_proc_file(folder + "/cpu.cfs_period_us").value_or(""));
}

struct Folder {
  bool unified = false;
  std::string path;
};

// Of `group` and those above it, as far as they are mounted.
void add_folders(const Hierarchy& hierarchy, std::string group, std::vector<Folder>& folders) {
  if (hierarchy.root != "/") {
    if (group != hierarchy.root && !group.starts_with(hierarchy.root + "/")) return;
    group.erase(0, hierarchy.root.size());
  }
  // A group outside of our own cgroup namespace shows as "/..", and is not mounted for us.
  if (group == "/.." || group.starts_with("/../")) return;
  while (true) {
    folders.push_back({hierarchy.unified, hierarchy.mount_point + group});
    if (group.empty()) return;
    group.erase(group.rfind('/') == group.npos ? 0 : group.rfind('/'));
  }
}

// Those in which the controller's files may be.
std::vector<Folder> folders_of(std::string_view cgroup, std::string_view mountinfo,
                               std::string_view controller) {
  const std::vector<Hierarchy> mounted = hierarchies(mountinfo, controller);
  std::vector<Folder> folders;
  while (!cgroup.empty()) {
    std::string_view line = take_until(cgroup, '\n');
    const bool unified = take_until(line, ':') == "0";
    const std::string_view controllers = take_until(line, ':');
    if (!(unified && controllers.empty()) && !listed(controllers, controller)) continue;
    for (const Hierarchy& hierarchy : mounted) {
      if (hierarchy.unified == (unified && controllers.empty()))
        add_folders(hierarchy, std::string(line), folders);
    }
  }
  return folders;
}

}  // namespace

std::optional<double> parse_cpu_max(std::string_view text) {
  while (text.ends_with('\n')) text.remove_suffix(1);
  const auto quota_us = parse_number<int64_t>(take_until(text, ' '));
  const auto period_us = parse_number<int64_t>(text);
  if (!quota_us || !period_us || *quota_us <= 0 || *period_us <= 0) return std::nullopt;
  return static_cast<double>(*quota_us) / static_cast<double>(*period_us);
}

std::optional<double> cpu_quota(std::string_view cgroup, std::string_view mountinfo) {
  std::optional<double> least;
  for (const Folder& folder : folders_of(cgroup, mountinfo, "cpu")) {
    const std::optional<double> limit = limit_of(folder.path, folder.unified);
    if (limit && (!least || *limit < *least)) least = limit;
  }
  return least;
}

bool is_frozen(std::string_view cgroup, std::string_view mountinfo) {
  const std::vector<Folder> folders = folders_of(cgroup, mountinfo, "freezer");
  return std::any_of(folders.begin(), folders.end(), [](const Folder& folder) {
    const char* file = folder.unified ? "/cgroup.events" : "/freezer.state";
    const std::string text = read_proc_file(folder.path + file).value_or("");
    return folder.unified ? text.find("frozen 1") != text.npos : text.starts_with("FROZEN");
  });
}

}  // namespace cgoscope
