#include "clang_plugin/packages/go_constant.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <string>

namespace cgoscope {
namespace {

constexpr const char* kSource = R"(package p

import "C"
import (
	"math"
	xtime "time"
	"syscall"
	"golang.org/x/sys/unix"
	"time"
	"unsafe"
	"os"
)

type Mode C.uint
type Alias = Mode
type Wait time.Duration
type Shadowed struct{}

const (
	seconds = 3
	typed uint8 = 200
	minusOne = -1
	half = 0.5
	wait = 2 * time.Second
	flags = 1 << iota
	more
)
const (
	A Mode = iota + 10
	B
	_
	D
)
const C1, C2 = C.KIND, other
var other = 5
var uint16 = 7

func (c *Conn) f(p int, q C.int) (r int) {
	local := 4
	duration := 1500 * time.Millisecond
	five, two := 5, 2.0
	changed := 1
	changed++
	seconds := 9
	var small int8 = 100
	limit := C.uint(local * 1000)
	const inner = local
	time := 1
	_ = time
	return
}

func g() {
	seconds := 9
	timeout := 3 * time.Second
	for math := 0; ; {
	}
}
)";

class GoConstant : public testing::Test {
 protected:
  GoConstant() {
    package_.cgo_files.push_back(parse_go_file("/a.go", kSource));
    package_.go_files.push_back(parse_go_file(
        "/b.go",
        "package p\nimport t \"time\"\nconst elsewhere = 7 * t.Second\nconst twice = 1\n"));
    package_.go_files.push_back(parse_go_file("/c.go", "package p\nconst twice = 2\n"));
    constants_.emplace(package_);
    constants_->set_c_constant(file(), "KIND", 42);
  }
  const GoFile& file() const { return package_.cgo_files[0]; }
  // At package level, in function f (0), in function g (1).
  std::optional<int64_t> value(const std::string& text, int function = -1) const {
    return constants_->evaluate(text, file(), function);
  }

  Package package_;
  std::optional<GoConstants> constants_;
};

constexpr auto kNone = std::nullopt;

TEST_F(GoConstant, Literals) {
  EXPECT_EQ(value("42"), 42);
  EXPECT_EQ(value("0x_FF"), 255);
  EXPECT_EQ(value("0b101"), 5);
  EXPECT_EQ(value("0o17"), 15);
  EXPECT_EQ(value("017"), 15);
  EXPECT_EQ(value("1_000"), 1000);
  EXPECT_EQ(value("1e3"), 1000);
  EXPECT_EQ(value("1.5"), kNone);
  EXPECT_EQ(value("'a'"), 97);
  EXPECT_EQ(value("'\\n'"), 10);
  EXPECT_EQ(value("'\\x41'"), 65);
  EXPECT_EQ(value("'\\000'"), 0);
  EXPECT_EQ(value("true"), 1);
  EXPECT_EQ(value("nil"), 0);
  EXPECT_EQ(value("09"), kNone);
  EXPECT_EQ(value("\"1\""), kNone);
  EXPECT_EQ(value("99999999999999999999"), kNone);
}

TEST_F(GoConstant, Operators) {
  EXPECT_EQ(value("1 + 2*3 - 4/2"), 5);
  EXPECT_EQ(value("1<<2 + 1"), 5) << "shifts bind like products";
  EXPECT_EQ(value("1 | 6 &^ 2"), 5);
  EXPECT_EQ(value("-7 / 2"), -3);
  EXPECT_EQ(value("-7 % 3"), -1);
  EXPECT_EQ(value("7 / 2.0 * 2"), 7);
  EXPECT_EQ(value("1 << 62"), int64_t{1} << 62);
  EXPECT_EQ(value("1<<64 - 1"), -1);
  EXPECT_EQ(value("1 << 64"), kNone);
  EXPECT_EQ(value("1 << 100 >> 98"), 4);
  EXPECT_EQ(value("1 << 200"), kNone);
  EXPECT_EQ(value("1 << -1"), kNone);
  EXPECT_EQ(value("1 / 0"), kNone);
  EXPECT_EQ(value("2 > 1 && !(1 == 2) || false"), 1);
  EXPECT_EQ(value("^0"), -1);
  EXPECT_EQ(value("^uint32(0)"), 0xFFFFFFFF);
  EXPECT_EQ(value("^uint64(0)"), -1);
  EXPECT_EQ(value("1 +"), kNone);
  EXPECT_EQ(value("1 2"), kNone);
  EXPECT_EQ(value(""), kNone);
  EXPECT_EQ(value("(1"), kNone);
}

TEST_F(GoConstant, NamedConstants) {
  EXPECT_EQ(value("seconds * 2"), 6);
  EXPECT_EQ(value("minusOne"), -1);
  EXPECT_EQ(value("half"), kNone);
  EXPECT_EQ(value("half * 4"), 2);
  EXPECT_EQ(value("wait"), 2'000'000'000);
  EXPECT_EQ(value("flags"), 1 << 5);
  EXPECT_EQ(value("more"), 1 << 6);
  EXPECT_EQ(value("B"), 11);
  EXPECT_EQ(value("D"), 13);
  EXPECT_EQ(value("elsewhere"), 7'000'000'000);
  EXPECT_EQ(value("twice"), kNone) << "two files that disagree";
  EXPECT_EQ(value("C2"), kNone);
  EXPECT_EQ(value("unknown"), kNone);
  EXPECT_EQ(value("iota"), kNone);
}

TEST_F(GoConstant, Conversions) {
  EXPECT_EQ(value("C.int(seconds)"), 3);
  EXPECT_EQ(value("C.uint(wait / time.Millisecond)"), 2000);
  EXPECT_EQ(value("time.Duration(1.5 * float64(time.Second))"), 1'500'000'000);
  EXPECT_EQ(value("int32(C.long(5))"), 5);
  EXPECT_EQ(value("Mode(3)"), 3);
  EXPECT_EQ(value("Alias(3) | A"), 11);
  EXPECT_EQ(value("Wait(3)"), 3);
  EXPECT_EQ(value("Shadowed(3)"), kNone);
  EXPECT_EQ(value("uint16(3)"), kNone) << "the package calls something else so";
  EXPECT_EQ(value("unsafe.Pointer(nil)"), 0);
  EXPECT_EQ(value("(*C.char)(nil)"), 0);
  EXPECT_EQ(value("(*C.struct_timespec)(unsafe.Pointer(uintptr(0)))"), 0);
  EXPECT_EQ(value("uintptr(unsafe.Pointer(nil))"), 0);
  EXPECT_EQ(value("(*f)(nil)"), kNone);
  EXPECT_EQ(value("C.unknown_function(3)"), kNone);
  EXPECT_EQ(value("f(3)"), kNone);
  EXPECT_EQ(value("C.char(65)"), 65);
  EXPECT_EQ(value("C.char(200)"), kNone) << "signed on amd64, unsigned on arm64";
  EXPECT_EQ(value("C.int(1, 2)"), kNone);
  EXPECT_EQ(value("[]int(nil)"), kNone);
}

TEST_F(GoConstant, ConstantsOfPackages) {
  EXPECT_EQ(value("xtime.Minute"), 60'000'000'000);
  EXPECT_EQ(value("math.MaxInt32"), std::numeric_limits<int32_t>::max());
  EXPECT_EQ(value("math.MaxUint64"), -1);
  EXPECT_EQ(value("math.MinInt64"), std::numeric_limits<int64_t>::min());
  EXPECT_EQ(value("syscall.O_NONBLOCK | syscall.O_RDWR"), 0x802);
  EXPECT_EQ(value("unix.MSG_DONTWAIT"), 0x40);
  EXPECT_EQ(value("unix.GRND_NONBLOCK"), 1);
  EXPECT_EQ(value("os.O_RDWR"), 2);
  EXPECT_EQ(value("syscall.O_DIRECTORY"), kNone) << "differs between amd64 and arm64";
  EXPECT_EQ(value("other.Second"), kNone);
  EXPECT_EQ(value("C.KIND + 1"), 43);
  EXPECT_EQ(value("C1"), 42);
  EXPECT_EQ(value("C.OTHER"), kNone);
}

TEST_F(GoConstant, Locals) {
  EXPECT_EQ(value("local", 0), 4);
  EXPECT_EQ(value("local"), kNone) << "not at package level";
  EXPECT_EQ(value("local", 1), kNone) << "not in another function";
  EXPECT_EQ(value("changed", 0), kNone);
  EXPECT_EQ(value("C.int(limit)", 0), 4000);
  EXPECT_EQ(value("inner", 0), 4);
  EXPECT_EQ(value("five / 2", 0), 2) << "a variable is an int";
  EXPECT_EQ(value("small * 2", 0), -56) << "and wraps at its width";
  EXPECT_EQ(value("p", 0), kNone);
  EXPECT_EQ(value("c", 0), kNone);
  EXPECT_EQ(value("r", 0), kNone);
  EXPECT_EQ(value("timeout", 1), 3'000'000'000);
}

TEST_F(GoConstant, ShadowingYieldsNothing) {
  EXPECT_EQ(value("seconds", 0), kNone) << "the package's or the function's, by place";
  EXPECT_EQ(value("time.Second", 0), kNone) << "a local variable is called time";
  EXPECT_EQ(value("math.MaxInt8", 1), kNone);
  EXPECT_EQ(value("typed", 0), 200);
}

TEST_F(GoConstant, MethodsOfDurations) {
  EXPECT_EQ(value("duration.Milliseconds()", 0), kNone)
      << "its value hangs on the local called time";
  EXPECT_EQ(value("C.int(timeout.Milliseconds())", 1), 3000);
  EXPECT_EQ(value("int(timeout.Seconds())", 1), 3);
  EXPECT_EQ(value("(5 * time.Second).Microseconds()", 1), 5'000'000);
  EXPECT_EQ(value("timeout.String()", 1), kNone);
}

TEST_F(GoConstant, Doubles) {
  EXPECT_EQ(constants_->evaluate_double("half", file(), -1), 0.5);
  EXPECT_EQ(constants_->evaluate_double("C.double(1) / 4", file(), -1), 0.25);
  EXPECT_EQ(constants_->evaluate_double("seconds", file(), -1), 3.0);
  EXPECT_EQ(constants_->evaluate_double("wait.Seconds()", file(), -1), 2.0);
  EXPECT_EQ(constants_->evaluate_double("true", file(), -1), kNone);
}

TEST_F(GoConstant, NamesOfObjects) {
  auto name = [&](const std::string& text, int function = 0) {
    return go_object_name(text, file(), function);
  };
  EXPECT_EQ(name("C.int(fd)"), "fd");
  EXPECT_EQ(name("(C.int)(fd)"), "") << "a called parenthesis may be any function";
  EXPECT_EQ(name("C.int(uintptr((s.fd)))"), "s.fd");
  EXPECT_EQ(name("&x"), "x");
  EXPECT_EQ(name("(*C.struct_pollfd)(unsafe.Pointer(&fds[0]))"), "fds[0]");
  EXPECT_EQ(name("C.socket_t(s)"), "s");
  EXPECT_EQ(name("c.handle"), "Conn.handle");
  EXPECT_EQ(name("c.handle", 1), "c.handle") << "no receiver there";
  EXPECT_EQ(name("C.stdin"), "C.stdin");
  EXPECT_EQ(name("fds[i]"), "");
  EXPECT_EQ(name("f.Fd()"), "");
  EXPECT_EQ(name("C.fileno(f)"), "");
  EXPECT_EQ(name("3"), "");
  EXPECT_EQ(name("nil"), "");
  EXPECT_EQ(name(""), "");
  EXPECT_EQ(name("a + b"), "");
}

}  // namespace
}  // namespace cgoscope
