// What a probe needs of the machine, one check a need. What can be tried is tried; what cannot
// (privileges, policies) is read from /proc and /sys.

#include "probe_cli/attach/kernel.h"

#include <bpf/libbpf.h>
#include <linux/capability.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <optional>

namespace cgoscope {

namespace {

std::optional<std::string> first_line(const char* path) {
  std::ifstream file(path);
  std::string line;
  if (!std::getline(file, line)) return std::nullopt;
  return line;
}

Check kernel_version() {
  utsname names{};
  uname(&names);
  int major = 0;
  int minor = 0;
  const bool parsed = sscanf(names.release, "%d.%d", &major, &minor) == 2;
  return {"kernel",
          parsed && (major > 5 || (major == 5 && minor >= 15)),
          true,
          std::string("Linux ") + names.release,
          "before 5.15 a probe cannot be told which of its places was hit",
          "Linux 5.15 or newer; 6.10 or newer for probes that cost little to remove"};
}

Check link_kind(LinkKind kind, std::string costs, std::string mend) {
  const Result<bool> tried = try_link_kind(kind);
  return {std::string(link_kind_name(kind)) + " probes",
          tried.has_value(),
          false,
          tried ? "tried: they see every call in every thread"
                : tried.error().what + ": " + tried.error().why,
          std::move(costs),
          std::move(mend)};
}

Check bpf_programs(const Check& multi, const Check& perf) {
  const bool good = multi.good || perf.good;
  return {"BPF programs",
          good,
          true,
          good ? "they load and attach" : multi.found,
          "nothing can be counted or timed in the kernel",
          "run as root, or with CAP_BPF and CAP_PERFMON"};
}

Check ring_buffer_map() {
  const bool good = libbpf_probe_bpf_map_type(BPF_MAP_TYPE_RINGBUF, nullptr) == 1;
  return {"ring buffer",
          good,
          true,
          good ? "supported" : "not supported, or not permitted",
          "a process's last words (panics, fatal errors) cannot be delivered",
          "Linux 5.8 or newer, and CAP_BPF"};
}

// Every program uses it, so that one of them loads says that it is there.
Check attach_cookie(const Check& programs) {
  return {"attach cookies",
          programs.good,
          true,
          programs.good ? "supported" : "could not be tried: no program loads",
          "a probe cannot be told which of its places was hit",
          "Linux 5.15 or newer, and CAP_BPF"};
}

uint64_t effective_capabilities() {
  static const uint64_t held = [] {
    std::ifstream status("/proc/self/status");
    for (std::string line; std::getline(status, line);) {
      if (line.starts_with("CapEff:")) return strtoull(line.c_str() + 7, nullptr, 16);
    }
    return 0ULL;
  }();
  return held;
}

Check capability(const char* name, int number, bool covered, std::string costs,
                 std::string mend =
                     "run as root, or grant it to the file of cgoscope: setcap "
                     "cap_bpf,cap_perfmon,cap_sys_ptrace+ep FILE") {
  const bool has = (effective_capabilities() >> number & 1) != 0;
  return {name,
          has || covered,
          false,
          has ? "effective" : (covered ? "not held, and not needed" : "not held"),
          std::move(costs),
          std::move(mend)};
}

std::vector<Check> capabilities() {
  const uint64_t held = effective_capabilities();
  const bool admin = (held >> CAP_SYS_ADMIN & 1) != 0;
  const bool bpf = (held >> CAP_BPF & 1) != 0 && (held >> CAP_PERFMON & 1) != 0;
  return {
      capability("CAP_BPF", CAP_BPF, admin, "BPF programs cannot be loaded"),
      capability("CAP_PERFMON", CAP_PERFMON, admin, "probes cannot read the target's memory"),
      capability("CAP_SYS_PTRACE", CAP_SYS_PTRACE, false,
                 "only processes of the same user can be looked into"),
      capability("CAP_SYS_ADMIN", CAP_SYS_ADMIN, bpf, "BPF programs cannot be loaded",
                 "CAP_BPF and CAP_PERFMON stand in for it"),
  };
}

Check lockdown() {
  // "none [integrity] confidentiality"; no such file: no lockdown.
  const auto line = first_line("/sys/kernel/security/lockdown");
  const bool confidential = line && line->find("[confidentiality]") != std::string::npos;
  return {"kernel lockdown",
          !confidential,
          false,
          line.value_or("none"),
          "lockdown=confidentiality may keep BPF programs from reading memory",
          "boot without lockdown=confidentiality"};
}

Check perf_event_paranoid() {
  const auto line = first_line("/proc/sys/kernel/perf_event_paranoid");
  const int level = line ? atoi(line->c_str()) : 2;
  const uint64_t held = effective_capabilities();
  const bool above = (held >> CAP_PERFMON & 1) != 0 || (held >> CAP_SYS_ADMIN & 1) != 0;
  return {"perf_event_paranoid",
          above || level < 0,
          false,
          line.value_or("not readable") + (above ? ", which these privileges are above" : ""),
          "perf links are refused",
          "run as root, or sysctl kernel.perf_event_paranoid=-1"};
}

Check unprivileged_bpf() {
  const auto line = first_line("/proc/sys/kernel/unprivileged_bpf_disabled");
  const uint64_t held = effective_capabilities();
  const bool above = (held >> CAP_BPF & 1) != 0 || (held >> CAP_SYS_ADMIN & 1) != 0;
  // Even where it is 0, unprivileged users may load other types of programs only.
  return {"unprivileged_bpf_disabled",
          above,
          false,
          line.value_or("not readable") + (above ? ", which these privileges are above" : ""),
          "an ordinary user cannot load the programs, whatever it says",
          "CAP_BPF and CAP_PERFMON"};
}

Check locked_memory() {
  rlimit limit{};
  getrlimit(RLIMIT_MEMLOCK, &limit);
  utsname names{};
  uname(&names);
  int major = 0;
  int minor = 0;
  sscanf(names.release, "%d.%d", &major, &minor);
  const bool by_cgroup = major > 5 || (major == 5 && minor >= 11);
  const bool unlimited = limit.rlim_cur == RLIM_INFINITY;
  return {"locked memory",
          by_cgroup || unlimited,
          false,
          (unlimited ? "unlimited" : std::to_string(limit.rlim_cur / 1024) + " KiB") +
              std::string(by_cgroup ? "; this kernel counts BPF maps to the cgroup instead" : ""),
          "the programs' maps may not fit",
          "ulimit -l unlimited"};
}

Check ptrace_scope() {
  const auto line = first_line("/proc/sys/kernel/yama/ptrace_scope");
  const bool may = (effective_capabilities() >> CAP_SYS_PTRACE & 1) != 0;
  const std::string scope = line.value_or("0");
  const bool good = scope == "0" || (may && scope != "3");
  return {"yama ptrace_scope",
          good,
          false,
          line ? scope : "no Yama",
          "memory and stacks of processes that are not our children cannot be read: no stuck-m, no "
          "live timers",
          scope == "3" ? "3 cannot be changed until the next boot"
                       : "CAP_SYS_PTRACE, or sysctl kernel.yama.ptrace_scope=0"};
}

Check pid_namespace() {
  struct stat of{};
  constexpr ino_t initial = 0xEFFFFFFC;  // include/linux/proc_ns.h, PROC_PID_INIT_INO
  const bool good = stat("/proc/self/ns/pid", &of) == 0 && of.st_ino == initial;
  return {"pid namespace",
          good,
          false,
          good ? "the initial one" : "a container's",
          "only processes of this container can be watched, and in a container below it thread ids "
          "of calls and events are not known",
          "run on the host, or with --pid=host"};
}

// The programs read nothing of the kernel's own, so they need no description of it.
Check btf() {
  const bool there = access("/sys/kernel/btf/vmlinux", R_OK) == 0;
  return {"kernel BTF", true, false, there ? "there, and not needed" : "not there, and not needed",
          "",           ""};
}

}  // namespace

std::vector<Check> check_kernel() {
  const Check multi = link_kind(LinkKind::kUprobeMulti,
                                "perf links are used: removing them takes about 0.1 s a place, so "
                                "signals cannot be attached for part of the time",
                                "Linux 6.10 or newer, and CAP_BPF and CAP_PERFMON");
  const Check perf = link_kind(LinkKind::kPerf, "no fallback where uprobe.multi does not work",
                               "run as root; CAP_PERFMON alone does not suffice (Linux 6.18)");
  const Check programs = bpf_programs(multi, perf);
  std::vector<Check> checks = {kernel_version(),       programs, multi, perf, ring_buffer_map(),
                               attach_cookie(programs)};
  for (Check& check : capabilities()) checks.push_back(std::move(check));
  checks.push_back(lockdown());
  checks.push_back(perf_event_paranoid());
  checks.push_back(unprivileged_bpf());
  checks.push_back(locked_memory());
  checks.push_back(ptrace_scope());
  checks.push_back(pid_namespace());
  checks.push_back(btf());
  return checks;
}

}  // namespace cgoscope
