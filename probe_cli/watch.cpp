#include "probe_cli/watch.h"

#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <memory>

#include "probe_cli/attach/attachment.h"
#include "probe_cli/clock.h"
#include "probe_cli/detect/wording.h"
#include "probe_cli/go/go_binary.h"
#include "probe_cli/groups.h"
#include "probe_cli/memory_look.h"
#include "probe_cli/privileges.h"
#include "probe_cli/process/command.h"
#include "probe_cli/process/proc_file.h"
#include "probe_cli/process/target.h"
#include "probe_cli/process/threads.h"
#include "probe_cli/report/output.h"
#include "probe_cli/report/recording.h"
#include "probe_cli/report/sink.h"
#include "probe_cli/sampler.h"
#include "probe_cli/signal_descriptor.h"

namespace cgoscope {
namespace {

constexpr int64_t kSecond = 1'000'000'000;
constexpr int64_t kStartupNs = 2 * kSecond;  // how long a runtime may take to set itself up
constexpr int64_t kKillAfterNs = 5 * kSecond;
constexpr int kEndingMs = 100;
constexpr size_t kMostNotes = 100;
// How long the probe may cost too much, also when looks are further apart.
constexpr int64_t kReckonAfterNs = kSecond;
// Goroutines are read again when so many times has passed what reading them took.
constexpr int64_t kGoroutinesEvery = 20;
constexpr const char* kStoppedNote =
    "the process was stopped for a while, by a signal (SIGSTOP, Ctrl-Z), a debugger or its control "
    "group (docker pause); it was not looked at then, and how long C calls take has that time in "
    "it";

class Run {
 public:
  explicit Run(const WatchOptions& options) : options_(options) {}
  Result<int> run();

 private:
  Result<bool> open();
  Result<bool> attach();
  void start_census();
  void loop();
  bool handle_signals();
  void end_command(std::string_view why, bool was_told);
  void hear_events();
  void look_at_memory(Sample& sample);
  void notice_execve();
  void interval(bool last);
  bool is_written();
  int finish();
  void note(std::string text);

  const WatchOptions& options_;
  SignalDescriptor signals_;
  std::optional<Command> command_;
  std::optional<Target> target_;
  std::optional<Target::Image> image_;
  bool was_replaced_ = false;  // by another program
  std::optional<GoBinary> binary_;
  std::string executable_;
  LinkKind link_kind_ = LinkKind::kUprobeMulti;
  std::optional<Attachment> attachment_;
  std::optional<Groups> groups_;
  std::optional<Symbols> symbols_;
  std::optional<Sampler> sampler_;
  std::optional<MemoryLook> memory_;
  bool memory_is_read_ = false;
  int64_t next_goroutines_ns_ = 0;
  std::optional<Judge> judge_;
  std::optional<Output> output_, record_;
  std::unique_ptr<Sink> sink_;
  std::optional<RecordingWriter> recording_;
  Subject subject_;
  std::vector<std::string> notes_;
  std::vector<EventSample> events_;
  bool census_tried_ = false;
  bool partly_ = false;
  double cpus_ = 1;            // that the target may use, as of the attach
  double cost_before_ns_ = 0;  // as of the look before
  uint64_t load_base_ = 0;
  int64_t attach_ns_ = 0, detach_ns_ = 0;
  int64_t began_ns_ = 0, census_until_ns_ = 0, next_interval_ns_ = 0;
  std::optional<int64_t> cpu_time_before_ns_;
  std::optional<int64_t> cpu_time_last_ns_;
  std::optional<int64_t> kill_at_ns_;
  std::string why_;
  std::optional<Sample> last_words_;  // read when the target said that it was about to end
  Sample last_;
};

Result<bool> Run::open() {
  if (!options_.command.empty()) {
    Result<Command> command = Command::prepare(options_.command);
    if (!command) return command.error();
    command_ = std::move(*command);
    executable_ = command_->executable();
    Result<GoBinary> binary = GoBinary::open(executable_);
    if (!binary) return binary.error();
    binary_ = std::move(*binary);
    Result<Target> target = Target::open(command_->pid());
    if (!target) return target.error();
    target_ = std::move(*target);
    return true;
  }
  const Result<pid_t> pid = options_.pid ? *options_.pid : process_named(options_.name);
  if (!pid) return pid.error();
  Result<Target> target = Target::open(*pid);
  if (!target) return target.error();
  target_ = std::move(*target);
  executable_ = target_->executable();
  Result<GoBinary> binary = GoBinary::open(executable_);
  if (!binary) {
    Error error = binary.error();
    error.what = fmt::format("process {} ({}): {}", *pid, target_->executable_name(), error.what);
    return error;
  }
  binary_ = std::move(*binary);
  return true;
}

Result<bool> Run::attach() {
  const std::vector<Wish> wishes = wishes_for(options_.signals);
  std::vector<PlannedSignal> planned = plan_signals(*binary_);
  Result<LinkKind> kind = find_link_kind();
  if (!kind) return kind.error();
  link_kind_ = *kind;
  Result<HitCost> cost = calibrate(link_kind_);
  if (!cost) return cost.error();

  AttachRequest request;
  request.pid = target_->pid();
  request.executable = executable_;
  request.binary = &*binary_;
  request.link_kind = link_kind_;
  request.signals = planned;
  for (PlannedSignal& one : request.signals) {
    if (wishes[one.signal] == Wish::kNo) one.state = SignalState::kAbsent;
  }
  Result<Attachment> attachment = Attachment::open(request);
  if (!attachment) return attachment.error();
  attachment_ = std::move(*attachment);
  cpus_ = target_->usable_cpus();
  groups_.emplace(*attachment_, std::move(planned), wishes, Budget(options_.max_overhead, cpus_),
                  *cost);
  began_ns_ = monotonic_ns();
  if (!groups_->begin(began_ns_)) partly_ = true;
  attach_ns_ = monotonic_ns() - began_ns_;
  if (const Result<bool> dropped = drop_privileges(link_kind_); !dropped)
    note(dropped.error().message());
  return true;
}

// Each once: what comes and goes, such as a signal that is too dear, does so for as long as the run
// lasts.
void Run::note(std::string text) {
  if (notes_.size() < kMostNotes && std::ranges::find(notes_, text) == notes_.end())
    notes_.push_back(std::move(text));
}

void Run::start_census() {
  const Result<bool> valid = memory_->validate();
  if (valid) {
    memory_is_read_ = true;
    census_tried_ = true;
  } else if (valid.error().hint != "try again" || monotonic_ns() > census_until_ns_) {
    note("the runtime's memory is not read, so no stuck M and no live timer is seen: " +
         valid.error().message());
    census_tried_ = true;
    partly_ = true;
  }
}

Result<int> Run::run() {
  if (const Result<bool> opened = open(); !opened) return opened.error();
  subject_.pid = target_->pid();
  subject_.exe = command_ ? executable_ : target_->executable_name();
  subject_.go_version = binary_->build.version_text;
  subject_.cgo = binary_->uses_cgo;
  subject_.wait_reasons = binary_->globals.wait_reasons;
  subject_.started_by_us = command_.has_value();
  subject_.keeps_abandoned_timers = binary_->keeps_abandoned_timers(
      command_ ? std::string(std::getenv("GODEBUG") != nullptr ? std::getenv("GODEBUG") : "")
               : target_->environment("GODEBUG"));

  Result<Output> output = Output::open(options_.output, command_ ? STDERR_FILENO : STDOUT_FILENO);
  if (!output) return output.error();
  output_ = std::move(*output);
  sink_ = output_->make_sink(options_.json);
  if (!options_.record.empty()) {
    Result<Output> record = Output::open(options_.record, STDOUT_FILENO);
    if (!record) return record.error();
    record_ = std::move(*record);
    recording_.emplace(record_->stream());
  }
  judge_.emplace(subject_, options_.settings, options_.selection, options_.lint);

  if (const Result<bool> attached = attach(); !attached) return attached.error();
  if (command_) {
    if (const Result<bool> started = command_->start(); !started) return started.error();
  }
  cpu_time_before_ns_ = target_->cpu_time_ns();
  const Result<uint64_t> base = target_->load_base(binary_->image->first_address());
  if (!base && binary_->image->position_independent() && !target_->exited()) return base.error();
  if (base) load_base_ = *base;
  image_ = target_->image();
  symbols_.emplace(*binary_, load_base_);
  sampler_.emplace(*attachment_, *symbols_);
  memory_.emplace(*target_, *binary_, load_base_, *symbols_);
  census_until_ns_ = monotonic_ns() + kStartupNs;
  start_census();

  RunStart start;
  start.wall_ns = clock_ns(CLOCK_REALTIME);
  start.tool_version = CGOSCOPE_VERSION;
  start.subject = subject_;
  start.link_kind = link_kind_name(link_kind_);
  start.interval_s = static_cast<double>(options_.interval_ns) / kSecond;
  start.notes = binary_->notes;
  start.notes.insert(start.notes.end(), notes_.begin(), notes_.end());
  for (std::string& news : groups_->take_news()) start.notes.push_back(std::move(news));
  sink_->start(start);
  if (recording_) recording_->start(start);
  loop();
  return finish();
}

// `was_told`: to end, by a signal that it has had already.
void Run::end_command(std::string_view why, bool was_told) {
  if (!was_told) command_->send(SIGTERM);
  kill_at_ns_ = monotonic_ns() + kKillAfterNs;
  why_ = why;
}

// False when the run is to end.
bool Run::handle_signals() {
  for (std::optional<ReceivedSignal> one = signals_.next(); one; one = signals_.next()) {
    const int signal = one->number;
    if (signal == SIGCHLD) continue;  // the pidfd says it too
    const bool command_had_it = command_ && one->by_key && command_->in_our_group();
    if (command_ &&
        (signal == SIGUSR1 || signal == SIGUSR2 || signal == SIGHUP || signal == SIGQUIT)) {
      if (!command_had_it) command_->send(signal);
      continue;
    }
    if (signal == SIGUSR1 || signal == SIGUSR2) continue;
    if (command_ && !options_.leave_running && !kill_at_ns_) {
      end_command(kInterrupted, command_had_it);
      continue;  // the command's end ends the run
    }
    if (kill_at_ns_) {
      command_->send(SIGKILL);
      continue;
    }
    why_ = kInterrupted;
    return false;
  }
  return true;
}

void Run::loop() {
  next_interval_ns_ = began_ns_ + options_.interval_ns;
  const int64_t end_ns = options_.duration_ns ? began_ns_ + *options_.duration_ns : INT64_MAX;
  for (;;) {
    const int64_t now = monotonic_ns();
    const bool is_over = now >= end_ns && !kill_at_ns_;
    if (is_over && (!command_ || options_.leave_running)) {
      why_ = kDurationIsOver;
      break;
    }
    if (kill_at_ns_ && now >= *kill_at_ns_) {
      command_->send(SIGKILL);
      kill_at_ns_ = INT64_MAX;
    }
    groups_->let_go(now);
    if (now >= next_interval_ns_ || is_over) {
      interval(false);
      // What was missed while this machine was busy is not made up for.
      next_interval_ns_ = std::max(next_interval_ns_ + options_.interval_ns, monotonic_ns() + 1);
      if ((!command_ || options_.leave_running) && !is_written()) {
        why_ = "the report cannot be written";
        break;
      }
    } else if (now - groups_->interval_began_ns() >= kReckonAfterNs) {
      groups_->interval_over(now);
    }
    if (is_over) end_command(kDurationIsOver, false);  // after a look at it as it ran
    if (!command_ && was_replaced_) {
      why_ = "the process has executed another program";
      break;
    }
    int64_t wake_ns = std::min(next_interval_ns_, groups_->interval_began_ns() + kReckonAfterNs);
    if (const std::optional<int64_t> change = groups_->next_change_ns())
      wake_ns = std::min(wake_ns, *change);
    if (!kill_at_ns_) wake_ns = std::min(wake_ns, end_ns);
    if (kill_at_ns_) wake_ns = std::min(wake_ns, *kill_at_ns_);
    const int64_t wait_ns = std::clamp<int64_t>(wake_ns - monotonic_ns(), 0, kSecond);
    const timespec timeout{wait_ns / kSecond, wait_ns % kSecond};
    std::array<pollfd, 3> fds = {{{target_->pidfd(), POLLIN, 0},
                                  {signals_.fd(), POLLIN, 0},
                                  {attachment_->event_descriptor(), POLLIN, 0}}};
    if (ppoll(fds.data(), fds.size(), &timeout, nullptr) < 0 && errno != EINTR) {
      note(fmt::format("cannot wait for events: {}", std::strerror(errno)));
      partly_ = true;
      why_ = "an error of the probe";
      break;
    }
    hear_events();
    if ((fds[1].revents & POLLIN) != 0 && !handle_signals()) break;
    if ((fds[0].revents & (POLLIN | POLLHUP)) != 0) {
      if (why_.empty()) why_ = kTargetExited;
      break;
    }
  }
  hear_events();
  interval(true);
}

// What the program's goroutines wait for is read at once, when the runtime has begun to end it: it
// may still be there.
void Run::hear_events() {
  const size_t before = events_.size();
  attachment_->drain([&](const cg_event& event) { events_.push_back(sampler_->event(event)); });
  if (events_.size() == before || !memory_is_read_) return;
  Sample now;
  memory_->take_ms(now, sampler_->began_ns());
  memory_->take_goroutines(now, StacksOf::kWaiting);
  if (now.goroutines_read) last_words_ = std::move(now);
}

void Run::look_at_memory(Sample& sample) {
  sample.threads = count_threads(target_->pid());
  if (!memory_is_read_) return;
  if (target_->stands_still()) {  // what stands still now is no sign of anything
    note(kStoppedNote);
    return;
  }
  memory_->take_ms(sample, sampler_->began_ns());
  if (const int64_t begin_ns = monotonic_ns(); begin_ns >= next_goroutines_ns_) {
    memory_->take_goroutines(sample, StacksOf::kWaiting);
    const int64_t end_ns = monotonic_ns();
    next_goroutines_ns_ = end_ns + kGoroutinesEvery * (end_ns - begin_ns);
    if (const std::vector<int64_t> goids = judge_->wants_locks_of(); !goids.empty())
      memory_->take_locks(sample, goids);
  }
  const std::vector<std::string>& problems = memory_->problems();
  const bool is_said = std::ranges::all_of(problems, [&](const std::string& problem) {
    return std::ranges::find(notes_, problem) != notes_.end();
  });
  if (is_said && !memory_->missed_threads()) return;
  // A process that ends has lost its threads and memory a little before it is seen to have ended.
  pollfd end = {target_->pidfd(), POLLIN, 0};
  if (poll(&end, 1, kEndingMs) > 0) {
    sample.memory_read = false;
    sample.ms.clear();
    return;
  }
  for (const std::string& problem : problems) note(problem);
}

// The probes and what is known of the program hold for the same file at the same address only.
void Run::notice_execve() {
  std::optional<Target::Image> now = target_->image();
  if (!image_ || !now || *now == *image_) return;
  const Result<uint64_t> base = target_->load_base(binary_->image->first_address());
  const bool same =
      now->device == image_->device && now->inode == image_->inode && base && *base == load_base_;
  image_ = std::move(now);
  if (same) {
    note(
        fmt::format("the process executed itself again (execve) after {}; its goroutines, threads "
                    "and timers are others since then",
                    spoken_duration(monotonic_ns() - began_ns_)));
    return;
  }
  note(fmt::format(
      "after {} the process executed another program, {}; that is not watched: "
      "cgoscope watch -p {}",
      spoken_duration(monotonic_ns() - began_ns_),
      link_text(target_->executable()).value_or("which cannot be read"), target_->pid()));
  was_replaced_ = partly_ = census_tried_ = true;
  memory_is_read_ = false;
}

void Run::interval(bool last) {
  if (!was_replaced_) notice_execve();
  if (!census_tried_ && !target_->exited()) start_census();
  const int64_t now = monotonic_ns();
  if (last) {  // first, so that nothing is counted while it is read
    groups_->end();
    detach_ns_ = monotonic_ns() - now;
  }
  Sample sample;
  sample.at_ns = monotonic_ns();
  sample.wall_ns = clock_ns(CLOCK_REALTIME);
  sampler_->take(sample);
  if (!target_->exited()) look_at_memory(sample);
  if (!sample.goroutines_read && last_words_) {
    sample.goroutines = std::move(last_words_->goroutines);
    sample.goroutines_walked = last_words_->goroutines_walked;
    sample.goroutines_read = true;
  }
  last_words_.reset();
  if (!last) groups_->interval_over(now);
  sample.run_ns = now - began_ns_;
  sample.last = last;
  sample.overhead_share =
      (groups_->cost_ns() - cost_before_ns_) /
      (static_cast<double>(std::max<int64_t>(sample.run_ns - last_.run_ns, 1)) * cpus_);
  cost_before_ns_ = groups_->cost_ns();
  sample.signals = groups_->signal_samples();
  sample.events = std::exchange(events_, {});
  if (!target_->exited()) cpu_time_last_ns_ = target_->cpu_time_ns();
  for (std::string& news : groups_->take_news()) note(std::move(news));
  if (recording_) recording_->sample(sample, symbols_->stacks());
  tell(*sink_, *judge_, sample, symbols_->stacks());
  if (!last) groups_->follow([&](cg_signal signal) { return judge_->wants(signal); });
  last_ = std::move(sample);
}

bool Run::is_written() { return output_->flush() && (!record_ || record_->flush()); }

int Run::finish() {
  RunEnd end;
  end.wall_ns = clock_ns(CLOCK_REALTIME);
  end.run_ns = last_.run_ns;
  end.why = why_;
  conclude(end, *judge_, options_.interval_ns);
  end.target_exited = target_->exited();
  std::optional<CommandEnd> command_end;
  if (command_) {
    command_end = command_->poll_end();
    if (command_end && command_end->signaled) end.target_signal = command_end->status;
    if (command_end && !command_end->signaled) end.target_status = command_end->status;
  }
  end.attach_ms = static_cast<double>(attach_ns_) / 1e6;
  end.detach_ms = static_cast<double>(detach_ns_) / 1e6;
  end.ns_per_hit = groups_->ns_per_hit();
  const double run_ns = static_cast<double>(std::max<int64_t>(end.run_ns, 1));
  end.share_of_budget_cpus = groups_->cost_ns() / (run_ns * cpus_);
  if (cpu_time_before_ns_ && cpu_time_last_ns_ && *cpu_time_last_ns_ > *cpu_time_before_ns_)
    end.share_of_target_cpu_time =
        groups_->cost_ns() / static_cast<double>(*cpu_time_last_ns_ - *cpu_time_before_ns_);
  end.notes = notes_;
  sink_->end(end, last_, symbols_->stacks());
  if (recording_) recording_->end(end);
  for (std::optional<Output>* written : {&output_, &record_}) {
    if (!*written) continue;
    if (const Result<bool> flushed = (*written)->flush(); !flushed) {
      std::cerr << "cgoscope: " << flushed.error().message() << '\n';
      return 3;
    }
  }
  if (options_.exit_like_command && command_end)
    return command_end->signaled ? 128 + command_end->status : command_end->status;
  if (any_at_least(end.findings, options_.fail_on)) return 1;
  return partly_ ? 4 : 0;
}

}  // namespace

std::vector<std::string> unknown_signals(const std::vector<std::string>& names) {
  std::vector<std::string> unknown;
  for (const std::string& name : names) {
    if (name != "auto" && name != "all" && signal_named(name) == nullptr) unknown.push_back(name);
  }
  return unknown;
}

Result<int> watch(const WatchOptions& options) { return Run(options).run(); }

}  // namespace cgoscope
