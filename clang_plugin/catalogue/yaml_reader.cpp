#include "clang_plugin/catalogue/yaml_reader.h"

#include <map>
#include <utility>

#include "clang_plugin/catalogue/near_word.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/Support/Casting.h"

namespace cgoscope {

namespace yaml = llvm::yaml;

namespace {

constexpr size_t kMaxShownKeyBytes = 64;
constexpr int kMaxSkippedDepth = 32;  // mappings and lists in one another

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
        if (reader.errors_.size() >= kMaxErrors) return;
        FileError error;
        error.line = std::max(diagnostic.getLineNo(), 0);
        error.column = error.line > 0 ? diagnostic.getColumnNo() + 1 : 0;
        error.why = diagnostic.getMessage().str();
        error.mend = reader.mend_;
        reader.errors_.push_back(std::move(error));
      },
      this);
}

std::optional<Error> YamlReader::read_document(const char* what, const OnKey& on_key) {
  auto document = stream_.begin();
  Node* root = document == stream_.end() || stream_.failed() ? nullptr : document->getRoot();
  const bool done = root && read_map(root, what, on_key) && !stream_.failed();
  if (done && errors_.empty() && ++document != stream_.end()) {
    fail(nullptr, "it holds more than one YAML document");
  }
  if (!done && errors_.empty()) fail(root, std::string("this is not ") + what + " in YAML");
  if (errors_.empty()) return std::nullopt;
  const FileError& first = errors_.front();
  return Error{first.line > 0 ? shown_as_ + ":" + std::to_string(first.line) : shown_as_, first.why,
               hint_};
}

bool YamlReader::stopped() { return too_deep_ || stream_.failed() || errors_.size() >= kMaxErrors; }

bool YamlReader::fail(const Node* at, const std::string& reason, const std::string& mend) {
  if (!errors_.empty() && stopped()) return false;
  std::string why = reason;
  mend_ = mend;
  if (llvm::isa_and_nonnull<yaml::AliasNode>(at)) {
    why = "an alias (*name) is not followed here: write out what it stands for";
    mend_ = "";
  }
  if (!keys_.empty()) {
    const std::string key = quoted(keys_.back().name);
    if (!why.starts_with(key) && !why.starts_with("unknown key " + key)) why = key + ": " + why;
    // A value that is not there would be placed where the next thing begins, and an unknown key is
    // what is wrong, not its value.
    if (llvm::isa_and_nonnull<yaml::NullNode>(at) || why.starts_with("unknown key "))
      at = keys_.back().node;
  }
  const size_t before = errors_.size();
  if (at) {
    // Goes through the handler above, which knows the line.
    stream_.printError(const_cast<Node*>(at), why);
  }
  if (errors_.size() == before) errors_.push_back({0, 0, why, mend_});
  mend_.clear();
  return false;
}

bool YamlReader::unknown_key(const Node* at, const std::string& key, const std::string& where,
                             std::initializer_list<const char*> known) {
  const std::string near = near_word(key, {known.begin(), known.end()});
  std::string mend = near.empty() ? "the keys here are " : "did you mean '" + near + "'?";
  if (near.empty()) {
    for (const char* one : known) mend += (one == *known.begin() ? "" : ", ") + std::string(one);
  }
  return fail(at, "unknown key " + quoted(key) + " in " + where, mend);
}

bool YamlReader::skip(Node* node, int depth) {
  if (!node || stopped() || walked_.contains(node)) return true;
  if (depth > kMaxSkippedDepth) {
    too_deep_ = true;
    return false;
  }
  if (auto* map = llvm::dyn_cast<yaml::MappingNode>(node)) {
    walked_.insert(map);
    for (auto entry = map->begin(); entry != map->end(); ++entry) {
      if (!skip(entry->getKey(), depth + 1) || stopped()) return false;
      if (!skip(entry->getValue(), depth + 1) || stopped()) return false;
    }
  } else if (auto* list = llvm::dyn_cast<yaml::SequenceNode>(node)) {
    walked_.insert(list);
    for (auto item = list->begin(); item != list->end(); ++item) {
      if (!skip(&*item, depth + 1) || stopped()) return false;
    }
  }
  return !stopped();
}

bool YamlReader::read_map(Node* node, const char* what, const OnKey& on_key) {
  auto* map = llvm::dyn_cast_or_null<yaml::MappingNode>(node);
  if (!map) return fail(node, std::string(what) + " is a mapping of keys to values");
  walked_.insert(map);
  std::map<std::string, int> keys;
  bool good = true;
  for (auto entry = map->begin(); entry != map->end(); ++entry) {
    if (stopped()) return false;
    Node* key_node = entry->getKey();
    auto* key = llvm::dyn_cast_or_null<yaml::ScalarNode>(key_node);
    llvm::SmallString<64> storage;
    const std::string name = key ? key->getValue(storage).str() : "";
    Node* value = nullptr;
    if (!key) {
      good = fail(key_node ? key_node : node, std::string("a key in ") + what + " is not a word");
      skip(key_node);
    } else if (++keys[name] > 1) {
      good = fail(key, quoted(name) + " stands twice in " + what);
    }
    if (stopped()) return false;
    value = entry->getValue();
    if (!value || stream_.failed()) return fail(key_node, quoted(name) + " has no value");
    if (key && keys[name] == 1) {
      const size_t errors = errors_.size();
      keys_.push_back({name, key});
      if (!on_key(name, value)) {
        good = false;
        if (errors_.size() == errors) fail(value, quoted(name) + " has a value that does not fit");
      }
      keys_.pop_back();
    }
    if (!good) skip(value);
    if (stopped()) return false;  // going on to the next would skip what LLVM did not like
  }
  return good && !stream_.failed();
}

bool YamlReader::read_list(Node* node, const char* what, bool one_will_do,
                           const std::function<bool(Node*)>& on_item) {
  auto* list = llvm::dyn_cast_or_null<yaml::SequenceNode>(node);
  if (!list) {
    if (one_will_do && node) return on_item(node);
    return fail(node, std::string(what) + " is a list");
  }
  walked_.insert(list);
  bool good = true;
  for (auto item = list->begin(); item != list->end(); ++item) {
    if (stopped()) return false;
    if (!on_item(&*item)) good = false;
    if (!good) skip(&*item);
    if (stopped()) return false;
  }
  return good && !stream_.failed();
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

std::pair<int, int> YamlReader::position_of(const Node* node) const {
  const llvm::SMLoc at = node->getSourceRange().Start;
  if (!at.isValid()) return {0, 0};
  const auto [line, column] = sources_.getLineAndColumn(at);
  return {static_cast<int>(line), static_cast<int>(column)};
}

}  // namespace cgoscope
