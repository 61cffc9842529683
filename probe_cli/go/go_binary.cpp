#include "probe_cli/go/go_binary.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

namespace cgoscope {
namespace {

constexpr int kOldestMinor = 18;

Error too_old(const std::string& path, const std::string& version) {
  return Error{"cannot look into " + path, "it was built with " + version,
               "programs of Go 1.18 and newer are understood"};
}

// crosscall2 is the way from C into Go. It is part of runtime/cgo, whose C code needs it, so that
// every program with cgo has it and no other; a stripped one too, since it is in Go's own table.
// (The variable _cgo_init, by which the runtime itself knows, is in every program.)
bool has_runtime_cgo(const ElfImage& image, const Pclntab& functions) {
  return functions.functions_named({"crosscall2"}).front().has_value() ||
         image.symbol_named("x_cgo_init") != nullptr;
}

void describe(GoBinary& binary) {
  std::vector<std::string>& notes = binary.notes;
  if (!binary.build.version) {
    notes.push_back("the Go version is not known (" +
                    (binary.build.version_text.empty() ? std::string("no build information")
                                                       : binary.build.version_text) +
                    "): it is taken that timers which nobody waits for are freed");
  }
  if (binary.stripped && binary.uses_cgo) {
    notes.emplace_back(
        "stripped: C functions that Go does not call directly are shown by address, unless they "
        "come from a shared library");
  }
  if (!binary.functions.knows_inlined_calls()) {
    notes.emplace_back(
        "the table of inlined calls was not found: their lines are shown under the name of the "
        "function they became part of");
  }
  if (binary.build.version && binary.layout.source == LayoutSource::kNearestTable) {
    notes.push_back("the structures of Go 1." + std::to_string(binary.build.version->minor) +
                    " were never measured: those of a neighbouring release are taken, and checked "
                    "against the process");
  }
  notes.insert(notes.end(), binary.globals.missing.begin(), binary.globals.missing.end());
}

bool is_identifier(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char byte) {
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
           (byte >= '0' && byte <= '9') || byte == '_';
  });
}

}  // namespace

Result<GoBinary> GoBinary::open(const std::string& path) {
  Result<ElfImage> image = ElfImage::open(path);
  if (!image) return image.error();
  GoBinary binary;
  binary.image = std::make_unique<ElfImage>(std::move(*image));

  const Result<BuildInfo> build = read_build_info(*binary.image);
  if (build) binary.build = *build;
  if (binary.build.version && binary.build.version->minor < kOldestMinor)
    return too_old(path, binary.build.version_text);
  Result<Pclntab> functions = Pclntab::find(*binary.image);
  // Who has neither is no Go program; who has a function table can be told about without the rest.
  if (!functions) return build ? functions.error() : build.error();
  binary.functions = std::move(*functions);
  if (!build) binary.notes.push_back(build.error().message());

  // Each step reads other parts of the file: what one has brought in is given back before the next.
  binary.image->release_pages();
  Result<Layout> layout = find_layout(*binary.image, binary.build.version);
  if (layout) {
    binary.layout = *layout;
  } else {
    binary.notes.push_back(
        "goroutines, threads and timers cannot be read from the process's memory: " +
        layout.error().message());
  }
  binary.image->release_pages();
  binary.globals = find_globals(*binary.image, binary.functions, binary.layout);
  binary.image->release_pages();
  binary.uses_cgo = has_runtime_cgo(*binary.image, binary.functions);
  binary.stripped = binary.image->section(".symtab") == nullptr;
  describe(binary);
  binary.image->release_pages();
  return binary;
}

bool GoBinary::keeps_abandoned_timers(const std::string& godebug) const {
  if (!build.version) return false;
  if (build.version->minor <= 22) return true;
  if (build.version->minor >= 27) return false;
  // Only "1": with "2" the channels are as before Go 1.23, but the collector frees the timers
  // (src/time/sleep.go, syncTimer).
  constexpr std::string_view kKey = "asynctimerchan";
  return godebug_value(godebug, kKey).value_or(build.default_godebug(kKey)) == "1";
}

std::string cgo_function_name(std::string_view symbol) {
  // "_cgo_<hash>_Cfunc_NAME" or "import/path._Cfunc_NAME"; C2func with the errno, Cmacro for an
  // expression that is a macro.
  if (symbol.ends_with(".abi0")) symbol.remove_suffix(5);
  constexpr std::string_view kStub = "_cgo_";
  const bool is_stub = symbol.starts_with(kStub);
  for (const std::string_view kind : {"_Cfunc_", "_C2func_", "_Cmacro_"}) {
    const size_t at = symbol.find(kind);
    if (at == std::string_view::npos) continue;
    if (is_stub ? !is_identifier(symbol.substr(kStub.size(), at - std::min(at, kStub.size())))
                : at == 0 || symbol[at - 1] != '.')
      continue;
    std::string_view name = symbol.substr(at + kind.size());
    if (name == "_Cmalloc" || name == "_CMalloc") name = "malloc";
    return is_identifier(name) ? std::string(name) : "";
  }
  return "";
}

}  // namespace cgoscope
