// What control groups do to a process. What holds for a group holds for all groups below it, so the
// way up to the root counts. The files are those of version 2 of the hierarchy or of version 1
// (both may be mounted; one has the controller): cpu.max, or cpu.cfs_quota_us and
// cpu.cfs_period_us; cgroup.events, or freezer.state.
#pragma once

#include <optional>
#include <string_view>

namespace cgoscope {

// In CPUs, from "50000 100000" (0.5); nullopt for "max 100000" and for what is no limit.
std::optional<double> parse_cpu_max(std::string_view text);

// The least limit, in CPUs, of the groups that `cgroup` (the text of /proc/PID/cgroup) names, read
// below the mount points that `mountinfo` (of /proc/self/mountinfo) names; nullopt when there is
// none.
std::optional<double> cpu_quota(std::string_view cgroup, std::string_view mountinfo);

// Whether one of them is frozen, as by `docker pause`. From the same texts.
bool is_frozen(std::string_view cgroup, std::string_view mountinfo);

}  // namespace cgoscope
