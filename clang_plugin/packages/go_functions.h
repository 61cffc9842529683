// What a Go file declares and what its functions do that concerns C: references, calls, exports,
// names of functions.
//
// Go's linker names a closure after the function around it: F.func1, F.func2, … in source order;
// inside a closure F.func1.1. Generic functions are F[...], methods (*T).M, T.M and (*T[...]).M;
// init functions init.0, init.1, … over all files of the package. Go 1.19 to 1.27 agree on these
// (runtime.FuncForPC, each version run). They differ in:
//   package-level closures   init.func1 since 1.22, glob..func1 before; over all files of the
//   package inlining, since 1.21     the closures of an inlined function are named after its caller
//   as well:
//                            main.main.(*T).M.func6
//   cgo's own closures       a call that passes pointers is wrapped in a function literal, which
//                            takes a number; whether it is depends on the C types
// Here stand the names of 1.27 without inlining and without cgo's closures. That is why lint and
// probe join on file and line.
#pragma once

#include <cstddef>

#include "clang_plugin/packages/go_file.h"
#include "clang_plugin/packages/go_source.h"

namespace cgoscope {

// Reads the declarations from token `start` on: fills references, functions, bindings,
// package_names, types, set_nonblock, exports, and calls if asked. Needs file.imports.
void read_functions(const GoSource& source, size_t start, GoCalls calls, GoFile& file);

}  // namespace cgoscope
