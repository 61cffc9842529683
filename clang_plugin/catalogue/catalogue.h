// What is known of C functions that can block: which argument bounds the wait, in which unit, what
// makes it endless or non-blocking.
//
// The rows are data (clang_plugin/catalogue/*.yaml, one file a library; --catalogue adds files of
// the same form). A row says how a function waits by parts that combine: how long (`waits`,
// `argument`, `unit`, `infinite`), what turns the wait off (`nonblocking`, `blocking`), and which
// handle's state counts (`handle`: a descriptor that is O_NONBLOCK or has a receive timeout, a curl
// handle with CURLOPT_TIMEOUT). The other lists of a file say what gives a handle its state.
// docs/catalogue.md describes every key.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "clang_plugin/catalogue/file_error.h"
#include "findings/result.h"

namespace cgoscope {

// How a call's wait is limited, before flags and handles are looked at.
enum class Waits : uint8_t {
  kAlways,    // nothing limits it: read, waitpid, pthread_join; also what only a disk, peer or
              // resolver limits
  kLimited,   // the library itself gives up after limit_ms
  kDuration,  // `argument` is how long it sleeps
  kTimeout,   // `argument` is the longest wait; one of `infinite` means for ever
  kDeadline,  // `argument` is an absolute time, at which it gives up
};

// The unit of a duration, timeout or deadline argument. The struct units are pointers to the struct
// unless the name says value.
enum class Unit : uint8_t {
  kNone,
  kSeconds,
  kMilliseconds,
  kMicroseconds,
  kNanoseconds,
  kSecondsDouble,  // a floating-point number of seconds
  kScaled,         // an integer, `unit_ns` nanoseconds each
  kTimespec,  // struct timespec *: tv_sec, tv_nsec (also __kernel_timespec, git's and others' with
              // these members)
  kTimeval,   // struct timeval *: tv_sec, tv_usec
  kTimevalValue,  // struct timeval
  kChrono,        // a std::chrono::duration or time_point
};

// A test of one argument's value. `any_bit`: one of the bits of `mask` is set. `equals`: (value &
// mask) is one of `values`. `negative`: below zero. Null pointers are the value 0.
struct Condition {
  enum class Test : uint8_t { kAnyBit, kEquals, kNegative };
  int argument = 0;
  std::string field;  // when not "": the member of the struct that the argument points at
                      // ("ai_flags"), not the argument itself
  Test test = Test::kEquals;
  uint64_t mask = ~uint64_t{0};
  std::vector<int64_t> values;
  bool is_null = false;  // with kEquals: written as `null`, so that the argument is a pointer
  std::string written;   // `mask` or `values` as the file has them: "MSG_DONTWAIT"
};

// Where a row stands.
struct RowPlace {
  std::string file;  // "libc-io.yaml", or the path of a user's file
  int line = 0, column = 0;
};

// Which way a handle's timeout applies: SO_RCVTIMEO bounds reads, SO_SNDTIMEO writes.
enum class Direction : uint8_t { kBoth, kRead, kWrite };

// What the default of an unknown handle means for a call that depends on it.
enum class UnknownHandle : uint8_t {
  kBlocks,    // as POSIX creates descriptors: the call blocks
  kVariable,  // could as well be a regular file (stdio streams): say `variable`
  kSilent,    // nearly always something that does not wait (open() of a path): report only when the
              // handle's kind is known to block
};

enum class CatalogueSeverity : uint8_t { kOff, kLow, kMedium, kHigh, kByArgument };

// A function that can block.
struct BlockingFunction {
  std::string name;  // as C spells it; C++ qualified without template arguments,
                     // "std::mutex::lock"; "*" and "?" are globs
  std::string library;
  std::string header;  // to include for its prototype, "unistd.h"; "" when there is none
  std::string category;
  Waits waits = Waits::kAlways;
  int argument = -1;  // 0-based; a C++ method's object is not an argument
  Unit unit = Unit::kNone;
  int64_t unit_ns = 0;                   // with kScaled
  std::vector<Condition> infinite;       // on `argument`; any one that holds means for ever
  std::vector<Condition> absolute;       // with kTimeout and kDuration: any one that holds makes
                                         // `argument` a deadline (TIMER_ABSTIME)
  int64_t limit_ms = 0;                  // with kLimited; with `library_limit` too
  std::vector<Condition> library_limit;  // on `argument`; any one that holds means the library's
                                         // own limit_ms (D-Bus: -1 is 25 s)
  std::vector<Condition> nonblocking;    // any one that holds: the call does not block
  std::vector<Condition> blocking;  // when not empty: the call blocks only if one of them holds
  int handle = -1;  // 0-based argument whose state decides; kThisObject for a method's object
  Direction direction = Direction::kBoth;
  UnknownHandle unknown_handle = UnknownHandle::kBlocks;
  int lock = -1;  // the argument (or kThisObject) that is a lock in this process: see
                  // docs/rules/blocking-call.md on severities
  int waits_with =
      -1;  // a condition variable's wait: the argument that is the mutex it gives back meanwhile
  int polls = -1;  // after this call returned, reads and writes of this handle do not wait (a
                   // descriptor, or an array of struct pollfd)
  CatalogueSeverity severity = CatalogueSeverity::kByArgument;
  std::string instead;  // advice: the bounded or non-blocking replacement, or how to move the wait
                        // to Go; a full clause
  std::string source;   // the manual page or documentation the row was taken from
  RowPlace place;
};
inline constexpr int kThisObject = -2;
inline constexpr int kResult = -3;
inline constexpr int kOneOfAKind =
    -4;  // a handle: the one that the library has in a process (GTK's and SDL's event queue)

// What kind of thing a descriptor or stream is, when its maker tells.
enum class HandleKind : uint8_t { kUnknown, kFile, kWaits, kMemory };

// A function that makes handles: socket(), open(), eventfd(), fopen(), pipe2().
struct HandleMaker {
  std::string name;
  int handle =
      kResult;  // kResult, or the argument through which it hands them out (pipe2: an array of int)
  HandleKind kind = HandleKind::kUnknown;
  int path = -1;  // the argument that is a path: a constant one under /dev/ makes kWaits, another
                  // constant path kFile
  int from = -1;  // the new handle has the state of the one in this argument (fdopen, dup); `kind`
                  // where that is unknown
  std::vector<Condition> nonblocking;  // any one that holds: the handle is non-blocking
  bool always_nonblocking = false;
  std::vector<Condition> sends_at_once;  // any one that holds: writing to it never waits (netlink)
  RowPlace place;
};

// A function that changes the state of a handle: fcntl(F_SETFL), ioctl(FIONBIO),
// setsockopt(SO_RCVTIMEO), pcap_setnonblock.
struct HandleOption {
  std::string name;
  int handle = 0;
  std::vector<Condition> when;  // all must hold for the row to apply
  // kUses: the handle takes over the state of the one in `value`, and is of `kind` where that one
  // is unknown (SSL_set_fd, dup2).
  enum class Effect : uint8_t { kNonblocking, kTimeout, kUses } effect = Effect::kNonblocking;
  int value = -1;  // the argument that says it; -1: always
  HandleKind kind = HandleKind::kUnknown;
  Condition on;  // kNonblocking: the handle becomes non-blocking if `on` holds for `value`,
                 // blocking if it does not
  bool value_is_pointer = false;  // the argument points at the value (ioctl FIONBIO)
  Unit unit = Unit::kNone;        // kTimeout
  int64_t unit_ns = 0;
  std::vector<Condition> infinite;
  Direction direction = Direction::kBoth;
  RowPlace place;
};

// What a question for something to read answers if there is: XPending a number, PQisBusy 0.
enum class ReadyAnswer : uint8_t { kNonzero, kZero };

// Whatever else a call does that the analysis must know.
struct CallEffect {
  std::string name;
  std::vector<int> runs;  // arguments that are functions which the caller itself runs: qsort's
                          // comparison, pthread_once's routine
  bool forks = false;     // returns twice; Go's caller is the parent
  bool not_run = false;   // takes work to another thread (std::thread's constructor): its body is
                          // not looked into
  int unlocks = -1;       // gives back the lock in this argument (or kThisObject)
  int shares_lock =
      -1;  // makes the lock or lock attribute in this argument usable by other processes
  int shared_like = -1;  // `shares_lock` holds only if that was done to the attribute in this
                         // argument (pthread_mutex_init)
  int polls = -1;  // asks whether this handle has something to read; after the answer that it has,
                   // the next wait on it does not wait
  ReadyAnswer ready = ReadyAnswer::kNonzero;  // with `polls`: the answer that it has
  std::vector<Condition> when;                // all must hold for the row to apply
  int now = -1;  // stores the current time into *argument (kResult: returns it), in `unit`
  Unit unit = Unit::kNone;
  RowPlace place;
};

bool is_glob(std::string_view name);

struct Constant {
  int64_t value = 0;
  std::string header;  // that defines it
};

// An immutable set of rows with look-up by name; exact names win over globs, later files over
// earlier ones.
class Catalogue {
 public:
  // The rows that are built in.
  static Result<Catalogue> built_in();
  // Adds the rows of a YAML file; a row with the name of an earlier file's replaces it, but options
  // add up. An unknown key or constant, a wrong type, a missing name, a name twice in one file is
  // an error that names file, line and key; then nothing was added. `named_in`: the file that names
  // this one, "" when --catalogue does; it is part of the error's hint.
  std::optional<Error> add_file(const std::string& path, const std::string& named_in = "");
  // The same; `all` is told every error of the text, where the result has the first.
  std::optional<Error> add_text(std::string_view yaml, const std::string& shown_as,
                                std::vector<FileError>* all = nullptr);

  // The text of a file of rows; of one larger than 4 MiB, which add_text refuses, a part. An error
  // when it cannot be read or is empty.
  static Result<std::string> read_text(const std::string& path);

  const BlockingFunction* find_blocking(std::string_view name) const;
  const HandleMaker* find_maker(std::string_view name) const;
  std::vector<const HandleOption*> find_options(std::string_view name) const;
  const CallEffect* find_effect(std::string_view name) const;

  // The name of a system call by its number on the architecture that C is compiled for ("x86_64" or
  // "aarch64"), "" when no row is about it. Where its arguments differ from those of the library
  // function of that name, or there is none, its rows are named "syscall:futex": look that up
  // first, then the plain name.
  std::string_view system_call_name(std::string_view architecture, int64_t number) const;

  const std::vector<BlockingFunction>& blocking() const { return blocking_; }
  const std::vector<HandleMaker>& makers() const { return makers_; }
  const std::vector<HandleOption>& options() const { return options_; }
  const std::vector<CallEffect>& effects() const { return effects_; }
  const std::map<std::string, Constant, std::less<>>& constants() const { return constants_; }
  const std::map<std::string, std::map<int64_t, std::string>, std::less<>>& system_calls() const {
    return system_calls_;
  }

 private:
  friend class CatalogueReader;

  std::vector<BlockingFunction> blocking_;
  std::vector<HandleMaker> makers_;
  std::vector<HandleOption> options_;
  std::vector<CallEffect> effects_;
  std::map<std::string, Constant, std::less<>> constants_;
  std::map<std::string, std::map<int64_t, std::string>, std::less<>> system_calls_;
  std::map<std::string, size_t, std::less<>> by_name_;         // into blocking_
  std::vector<size_t> globs_;                                  // into blocking_, the latest last
  std::map<std::string, size_t, std::less<>> makers_by_name_;  // into makers_
  std::map<std::string, size_t, std::less<>> effects_by_name_;
  std::multimap<std::string, size_t, std::less<>> options_by_name_;
};

}  // namespace cgoscope
