// What go vet's cache takes for the identity of a vet tool.
//
// Go asks the tool for it once a run (`-V=full`), in the folder that the user is in, without the
// flags. The key of a cached result is that line, the flags, and what the package is compiled from:
// its Go and C files, its flags, GOOS and the like (cmd/go, work/exec.go and buildid.go, Go 1.19 to
// 1.27). So whatever else decides about findings has to be in the line: this program with its
// catalogue, and each .cgoscope.yaml and catalogue that packages of the run can use. C headers
// outside the package are no part of Go's key, as they are none of `go build`'s.
#pragma once

#include <string>

namespace cgoscope {

// "cgoscope-lint version 0.1.0 program=… settings=…" for a go vet that runs in `directory`.
std::string tool_id(const std::string& directory);

// Changes when a .cgoscope.yaml changes, appears or goes, or a catalogue that one names: those in
// the module or repository around `directory`, in local modules that its go.mod or a go.work name,
// and in GOPATH when modules are off. Environment variables that decide which headers are found
// count too.
std::string settings_id(const std::string& directory);

}  // namespace cgoscope
