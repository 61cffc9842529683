#include "probe_cli/report/lint_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "probe_cli/detect/wording.h"

namespace cgoscope {
namespace {

constexpr size_t kMostCalls = 10;
constexpr size_t kMostFrames = 12;

std::string listed(const std::vector<std::string>& ids, const char* before_last) {
  std::string text;
  for (size_t i = 0; i < ids.size(); ++i)
    text += (i == 0 ? "" : i + 1 == ids.size() ? before_last : ", ") + ids[i];
  return text;
}

std::string name_of(const LongCall& seen) {
  std::string text = seen.call.c_function.empty() ? "a C call" : "C." + seen.call.c_function;
  if (const std::string place = spoken_place(seen.call.where); !place.empty()) {
    text += " at " + place;
  } else if (!seen.call.package.empty()) {
    text += " of package " + seen.call.package;
  }
  return text;
}

std::string lasted(const LongCall& seen) {
  const std::string longest = spoken_duration(seen.longest_ns);
  if (seen.call.where.function.empty() && seen.function) {
    return fmt::format("no look met one; of {}, 99% within {}, the longest {}",
                       counted(static_cast<int64_t>(seen.function->calls), "call"),
                       spoken_duration(static_cast<int64_t>(seen.function->p99_ns)), longest);
  }
  std::string text = fmt::format("{}, the longest at least {}",
                                 counted(static_cast<int64_t>(seen.calls), "long call"), longest);
  if (seen.in_flight > 0) text += fmt::format(", {} in flight", seen.in_flight);
  if (seen.was_running) {
    text += "; on a CPU at each look: work, not a wait";
  } else if (!seen.call.syscall.empty()) {
    text += ", in " + seen.call.syscall;
  }
  return text;
}

}  // namespace

std::vector<std::string> lint_text(const LintComparison& lint) {
  std::set<std::string> sure;  // the others of `confirmed` are one of several that fit
  for (const ConfirmedFindings& row : lint.confirmed) {
    if (row.ids.size() == 1) sure.insert(row.ids[0]);
  }
  std::vector<std::string> lines;
  const size_t perhaps = lint.confirmed_count() - sure.size();
  lines.push_back(fmt::format("  lint: {} of {} in {} seen to block for {} or longer{}",
                              sure.size(), counted(static_cast<int64_t>(lint.findings), "finding"),
                              lint.file, spoken_duration(lint.long_ns),
                              perhaps > 0 ? fmt::format(", {} perhaps", perhaps) : ""));
  const auto more = [&](size_t all) {
    if (all > kMostCalls)
      lines.push_back(fmt::format("    and {} more (--format json has them)", all - kMostCalls));
  };
  for (size_t i = 0; i < std::min(lint.confirmed.size(), kMostCalls); ++i) {
    const ConfirmedFindings& row = lint.confirmed[i];
    const std::string which = row.ids.size() > 1 ? "findings " : "finding ";
    lines.push_back(fmt::format("    {}: {}; {}{}", name_of(row.seen), lasted(row.seen), which,
                                listed(row.ids, " or ")));
  }
  more(lint.confirmed.size());
  if (lint.unpredicted.empty()) return lines;
  lines.push_back(fmt::format("  {} in C that the lint did not predict{}:",
                              counted(static_cast<int64_t>(lint.unpredicted.size()), "long call"),
                              lint.problems > 0 ? " (part of the code was not analysed)" : ""));
  for (size_t i = 0; i < std::min(lint.unpredicted.size(), kMostCalls); ++i) {
    const UnpredictedCall& row = lint.unpredicted[i];
    lines.push_back("    " + name_of(row.seen) + ": " + lasted(row.seen));
    const std::vector<Frame>& stack = row.seen.call.stack;
    for (size_t frame = 0; frame < std::min(stack.size(), kMostFrames); ++frame) {
      const std::string place = spoken_place(stack[frame]);
      lines.push_back("      " + (place.empty() ? "(no name)" : place));
    }
    if (!row.elsewhere.empty()) {
      lines.push_back("      at other lines it is predicted: " + listed(row.elsewhere, " and "));
    }
  }
  more(lint.unpredicted.size());
  return lines;
}

}  // namespace cgoscope
