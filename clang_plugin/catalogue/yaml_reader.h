// Reading YAML node by node, with errors that name file, line and key.
//
// LLVM's YAML parser hands out nodes that can be walked once, in the order of the file. What is
// wrong with a value does not end the reading: what was not looked at is walked over, down to a
// depth that no file of ours has, so that every error of the file is told. An error of YAML itself
// ends it, since LLVM's parser cannot go on behind one.
#pragma once

#include <functional>
#include <initializer_list>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "clang_plugin/catalogue/file_error.h"
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

  // Reads the one document of the file, a mapping called `what` in errors. The first error.
  std::optional<Error> read_document(const char* what, const OnKey& on_key);
  // All of them in the order of the file; no more than kMaxErrors.
  const std::vector<FileError>& errors() const { return errors_; }
  static constexpr size_t kMaxErrors = 100;

  // Every reader returns whether all was right. The error names the key whose value is being read.
  bool fail(const Node* at, const std::string& reason, const std::string& mend = "");
  // `known`: the keys that there are.
  bool unknown_key(const Node* at, const std::string& key, const std::string& where,
                   std::initializer_list<const char*> known);
  bool read_map(Node* node, const char* what, const OnKey& on_key);
  bool read_list(Node* node, const char* what, bool one_will_do,
                 const std::function<bool(Node*)>& on_item);
  bool read_text(Node* node, std::string& into);
  bool read_flag(Node* node, bool& into);

  // Line and column, both from 1; 0 where there is none.
  std::pair<int, int> position_of(const Node* node) const;
  const std::string& shown_as() const { return shown_as_; }

 private:
  // Whether nothing more may be read.
  bool stopped();
  // Walks over what was not read.
  bool skip(Node* node, int depth = 0);

  std::string shown_as_;
  std::string hint_;
  llvm::SourceMgr sources_;
  llvm::yaml::Stream stream_;
  struct Key {
    std::string name;
    const Node* node = nullptr;
  };
  std::vector<Key> keys_;         // whose values are being read, the innermost last
  std::set<const Node*> walked_;  // mappings and lists that were begun, and so read to their end
  bool too_deep_ = false;
  std::string mend_;  // of the error that is being noted
  std::vector<FileError> errors_;
};

}  // namespace cgoscope
