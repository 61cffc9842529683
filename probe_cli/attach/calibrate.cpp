// What one hit of a probe costs: the difference that a probe makes to a loop of calls.

#include <algorithm>
#include <array>

#include "probe_cli/attach/attachment.h"
#include "probe_cli/attach/own_function.h"
#include "probe_cli/clock.h"

namespace cgoscope {

namespace {

constexpr size_t kRounds = 7;

// CPU time, because that is what a hit takes from its thread; and the best round, because on a busy
// machine the others pay for what its other work threw out of the caches (seen: four times as
// much).
double ns_per_call(OwnFunction function, uint64_t calls) {
  std::array<double, kRounds> rounds{};
  for (double& round : rounds) {
    const int64_t before_ns = clock_ns(CLOCK_THREAD_CPUTIME_ID);
    call_own_function(function, calls);
    round = static_cast<double>(clock_ns(CLOCK_THREAD_CPUTIME_ID) - before_ns) /
            static_cast<double>(calls);
  }
  return *std::min_element(rounds.begin(), rounds.end());
}

Result<double> cost_of_hit(LinkKind kind, OwnFunction function, uint64_t calls) {
  const double without = ns_per_call(function, calls);
  Result<OwnProbe> probe = OwnProbe::attach(kind, function);
  if (!probe) return probe.error();
  const double with = ns_per_call(function, calls);
  if (const uint64_t hits = probe->hits(); hits != kRounds * calls)
    return Error{"cannot measure what a hit costs",
                 "a probe on our own function saw " + std::to_string(hits) + " of " +
                     std::to_string(kRounds * calls) + " calls",
                 "`cgoscope doctor` says what this kernel allows"};
  return std::max(with - without, 0.0);
}

}  // namespace

Result<HitCost> calibrate(LinkKind kind) {
  const Result<double> emulated = cost_of_hit(kind, OwnFunction::kEmulated, 2000);
  if (!emulated) return emulated.error();
  const Result<double> stepped = cost_of_hit(kind, OwnFunction::kStepped, 500);
  if (!stepped) return stepped.error();
  return HitCost{*emulated, *stepped};
}

}  // namespace cgoscope
