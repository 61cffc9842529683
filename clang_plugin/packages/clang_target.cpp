#include "clang_plugin/packages/clang_target.h"

#include <filesystem>

namespace cgoscope {
namespace {

// `triple`: Debian's multiarch name. `debian`: its architecture.
struct LinuxTarget {
  std::string_view goarch, triple, debian;
};

// https://wiki.debian.org/Multiarch/Tuples; GOARM's default is hard-float where the system is.
constexpr LinuxTarget kLinuxTargets[] = {
    {"386", "i386-linux-gnu", "i386"},
    {"amd64", "x86_64-linux-gnu", "amd64"},
    {"arm", "arm-linux-gnueabihf", "armhf"},
    {"arm64", "aarch64-linux-gnu", "arm64"},
    {"loong64", "loongarch64-linux-gnu", "loong64"},
    {"mips", "mips-linux-gnu", "mips"},
    {"mips64", "mips64-linux-gnuabi64", "mips64"},
    {"mips64le", "mips64el-linux-gnuabi64", "mips64el"},
    {"mipsle", "mipsel-linux-gnu", "mipsel"},
    {"ppc64", "powerpc64-linux-gnu", "ppc64"},
    {"ppc64le", "powerpc64le-linux-gnu", "ppc64el"},
    {"riscv64", "riscv64-linux-gnu", "riscv64"},
    {"s390x", "s390x-linux-gnu", "s390x"},
};

const LinuxTarget* find_target(std::string_view goarch) {
  for (const LinuxTarget& target : kLinuxTargets) {
    if (target.goarch == goarch) return &target;
  }
  return nullptr;
}

}  // namespace

std::string target_triple(std::string_view goos, std::string_view goarch) {
  const LinuxTarget* target = goos == "linux" ? find_target(goarch) : nullptr;
  return target ? std::string(target->triple) : "";
}

std::string cross_headers_package(std::string_view goarch) {
  const LinuxTarget* target = find_target(goarch);
  return target ? "libc6-dev-" + std::string(target->debian) + "-cross" : "";
}

std::optional<std::vector<std::string>> target_flags(const std::string& triple,
                                                     const std::string& root) {
  namespace fs = std::filesystem;
  std::error_code ignored;
  const auto holds_libc = [&](const fs::path& folder) {
    return fs::is_directory(folder / "bits", ignored);
  };
  // Clang looks into the first by itself, into the second only where GCC for it is installed.
  if (holds_libc(fs::path(root) / "usr/include" / triple)) return {{"-target", triple}};
  const fs::path cross = fs::path(root) / "usr" / triple / "include";
  if (holds_libc(cross)) return {{"-target", triple, "-isystem", cross.string()}};
  return std::nullopt;
}

}  // namespace cgoscope
