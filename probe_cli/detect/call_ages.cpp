#include "probe_cli/detect/call_ages.h"

#include <algorithm>

namespace cgoscope {

CallAges::Age CallAges::of(const MSample& m, const Sample& sample) {
  auto [at, is_new] = calls_.try_emplace(m.id);
  Call& call = at->second;
  is_new = is_new || call.goid != m.goid || call.in_cgo != m.in_cgo || call.number != m.call_number;
  if (is_new) call = {m.goid, m.in_cgo, m.call_number, sample.at_ns, look_};
  if (m.began_ns > 0 && m.began_ns <= sample.at_ns)
    call.since_ns = std::min(call.since_ns, m.began_ns);
  call.seen_look = look_;
  return {call.since_ns, is_new};
}

void CallAges::end_look() {
  std::erase_if(calls_,
                [&](const auto& row) { return look_ - row.second.seen_look > kLooksToForget; });
  ++look_;
}

}  // namespace cgoscope
