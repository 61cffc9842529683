#include "probe_cli/attach/programs.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdarg>
#include <cstdio>
#include <cstring>
#include <future>

#include "ebpf/probe.skel.h"

namespace cgoscope {

namespace {

constexpr size_t kKeptLogBytes = 16384;

// libbpf has one place for what it prints; its callers are those of the thread that calls it.
thread_local std::string libbpf_log;

int keep_log(libbpf_print_level level, const char* format, va_list arguments) {
  if (level != LIBBPF_WARN) return 0;
  std::array<char, kKeptLogBytes> text{};
  const int written = vsnprintf(text.data(), text.size(), format, arguments);
  if (written < 0) return 0;
  libbpf_log += text.data();
  // A verifier's log is long, and what matters in it comes last.
  if (libbpf_log.size() > kKeptLogBytes) libbpf_log.erase(0, libbpf_log.size() - kKeptLogBytes);
  return 0;
}

void listen_to_libbpf() {
  libbpf_log.clear();
  libbpf_set_print(keep_log);
}

// The last line that says something itself: the rest repeat that a load failed, or frame the log.
std::string last_words() {
  static constexpr std::array<std::string_view, 4> empty_lines = {
      "-- ", "processed ", "libbpf: failed to load", "libbpf: prog '"};
  std::string_view rest = libbpf_log;
  std::string_view best;
  std::string_view second_best;
  while (!rest.empty()) {
    const size_t end = rest.find('\n');
    const std::string_view line = rest.substr(0, end);
    rest = end == std::string_view::npos ? std::string_view{} : rest.substr(end + 1);
    if (line.empty()) continue;
    const bool says_nothing =
        std::any_of(empty_lines.begin(), empty_lines.end(),
                    [&](std::string_view start) { return line.starts_with(start); });
    (says_nothing ? second_best : best) = line;
  }
  return std::string(best.empty() ? second_best : best);
}

bool used_by_own_function(std::string_view map) {
  return map == "books" || map == "places" || map == "stack_windows" || map.ends_with(".rodata") ||
         map.ends_with(".bss");
}

}  // namespace

std::string libbpf_reason(int error) {
  const std::string text = strerror(-error);
  std::string words = last_words();
  // Where nothing may be loaded at all, libbpf guesses at length.
  if (words.empty() || words.find("Couldn't load trivial BPF program") != std::string::npos)
    return text;
  if (words.starts_with("libbpf: ")) words.erase(0, 8);
  return words.ends_with(text) ? words : words + ": " + text;
}

std::string libbpf_hint(int error) {
  switch (-error) {
    case EPERM:
    case EACCES:
      return "run as root, or with CAP_BPF and CAP_PERFMON; `cgoscope doctor` says what is lacking";
    case ENOENT:
      return "the file to probe is gone";
    case ESRCH:
      return "the process has ended";
    case EMFILE:
      return "raise the limit of open files (ulimit -n)";
    default:
      return "`cgoscope doctor` says what this kernel allows";
  }
}

void ProgramsCloser::operator()(probe_bpf* programs) const { probe_bpf__destroy(programs); }

std::string_view program_name(cg_signal signal) {
  static constexpr std::array<std::string_view, CG_SIGNALS> names = {
      "on_park",          "on_thread_request",  "on_thread_start",
      "on_thread_exit",   "on_lock_thread",     "on_goroutine_exit",
      "on_cgo_call",      "on_cgo_return",      "on_timer_create",
      "on_timer_stop",    "on_timer_reset",     "on_timer_fire",
      "on_handoff",       "on_fatal",           "on_throw",
      "on_panic",         "on_goroutine_start", "on_forced_gc",
      "on_pool_clear",    "on_yield",           "on_preempt",
      "on_set_finalizer", "on_finalizer_run",   "on_finalizer_idle"};
  return names[signal];
}

Result<Programs> load_programs(const std::vector<std::string_view>& names, const cg_config& config,
                               LinkKind kind) {
  listen_to_libbpf();
  Programs programs(probe_bpf__open());
  if (!programs)
    return Error{"cannot open the BPF programs", libbpf_reason(-errno), libbpf_hint(-errno)};
  memcpy(&programs->rodata->config, &config, sizeof(config));

  bpf_program* program = nullptr;
  bpf_object__for_each_program(program, programs->obj) {
    const bool wanted =
        std::find(names.begin(), names.end(), bpf_program__name(program)) != names.end();
    bpf_program__set_autoload(program, wanted);
    // Its section says uprobe.multi; a uprobe of perf is of no type.
    if (kind == LinkKind::kPerf)
      bpf_program__set_expected_attach_type(program, static_cast<bpf_attach_type>(0));
  }
  if (names.size() == 1 && names.front() == kOwnFunctionProgram) {
    bpf_map* map = nullptr;
    bpf_object__for_each_map(map, programs->obj) {
      if (!used_by_own_function(bpf_map__name(map))) bpf_map__set_autocreate(map, false);
    }
  }
  if (const int error = probe_bpf__load(programs.get()); error != 0)
    return Error{"cannot load the BPF programs", libbpf_reason(error), libbpf_hint(error)};
  return programs;
}

bpf_program* loaded_program(const Programs& programs, std::string_view name) {
  bpf_program* program = bpf_object__find_program_by_name(programs->obj, std::string(name).c_str());
  return program != nullptr && bpf_program__fd(program) >= 0 ? program : nullptr;
}

Result<Links> Links::make(bpf_program* program, LinkKind kind, pid_t pid, const std::string& path,
                          const std::vector<LinkPlace>& places) {
  listen_to_libbpf();
  const std::string what = std::string("cannot attach ") + bpf_program__name(program) + " to " +
                           path + " in process " + std::to_string(pid);
  Links links;
  if (kind == LinkKind::kUprobeMulti) {
    std::vector<unsigned long> offsets;
    std::vector<__u64> cookies;
    for (const LinkPlace& place : places) {
      offsets.push_back(place.file_offset);
      cookies.push_back(place.address);
    }
    bpf_uprobe_multi_opts options{};
    options.sz = sizeof(options);
    options.offsets = offsets.data();
    options.cookies = cookies.data();
    options.cnt = offsets.size();
    bpf_link* link =
        bpf_program__attach_uprobe_multi(program, pid, path.c_str(), nullptr, &options);
    if (link == nullptr) return Error{what, libbpf_reason(-errno), libbpf_hint(-errno)};
    links.links_.push_back(link);
    return links;
  }
  for (const LinkPlace& place : places) {
    bpf_uprobe_opts options{};
    options.sz = sizeof(options);
    options.bpf_cookie = place.address;
    bpf_link* link =
        bpf_program__attach_uprobe_opts(program, pid, path.c_str(), place.file_offset, &options);
    if (link == nullptr) return Error{what, libbpf_reason(-errno), libbpf_hint(-errno)};
    links.links_.push_back(link);
  }
  return links;
}

Links& Links::operator=(Links&& other) noexcept {
  std::swap(links_, other.links_);
  return *this;
}

Links::~Links() {
  for (bpf_link* link : links_) bpf_link__destroy(link);
}

void Links::remove(std::vector<Links> all) {
  std::vector<std::future<void>> removals;  // one after another where there is no thread to be had
  for (Links& links : all) {
    for (bpf_link* link : std::exchange(links.links_, {}))
      removals.push_back(std::async([link] { bpf_link__destroy(link); }));
  }
  for (std::future<void>& removal : removals) removal.get();
}

}  // namespace cgoscope
