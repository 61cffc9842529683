// From raw to named: one look at the kernel's maps.
#pragma once

#include <cstdint>
#include <unordered_map>

#include "probe_cli/attach/attachment.h"
#include "probe_cli/detect/sample.h"
#include "probe_cli/symbols.h"

namespace cgoscope {

class Sampler {
 public:
  // Both must outlive it.
  Sampler(Attachment& attachment, Symbols& symbols) : attachment_(attachment), symbols_(symbols) {}

  // What was counted so far, and calls into C in flight.
  void take(Sample& sample);
  // When the calls began that were in flight at the last take(): CLOCK_MONOTONIC, by g.
  const std::unordered_map<uint64_t, uint64_t>& began_ns() const { return began_ns_; }
  EventSample event(const cg_event& event);

 private:
  void take_cgo(Sample& sample);
  void take_finalizers(Sample& sample);

  Attachment& attachment_;
  Symbols& symbols_;
  std::unordered_map<uint64_t, uint64_t> began_ns_;
};

}  // namespace cgoscope
