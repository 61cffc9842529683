// Where Go packages lie in a tree of directories: modules, import paths, what "./..." visits.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace cgoscope {

// Every directory below `root`, itself included, that holds Go files, as "./..." would visit them
// (no testdata, vendor, "_x", ".x"; `root` itself may be called so). Symbolic links are not
// followed, so loops cannot happen. Sorted.
std::vector<std::string> directories_below(const std::string& root);

// True when the go command must not be asked about this directory: it would wait for ever at a FIFO
// that bears a source file's name, and JSON cannot tell a name that is not UTF-8.
bool go_cannot_list(const std::string& directory);

// The roots of modules strictly below `root`, found on the same way. Sorted.
std::vector<std::string> modules_below(const std::string& root);

// The nearest directory at or above `directory` that holds a go.mod; "" when there is none.
std::string module_root_of(const std::string& directory);

// What Go would call the package in `directory`: by the go.mod above it, else by its place in a
// GOPATH or a GOPATH-like tree (.../src/example.org/x); "" when neither says.
std::string import_path_of(const std::string& directory);

// `path` made absolute and normal ("/a/b", no "..", no trailing slash); links stay as they are.
std::string absolute_path(const std::string& path);

// At most `limit` bytes of a regular file, or of what a link to one leads to; nothing when it
// cannot be read.
std::optional<std::string> read_bytes(const std::string& path, size_t limit);

}  // namespace cgoscope
