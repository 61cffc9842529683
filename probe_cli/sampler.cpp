#include "probe_cli/sampler.h"

#include <algorithm>
#include <filesystem>
#include <string_view>

#include "probe_cli/clock.h"
#include "probe_cli/go/closure.h"
#include "probe_cli/panic_value.h"
#include "probe_cli/process/proc_file.h"
#include "probe_cli/process/threads.h"

namespace cgoscope {
namespace {

constexpr std::string_view kUnreadNote =
    "the target's threads' system calls cannot be read, so neither they nor C frames are shown: "
    "run as the target's user, or with CAP_DAC_READ_SEARCH beside CAP_SYS_PTRACE";

// The least duration that `part` of all calls stayed below, to the histogram's factor of two.
uint64_t percentile_ns(const cg_cgo_function& function, double part) {
  uint64_t all = 0, seen = 0;
  for (const uint64_t count : function.buckets) all += count;
  for (size_t i = 0; i < CG_LATENCY_BUCKETS; ++i) {
    seen += function.buckets[i];
    if (all > 0 && static_cast<double>(seen) >= part * static_cast<double>(all))
      return std::min<uint64_t>(uint64_t{2} << i, function.max_ns);
  }
  return 0;
}

// Whether descriptor `fd` of the process is a terminal, at which waiting for a person is no fault.
bool is_terminal(pid_t pid, uint64_t fd) {
  const std::string file =
      link_text("/proc/" + std::to_string(pid) + "/fd/" + std::to_string(fd)).value_or("");
  return file.starts_with("/dev/pts/") || file.starts_with("/dev/tty") || file == "/dev/console";
}

// These seem to be called by the instruction at which a signal came.
bool is_called_by_a_signal(std::string_view function) {
  return function == "runtime.asyncPreempt" || function == "runtime.sigpanic";
}

template <size_t kSize>
std::vector<uint64_t> words(const __u64 (&pcs)[kSize]) {
  return {pcs, pcs + kSize};
}

}  // namespace

Sampler::Sampler(const Target& target, const GoBinary& binary, Attachment& attachment,
                 uint64_t load_base)
    : target_(target),
      binary_(binary),
      attachment_(attachment),
      load_base_(load_base),
      other_pid_namespace_(link_text("/proc/" + std::to_string(target.pid()) + "/ns/pid") !=
                           link_text("/proc/self/ns/pid")),
      folder_(std::filesystem::current_path().string() + "/") {}

const std::vector<Frame>& Sampler::frames_at(uint64_t pc, bool is_return) {
  const uint64_t key = pc << 1 | static_cast<uint64_t>(is_return);
  const auto known = frames_.find(key);
  if (known != frames_.end()) return known->second;
  std::vector<Frame> frames = binary_.functions.frames_at(pc - load_base_, is_return);
  if (frames.empty()) {
    Frame frame;
    if (c_walker_) frame = c_walker_->frame_at(pc, is_return);
    if (frame.function.empty()) {
      const ElfSymbol* symbol = binary_.image->symbol_at(pc - load_base_);
      if (symbol != nullptr) frame.function = symbol->name;
    }
    if (!frame.function.empty()) frames.push_back(frame);
  }
  for (Frame& frame : frames) frame.file = displayed(std::move(frame.file));
  return frames_.emplace(key, std::move(frames)).first->second;
}

// Relative to the current directory when it lies below it.
std::string Sampler::displayed(std::string file) const {
  return file.starts_with(folder_) ? file.substr(folder_.size()) : file;
}

StackId Sampler::c_stack(const ThreadState& thread) {
  std::vector<Frame> frames = c_walker_->walk(thread);
  for (Frame& frame : frames) frame.file = displayed(std::move(frame.file));
  return stacks_.add(std::move(frames));
}

StackId Sampler::go_stack(const std::vector<uint64_t>& pcs, bool first_is_return) {
  const auto [known, is_new] = go_stacks_.try_emplace({pcs, first_is_return}, kNoStack);
  if (!is_new) return known->second;
  std::vector<Frame> stack;
  bool is_return = first_is_return;
  for (size_t i = 0; i < pcs.size() && pcs[i] != 0; ++i) {
    const std::vector<Frame>& frames = frames_at(pcs[i], is_return);
    if (frames.empty()) break;  // no longer code: what follows cannot be trusted either
    stack.insert(stack.end(), frames.begin(), frames.end());
    is_return = !is_called_by_a_signal(frames.back().function);
  }
  known->second = stacks_.add(std::move(stack));
  return known->second;
}

std::string Sampler::c_function(uint64_t stub, StackId stack) {
  if (stub != 0) {
    const ElfSymbol* symbol = binary_.image->symbol_at(stub - load_base_);
    if (symbol != nullptr) {
      std::string name = cgo_function_name(symbol->name);
      if (!name.empty()) return name;
    }
  }
  for (const Frame& frame : stacks_[stack]) {
    std::string name = cgo_function_name(frame.function);
    if (!name.empty()) return name;
  }
  return "";
}

std::optional<MSample> Sampler::m_sample(const MRecord& m, const ThreadState& thread) {
  MSample sample;
  sample.id = m.id;
  sample.tid = thread.tid;
  sample.goid = m.g->goid;
  sample.in_cgo = m.in_cgo;
  sample.locked = m.g->locked;
  sample.go_stack = go_stack(m.go_stack, true);
  const std::vector<Frame>& go = stacks_[sample.go_stack];
  if (go.empty()) return std::nullopt;  // it went on while it was read
  const bool in_cgocall = go[0].function == "runtime.cgocall";
  if (m.in_cgo && !in_cgocall) return std::nullopt;
  sample.runtime_wait = !in_cgocall && is_runtime_function(go[0].function) &&
                        go[0].function.find("yscall") == std::string::npos;
  if (in_cgocall) sample.c_function = c_function(m.c_stub, sample.go_stack);
  if (thread.syscall) {
    sample.syscall = syscall_name(*thread.syscall);
    if (sample.syscall == "read")
      sample.terminal_read = is_terminal(target_.pid(), thread.arguments[0]);
  } else if (thread.state != 'R') {
    sample.syscall = kUnreadSyscall;
    if (std::find(problems_.begin(), problems_.end(), kUnreadNote) == problems_.end())
      problems_.emplace_back(kUnreadNote);
  }
  sample.call_number = m.in_cgo ? m.cgo_calls : static_cast<uint64_t>(thread.voluntary_switches);
  const auto began = began_ns_.find(m.g->address);
  if (m.in_cgo && began != began_ns_.end()) sample.began_ns = static_cast<int64_t>(began->second);
  if (m.in_cgo && c_walker_ && thread.syscall) {
    Walked& walked = walked_[sample.tid];
    if (walked.stack == kNoStack || walked.call_number != sample.call_number)
      walked = {sample.call_number, c_stack(thread)};
    sample.c_stack = walked.stack;
  }
  return sample;
}

std::unordered_map<int64_t, pid_t> Sampler::tids_by_own_id() const {
  std::unordered_map<int64_t, pid_t> tids;
  for (const pid_t tid : list_threads(target_.pid())) {
    if (const std::optional<ThreadState> thread = read_thread(target_.pid(), tid))
      tids.emplace(thread->own_tid, tid);
  }
  return tids;
}

void Sampler::take_ms(Sample& sample) {
  if (!census_) return;
  const Census census = census_->read();
  problems_ = census.problems;
  if (!census.sched || census.ms.empty()) return;
  sample.memory_read = true;
  sample.threads_limit = census.sched->threads_limit;
  sample.threads_created = census.sched->threads_created;
  sample.threads_freed = census.sched->threads_freed;
  sample.live_timers = census.live_timers;
  sample.goroutines_peak = census.goroutines_peak;
  sample.schedules = census.schedules;
  std::unordered_map<int64_t, pid_t> tids;
  if (other_pid_namespace_) tids = tids_by_own_id();
  for (const MRecord& m : census.ms) {
    if (!m.g || m.g->status != GStatus::kSyscall || m.tid <= 0) continue;
    const auto local = tids.find(m.tid);
    const std::optional<ThreadState> thread =
        read_thread(target_.pid(), local != tids.end() ? local->second : static_cast<pid_t>(m.tid));
    if (!thread || thread->own_tid != m.tid) continue;  // it ended meanwhile
    if (!c_walker_ && m.in_cgo) {
      if (Result<CStackWalker> walker = CStackWalker::open(target_.pid()))
        c_walker_ = std::move(*walker);
    }
    if (const std::optional<MSample> m_in_call = m_sample(m, *thread))
      sample.ms.push_back(*m_in_call);
  }
}

void Sampler::take_counts(Sample& sample) {
  for (const auto& [place, count] : attachment_.places())
    sample.places.push_back({static_cast<cg_signal>(place.signal), place.detail,
                             go_stack(words(place.pcs), true), count.count});
  for (const TimerPlace& timers : attachment_.timer_places())
    sample.timers.push_back({go_stack(words(timers.place.pcs), true), timers.count.count,
                             timers.count.stopped, timers.count.fired, timers.count.unfollowed});
  for (const auto& [place, exits] : attachment_.churn_places())
    sample.churn.push_back({go_stack({place.start_pc}, false), go_stack({place.go_pc}, true),
                            go_stack(words(place.lock_pcs), true), exits});
  for (const auto& [go_pc, statement] : attachment_.go_statements())
    sample.go_statements.push_back({go_stack({go_pc}, true), go_stack({statement.start_pc}, false),
                                    statement.started, statement.ended});
  for (const auto& [who, count] : attachment_.take_preempted())
    sample.preemptions.push_back(
        {static_cast<int64_t>(who.goid), go_stack(words(who.pcs), true), count});
  take_finalizers(sample);
  std::unordered_map<uint64_t, uint64_t> in_flight;
  began_ns_.clear();
  for (const auto& [g, call] : attachment_.cgo_in_flight()) {
    ++in_flight[call.stub];
    began_ns_.emplace(g, call.began_ns);
  }
  for (const auto& [stub, function] : attachment_.cgo_functions()) {
    CgoFunctionSample one;
    one.stack = go_stack({function.caller_pc}, true);
    one.c_function = c_function(stub, one.stack);
    // runtime/cgo's own calls, such as the one that says that the runtime is there.
    if (one.c_function.empty() && !stacks_[one.stack].empty() &&
        is_runtime_function(stacks_[one.stack][0].function))
      continue;
    one.calls = function.calls;
    one.in_flight = in_flight[stub];
    one.p50_ns = percentile_ns(function, 0.5);
    one.p99_ns = percentile_ns(function, 0.99);
    one.max_ns = function.max_ns;
    one.total_ns = function.total_ns;
    sample.cgo.push_back(one);
  }
}

uint32_t Sampler::closure_words(uint64_t code_pc) {
  const auto [known, is_new] = closure_words_.try_emplace(code_pc, 0);
  if (!is_new) return known->second;
  if (const std::optional<GoFunction> code = binary_.functions.function_at(code_pc - load_base_))
    known->second = words_of_closure(*binary_.image, *code);
  return known->second;
}

void Sampler::take_finalizers(Sample& sample) {
  for (const auto& [capture, count] : attachment_.captures()) {
    if ((capture.words & closure_words(capture.code_pc)) == 0) continue;  // of another object
    sample.captures.push_back(
        {go_stack(words(capture.pcs), true), go_stack({capture.code_pc}, false), count});
  }
  const cg_finalizer_run run = attachment_.finalizer_run();
  sample.finalizer_began_ns = static_cast<int64_t>(run.began_ns);
  if (run.began_ns != 0) sample.finalizer = go_stack({run.code_pc}, false);
}

EventSample Sampler::event(const cg_event& event) {
  EventSample sample;
  sample.signal = static_cast<cg_signal>(event.signal);
  sample.time_ns = static_cast<int64_t>(event.time_ns);
  sample.tid = event.tid;
  sample.goid = static_cast<int64_t>(event.goid);
  sample.text.assign(event.text, std::min<size_t>(event.text_bytes, sizeof event.text));
  if (event.signal == CG_PANIC) {
    PanicValue value = panic_value(event);
    sample.value_kind = std::move(value.kind);
    if (!value.text.empty()) sample.text = std::move(value.text);
  }
  sample.stack = go_stack(words(event.pcs), true);
  sample.started = go_stack({event.start_pc}, false);
  sample.go = go_stack({event.go_pc}, true);
  return sample;
}

Sample Sampler::take() {
  Sample sample;
  sample.at_ns = monotonic_ns();
  sample.wall_ns = clock_ns(CLOCK_REALTIME);
  take_counts(sample);
  if (!target_.exited()) {
    sample.threads = count_threads(target_.pid());
    take_ms(sample);
    if (target_.exited()) problems_.clear();  // it ended while it was read: no news
  }
  return sample;
}

}  // namespace cgoscope
