// Which kind of link to use is found out by trying both: distributions carry the fixes of later
// kernels in earlier ones, so a version number does not say.

#include <thread>

#include "probe_cli/attach/kernel.h"
#include "probe_cli/attach/own_function.h"

namespace cgoscope {

namespace {

constexpr uint64_t kCalls = 100;

}  // namespace

Result<bool> try_link_kind(LinkKind kind) {
  Result<OwnProbe> probe = OwnProbe::attach(kind, OwnFunction::kEmulated);
  if (!probe) return probe.error();
  call_own_function(OwnFunction::kEmulated, kCalls);
  std::thread([] { call_own_function(OwnFunction::kEmulated, kCalls); }).join();
  const uint64_t hits = probe->hits();
  if (hits == 2 * kCalls) return true;
  return Error{
      "links of kind " + std::string(link_kind_name(kind)) + " do not work here",
      "of " + std::to_string(2 * kCalls) + " calls in two threads they saw " + std::to_string(hits),
      hits == kCalls ? "kernels before 6.10 see one thread only" : ""};
}

std::string_view link_kind_name(LinkKind kind) {
  return kind == LinkKind::kUprobeMulti ? "uprobe.multi" : "perf";
}

Result<LinkKind> find_link_kind() {
  const Result<bool> multi = try_link_kind(LinkKind::kUprobeMulti);
  if (multi) return LinkKind::kUprobeMulti;
  const Result<bool> perf = try_link_kind(LinkKind::kPerf);
  if (perf) return LinkKind::kPerf;
  if (multi.error().message() == perf.error().message()) return perf.error();
  return Error{"cannot place probes",
               "uprobe.multi: " + multi.error().message() + "; perf: " + perf.error().message(),
               "run as root; `cgoscope doctor` says what lacks"};
}

}  // namespace cgoscope
