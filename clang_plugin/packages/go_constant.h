// The value of a constant Go expression, by its text: the argument of C.sleep(2 * seconds) with
// `const seconds = 1`.
//
// Without a type checker this is partial on purpose: literals, named constants and bindings that
// GoFile lists, conversions (C.int(x), uint32(x), time.Duration(x), unsafe.Pointer(nil)), the
// constants of packages time, math, syscall, unix and os that matter for waits, C constants that
// Clang evaluated, true, false, nil, and Go's constant operators. What is not certainly a constant
// has no value.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "clang_plugin/packages/package.h"

namespace cgoscope {

class GoConstants {
 public:
  // Knows the package-level constants of all files of `package` and, per cgo file, the bindings of
  // its functions. Files are known by their address: `package` must stay where it is.
  explicit GoConstants(const Package& package);

  // A value that Clang found for C.name in the preamble of `file` (an enum constant or a macro).
  void set_c_constant(const GoFile& file, const std::string& name, int64_t value);

  // The value of `expression` where it stands in function `function_index` of `file` (-1: package
  // level). nil is 0, true is 1. Durations are in nanoseconds, as in Go. A value of 2^63 and above
  // (math.MaxUint64, ^uint64(0)) comes back as its two's complement in int64_t, since that is what
  // C receives. A floating-point constant that is no integer has no value here.
  std::optional<int64_t> evaluate(std::string_view expression, const GoFile& file,
                                  int function_index) const;
  // The same for an expression of floating type, for the C functions that take seconds as a double.
  std::optional<double> evaluate_double(std::string_view expression, const GoFile& file,
                                        int function_index) const;

 private:
  friend class GoExpression;
  // A constant of the package, and the file whose imports its expression is read with.
  struct PackageConstant {
    GoBinding binding;
    const GoFile* file = nullptr;
  };

  // Nothing when two files declare it differently: then the package is not built from both.
  std::map<std::string, std::optional<PackageConstant>, std::less<>> package_constants_;
  std::map<std::string, std::string, std::less<>> package_types_;
  std::set<std::string, std::less<>> package_names_;
  std::map<const GoFile*, std::map<std::string, int64_t, std::less<>>> c_constants_;
  std::map<const GoFile*, std::map<std::pair<int, std::string>, GoBinding>> local_bindings_;
};

// What identifies the object that an argument names, for following a descriptor or a handle through
// a function: the text with conversions, parentheses, & and unsafe.Pointer taken off ("C.int(fd)" →
// "fd"), and with a method receiver's variable replaced by its type ("c.handle" in a method of
// *Conn → "Conn.handle"), so that methods of a type agree; an index stays if it is a number. Empty
// for literals, calls and what has no name.
std::string go_object_name(std::string_view expression, const GoFile& file, int function_index);

}  // namespace cgoscope
