// The types and constants of Go's standard library and of C that a wait's length or a flag is
// written with.
#pragma once

#include <optional>
#include <string_view>

#include "clang_plugin/packages/go_value.h"

namespace cgoscope {

// The type of that name: Go's "uint32", "byte", "uintptr"; "time.Duration", "unsafe.Pointer"; or,
// behind "C.", one of C's that cgo names or whose width every 64-bit Linux agrees on ("C.int",
// "C.size_t", "C.guint"). Not C.char, which is signed on amd64 and unsigned on arm64.
std::optional<GoType> find_type(std::string_view name);

// A constant of package `path` ("time", "math", "os", "syscall", "golang.org/x/sys/unix"), as far
// as linux/amd64 and linux/arm64 agree on it.
std::optional<GoValue> find_package_constant(std::string_view path, std::string_view name);

}  // namespace cgoscope
