// A panic that no deferred function of its goroutine recovers ends the whole program, whichever
// goroutine it is in. The runtime comes to runtime.fatalpanic when all deferred functions have run
// and none has recovered; the stack of the panic is still whole then. A panic that something
// recovers, as net/http does for its handlers, never gets there.
#include <fmt/format.h>

#include <algorithm>

#include "probe_cli/detect/detector.h"
#include "probe_cli/detect/wording.h"

namespace cgoscope {
namespace {

Frame first_frame(const std::vector<Frame>& stack) {
  return stack.empty() ? Frame{} : stack.front();
}

// The line that panicked: behind gopanic, and behind what a signal puts between (sigpanic).
Frame panicking_frame(const std::vector<Frame>& stack) {
  const auto at = std::find_if(stack.begin(), stack.end(), [](const Frame& frame) {
    return !is_runtime_function(frame.function);
  });
  return at == stack.end() ? Frame{} : *at;
}

std::string spoken_value(const PanicEvidence& evidence) {
  if (evidence.value_kind == "string") return "\"" + evidence.value + "\"";
  if (evidence.value_kind == "number" || evidence.value_kind == "nil") return evidence.value;
  return evidence.value_kind == "other" ? "a value that is neither text nor a number"
                                        : "a value that could not be read";
}

class Panic : public Detector {
 public:
  std::vector<LiveFinding> judge(const Sample& sample, const Stacks& stacks) override {
    std::vector<LiveFinding> findings;
    for (const EventSample& event : sample.events) {
      if (event.signal == CG_PANIC) findings.push_back(describe(event, sample, stacks));
    }
    return findings;
  }

 private:
  static LiveFinding describe(const EventSample& event, const Sample& sample,
                              const Stacks& stacks) {
    PanicEvidence evidence;
    evidence.value = event.text;
    evidence.value_kind = event.value_kind;
    evidence.entry = first_frame(stacks[event.started]);
    evidence.started = first_frame(stacks[event.go]);
    const bool in_main = evidence.entry.function == "runtime.main";
    if (in_main) evidence.started = {};

    LiveFinding finding = new_finding("panic", "goroutines", Severity::kError, sample);
    finding.stack = stacks[event.stack];
    finding.where = panicking_frame(finding.stack);
    if (event.tid > 0) finding.threads = {event.tid};
    if (event.goid > 0) finding.goroutines = {event.goid};
    finding.message =
        fmt::format("{} panics with {}, nothing recovers it, and the program ends",
                    in_main ? "the main goroutine" : "a goroutine", spoken_value(evidence));
    if (const std::string at = spoken_place(finding.where); !at.empty())
      finding.message += ": at " + at;
    if (const std::string at = spoken_place(evidence.started); !at.empty())
      finding.message += "; the goroutine was started at " + at;
    finding.advice =
        "mend what panics; where one piece of work may fail and the rest go on, recover in a "
        "deferred function of that very goroutine: one of the goroutine that started it does not "
        "help";
    finding.evidence = std::move(evidence);
    finding.id = live_finding_id(finding);
    return finding;
  }
};

}  // namespace

std::unique_ptr<Detector> make_panic(const Subject&, const Settings&) {
  return std::make_unique<Panic>();
}

}  // namespace cgoscope
