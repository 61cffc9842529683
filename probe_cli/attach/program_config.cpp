#include "probe_cli/attach/program_config.h"

#include <sys/stat.h>

namespace cgoscope {

namespace {

// include/linux/proc_ns.h, PROC_PID_INIT_INO: the inode of the initial pid namespace.
constexpr ino_t kInitialPidNamespace = 0xEFFFFFFC;

// Go ≥1.23: time.Timer is runtime.timeTimer{c, init, timer}, here and in all releases up to 1.27
// (src/runtime/time.go). Before, time.stopTimer gets the runtime's timer itself.
constexpr uint32_t kTimerInTimeTimer = 16;

uint32_t or_none(const Offset& offset) { return offset.value_or(CG_NO_OFFSET); }

cg_layout make_layout(const Layout& from) {
  cg_layout layout{};
  layout.g_stack_hi = or_none(from.g.stack_hi);
  layout.g_m = or_none(from.g.m);
  layout.g_goid = or_none(from.g.goid);
  layout.g_gopc = or_none(from.g.gopc);
  layout.g_startpc = or_none(from.g.startpc);
  layout.g_lockedm = or_none(from.g.lockedm);
  layout.g_sched_pc = or_none(from.g.sched_pc);
  layout.g_sched_bp = or_none(from.g.sched_bp);
  layout.m_curg = or_none(from.m.curg);
  layout.timer_when = or_none(from.timer.when);
  layout.timer_period = or_none(from.timer.period);
  layout.timer_f = or_none(from.timer.f);
  layout.timer_arg = or_none(from.timer.arg);
  layout.timer_status = or_none(from.timer.status);
  layout.panic_arg = or_none(from.panic.arg);
  return layout;
}

void describe_own_namespace(cg_config& config) {
  struct stat of{};
  if (stat("/proc/self/ns/pid", &of) != 0 || of.st_ino == kInitialPidNamespace) return;
  config.pid_namespace_device = of.st_dev;
  config.pid_namespace_inode = of.st_ino;
}

}  // namespace

cg_config make_config(const GoBinary& binary, const std::vector<PlannedSignal>& signals) {
  cg_config config{};
  config.layout = make_layout(binary.layout);
  config.text_begin = binary.functions.text_begin();
  config.text_end = binary.functions.text_end();
  const auto actions = binary.functions.functions_named({"time.sendTime", "time.goFunc"});
  config.send_time = actions[0] ? actions[0]->entry : 0;
  config.go_func = actions[1] ? actions[1]->entry : 0;
  config.timer_in_time_timer = config.layout.timer_status == CG_NO_OFFSET ? kTimerInTimeTimer : 0;
  for (const PlannedSignal& planned : signals) {
    if (planned.state != SignalState::kReady || planned.sites.empty()) continue;
    const ProbeSite& site = planned.sites.front();  // all sites of a signal are of one kind
    config.call_site[planned.signal] = site.kind == SiteKind::kCall ? 1 : 0;
    config.branch_site[planned.signal] = site.kind == SiteKind::kBranch ? 1 : 0;
    config.stack_adjust[planned.signal] = site.stack_adjust;
    if (planned.signal == CG_TIMER_CREATE)
      config.timer_is_created_by_words = planned.function == "time.newTimer" ? 1 : 0;
    if (planned.signal == CG_TIMER_FIRE)
      config.fired_timer_argument = planned.function == "runtime.runOneTimer" ? 1 : 0;
  }
  describe_own_namespace(config);
  return config;
}

std::string missing_field(cg_signal signal, const cg_config& config) {
  const cg_layout& layout = config.layout;
  const auto lacks = [](uint32_t offset) { return offset == CG_NO_OFFSET; };
  switch (signal) {
    case CG_GOROUTINE_EXIT:
      if (lacks(layout.g_gopc)) return "runtime.g.gopc";
      return lacks(layout.g_lockedm) ? "runtime.g.lockedm" : "";
    case CG_YIELD:
      return lacks(layout.g_sched_pc) || lacks(layout.g_sched_bp) ? "runtime.g.sched" : "";
    case CG_PREEMPT:
      return lacks(layout.g_goid) ? "runtime.g.goid" : "";
    case CG_CGO_CALL:
    case CG_CGO_RETURN:
      return lacks(layout.g_stack_hi) ? "runtime.g.stack.hi" : "";
    case CG_TIMER_FIRE:
      if (lacks(layout.timer_period)) return "runtime.timer.period";
      [[fallthrough]];
    case CG_TIMER_CREATE:
    case CG_TIMER_STOP:
    case CG_TIMER_RESET:
      if (lacks(layout.timer_arg)) return "runtime.timer.arg";
      if (lacks(layout.timer_f)) return "runtime.timer.f";
      return lacks(layout.timer_when) ? "runtime.timer.when" : "";
    default:
      return "";
  }
}

}  // namespace cgoscope
