#include "clang_plugin/analysis/message.h"

#include <fmt/format.h>

#include "findings/duration.h"

namespace cgoscope {
namespace {

constexpr std::string_view kInExportedFunction =
    "; this Go code is itself called from C (//export)";

}  // namespace

std::string message_for(const BlockingEvent& event, const std::string& call,
                        const std::string& blocking, bool in_exported_function) {
  std::string text;
  if (!event.row) {
    text = event.spin_lock ? fmt::format(
                                 "{} can spin in a lock of its own for as long as another thread "
                                 "holds it; it burns a CPU",
                                 call)
                           : fmt::format(
                                 "{} spins on memory without any call, until another thread writes "
                                 "it; it burns a CPU",
                                 call);
    text += " and pins an OS thread meanwhile";
  } else {
    const bool direct = call == "C." + blocking;
    const std::string where = direct ? "" : " in " + blocking;
    switch (event.bound) {
      case Bound::kUnbounded:
        text = fmt::format("{} can block{} without limit", call, where);
        if (event.in_endless_loop)
          text += ": each wait is short, the loop around it has no end of its own";
        break;
      case Bound::kBounded:
        text =
            fmt::format("{} can block{} for {}", call, where, format_duration_ns(event.limit_ns));
        break;
      case Bound::kVariable:
        text = fmt::format(
            "{} can block{} for a time that is not known here: an argument or a flag decides at "
            "run time",
            call, where);
        break;
    }
    text += "; the call pins an OS thread meanwhile";
  }
  text += " and no context can cancel it";
  if (in_exported_function) text += kInExportedFunction;
  return text;
}

std::string message_across(const Finding& finding, const std::string& call) {
  std::string_view what = finding.message;
  if (what.starts_with(finding.go.call + " ")) what.remove_prefix(finding.go.call.size() + 1);
  if (what.ends_with(kInExportedFunction)) what.remove_suffix(kInExportedFunction.size());
  return fmt::format("{}, by way of {} in package {}, {}", call, finding.go.call,
                     finding.go.package, what);
}

std::string advice_for(const BlockingEvent& event) {
  if (!event.row) {
    return event.spin_lock ? "take a mutex, which sleeps, or keep what the lock guards very short"
                           : "wait on a condition variable or a futex in C, or on a channel in Go, "
                             "and let the other side signal it";
  }
  if (event.in_endless_loop) {  // the row's advice is about the one call, which is short
    return event.row->category == "sleep"
               ? "move the loop to Go: test with a short call of C at each tick of a time.Ticker, "
                 "in "
                 "a select that a context ends; or let what it waits for wake it through an "
                 "eventfd "
                 "that Go reads, or a condition variable"
               : "let C wait for one turn of the loop only, and loop in Go, in a select that a "
                 "context ends; or give the loop a deadline of its own";
  }
  if (!event.row->instead.empty()) return event.row->instead;
  return "give the wait a limit, or move it to Go, where a goroutine that waits holds no thread";
}

}  // namespace cgoscope
