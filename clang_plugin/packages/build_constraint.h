// Which files belong to a build: //go:build expressions and the _GOOS_GOARCH endings of file names
// (go/build, build constraints).
#pragma once

#include <set>
#include <string>
#include <string_view>

namespace cgoscope {

// The tags that hold. The default is what `go build` on this kind of machine says yes to: its GOOS,
// "unix", its GOARCH, "cgo", "gc", and "go1.1" up to the version; plus --tags.
struct BuildContext {
  std::string goos;
  std::string goarch;
  int go_minor = 27;  // go1.N
  std::set<std::string> tags;
};

// The GOARCH of this machine, whatever the environment says.
std::string host_goarch();

// GOOS, GOARCH and GOAMD64 in the environment count, as they do for the go command.
BuildContext host_build_context(const std::set<std::string>& tags);

// True when a single tag holds, the built-in ones ("linux", "unix", "cgo", "go1.21") included.
bool tag_holds(std::string_view tag, const BuildContext& context);

// True when `expression` (the text behind //go:build) holds; an empty one holds. A malformed one
// does not, as in go/build.
bool constraint_holds(std::string_view expression, const BuildContext& context);

// True when one word of the older syntax holds, which #cgo lines still use: "linux,!arm64" is an
// and, "!x" a not.
bool old_style_word_holds(std::string_view word, const BuildContext& context);

// True when the name's _GOOS, _GOARCH and _GOOS_GOARCH endings fit; a _test behind them is set
// aside. Names that begin with "_" or "." never do.
bool file_name_fits(std::string_view file_name, const BuildContext& context);

}  // namespace cgoscope
