// What `go version -m` shows: the linker leaves the Go version, the modules and the build settings
// in the executable (.go.buildinfo, Go's debug/buildinfo), also when it is stripped.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "findings/result.h"
#include "probe_cli/go/elf_image.h"

namespace cgoscope {

// A release of Go; Go 1.21.13 is {21, 13}. The major version is always 1.
struct GoVersion {
  int minor = 0;
  int patch = 0;
  auto operator<=>(const GoVersion&) const = default;
};

// Reads "go1.22.12", "go1.23.5 X:nocoverageredesign", "go1.24rc1" (patch 0), "devel go1.25-abc".
// nullopt when no number is there.
std::optional<GoVersion> parse_go_version(std::string_view text);

// The value of `key` in a GODEBUG list, "1" of "asynctimerchan=1,…"; the last one counts, as in the
// runtime. nullopt when the list does not have it.
std::optional<std::string> godebug_value(std::string_view godebug, std::string_view key);

struct BuildInfo {
  std::string version_text;  // as the linker wrote it, "go1.22.12"
  std::optional<GoVersion> version;
  std::string main_package;                     // "path" line; "" when absent
  std::string main_module;                      // of the "mod" line; "" outside a module
  std::map<std::string, std::string> settings;  // "CGO_ENABLED" → "1", "DefaultGODEBUG" → "…"

  // The value of `key` in DefaultGODEBUG; "" when not set.
  std::string default_godebug(std::string_view key) const;
};

// Both forms: with the strings inline (Go ≥1.18), and the older one with pointers. Errors: there is
// none ("not a Go program, or too old"), or it is broken.
Result<BuildInfo> read_build_info(const ElfImage& image);

}  // namespace cgoscope
