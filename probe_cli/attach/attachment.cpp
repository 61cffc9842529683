#include "probe_cli/attach/attachment.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <iterator>
#include <optional>

#include "ebpf/probe.skel.h"
#include "probe_cli/attach/map_reading.h"
#include "probe_cli/attach/program_config.h"
#include "probe_cli/attach/programs.h"
#include "probe_cli/clock.h"

namespace cgoscope {

namespace {

struct RingBufferCloser {
  void operator()(ring_buffer* ring) const { ring_buffer__free(ring); }
};

struct Window {
  std::vector<Links> links;
  std::optional<int64_t> since_ns;  // while attached
  int64_t attached_ns = 0;          // of earlier windows
};

int deliver_event(void* context, void* data, size_t size) {
  if (size < sizeof(cg_event)) return 0;
  cg_event event;
  memcpy(&event, data, sizeof(event));
  event.text_bytes = std::min<uint32_t>(event.text_bytes, CG_TEXT_BYTES);
  const auto* on_event = *static_cast<const std::function<void(const cg_event&)>**>(context);
  if (on_event != nullptr) (*on_event)(event);
  return 0;
}

}  // namespace

struct Attachment::Parts {
  pid_t pid = 0;
  std::string executable;
  LinkKind kind = LinkKind::kUprobeMulti;
  std::vector<PlannedSignal> signals;
  cg_config config{};
  Programs programs;
  std::array<Window, kSignalGroups> windows;
  const std::function<void(const cg_event&)>* on_event = nullptr;  // during drain()
  std::unique_ptr<ring_buffer, RingBufferCloser> events;

  ~Parts() {
    std::vector<Links> all;
    for (Window& window : windows)
      std::move(window.links.begin(), window.links.end(), std::back_inserter(all));
    Links::remove(std::move(all));
  }

  Window& window(SignalGroup group) { return windows[static_cast<size_t>(group)]; }
  const PlannedSignal* ready(cg_signal signal) const;
  Result<Links> link(const PlannedSignal& planned);
  void forget_earlier_windows(SignalGroup group);
  void lose_timers_from_view();
  void forget_cgo_calls();
};

const PlannedSignal* Attachment::Parts::ready(cg_signal signal) const {
  for (const PlannedSignal& planned : signals) {
    if (planned.signal == signal && planned.state == SignalState::kReady && !planned.sites.empty())
      return &planned;
  }
  return nullptr;
}

Result<Links> Attachment::Parts::link(const PlannedSignal& planned) {
  const std::string name(signal_rows()[planned.signal].name);
  const std::string what = "cannot watch " + name + " at " + planned.function;
  if (const std::string field = missing_field(planned.signal, config); !field.empty())
    return Error{what, "it is not known where " + field + " lies in this Go version",
                 "a binary with debug information (no -ldflags=-w) says so itself"};
  bpf_program* program = loaded_program(programs, program_name(planned.signal));
  if (program == nullptr) return Error{what, "its program was not loaded", ""};
  std::vector<LinkPlace> places;
  for (const ProbeSite& site : planned.sites) places.push_back({site.file_offset, site.address});
  Result<Links> links = Links::make(program, kind, pid, executable, places);
  if (!links) return Error{what, links.error().what + ": " + links.error().why, links.error().hint};
  return links;
}

// Timers that still wait are not followed into the next window: what becomes of them in between is
// not seen.
void Attachment::Parts::lose_timers_from_view() {
  const int counts = bpf_map__fd(programs->maps.timer_counts);
  std::vector<uint64_t> lost(CG_TIMER_PLACES);
  for (const auto& [key, alike] :
       read_hash<uint64_t, cg_timers_alike>(bpf_map__fd(programs->maps.timers), Taking::kRemove)) {
    if (alike.place < lost.size()) lost[alike.place] += alike.waiting;
  }
  for (uint32_t place = 0; place < lost.size(); ++place) {
    cg_count count{};
    if (lost[place] == 0 || bpf_map_lookup_elem(counts, &place, &count) != 0) continue;
    count.unfollowed += lost[place];
    bpf_map_update_elem(counts, &place, &count, BPF_ANY);
  }
}

void Attachment::Parts::forget_cgo_calls() {
  read_hash<uint64_t, cg_cgo_calls>(bpf_map__fd(programs->maps.cgo_in_flight), Taking::kRemove);
}

void Attachment::Parts::forget_earlier_windows(SignalGroup group) {
  if (window(group).attached_ns == 0) return;
  if (group == SignalGroup::kTimers) lose_timers_from_view();
  if (group == SignalGroup::kCgo) forget_cgo_calls();
  if (group == SignalGroup::kFinalizerRuns) {
    const uint32_t first = 0;
    const cg_finalizer_run none{};
    bpf_map_update_elem(bpf_map__fd(programs->maps.finalizer_run), &first, &none, BPF_ANY);
  }
  if (group == SignalGroup::kThreads)
    read_hash<uint32_t, cg_locked_goroutine>(bpf_map__fd(programs->maps.thread_locker),
                                             Taking::kRemove);
}

Attachment::Attachment(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
Attachment::Attachment(Attachment&&) noexcept = default;
Attachment& Attachment::operator=(Attachment&&) noexcept = default;
Attachment::~Attachment() = default;

Result<Attachment> Attachment::open(const AttachRequest& request) {
  auto parts = std::make_unique<Parts>();
  parts->pid = request.pid;
  parts->executable = request.executable;
  parts->kind = request.link_kind;
  parts->signals = request.signals;
  parts->config = make_config(*request.binary, request.signals);

  std::vector<std::string_view> names;
  for (const PlannedSignal& planned : request.signals) {
    if (parts->ready(planned.signal) != nullptr) names.push_back(program_name(planned.signal));
  }
  Result<Programs> programs = load_programs(names, parts->config, request.link_kind);
  if (!programs) return programs.error();
  parts->programs = std::move(*programs);

  parts->events.reset(ring_buffer__new(bpf_map__fd(parts->programs->maps.events), deliver_event,
                                       &parts->on_event, nullptr));
  if (!parts->events)
    return Error{"cannot map the ring buffer of the BPF programs", libbpf_reason(-errno),
                 libbpf_hint(-errno)};
  return Attachment(std::move(parts));
}

Result<bool> Attachment::attach(SignalGroup group) {
  Window& window = parts_->window(group);
  if (window.since_ns) return true;
  parts_->forget_earlier_windows(group);
  std::vector<Links> links;
  for (const PlannedSignal& planned : parts_->signals) {
    if (signal_rows()[planned.signal].group != group) continue;
    if (parts_->ready(planned.signal) == nullptr) continue;
    Result<Links> made = parts_->link(planned);
    if (!made) return made.error();
    links.push_back(std::move(*made));
  }
  window.links = std::move(links);
  window.since_ns = monotonic_ns();
  return true;
}

void Attachment::detach(std::span<const SignalGroup> groups) {
  // Of the moment before: while links are removed, which takes long, hits come to an end.
  const int64_t now_ns = monotonic_ns();
  std::vector<Links> links;
  for (const SignalGroup group : groups) {
    Window& window = parts_->window(group);
    std::move(window.links.begin(), window.links.end(), std::back_inserter(links));
    window.links.clear();
    if (window.since_ns) window.attached_ns += now_ns - *window.since_ns;
    window.since_ns.reset();
  }
  Links::remove(std::move(links));
}

void Attachment::forget_cgo_calls() { parts_->forget_cgo_calls(); }

int64_t Attachment::attached_ns(SignalGroup group) const {
  const Window& window = parts_->window(group);
  return window.attached_ns + (window.since_ns ? monotonic_ns() - *window.since_ns : 0);
}

SignalTotals Attachment::totals(cg_signal signal) const {
  SignalTotals totals;
  if (parts_->ready(signal) == nullptr) return totals;
  const uint32_t key = signal;
  std::vector<cg_books> of_cpus(static_cast<size_t>(std::max(libbpf_num_possible_cpus(), 1)));
  if (bpf_map_lookup_elem(bpf_map__fd(parts_->programs->maps.books), &key, of_cpus.data()) == 0) {
    for (const cg_books& books : of_cpus) {
      totals.books.hits += books.hits;
      totals.books.filtered += books.filtered;
      totals.books.aggregated += books.aggregated;
      totals.books.delivered += books.delivered;
      totals.books.ring_full += books.ring_full;
      totals.books.map_full += books.map_full;
    }
  }
  if (const bpf_program* program = loaded_program(parts_->programs, program_name(signal))) {
    bpf_prog_info info{};
    uint32_t size = sizeof(info);
    if (bpf_prog_get_info_by_fd(bpf_program__fd(program), &info, &size) == 0)
      totals.missed = info.recursion_misses;
  }
  totals.attached_ns = attached_ns(signal_rows()[signal].group);
  return totals;
}

std::vector<std::pair<cg_place, cg_count>> Attachment::places() const {
  return read_hash<cg_place, cg_count>(bpf_map__fd(parts_->programs->maps.places));
}

std::vector<TimerPlace> Attachment::timer_places() const {
  std::vector<TimerPlace> places;
  const int counts = bpf_map__fd(parts_->programs->maps.timer_counts);
  for (const auto& [place, id] :
       read_hash<cg_place, uint32_t>(bpf_map__fd(parts_->programs->maps.timer_places))) {
    TimerPlace found{place, {}};
    if (bpf_map_lookup_elem(counts, &id, &found.count) == 0) places.push_back(found);
  }
  return places;
}

std::vector<std::pair<cg_churn_place, uint64_t>> Attachment::churn_places() const {
  return read_hash<cg_churn_place, uint64_t>(bpf_map__fd(parts_->programs->maps.churn_places));
}

std::vector<std::pair<cg_preempted, uint64_t>> Attachment::take_preempted() {
  return read_hash<cg_preempted, uint64_t>(bpf_map__fd(parts_->programs->maps.preempted),
                                           Taking::kRemove);
}

std::vector<std::pair<cg_capture, uint64_t>> Attachment::captures() const {
  return read_hash<cg_capture, uint64_t>(bpf_map__fd(parts_->programs->maps.captures));
}

cg_finalizer_run Attachment::finalizer_run() const {
  cg_finalizer_run run{};
  const uint32_t first = 0;
  bpf_map_lookup_elem(bpf_map__fd(parts_->programs->maps.finalizer_run), &first, &run);
  return run;
}

std::vector<std::pair<uint64_t, cg_go_statement>> Attachment::go_statements() const {
  return read_hash<uint64_t, cg_go_statement>(bpf_map__fd(parts_->programs->maps.go_statements));
}

std::vector<std::pair<uint64_t, cg_cgo_function>> Attachment::cgo_functions() const {
  return read_hash<uint64_t, cg_cgo_function>(bpf_map__fd(parts_->programs->maps.cgo_functions));
}

std::vector<std::pair<uint64_t, cg_cgo_in_flight>> Attachment::cgo_in_flight() const {
  std::vector<std::pair<uint64_t, cg_cgo_in_flight>> calls;
  for (const auto& [g, of_g] :
       read_hash<uint64_t, cg_cgo_calls>(bpf_map__fd(parts_->programs->maps.cgo_in_flight))) {
    for (uint32_t i = 0; i < of_g.count && i < CG_NESTED_CALLS; ++i)
      calls.emplace_back(g, of_g.calls[i]);
  }
  return calls;
}

void Attachment::drain(const std::function<void(const cg_event&)>& on_event) {
  parts_->on_event = &on_event;
  ring_buffer__consume(parts_->events.get());
  parts_->on_event = nullptr;
}

int Attachment::event_descriptor() const { return ring_buffer__epoll_fd(parts_->events.get()); }

}  // namespace cgoscope
