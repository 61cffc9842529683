#include "clang_plugin/catalogue_command/row_words.h"

#include <fmt/format.h>

#include "clang_plugin/catalogue/catalogue_words.h"
#include "findings/duration.h"

namespace cgoscope {
namespace {

constexpr int64_t kNsPerMs = 1000000;

// An argument as a reader of C finds it: its position from 0, and its name.
std::string argument(int number, const Prototype* prototype) {
  if (number == kThisObject) return "the object";
  if (number == kResult) return "the result";
  if (number == kOneOfAKind) return "the library's one handle";
  std::string text = fmt::format("argument {}", number);
  if (prototype && static_cast<size_t>(number) < prototype->parameters.size()) {
    std::string name = prototype->parameters[static_cast<size_t>(number)].name;
    name.erase(0, name.find_first_not_of('_'));  // as the C library's headers spell theirs
    if (!name.empty()) text += " (" + name + ")";
  }
  return text;
}

std::string unit_name(Unit unit, int64_t unit_ns) {
  switch (unit) {
    case Unit::kNone:
      return "";
    case Unit::kSeconds:
      return "in seconds";
    case Unit::kMilliseconds:
      return "in milliseconds";
    case Unit::kMicroseconds:
      return "in microseconds";
    case Unit::kNanoseconds:
      return "in nanoseconds";
    case Unit::kSecondsDouble:
      return "in seconds, a floating-point number";
    case Unit::kScaled:
      return "in units of " + format_duration_ns(unit_ns);
    case Unit::kTimespec:
      return "a pointer to struct timespec";
    case Unit::kTimeval:
      return "a pointer to struct timeval";
    case Unit::kTimevalValue:
      return "a struct timeval";
    case Unit::kChrono:
      return "of std::chrono";
  }
  return "";
}

// What is said of an argument's value: "is negative", "is null", "is WNOHANG, 4".
std::string test_in_words(const Condition& condition) {
  switch (condition.test) {
    case Condition::Test::kNegative:
      return "is negative";
    case Condition::Test::kAnyBit:
      return condition.mask == ~uint64_t{0} ? "is not 0" : "has a bit of " + condition.written;
    case Condition::Test::kEquals:
      return "is " + condition.written;
  }
  return "";
}

std::string any_of(const std::vector<Condition>& conditions, const Prototype* prototype) {
  std::string text;
  for (const Condition& condition : conditions)
    text += (text.empty() ? "" : ", or ") + condition_in_words(condition, prototype);
  return text;
}

std::string all_of(const std::vector<Condition>& conditions, const Prototype* prototype) {
  std::string text;
  for (const Condition& condition : conditions)
    text += (text.empty() ? "" : " and ") + condition_in_words(condition, prototype);
  return text;
}

// "is negative or is 0", of a timeout itself.
std::string any_value(const std::vector<Condition>& conditions) {
  std::string text;
  for (const Condition& condition : conditions)
    text += (text.empty() ? "" : " or ") + test_in_words(condition);
  return text;
}

std::string kind_in_words(HandleKind kind) {
  switch (kind) {
    case HandleKind::kUnknown:
      return "of a kind that is not known";
    case HandleKind::kFile:
      return "a regular file, on which no call waits";
    case HandleKind::kWaits:
      return "one that calls wait for (a socket, a pipe, a device)";
    case HandleKind::kMemory:
      return "memory, on which no call waits";
  }
  return "";
}

std::string direction_in_words(Direction direction) {
  return direction == Direction::kRead    ? "for reading"
         : direction == Direction::kWrite ? "for writing"
                                          : "for reading and writing";
}

std::string how_long(const BlockingFunction& row, const Prototype* prototype) {
  const std::string who =
      argument(row.argument, prototype) + ", " + unit_name(row.unit, row.unit_ns);
  switch (row.waits) {
    case Waits::kAlways:
      return "Waits without a limit that the caller sets";
    case Waits::kLimited:
      return "Gives up by itself after " + format_duration_ns(row.limit_ms * kNsPerMs);
    case Waits::kDuration:
      return "Sleeps for the time in " + who;
    case Waits::kTimeout:
      return "Waits at most for the time in " + who;
    case Waits::kDeadline:
      return "Waits at most until the time in " + who;
  }
  return "";
}

std::string severity_sentence(CatalogueSeverity severity) {
  switch (severity) {
    case CatalogueSeverity::kOff:
      return "Not reported (severity off).";
    case CatalogueSeverity::kLow:
      return "Reported as a note (severity low).";
    case CatalogueSeverity::kMedium:
      return "Reported as a warning (severity medium).";
    case CatalogueSeverity::kHigh:
      return "Reported as an error where nothing limits the wait, else as a warning (severity "
             "high).";
    case CatalogueSeverity::kByArgument:
      return "Reported as an error where nothing limits the wait, else as a warning (severity "
             "by-argument).";
  }
  return "";
}

void add_handle(const BlockingFunction& row, const Prototype* prototype,
                std::vector<std::string>& into) {
  if (row.handle == -1) return;
  std::string text = row.handle == kResult
                         ? "What it opens decides whether it waits"
                         : "Does not wait where " + argument(row.handle, prototype) +
                               " was made non-blocking or just polled, and no "
                               "longer than a timeout that was set on it " +
                               direction_in_words(row.direction);
  switch (row.unknown_handle) {
    case UnknownHandle::kBlocks:
      text += "; a handle of which nothing is known counts as blocking.";
      break;
    case UnknownHandle::kVariable:
      text +=
          "; a handle of which nothing is known could as well be a file, and the wait is called "
          "variable.";
      break;
    case UnknownHandle::kSilent:
      text += "; a handle of which nothing is known counts as one that does not wait.";
      break;
  }
  into.push_back(std::move(text));
}

}  // namespace

std::string severity_word(CatalogueSeverity severity) { return word_of(kSeverities, severity); }

std::string wait_word(Waits waits) {
  return waits == Waits::kAlways     ? "always"
         : waits == Waits::kLimited  ? "limit"
         : waits == Waits::kDuration ? "duration"
         : waits == Waits::kTimeout  ? "timeout"
                                     : "deadline";
}

std::string unit_word(Unit unit, int64_t unit_ns) {
  return unit == Unit::kScaled ? format_duration_ns(unit_ns) : word_of(kUnits, unit);
}

std::string place_in_words(const RowPlace& place) {
  return fmt::format("{}:{}", place.file, place.line);
}

std::string condition_in_words(const Condition& condition, const Prototype* prototype) {
  const std::string who = argument(condition.argument, prototype);
  const std::string value =
      condition.field.empty() ? who : "the member " + condition.field + " of " + who;
  std::string text = value + " " + test_in_words(condition);
  if (condition.test == Condition::Test::kEquals && condition.mask != ~uint64_t{0})
    text += fmt::format(" after & {:#x}", condition.mask);
  return text;
}

std::string wait_in_short(const BlockingFunction& row) {
  const std::string who =
      fmt::format("argument {} ({})", row.argument, unit_word(row.unit, row.unit_ns));
  std::string text;
  switch (row.waits) {
    case Waits::kAlways:
      text = "without limit";
      break;
    case Waits::kLimited:
      text = "at most " + format_duration_ns(row.limit_ms * kNsPerMs);
      break;
    case Waits::kDuration:
      text = "for " + who;
      break;
    case Waits::kTimeout:
      text = "at most " + who;
      break;
    case Waits::kDeadline:
      text = "until " + who;
      break;
  }
  if (!row.infinite.empty()) text += ", without limit if it " + any_value(row.infinite);
  if (row.handle == kResult) {
    text += "; depends on what it opens";
  } else if (row.handle != -1) {
    text += "; depends on the handle, " + argument(row.handle, nullptr);
  }
  if (!row.blocking.empty()) text += "; only if " + any_of(row.blocking, nullptr);
  if (!row.nonblocking.empty()) text += "; not if " + any_of(row.nonblocking, nullptr);
  return text;
}

std::vector<std::string> sentences(const BlockingFunction& row, const Prototype* prototype) {
  std::vector<std::string> text = {how_long(row, prototype)};
  if (!row.infinite.empty()) text[0] += "; without limit if that " + any_value(row.infinite);
  if (!row.library_limit.empty()) {
    text[0] += "; " + format_duration_ns(row.limit_ms * kNsPerMs) +
               ", the library's own limit, if that " + any_value(row.library_limit);
  }
  text[0] += ".";
  if (!row.absolute.empty())
    text.push_back("That time is a point in time, not a length, if " +
                   any_of(row.absolute, prototype) + ".");
  if (!row.blocking.empty())
    text.push_back("Waits only if " + any_of(row.blocking, prototype) + ".");
  if (!row.nonblocking.empty())
    text.push_back("Does not wait if " + any_of(row.nonblocking, prototype) + ".");
  add_handle(row, prototype, text);
  if (row.lock != -1)
    text.push_back("It takes the lock in " + argument(row.lock, prototype) +
                   ": a note, unless the lock is shared between processes or held across a wait.");
  if (row.waits_with != -1)
    text.push_back("Meanwhile it gives back the mutex in " + argument(row.waits_with, prototype) +
                   ".");
  if (row.polls != -1)
    text.push_back("After it, the next read or write of " + argument(row.polls, prototype) +
                   " does not wait.");
  text.push_back(severity_sentence(row.severity));
  return text;
}

std::vector<std::string> sentences(const HandleMaker& row, const Prototype* prototype) {
  std::string made = "Makes a handle, " + argument(row.handle, prototype) + ": ";
  if (row.from != -1) {
    made += "it has the state of the one in " + argument(row.from, prototype);
  } else if (row.path != -1) {
    made += "a device if the path in " + argument(row.path, prototype) +
            " is a constant below /dev/, a regular file if it is another constant";
  } else {
    made += kind_in_words(row.kind);
  }
  std::vector<std::string> text = {made + "."};
  if (row.always_nonblocking) text.emplace_back("The handle is non-blocking.");
  if (!row.nonblocking.empty())
    text.push_back("The handle is non-blocking if " + any_of(row.nonblocking, prototype) + ".");
  if (!row.sends_at_once.empty() && row.sends_at_once[0].mask == 0)
    text.emplace_back("Writing to it never waits.");
  else if (!row.sends_at_once.empty())
    text.push_back("Writing to it never waits if " + any_of(row.sends_at_once, prototype) + ".");
  return text;
}

std::vector<std::string> sentences(const HandleOption& row, const Prototype* prototype) {
  std::string text = row.when.empty() ? "" : "If " + all_of(row.when, prototype) + ": ";
  const std::string handle = argument(row.handle, prototype);
  switch (row.effect) {
    case HandleOption::Effect::kNonblocking: {
      text += "makes " + handle + " non-blocking";
      if (row.direction != Direction::kBoth) text += " " + direction_in_words(row.direction);
      if (row.value != -1) {
        text += " if ";
        if (row.value_is_pointer) text += "what " + argument(row.value, prototype) + " points at ";
        text +=
            row.value_is_pointer ? test_in_words(row.on) : condition_in_words(row.on, prototype);
        text += ", and blocking if not";
      }
      break;
    }
    case HandleOption::Effect::kTimeout:
      text += "sets a timeout of " + handle + " " + direction_in_words(row.direction) + ": ";
      if (row.value_is_pointer) text += "what ";
      text += argument(row.value, prototype);
      if (row.value_is_pointer) text += " points at";
      text += ", " + unit_name(row.unit, row.unit_ns);
      if (!row.infinite.empty()) text += "; without limit if that " + any_value(row.infinite);
      break;
    case HandleOption::Effect::kUses:
      text += handle + " takes over the state of " + argument(row.value, prototype);
      break;
  }
  text[0] = static_cast<char>(text[0] >= 'a' && text[0] <= 'z' ? text[0] - 'a' + 'A' : text[0]);
  return {text + "."};
}

std::vector<std::string> sentences(const CallEffect& row, const Prototype* prototype) {
  const std::string when = row.when.empty() ? "" : " if " + all_of(row.when, prototype);
  std::vector<std::string> text;
  for (const int run : row.runs)
    text.push_back("Runs the function in " + argument(run, prototype) + " itself.");
  if (row.not_run) text.emplace_back("Functions passed to it run elsewhere, not in the caller.");
  if (row.forks) text.emplace_back("Returns twice; only the parent is followed.");
  if (row.unlocks != -1)
    text.push_back("Gives back the lock in " + argument(row.unlocks, prototype) + ".");
  if (row.shares_lock != -1) {
    text.push_back("From then on other processes can use the lock in " +
                   argument(row.shares_lock, prototype) + when +
                   (row.shared_like != -1 ? ", if its attribute in " +
                                                argument(row.shared_like, prototype) + " says so"
                                          : "") +
                   ".");
  }
  if (row.polls != -1)
    text.push_back("Asks whether " + argument(row.polls, prototype) +
                   " has something to read; after " +
                   (row.ready == ReadyAnswer::kZero ? "the answer 0" : "an answer other than 0") +
                   " the next wait on it does not wait.");
  if (row.now != -1)
    text.push_back("Puts the present time into " + argument(row.now, prototype) + ", " +
                   unit_name(row.unit, 0) + ".");
  return text;
}

}  // namespace cgoscope
