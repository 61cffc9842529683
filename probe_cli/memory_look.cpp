// Everything is read while the program runs: what is no longer true when it is named is left out.
#include "probe_cli/memory_look.h"

#include <algorithm>
#include <map>
#include <string_view>
#include <tuple>
#include <unordered_set>

#include "probe_cli/process/proc_file.h"
#include "probe_cli/process/threads.h"

namespace cgoscope {
namespace {

constexpr std::string_view kUnreadNote =
    "the target's threads' system calls cannot be read, so neither they nor C frames are shown: "
    "run as the target's user, or with CAP_DAC_READ_SEARCH beside CAP_SYS_PTRACE";

// Whether descriptor `fd` of the process is a terminal, at which waiting for a person is no fault.
bool is_terminal(pid_t pid, uint64_t fd) {
  const std::string file =
      link_text("/proc/" + std::to_string(pid) + "/fd/" + std::to_string(fd)).value_or("");
  return file.starts_with("/dev/pts/") || file.starts_with("/dev/tty") || file == "/dev/console";
}

// Where the variables of packages lie, as loaded.
AddressRange variables(const ElfImage& image, uint64_t load_base) {
  AddressRange range;
  for (const ElfSegment& segment : image.segments()) {
    if (!segment.writable) continue;
    if (range.end == 0) range.begin = segment.address + load_base;
    range.end = segment.address + segment.memory_size + load_base;
  }
  return range;
}

// As a goroutine dump of the program's own calls it.
std::string_view state_name(GStatus status) {
  switch (status) {
    case GStatus::kRunnable:
      return "runnable";
    case GStatus::kRunning:
      return "running";
    case GStatus::kSyscall:
      return "syscall";
    case GStatus::kWaiting:
      return "waiting";
    case GStatus::kCopyStack:
      return "copystack";
    case GStatus::kPreempted:
      return "preempted";
    default:
      return "???";
  }
}

void add_to(GoroutineSample& to, const GoroutineSample& from) {
  to.count += from.count;
  to.estimated = to.estimated || from.estimated;
  if (to.waits_since_ns == 0 ||
      (from.waits_since_ns != 0 && from.waits_since_ns < to.waits_since_ns))
    to.waits_since_ns = from.waits_since_ns;
  to.goids.insert(to.goids.end(), from.goids.begin(), from.goids.end());
  std::sort(to.goids.begin(), to.goids.end());
  to.goids.resize(std::min(to.goids.size(), kGoidsPerGroup));
}

// Whether the runtime counts a goroutine with this function as its own, which is not among
// runtime.NumGoroutine (isSystemGoroutine, src/runtime/traceback.go).
bool starts_system_goroutine(std::string_view function) {
  return function.starts_with("runtime.") && function != "runtime.main" &&
         function != "runtime.handleAsyncEvent" && function != "runtime.corostart";
}

}  // namespace

MemoryLook::MemoryLook(const Target& target, const GoBinary& binary, uint64_t load_base,
                       Symbols& symbols)
    : target_(target),
      symbols_(symbols),
      census_(
          TargetMemory(target.pid()), binary.layout, binary.globals, load_base,
          [&functions = binary.functions](uint64_t pc) { return functions.stack_bytes_at(pc); }),
      goroutines_(TargetMemory(target.pid()), binary.layout, binary.globals, load_base),
      locks_(TargetMemory(target.pid()), binary.layout, binary.globals, load_base,
             variables(*binary.image, load_base),
             {[&symbols](uint64_t pc, uint64_t from, uint64_t to) {
                return symbols.names_address(pc, from, to);
              },
              [&symbols](uint64_t pc) { return symbols.unlocks(pc); }}),
      wait_reasons_(binary.globals.wait_reasons),
      other_pid_namespace_(link_text("/proc/" + std::to_string(target.pid()) + "/ns/pid") !=
                           link_text("/proc/self/ns/pid")) {}

std::string MemoryLook::wait_reason(GStatus status, uint8_t code) const {
  return status == GStatus::kWaiting && code < wait_reasons_.size() ? wait_reasons_[code] : "";
}

std::optional<MSample> MemoryLook::m_sample(const MRecord& m, const ThreadState& thread) {
  MSample sample;
  sample.id = m.id;
  sample.tid = thread.tid;
  sample.goid = m.g->goid;
  sample.in_cgo = m.in_cgo;
  sample.locked = m.g->locked;
  sample.go_stack = symbols_.go_stack(m.go_stack, true);
  const std::vector<Frame>& go = symbols_.stacks()[sample.go_stack];
  if (go.empty()) return std::nullopt;  // it went on while it was read
  const bool in_cgocall = go[0].function == "runtime.cgocall";
  if (m.in_cgo && !in_cgocall) return std::nullopt;
  sample.runtime_wait = !in_cgocall && is_runtime_function(go[0].function) &&
                        go[0].function.find("yscall") == std::string::npos;
  if (in_cgocall) sample.c_function = symbols_.c_function(m.c_stub, sample.go_stack);
  if (thread.syscall) {
    sample.syscall = syscall_name(*thread.syscall);
    if (sample.syscall == "read")
      sample.terminal_read = is_terminal(target_.pid(), thread.arguments[0]);
  } else if (thread.syscall_forbidden && thread.state != 'R') {
    sample.syscall = kUnreadSyscall;
    if (std::find(problems_.begin(), problems_.end(), kUnreadNote) == problems_.end())
      problems_.emplace_back(kUnreadNote);
  }
  sample.call_number = m.in_cgo ? m.cgo_calls : static_cast<uint64_t>(thread.voluntary_switches);
  if (m.in_cgo && c_walker_ && thread.syscall) {
    Walked& walked = walked_[sample.tid];
    if (walked.stack == kNoStack || walked.call_number != sample.call_number)
      walked = {sample.call_number, symbols_.add(c_walker_->walk(thread))};
    sample.c_stack = walked.stack;
  }
  return sample;
}

std::unordered_map<int64_t, pid_t> MemoryLook::tids_by_own_id() const {
  std::unordered_map<int64_t, pid_t> tids;
  for (const pid_t tid : list_threads(target_.pid())) {
    if (const pid_t own = read_own_tid(target_.pid(), tid); own != 0) tids.emplace(own, tid);
  }
  return tids;
}

void MemoryLook::take_ms(Sample& sample, const std::unordered_map<uint64_t, uint64_t>& began_ns) {
  last_ = census_.read();
  problems_ = last_.problems;
  missed_threads_ = false;
  if (!last_.sched || last_.ms.empty()) return;
  sample.memory_read = true;
  sample.threads_limit = last_.sched->threads_limit;
  sample.threads_created = last_.sched->threads_created;
  sample.threads_freed = last_.sched->threads_freed;
  sample.threads_of_ms = std::count_if(last_.ms.begin(), last_.ms.end(),
                                       [](const MRecord& m) { return m.tid != 0 && !m.extra; });
  sample.live_timers = last_.live_timers;
  sample.goroutines_peak = last_.goroutines_peak;
  sample.schedules = last_.schedules;
  std::unordered_map<int64_t, pid_t> tids;
  if (other_pid_namespace_) tids = tids_by_own_id();
  for (const MRecord& m : last_.ms) {
    if (!m.g || m.g->status != GStatus::kSyscall || m.tid <= 0) continue;
    const auto local = tids.find(m.tid);
    const std::optional<ThreadState> thread =
        read_thread(target_.pid(), local != tids.end() ? local->second : static_cast<pid_t>(m.tid));
    if (!thread || thread->own_tid != m.tid) {
      missed_threads_ = true;
      continue;
    }
    if (!c_walker_ && m.in_cgo) {
      if (Result<CStackWalker> walker = CStackWalker::open(target_.pid())) {
        c_walker_ = std::move(*walker);
        symbols_.use_c(*c_walker_);
      }
    }
    std::optional<MSample> in_call = m_sample(m, *thread);
    if (!in_call) continue;
    const auto began = began_ns.find(m.g->address);
    if (m.in_cgo && began != began_ns.end())
      in_call->began_ns = static_cast<int64_t>(began->second);
    sample.ms.push_back(std::move(*in_call));
  }
  std::unordered_set<int64_t> in_calls;
  for (const MSample& m : sample.ms) in_calls.insert(m.tid);
  std::erase_if(walked_, [&](const auto& row) { return !in_calls.contains(row.first); });
}

void MemoryLook::take_locks(Sample& sample, const std::vector<int64_t>& goids) {
  LockWaits waits = locks_.read(goids);
  problems_.insert(problems_.end(), waits.problems.begin(), waits.problems.end());
  if (!waits.problems.empty()) return;
  sample.locks_read = true;
  sample.locks_unseen_count = waits.running_count;
  for (LockWait& wait : waits.locks) {
    LockSample lock;
    lock.semaphore = wait.semaphore;
    lock.waiters_count = wait.waiters_count;
    lock.waiters = std::move(wait.waiters);
    lock.knowledge = wait.knowledge == Knowledge::kUnlocks   ? "unlocks"
                     : wait.knowledge == Knowledge::kAddress ? "address"
                                                             : "value";
    lock.users_count = wait.users_count;
    for (const LockUser& user : wait.users) {
      lock.users.push_back({user.goid, std::string(state_name(user.status)),
                            wait_reason(user.status, user.wait_reason), user.waits_for,
                            symbols_.go_stack({user.known_in_pc}, !user.goes_on_there)});
    }
    sample.locks.push_back(std::move(lock));
  }
}

void MemoryLook::take_goroutines(Sample& sample, StacksOf stacks_of) {
  Goroutines goroutines = goroutines_.read(last_.ms);
  problems_.insert(problems_.end(), goroutines.problems.begin(), goroutines.problems.end());
  if (!goroutines.problems.empty()) return;
  sample.goroutines_read = true;
  sample.goroutines_walked = goroutines.walked_count;
  // Places in the code that differ may be the same line.
  std::map<std::tuple<std::string, std::string, bool, StackId, StackId, StackId>, size_t> known;
  for (GoroutineGroup& group : goroutines.groups) {
    GoroutineSample one;
    one.state = state_name(group.status);
    one.wait_reason = wait_reason(group.status, group.wait_reason);
    one.locked = group.locked;
    one.system = starts_system_goroutine(symbols_.go_function(group.start_pc));
    one.count = group.count;
    one.estimated = group.estimated;
    one.waits_since_ns = group.waits_since_ns;
    if (stacks_of == StacksOf::kAll || group.status == GStatus::kWaiting)
      one.stack = symbols_.go_stack(group.stack, false);
    one.started = symbols_.go_stack({group.start_pc}, false);
    one.go = symbols_.go_stack({group.go_pc}, true);
    // Of the first one, the runtime's start.
    if (one.go != kNoStack && !one.system &&
        is_runtime_function(symbols_.stacks()[one.go].front().function))
      one.go = kNoStack;
    one.goids = std::move(group.goids);
    const auto [at, is_new] =
        known.try_emplace({one.state, one.wait_reason, one.locked, one.stack, one.started, one.go},
                          sample.goroutines.size());
    if (is_new) {
      sample.goroutines.push_back(std::move(one));
    } else {
      add_to(sample.goroutines[at->second], one);
    }
  }
}

}  // namespace cgoscope
