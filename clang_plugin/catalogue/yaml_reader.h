// Reading YAML node by node, with errors that name file, line and key.
//
// LLVM's YAML parser hands out nodes that can be walked once, in the order of the file, and it
// recurses only where a node is skipped. So a reader that looks at every node and stops at the
// first wrong one needs no limit on nesting of its own: a file cannot make it go deeper than the
// schema.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "findings/result.h"
#include "llvm/Support/SourceMgr.h"
#include "llvm/Support/YAMLParser.h"

namespace cgoscope {

class YamlReader {
 public:
  using Node = llvm::yaml::Node;
  // Takes the value of `key`; false when there is no such key or the value was wrong (then an error
  // was noted).
  using OnKey = std::function<bool(const std::string& key, Node* value)>;

  // `yaml` must outlive this. `hint` tells, in every error, where the format is described.
  YamlReader(std::string_view yaml, std::string shown_as, std::string hint);

  // Reads the one document of the file, a mapping called `what` in errors.
  std::optional<Error> read_document(const char* what, const OnKey& on_key);

  // Every reader returns whether to go on. After a false nothing more of the file may be read:
  // LLVM's parser cannot skip what it did not like. The error names the key whose value is being
  // read.
  bool fail(const Node* at, const std::string& reason);
  bool unknown_key(const Node* at, const std::string& key, const std::string& where);
  bool read_map(Node* node, const char* what, const OnKey& on_key);
  bool read_list(Node* node, const char* what, bool one_will_do,
                 const std::function<bool(Node*)>& on_item);
  bool read_text(Node* node, std::string& into);
  bool read_flag(Node* node, bool& into);

 private:
  std::string shown_as_;
  std::string hint_;
  llvm::SourceMgr sources_;
  llvm::yaml::Stream stream_;
  struct Key {
    std::string name;
    const Node* node = nullptr;
  };
  std::vector<Key> keys_;  // whose values are being read, the innermost last
  std::optional<Error> error_;
};

}  // namespace cgoscope
