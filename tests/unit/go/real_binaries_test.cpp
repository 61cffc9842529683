// What Go's own toolchains make, in each way of linking, judged by binutils and by Go's runtime.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "probe_cli/go/go_binary.h"
#include "tests/go_program.h"
#include "tests/go_toolchains.h"

namespace cgoscope {
namespace {

using ::testing::ElementsAre;
using ::testing::SizeIs;

constexpr const char* kSource = R"(package main

import (
	"runtime"
	"time"
)

func leaf() { report() }
func middle() { leaf() }

//go:noinline
func outer() { middle() }

//go:noinline
func report() {
	pcs := make([]uintptr, 32)
	frames := runtime.CallersFrames(pcs[:runtime.Callers(1, pcs)])
	for {
		frame, more := frames.Next()
		println(frame.PC, frame.Function, frame.Line, frame.File)
		if !more {
			break
		}
	}
}

//go:noinline
func wait() {
	<-time.After(time.Millisecond)
}

type thing struct{ n int }

func (t *thing) add(n int) { t.n += n }

func main() {
	outer()
	wait()
	t := &thing{1}
	f := func() { t.add(2) }
	f()
}
)";

constexpr const char* kCgoSource = R"(package main

// static int slow(int n) { return n + 1; }
import "C"

func main() { println(C.slow(1)) }
)";

GoProgram plain(std::string name, std::vector<std::string> options) {
  return {.name = std::move(name), .source = kSource, .options = std::move(options)};
}
GoProgram with_cgo(std::string name, std::vector<std::string> options) {
  return {.name = std::move(name), .source = kCgoSource, .options = std::move(options)};
}

const std::string kStrip = "-ldflags=-s -w";
const std::string kPie = "-buildmode=pie";
// A program without cgo goes through the C linker as well, if told to.
const std::string kExternal = "-ldflags=-linkmode=external";

const GoProgram kPlain = plain("plain", {});
const GoProgram kPlainStripped = plain("plain_stripped", {kStrip});
const GoProgram kPlainPie = plain("plain_pie", {kPie});
const GoProgram kPlainPieStripped = plain("plain_pie_stripped", {kPie, kStrip});
const GoProgram kCgo = with_cgo("cgo", {kExternal});
const GoProgram kCgoStripped = with_cgo("cgo_stripped", {kStrip});
const GoProgram kCgoPie = with_cgo("cgo_pie", {kPie});
const GoProgram kCgoPieStripped = with_cgo("cgo_pie_stripped", {kPie, kStrip});

class RealBinary : public ::testing::TestWithParam<GoToolchain> {
 protected:
  void SetUp() override {
    const Result<std::string> version = output_of({GetParam().go(), "version"});
    if (!version) GTEST_SKIP() << "no Go toolchain: " << version.error().message();
  }

  std::string build(const GoProgram& program) {
    const Result<std::string> path = build_go_program(GetParam(), program);
    if (!path) ADD_FAILURE() << path.error().message();
    return path ? *path : "";
  }
};

struct Opened {
  std::unique_ptr<ElfImage> image;
  std::optional<Pclntab> functions;
};

Opened open_binary(const std::string& path) {
  Opened opened;
  Result<ElfImage> image = ElfImage::open(path);
  if (!image) {
    ADD_FAILURE() << image.error().message();
    return opened;
  }
  opened.image = std::make_unique<ElfImage>(std::move(*image));
  Result<Pclntab> functions = Pclntab::find(*opened.image);
  if (!functions) {
    ADD_FAILURE() << functions.error().message();
  } else {
    opened.functions = std::move(*functions);
  }
  return opened;
}

std::map<uint64_t, std::string> functions_of(const Pclntab& functions) {
  std::map<uint64_t, std::string> by_entry;
  for (uint32_t i = 0; i < functions.function_count(); ++i) {
    const auto function = functions.function(i);
    if (!function) {
      ADD_FAILURE() << "function " << i;
      continue;
    }
    by_entry[function->entry] = function->name;
  }
  return by_entry;
}

// As nm has them: it writes "·" as ".", and the linker of Go ≤1.20 writes "[...]" into the table
// for whatever stands in brackets, but not into the symbols.
bool is_same_name(std::string table, std::string symbol) {
  if (symbol.ends_with(".abi0")) symbol.resize(symbol.size() - 5);
  for (std::string* name : {&table, &symbol})
    for (size_t at = 0; (at = name->find("·")) != std::string::npos;) name->replace(at, 2, ".");
  const size_t dots = table.find("[...]");
  if (dots == std::string::npos) return table == symbol;
  const std::string tail = table.substr(dots + 4);
  return symbol.size() > table.size() - 3 && symbol.compare(0, dots + 1, table, 0, dots + 1) == 0 &&
         symbol.ends_with(tail);
}

TEST_P(RealBinary, HasItsFunctionsWhereNmSays) {
  for (const GoProgram& program : {kPlain, kPlainPie, kCgo, kCgoPie}) {
    SCOPED_TRACE(program.name);
    const std::string path = build(program);
    const Opened opened = open_binary(path);
    const Result<std::string> nm = output_of({"nm", path});
    ASSERT_TRUE(nm) << nm.error().message();
    ASSERT_TRUE(opened.functions);
    std::multimap<uint64_t, std::string> symbols;
    std::istringstream lines(*nm);
    for (std::string line; std::getline(lines, line);) {
      uint64_t address = 0;
      const char* end = std::from_chars(line.data(), line.data() + line.size(), address, 16).ptr;
      if (end == line.data() || (end[1] != 't' && end[1] != 'T')) continue;
      symbols.emplace(address, end + 3);
    }
    const auto functions = functions_of(*opened.functions);
    ASSERT_GT(functions.size(), 1000u);
    for (const auto& [entry, name] : functions) {
      const auto [begin, end] = symbols.equal_range(entry);
      EXPECT_TRUE(std::any_of(
          begin, end, [&](const auto& symbol) { return is_same_name(name, symbol.second); }))
          << std::hex << entry << " " << name;
    }
    // And the other way round: nothing that nm has there is missing.
    for (auto symbol = symbols.lower_bound(functions.begin()->first);
         symbol != symbols.end() && symbol->first <= functions.rbegin()->first; ++symbol)
      EXPECT_TRUE(functions.contains(symbol->first)) << symbol->second;
    // Every byte of them belongs to the one that nm's order says.
    for (const auto& [entry, name] : functions) {
      const auto found = opened.functions->function_at(entry);
      ASSERT_TRUE(found);
      EXPECT_EQ(found->name, name);
      if (found->end == entry) continue;
      EXPECT_EQ(opened.functions->function_at(found->end - 1)->name, name);
    }
  }
}

std::string base_name(const std::string& path) { return path.substr(path.rfind('/') + 1); }

// Without folders: each program is built in its own.
std::string shown(const std::vector<Frame>& frames) {
  std::string text;
  for (const Frame& frame : frames)
    text += frame.function + " " + base_name(frame.file) + ":" + std::to_string(frame.line) + "; ";
  return text;
}

TEST_P(RealBinary, HasTheSameTableWhenStripped) {
  for (const auto& [whole, stripped] : {std::pair{kPlain, kPlainStripped},
                                        {kPlainPie, kPlainPieStripped},
                                        {kCgoPie, kCgoPieStripped}}) {
    SCOPED_TRACE(stripped.name);
    const Opened expected = open_binary(build(whole));
    const Opened opened = open_binary(build(stripped));
    ASSERT_TRUE(expected.functions && opened.functions);
    EXPECT_EQ(opened.image->section(".symtab"), nullptr);
    EXPECT_EQ(functions_of(*opened.functions), functions_of(*expected.functions));
    for (uint64_t pc = opened.functions->text_begin(); pc < opened.functions->text_end(); pc += 501)
      EXPECT_EQ(shown(opened.functions->frames_at(pc, false)),
                shown(expected.functions->frames_at(pc, false)));
  }
}

// "0x<pc>", then "function" and "file:line" for each frame, innermost first.
std::map<uint64_t, std::vector<Frame>> parse_addr2line(const std::string& output) {
  std::map<uint64_t, std::vector<Frame>> frames;
  std::vector<Frame>* current = nullptr;
  std::istringstream lines(output);
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("0x")) {
      uint64_t pc = 0;
      std::from_chars(line.data() + 2, line.data() + line.size(), pc, 16);
      current = &frames[pc];
      continue;
    }
    std::string place;
    std::getline(lines, place);
    place = place.substr(0, place.find(' '));
    const size_t colon = place.rfind(':');
    Frame frame{.function = line, .file = place.substr(0, colon), .line = 0, .pc = 0};
    std::from_chars(place.data() + colon + 1, place.data() + place.size(), frame.line);
    if (current != nullptr) current->push_back(frame);
  }
  return frames;
}

// Every 61st address of the code, a line each.
std::string some_pcs(const Pclntab& functions) {
  std::ostringstream text;
  for (uint64_t pc = functions.text_begin(); pc < functions.text_end(); pc += 61)
    text << "0x" << std::hex << pc << "\n";
  return text.str();
}

// DWARF has the inlined calls as well. binutils 2.40 cannot read the line tables of Go ≥1.25.
TEST_P(RealBinary, HasTheLinesOfItsDwarf) {
  std::string judge;
  for (const char* name : {"llvm-addr2line-19", "llvm-addr2line", "addr2line"})
    if (judge.empty() && output_of({name, "--version"})) judge = name;
  ASSERT_NE(judge, "") << "there is no addr2line";
  for (const GoProgram& program : {kPlain, kCgoPie}) {
    SCOPED_TRACE(program.name);
    const std::string path = build(program);
    const Opened opened = open_binary(path);
    ASSERT_TRUE(opened.functions);
    const Result<std::string> output =
        output_of({judge, "-a", "-i", "-f", "-e", path}, some_pcs(*opened.functions));
    ASSERT_TRUE(output) << output.error().message();
    int compared = 0;
    int inlined = 0;
    std::vector<std::string> wrong;
    for (const auto& [pc, expected] : parse_addr2line(*output)) {
      const std::vector<Frame> frames = opened.functions->frames_at(pc, false);
      // Between functions, and in code that the compiler made up, DWARF has no lines.
      if (expected.front().line == 0 || frames.empty() || frames.back().line <= 1) continue;
      ++compared;
      inlined += frames.size() > 1 ? 1 : 0;
      bool same = frames.size() == expected.size();
      for (size_t i = 0; same && i < frames.size(); ++i) {
        same = frames[i].line == expected[i].line &&
               base_name(frames[i].file) == base_name(expected[i].file);
        // binutils names the innermost function after the symbol.
        if (i > 0) same = same && is_same_name(frames[i].function, expected[i].function);
      }
      if (!same) wrong.push_back(shown(frames) + "but " + shown(expected));
    }
    if (compared == 0 && judge == "addr2line") GTEST_SKIP() << judge << " cannot read this DWARF";
    EXPECT_GT(compared, 3000);
    EXPECT_GT(inlined, 300);
    // Go 1.19 puts a few instructions under other lines in DWARF than in its own table.
    EXPECT_LE(wrong.size(), static_cast<size_t>(compared / 500)) << ::testing::PrintToString(wrong);
  }
}

// `go tool addr2line` reads the function table, as we do: the innermost line, and the function that
// has the code.
TEST_P(RealBinary, HasTheLinesThatGoShows) {
  for (const GoProgram& program : {kPlain, kCgo}) {
    SCOPED_TRACE(program.name);
    const std::string path = build(program);
    const Opened opened = open_binary(path);
    ASSERT_TRUE(opened.functions);
    const std::string pcs = some_pcs(*opened.functions);
    const Result<std::string> output =
        output_of({"env", "GOTOOLCHAIN=local", GetParam().go(), "tool", "addr2line", path}, pcs);
    ASSERT_TRUE(output) << output.error().message();
    std::istringstream addresses(pcs);
    std::istringstream answers(*output);
    int compared = 0;
    for (std::string pc, function, place; addresses >> pc;) {
      ASSERT_TRUE(std::getline(answers, function) && std::getline(answers, place));
      uint64_t address = 0;
      std::from_chars(pc.data() + 2, pc.data() + pc.size(), address, 16);
      const std::vector<Frame> frames = opened.functions->frames_at(address, false);
      if (frames.empty()) {  // behind the last function
        EXPECT_EQ(function, "?") << pc;
        continue;
      }
      EXPECT_TRUE(is_same_name(frames.back().function, function)) << pc << " " << function;
      if (frames.front().line == 0) {  // behind the function's last instruction
        EXPECT_THAT(place, ::testing::AnyOf("?:0", ::testing::StartsWith(":"))) << pc;
        continue;
      }
      ++compared;
      EXPECT_EQ(frames.front().file + ":" + std::to_string(frames.front().line), place) << pc;
    }
    EXPECT_GT(compared, 3000);
  }
}

// The runtime's own reading of the same table, printed by the program.
TEST_P(RealBinary, HasTheFramesThatItsRuntimeHas) {
  for (const GoProgram& program : {kPlain, kPlainStripped}) {
    SCOPED_TRACE(program.name);
    const std::string path = build(program);
    const Opened opened = open_binary(path);
    ASSERT_TRUE(opened.functions);
    const Result<std::string> output = output_of({path});
    ASSERT_TRUE(output) << output.error().message();
    std::vector<Frame> expected;
    std::istringstream lines(*output);
    for (Frame frame; lines >> frame.pc >> frame.function >> frame.line >> frame.file;)
      expected.push_back(frame);
    std::vector<std::string> names;
    for (const Frame& frame : expected) names.push_back(frame.function);
    ASSERT_THAT(names, ElementsAre("main.report", "main.leaf", "main.middle", "main.outer",
                                   "main.main", "runtime.main", "runtime.goexit"));
    size_t longest = 0;
    for (size_t i = 0; i < expected.size();) {
      const std::vector<Frame> frames = opened.functions->frames_at(expected[i].pc, false);
      EXPECT_EQ(frames, opened.functions->frames_at(expected[i].pc + 1, true));
      ASSERT_LE(i + frames.size(), expected.size());
      ASSERT_FALSE(frames.empty());
      for (size_t k = 0; k < frames.size(); ++k) EXPECT_EQ(frames[k], expected[i + k]);
      longest = std::max(longest, frames.size());
      i += frames.size();
    }
    EXPECT_EQ(longest, 3u);  // leaf and middle in outer
  }
}

TEST_P(RealBinary, ShowsTimeAfterWhereItWasInlined) {
  for (const GoProgram& program : {kPlainStripped, kPlainPieStripped}) {
    const Opened opened = open_binary(build(program));
    ASSERT_TRUE(opened.functions);
    const auto wait = opened.functions->functions_named({"main.wait"}).front();
    ASSERT_TRUE(wait);
    std::set<std::string> stacks;
    for (uint64_t pc = wait->entry; pc < wait->end; ++pc) {
      const std::vector<Frame> frames = opened.functions->frames_at(pc, false);
      if (frames.size() > 1 && frames[frames.size() - 2].function == "time.After")
        stacks.insert(shown({frames.back()}));
    }
    EXPECT_THAT(stacks, ElementsAre("main.wait main.go:29; "));
  }
}

TEST_P(RealBinary, HasTheBuildInfoThatGoShows) {
  const std::string path = build(kCgoPieStripped);
  const Result<std::string> expected = output_of({GetParam().go(), "version", "-m", path});
  ASSERT_TRUE(expected) << expected.error().message();
  Result<ElfImage> image = ElfImage::open(path);
  ASSERT_TRUE(image) << image.error().message();
  const Result<BuildInfo> info = read_build_info(*image);
  ASSERT_TRUE(info) << info.error().message();
  EXPECT_THAT(*expected, ::testing::StartsWith(path + ": " + info->version_text + "\n"));
  ASSERT_TRUE(info->version);
  EXPECT_GE(info->version->minor, 18);
  EXPECT_THAT(*expected, ::testing::HasSubstr("\tpath\t" + info->main_package + "\n"));
  EXPECT_THAT(*expected, ::testing::HasSubstr("\tmod\t" + info->main_module + "\t"));
  EXPECT_EQ(info->settings.at("CGO_ENABLED"), "1");
  EXPECT_EQ(info->settings.at("-ldflags"), "-s -w");
  size_t settings = 0;
  std::istringstream lines(*expected);
  for (std::string line; std::getline(lines, line);)
    settings += line.starts_with("\tbuild\t") ? 1 : 0;
  EXPECT_THAT(info->settings, SizeIs(settings));
}

TEST_P(RealBinary, TellsCgoAndStripped) {
  const struct {
    const GoProgram& program;
    bool uses_cgo, stripped;
  } rows[] = {{kPlain, false, false},    {kPlainStripped, false, true},
              {kPlainPie, false, false}, {kPlainPieStripped, false, true},
              {kCgo, true, false},       {kCgoStripped, true, true},
              {kCgoPie, true, false},    {kCgoPieStripped, true, true}};
  for (const auto& row : rows) {
    SCOPED_TRACE(row.program.name);
    const Result<GoBinary> binary = GoBinary::open(build(row.program));
    ASSERT_TRUE(binary) << binary.error().message();
    EXPECT_EQ(binary->uses_cgo, row.uses_cgo);
    EXPECT_EQ(binary->stripped, row.stripped);
    EXPECT_TRUE(binary->functions.function_at(binary->functions.text_begin()));
    EXPECT_EQ(binary->build.settings.at("CGO_ENABLED"), "1");  // says nothing of its use
  }
}

TEST_P(RealBinary, KeepsAbandonedTimersByItsGoMod) {
  GoProgram modern = plain("modern", {});
  modern.go_version = "1.23";
  const Result<GoBinary> old = GoBinary::open(build(kPlain));
  ASSERT_TRUE(old) << old.error().message();
  const int minor = old->build.version->minor;
  EXPECT_EQ(old->keeps_abandoned_timers(""), minor <= 26);
  EXPECT_EQ(old->keeps_abandoned_timers("asynctimerchan=0"), minor <= 22);
  if (minor < 23) return;  // cannot build such a module
  const Result<GoBinary> binary = GoBinary::open(build(modern));
  ASSERT_TRUE(binary) << binary.error().message();
  EXPECT_FALSE(binary->keeps_abandoned_timers(""));
  EXPECT_EQ(binary->keeps_abandoned_timers("gctrace=1,asynctimerchan=1"), minor <= 26);
}

INSTANTIATE_TEST_SUITE_P(Toolchains, RealBinary, ::testing::ValuesIn(go_toolchains()),
                         toolchain_name);

}  // namespace
}  // namespace cgoscope
