// A process number can be given to another process between any two looks at /proc. A pidfd means
// one process for ever, so what was read through the number is believed only if the pidfd, opened
// before, still says that its process lives.
#include "probe_cli/process/target.h"

#include <elf.h>
#include <poll.h>
#include <sched.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <cstring>

#include "probe_cli/clock.h"
#include "probe_cli/process/control_groups.h"
#include "probe_cli/process/proc_file.h"
#include "probe_cli/process/threads.h"

namespace cgoscope {
namespace {

constexpr size_t kEnvironmentLimitBytes = 16u << 20;
constexpr size_t kMappingsLimitBytes = 64u << 20;

std::string proc_path(pid_t pid, const char* file) {
  return "/proc/" + std::to_string(pid) + "/" + file;
}

std::string what_failed(pid_t pid) { return "cannot watch process " + std::to_string(pid); }

constexpr const char* kPermissionHint =
    "run as root, or as the user of that process, or give cgoscope CAP_SYS_PTRACE";

Error no_such_process(pid_t pid) {
  return {what_failed(pid), "there is no such process", "look for it with ps -e"};
}

// Why pidfd_open refused.
Error not_held(pid_t pid, int error) {
  if (error == ENOSYS) {
    return {what_failed(pid), "this kernel has no pidfd_open(2)", "Linux 5.3 or newer is needed"};
  }
  if (pid <= 0 || error == ESRCH) return no_such_process(pid);
  const std::optional<std::string> status = read_proc_file(proc_path(pid, "status"));
  if (const auto process = status ? status_number(*status, "Tgid") : std::nullopt;
      process && *process != pid) {
    return {what_failed(pid), "it is a thread of process " + std::to_string(*process),
            "give -p " + std::to_string(*process)};
  }
  return {what_failed(pid), std::strerror(error), ""};
}

// The address of the program headers that the kernel handed to the process: they lie in the mapping
// that execve made, as opposed to one that the program made of its own file.
std::optional<uint64_t> program_headers_address(pid_t pid) {
  const std::optional<std::string> vector = read_proc_file(proc_path(pid, "auxv"));
  if (!vector) return std::nullopt;
  for (size_t at = 0; at + sizeof(Elf64_auxv_t) <= vector->size(); at += sizeof(Elf64_auxv_t)) {
    Elf64_auxv_t entry;
    std::memcpy(&entry, vector->data() + at, sizeof entry);
    if (entry.a_type == AT_PHDR) return entry.a_un.a_val;
  }
  return std::nullopt;
}

}  // namespace

Result<Target> Target::open(pid_t pid) {
  Target target;
  target.pid_ = pid;
  target.pidfd_ = Descriptor(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)));
  if (!target.pidfd_) return not_held(pid, errno);

  ThreadState leader;
  const std::optional<std::string> stat = read_proc_file(proc_path(pid, "stat"));
  const int stat_error = errno;
  std::optional<std::string> link = link_text(target.executable());
  const int link_error = errno;
  if (target.exited()) {
    // A zombie polls as exited too, but whoever started it has yet to ask for its end.
    if (stat && parse_thread_stat(*stat, leader) && leader.state == 'Z') {
      return Error{what_failed(pid),
                   "it has ended, and waits for its parent to collect it (zombie)", ""};
    }
    return no_such_process(pid);
  }
  if (!stat || !parse_thread_stat(*stat, leader)) {
    return Error{what_failed(pid),
                 "/proc does not show it: " + std::string(std::strerror(stat_error)),
                 "mount /proc; if it is mounted with hidepid, run as root"};
  }
  if (leader.kernel_thread) {
    return Error{what_failed(pid), "\"" + leader.name + "\" is a thread of the kernel", ""};
  }
  if (leader.state == 'Z') {
    return Error{what_failed(pid), "its first thread has ended, and with it what /proc tells", ""};
  }
  if (!link) {
    const bool forbidden = link_error == EACCES || link_error == EPERM;
    return Error{what_failed(pid),
                 "which program it runs cannot be read: " + std::string(std::strerror(link_error)),
                 forbidden ? kPermissionHint : ""};
  }
  target.executable_name_ = without_deleted(*link);
  return target;
}

std::string Target::executable() const { return proc_path(pid_, "exe"); }

bool Target::exited() const {
  pollfd polled{pidfd_.get(), POLLIN, 0};
  return poll(&polled, 1, 0) > 0;
}

std::string Target::environment(const std::string& name) const {
  const std::optional<std::string> text =
      read_proc_file(proc_path(pid_, "environ"), kEnvironmentLimitBytes);
  if (!text || exited()) return "";
  std::string_view rest = *text;
  while (!rest.empty()) {
    std::string_view entry = take_until(rest, '\0');
    if (entry.find('=') != entry.npos && take_until(entry, '=') == name) return std::string(entry);
  }
  return "";
}

Result<std::vector<Mapping>> Target::mappings() const {
  const std::string what = "cannot read what process " + std::to_string(pid_) + " has mapped";
  const std::optional<std::string> text =
      read_proc_file(proc_path(pid_, "maps"), kMappingsLimitBytes);
  const int error = errno;
  if (exited()) return Error{what, "it has ended", ""};
  if (!text) {
    const bool forbidden = error == EACCES || error == EPERM;
    return Error{what, std::strerror(error), forbidden ? kPermissionHint : ""};
  }
  return parse_mappings(*text);
}

Result<uint64_t> Target::load_base(uint64_t first_segment_address) const {
  const std::string what = "cannot tell where process " + std::to_string(pid_) + " is loaded";
  const Result<std::vector<Mapping>> mapped = mappings();
  if (!mapped) return Error{what, mapped.error().message(), mapped.error().hint};
  struct stat file{};
  const std::optional<std::string> link = link_text(executable());
  if (stat(executable().c_str(), &file) != 0 || !link) {
    return Error{what, "its executable: " + std::string(std::strerror(errno)), ""};
  }

  // By device and inode. Where the two views of a file system differ in these (btrfs, overlayfs of
  // older kernels), by the name that the kernel gives the mapping: it is that of the link, letter
  // for letter, because both come from one open file.
  const auto first_of = [&](auto same_file) -> const Mapping* {
    const std::optional<uint64_t> headers = program_headers_address(pid_);
    const Mapping* lowest = nullptr;
    for (const Mapping& mapping : *mapped) {
      if (mapping.file_offset != 0 || !same_file(mapping)) continue;
      if (headers && mapping.begin <= *headers && *headers < mapping.end) return &mapping;
      if (lowest == nullptr) lowest = &mapping;
    }
    return lowest;
  };
  const Mapping* first = first_of([&](const Mapping& mapping) {
    return mapping.inode == file.st_ino && mapping.device == file.st_dev;
  });
  if (first == nullptr) {
    first = first_of(
        [&](const Mapping& mapping) { return mapping.inode != 0 && mapping.path == *link; });
  }
  if (first == nullptr) {
    return Error{what, "the begin of " + executable_name_ + " is not mapped",
                 "try again if it has just started"};
  }
  const auto page = static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
  const uint64_t linked = first_segment_address & ~(page - 1);
  if (linked > first->begin) {
    return Error{what, executable_name_ + " is mapped below the address that it was linked for",
                 ""};
  }
  return first->begin - linked;
}

std::optional<Target::Image> Target::image() const {
  struct stat file{};
  std::optional<std::string> vector = read_proc_file(proc_path(pid_, "auxv"));
  if (!vector || vector->empty() || stat(executable().c_str(), &file) != 0 || exited())
    return std::nullopt;
  return Image{std::move(*vector), file.st_dev, file.st_ino};
}

double Target::usable_cpus() const {
  double cpus = static_cast<double>(std::max(1L, sysconf(_SC_NPROCESSORS_ONLN)));
  constexpr int kMostCpus = 1 << 16;
  for (int size = 1024; size <= kMostCpus; size *= 4) {
    std::vector<cpu_set_t> set(CPU_ALLOC_SIZE(size) / sizeof(cpu_set_t));
    const size_t set_bytes = set.size() * sizeof(cpu_set_t);
    if (sched_getaffinity(pid_, set_bytes, set.data()) == 0) {
      cpus = std::min(cpus, static_cast<double>(CPU_COUNT_S(set_bytes, set.data())));
      break;
    }
    if (errno != EINVAL) break;  // EINVAL: the kernel has more CPUs than the set has bits
  }
  const std::optional<double> quota =
      cpu_quota(read_proc_file(proc_path(pid_, "cgroup")).value_or(""),
                read_proc_file("/proc/self/mountinfo").value_or(""));
  if (quota) cpus = std::min(cpus, *quota);
  return std::max(cpus, 0.01);
}

bool Target::stands_still() const {
  return is_stopped(pid_) || is_frozen(read_proc_file(proc_path(pid_, "cgroup")).value_or(""),
                                       read_proc_file("/proc/self/mountinfo").value_or(""));
}

std::optional<int64_t> Target::cpu_time_ns() const {
  clockid_t clock{};
  timespec used{};
  if (clock_getcpuclockid(pid_, &clock) != 0 || clock_gettime(clock, &used) != 0 || exited()) {
    return std::nullopt;
  }
  return in_ns(used);
}

std::vector<pid_t> processes_named(const std::string& name) {
  std::vector<pid_t> found;
  for (const pid_t pid : numbered_entries("/proc")) {
    const std::optional<std::string> link = link_text(proc_path(pid, "exe"));
    if (!link && errno == ENOENT) continue;
    const std::string file = without_deleted(link.value_or(""));
    std::string comm = read_proc_file(proc_path(pid, "comm")).value_or("");
    if (comm.ends_with('\n')) comm.pop_back();
    if (comm == name || (link && file.substr(file.rfind('/') + 1) == name)) found.push_back(pid);
  }
  return found;
}

Result<pid_t> process_named(const std::string& name) {
  const std::vector<pid_t> pids = processes_named(name);
  if (pids.size() == 1) return pids[0];
  if (pids.empty())
    return Error{"no process named " + name, "nothing that runs has this executable name",
                 "check with ps, or give -p PID"};
  std::string list;
  for (const pid_t pid : pids) list += (list.empty() ? "" : ", ") + std::to_string(pid);
  return Error{std::to_string(pids.size()) + " processes are named " + name, list,
               "choose one with -p PID"};
}

}  // namespace cgoscope
