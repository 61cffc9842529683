// The kernel's view of the target's threads: /proc/PID/task/TID/{stat,status,syscall}.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cgoscope {

struct ThreadState {
  pid_t tid = 0;
  pid_t own_tid = 0;  // in its own pid namespace, as m.procid has it; 0 if not known
  std::string name;   // comm
  char state = '?';   // R, S, D, T, t, Z…
  bool kernel_thread = false;
  int64_t process_threads = 0;      // of the whole process
  int64_t started_ticks = 0;        // since boot, in clock ticks
  int64_t cpu_ticks = 0;            // user and system
  int64_t voluntary_switches = -1;  // how often it has waited; -1 when not readable. Unchanged
                                    // between two readings, and not running: the same wait
  // The system call that it waits in; nullopt while it runs, or when not readable.
  std::optional<long> syscall;
  bool syscall_forbidden = false;  // the kernel does not let us see it
  uint64_t arguments[6] = {};
  uint64_t stack_pointer = 0, program_counter = 0;  // of user space; 0 when not known
};

// How many threads there are; 0 when the process is gone.
int count_threads(pid_t pid);

// Whether it is stopped as a whole: by a signal (SIGSTOP, Ctrl-Z), or by a debugger.
bool is_stopped(pid_t pid);

// One thread; nullopt when it is gone.
std::optional<ThreadState> read_thread(pid_t pid, pid_t tid);

// The thread's id in its own pid namespace; 0 when it is gone.
pid_t read_own_tid(pid_t pid, pid_t tid);

// In ascending order; empty when the process is gone.
std::vector<pid_t> list_threads(pid_t pid);

// "clock_nanosleep"; "syscall 1234" for a number that is not known. Of the machine that this is
// built for.
std::string syscall_name(long number);

// The texts of the files, into the fields that they tell; false when a text is not of that form,
// and then `state` is as it was.
bool parse_thread_stat(std::string_view text, ThreadState& state);
bool parse_thread_syscall(std::string_view text, ThreadState& state);
// The last number of a line "NAME:\t1 2 3" of /proc/PID/status.
std::optional<int64_t> status_number(std::string_view status, std::string_view name);

}  // namespace cgoscope
