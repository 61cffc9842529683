// What both tools report in: one envelope, and a payload that depends on the rule. The lint fills
// `BlockingCall`; the probe adds its payloads beside it. This folder depends on neither tool, so
// that a finding of one can be read by the other.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cgoscope {

enum class Severity : uint8_t { kNote, kWarning, kError };
std::string_view severity_name(Severity severity);  // "note", "warning", "error"
std::optional<Severity> parse_severity(std::string_view name);

// How long a call can block, as docs/rules/blocking-call.md defines it.
enum class Bound : uint8_t {
  kUnbounded,  // no limit that the caller or a constant sets
  kBounded,    // a limit known at build time
  kVariable,   // the limit, or the flag that decides, is known only at run time
};
std::string_view bound_name(Bound bound);  // "unbounded", "bounded", "variable"
std::optional<Bound> parse_bound(std::string_view name);

// The Go side: the C.f(...) expression. `function` is Go's linker name in full, e.g.
// "example.org/p.(*T).M".
struct GoPlace {
  std::string package;  // import path
  std::string file;  // as displayed: relative to the current directory where it lies below it, else
                     // absolute
  int line = 0;      // 1-based
  int column = 0;    // 1-based, in bytes, as Go and Clang count
  std::string function;
  std::string call;  // "C.slow"
};

// The C side: the call that blocks. `file` is empty when Go calls a library function directly.
struct CPlace {
  std::string file;
  int line = 0;
  int column = 0;
  std::string function;  // the C function that contains the call; empty when Go calls a library
                         // function directly
  std::string call;      // the blocking function's name, "sleep", "std::mutex::lock"
};

struct PathStep {
  std::string function;
  std::string file;
  int line = 0;
};

// How sure it is that a call which the probe saw is the one that a finding of the lint is about.
enum class MatchedBy : uint8_t {
  kNothing,   // it is not
  kFunction,  // package and C function; the Go line was not seen
  kLine,      // and the Go line
  kStack,     // and a function on the way through C, or the call that blocks
};
std::string_view matched_by_name(MatchedBy by);  // "function", "line", "stack"; "" for kNothing
std::optional<MatchedBy> parse_matched_by(std::string_view name);  // of the three names

// What runs of the probe saw of a finding: calls that lasted --stuck-after or longer.
struct ObservedBlocking {
  MatchedBy by = MatchedBy::kFunction;  // the surest
  int64_t calls = 0;                    // at least so many
  double max_ms = 0;                    // one lasted so long, at least
  // That 99% of all calls of the C function by the package stayed below, in the worst run; nullopt
  // when they were not counted.
  std::optional<double> p99_ms;
  int runs = 0;  // in which it was seen
};

// One envelope. Places that a rule does not have stay empty: unused-suppression has `go` or `c`,
// not both.
struct Finding {
  std::string id;    // stable when lines move: see finding_id
  std::string rule;  // "blocking-call", "busy-wait", "unused-suppression"
  Severity severity = Severity::kWarning;
  std::optional<Bound> bound;
  std::optional<int64_t> bound_ms;  // only with kBounded
  GoPlace go;
  std::optional<CPlace> c;
  std::vector<PathStep> path;  // from the C function that Go calls down to the blocking call
  std::string message;
  std::string advice;
  std::optional<ObservedBlocking> observed;  // with --observed, when it was seen
};

// Sixteen hexadecimal digits over the parts, the same on every machine and in every version.
std::string stable_id(const std::vector<std::string_view>& parts);

// The stable id over what names the finding to a person: rule, package, Go function, C
// call, path of C functions, and `occurrence`, which counts from 0 the findings that agree in all
// of these, in source order. Line numbers take no part.
std::string finding_id(const Finding& finding, int occurrence);

// Something the tool could not do, on what, and why. `line` is 0 when no line is to blame.
struct Problem {
  std::string file;
  int line = 0;
  std::string message;

  bool operator==(const Problem&) const = default;
};

// A function of a library that a call of Go reaches, and of which nothing is known: no body was
// read and no row of the catalogue is about it. It counts as one that does not block, so silences
// rest on it.
struct UnknownFunction {
  std::string name;    // as a row would name it: "alpm_db_update", "acme::Client::wait"
  std::string header;  // that declares it, as #include has it; the file where it is no header; ""
                       // when nothing declares it
  bool library_has_rows = false;  // the catalogue knows other functions of the library
  GoPlace go;                     // the first call that reaches it

  bool operator==(const UnknownFunction& other) const {
    return name == other.name && header == other.header;
  }
};

}  // namespace cgoscope
