// .cgoscope.yaml: options for a tree, in a package's folder or above it up to the module's root
// (the folder with go.mod; without one, up to the repository's root (.git) or the file system's).
// The nearest file's keys win. It is also how options reach the lint under go vet, which passes
// none of its own.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "findings/finding.h"
#include "findings/result.h"

namespace cgoscope {

inline constexpr const char* kSettingsFile = ".cgoscope.yaml";

struct Settings {
  std::vector<std::string> catalogue;  // absolute paths of catalogue files
  std::string catalogue_named_in;      // the .cgoscope.yaml that names them
  std::optional<int64_t> threshold_ns;
  std::vector<std::string> exclude;  // globs over paths relative to the file's folder: findings
                                     // whose Go file matches are dropped
  std::string exclude_base;          // that folder
  // Overrides by the blocking function's name (glob allowed) or by rule: "fsync: off", "busy-wait:
  // note". nullopt means off. The last that fits counts.
  std::vector<std::pair<std::string, std::optional<Severity>>> severities;
  std::vector<std::string> files;  // the .cgoscope.yaml files these came from, nearest first
};

// What the text of one file says, which stands at `path` (absolute; relative paths in it start in
// its folder).
Result<Settings> parse_settings(std::string_view text, const std::string& path);
// The settings for a package in `directory` (absolute). An unreadable or malformed file is an error
// with file, line and key.
Result<Settings> load_settings(const std::string& directory);
// Whether `settings` exclude the Go file `path` (absolute).
bool is_excluded(const Settings& settings, const std::string& path);
// What `settings` make of the severity of a finding of `rule` in the blocking function `call` ("":
// none); nullopt when it is off.
std::optional<Severity> severity_under(const Settings& settings, const std::string& rule,
                                       const std::string& call, Severity severity);

}  // namespace cgoscope
