#include "probe_cli/go/signals.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "tests/go_program.h"
#include "tests/unit/go/every_signal.h"

namespace cgoscope {
namespace {

using testing::HasSubstr;

// Where each signal is expected: which function in which release, and whether a function that Go
// calls nosplit shows it.
struct ExpectedSignal {
  const char* name;
  const char* until_1_21;  // function
  const char* in_1_22;
  const char* since_1_23;
  const char* call_to;               // or ""
  const char* since_1_26 = nullptr;  // where it is another one than since 1.23
};
constexpr ExpectedSignal kExpected[] = {
    {"park", "runtime.gopark", "runtime.gopark", "runtime.gopark", ""},
    {"thread-request", "runtime.newm", "runtime.newm", "runtime.newm", ""},
    {"thread-start", "runtime.newm1", "runtime.newm1", "runtime.newm1", ""},
    {"thread-exit", "runtime.mexit", "runtime.mexit", "runtime.mexit", ""},
    {"lock-thread", "runtime.LockOSThread", "runtime.LockOSThread", "runtime.LockOSThread", ""},
    {"goroutine-exit", "runtime.goexit0", "runtime.gdestroy", "runtime.gdestroy", ""},
    {"cgo-call", "runtime.cgocall", "runtime.cgocall", "runtime.cgocall", ""},
    {"cgo-return", "runtime.cgocall", "runtime.cgocall", "runtime.cgocall", "runtime.exitsyscall"},
    {"timer-create", "time.startTimer", "time.startTimer", "time.newTimer", ""},
    {"timer-stop", "time.stopTimer", "time.stopTimer", "time.stopTimer", ""},
    {"timer-reset", "time.resetTimer", "time.resetTimer", "time.resetTimer", ""},
    {"timer-fire", "runtime.runOneTimer", "runtime.runOneTimer", "runtime.(*timer).unlockAndRun",
     ""},
    {"handoff", "runtime.retake", "runtime.retake", "runtime.retake", "runtime.handoffp"},
    {"fatal", "runtime.fatal", "runtime.fatal", "runtime.fatal", ""},
    {"throw", "runtime.throw", "runtime.throw", "runtime.throw", ""},
    {"panic", "runtime.fatalpanic", "runtime.fatalpanic", "runtime.fatalpanic", ""},
    {"goroutine-start", "runtime.newproc1", "runtime.newproc1", "runtime.newproc1", ""},
    {"forced-gc", "runtime.GC", "runtime.GC", "runtime.GC", ""},
    {"pool-clear", "sync.poolCleanup", "sync.poolCleanup", "sync.poolCleanup", ""},
    {"yield", "runtime.gosched_m", "runtime.gosched_m", "runtime.gosched_m", ""},
    {"preempt", "runtime.asyncPreempt2", "runtime.asyncPreempt2", "runtime.asyncPreempt2", ""},
    {"set-finalizer", "runtime.SetFinalizer", "runtime.SetFinalizer", "runtime.SetFinalizer", ""},
    {"finalizer-run", "runtime.runfinq", "runtime.runfinq", "runtime.runfinq",
     "runtime.reflectcall", "runtime.runFinalizers"},
    {"finalizer-idle", "runtime.runfinq", "runtime.runfinq", "runtime.runfinq", "runtime.gopark",
     "runtime.runFinalizers"},
};

std::string expected_function(const ExpectedSignal& expected, const GoVersion& version) {
  if (version.minor >= 26 && expected.since_1_26) return expected.since_1_26;
  if (version.minor >= 23) return expected.since_1_23;
  return version.minor == 22 ? expected.in_1_22 : expected.until_1_21;
}

// A line of `go tool objdump`: "  proc.go:346\t0x4363a0\t\t493b6610\t\tCMPQ 0x10(R14), SP".
struct Instruction {
  uint64_t address = 0;
  std::string text;
};
using Functions = std::map<std::string, std::vector<Instruction>>;

Functions disassemble(const GoToolchain& toolchain, const std::string& path) {
  std::string pattern;
  for (const SignalRow& row : signal_rows()) {
    for (const std::string_view function : row.functions) {
      if (!pattern.empty()) pattern += "|";
      for (const char byte : function) {
        if (byte == '(' || byte == ')' || byte == '*' || byte == '.') pattern += '\\';
        pattern += byte;
      }
    }
  }
  const Result<std::string> said = output_of({"env", "GOTOOLCHAIN=local", toolchain.go(), "tool",
                                              "objdump", "-s", "^(" + pattern + ")$", path});
  if (!said) ADD_FAILURE() << said.error().message();
  Functions functions;
  std::vector<Instruction>* function = nullptr;
  std::istringstream lines(said ? *said : "");
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("TEXT ")) {
      function = &functions[line.substr(5, line.find("(SB)") - 5)];
      continue;
    }
    std::istringstream words(line);
    std::string source;
    std::string address;
    std::string code;
    words >> source >> address >> code >> std::ws;
    Instruction instruction;
    if (function == nullptr || !address.starts_with("0x")) continue;
    instruction.address = std::stoull(address, nullptr, 16);
    std::getline(words, instruction.text);
    function->push_back(instruction);
  }
  return functions;
}

// By the disassembly: the first push of the frame pointer, or the stack check's branch, or the
// entry.
std::string expected_entry(const std::vector<Instruction>& function) {
  std::ostringstream text;
  const auto first_that = [&](const std::string& start) -> const Instruction* {
    for (size_t i = 0; i < std::min<size_t>(function.size(), 5); ++i) {
      if (function[i].text.starts_with(start)) return &function[i];
    }
    return nullptr;
  };
  if (const Instruction* push = first_that("PUSHQ BP")) {
    text << "push " << std::hex << push->address << " ";
  } else if (const Instruction* branch = first_that("JBE ");
             branch || (branch = first_that("BLS "))) {
    text << "branch " << std::hex << branch->address << " ";
  } else {
    text << "stepped " << std::hex << function.at(0).address << " ";
  }
  return text.str();
}

std::string expected_calls(const std::vector<Instruction>& function, const std::string& callee) {
  std::ostringstream text;
  for (const Instruction& instruction : function) {
    if (instruction.text.starts_with("CALL " + callee + "(SB)") ||
        instruction.text.starts_with("CALL " + callee + ".abi0(SB)"))
      text << "call " << std::hex << instruction.address << " ";
  }
  return text.str();
}

std::string text_of(const std::vector<ProbeSite>& sites) {
  std::ostringstream text;
  for (const ProbeSite& site : sites)
    text << site_kind_name(site.kind) << " " << std::hex << site.address << " ";
  return text.str();
}

class SignalsOfProgram : public WithToolchain {};

INSTANTIATE_TEST_SUITE_P(Toolchains, SignalsOfProgram, testing::ValuesIn(go_toolchains()),
                         toolchain_name);

TEST_P(SignalsOfProgram, AreWhereTheDisassemblyShowsThem) {
  for (const GoProgram& program : every_signal_programs()) {
    SCOPED_TRACE(program.name);
    const std::string path = build(program);
    const Functions functions = disassemble(GetParam(), path);
    const Result<GoBinary> binary = GoBinary::open(path);
    ASSERT_TRUE(binary) << binary.error().message();
    const std::vector<PlannedSignal> plan = plan_signals(*binary);
    ASSERT_EQ(plan.size(), std::size(kExpected));
    for (size_t i = 0; i < plan.size(); ++i) {
      SCOPED_TRACE(kExpected[i].name);
      const std::string name = expected_function(kExpected[i], version_);
      EXPECT_EQ(plan[i].signal, static_cast<cg_signal>(i));
      EXPECT_EQ(plan[i].state, SignalState::kReady) << plan[i].reason;
      EXPECT_EQ(plan[i].function, name);
      ASSERT_TRUE(functions.contains(name));
      const std::string call_to = kExpected[i].call_to;
      const std::string expected = call_to.empty() ? expected_entry(functions.at(name))
                                                   : expected_calls(functions.at(name), call_to);
      EXPECT_NE(expected, "");
      EXPECT_EQ(text_of(plan[i].sites), expected);
      for (const ProbeSite& site : plan[i].sites)
        EXPECT_EQ(site.file_offset, binary->image->file_offset(site.address));
    }
  }
}

// On amd64 no release after 1.20 needs a place that the kernel has to single-step.
TEST_P(SignalsOfProgram, AreCheapOnAmd64) {
  const Result<GoBinary> binary = GoBinary::open(build(every_signal_with_cgo("cgo", {})));
  ASSERT_TRUE(binary) << binary.error().message();
  std::set<std::string> stepped;
  for (const PlannedSignal& planned : plan_signals(*binary)) {
    for (const ProbeSite& site : planned.sites) {
      if (site.kind == SiteKind::kStepped) stepped.insert(planned.function);
    }
  }
  const std::set<std::string> nosplit = {"runtime.LockOSThread", "runtime.cgocall",
                                         "runtime.fatal",        "runtime.fatalpanic",
                                         "runtime.throw",        "runtime.asyncPreempt2"};
  EXPECT_EQ(stepped, version_.minor < 21 ? nosplit : std::set<std::string>{});
}

TEST_P(SignalsOfProgram, NeedNoSymbols) {
  const std::string strip = "-ldflags=-s -w";
  for (const GoProgram& program :
       {every_signal_with_cgo("cgo_stripped", {strip}),
        every_signal_with_cgo("cgo_pie_stripped", {strip, "-buildmode=pie"})}) {
    SCOPED_TRACE(program.name);
    const Result<GoBinary> binary = GoBinary::open(build(program));
    ASSERT_TRUE(binary) << binary.error().message();
    for (const PlannedSignal& planned : plan_signals(*binary))
      EXPECT_EQ(planned.state, SignalState::kReady) << planned.reason;
  }
}

// --- The table ---

TEST(SignalTable, HasARowForEachSignalInTheirOrder) {
  const auto rows = signal_rows();
  ASSERT_EQ(rows.size(), static_cast<size_t>(CG_SIGNALS));
  std::set<std::string_view> names;
  for (size_t i = 0; i < rows.size(); ++i) {
    SCOPED_TRACE(rows[i].name);
    EXPECT_EQ(rows[i].signal, static_cast<cg_signal>(i));
    EXPECT_EQ(rows[i].name, kExpected[i].name);
    EXPECT_TRUE(names.insert(rows[i].name).second);
    EXPECT_NE(rows[i].meaning, "");
    EXPECT_FALSE(rows[i].functions.empty());
    EXPECT_EQ(signal_named(rows[i].name), &rows[i]);
    EXPECT_LT(static_cast<int>(rows[i].group), kSignalGroups);
  }
  EXPECT_EQ(signal_named("parks"), nullptr);
  EXPECT_EQ(signal_named(""), nullptr);
}

TEST(SignalTable, NamesItsGroupsApart) {
  std::set<std::string_view> names;
  for (int group = 0; group < kSignalGroups; ++group)
    names.insert(signal_group_name(static_cast<SignalGroup>(group)));
  EXPECT_EQ(names.size(), static_cast<size_t>(kSignalGroups));
}

}  // namespace
}  // namespace cgoscope
