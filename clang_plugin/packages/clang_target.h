// The machine that C is compiled for, when GOOS and GOARCH ask for another than this one.
//
// Types, `#ifdef __aarch64__` and the C library's headers depend on it. Those headers are there
// only if the distribution's cross-development package is (Debian: libc6-dev-arm64-cross, below
// /usr/aarch64-linux-gnu; or libc6-dev:arm64, below /usr/include/aarch64-linux-gnu).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cgoscope {

// Clang's and Debian's name for the pair, "aarch64-linux-gnu"; "" for a pair without one.
std::string target_triple(std::string_view goos, std::string_view goarch);

// The Debian package with the C library's headers for `goarch`; "" where there is none.
std::string cross_headers_package(std::string_view goarch);

// The flags with which Clang compiles for `triple`, whose headers are looked for below `root`;
// nullopt when they are not there.
std::optional<std::vector<std::string>> target_flags(const std::string& triple,
                                                     const std::string& root = "/");

}  // namespace cgoscope
