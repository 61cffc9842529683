// Census, as text and as JSON.
#include "probe_cli/report/census_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include "findings/duration.h"
#include "findings/printable.h"
#include "probe_cli/detect/named_frame.h"
#include "probe_cli/detect/wording.h"
#include "probe_cli/report/live_json.h"

namespace cgoscope {
namespace {

constexpr size_t kFramesInText = 12;
constexpr size_t kThreadsInText = 6;
constexpr int64_t kMs = 1'000'000;

uint64_t goroutines_count(const Sample& sample, bool system) {
  uint64_t count = 0;
  for (const GoroutineSample& one : sample.goroutines)
    count += one.system == system ? one.count : 0;
  return count;
}

std::vector<const GoroutineSample*> by_count(const Sample& sample) {
  std::vector<const GoroutineSample*> goroutines;
  for (const GoroutineSample& one : sample.goroutines) goroutines.push_back(&one);
  std::stable_sort(goroutines.begin(), goroutines.end(),
                   [](const GoroutineSample* a, const GoroutineSample* b) {
                     return std::pair(a->system, b->count) < std::pair(b->system, a->count);
                   });
  return goroutines;
}

std::optional<int64_t> waits_ms(const GoroutineSample& one, const Sample& sample) {
  if (one.waits_since_ns <= 0 || one.waits_since_ns > sample.at_ns) return std::nullopt;
  return (sample.at_ns - one.waits_since_ns) / kMs;
}

Frame first_of(const std::vector<Frame>& stack) { return stack.empty() ? Frame{} : stack.front(); }

std::string place(const Frame& frame) {
  if (frame.file.empty()) return printable(frame.function);
  return printable(fmt::format("{}  {}:{}", frame.function, frame.file, frame.line));
}

std::string_view doing_name(CensusM::Doing doing) {
  switch (doing) {
    case CensusM::Doing::kIdle:
      return "idle";
    case CensusM::Doing::kSearch:
      return "spinning";
    case CensusM::Doing::kRun:
      return "running";
    case CensusM::Doing::kCall:
      return "in a call";
    case CensusM::Doing::kForeign:
      return "for a thread of C's";
  }
  return "";
}

void write_goroutines(const CensusReport& report, const Stacks& stacks, size_t top,
                      std::ostream& out) {
  const Sample& sample = report.sample;
  size_t shown = 0;
  uint64_t shown_count = 0;
  size_t kinds = 0;
  for (const GoroutineSample* one : by_count(sample)) {
    if (one->system) continue;
    ++kinds;
    if (shown == top) continue;
    ++shown;
    shown_count += one->count;
    std::string what = one->wait_reason.empty() ? one->state : one->wait_reason;
    if (const auto ms = waits_ms(*one, sample))
      what += fmt::format(", for {} at least", format_duration_ns(*ms / 1000 * 1000 * kMs));
    if (one->locked) what += ", locked to thread";
    out << fmt::format("\n{}{} goroutine{} [{}]:\n", one->estimated ? "about " : "", one->count,
                       one->count == 1 ? " " + std::to_string(one->goids.front()) : "s",
                       printable(what));
    size_t frames = 0;
    const std::vector<Frame>& stack = stacks[one->stack];
    for (const Frame& frame : stack) {
      if (is_runtime_function(frame.function)) continue;
      if (frames++ == kFramesInText) {
        out << "    …\n";
        break;
      }
      out << "    " << place(frame) << '\n';
    }
    if (frames == 0) out << "    in " << place(first_of(stacks[one->started])) << '\n';
    if (one->go != kNoStack) out << "    created by " << place(first_of(stacks[one->go])) << '\n';
  }
  if (kinds > shown)
    out << fmt::format(
        "\nand {} of {} more (--top {} shows all)\n",
        counted(static_cast<int64_t>(user_goroutines_count(sample) - shown_count), "goroutine"),
        counted(static_cast<int64_t>(kinds - shown), "kind"), kinds);
}

void write_ms(const CensusReport& report, const Stacks& stacks, std::ostream& out) {
  std::map<std::pair<CensusM::Doing, std::string>, std::vector<const CensusM*>> alike;
  for (const CensusM& m : report.ms) {
    std::string what(doing_name(m.doing));
    if (m.doing == CensusM::Doing::kCall) {
      what = m.call.in_cgo ? "in C" : "in a system call";
      if (!m.call.c_function.empty()) what = "in C." + m.call.c_function;
      if (!m.call.syscall.empty() && m.call.syscall != kUnreadSyscall)
        what += ", system call " + m.call.syscall;
      const Frame* frame = m.call.in_cgo ? c_call_frame(stacks[m.call.go_stack])
                                         : system_call_frame(stacks[m.call.go_stack]);
      if (frame != nullptr) what += ", from " + place(*frame);
    }
    if (m.locked) what += ", locked to its goroutine";
    alike[{m.doing, what}].push_back(&m);
  }
  out << '\n';
  for (const auto& [kind, ms] : alike) {
    if (kind.first == CensusM::Doing::kForeign) {
      out << fmt::format("{:>5} M{} without a thread, for threads that C makes\n", ms.size(),
                         ms.size() == 1 ? "" : "s");
      continue;
    }
    out << fmt::format("{:>5} thread{} {}", ms.size(), ms.size() == 1 ? " " : "s",
                       printable(kind.second));
    std::string list;
    for (size_t i = 0; i < ms.size() && i < kThreadsInText; ++i) {
      list += fmt::format("{}{}", list.empty() ? "" : ", ", ms[i]->tid);
      if (ms[i]->goid != 0) list += fmt::format(" (goroutine {})", ms[i]->goid);
    }
    if (ms.size() > kThreadsInText) list += ", …";
    out << ": " << list << '\n';
  }
}

OrderedJson goroutine_json(const GoroutineSample& one, const Sample& sample, const Stacks& stacks) {
  const std::vector<Frame>& stack = stacks[one.stack];
  const Frame* where = parking_frame(stack);
  const auto ms = waits_ms(one, sample);
  OrderedJson frames = OrderedJson::array();
  for (const Frame& frame : stack) frames.push_back(frame_json(frame));
  return {{"count", one.count},
          {"estimated", one.estimated},
          {"state", one.state},
          {"wait_reason", one.wait_reason},
          {"waits_at_least_ms", ms ? OrderedJson(*ms) : OrderedJson(nullptr)},
          {"locked", one.locked},
          {"system", one.system},
          {"where", place_json(where != nullptr ? *where : first_of(stack))},
          {"function", first_of(stacks[one.started]).function},
          {"created_by",
           one.go == kNoStack ? OrderedJson(nullptr) : place_json(first_of(stacks[one.go]))},
          {"goroutines", one.goids},
          {"stack", std::move(frames)}};
}

OrderedJson m_json(const CensusM& m, const Stacks& stacks) {
  OrderedJson json = {{"id", m.id},
                      {"thread", m.tid},
                      {"doing", doing_name(m.doing)},
                      {"goroutine", m.goid == 0 ? OrderedJson(nullptr) : OrderedJson(m.goid)},
                      {"locked", m.locked}};
  if (m.doing != CensusM::Doing::kCall) return json;
  json["c_function"] = m.call.c_function;
  json["syscall"] = m.call.syscall;
  json["stack"] = OrderedJson::array();
  for (const StackId id : {m.call.c_stack, m.call.go_stack})
    for (const Frame& frame : stacks[id]) json["stack"].push_back(frame_json(frame));
  return json;
}

}  // namespace

uint64_t user_goroutines_count(const Sample& sample) { return goroutines_count(sample, false); }
uint64_t system_goroutines_count(const Sample& sample) { return goroutines_count(sample, true); }

void write_census_text(const CensusReport& report, const Stacks& stacks, size_t top,
                       std::ostream& out) {
  const Sample& sample = report.sample;
  const uint64_t user = user_goroutines_count(sample);
  out << fmt::format("process {} ({}), {}{}, read in {:.1f} ms at {}\n", report.subject.pid,
                     printable(report.subject.exe), printable(report.subject.go_version),
                     report.subject.cgo ? " with cgo" : "", report.read_ms,
                     rfc3339(sample.wall_ns));
  if (sample.goroutines_read)
    out << fmt::format("{} goroutine{}, and {} of the runtime's own\n", user, user == 1 ? "" : "s",
                       system_goroutines_count(sample));
  out << counted(sample.threads, "thread");
  if (sample.memory_read)
    out << fmt::format(" ({} Ms made and {} freed since the start; the limit is {}), {}",
                       sample.threads_created, sample.threads_freed, sample.threads_limit,
                       counted(report.ps_count, "P"));
  if (sample.live_timers) out << ", " << counted(*sample.live_timers, "live timer");
  out << '\n';
  if (sample.goroutines_walked < user)
    out << fmt::format("stacks are of {} goroutines, evenly chosen; all were counted\n",
                       sample.goroutines_walked);
  for (const std::string& problem : report.problems) out << "note: " << printable(problem) << '\n';
  if (sample.goroutines_read) write_goroutines(report, stacks, top, out);
  if (!report.ms.empty()) write_ms(report, stacks, out);
}

void write_census_json(const CensusReport& report, const Stacks& stacks, std::ostream& out) {
  const Sample& sample = report.sample;
  OrderedJson json = {{"schema", "cgoscope/census/1"}, {"time", rfc3339(sample.wall_ns)}};
  json["process"] = process_json(report.subject);
  json["read_ms"] = report.read_ms;
  if (sample.goroutines_read) {
    OrderedJson kinds = OrderedJson::array();
    for (const GoroutineSample* one : by_count(sample))
      kinds.push_back(goroutine_json(*one, sample, stacks));
    json["goroutines"] = {{"user_count", user_goroutines_count(sample)},
                          {"system_count", system_goroutines_count(sample)},
                          {"stacks_count", sample.goroutines_walked},
                          {"kinds", std::move(kinds)}};
  } else {
    json["goroutines"] = nullptr;
  }
  OrderedJson ms = OrderedJson::array();
  for (const CensusM& m : report.ms) ms.push_back(m_json(m, stacks));
  const auto known = [&](int64_t number) {
    return sample.memory_read ? OrderedJson(number) : OrderedJson(nullptr);
  };
  json["threads"] = {{"count", sample.threads},
                     {"limit_count", known(sample.threads_limit)},
                     {"created_count", known(sample.threads_created)},
                     {"destroyed_count", known(sample.threads_freed)},
                     {"ms", std::move(ms)}};
  json["ps_count"] = known(report.ps_count);
  json["live_timers_count"] =
      sample.live_timers ? OrderedJson(*sample.live_timers) : OrderedJson(nullptr);
  json["problems"] = report.problems;
  out << json.dump(2, ' ', false, OrderedJson::error_handler_t::replace) << '\n';
}

}  // namespace cgoscope
