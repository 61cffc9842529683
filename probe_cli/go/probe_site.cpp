#include "probe_cli/go/probe_site.h"

#include <algorithm>
#include <cstdio>
#include <iterator>
#include <optional>
#include <string>

#include "probe_cli/go/bytes.h"
#include "probe_cli/go/machine_code.h"
#include "probe_cli/go/prologue.h"

namespace cgoscope {
namespace {

std::string hex(uint64_t number) {
  char text[2 + 16 + 1];
  std::snprintf(text, sizeof text, "0x%llx", static_cast<unsigned long long>(number));
  return text;
}

Error no_place(const std::string& why) { return {"cannot find the place for a probe", why, ""}; }

Error undecodable(uint64_t offset) {
  return no_place("its code does not decode at +" + hex(offset));
}

std::string register_names(Machine machine, ArgumentMask mask) {
  constexpr const char* kAmd64[] = {"AX", "BX", "CX", "DI", "SI", "R8", "R9", "R10", "R11"};
  std::string names;
  for (unsigned i = 0; i < std::size(kAmd64); ++i) {
    if ((mask >> i & 1U) == 0) continue;
    if (!names.empty()) names += " ";
    names += machine == Machine::kAmd64 ? kAmd64[i] : "R" + std::to_string(i);
  }
  return names;
}

// The site of a function that splits its stack may run again only by way of its first instruction,
// from where its check tells the two apart; that of another, not at all.
std::optional<Error> check_runs_once(Machine machine, Bytes code, uint64_t address,
                                     const Prologue& prologue, uint64_t site) {
  const uint64_t first = prologue.branch ? address + 1 : address;
  std::optional<Error> jumps_back;
  const auto unknown = visit_instructions(machine, code, address, [&](const cs_insn& instruction) {
    const auto target = branch_target(machine, instruction);
    if (target && *target >= first && *target <= site && !is_direct_call(machine, instruction))
      jumps_back = no_place("it jumps back to +" + hex(*target - address));
  });
  if (unknown) return undecodable(*unknown - address);
  return jumps_back;
}

Result<Prologue> read_prologue(Machine machine, Bytes code, uint64_t address) {
  return machine == Machine::kAmd64 ? read_prologue_amd64(code, address)
                                    : read_prologue_arm64(code, address);
}

Error in_function(const GoFunction& function, const Error& error) {
  return {error.what + " in " + std::string(function.name), error.why, error.hint};
}

}  // namespace

std::string_view site_kind_name(SiteKind kind) {
  switch (kind) {
    case SiteKind::kPush:
      return "push";
    case SiteKind::kBranch:
      return "branch";
    case SiteKind::kCall:
      return "call";
    case SiteKind::kStepped:
      break;
  }
  return "stepped";
}

Result<ProbeSite> entry_site_in(Machine machine, Bytes code, uint64_t address,
                                ArgumentMask arguments) {
  const Result<Prologue> prologue = read_prologue(machine, code, address);
  if (!prologue) return prologue.error();
  const auto lost = static_cast<ArgumentMask>(prologue->overwritten & arguments);
  if (lost != 0)
    return no_place("it overwrites " + register_names(machine, lost) + " in its stack check");

  ProbeSite site;
  const std::optional<uint64_t> branch = prologue->branch;
  if (prologue->frame == FrameStart::kPush) {
    site.kind = SiteKind::kPush;
    site.address = prologue->behind_check;
  } else if (branch) {
    site.kind = SiteKind::kBranch;
    site.address = *branch;
  } else if (prologue->frame == FrameStart::kStepped) {
    site.kind = SiteKind::kStepped;
    site.address = address;
  } else {
    return no_place("it begins neither with a stack check nor with its frame");
  }
  if (const auto error = check_runs_once(machine, code, address, *prologue, site.address))
    return *error;
  return site;
}

Result<std::vector<ProbeSite>> call_sites_in(Machine machine, Bytes code, uint64_t address,
                                             uint64_t callee) {
  const Result<Prologue> prologue = read_prologue(machine, code, address);
  if (!prologue) return prologue.error();
  std::vector<ProbeSite> sites;
  const auto unknown = visit_instructions(machine, code, address, [&](const cs_insn& instruction) {
    if (!is_direct_call(machine, instruction) || branch_target(machine, instruction) != callee)
      return;
    ProbeSite& site = sites.emplace_back();
    site.address = instruction.address;
    site.kind = SiteKind::kCall;
    site.stack_adjust = prologue->frame_bytes;
  });
  if (unknown) return undecodable(*unknown - address);
  return sites;
}

Result<ProbeSite> find_entry_site(const ElfImage& image, const GoFunction& function,
                                  ArgumentMask arguments) {
  const Result<Bytes> code = function_code(image, function);
  if (!code) return code.error();
  Result<ProbeSite> site = entry_site_in(image.machine(), *code, function.entry, arguments);
  if (!site) return in_function(function, site.error());
  site->file_offset = image.file_offset(site->address).value_or(0);
  return site;
}

Result<std::vector<ProbeSite>> find_call_sites(const ElfImage& image, const GoFunction& function,
                                               const GoFunction& callee) {
  const Result<Bytes> code = function_code(image, function);
  if (!code) return code.error();
  Result<std::vector<ProbeSite>> sites =
      call_sites_in(image.machine(), *code, function.entry, callee.entry);
  if (!sites) return in_function(function, sites.error());
  for (ProbeSite& site : *sites) site.file_offset = image.file_offset(site.address).value_or(0);
  return sites;
}

}  // namespace cgoscope
