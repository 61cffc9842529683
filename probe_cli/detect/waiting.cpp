#include "probe_cli/detect/waiting.h"

#include <algorithm>
#include <tuple>

#include "probe_cli/detect/named_frame.h"

namespace cgoscope {
namespace {

constexpr size_t kMostGoids = 20;

Frame named(const std::vector<Frame>& stack) {
  const Frame* frame = parking_frame(stack);
  return frame != nullptr ? *frame : Frame{};
}

// How often goroutines parked for this reason at this line so far.
uint64_t parks_at(const WaitPlace& place, const Subject& subject, const Sample& sample,
                  const Stacks& stacks) {
  uint64_t parks = 0;
  for (const PlaceSample& one : sample.places) {
    if (one.signal != CG_PARK || one.detail >= subject.wait_reasons.size() ||
        subject.wait_reasons[one.detail] != place.reason)
      continue;
    if (named(stacks[one.stack]) == place.where) parks += one.count;
  }
  return parks;
}

}  // namespace

bool WaitPlace::operator<(const WaitPlace& other) const {
  const auto key = [](const WaitPlace& place) {
    return std::tie(place.reason, place.where.function, place.where.file, place.where.line,
                    place.go.function, place.go.file, place.go.line);
  };
  return key(*this) < key(other);
}

std::map<WaitPlace, Waiting> waiting_places(const Sample& sample, const Stacks& stacks,
                                            bool by_go) {
  std::map<WaitPlace, Waiting> places;
  for (const GoroutineSample& one : sample.goroutines) {
    if (one.system || one.state != "waiting" || one.stack == kNoStack) continue;
    const std::vector<Frame>& go = stacks[by_go ? one.go : kNoStack];
    Waiting& waiting =
        places[{one.wait_reason, named(stacks[one.stack]), go.empty() ? Frame{} : go.front()}];
    waiting.count += one.count;
    if (one.waits_since_ns > 0 &&
        (waiting.waits_since_ns == 0 || one.waits_since_ns < waiting.waits_since_ns))
      waiting.waits_since_ns = one.waits_since_ns;
    if (one.count > waiting.stack_count) {
      waiting.stack = one.stack;
      waiting.stack_count = one.count;
    }
    waiting.goids.insert(waiting.goids.end(), one.goids.begin(), one.goids.end());
    std::sort(waiting.goids.begin(), waiting.goids.end());
    waiting.goids.resize(std::min(waiting.goids.size(), kMostGoids));
  }
  return places;
}

// semacquire: all of them before Go 1.21.
bool is_lock(const std::string& reason) {
  return reason == "semacquire" || reason.starts_with("sync.Mutex.") ||
         reason.starts_with("sync.RWMutex.") || reason.starts_with("sync.WaitGroup.");
}

void WakeBalance::look(const WaitPlace& place, uint64_t waiting, const Subject& subject,
                       const Sample& sample, const Stacks& stacks) {
  const SignalSample* park = find_signal(sample, CG_PARK);
  const int64_t attached_ns = park != nullptr ? park->attached_ns : 0;
  ++looks_;
  comes_ = attached_ns > last_.attached_ns;
  last_ = {sample.at_ns, attached_ns, static_cast<double>(waiting),
           static_cast<double>(parks_at(place, subject, sample, stacks))};
  // Of the interval in which it was attached, it is not known what came before.
  if (!first_ || first_->attached_ns == 0) first_ = last_;
}

std::optional<double> WakeBalance::woken_per_s() const {
  if (!first_ || first_->attached_ns == 0) return std::nullopt;
  const int64_t attached_ns = last_.attached_ns - first_->attached_ns;
  const auto span_ns = static_cast<double>(last_.at_ns - first_->at_ns);
  if (attached_ns < kLeastAttachedNs || span_ns <= 0) return std::nullopt;
  const double parks_per_ns = (last_.parks - first_->parks) / static_cast<double>(attached_ns);
  const double growth_per_ns = (last_.waiting - first_->waiting) / span_ns;
  return std::max(parks_per_ns - growth_per_ns, 0.0) * 1e9;
}

}  // namespace cgoscope
