// From Go 1.19: time/time.go, math/const.go, and zerrors_linux_{amd64,arm64}.go of syscall and
// x/sys/unix, whose values are ABI. O_DIRECTORY, O_NOFOLLOW, O_DIRECT and O_LARGEFILE differ
// between the two and are left out.
#include "clang_plugin/packages/known_constants.h"

#include <limits>
#include <map>

namespace cgoscope {
namespace {

using Kind = GoType::Kind;

constexpr GoType integer(bool is_signed, uint8_t bits) {
  return {Kind::kInteger, true, is_signed, bits};
}
constexpr GoType kInt8 = integer(true, 8);
constexpr GoType kInt16 = integer(true, 16);
constexpr GoType kInt32 = integer(true, 32);
constexpr GoType kInt64 = integer(true, 64);
constexpr GoType kUint8 = integer(false, 8);
constexpr GoType kUint16 = integer(false, 16);
constexpr GoType kUint32 = integer(false, 32);
constexpr GoType kUint64 = integer(false, 64);
constexpr GoType kFloat64 = {Kind::kFloat, true, true, 64};
constexpr GoType kFloat32 = {Kind::kFloat, true, true, 32};
constexpr GoType kBool = {Kind::kBool, true, false, 8};
constexpr GoType kPointer = {Kind::kPointer, true, false, 64};

const std::map<std::string_view, GoType>& types() {
  static const std::map<std::string_view, GoType> kTypes = {
      {"int", kInt64},           {"int8", kInt8},           {"int16", kInt16},
      {"int32", kInt32},         {"int64", kInt64},         {"rune", kInt32},
      {"uint", kUint64},         {"uint8", kUint8},         {"uint16", kUint16},
      {"uint32", kUint32},       {"uint64", kUint64},       {"byte", kUint8},
      {"uintptr", kUint64},      {"float32", kFloat32},     {"float64", kFloat64},
      {"bool", kBool},           {"time.Duration", kInt64}, {"unsafe.Pointer", kPointer},
      {"C.int", kInt32},         {"C.uint", kUint32},       {"C.long", kInt64},
      {"C.ulong", kUint64},      {"C.short", kInt16},       {"C.ushort", kUint16},
      {"C.longlong", kInt64},    {"C.ulonglong", kUint64},  {"C.schar", kInt8},
      {"C.uchar", kUint8},       {"C.float", kFloat32},     {"C.double", kFloat64},
      {"C.int8_t", kInt8},       {"C.int16_t", kInt16},     {"C.int32_t", kInt32},
      {"C.int64_t", kInt64},     {"C.uint8_t", kUint8},     {"C.uint16_t", kUint16},
      {"C.uint32_t", kUint32},   {"C.uint64_t", kUint64},   {"C.size_t", kUint64},
      {"C.ssize_t", kInt64},     {"C.intptr_t", kInt64},    {"C.uintptr_t", kUint64},
      {"C.intmax_t", kInt64},    {"C.uintmax_t", kUint64},  {"C.ptrdiff_t", kInt64},
      {"C.off_t", kInt64},       {"C.off64_t", kInt64},     {"C.time_t", kInt64},
      {"C.suseconds_t", kInt64}, {"C.useconds_t", kUint32}, {"C.pid_t", kInt32},
      {"C.uid_t", kUint32},      {"C.gid_t", kUint32},      {"C.mode_t", kUint32},
      {"C.socklen_t", kUint32},  {"C.nfds_t", kUint64},     {"C.clockid_t", kInt32},
      {"C.id_t", kUint32},       {"C.key_t", kInt32},       {"C.sa_family_t", kUint16},
      {"C.bool", kBool},         {"C._Bool", kBool},        {"C.gint", kInt32},
      {"C.guint", kUint32},      {"C.gint32", kInt32},      {"C.guint32", kUint32},
      {"C.gint64", kInt64},      {"C.guint64", kUint64},    {"C.glong", kInt64},
      {"C.gulong", kUint64},     {"C.gsize", kUint64},      {"C.gssize", kInt64},
      {"C.gboolean", kInt32},    {"C.gdouble", kFloat64},
  };
  return kTypes;
}

using Constants = std::map<std::string_view, Int128>;

const Constants& time_constants() {
  static const Constants kConstants = {
      {"Nanosecond", 1},         {"Microsecond", 1'000},     {"Millisecond", 1'000'000},
      {"Second", 1'000'000'000}, {"Minute", 60'000'000'000}, {"Hour", 3'600'000'000'000},
  };
  return kConstants;
}

const Constants& math_constants() {
  static const Constants kConstants = {
      {"MaxInt", std::numeric_limits<int64_t>::max()},
      {"MinInt", std::numeric_limits<int64_t>::min()},
      {"MaxInt8", 127},
      {"MinInt8", -128},
      {"MaxInt16", 32767},
      {"MinInt16", -32768},
      {"MaxInt32", std::numeric_limits<int32_t>::max()},
      {"MinInt32", std::numeric_limits<int32_t>::min()},
      {"MaxInt64", std::numeric_limits<int64_t>::max()},
      {"MinInt64", std::numeric_limits<int64_t>::min()},
      {"MaxUint", std::numeric_limits<uint64_t>::max()},
      {"MaxUint8", 255},
      {"MaxUint16", 65535},
      {"MaxUint32", std::numeric_limits<uint32_t>::max()},
      {"MaxUint64", std::numeric_limits<uint64_t>::max()},
  };
  return kConstants;
}

const Constants& os_constants() {
  static const Constants kConstants = {
      {"O_RDONLY", 0},    {"O_WRONLY", 1},  {"O_RDWR", 2},        {"O_APPEND", 0x400},
      {"O_CREATE", 0x40}, {"O_EXCL", 0x80}, {"O_SYNC", 0x101000}, {"O_TRUNC", 0x200},
  };
  return kConstants;
}

const Constants& syscall_constants() {
  static const Constants kConstants = {
      {"O_RDONLY", 0},
      {"O_WRONLY", 1},
      {"O_RDWR", 2},
      {"O_APPEND", 0x400},
      {"O_CREAT", 0x40},
      {"O_EXCL", 0x80},
      {"O_TRUNC", 0x200},
      {"O_NONBLOCK", 0x800},
      {"O_NDELAY", 0x800},
      {"O_CLOEXEC", 0x80000},
      {"O_SYNC", 0x101000},
      {"O_DSYNC", 0x1000},
      {"O_ASYNC", 0x2000},
      {"O_NOCTTY", 0x100},
      {"MSG_OOB", 1},
      {"MSG_PEEK", 2},
      {"MSG_TRUNC", 0x20},
      {"MSG_DONTWAIT", 0x40},
      {"MSG_WAITALL", 0x100},
      {"MSG_ERRQUEUE", 0x2000},
      {"MSG_NOSIGNAL", 0x4000},
      {"WNOHANG", 1},
      {"WUNTRACED", 2},
      {"WSTOPPED", 2},
      {"WEXITED", 4},
      {"WCONTINUED", 8},
      {"WNOWAIT", 0x1000000},
      {"F_GETFD", 1},
      {"F_SETFD", 2},
      {"F_GETFL", 3},
      {"F_SETFL", 4},
      {"F_GETLK", 5},
      {"F_SETLK", 6},
      {"F_SETLKW", 7},
      {"FD_CLOEXEC", 1},
      {"LOCK_SH", 1},
      {"LOCK_EX", 2},
      {"LOCK_NB", 4},
      {"LOCK_UN", 8},
      {"SOCK_STREAM", 1},
      {"SOCK_DGRAM", 2},
      {"SOCK_RAW", 3},
      {"SOCK_NONBLOCK", 0x800},
      {"SOCK_CLOEXEC", 0x80000},
      {"SOL_SOCKET", 1},
      {"SO_RCVTIMEO", 20},
      {"SO_SNDTIMEO", 21},
      {"SO_LINGER", 13},
      {"AF_UNIX", 1},
      {"AF_INET", 2},
      {"AF_INET6", 10},
      {"AF_NETLINK", 16},
      {"SHUT_RD", 0},
      {"SHUT_WR", 1},
      {"SHUT_RDWR", 2},
      {"EPOLLIN", 1},
      {"EPOLLOUT", 4},
      {"EPOLLERR", 8},
      {"EPOLLHUP", 16},
      {"EPOLL_CTL_ADD", 1},
      {"EPOLL_CTL_DEL", 2},
      {"EPOLL_CTL_MOD", 3},
      {"IN_NONBLOCK", 0x800},
      {"IN_CLOEXEC", 0x80000},
      {"IPPROTO_TCP", 6},
      {"IPPROTO_UDP", 17},
      {"TCP_NODELAY", 1},
      {"MS_ASYNC", 1},
      {"MS_SYNC", 4},
  };
  return kConstants;
}

// What x/sys/unix has beyond syscall.
const Constants& unix_constants() {
  static const Constants kConstants = {
      {"EFD_NONBLOCK", 0x800},
      {"TFD_NONBLOCK", 0x800},
      {"SFD_NONBLOCK", 0x800},
      {"POLLIN", 1},
      {"POLLPRI", 2},
      {"POLLOUT", 4},
      {"POLLERR", 8},
      {"POLLHUP", 16},
      {"GRND_NONBLOCK", 1},
      {"GRND_RANDOM", 2},
      {"SPLICE_F_NONBLOCK", 2},
      {"F_OFD_GETLK", 0x24},
      {"F_OFD_SETLK", 0x25},
      {"F_OFD_SETLKW", 0x26},
      {"IPC_NOWAIT", 0x800},
      {"P_ALL", 0},
      {"P_PID", 1},
      {"P_PIDFD", 3},
      {"CLOCK_REALTIME", 0},
      {"CLOCK_MONOTONIC", 1},
      {"TIMER_ABSTIME", 1},
      {"FAN_NONBLOCK", 2},
      {"RWF_NOWAIT", 8},
      {"MSG_WAITFORONE", 0x10000},
  };
  return kConstants;
}

std::optional<GoValue> find_in(const Constants& constants, std::string_view name,
                               const GoType& type) {
  const auto found = constants.find(name);
  if (found == constants.end()) return std::nullopt;
  return GoValue{type, found->second, 0};
}

}  // namespace

std::optional<GoType> find_type(std::string_view name) {
  const auto found = types().find(name);
  if (found == types().end()) return std::nullopt;
  return found->second;
}

std::optional<GoValue> find_package_constant(std::string_view path, std::string_view name) {
  const GoType untyped;
  if (path == "time") return find_in(time_constants(), name, kInt64);
  if (path == "math") return find_in(math_constants(), name, untyped);
  if (path == "os") return find_in(os_constants(), name, kInt64);
  if (path == "syscall") return find_in(syscall_constants(), name, untyped);
  if (path == "golang.org/x/sys/unix") {
    if (auto value = find_in(unix_constants(), name, untyped)) return value;
    return find_in(syscall_constants(), name, untyped);
  }
  return std::nullopt;
}

}  // namespace cgoscope
