#include "clang_plugin/catalogue/yaml_reader.h"

#include <map>
#include <utility>

#include "llvm/ADT/SmallString.h"
#include "llvm/Support/Casting.h"

namespace cgoscope {

namespace yaml = llvm::yaml;

namespace {

constexpr size_t kMaxShownKeyBytes = 64;

std::string quoted(const std::string& key) {
  return key.size() <= kMaxShownKeyBytes ? "'" + key + "'"
                                         : "'" + key.substr(0, kMaxShownKeyBytes) + "...'";
}

}  // namespace

YamlReader::YamlReader(std::string_view yaml_text, std::string shown_as, std::string hint)
    : shown_as_(std::move(shown_as)),
      hint_(std::move(hint)),
      stream_(llvm::MemoryBufferRef(llvm::StringRef(yaml_text.data(), yaml_text.size()), shown_as_),
              sources_, /*ShowColors=*/false) {
  sources_.setDiagHandler(
      [](const llvm::SMDiagnostic& diagnostic, void* context) {
        auto& reader = *static_cast<YamlReader*>(context);
        if (reader.error_) return;
        const std::string line =
            diagnostic.getLineNo() > 0 ? ":" + std::to_string(diagnostic.getLineNo()) : "";
        reader.error_ = Error{reader.shown_as_ + line, diagnostic.getMessage().str(), reader.hint_};
      },
      this);
}

std::optional<Error> YamlReader::read_document(const char* what, const OnKey& on_key) {
  auto document = stream_.begin();
  Node* root = document == stream_.end() || stream_.failed() ? nullptr : document->getRoot();
  const bool done = root && read_map(root, what, on_key) && !stream_.failed();
  if (done && !error_ && ++document != stream_.end()) {
    fail(nullptr, "it holds more than one YAML document");
  }
  if (!done && !error_) fail(root, std::string("this is not ") + what + " in YAML");
  return error_;
}

bool YamlReader::fail(const Node* at, const std::string& reason) {
  if (error_) return false;
  std::string why = reason;
  if (llvm::isa_and_nonnull<yaml::AliasNode>(at)) {
    why = "an alias (*name) is not followed here: write out what it stands for";
  }
  if (!keys_.empty()) {
    const std::string key = quoted(keys_.back().name);
    if (!why.starts_with(key) && !why.starts_with("unknown key " + key)) why = key + ": " + why;
    // A value that is not there would be placed where the next thing begins.
    if (llvm::isa_and_nonnull<yaml::NullNode>(at)) at = keys_.back().node;
  }
  if (at) {
    // Goes through the handler above, which knows the line.
    stream_.printError(const_cast<Node*>(at), why);
  }
  if (!error_) error_ = Error{shown_as_, why, hint_};
  return false;
}

bool YamlReader::unknown_key(const Node* at, const std::string& key, const std::string& where) {
  return fail(at, "unknown key " + quoted(key) + " in " + where);
}

bool YamlReader::read_map(Node* node, const char* what, const OnKey& on_key) {
  auto* map = llvm::dyn_cast_or_null<yaml::MappingNode>(node);
  if (!map) return fail(node, std::string(what) + " is a mapping of keys to values");
  std::map<std::string, int> keys;
  for (auto entry = map->begin(); entry != map->end(); ++entry) {
    if (stream_.failed()) return false;
    auto* key = llvm::dyn_cast_or_null<yaml::ScalarNode>(entry->getKey());
    if (!key) return fail(node, std::string("a key in ") + what + " is not a word");
    llvm::SmallString<64> storage;
    const std::string name = key->getValue(storage).str();
    if (++keys[name] > 1) return fail(key, quoted(name) + " stands twice in " + what);
    Node* value = entry->getValue();
    if (!value || stream_.failed()) return fail(key, quoted(name) + " has no value");
    keys_.push_back({name, key});
    if (!on_key(name, value)) return fail(value, quoted(name) + " has a value that does not fit");
    keys_.pop_back();
  }
  return !stream_.failed();
}

bool YamlReader::read_list(Node* node, const char* what, bool one_will_do,
                           const std::function<bool(Node*)>& on_item) {
  auto* list = llvm::dyn_cast_or_null<yaml::SequenceNode>(node);
  if (!list) {
    if (one_will_do && node) return on_item(node);
    return fail(node, std::string(what) + " is a list");
  }
  for (auto item = list->begin(); item != list->end(); ++item) {
    if (stream_.failed() || !on_item(&*item)) return false;
  }
  return !stream_.failed();
}

bool YamlReader::read_text(Node* node, std::string& into) {
  if (auto* block = llvm::dyn_cast_or_null<yaml::BlockScalarNode>(node)) {
    into = block->getValue().str();
    return true;
  }
  auto* scalar = llvm::dyn_cast_or_null<yaml::ScalarNode>(node);
  if (!scalar) return fail(node, "this should be text");
  llvm::SmallString<128> storage;
  into = scalar->getValue(storage).str();
  return !stream_.failed();
}

bool YamlReader::read_flag(Node* node, bool& into) {
  std::string text;
  if (!read_text(node, text)) return false;
  if (text != "true" && text != "false") return fail(node, "this should be true or false");
  into = text == "true";
  return true;
}

}  // namespace cgoscope
