#include "clang_plugin/catalogue_command/header_check.h"

#include <algorithm>

namespace cgoscope {
namespace {

bool is_chrono(const std::string& type) {
  return type.find("duration<") != std::string::npos ||
         type.find("time_point<") != std::string::npos;
}

bool fits(const Parameter& parameter, Unit unit) {
  const bool pointer = parameter.kind == Parameter::Kind::kPointer;
  switch (unit) {
    case Unit::kSeconds:
    case Unit::kMilliseconds:
    case Unit::kMicroseconds:
    case Unit::kNanoseconds:
    case Unit::kScaled:
      return parameter.kind == Parameter::Kind::kInteger;
    case Unit::kSecondsDouble:
      return parameter.kind == Parameter::Kind::kFloating;
    case Unit::kTimespec:
      return pointer && parameter.members.contains("tv_nsec");
    case Unit::kTimeval:
      return pointer && parameter.members.contains("tv_usec");
    case Unit::kTimevalValue:
      return !pointer && parameter.members.contains("tv_usec");
    case Unit::kChrono:
      return is_chrono(parameter.type);
    case Unit::kNone:
      return false;
  }
  return false;
}

std::string no_argument(int argument, const Prototype& prototype) {
  return "there is no argument " + std::to_string(argument) + " in " + prototype.text;
}

}  // namespace

std::string mismatch(const BlockingFunction& row, const Prototype& prototype) {
  const auto count = static_cast<int>(prototype.parameters.size());
  const auto exists = [&](int argument) { return argument < count || prototype.is_variadic; };
  const auto parameter = [&](int argument) -> const Parameter* {
    return argument < 0 || argument >= count ? nullptr
                                             : &prototype.parameters[static_cast<size_t>(argument)];
  };
  for (const int argument : {row.argument, row.handle, row.lock, row.waits_with, row.polls}) {
    if (!exists(argument)) return no_argument(argument, prototype);
  }
  const Parameter* time = parameter(row.argument);
  if (time && !fits(*time, row.unit))
    return "argument " + std::to_string(row.argument) + " is a " + time->type;
  for (const auto* conditions :
       {&row.nonblocking, &row.blocking, &row.absolute, &row.infinite, &row.library_limit}) {
    for (const Condition& condition : *conditions) {
      if (!exists(condition.argument)) return no_argument(condition.argument, prototype);
      const Parameter* tested = parameter(condition.argument);
      if (!tested) continue;
      const std::string who = "argument " + std::to_string(condition.argument);
      if (!condition.field.empty()) {
        if (tested->kind != Parameter::Kind::kPointer || !tested->members.contains(condition.field))
          return who + " has no member " + condition.field;
      } else if (tested->kind == Parameter::Kind::kOther) {
        return who + " is a " + tested->type;
      }
    }
  }
  return "";
}

std::string mismatch(const BlockingFunction& row, const HeaderDeclarations& found) {
  const auto declared = found.functions.find(row.name);
  if (declared != found.functions.end() && !declared->second.empty()) {
    std::string wrong;
    for (const Prototype& prototype : declared->second) {
      wrong = mismatch(row, prototype);
      if (wrong.empty()) break;
    }
    return wrong;
  }
  const auto macro = found.macros.find(row.name);
  if (macro == found.macros.end()) return "is not declared";
  const int last = std::max({row.argument, row.handle, row.lock});
  if (macro->second < 0 || last < macro->second) return "";
  return "is a macro that has no argument " + std::to_string(last);
}

bool is_header_name(const std::string& header) {
  return !header.empty() && !header.starts_with('/') && header.find("..") == std::string::npos &&
         std::all_of(header.begin(), header.end(), [](unsigned char byte) {
           return std::isalnum(byte) || byte == '_' || byte == '/' || byte == '.' || byte == '-' ||
                  byte == '+';
         });
}

std::string included_before(const std::string& header) {
  std::string code =
      "#define GL_GLEXT_PROTOTYPES\n#define THREADED\n#include <stdio.h>\n#include <time.h>\n"
      "#include <sys/ioctl.h>\n#include <sys/time.h>\n";
  if (header == "GL/glext.h") code += "#include <GL/gl.h>\n";
  return code;
}

std::optional<Prototype> prototype_in(const std::string& header, const std::string& name,
                                      const std::vector<std::string>& folders) {
  if (!is_header_name(header)) return std::nullopt;
  HeaderQuestions questions;
  questions.header = header;
  questions.is_cxx = is_cxx_name(name);
  questions.folders = folders;
  questions.functions = {name};
  questions.before = included_before(header);
  HeaderDeclarations found = read_header(questions);
  const auto declared = found.functions.find(name);
  if (!found.is_there || declared == found.functions.end() || declared->second.empty())
    return std::nullopt;
  return *std::max_element(declared->second.begin(), declared->second.end(),
                           [](const Prototype& left, const Prototype& right) {
                             return left.parameters.size() < right.parameters.size();
                           });
}

bool is_cxx_name(const std::string& name) { return name.find("::") != std::string::npos; }

}  // namespace cgoscope
