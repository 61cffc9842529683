// `go list` reads sources, but it may also download modules and toolchains, and run git to stamp a
// program with its version; in a stranger's repository git runs what .git/config says. So:
// GOPROXY=off stops the proxy, GONOPROXY=none the modules that GOPRIVATE would fetch past it,
// GOVCS=*:off the rest, -buildvcs=false the stamp. A toolchain that go.mod asks for is used when it
// is already in the module cache, as by any go command, and not fetched (measured with Go 1.19
// to 1.27; a package whose dependencies are absent is still listed with -e).
#include "clang_plugin/packages/go_command.h"

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <string_view>

#include "clang_plugin/packages/json_texts.h"
#include "clang_plugin/packages/subprocess.h"

namespace cgoscope {
namespace {

using nlohmann::json;

constexpr int kEnvTimeoutS = 60;

// 19 in "go1.19.8" or "devel go1.27-abc".
int minor_version(std::string_view version) {
  const size_t at = version.find("go1.");
  int minor = 0;
  if (at != version.npos) {
    std::from_chars(version.data() + at + 4, version.data() + version.size(), minor);
  }
  return minor;
}

// go adds advice on indented lines of its own ("…listed in go.work:\n\tgo work use .").
std::string on_one_line(const std::string& text) {
  std::string line;
  for (const char byte : text) {
    const bool is_blank = byte == '\n' || byte == '\t' || byte == '\r';
    if (!is_blank) {
      line += byte;
    } else if (!line.empty() && line.back() != ' ') {
      line += ' ';
    }
  }
  while (line.ends_with(' ')) line.pop_back();
  return line;
}

// What go printed without its progress ("go: downloading …", "go: warning: …"): the first line that
// tells, and the indented ones behind it.
std::string reason_in(const std::string& text) {
  std::string reason;
  std::string_view rest = text;
  while (!rest.empty()) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(rest.size(), line.size() + 1));
    if (line.starts_with("go: downloading ") || line.starts_with("go: warning: ")) continue;
    if (!reason.empty() && !line.starts_with('\t')) break;
    reason += line;
    if (!reason.empty()) reason += '\n';
  }
  reason = on_one_line(reason);
  return reason.empty() ? "no reason given" : reason;
}

std::vector<std::string> quiet_environment(const std::string& directory) {
  // PWD keeps symbolic links in the directory names that go prints.
  return {"GOPROXY=off", "GONOPROXY=none", "GOVCS=*:off", "CGO_ENABLED=1", "PWD=" + directory};
}

ListedPackage listed_package(const json& object) {
  ListedPackage package;
  package.import_path = text_of(object, "ImportPath");
  package.name = text_of(object, "Name");
  package.directory = text_of(object, "Dir");
  take_texts(object, "GoFiles", package.go_files);
  take_texts(object, "CgoFiles", package.cgo_files);
  take_texts(object, "CFiles", package.c_files);
  take_texts(object, "CXXFiles", package.cxx_files);
  for (const char* key : {"MFiles", "FFiles", "SwigFiles", "SwigCXXFiles"}) {
    take_texts(object, key, package.unread_files);
  }
  take_texts(object, "CgoCFLAGS", package.cflags);
  take_texts(object, "CgoCPPFLAGS", package.cppflags);
  take_texts(object, "CgoCXXFLAGS", package.cxxflags);
  take_texts(object, "CgoPkgConfig", package.pkg_config);
  const json import_map = object.value("ImportMap", json());
  for (const auto& [from, to] : import_map.items()) {
    if (to.is_string()) package.import_map[from] = to.get<std::string>();
  }
  const auto is_true = [&](const char* key) {
    const auto found = object.find(key);
    return found != object.end() && found->is_boolean() && *found;
  };
  package.is_standard = is_true("Standard");
  package.is_only_dependency = is_true("DepOnly");
  const auto error = object.find("Error");
  if (error != object.end() && error->is_object()) {
    package.error = on_one_line(text_of(*error, "Err"));
    if (package.error.empty()) package.error = "go list gives no reason";
    package.error_position = text_of(*error, "Pos");
  }
  return package;
}

}  // namespace

Result<GoSettings> go_settings(const std::string& directory) {
  const std::vector<std::string> arguments = {
      "go",           "env",          "-json",       "GOOS",        "GOARCH",
      "GOVERSION",    "GOFLAGS",      "GO111MODULE", "CGO_ENABLED", "CGO_CFLAGS",
      "CGO_CPPFLAGS", "CGO_CXXFLAGS", "PKG_CONFIG"};
  // Its own word on CGO_ENABLED is wanted here, so that is not set.
  const Result<ProcessOutput> output = run_process(
      arguments, directory, {"GOPROXY=off", "GONOPROXY=none", "GOVCS=*:off"}, kEnvTimeoutS);
  if (!output) return output.error();
  const std::string hint = "check that `go env` works in " + directory;
  if (output->status != 0) return Error{"go env failed", reason_in(output->err), hint};
  const json values = json::parse(output->out, nullptr, /*allow_exceptions=*/false);
  if (!values.is_object()) return Error{"go env failed", "its output is no JSON", hint};
  GoSettings settings;
  settings.has_go = true;
  settings.goos = text_of(values, "GOOS");
  settings.goarch = text_of(values, "GOARCH");
  settings.minor = minor_version(text_of(values, "GOVERSION"));
  settings.goflags = text_of(values, "GOFLAGS");
  settings.go111module = text_of(values, "GO111MODULE");
  settings.cgo_enabled = text_of(values, "CGO_ENABLED");
  settings.cflags = text_of(values, "CGO_CFLAGS");
  settings.cppflags = text_of(values, "CGO_CPPFLAGS");
  settings.cxxflags = text_of(values, "CGO_CXXFLAGS");
  settings.pkg_config = text_of(values, "PKG_CONFIG");
  return settings;
}

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

GoSettings settings_of_environment() {
  GoSettings settings;
  settings.goflags = variable("GOFLAGS");
  settings.go111module = variable("GO111MODULE");
  settings.cgo_enabled = variable("CGO_ENABLED");
  settings.cflags = variable("CGO_CFLAGS");
  settings.cppflags = variable("CGO_CPPFLAGS");
  settings.cxxflags = variable("CGO_CXXFLAGS");
  settings.pkg_config = variable("PKG_CONFIG");
  return settings;
}

std::vector<std::string> tags_in_goflags(const std::string& goflags) {
  std::vector<std::string> tags;
  std::string_view rest = goflags;
  while (!rest.empty()) {
    std::string_view word = rest.substr(0, rest.find(' '));
    rest.remove_prefix(std::min(rest.size(), word.size() + 1));
    if (word.starts_with("--")) word.remove_prefix(1);
    if (!word.starts_with("-tags=")) continue;
    tags.clear();  // the last one counts
    word.remove_prefix(6);
    while (!word.empty()) {
      const std::string_view tag = word.substr(0, word.find(','));
      word.remove_prefix(std::min(word.size(), tag.size() + 1));
      if (!tag.empty()) tags.emplace_back(tag);
    }
  }
  return tags;
}

Result<std::vector<ListedPackage>> parse_go_list(const std::string& text) {
  std::vector<ListedPackage> packages;
  std::string_view rest = text;
  while (rest.find_first_not_of(" \t\r\n") != rest.npos) {
    // Indented as they are, only the brace that ends an object begins a line.
    const size_t end = rest.find("\n}");
    const std::string_view object_text = rest.substr(0, end == rest.npos ? end : end + 2);
    rest.remove_prefix(object_text.size());
    const json object = json::parse(object_text, nullptr, /*allow_exceptions=*/false);
    if (!object.is_object()) {
      return Error{"cannot read what go list printed", "it is no JSON",
                   "run go list -json by hand"};
    }
    packages.push_back(listed_package(object));
  }
  return packages;
}

Result<std::vector<ListedPackage>> go_list(const ListQuery& query) {
  std::vector<std::string> arguments = {"go", "list", "-e", "-buildvcs=false"};
  if (!query.tags.empty()) {
    std::string tags = "-tags=";
    for (const std::string& tag : query.tags) tags += tag + ",";
    tags.pop_back();
    arguments.push_back(tags);
  }
  // Without IgnoredGoFiles the error of a package that constraints exclude says "no Go files".
  std::string fields =
      "-json=Dir,ImportPath,Name,GoFiles,CgoFiles,CFiles,CXXFiles,MFiles,FFiles,SwigFiles,"
      "SwigCXXFiles,IgnoredGoFiles,CgoCFLAGS,CgoCPPFLAGS,CgoCXXFLAGS,CgoPkgConfig,Error";
  if (query.dependencies) {
    arguments.emplace_back("-deps");
    fields += ",DepOnly,ImportMap,Standard";
  }
  arguments.push_back(fields);
  arguments.emplace_back("--");
  arguments.insert(arguments.end(), query.patterns.begin(), query.patterns.end());

  std::vector<std::string> environment = quiet_environment(query.directory);
  if (query.ignore_workspace) environment.emplace_back("GOWORK=off");
  const Result<ProcessOutput> output =
      run_process(arguments, query.directory, environment, query.timeout_s);
  if (!output) return output.error();
  if (output->status != 0) {
    return Error{"go list failed in " + query.directory, reason_in(output->err), ""};
  }
  return parse_go_list(output->out);
}

}  // namespace cgoscope
