#include "probe_cli/sampler.h"

#include <algorithm>
#include <vector>

#include "probe_cli/panic_value.h"

namespace cgoscope {
namespace {

// A program that computes is interrupted at ever new stacks. When there are so many, only the
// innermost frames of further ones are told: asyncPreempt, where it was, and two callers.
constexpr size_t kManyStacks = 20'000;
constexpr size_t kInnermostPcs = 4;

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

template <size_t kSize>
std::vector<uint64_t> words(const __u64 (&pcs)[kSize]) {
  return {pcs, pcs + kSize};
}

}  // namespace

void Sampler::take(Sample& sample) {
  for (const auto& [place, count] : attachment_.places())
    sample.places.push_back({static_cast<cg_signal>(place.signal), place.detail,
                             symbols_.go_stack(words(place.pcs), true), count.count});
  for (const TimerPlace& timers : attachment_.timer_places())
    sample.timers.push_back({symbols_.go_stack(words(timers.place.pcs), true), timers.count.count,
                             timers.count.stopped, timers.count.fired, timers.count.unfollowed});
  for (const auto& [place, exits] : attachment_.churn_places())
    sample.churn.push_back({symbols_.go_stack({place.start_pc}, false),
                            symbols_.go_stack({place.go_pc}, true),
                            symbols_.go_stack(words(place.lock_pcs), true), exits});
  for (const auto& [go_pc, statement] : attachment_.go_statements())
    sample.go_statements.push_back({symbols_.go_stack({go_pc}, true),
                                    symbols_.go_stack({statement.start_pc}, false),
                                    statement.started, statement.ended});
  for (const auto& [who, count] : attachment_.take_preempted()) {
    std::vector<uint64_t> pcs = words(who.pcs);
    if (symbols_.stacks().size() > kManyStacks) pcs.resize(kInnermostPcs);
    sample.preemptions.push_back(
        {static_cast<int64_t>(who.goid), symbols_.go_stack(pcs, true), count});
  }
  take_finalizers(sample);
  take_cgo(sample);
}

void Sampler::take_cgo(Sample& sample) {
  std::unordered_map<uint64_t, uint64_t> in_flight;
  began_ns_.clear();
  for (const auto& [g, call] : attachment_.cgo_in_flight()) {
    ++in_flight[call.stub];
    began_ns_.insert_or_assign(g, call.began_ns);  // the innermost comes last
  }
  for (const auto& [stub, function] : attachment_.cgo_functions()) {
    CgoFunctionSample one;
    one.stack = symbols_.go_stack({function.caller_pc}, true);
    one.c_function = symbols_.c_function(stub, one.stack);
    // runtime/cgo's own calls, such as the one that says that the runtime is there.
    if (one.c_function.empty() && !symbols_.stacks()[one.stack].empty() &&
        is_runtime_function(symbols_.stacks()[one.stack][0].function))
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

void Sampler::take_finalizers(Sample& sample) {
  for (const auto& [capture, count] : attachment_.captures()) {
    const uint32_t own = symbols_.closure_words(capture.code_pc);  // the others are another's
    if (((capture.words | capture.through) & own) == 0) continue;
    sample.captures.push_back({symbols_.go_stack(words(capture.pcs), true),
                               symbols_.go_stack({capture.code_pc}, false),
                               (capture.words & own) == 0, count});
  }
  const cg_finalizer_run run = attachment_.finalizer_run();
  sample.finalizer_began_ns = static_cast<int64_t>(run.began_ns);
  if (run.began_ns != 0) sample.finalizer = symbols_.go_stack({run.code_pc}, false);
}

EventSample Sampler::event(const cg_event& event) {
  EventSample sample;
  sample.signal = static_cast<cg_signal>(event.signal);
  sample.time_ns = static_cast<int64_t>(event.time_ns);
  sample.tid = event.tid;
  sample.goid = static_cast<int64_t>(event.goid);
  sample.text.assign(event.text, std::min<size_t>(event.text_bytes, sizeof event.text));
  if (event.text_bytes == 0 && event.text_length > 0)
    sample.text = symbols_.text_at(event.text_address, event.text_length);
  if (event.signal == CG_PANIC) {
    PanicValue value = panic_value(event);
    sample.value_kind = std::move(value.kind);
    if (!value.text.empty()) sample.text = std::move(value.text);
  }
  sample.stack = symbols_.go_stack(words(event.pcs), true);
  sample.started = symbols_.go_stack({event.start_pc}, false);
  sample.go = symbols_.go_stack({event.go_pc}, true);
  return sample;
}

}  // namespace cgoscope
