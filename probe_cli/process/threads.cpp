// A thread's name may hold anything, ") R 1" and newlines too, so stat is read from its last
// parenthesis on (proc(5)). In stat the kernel writes a newline of the name as \n and a backslash
// as \\.
#include "probe_cli/process/threads.h"

#include <asm/unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <iterator>

#include "probe_cli/process/proc_file.h"

namespace cgoscope {
namespace {

struct SyscallRow {
  long number;
  std::string_view name;
};

// A row for each __NR_ macro of <asm/unistd.h>, written by syscall_rows.cmake at configure time.
constexpr SyscallRow kSyscalls[] = {
#include "probe_cli/process/syscall_rows.h"
};

constexpr uint64_t kKernelThreadFlag = 0x00200000;  // PF_KTHREAD, include/linux/sched.h

std::string task_path(pid_t pid, pid_t tid, const char* file) {
  return "/proc/" + std::to_string(pid) + "/task/" + std::to_string(tid) + "/" + file;
}

std::string unescaped(std::string_view name) {
  std::string text;
  for (size_t i = 0; i < name.size(); ++i) {
    if (name[i] == '\\' && i + 1 < name.size()) {
      ++i;
      text.push_back(name[i] == 'n' ? '\n' : name[i]);
    } else {
      text.push_back(name[i]);
    }
  }
  return text;
}

std::vector<std::string_view> words(std::string_view text) {
  std::vector<std::string_view> found;
  while (!text.empty()) {
    const size_t begin = text.find_first_not_of(" \t\n");
    if (begin == text.npos) break;
    text.remove_prefix(begin);
    found.push_back(text.substr(0, text.find_first_of(" \t\n")));
    text.remove_prefix(found.back().size());
  }
  return found;
}

std::optional<uint64_t> parse_hexadecimal(std::string_view text) {
  if (!text.starts_with("0x")) return std::nullopt;
  return parse_number<uint64_t>(text.substr(2), 16);
}

}  // namespace

bool parse_thread_stat(std::string_view text, ThreadState& state) {
  const size_t open = text.find('(');
  const size_t close = text.rfind(')');
  if (open == text.npos || close == text.npos || close < open) return false;
  // The fields behind the name; the manual page counts from 1 and the state is its third.
  const std::vector<std::string_view> fields = words(text.substr(close + 1));
  const auto field = [&](size_t number) {
    return number - 3 < fields.size() ? fields[number - 3] : std::string_view();
  };
  const auto flags = parse_number<uint64_t>(field(9));
  const auto user_ticks = parse_number<int64_t>(field(14));
  const auto system_ticks = parse_number<int64_t>(field(15));
  const auto threads = parse_number<int64_t>(field(20));
  const auto started = parse_number<int64_t>(field(22));
  if (field(3).size() != 1 || !flags || !user_ticks || !system_ticks || !threads || !started) {
    return false;
  }
  state.name = unescaped(text.substr(open + 1, close - open - 1));
  state.state = field(3)[0];
  state.kernel_thread = (*flags & kKernelThreadFlag) != 0;
  state.process_threads = *threads;
  state.started_ticks = *started;
  state.cpu_ticks = *user_ticks + *system_ticks;
  return true;
}

// "running", or "NUMBER ARGUMENT… SP PC" of a thread that waits in a system call, or "-1 SP PC" of
// one that waits outside of any: for a page, or stopped.
bool parse_thread_syscall(std::string_view text, ThreadState& state) {
  const std::vector<std::string_view> fields = words(text);
  if (fields.size() == 1 && fields[0] == "running") {
    state.syscall.reset();
    state.stack_pointer = state.program_counter = 0;
    return true;
  }
  const auto number = fields.empty() ? std::nullopt : parse_number<long>(fields[0]);
  const size_t arguments = number && *number < 0 ? 0 : std::size(state.arguments);
  if (!number || fields.size() != 1 + arguments + 2) return false;
  std::array<uint64_t, 8> values{};  // at most six arguments, SP and PC
  for (size_t i = 1; i < fields.size(); ++i) {
    const auto value = parse_hexadecimal(fields[i]);
    if (!value) return false;
    values[i - 1] = *value;
  }
  state.syscall = *number < 0 ? std::nullopt : number;
  std::copy_n(values.begin(), arguments, state.arguments);
  state.stack_pointer = values[arguments];
  state.program_counter = values[arguments + 1];
  return true;
}

std::optional<int64_t> status_number(std::string_view status, std::string_view name) {
  while (!status.empty()) {
    std::string_view line = take_until(status, '\n');
    if (take_until(line, ':') != name) continue;
    const std::vector<std::string_view> numbers = words(line);
    return numbers.empty() ? std::nullopt : parse_number<int64_t>(numbers.back());
  }
  return std::nullopt;
}

int count_threads(pid_t pid) {
  const std::optional<std::string> text = read_proc_file("/proc/" + std::to_string(pid) + "/stat");
  ThreadState leader;
  if (!text || !parse_thread_stat(*text, leader)) return 0;
  // A first thread that has ended stays as a zombie until all have, and then until it is collected.
  if ((leader.state == 'Z' && leader.process_threads <= 1) || leader.state == 'X') return 0;
  return static_cast<int>(leader.process_threads);
}

bool is_stopped(pid_t pid) {
  const std::optional<std::string> text = read_proc_file("/proc/" + std::to_string(pid) + "/stat");
  ThreadState leader;
  return text && parse_thread_stat(*text, leader) && (leader.state == 'T' || leader.state == 't');
}

std::optional<ThreadState> read_thread(pid_t pid, pid_t tid) {
  ThreadState state;
  state.tid = tid;
  const std::optional<std::string> stat = read_proc_file(task_path(pid, tid, "stat"));
  if (!stat || !parse_thread_stat(*stat, state)) return std::nullopt;
  if (const auto status = read_proc_file(task_path(pid, tid, "status"))) {
    state.voluntary_switches = status_number(*status, "voluntary_ctxt_switches").value_or(-1);
    state.own_tid = static_cast<pid_t>(status_number(*status, "NSpid").value_or(0));
  }
  if (const auto syscall = read_proc_file(task_path(pid, tid, "syscall"))) {
    parse_thread_syscall(*syscall, state);
  } else {
    state.syscall_forbidden = errno == EACCES || errno == EPERM;
  }
  return state;
}

pid_t read_own_tid(pid_t pid, pid_t tid) {
  const auto status = read_proc_file(task_path(pid, tid, "status"));
  return static_cast<pid_t>(status ? status_number(*status, "NSpid").value_or(0) : 0);
}

std::vector<pid_t> list_threads(pid_t pid) {
  return numbered_entries("/proc/" + std::to_string(pid) + "/task");
}

std::string syscall_name(long number) {
  const auto* const row =
      std::find_if(std::begin(kSyscalls), std::end(kSyscalls),
                   [&](const SyscallRow& candidate) { return candidate.number == number; });
  if (row == std::end(kSyscalls)) return "syscall " + std::to_string(number);
  return std::string(row->name);
}

}  // namespace cgoscope
