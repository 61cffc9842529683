// Which functions of a Go package end in a call of C that blocks: what its importers have to know.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "findings/finding.h"

namespace cgoscope {

// Of more ways to block, a function keeps the worst; longer ways are not followed.
inline constexpr size_t kMaxWaysOfFunction = 16;
inline constexpr size_t kMaxStepsOfWay = 64;

struct BlockingFunctions {
  std::string package_name;  // of the package clause: what importers call it
  // By the exported function's name, without type parameters: the findings at the calls of C that
  // it ends in, the worst first, at most kMaxWaysOfFunction. `path` begins with the Go functions on
  // the way, this one first.
  std::map<std::string, std::vector<Finding>> functions;

  bool empty() const { return functions.empty(); }
};

using BlockingFunctionsByPackage = std::map<std::string, BlockingFunctions>;  // by import path

}  // namespace cgoscope
