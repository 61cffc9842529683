#include "clang_plugin/vet/vet_config.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string_view>
#include <utility>

#include "clang_plugin/packages/directory.h"
#include "clang_plugin/packages/json_texts.h"
#include "clang_plugin/packages/source_tree.h"

namespace cgoscope {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr std::string_view kMadeByCgo = ".cgo1.go";

bool is_made_by_cgo(const VetConfig& config, const std::string& path) {
  return path.ends_with(kMadeByCgo) && fs::path(path).parent_path() == config.folder;
}

// The file that cgo made `path` of. Its name is the one without ".cgo1"; the path on the line
// directive in it is not the file's own under -trimpath.
std::string source_of(const VetConfig& config, const std::string& path) {
  const std::string name = fs::path(path).filename().string();
  return config.directory + "/" + name.substr(0, name.size() - kMadeByCgo.size()) + ".go";
}

// The sources among go_files, sorted as `go list` sorts them: those that import "C", and the others
// without tests and without what cgo made.
std::pair<std::vector<std::string>, std::vector<std::string>> sources(const VetConfig& config) {
  std::vector<std::string> cgo, others;
  for (const std::string& path : config.go_files) {
    if (is_made_by_cgo(config, path)) {
      cgo.push_back(source_of(config, path));
    } else if (fs::path(path).parent_path() != config.folder && !path.ends_with("_test.go")) {
      others.push_back(path);
    }
  }
  std::sort(cgo.begin(), cgo.end());
  std::sort(others.begin(), others.end());
  return {std::move(cgo), std::move(others)};
}

}  // namespace

Result<VetConfig> parse_vet_config(const std::string& text, const std::string& path) {
  const auto fail = [&](const std::string& why) {
    return Error{"cannot read " + path, why, "go vet writes it: go vet -vettool=cgoscope-lint"};
  };
  const json object = json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!object.is_object()) return fail("it is no JSON object");
  VetConfig config;
  config.folder = fs::path(path).parent_path().string();
  config.id = text_of(object, "ID");
  config.directory = text_of(object, "Dir");
  config.import_path = text_of(object, "ImportPath");
  take_texts(object, "GoFiles", config.go_files);
  take_texts(object, "IgnoredFiles", config.ignored_files);
  config.facts_file = text_of(object, "VetxOutput");
  config.output_file = text_of(object, "Stdout");
  const json standard = object.value("Standard", json());
  const auto texts_by_name = [&](const char* key) {
    std::map<std::string, std::string> texts;
    const json values = object.value(key, json());
    for (const auto& [name, text] : values.items()) {
      if (text.is_string()) texts[name] = text.get<std::string>();
    }
    return texts;
  };
  config.import_map = texts_by_name("ImportMap");
  config.imported_facts = texts_by_name("PackageVetx");
  std::erase_if(config.imported_facts, [&](const auto& facts) {
    const auto found = standard.find(facts.first);
    return standard.is_object() && found != standard.end() && *found == true;
  });
  const auto only_facts = object.find("VetxOnly");
  config.only_facts = only_facts != object.end() && only_facts->is_boolean() && *only_facts;
  if (config.directory.empty()) return fail("it names no Dir");
  if (config.go_files.empty()) return fail("it names no GoFiles");
  return config;
}

bool uses_cgo(const VetConfig& config) {
  return std::any_of(config.go_files.begin(), config.go_files.end(),
                     [&](const std::string& path) { return is_made_by_cgo(config, path); });
}

bool is_standard(const VetConfig& config) {
  const char* root = std::getenv("GOROOT");  // Go sets it for the tool
  return root != nullptr && *root != 0 && config.directory.starts_with(std::string(root) + "/src/");
}

bool has_imported_facts(const VetConfig& config) {
  return std::any_of(config.imported_facts.begin(), config.imported_facts.end(),
                     [](const auto& facts) {
                       std::error_code error;
                       return fs::file_size(facts.second, error) > 0 || error;
                     });
}

Package vetted_package(const VetConfig& config) {
  const auto [cgo_files, go_files] = sources(config);
  if (config.import_path == "command-line-arguments") {  // files: a package without C files
    std::vector<std::string> all = cgo_files;
    all.insert(all.end(), go_files.begin(), go_files.end());
    if (Result<Package> package = read_files(all)) return std::move(*package);
  }
  Package package;
  package.directory = config.directory;
  package.import_map = config.import_map;
  package.is_standard = is_standard(config);
  for (const std::string& path : cgo_files) add_go_file(path, package);
  for (const std::string& path : go_files) add_go_file(path, package);
  add_c_files(config.ignored_files, package);
  for (const auto* files : {&package.go_files, &package.cgo_files}) {
    if (!files->empty()) package.name = files->front().package_name;
  }
  package.import_path = config.import_path.substr(0, config.import_path.find(" ["));
  if (package.import_path.starts_with("_/")) {  // made up of the folder's path, outside GOPATH
    const std::string path = import_path_of(config.directory);
    package.import_path = path.empty() ? package.name : path;
  }
  return package;
}

}  // namespace cgoscope
