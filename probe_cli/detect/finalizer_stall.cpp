// Two ways in which finalizers do not run. One that captures the object that it is set for keeps
// that object alive, because a finalizer is a root of the collector: so it never runs, and the
// object and all that it holds stay for ever. That is proven by the closure's own words and code,
// not counted. And all finalizers run one after another in one goroutine: one that waits holds up
// all others.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "probe_cli/detect/detector.h"
#include "probe_cli/detect/named_frame.h"
#include "probe_cli/detect/wording.h"

namespace cgoscope {
namespace {

// The line that called SetFinalizer.
Frame setting_line(const std::vector<Frame>& stack) {
  const auto at = std::find_if(stack.begin(), stack.end(), [](const Frame& frame) {
    return !is_runtime_function(frame.function);
  });
  return at == stack.end() ? Frame{} : *at;
}

class FinalizerStall : public Detector {
 public:
  explicit FinalizerStall(const Settings& settings)
      : after_ns_(static_cast<int64_t>(settings("--finalizer-after"))) {}

  std::vector<LiveFinding> judge(const Sample& sample, const Stacks& stacks) override {
    std::vector<LiveFinding> findings;
    struct Captured {
      uint64_t count = 0;
      CaptureSample most;
    };
    std::map<Frame, Captured, FrameOrder> lines[2];  // those that capture it through something last
    for (const CaptureSample& capture : sample.captures) {
      Captured& captured = lines[capture.through ? 1 : 0][setting_line(stacks[capture.stack])];
      captured.count += capture.count;
      if (capture.count >= captured.most.count) captured.most = capture;
    }
    for (const auto& by_line : lines) {
      for (const auto& [line, captured] : by_line) {
        if (&by_line == &lines[1] && lines[0].contains(line)) continue;  // one cause
        findings.push_back(captures(line, captured.count, captured.most, sample, stacks));
      }
    }
    if (seen_throughout_ && sample.finalizer_began_ns > 0 &&
        sample.at_ns - sample.finalizer_began_ns >= after_ns_)
      findings.push_back(held_up(sample, stacks));
    const SignalSample* run = find_signal(sample, CG_FINALIZER_RUN);
    seen_throughout_ = !run || run->state == "attached";
    return findings;
  }

 private:
  static LiveFinding begin(const Sample& sample) {
    return new_finding("finalizer-stall", "finalizers", Severity::kError, sample);
  }

  static LiveFinding captures(const Frame& line, uint64_t count, const CaptureSample& capture,
                              const Sample& sample, const Stacks& stacks) {
    FinalizerStallEvidence evidence;
    evidence.kind = capture.through ? "captures-what-holds-its-object" : "captures-its-object";
    evidence.objects_count = static_cast<int64_t>(count);
    if (!stacks[capture.finalizer].empty()) evidence.finalizer = stacks[capture.finalizer].front();

    LiveFinding finding = begin(sample);
    finding.where = line;
    finding.stack = stacks[capture.stack];
    if (capture.through) finding.severity = Severity::kWarning;
    finding.message = fmt::format(
        "a finalizer captures {}: set at {}, for {} so far",
        capture.through ? "a variable that holds the object that it is set for, so as long as it "
                          "does, neither is it run nor the object freed"
                        : "the object that it is set for, so neither is it ever run nor the object "
                          "freed",
        spoken_place(line), counted(evidence.objects_count, "object"));
    finding.advice =
        "use the finalizer's argument, which is the object, and capture nothing of it; or "
        "runtime.AddCleanup (Go 1.24), whose function does not get the object, with only what is "
        "to be released";
    finding.evidence = std::move(evidence);
    finding.id = live_finding_id(finding);
    return finding;
  }

  LiveFinding held_up(const Sample& sample, const Stacks& stacks) const {
    const int64_t held_ns = sample.at_ns - sample.finalizer_began_ns;
    FinalizerStallEvidence evidence;
    evidence.kind = "holds-the-finalizer-goroutine";
    evidence.longest_ms = held_ns / 1'000'000;

    LiveFinding finding = begin(sample);
    finding.stack = stacks[sample.finalizer];
    if (!finding.stack.empty()) finding.where = evidence.finalizer = finding.stack.front();
    const std::string at = spoken_place(finding.where);
    finding.message = fmt::format(
        "a finalizer has been running for {}, and no other one can run before it ends: {}",
        spoken_duration(held_ns), at.empty() ? "its name is not known" : at);
    finding.advice =
        "do not wait in a finalizer: hand over what is to be done to a goroutine of its own, or "
        "release it with a Close method that its user calls";
    finding.evidence = std::move(evidence);
    finding.id = live_finding_id(finding);
    return finding;
  }

  int64_t after_ns_;
  // Throughout the interval that ends with the next sample. If not, the finalizer may have ended
  // unseen.
  bool seen_throughout_ = true;
};

}  // namespace

std::unique_ptr<Detector> make_finalizer_stall(const Subject&, const Settings& settings) {
  return std::make_unique<FinalizerStall>(settings);
}

}  // namespace cgoscope
