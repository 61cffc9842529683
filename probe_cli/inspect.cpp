#include "probe_cli/inspect.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <nlohmann/json.hpp>
#include <optional>
#include <vector>

#include "findings/printable.h"
#include "probe_cli/go/go_binary.h"
#include "probe_cli/go/signals.h"
#include "probe_cli/process/census.h"
#include "probe_cli/process/proc_file.h"
#include "probe_cli/process/target.h"

namespace cgoscope {
namespace {

struct Facts {
  std::string file;
  std::optional<int64_t> pid;
  GoBinary binary;
  std::vector<PlannedSignal> signals;
  std::string fit;  // of a live process: "the layout fits the live process", or why not
  bool fits = true;
};

std::string_view state_name(SignalState state) {
  return state == SignalState::kReady    ? "ready"
         : state == SignalState::kAbsent ? "absent"
                                         : "refused";
}

std::string shown(const std::optional<uint64_t>& address) {
  return address ? fmt::format("{:#x}", *address) : "not found";
}

// The flags of `go build` that change what the program is. (The linker always writes -compiler, and
// -buildmode, "exe" unless asked for.)
std::string build_flags(const BuildInfo& build) {
  std::string flags;
  for (const auto& [key, value] : build.settings) {
    if (!key.starts_with('-') || key == "-compiler" || (key == "-buildmode" && value == "exe"))
      continue;
    flags += fmt::format("{}{}={}", flags.empty() ? "" : " ", key, value);
  }
  return flags;
}

void write_json(const Facts& facts, std::ostream& out) {
  const GoBinary& binary = facts.binary;
  nlohmann::ordered_json json = {{"schema", "cgoscope/inspect/1"}, {"file", facts.file}};
  json["pid"] = facts.pid ? nlohmann::ordered_json(*facts.pid) : nlohmann::ordered_json(nullptr);
  json["go_version"] = binary.build.version_text;
  json["main_package"] = binary.build.main_package;
  json["settings"] = binary.build.settings;
  json["machine"] = binary.image->machine() == Machine::kAmd64 ? "x86-64" : "arm64";
  json["cgo"] = binary.uses_cgo;
  json["stripped"] = binary.stripped;
  json["position_independent"] = binary.image->position_independent();
  json["functions"] = binary.functions.function_count();
  json["layout"] = layout_source_name(binary.layout.source);
  if (facts.pid) json["fit"] = facts.fit;
  for (const auto& [name, address] : {std::pair{"allm", binary.globals.allm},
                                      {"allp", binary.globals.allp},
                                      {"allgs", binary.globals.allgs},
                                      {"sched", binary.globals.sched}})
    json["globals"][name] = address ? nlohmann::ordered_json(fmt::format("{:#x}", *address))
                                    : nlohmann::ordered_json(nullptr);
  json["signals"] = nlohmann::ordered_json::array();
  for (const PlannedSignal& planned : facts.signals) {
    nlohmann::ordered_json one = {{"name", signal_rows()[planned.signal].name},
                                  {"meaning", signal_rows()[planned.signal].meaning},
                                  {"state", state_name(planned.state)},
                                  {"function", planned.function},
                                  {"reason", planned.reason},
                                  {"sites", nlohmann::ordered_json::array()}};
    for (const ProbeSite& site : planned.sites)
      one["sites"].push_back(
          {{"address", fmt::format("{:#x}", site.address)}, {"kind", site_kind_name(site.kind)}});
    json["signals"].push_back(std::move(one));
  }
  json["notes"] = binary.notes;
  out << json.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) << '\n';
}

void write_text(const Facts& facts, std::ostream& out) {
  const GoBinary& binary = facts.binary;
  const auto line = [&](std::string_view name, const std::string& value) {
    out << fmt::format("{:<12}{}\n", name, printable(value));
  };
  line("file", facts.file);
  line("Go", binary.build.version_text + (binary.uses_cgo ? ", with cgo" : ", without cgo"));
  if (!binary.build.main_package.empty()) line("package", binary.build.main_package);
  line("build", fmt::format("{}, {}, {}, {} functions",
                            binary.image->machine() == Machine::kAmd64 ? "x86-64" : "arm64",
                            binary.image->position_independent() ? "PIE" : "fixed address",
                            binary.stripped ? "stripped" : "with symbols",
                            binary.functions.function_count()));
  if (const std::string flags = build_flags(binary.build); !flags.empty()) line("flags", flags);
  line("layout", fmt::format("from {}{}", layout_source_name(binary.layout.source),
                             facts.pid ? "; " + facts.fit : ""));
  line("globals", fmt::format("allm {}, allp {}, allgs {}, sched {} ({})",
                              shown(binary.globals.allm), shown(binary.globals.allp),
                              shown(binary.globals.allgs), shown(binary.globals.sched),
                              binary.globals.decoded ? "decoded" : "from symbols"));
  line("timers", binary.keeps_abandoned_timers("")
                     ? "kept until they fire, when nobody stops them"
                     : "freed by the collector, when nobody can receive from them any more");
  out << "\nsignals\n";
  for (const PlannedSignal& planned : facts.signals) {
    const SignalRow& row = signal_rows()[planned.signal];
    std::string where = planned.reason;
    if (planned.state == SignalState::kReady) {
      where = planned.function;
      for (const ProbeSite& site : planned.sites)
        where += fmt::format(" {:#x} ({})", site.address, site_kind_name(site.kind));
    }
    out << fmt::format("  {:<16}{:<9}{}; {}\n", row.name, state_name(planned.state), row.meaning,
                       printable(where));
  }
  for (const std::string& note : binary.notes) out << "note: " << printable(note) << '\n';
}

Result<Facts> gather(const std::string& subject) {
  const std::optional<pid_t> pid = parse_number<pid_t>(subject);
  if (!pid) {
    Result<GoBinary> binary = GoBinary::open(subject);
    if (!binary) return binary.error();
    std::vector<PlannedSignal> signals = plan_signals(*binary);
    return Facts{subject, std::nullopt, std::move(*binary), std::move(signals), "", true};
  }
  Result<Target> target = Target::open(*pid);
  if (!target) return target.error();
  Result<GoBinary> binary = GoBinary::open(target->executable());
  if (!binary) return binary.error();
  std::vector<PlannedSignal> signals = plan_signals(*binary);
  Facts facts{target->executable_name(), pid, std::move(*binary), std::move(signals), "", true};
  const Result<uint64_t> base = target->load_base(facts.binary.image->first_address());
  const Result<bool> valid =
      base ? CensusReader(TargetMemory(*pid), facts.binary.layout, facts.binary.globals, *base)
                 .validate()
           : Result<bool>(base.error());
  facts.fits = valid.has_value();
  facts.fit =
      valid ? "fits the live process" : "does not fit the live process: " + valid.error().message();
  return facts;
}

}  // namespace

Result<int> inspect(const std::string& subject, bool json, std::ostream& out) {
  const Result<Facts> facts = gather(subject);
  if (!facts) return facts.error();
  json ? write_json(*facts, out) : write_text(*facts, out);
  return facts->fits ? 0 : 4;
}

}  // namespace cgoscope
