#include "clang_plugin/settings.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string_view>

#include "clang_plugin/catalogue/yaml_reader.h"
#include "findings/duration.h"
#include "findings/glob.h"

namespace cgoscope {
namespace {

namespace fs = std::filesystem;

constexpr const char* kHint = "see docs/cgoscope-lint.md";
constexpr size_t kMaxFileBytes = size_t{1} << 20;

// Which keys a nearer file has set, so that this one's do not count.
struct Seen {
  bool catalogue = false, threshold = false, exclude = false, severities = false;
};

class SettingsReader : private YamlReader {
 public:
  SettingsReader(std::string_view yaml, const fs::path& path, Seen& seen, Settings& into)
      : YamlReader(yaml, path.string(), kHint),
        path_(path.string()),
        folder_(path.parent_path()),
        seen_(seen),
        into_(into) {}

  std::optional<Error> read() {
    const Seen nearer = seen_;
    return read_document("a file of settings", [&](const std::string& key, Node* value) {
      if (key == "catalogue") return read_catalogue(value, nearer.catalogue);
      if (key == "threshold") return read_threshold(value, nearer.threshold);
      if (key == "exclude") return read_exclude(value, nearer.exclude);
      if (key == "severities") return read_severities(value, nearer.severities);
      return unknown_key(value, key, "the settings",
                         {"catalogue", "threshold", "exclude", "severities"});
    });
  }

 private:
  bool read_catalogue(Node* node, bool ignored) {
    seen_.catalogue = true;
    if (!ignored) into_.catalogue_named_in = path_;
    return read_list(node, "catalogue", true, [&](Node* item) {
      std::string path;
      if (!read_text(item, path)) return false;
      if (path.empty()) return fail(item, "a catalogue is the path of a file");
      if (!ignored) into_.catalogue.push_back((folder_ / path).lexically_normal().string());
      return true;
    });
  }

  bool read_threshold(Node* node, bool ignored) {
    seen_.threshold = true;
    std::string text;
    if (!read_text(node, text)) return false;
    const auto duration = parse_duration_ns(text);
    if (!duration) return fail(node, duration.error().message());
    if (!ignored) into_.threshold_ns = *duration;
    return true;
  }

  bool read_exclude(Node* node, bool ignored) {
    seen_.exclude = true;
    if (!ignored) into_.exclude_base = folder_.string();
    return read_list(node, "exclude", true, [&](Node* item) {
      std::string glob;
      if (!read_text(item, glob)) return false;
      if (glob.empty()) return fail(item, "a path to exclude is not empty");
      if (!ignored) into_.exclude.push_back(std::move(glob));
      return true;
    });
  }

  bool read_severities(Node* node, bool ignored) {
    seen_.severities = true;
    return read_map(node, "severities", [&](const std::string& what, Node* value) {
      std::string word;
      if (!read_text(value, word)) return false;
      const auto severity = parse_severity(word);
      if (!severity && word != "off") {
        return fail(value, "'" + word + "' is none of error, warning, note, off");
      }
      if (!ignored) into_.severities.emplace_back(what, severity);
      return true;
    });
  }

  std::string path_;
  fs::path folder_;
  Seen& seen_;
  Settings& into_;
};

// Reads at most one byte more than allowed.
Result<std::string> read_file(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::string text(kMaxFileBytes + 1, '\0');
  if (!file || !file.read(text.data(), static_cast<std::streamsize>(text.size())).eof()) {
    const bool large = file.good();
    return Error{"cannot read " + path.string(),
                 large ? "it is larger than 1 MiB" : "it is not readable", kHint};
  }
  text.resize(static_cast<size_t>(file.gcount()));
  return text;
}

// Nothing but comments and an empty document's mark: as good as no file.
bool is_blank(std::string_view text) {
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size() - 1);
    std::string_view line = text.substr(0, end + 1);
    text.remove_prefix(end + 1);
    line.remove_prefix(std::min(line.find_first_not_of(" \t\r\n"), line.size()));
    while (line.ends_with('\r') || line.ends_with('\n') || line.ends_with(' '))
      line.remove_suffix(1);
    if (!line.empty() && !line.starts_with('#') && line != "---") return false;
  }
  return true;
}

std::optional<Error> add_file(std::string_view text, const fs::path& path, Seen& seen,
                              Settings& settings) {
  if (!is_blank(text)) {
    if (auto error = SettingsReader(text, path, seen, settings).read()) return error;
  }
  settings.files.push_back(path.string());
  return std::nullopt;
}

}  // namespace

Result<Settings> parse_settings(std::string_view text, const std::string& path) {
  Settings settings;
  Seen seen;
  if (auto error = add_file(text, path, seen, settings)) return *error;
  return settings;
}

Result<Settings> load_settings(const std::string& directory) {
  Settings settings;
  Seen seen;
  std::error_code ignored;
  for (fs::path folder = directory;; folder = folder.parent_path()) {
    const fs::path path = folder / kSettingsFile;
    if (fs::is_regular_file(path, ignored)) {
      const auto text = read_file(path);
      if (!text) return text.error();
      if (auto error = add_file(*text, path, seen, settings)) return *error;
    }
    if (fs::exists(folder / "go.mod", ignored) || fs::exists(folder / ".git", ignored)) break;
    if (folder == folder.parent_path()) break;
  }
  return settings;
}

bool is_excluded(const Settings& settings, const std::string& path) {
  if (settings.exclude.empty()) return false;
  const std::string relative = fs::path(path).lexically_relative(settings.exclude_base).string();
  for (const std::string& glob : settings.exclude) {
    // "vendor/" means what lies in it.
    if (glob_matches(glob.ends_with('/') ? glob + "*" : glob, relative)) return true;
  }
  return false;
}

std::optional<Severity> severity_under(const Settings& settings, const std::string& rule,
                                       const std::string& call, Severity severity) {
  std::optional<Severity> result = severity;
  for (const auto& [what, wanted] : settings.severities) {
    const bool fits = glob_matches(what, rule) || (!call.empty() && glob_matches(what, call));
    if (fits) result = wanted;
  }
  return result;
}

}  // namespace cgoscope
