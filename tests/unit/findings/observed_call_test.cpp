#include "findings/observed_call.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

namespace cgoscope {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

Finding finding(const std::string& package, const std::string& function, const std::string& file,
                int line, const std::string& name) {
  Finding finding;
  finding.rule = "blocking-call";
  finding.go = {package, file, line, 2, function, "C." + name};
  finding.c = CPlace{"p/slow.c", 9, 3, "inner", "poll"};
  finding.path = {{name, "p/slow.c", 20}, {"inner", "p/slow.c", 9}};
  return finding;
}

Finding usual() {
  return finding("example.org/p", "example.org/p.(*T).poll", "p/worker.go", 31, "slow");
}

ObservedCall usual_call() {
  ObservedCall call;
  call.c_function = "slow";
  call.package = "example.org/p";
  call.where = {"example.org/p.(*T).poll", "/home/ci/src/p/worker.go", 31, 0};
  return call;
}

// One finding, one call: whether they are the same, and how sure that is.
TEST(ObservedCall, MeetsItsFinding) {
  const struct {
    const char* name;
    std::function<void(Finding&, ObservedCall&)> change;
    MatchedBy by;
  } rows[] = {
      {"another build folder", [](Finding&, ObservedCall&) {}, MatchedBy::kLine},
      {"-trimpath",
       [](Finding&, ObservedCall& call) { call.where.file = "example.org/p@v1.2.3/worker.go"; },
       MatchedBy::kLine},
      {"-trimpath of the main package",
       [](Finding& f, ObservedCall& call) {
         f.go.function = "main.serve";
         call.where = {"main.serve", "./worker.go", 31, 0};
       },
       MatchedBy::kLine},
      {"the C code in the preamble",
       [](Finding& f, ObservedCall&) {
         f.c->file = f.path[0].file = f.path[1].file = "p/worker.go";
       },
       MatchedBy::kLine},
      {"a library function that Go calls itself",
       [](Finding& f, ObservedCall& call) {
         f.go.call = "C.sleep";
         f.c = CPlace{"", 0, 0, "", "sleep"};
         f.path.clear();
         call.c_function = "sleep";
       },
       MatchedBy::kLine},
      {"a closure, which other Go versions name otherwise",
       [](Finding& f, ObservedCall& call) {
         f.go.function = "example.org/p.(*T).poll.func1.2";
         call.where.function = "example.org/p.(*T).poll.(*T).poll.func1.func3";
       },
       MatchedBy::kLine},
      {"a generic function",
       [](Finding& f, ObservedCall& call) {
         f.go.function = "example.org/p.poll[...]";
         call.where.function = "example.org/p.poll[go.shape.int]";
       },
       MatchedBy::kLine},
      {"outside any function",
       [](Finding& f, ObservedCall& call) {
         f.go.function = "";
         call.where.function = "example.org/p.init";
       },
       MatchedBy::kLine},
      {"vendored, read by its import path",
       [](Finding& f, ObservedCall& call) {
         f.go.function = "example.org/app/vendor/example.org/p.(*T).poll";
         call.where.file = "/src/app/vendor/example.org/p/worker.go";
       },
       MatchedBy::kLine},
      {"vendored in GOPATH",
       [](Finding&, ObservedCall& call) {
         call.where.function = "app/vendor/example.org/p.(*T).poll";
       },
       MatchedBy::kLine},
      {"dots in the import path's last element",
       [](Finding& f, ObservedCall& call) {
         f.go.package = "gopkg.in/yaml.v3";
         f.go.function = call.where.function = "gopkg.in/yaml%2ev3.f";
       },
       MatchedBy::kLine},
      {"read in no module: only the package's name",
       [](Finding& f, ObservedCall&) {
         f.go.package = "p";
         f.go.function = "p.(*T).poll";
       },
       MatchedBy::kLine},
      {"the C function's name is not known",
       [](Finding&, ObservedCall& call) { call.c_function = ""; }, MatchedBy::kLine},
      {"the Go line is not known", [](Finding&, ObservedCall& call) { call.where = {}; },
       MatchedBy::kFunction},
      {"only cgo's wrapper is known",
       [](Finding&, ObservedCall& call) {
         call.where = {"example.org/p._Cfunc_slow", "_cgo_gotypes.go", 52, 0};
         call.package = "";
       },
       MatchedBy::kFunction},
      {"neither the line nor the package",
       [](Finding&, ObservedCall& call) {
         call.where = {};
         call.package = "";
       },
       MatchedBy::kFunction},
      {"the call that blocks is on the stack",
       [](Finding&, ObservedCall& call) { call.stack = {{"__GI___poll", "", 0, 0}}; },
       MatchedBy::kStack},
      {"its system call was seen", [](Finding&, ObservedCall& call) { call.syscall = "poll"; },
       MatchedBy::kStack},
      {"a function on the way is on the stack",
       [](Finding&, ObservedCall& call) { call.stack = {{"inner.constprop.0", "", 0, 0}}; },
       MatchedBy::kStack},
      {"the function that Go calls says nothing new",
       [](Finding&, ObservedCall& call) { call.stack = {{"slow", "", 0, 0}}; }, MatchedBy::kLine},
      {"a loop that spins",
       [](Finding& f, ObservedCall& call) {
         f.rule = "busy-wait";
         f.c->call = "";
         call.stack = {{"inner", "", 0, 0}};
       },
       MatchedBy::kStack},
      // Not the same.
      {"another line", [](Finding&, ObservedCall& call) { call.where.line = 32; },
       MatchedBy::kNothing},
      {"another file", [](Finding&, ObservedCall& call) { call.where.file = "/src/p/a_worker.go"; },
       MatchedBy::kNothing},
      {"another C function", [](Finding&, ObservedCall& call) { call.c_function = "slower"; },
       MatchedBy::kNothing},
      {"another package",
       [](Finding&, ObservedCall& call) { call.where.function = "example.org/q.(*T).poll"; },
       MatchedBy::kNothing},
      {"a package whose path ends alike",
       [](Finding&, ObservedCall& call) { call.where.function = "example.net/p.(*T).poll"; },
       MatchedBy::kNothing},
      {"a folder that ends in vendor",
       [](Finding&, ObservedCall& call) {
         call.where.function = "example.org/myvendor/example.org/p.f";
       },
       MatchedBy::kNothing},
      {"another package, the line not known",
       [](Finding&, ObservedCall& call) {
         call.where = {};
         call.package = "example.org/q";
       },
       MatchedBy::kNothing},
      {"main is no folder's name", [](Finding& f, ObservedCall&) { f.go.function = "main.poll"; },
       MatchedBy::kNothing},
      {"neither the line nor the C function",
       [](Finding&, ObservedCall& call) {
         call.where = {};
         call.c_function = "";
       },
       MatchedBy::kNothing},
  };
  for (const auto& row : rows) {
    std::vector<Finding> findings = {usual()};
    ObservedCall call = usual_call();
    row.change(findings[0], call);
    const Match match = match_findings(findings, call);
    EXPECT_EQ(match.by, row.by) << row.name;
    EXPECT_EQ(match.findings.size(), row.by == MatchedBy::kNothing ? 0u : 1u) << row.name;
  }
}

// Three ways to block from one Go line: poll and read through `inner`, a lock through `lock_it`.
std::vector<Finding> three_of_one_line() {
  std::vector<Finding> findings = {usual(), usual(), usual()};
  findings[1].c->call = "read";
  findings[2].c->call = "pthread_mutex_lock";
  findings[2].path[1].function = findings[2].c->function = "lock_it";
  return findings;
}

TEST(ObservedCall, OfSeveralAtOneLineThoseOnTheStack) {
  const struct {
    std::vector<Frame> stack;
    std::string syscall;
    std::vector<size_t> expected;
    MatchedBy by;
  } rows[] = {
      {{}, "", {0, 1, 2}, MatchedBy::kLine},
      {{{"slow", "", 0, 0}}, "futex", {0, 1, 2}, MatchedBy::kLine},
      {{{"__libc_read", "", 0, 0}, {"inner", "", 0, 0}, {"slow", "", 0, 0}},
       "read",
       {1},
       MatchedBy::kStack},
      {{{"___pthread_mutex_lock", "", 0, 0}, {"slow", "", 0, 0}}, "futex", {2}, MatchedBy::kStack},
      {{{"__lll_lock_wait", "", 0, 0}, {"lock_it", "", 0, 0}}, "futex", {2}, MatchedBy::kStack},
      {{{"inner", "", 0, 0}, {"slow", "", 0, 0}}, "", {0, 1}, MatchedBy::kStack},
      {{}, "read", {1}, MatchedBy::kStack},
  };
  for (const auto& row : rows) {
    ObservedCall call = usual_call();
    call.stack = row.stack;
    call.syscall = row.syscall;
    const Match match = match_findings(three_of_one_line(), call);
    EXPECT_EQ(match.findings, row.expected) << row.syscall;
    EXPECT_EQ(match.by, row.by);
  }
}

TEST(ObservedCall, WithoutALineAllOfTheFunction) {
  std::vector<Finding> findings = three_of_one_line();
  findings[1].go.line = 99;
  findings[2].go.call = "C.other";
  ObservedCall call = usual_call();
  call.where = {};
  EXPECT_THAT(match_findings(findings, call).findings, ElementsAre(0, 1));
  EXPECT_THAT(match_findings({}, call).findings, IsEmpty());
}

TEST(SameCFunction, WhateverWasAddedToItsName) {
  const struct {
    const char *a, *b;
    bool same;
  } rows[] = {
      {"read", "read", true},
      {"__GI___libc_read", "read", true},
      {"__libc_read", "read", true},
      {"__read_nocancel", "read", false},
      {"pthread_cond_wait@@GLIBC_2.3.2", "pthread_cond_wait", true},
      {"___pthread_mutex_lock", "pthread_mutex_lock", true},
      {"__new_sem_wait", "sem_wait", true},
      {"new_sem_wait", "sem_wait", false},
      {"inner.constprop.0", "inner", true},
      {"inner.part.0.isra.1", "inner", true},
      {"_ZNSt5mutex4lockEv", "std::mutex::lock", true},
      {"_ZN2ns5QueueIiE3popEv", "ns::Queue<int>::pop", true},
      {"_ZN2ns3popEv.cold", "ns::pop", true},
      {"readv", "read", false},
      {"sleep", "usleep", false},
      {"", "", false},
      {"_", "_", true},
      {"_Z", "_Z", true},
  };
  for (const auto& row : rows) {
    EXPECT_EQ(is_same_c_function(row.a, row.b), row.same) << row.a << ' ' << row.b;
    EXPECT_EQ(is_same_c_function(row.b, row.a), row.same) << row.a << ' ' << row.b;
  }
}

}  // namespace
}  // namespace cgoscope
