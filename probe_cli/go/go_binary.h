// Everything that the probe knows of a Go program from its executable alone. Read once, at the
// start, so that a process that dies can still be told about.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "findings/frame.h"
#include "findings/result.h"
#include "probe_cli/go/build_info.h"
#include "probe_cli/go/elf_image.h"
#include "probe_cli/go/globals.h"
#include "probe_cli/go/layout.h"
#include "probe_cli/go/pclntab.h"

namespace cgoscope {

struct GoBinary {
  std::unique_ptr<ElfImage> image;  // at a fixed address, because `functions` points to it
  BuildInfo build;
  Pclntab functions;
  Layout layout;
  Globals globals;
  bool uses_cgo = false;           // has runtime/cgo linked in
  bool stripped = false;           // no .symtab
  std::vector<std::string> notes;  // what is not known and what is lost by it, a line each

  // Errors: not ELF, not Go, no function table, Go older than 1.18.
  static Result<GoBinary> open(const std::string& path);

  // Whether this build keeps an abandoned timer in its heap until it fires: Go ≤1.22, and Go
  // 1.23–1.26 with asynctimerchan=1. `godebug` is the GODEBUG variable of the process ("" if none),
  // which overrides the default that the build has.
  bool keeps_abandoned_timers(const std::string& godebug) const;
};

// The C function that a cgo stub stands for: "slow" of "_cgo_0123456789ab_Cfunc_slow", of
// "_cgo_…_C2func_slow", and of the Go wrapper "example.org/p._Cfunc_slow"; "malloc" of
// "…__Cmalloc". "" when the name is no stub's.
std::string cgo_function_name(std::string_view symbol);

}  // namespace cgoscope
