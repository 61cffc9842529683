// The lint as a tool of go vet: go vet -vettool=$(command -v cgoscope-lint) ./...
//
// Go calls the tool three ways (cmd/go, internal/vet and work/exec.go): with -flags, for the flags
// that it may be given; with -V=full, for its identity in the cache (tool_id.h); and once for each
// package and each of its dependencies, with flags, which have one dash, and the path of a vet.cfg
// (vet_config.h). Until Go 1.24 a tool prints what it finds to standard error and fails; from 1.26
// on it is given -json, writes to the file that vet.cfg names, and exits with 0.
#pragma once

#include <string>
#include <vector>

namespace cgoscope {

// For arguments that is_called_by_go_vet. The exit status: 0; 1 with diagnostics, unless -json; 2
// wrong usage; 3 the package could not be looked at at all. What was wrong is on standard error.
int run_as_vet_tool(const std::vector<std::string>& arguments);

}  // namespace cgoscope
