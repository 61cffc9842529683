// The fields of each recorded value, once: the writer and the reader both walk these lists.
// `fields(visit, value)` calls visit(name, field) for each. docs/formats/recording.md explains
// them.
#pragma once

#include "ebpf/probe.h"
#include "probe_cli/detect/sample.h"
#include "probe_cli/report/sink.h"

namespace cgoscope::recording {

// A number that is an id of a recorded stack.
template <typename Id>
struct StackRef {
  Id& id;
};
template <typename Id>
StackRef(Id&) -> StackRef<Id>;

template <typename Visit, typename Value>
  requires std::is_same_v<std::remove_const_t<Value>, Subject>
void fields(Visit& visit, Value& subject) {
  visit("pid", subject.pid);
  visit("exe", subject.exe);
  visit("go_version", subject.go_version);
  visit("cgo", subject.cgo);
  visit("keeps_abandoned_timers", subject.keeps_abandoned_timers);
  visit("started_by_us", subject.started_by_us);
  visit("wait_reasons", subject.wait_reasons);
}

template <typename Visit, typename Value>
  requires std::is_same_v<std::remove_const_t<Value>, RunStart>
void fields(Visit& visit, Value& start) {
  visit("wall_ns", start.wall_ns);
  visit("tool_version", start.tool_version);
  visit("subject", start.subject);
  visit("link_kind", start.link_kind);
  visit("interval_s", start.interval_s);
  visit("notes", start.notes);
}

template <typename Visit, typename Value>
  requires std::is_same_v<std::remove_const_t<Value>, RunEnd>
void fields(Visit& visit, Value& end) {
  visit("wall_ns", end.wall_ns);
  visit("run_ns", end.run_ns);
  visit("target_exited", end.target_exited);
  visit("target_signal", end.target_signal);
  visit("target_status", end.target_status);
  visit("why", end.why);
  visit("attach_ms", end.attach_ms);
  visit("detach_ms", end.detach_ms);
  visit("ns_per_hit", end.ns_per_hit);
  visit("share_of_budget_cpus", end.share_of_budget_cpus);
  visit("share_of_target_cpu_time", end.share_of_target_cpu_time);
  visit("notes", end.notes);
}

template <typename Visit, typename Value>
  requires std::is_same_v<std::remove_const_t<Value>, MSample>
void fields(Visit& visit, Value& m) {
  visit("id", m.id);
  visit("tid", m.tid);
  visit("goid", m.goid);
  visit("in_cgo", m.in_cgo);
  visit("locked", m.locked);
  visit("c_function", m.c_function);
  visit("syscall", m.syscall);
  visit("runtime_wait", m.runtime_wait);
  visit("go_stack", StackRef{m.go_stack});
  visit("c_stack", StackRef{m.c_stack});
  visit("call_number", m.call_number);
  visit("began_ns", m.began_ns);
  visit("terminal_read", m.terminal_read);
}

template <typename Visit, typename Value>
  requires std::is_same_v<std::remove_const_t<Value>, GoroutineSample>
void fields(Visit& visit, Value& goroutine) {
  visit("state", goroutine.state);
  visit("wait_reason", goroutine.wait_reason);
  visit("locked", goroutine.locked);
  visit("system", goroutine.system);
  visit("count", goroutine.count);
  visit("estimated", goroutine.estimated);
  visit("waits_since_ns", goroutine.waits_since_ns);
  visit("stack", StackRef{goroutine.stack});
  visit("started", StackRef{goroutine.started});
  visit("go", StackRef{goroutine.go});
  visit("goids", goroutine.goids);
}

template <typename Visit, typename Value>
  requires std::is_same_v<std::remove_const_t<Value>, LockUserSample>
void fields(Visit& visit, Value& user) {
  visit("goid", user.goid);
  visit("state", user.state);
  visit("wait_reason", user.wait_reason);
  visit("waits_for", user.waits_for);
  visit("known_in", StackRef{user.known_in});
}

template <typename Visit, typename Value>
  requires std::is_same_v<std::remove_const_t<Value>, LockSample>
void fields(Visit& visit, Value& lock) {
  visit("semaphore", lock.semaphore);
  visit("waiters_count", lock.waiters_count);
  visit("waiters", lock.waiters);
  visit("knowledge", lock.knowledge);
  visit("users_count", lock.users_count);
  visit("users", lock.users);
}

template <typename Visit, typename Value>
  requires std::is_same_v<std::remove_const_t<Value>, PlaceSample>
void fields(Visit& visit, Value& place) {
  visit("signal", place.signal);
  visit("detail", place.detail);
  visit("stack", StackRef{place.stack});
  visit("count", place.count);
}

template <typename Visit, typename Value>
  requires std::is_same_v<std::remove_const_t<Value>, TimerSample>
void fields(Visit& visit, Value& timer) {
  visit("stack", StackRef{timer.stack});
  visit("created", timer.created);
  visit("stopped", timer.stopped);
  visit("fired", timer.fired);
  visit("unfollowed", timer.unfollowed);
}

template <typename Visit, typename Value>
  requires std::is_same_v<std::remove_const_t<Value>, ChurnSample>
void fields(Visit& visit, Value& churn) {
  visit("started", StackRef{churn.started});
  visit("go", StackRef{churn.go});
  visit("lock", StackRef{churn.lock});
  visit("exits", churn.exits);
}

template <typename Visit, typename Value>
  requires std::is_same_v<std::remove_const_t<Value>, GoStatementSample>
void fields(Visit& visit, Value& statement) {
  visit("go", StackRef{statement.go});
  visit("started", StackRef{statement.started});
  visit("starts", statement.starts);
  visit("exits", statement.exits);
}

template <typename Visit, typename Value>
  requires std::is_same_v<std::remove_const_t<Value>, PreemptionSample>
void fields(Visit& visit, Value& preemption) {
  visit("goid", preemption.goid);
  visit("stack", StackRef{preemption.stack});
  visit("count", preemption.count);
}

template <typename Visit, typename Value>
  requires std::is_same_v<std::remove_const_t<Value>, CaptureSample>
void fields(Visit& visit, Value& capture) {
  visit("stack", StackRef{capture.stack});
  visit("finalizer", StackRef{capture.finalizer});
  visit("through", capture.through);
  visit("count", capture.count);
}

template <typename Visit, typename Value>
  requires std::is_same_v<std::remove_const_t<Value>, CgoFunctionSample>
void fields(Visit& visit, Value& function) {
  visit("c_function", function.c_function);
  visit("stack", StackRef{function.stack});
  visit("calls", function.calls);
  visit("in_flight", function.in_flight);
  visit("p50_ns", function.p50_ns);
  visit("p99_ns", function.p99_ns);
  visit("max_ns", function.max_ns);
  visit("total_ns", function.total_ns);
}

template <typename Visit, typename Value>
  requires std::is_same_v<std::remove_const_t<Value>, SignalSample>
void fields(Visit& visit, Value& signal) {
  visit("signal", signal.signal);
  visit("state", signal.state);
  visit("reason", signal.reason);
  visit("hits", signal.books.hits);
  visit("filtered", signal.books.filtered);
  visit("aggregated", signal.books.aggregated);
  visit("delivered", signal.books.delivered);
  visit("ring_full", signal.books.ring_full);
  visit("map_full", signal.books.map_full);
  visit("missed", signal.missed);
  visit("attached_ns", signal.attached_ns);
}

template <typename Visit, typename Value>
  requires std::is_same_v<std::remove_const_t<Value>, EventSample>
void fields(Visit& visit, Value& event) {
  visit("signal", event.signal);
  visit("time_ns", event.time_ns);
  visit("tid", event.tid);
  visit("goid", event.goid);
  visit("text", event.text);
  visit("value_kind", event.value_kind);
  visit("stack", StackRef{event.stack});
  visit("started", StackRef{event.started});
  visit("go", StackRef{event.go});
}

template <typename Visit, typename Value>
  requires std::is_same_v<std::remove_const_t<Value>, Sample>
void fields(Visit& visit, Value& sample) {
  visit("at_ns", sample.at_ns);
  visit("wall_ns", sample.wall_ns);
  visit("run_ns", sample.run_ns);
  visit("last", sample.last);
  visit("threads", sample.threads);
  visit("memory_read", sample.memory_read);
  visit("threads_limit", sample.threads_limit);
  visit("threads_created", sample.threads_created);
  visit("threads_freed", sample.threads_freed);
  visit("threads_of_ms", sample.threads_of_ms);
  visit("live_timers", sample.live_timers);
  visit("goroutines_peak", sample.goroutines_peak);
  visit("schedules", sample.schedules);
  visit("ms", sample.ms);
  visit("goroutines_read", sample.goroutines_read);
  visit("goroutines_walked", sample.goroutines_walked);
  visit("goroutines", sample.goroutines);
  visit("locks_read", sample.locks_read);
  visit("locks_unseen_count", sample.locks_unseen_count);
  visit("locks", sample.locks);
  visit("places", sample.places);
  visit("timers", sample.timers);
  visit("churn", sample.churn);
  visit("go_statements", sample.go_statements);
  visit("preemptions", sample.preemptions);
  visit("captures", sample.captures);
  visit("finalizer", StackRef{sample.finalizer});
  visit("finalizer_began_ns", sample.finalizer_began_ns);
  visit("cgo", sample.cgo);
  visit("signals", sample.signals);
  visit("events", sample.events);
  visit("overhead_share", sample.overhead_share);
}

}  // namespace cgoscope::recording
